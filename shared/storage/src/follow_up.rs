//! What people have to do: ring back, look at what worries the assistant, or what they want to be reminded of.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use uuid::Uuid;

use crate::access::{Caller, Scope, Whose};
use crate::analysis::SafetyFlag;
use crate::concern::ConcernCategory;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{FollowUpId, SessionId, StudentId};
use crate::message::event::{Event, emit};
use crate::message::{Subject, alert};
use crate::phone::Phone;
use crate::student::read_zone;
use crate::{attention, outbound_call};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum FollowUpKind {
    Callback,
    Concern,
    /// Staff made it for staff.
    Reminder,
}

impl FollowUpKind {
    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// How far ahead a callback can be asked for.
pub const MAX_CALLBACK_AHEAD: TimeDelta = TimeDelta::days(60);

/// How far ahead a reminder can be made.
pub const MAX_REMINDER_AHEAD: TimeDelta = TimeDelta::days(366);

/// A callback or a reminder to be.
#[derive(Clone)]
pub struct NewFollowUp {
    /// Made of the deed itself, so that telling it twice writes it once.
    pub follow_up_id: FollowUpId,
    /// Not a concern: see [`NewConcern`].
    pub kind: FollowUpKind,
    pub student_id: StudentId,
    pub session_id: Option<SessionId>,
    /// 1 to 500 characters, for a person.
    pub text: String,
    pub due_at: DateTime<Utc>,
}

impl std::fmt::Debug for NewFollowUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewFollowUp").field("follow_up_id", &self.follow_up_id).finish_non_exhaustive()
    }
}

/// A concern to be: about a student, from a call, from a number, or from a client alone.
#[derive(Clone)]
pub struct NewConcern {
    /// The same for all concerns of one category that one call raises, or one number or client on one day.
    pub group_key: String,
    pub student_id: Option<StudentId>,
    pub session_id: Option<SessionId>,
    pub caller_phone: Option<Phone>,
    pub category: ConcernCategory,
    /// 1 to 500 characters, for a person.
    pub text: String,
}

impl std::fmt::Debug for NewConcern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewConcern").field("category", &self.category).finish_non_exhaustive()
    }
}

/// One row of `follow_ups`, with the student's name.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowUp {
    pub follow_up_id: FollowUpId,
    pub kind: FollowUpKind,
    pub student_id: Option<StudentId>,
    pub student_name: Option<String>,
    pub session_id: Option<SessionId>,
    /// The phone number on which a concern was raised, if the call is unknown.
    pub caller_phone: Option<Phone>,
    pub category: Option<ConcernCategory>,
    pub text: String,
    /// What else was said of the same concern, in the order of time.
    pub more: Vec<String>,
    /// How often it was raised.
    pub n_raised: i32,
    pub due_at: DateTime<Utc>,
    /// `client:<client_id>`, or `worker` if an analysis raised it.
    pub author: String,
    pub created_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by: Option<String>,
}

