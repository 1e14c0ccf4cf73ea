//! Access of students and guardians by an app: from the code that staff give them to its refresh tokens, and to its end.
//!
//! **Invariants:** a code works once, within [`CODE_LIFETIME`]. A refresh token works once; a second use ends the grant. The holder
//! reads about the student alone, or about the students of the guardian, as long as their consent to lessons holds.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;

use crate::access::{Actor, Caller, Forbidden, Opened, Scope};
use crate::db::{Connection, Db, Error, Executor, Result};
use crate::id::{FamilyGrantId, GuardianId, MessageId, SessionId, StudentId};
use crate::job::{self, Job};
use crate::message::State;
use crate::refresh_token::{self, RefreshToken};
use crate::{audit, db, secret, student};

/// How long a code can be exchanged.
pub const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// An e-mail with a code that was asked for earlier than this is not sent.
const SENT_WITHIN: TimeDelta = TimeDelta::hours(4);
/// What ended or was never used is deleted after this long.
const KEPT: TimeDelta = TimeDelta::days(30);
/// The kind of an e-mail with a code in `messages`.
const KIND: &str = "access_code";
/// Sessions and callbacks that an app gets.
const MAX_ITEMS: i64 = 50;

/// What a code or a refresh token gave.
#[derive(Debug)]
pub struct Renewed {
    pub family_grant_id: FamilyGrantId,
    pub caller: Caller,
    /// The next refresh token. It is not stored.
    pub refresh_token: SecretString,
}

/// Gives the student, or one of their guardians, access; what the same holder did not use yet ends. The code is made by
/// [`make_code`]. `None`: the student is blocked, or there is no consent to lessons. Needs `students:write`.
pub async fn give(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    guardian_id: Option<GuardianId>,
    now: DateTime<Utc>,
) -> Result<Option<FamilyGrantId>> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::get_student(&mut *tx, caller, student_id).await?;
    let found = sqlx::query!(
        r#"select is_silent(student_id, status, $3) as "is_silent!",
               ($2::uuid is null or exists (select from student_guardians g where g.student_id = $1 and g.guardian_id = $2))
                   as "is_theirs!"
           from students where student_id = $1"#,
        student_id as StudentId,
        guardian_id as Option<GuardianId>,
        now,
    )
    .fetch_one(&mut *tx)
    .await?;
    if !found.is_theirs {
        return Err(Error::NotFound("guardian"));
    }
    if found.is_silent {
        return Ok(None);
    }
    sqlx::query!(
        "update family_grants set ended_at = $3
         where student_id = $1 and guardian_id is not distinct from $2 and used_at is null and ended_at is null",
        student_id as StudentId,
        guardian_id as Option<GuardianId>,
        now,
    )
    .execute(&mut *tx)
    .await?;
    let family_grant_id = FamilyGrantId::new();
    sqlx::query!(
        "insert into family_grants (family_grant_id, student_id, guardian_id, given_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
        family_grant_id as FamilyGrantId,
        student_id as StudentId,
        guardian_id as Option<GuardianId>,
        caller.actor.to_string(),
        now,
        now + CODE_LIFETIME,
    )
    .execute(&mut *tx)
    .await?;
    record(tx, caller, "family_grant.give", student_id, guardian_id, now).await?;
    Ok(Some(family_grant_id))
}

/// Makes the code of a grant that was not used yet, in place of the one before. It is not stored.
pub async fn make_code(
    tx: &mut Connection,
    family_grant_id: FamilyGrantId,
    now: DateTime<Utc>,
) -> Result<SecretString> {
    let code = secret::generate_readable();
    let read = secret::read_readable(code.expose_secret()).ok_or(Error::Corrupt("code"))?;
    let n = sqlx::query!(
        "update family_grants set code_hash = $2, expires_at = $3
         where family_grant_id = $1 and used_at is null and ended_at is null",
        family_grant_id as FamilyGrantId,
        secret::hash(read.expose_secret()),
        now + CODE_LIFETIME,
    )
    .execute(tx)
    .await?
    .rows_affected();
    if n == 0 { Err(Error::NotFound("access")) } else { Ok(code) }
}

