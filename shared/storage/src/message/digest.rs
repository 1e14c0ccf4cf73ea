//! The daily digest: an e-mail to a member of staff with what their classes need today, at an hour that they chose. It holds
//! counts and no names.

use chrono::{DateTime, Timelike, Utc};
use chrono_tz::Tz;

use crate::access::{Role, Whose};
use crate::admin_user::caller_of;
use crate::attention;
use crate::calendar::{self, What};
use crate::db::{self, Connection, Db, Executor, Result};
use crate::follow_up::{self, FollowUpKind};
use crate::id::{AdminUserId, MessageId};
use crate::job::{self, Job};
use crate::student::read_zone;

/// The kind of a digest in `messages`.
const KIND: &str = "daily_digest";

/// Accounts in one look.
const BATCH: i64 = 100;

/// Open follow-ups are counted so far.
const MAX_OPEN: i64 = 500;

/// A digest about to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Digest {
    /// Whose address it goes to.
    pub email: String,
    /// Whether it is about the person's own classes. Otherwise it is about all students that they see.
    pub is_of_classes: bool,
    pub n_concerns: usize,
    /// Students who need a person.
    pub n_students: i64,
    /// Calls of today that are still planned, by each student's clock.
    pub n_calls: usize,
    /// Callbacks and reminders that are due today or overdue.
    pub n_due: usize,
    /// Whether it is still to be sent: the person still wants it, and there is something to do.
    pub is_wanted: bool,
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").field("n_students", &self.n_students).finish_non_exhaustive()
    }
}

/// Writes the digests whose hour has come today, in the school's zone. Each account gets at most one a day, also if a worker
/// crashes or several look at once. Returns how many were written; call it again until that is 0.
pub async fn ask_for_due(db: &Db, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = db::begin(db).await?;
    let local = now.with_timezone(&find_zone(&mut *tx).await?);
    let today = local.date_naive();
    let message_ids = sqlx::query_scalar!(
        r#"with due as (
               select admin_user_id from admin_users
               where digest_hour <= $2 and digest_on is distinct from $1 and disabled_at is null
               order by admin_user_id limit $3 for update skip locked
           ), written as (
               update admin_users u set digest_on = $1 from due where u.admin_user_id = due.admin_user_id
           )
           insert into messages (message_id, dedupe_key, kind, admin_user_id, due_at, created_at)
           select gen_random_uuid(), concat_ws(':', $4::text, admin_user_id, $1::date), $4, admin_user_id, $5, $5 from due
           on conflict do nothing
           returning message_id as "message_id: MessageId""#,
        today,
        i16::try_from(local.hour()).unwrap_or_default(),
        BATCH,
        KIND,
        now,
    )
    .fetch_all(&mut *tx)
    .await?;
    for &message_id in &message_ids {
        job::enqueue(&mut tx, &Job::SendDigest { message_id }, None).await?;
    }
    tx.commit().await?;
    Ok(message_ids.len())
}

async fn find_zone(db: impl Executor<'_>) -> Result<Tz> {
    let zone = sqlx::query_scalar!("select report_zone from organisation").fetch_one(db).await?;
    Ok(read_zone(&zone))
}

/// The digest of a message that waits or failed, counted now. `None`: it was sent or cancelled, or is gone with the account.
pub async fn find_digest(db: &Db, message_id: MessageId, now: DateTime<Utc>) -> Result<Option<Digest>> {
    let row = sqlx::query!(
        r#"select u.admin_user_id as "admin_user_id: AdminUserId", u.email, u.role as "role: Role", u.cohorts, u.classes,
               (u.digest_hour is not null and u.disabled_at is null) as "is_wanted!", m.due_at
           from messages m join admin_users u using (admin_user_id)
           where m.message_id = $1 and m.kind = $2 and m.state in ('waiting', 'failed')"#,
        message_id as MessageId,
        KIND,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let zone = find_zone(db).await?;
    let today = now.with_timezone(&zone).date_naive();
    let caller = caller_of(row.admin_user_id, row.email.clone(), row.role, row.cohorts);
    let caller = if row.classes.is_empty() { caller } else { caller.narrowed_to(&row.classes) };
    let open = follow_up::list_open(db, &caller, None, MAX_OPEN).await?;
    let (concerns, others): (Vec<_>, Vec<_>) = open.iter().partition(|item| item.kind == FollowUpKind::Concern);
    let is_due = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive() <= today;
    let week = calendar::get_week(db, &caller, &Whose::default(), today, now).await?;
    let is_call = |what: &What| matches!(what, What::Call(_) | What::Regular(_));
    let digest = Digest {
        email: row.email,
        is_of_classes: !row.classes.is_empty(),
        n_concerns: concerns.len(),
        n_students: attention::count_students(db, &caller, None, now).await?,
        n_calls: week.items.iter().filter(|item| item.day == today && is_call(&item.what)).count(),
        n_due: others.iter().filter(|item| is_due(item.due_at)).count(),
        // A digest of an earlier day would be wrong.
        is_wanted: row.is_wanted && row.due_at.with_timezone(&zone).date_naive() == today,
    };
    let is_empty = digest.n_concerns + digest.n_calls + digest.n_due == 0 && digest.n_students == 0;
    Ok(Some(Digest { is_wanted: digest.is_wanted && !is_empty, ..digest }))
}

/// Sets the hour of a person's digest in the school's zone; `None`: they get none. If the hour is over today, the first one
/// comes tomorrow.
pub async fn set_hour(
    tx: &mut Connection,
    admin_user_id: AdminUserId,
    hour: Option<i16>,
    now: DateTime<Utc>,
) -> Result<()> {
    let local = now.with_timezone(&find_zone(&mut *tx).await?);
    let is_over = hour.is_some_and(|hour| i64::from(hour) <= i64::from(local.hour()));
    sqlx::query!(
        "update admin_users set digest_hour = $2, digest_on = case when $3 then $4 else digest_on end
         where admin_user_id = $1 and digest_hour is distinct from $2",
        admin_user_id as AdminUserId,
        hour,
        is_over,
        local.date_naive(),
    )
    .execute(tx)
    .await?;
    Ok(())
}