impl std::fmt::Debug for FollowUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowUp")
            .field("follow_up_id", &self.follow_up_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Writes a callback or a reminder down, once. A callback has events. Needs `calls:write` for a callback, `notes:write` for a
/// reminder.
pub async fn insert_once(tx: &mut Connection, caller: &Caller, new: &NewFollowUp, now: DateTime<Utc>) -> Result<()> {
    let is_callback = new.kind == FollowUpKind::Callback;
    caller.require_for(if is_callback { Scope::CallsWrite } else { Scope::NotesWrite }, new.student_id)?;
    let inserted = sqlx::query!(
        "insert into follow_ups (follow_up_id, kind, student_id, session_id, text, due_at, author, created_at)
         values ($1, $8, $2, $3, $4, $5, $6, $7)
         on conflict (follow_up_id) do nothing",
        new.follow_up_id as FollowUpId,
        new.student_id as StudentId,
        new.session_id as Option<SessionId>,
        new.text,
        new.due_at,
        caller.actor.to_string(),
        now,
        new.kind as FollowUpKind,
    )
    .execute(&mut *tx)
    .await?;
    if is_callback && inserted.rows_affected() > 0 {
        let (subject, cause) = (Subject::FollowUp(new.follow_up_id), new.follow_up_id.to_string());
        emit(tx, Event::CallbackRequested, subject, &cause, now, now).await?;
        emit(tx, Event::CallbackDue, subject, &cause, new.due_at, now).await?;
    }
    Ok(())
}

/// Names the concerns of analyses among all UUIDv5. Never change it: analysing a call again raises nothing twice.
const OF_ANALYSES: Uuid = Uuid::from_u128(0x6d1f_7f3e_0a54_4c39_9d0b_8f4b_e25c_1b7a);

/// Raises one concern for each category that an analysis flagged in a session, once. It belongs to the session's student,
/// also if the session was assigned to another one before. A concern that a person closed stays closed.
pub async fn raise_flagged(
    tx: &mut Connection,
    session_id: SessionId,
    student_id: Option<StudentId>,
    flags: &[SafetyFlag],
    now: DateTime<Utc>,
) -> Result<()> {
    let is_flagged =
        |category: &ConcernCategory| flags.iter().any(|of| ConcernCategory::of_flag(&of.category) == *category);
    let names: Vec<String> =
        ConcernCategory::ALL.iter().filter(|of| is_flagged(of)).map(|of| of.as_str().to_owned()).collect();
    if names.is_empty() {
        return Ok(());
    }
    let id = |name: &String| Uuid::new_v5(&OF_ANALYSES, format!("{session_id} {name}").as_bytes());
    let changed = sqlx::query!(
        r#"insert into follow_ups (follow_up_id, kind, student_id, session_id, category, text, due_at, author, created_at)
         select n.follow_up_id, 'concern', $3::uuid, $4::uuid, n.category, $5::text, $6::timestamptz, $7::text, $6
         from unnest($1::uuid[], $2::text[]) as n (follow_up_id, category)
         on conflict (follow_up_id) do update set student_id = excluded.student_id
             where follow_ups.student_id is distinct from excluded.student_id
         returning follow_up_id as "follow_up_id: FollowUpId", category as "category!: ConcernCategory",
             -- Not updated: new.
             xmax = 0 as "is_new!""#,
        &names.iter().map(id).collect::<Vec<_>>(),
        &names,
        student_id as Option<StudentId>,
        session_id as SessionId,
        FLAGGED,
        now,
        Caller::worker().actor.to_string(),
    )
    .fetch_all(&mut *tx)
    .await?;
    for raised in changed.iter().filter(|raised| raised.is_new) {
        announce(tx, raised.follow_up_id, raised.category, now).await?;
    }
    Ok(())
}

/// Enqueues the alerts and webhooks for a new concern.
async fn announce(
    tx: &mut Connection,
    follow_up_id: FollowUpId,
    category: ConcernCategory,
    now: DateTime<Utc>,
) -> Result<()> {
    if alert::is_urgent(category) {
        alert::begin(tx, follow_up_id).await?;
    }
    let (subject, cause) = (Subject::FollowUp(follow_up_id), follow_up_id.to_string());
    emit(tx, Event::ConcernRaised, subject, &cause, now, now).await
}

/// The text of a concern that an analysis raised: a person reads the child's own words on the session's page.
const FLAGGED: &str = "Recognised in the transcript. Read the flagged turns of this call.";

/// Stores a concern. If one of its group is open, the words are added to it, so that nothing is lost and the list stays
/// short. A student who does not exist is left out. Needs `notes:write`.
pub async fn raise_concern(
    tx: &mut Connection,
    caller: &Caller,
    new: &NewConcern,
    now: DateTime<Utc>,
) -> Result<FollowUpId> {
    caller.has(Scope::NotesWrite)?;
    let raised = sqlx::query!(
        r#"insert into follow_ups (follow_up_id, kind, student_id, session_id, category, text, due_at, author, created_at,
               caller_phone, group_key, raised_at)
           values ($1, 'concern', (select student_id from students where student_id = $2), $3, $4, $5, $6, $7, $6, $8, $9,
               $6)
           on conflict (group_key) where closed_at is null do update set
               n_raised = follow_ups.n_raised + 1,
               raised_at = excluded.raised_at,
               student_id = coalesce(follow_ups.student_id, excluded.student_id),
               session_id = coalesce(follow_ups.session_id, excluded.session_id),
               more = case
                   when excluded.text = follow_ups.text or excluded.text = any(follow_ups.more)
                       or cardinality(follow_ups.more) >= $10 then follow_ups.more
                   else array_append(follow_ups.more, excluded.text) end
           returning follow_up_id as "follow_up_id: FollowUpId", n_raised,
               coalesce(student_id, (select s.student_id from sessions s where s.session_id = follow_ups.session_id))
                   as "student_id: StudentId""#,
        FollowUpId::new() as FollowUpId,
        new.student_id as Option<StudentId>,
        new.session_id as Option<SessionId>,
        new.category as ConcernCategory,
        new.text,
        now,
        caller.actor.to_string(),
        new.caller_phone.as_ref().map(Phone::as_str),
        new.group_key,
        MAX_MORE,
    )
    .fetch_one(&mut *tx)
    .await?;
    attention::refresh(tx, raised.student_id.as_slice()).await?;
    if raised.n_raised == 1 {
        announce(tx, raised.follow_up_id, new.category, now).await?;
    }
    Ok(raised.follow_up_id)
}