/// Has a code sent to the guardian of the grant by e-mail.
pub async fn send_code(
    tx: &mut Connection,
    guardian_id: GuardianId,
    family_grant_id: FamilyGrantId,
    now: DateTime<Utc>,
) -> Result<()> {
    let message_id = MessageId::new();
    sqlx::query!(
        "insert into messages (message_id, dedupe_key, kind, guardian_id, family_grant_id, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
        message_id as MessageId,
        format!("{KIND}:{family_grant_id}"),
        KIND,
        guardian_id as GuardianId,
        family_grant_id as FamilyGrantId,
        now,
    )
    .execute(&mut *tx)
    .await?;
    job::enqueue(tx, &Job::SendCode { message_id }, None).await?;
    Ok(())
}

/// An e-mail with a code about to be sent.
pub struct CodeEmail {
    pub email: String,
    /// BCP 47: the guardian's language, otherwise the student's.
    pub language: String,
    /// `None`: it is not to be sent any more, because the access ended or was asked for too long ago.
    pub code: Option<SecretString>,
}

impl std::fmt::Debug for CodeEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeEmail")
    }
}

/// The e-mail of a message that waits or failed, with a new code. `None`: it was sent or cancelled, or is gone with its grant.
pub async fn find_email(db: &Db, message_id: MessageId, now: DateTime<Utc>) -> Result<Option<CodeEmail>> {
    let mut tx = db::begin(db).await?;
    let found = sqlx::query!(
        r#"select g.family_grant_id as "family_grant_id: FamilyGrantId", coalesce(gu.email, '') as "email!",
               coalesce(gu.language, st.locale) as "language!",
               (gu.email is not null and g.used_at is null and m.created_at > $3
                   and exists (select from family_students(g.family_grant_id, $2))) as "is_wanted!"
           from messages m join family_grants g using (family_grant_id) join guardians gu on gu.guardian_id = m.guardian_id
           join students st on st.student_id = g.student_id
           where m.message_id = $1 and m.state in ('waiting', 'failed')"#,
        message_id as MessageId,
        now,
        now - SENT_WITHIN,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let code = if found.is_wanted { Some(make_code(&mut tx, found.family_grant_id, now).await?) } else { None };
    tx.commit().await?;
    Ok(Some(CodeEmail { email: found.email, language: found.language, code }))
}

/// A grant that is locked.
struct Row {
    family_grant_id: FamilyGrantId,
    student_id: StudentId,
    guardian_id: Option<GuardianId>,
    code_hash: Option<Vec<u8>>,
    turn_hash: Option<Vec<u8>>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    reaches_any: bool,
}

impl Row {
    fn caller(&self) -> Caller {
        Caller::family(self.family_grant_id, self.guardian_id)
    }
}

/// The grant of that code, or of that first half of a refresh token, unless it ended. No other request changes it until the
/// transaction ends.
async fn lock(tx: &mut Connection, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Row>> {
    Ok(sqlx::query_as!(
        Row,
        r#"select family_grant_id as "family_grant_id: FamilyGrantId", student_id as "student_id: StudentId",
               guardian_id as "guardian_id: GuardianId", code_hash, turn_hash, created_at, expires_at,
               exists (select from family_students(family_grant_id, $2)) as "reaches_any!"
           from family_grants where (code_hash = $1 or family_hash = $1) and ended_at is null
           for update"#,
        hash,
        now,
    )
    .fetch_optional(tx)
    .await?)
}

/// Exchanges a code as a person typed it. Returns `None` if it is none, was used or has expired, or if there is no
/// student that the holder may read about.
pub async fn redeem(tx: &mut Connection, typed: &str, now: DateTime<Utc>) -> Result<Option<Renewed>> {
    let Some(code) = secret::read_readable(typed) else { return Ok(None) };
    let Some(row) = lock(tx, &secret::hash(code.expose_secret()), now).await? else { return Ok(None) };
    let is_right = row.code_hash.as_deref().is_some_and(|hash| secret::matches(&code, hash));
    if !is_right || row.expires_at <= now || !row.reaches_any {
        return Ok(None);
    }
    renew(tx, &row, &RefreshToken::first(), now).await.map(Some)
}

/// Exchanges a refresh token for the next one. Returns `None` if it is invalid or expired. A second use ends the grant, and so
/// does a holder without a student to read about: commit then, too.
pub async fn refresh(tx: &mut Connection, token: &SecretString, now: DateTime<Utc>) -> Result<Option<Renewed>> {
    let Some(token) = RefreshToken::read(token) else { return Ok(None) };
    let Some(row) = lock(tx, &token.family_hash(), now).await? else { return Ok(None) };
    let is_current = token.is_newest(row.turn_hash.as_deref());
    if !is_current {
        record(tx, &row.caller(), "family_grant.misused", row.student_id, row.guardian_id, now).await?;
    }
    if !is_current || !row.reaches_any {
        end_grant(&mut *tx, row.family_grant_id, now).await?;
        return Ok(None);
    }
    if row.expires_at <= now {
        return Ok(None);
    }
    renew(tx, &row, &token.next(), now).await.map(Some)
}

/// Gives the grant its next token.
async fn renew(tx: &mut Connection, row: &Row, next: &RefreshToken, now: DateTime<Utc>) -> Result<Renewed> {
    sqlx::query!(
        "update family_grants set code_hash = null, used_at = coalesce(used_at, $2), family_hash = $3, turn_hash = $4,
             last_used_at = $2, expires_at = $5
         where family_grant_id = $1",
        row.family_grant_id as FamilyGrantId,
        now,
        next.family_hash(),
        next.turn_hash(),
        refresh_token::expires_at(row.created_at, now),
    )
    .execute(tx)
    .await?;
    Ok(Renewed { family_grant_id: row.family_grant_id, caller: row.caller(), refresh_token: next.show() })
}

/// The caller of an access token. `None`: the grant has ended, or there is no student that its holder may read about now.
pub async fn find_caller(
    db: impl Executor<'_>,
    family_grant_id: FamilyGrantId,
    now: DateTime<Utc>,
) -> Result<Option<Caller>> {
    let row = sqlx::query!(
        r#"with seen as (
               update family_grants set last_used_at = $2
               -- To the minute is enough, and spares a write a request.
               where family_grant_id = $1 and ended_at is null and last_used_at < $2::timestamptz - interval '1 minute')
           select guardian_id as "guardian_id: GuardianId" from family_grants
           where family_grant_id = $1 and used_at is not null and exists (select from family_students($1, $2))"#,
        family_grant_id as FamilyGrantId,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Caller::family(family_grant_id, row.guardian_id)))
}

