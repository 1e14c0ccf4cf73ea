//! Alerts: e-mails to staff about an urgent concern, repeated until a person has handled it.

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::{Caller, Scope};
use crate::concern::ConcernCategory;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{AdminUserId, FollowUpId, MessageId};
use crate::job::{self, Job};

/// The kind of an alert in `messages`.
pub const KIND: &str = "concern_alert";

/// Rounds of reminders: about two days of them.
const MAX_ROUNDS: i32 = 15;

/// Whether staff are alerted at once, because the child may be in danger.
pub const fn is_urgent(category: ConcernCategory) -> bool {
    match category {
        ConcernCategory::SelfHarm
        | ConcernCategory::Abuse
        | ConcernCategory::Neglect
        | ConcernCategory::Grooming
        | ConcernCategory::Danger => true,
        ConcernCategory::Bullying
        | ConcernCategory::Distress
        | ConcernCategory::PersonalData
        | ConcernCategory::Other => false,
    }
}

/// How long to wait after a round, the first of which is 0. `None`: that was the last one.
fn wait_after(round: i32) -> Option<TimeDelta> {
    match round {
        0 => Some(TimeDelta::minutes(15)),
        1 => Some(TimeDelta::hours(1)),
        _ if round + 1 < MAX_ROUNDS => Some(TimeDelta::hours(4)),
        _ => None,
    }
}

/// Asks for the first round, in the transaction that raises the concern.
pub async fn begin(tx: &mut Connection, follow_up_id: FollowUpId) -> Result<()> {
    job::enqueue(tx, &Job::AlertStaff { follow_up_id, round: 0 }, None).await?;
    Ok(())
}

/// Writes an e-mail for each recipient of the round if the concern is open, and asks for the next round. `can_mail`: if no
/// mail server is configured, no e-mail is written, and the next round tries again. Returns how many e-mails were written.
pub async fn perform_round(
    tx: &mut Connection,
    follow_up_id: FollowUpId,
    round: i32,
    can_mail: bool,
    now: DateTime<Utc>,
) -> Result<usize> {
    let is_open = sqlx::query_scalar!(
        r#"select closed_at is null as "is_open!" from follow_ups where follow_up_id = $1 for share"#,
        follow_up_id as FollowUpId,
    )
    .fetch_optional(&mut *tx)
    .await?;
    if is_open != Some(true) {
        return Ok(0);
    }
    if let Some(wait) = wait_after(round) {
        job::enqueue_at(tx, &Job::AlertStaff { follow_up_id, round: round + 1 }, None, now + wait).await?;
    }
    if !can_mail {
        return Ok(0);
    }
    let message_ids = sqlx::query_scalar!(
        r#"insert into messages (message_id, dedupe_key, kind, admin_user_id, follow_up_id, due_at, created_at)
           select gen_random_uuid(), concat_ws(':', $2::text, $1::uuid, $3::int, r.admin_user_id), $2, r.admin_user_id, $1,
               $4, $4
           from alert_recipients($1) r
           on conflict do nothing
           returning message_id as "message_id: MessageId""#,
        follow_up_id as FollowUpId,
        KIND,
        round,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    for &message_id in &message_ids {
        job::enqueue(tx, &Job::SendAlert { message_id }, None).await?;
    }
    Ok(message_ids.len())
}

/// Who was alerted about an urgent concern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub follow_up_id: FollowUpId,
    /// The addresses of the people alerted, in order.
    pub told: Vec<String>,
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
    /// E-mails that are not sent yet.
    pub n_waiting: i64,
    /// Why the last attempt failed, if it did.
    pub last_error: Option<String>,
    /// How many people the next e-mail would go to.
    pub n_recipients: i64,
}

/// Returns who was alerted about each of these concerns, if it is urgent. Needs `students:read`.
pub async fn list_told(db: impl Executor<'_>, caller: &Caller, follow_up_ids: &[FollowUpId]) -> Result<Vec<Told>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let urgent: Vec<String> =
        ConcernCategory::ALL.into_iter().filter(|of| is_urgent(*of)).map(|of| of.as_str().to_owned()).collect();
    Ok(sqlx::query_as!(
        Told,
        r#"select f.follow_up_id as "follow_up_id: FollowUpId", m.told as "told!", m.first_at, m.last_at,
               m.n_waiting as "n_waiting!", m.last_error,
               (select count(*) from alert_recipients(f.follow_up_id)) as "n_recipients!"
           from follow_ups f left join students st using (student_id)
           cross join lateral (
               select coalesce(array_agg(distinct u.email) filter (where m.state = 'sent'), '{}') as told,
                   min(m.sent_at) as first_at, max(m.sent_at) as last_at,
                   count(*) filter (where m.state = 'waiting') as n_waiting,
                   (array_agg(m.last_error order by m.created_at desc) filter (where m.state in ('waiting', 'failed')))[1]
                       as last_error
               from messages m join admin_users u using (admin_user_id)
               where m.follow_up_id = f.follow_up_id
           ) m
           where f.follow_up_id = any($1) and f.category = any($2)
             and ($3::text[] is null or f.student_id is null or st.cohort = any($3))"#,
        follow_up_ids as &[FollowUpId],
        &urgent,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// Says whether a person wants alerts.
pub async fn set_wanted(db: impl Executor<'_>, admin_user_id: AdminUserId, is_wanted: bool) -> Result<()> {
    sqlx::query!(
        "update admin_users set gets_alerts = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        is_wanted,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes a person responsible for urgent concerns, or ends that. A responsible person gets alerts even if they turned
/// them off.
pub async fn set_responsible(db: impl Executor<'_>, admin_user_id: AdminUserId, is_responsible: bool) -> Result<()> {
    let n = sqlx::query!(
        "update admin_users set is_responsible = $2 where admin_user_id = $1",
        admin_user_id as AdminUserId,
        is_responsible,
    )
    .execute(db)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("user")) } else { Ok(()) }
}

/// Which e-mails a person gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Alerts: what they chose, or what holds for their role.
    pub alerts: bool,
    /// Whether they cannot turn alerts off.
    pub is_responsible: bool,
    /// The hour of the daily digest, in the school's zone.
    pub digest_hour: Option<i16>,
}

/// Returns which e-mails a person gets.
pub async fn get_wanted(db: impl Executor<'_>, admin_user_id: AdminUserId) -> Result<Wanted> {
    let wanted = sqlx::query_as!(
        Wanted,
        r#"select role in ('admin', 'tutor') and (is_responsible or coalesce(gets_alerts, role = 'admin')) as "alerts!",
               is_responsible and role in ('admin', 'tutor') as "is_responsible!", digest_hour
           from admin_users where admin_user_id = $1"#,
        admin_user_id as AdminUserId,
    );
    Ok(wanted.fetch_optional(db).await?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reminders_come_seldom_and_end() {
        let waits: Vec<i64> = (0..).map_while(wait_after).map(|wait| wait.num_minutes()).collect();
        assert_eq!(waits[..4], [15, 60, 240, 240]);
        assert_eq!(waits.len() as i32 + 1, MAX_ROUNDS);
        let hours = waits.iter().sum::<i64>() / 60;
        assert!((48..60).contains(&hours), "{hours}");
    }
}