/// Further texts of one concern that are kept, as the table has it. What is beyond is counted.
const MAX_MORE: i32 = 50;

/// What is open, concerns first, then by when it is due; of one student, or of all. Needs `students:read`.
pub async fn list_open(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: Option<StudentId>,
    limit: i64,
) -> Result<Vec<FollowUp>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    Ok(sqlx::query_as!(
        FollowUp,
        r#"select follow_up_id as "follow_up_id: FollowUpId", kind as "kind: FollowUpKind",
               f.student_id as "student_id: StudentId", st.display_name as "student_name?",
               session_id as "session_id: SessionId", category as "category: ConcernCategory", text, due_at, author,
               caller_phone as "caller_phone: Phone", more, n_raised,
               f.created_at, closed_at, closed_by
           from follow_ups f left join students st using (student_id)
           where closed_at is null and ($1::uuid is null or f.student_id = $1)
             and ($3::text[] is null or st.cohort = any($3))
           order by kind = 'concern' desc, due_at, follow_up_id
           limit $2"#,
        student_id as Option<StudentId>,
        limit,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// [`list_open`] of one session. Needs `students:read`.
pub async fn list_open_of_session(
    db: impl Executor<'_>,
    caller: &Caller,
    session_id: SessionId,
    limit: i64,
) -> Result<Vec<FollowUp>> {
    caller.require_session(Scope::StudentsRead, session_id)?;
    Ok(sqlx::query_as!(
        FollowUp,
        r#"select follow_up_id as "follow_up_id: FollowUpId", kind as "kind: FollowUpKind",
               f.student_id as "student_id: StudentId", st.display_name as "student_name?",
               session_id as "session_id: SessionId", category as "category: ConcernCategory", text, due_at, author,
               caller_phone as "caller_phone: Phone", more, n_raised,
               f.created_at, closed_at, closed_by
           from follow_ups f left join students st using (student_id)
           where session_id = $1 and closed_at is null
           order by kind = 'concern' desc, due_at, follow_up_id
           limit $2"#,
        session_id as SessionId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Open callbacks and reminders that are due from `from` on and before `until`, the last one first. Needs `students:read`.
pub async fn list_due(
    db: impl Executor<'_>,
    caller: &Caller,
    whose: &Whose,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<FollowUp>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    Ok(sqlx::query_as!(
        FollowUp,
        r#"select follow_up_id as "follow_up_id: FollowUpId", kind as "kind: FollowUpKind",
               f.student_id as "student_id: StudentId", st.display_name as "student_name?",
               session_id as "session_id: SessionId", category as "category: ConcernCategory", text, due_at, author,
               caller_phone as "caller_phone: Phone", more, n_raised,
               f.created_at, closed_at, closed_by
           from follow_ups f join students st using (student_id)
           where closed_at is null and kind <> 'concern' and due_at >= $1 and due_at < $2
             and ($3::uuid is null or f.student_id = $3)
             and ($4::text[] is null or st.cohort = any($4)) and ($5::text[] is null or st.cohort = any($5))
           order by due_at desc, follow_up_id
           limit $6"#,
        from,
        until,
        whose.student_id as Option<StudentId>,
        whose.cohorts.as_deref() as Option<&[String]>,
        cohorts as Option<&[String]>,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Moves an open callback or reminder to another time: closes it, which stops its planned call, and opens one with the same
/// words, whose call has all its attempts. Needs `notes:write`, and `calls:write` for a callback.
pub async fn move_follow_up(
    tx: &mut Connection,
    caller: &Caller,
    follow_up_id: FollowUpId,
    due_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<FollowUpId> {
    let old = sqlx::query!(
        r#"select kind as "kind: FollowUpKind", student_id as "student_id!: StudentId", session_id as "session_id: SessionId", text
           from follow_ups
           where follow_up_id = $1 and closed_at is null and kind <> 'concern' and student_id is not null"#,
        follow_up_id as FollowUpId,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("open follow-up"))?;
    close_follow_up(tx, caller, follow_up_id, now).await?;
    let new = NewFollowUp {
        follow_up_id: FollowUpId::new(),
        kind: old.kind,
        student_id: old.student_id,
        session_id: old.session_id,
        text: old.text,
        due_at,
    };
    insert_once(tx, caller, &new, now).await?;
    Ok(new.follow_up_id)
}

/// An open follow-up of a student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    pub student_id: StudentId,
    /// The student's.
    pub zone: Tz,
    pub kind: FollowUpKind,
    pub due_at: DateTime<Utc>,
}

/// Returns when a follow-up is due. [`Error::NotFound`]: it is closed, or of no student that the caller sees. Needs
/// `students:read`.
pub async fn get_due(db: impl Executor<'_>, caller: &Caller, follow_up_id: FollowUpId) -> Result<Due> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let row = sqlx::query!(
        r#"select st.student_id as "student_id: StudentId", st.timezone, f.kind as "kind: FollowUpKind", f.due_at
           from follow_ups f join students st using (student_id)
           where follow_up_id = $1 and closed_at is null and ($2::text[] is null or st.cohort = any($2))"#,
        follow_up_id as FollowUpId,
        cohorts as Option<&[String]>,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("open follow-up"))?;
    Ok(Due { student_id: row.student_id, zone: read_zone(&row.timezone), kind: row.kind, due_at: row.due_at })
}

/// A person has seen to it. Needs `notes:write`.
pub async fn close_follow_up(
    tx: &mut Connection,
    caller: &Caller,
    follow_up_id: FollowUpId,
    now: DateTime<Utc>,
) -> Result<()> {
    let cohorts = caller.require_within(Scope::NotesWrite)?;
    let student_id = sqlx::query_scalar!(
        r#"update follow_ups f set closed_at = $2, closed_by = $3 where follow_up_id = $1 and closed_at is null
             and ($4::text[] is null
                 or exists (select 1 from students st where st.student_id = f.student_id and st.cohort = any($4)))
           returning coalesce(f.student_id, (select s.student_id from sessions s where s.session_id = f.session_id))
               as "student_id: StudentId""#,
        follow_up_id as FollowUpId,
        now,
        caller.actor.to_string(),
        cohorts as Option<&[String]>,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("open follow-up"))?;
    outbound_call::stop_of_follow_up(tx, caller, follow_up_id).await?;
    attention::refresh(tx, student_id.as_slice()).await?;
    Ok(())
}