/// Ends the access of a holder, from the page of a student that they may read about. Needs `students:write`.
pub async fn end(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    family_grant_id: FamilyGrantId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let listed = list_grants(&mut *tx, caller, student_id, now).await?;
    let grant =
        listed.iter().find(|grant| grant.family_grant_id == family_grant_id).ok_or(Error::NotFound("access"))?;
    end_grant(&mut *tx, family_grant_id, now).await?;
    record(tx, caller, "family_grant.end", student_id, grant.guardian_id, now).await
}

/// Ends a grant that an app gives back. Servers refuse its tokens within `mcp_server::auth::RECHECK`.
pub async fn end_grant(db: impl Executor<'_>, family_grant_id: FamilyGrantId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update family_grants set ended_at = $2 where family_grant_id = $1 and ended_at is null",
        family_grant_id as FamilyGrantId,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The grant of a refresh token, also of one that was used before.
pub async fn find_by_refresh_token(db: impl Executor<'_>, token: &SecretString) -> Result<Option<FamilyGrantId>> {
    let Some(token) = RefreshToken::read(token) else { return Ok(None) };
    Ok(sqlx::query_scalar!(
        r#"select family_grant_id as "family_grant_id: FamilyGrantId" from family_grants
           where family_hash = $1 and ended_at is null"#,
        token.family_hash(),
    )
    .fetch_optional(db)
    .await?)
}

/// Access that a person has, or has a code for.
#[derive(Clone)]
pub struct FamilyGrant {
    pub family_grant_id: FamilyGrantId,
    pub guardian_id: Option<GuardianId>,
    /// `None`: the student.
    pub guardian_name: Option<String>,
    pub given_by: String,
    pub created_at: DateTime<Utc>,
    /// When the code ends, or the refresh token.
    pub expires_at: DateTime<Utc>,
    /// `None`: the code was not used yet.
    pub used_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    /// How far the e-mail with the code is, if one was asked for.
    pub mail: Option<State>,
    pub mail_error: Option<String>,
}

impl std::fmt::Debug for FamilyGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FamilyGrant").field("family_grant_id", &self.family_grant_id).finish_non_exhaustive()
    }
}

/// Who may read about a student by an app, or has a code for it, newest first. Needs `students:read`.
pub async fn list_grants(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Vec<FamilyGrant>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        FamilyGrant,
        r#"select g.family_grant_id as "family_grant_id: FamilyGrantId", g.guardian_id as "guardian_id: GuardianId",
               gu.name as "guardian_name?", g.given_by, g.created_at, g.expires_at, g.used_at, g.last_used_at,
               m.state as "mail?: State", m.last_error as "mail_error?"
           from family_grants g left join guardians gu on gu.guardian_id = g.guardian_id
           left join messages m on m.family_grant_id = g.family_grant_id
           where (g.guardian_id is null and g.student_id = $1
                   or g.guardian_id in (select sg.guardian_id from student_guardians sg where sg.student_id = $1))
             and g.ended_at is null and g.expires_at > $2
           order by g.created_at desc limit 50"#,
        student_id as StudentId,
        now,
    )
    .fetch_all(db)
    .await?)
}

/// Deletes grants that are over: how many they were.
pub(crate) async fn delete_over(db: impl Executor<'_>, limit: i64, now: DateTime<Utc>) -> Result<u64> {
    let deleted = sqlx::query!(
        "delete from family_grants where family_grant_id in (
             select family_grant_id from family_grants where least(ended_at, expires_at) < $1
             limit $2 for update skip locked)",
        now - KEPT,
        limit,
    );
    Ok(deleted.execute(db).await?.rows_affected())
}

async fn record(
    tx: &mut Connection,
    caller: &Caller,
    action: &str,
    student_id: StudentId,
    guardian_id: Option<GuardianId>,
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = guardian_id.map_or_else(|| json!({}), |id| json!({ "guardian": id }));
    audit::insert_entry(tx, caller, action, Some(&format!("student:{student_id}")), &detail, now).await
}

fn grant_of(caller: &Caller) -> Result<FamilyGrantId, Forbidden> {
    caller.has(Scope::OwnRead)?;
    match caller.actor {
        Actor::Family { family_grant_id, .. } => Ok(family_grant_id),
        _ => Err(Forbidden::Scope(Scope::OwnRead)),
    }
}

/// A student as their family sees them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnStudent {
    pub student_id: StudentId,
    pub display_name: String,
    /// 0 is kindergarten.
    pub grade: Option<i16>,
    pub locale: String,
    pub timezone: String,
}

/// The students that the holder may read about, by name. Needs `own:read`.
pub async fn list_own(db: impl Executor<'_>, caller: &Caller, now: DateTime<Utc>) -> Result<Vec<OwnStudent>> {
    Ok(sqlx::query_as!(
        OwnStudent,
        r#"select student_id as "student_id!: StudentId", display_name as "display_name!", grade, locale as "locale!",
               timezone as "timezone!"
           from family_students($1, $2) order by display_name, student_id"#,
        grant_of(caller)? as FamilyGrantId,
        now,
    )
    .fetch_all(db)
    .await?)
}

/// Returns the caller with the right to read about that student, and no other. Returns [`Error::NotFound`] for a student of others,
/// as for an unknown id. Needs `own:read`.
pub async fn open_own(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Caller> {
    let is_own = sqlx::query_scalar!(
        r#"select exists (select from family_students($1, $2) s where s.student_id = $3) as "is_own!""#,
        grant_of(caller)? as FamilyGrantId,
        now,
        student_id as StudentId,
    )
    .fetch_one(db)
    .await?;
    if !is_own {
        return Err(Error::NotFound("student"));
    }
    let scopes = [Scope::ContextRead, Scope::StudentsRead, Scope::SessionsRead].into_iter().collect();
    Ok(Caller { scopes, opened: Some(Opened { student_id, session_id: None }), ..caller.clone() })
}

/// A call as the family sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnSession {
    pub session_id: SessionId,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// One to three sentences in our words. Null: the call is not analysed yet.
    pub summary: Option<String>,
}

/// The newest calls of a student. Needs `sessions:read`.
pub async fn list_sessions(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<OwnSession>> {
    caller.require_student(Scope::SessionsRead, student_id)?;
    Ok(sqlx::query_as!(
        OwnSession,
        r#"select s.session_id as "session_id: SessionId", coalesce(s.started_at, s.created_at) as "started_at!", s.ended_at,
               a.findings->>'summary' as summary
           from sessions s left join analyses a on a.session_id = s.session_id and a.is_current
           where s.student_id = $1 order by s.created_at desc, s.session_id desc limit $2"#,
        student_id as StudentId,
        MAX_ITEMS,
    )
    .fetch_all(db)
    .await?)
}

/// When the student is to be called back, the next time first. Needs `students:read`.
pub async fn list_callbacks(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
) -> Result<Vec<DateTime<Utc>>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_scalar!(
        "select due_at from follow_ups where student_id = $1 and kind = 'callback' and closed_at is null
         order by due_at limit $2",
        student_id as StudentId,
        MAX_ITEMS,
    )
    .fetch_all(db)
    .await?)
}
