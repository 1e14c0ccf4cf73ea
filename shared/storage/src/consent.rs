//! What guardians consent to, and what the service may therefore do.
//!
//! **Invariant:** decisions are added and never changed. [`current`] is the one place that says what is allowed. It is read
//! in the transaction that writes, and a decision waits for such transactions, so nothing is stored after a withdrawal.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{self, Connection, Executor, Result};
use crate::id::{ConsentId, GuardianId, SessionId, StudentId};
use crate::{session, student};

/// What consent is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Purpose {
    /// Lessons by phone at all.
    Tutoring,
    /// Keeping and playing the recording of a call.
    Recording,
    /// Keeping what was said, after it was analysed.
    Transcripts,
    /// Letting a language model read a call.
    Model,
    /// Reports to guardians.
    Reports,
}

impl Purpose {
    pub const ALL: [Self; 5] = [Self::Tutoring, Self::Recording, Self::Transcripts, Self::Model, Self::Reports];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

impl FromStr for Purpose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or_else(|| "a purpose is tutoring, recording, transcripts, model or reports".to_owned())
    }
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each purpose")]
pub struct Consents {
    pub tutoring: bool,
    pub recording: bool,
    pub transcripts: bool,
    pub model: bool,
    pub reports: bool,
}

impl Consents {
    fn of(allowed: impl Fn(Purpose) -> bool) -> Self {
        Self {
            tutoring: allowed(Purpose::Tutoring),
            recording: allowed(Purpose::Recording),
            transcripts: allowed(Purpose::Transcripts),
            model: allowed(Purpose::Model),
            reports: allowed(Purpose::Reports),
        }
    }
}

/// Why a purpose is allowed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// A guardian consents.
    Guardian,
    /// No guardian decided. The organisation consents on their behalf.
    Organisation,
    /// No guardian decided.
    Undecided,
    /// The consent was withdrawn.
    Withdrawn,
    /// The consent has expired.
    Expired,
}

/// What holds of one purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub purpose: Purpose,
    pub basis: Basis,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// Whether the purpose is allowed now.
    pub const fn is_allowed(&self) -> bool {
        matches!(self.basis, Basis::Guardian | Basis::Organisation)
    }
}

/// Whether a purpose is allowed by what holds.
pub fn allows(standings: &[Standing], purpose: Purpose) -> bool {
    standings.iter().any(|standing| standing.purpose == purpose && standing.is_allowed())
}

/// Returns the decision for each purpose. For calls without a student, returns the organisation's presumed consents.
/// Contains no data about the student.
pub async fn list_standings(
    db: impl Executor<'_>,
    student_id: Option<StudentId>,
    now: DateTime<Utc>,
) -> Result<Vec<Standing>> {
    let rows = sqlx::query!(
        r#"select p.purpose as "purpose!: Purpose", p.purpose = any(o.presumed_consents) as "is_presumed!",
               c.action as "action?: Action", c.expires_at as "expires_at?"
           from organisation o
           cross join unnest(array['tutoring', 'recording', 'transcripts', 'model', 'reports']) with ordinality as p (purpose, n)
           left join lateral (
               select action, expires_at from consents
               where student_id = $1 and purpose = p.purpose order by recorded_at desc, consent_id desc limit 1
           ) c on true
           order by p.n"#,
        student_id as Option<StudentId>,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let basis = match row.action {
                None if row.is_presumed => Basis::Organisation,
                None => Basis::Undecided,
                Some(Action::Withdrawn) => Basis::Withdrawn,
                Some(_) if row.expires_at.is_some_and(|at| at <= now) => Basis::Expired,
                Some(_) => Basis::Guardian,
            };
            Standing { purpose: row.purpose, basis, expires_at: row.expires_at }
        })
        .collect())
}

/// Returns what is allowed for a student, in the transaction that depends on it: a decision made at the same time waits
/// until it is over.
pub async fn current(tx: &mut Connection, student_id: Option<StudentId>, now: DateTime<Utc>) -> Result<Consents> {
    if let Some(student_id) = student_id {
        sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended($1, 0))", lock_key(student_id))
            .execute(&mut *tx)
            .await?;
    }
    let standings = list_standings(tx, student_id, now).await?;
    Ok(Consents::of(|purpose| allows(&standings, purpose)))
}

/// Returns what is allowed for the student of a session, as [`current`] does. Locks the session first, like everything that
/// stores one, so that no two transactions wait for each other.
pub async fn current_of_session(tx: &mut Connection, session_id: SessionId, now: DateTime<Utc>) -> Result<Consents> {
    let student_id = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from sessions where session_id = $1 for no key update"#,
        session_id as SessionId,
    )
    .fetch_optional(&mut *tx)
    .await?;
    current(tx, student_id.flatten(), now).await
}

fn lock_key(student_id: StudentId) -> String {
    format!("consents {student_id}")
}

/// What a guardian did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Action {
    Given,
    Renewed,
    Withdrawn,
}

impl Action {
    pub const ALL: [Self; 3] = [Self::Given, Self::Renewed, Self::Withdrawn];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// How a decision reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, sqlx::Type, EnumString, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Means {
    Paper,
    Phone,
    Web,
    /// The school's agreement with the organisation covers it.
    SchoolAgreement,
}

impl Means {
    pub const ALL: [Self; 4] = [Self::Paper, Self::Phone, Self::Web, Self::SchoolAgreement];

    /// The name in the database and in output.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// A decision to be written down.
#[derive(Clone)]
pub struct NewDecision {
    pub purpose: Purpose,
    pub action: Action,
    pub guardian_id: Option<GuardianId>,
    pub means: Means,
    /// At most 500 characters.
    pub reason: Option<String>,
    /// Of a consent; never of a withdrawal.
    pub expires_at: Option<DateTime<Utc>>,
    pub decided_at: DateTime<Utc>,
}

impl std::fmt::Debug for NewDecision {
    /// Without the reason.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewDecision")
            .field("purpose", &self.purpose)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// A decision as it was written down.
#[derive(Clone)]
pub struct Decision {
    pub purpose: Purpose,
    pub action: Action,
    /// `None`: not named, or their record was removed.
    pub guardian: Option<String>,
    pub means: Means,
    pub reason: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub decided_at: DateTime<Utc>,
    pub recorded_by: String,
    pub recorded_at: DateTime<Utc>,
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decision").field("purpose", &self.purpose).field("action", &self.action).finish_non_exhaustive()
    }
}

/// The decisions about a student, the newest first: at most `limit`. Needs `students:read`.
pub async fn list_decisions(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: i64,
) -> Result<Vec<Decision>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Decision,
        r#"select purpose as "purpose: Purpose", action as "action: Action", g.name as "guardian?", means as "means: Means",
               reason, expires_at, decided_at, recorded_by, recorded_at
           from consents c left join guardians g using (guardian_id)
           where c.student_id = $1 order by recorded_at desc, consent_id desc limit $2"#,
        student_id as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

/// Writes a decision down. A withdrawal also takes what was stored: recordings, or what was said in analysed calls. Needs
/// `students:write`.
pub async fn decide(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    new: &NewDecision,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::get_student(&mut *tx, caller, student_id).await?;
    // In the order of those who store: first the sessions, then the lock.
    let session_ids = sqlx::query_scalar!(
        r#"select session_id as "session_id: SessionId" from sessions where student_id = $1 order by session_id for update"#,
        student_id as StudentId
    )
    .fetch_all(&mut *tx)
    .await?;
    db::lock_name(tx, &lock_key(student_id)).await?;
    sqlx::query!(
        "insert into consents (consent_id, student_id, purpose, action, guardian_id, means, reason, expires_at, decided_at,
             recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        ConsentId::new() as ConsentId,
        student_id as StudentId,
        new.purpose as Purpose,
        new.action as Action,
        new.guardian_id as Option<GuardianId>,
        new.means as Means,
        new.reason,
        new.expires_at,
        new.decided_at,
        caller.actor.to_string(),
        now,
    )
    .execute(&mut *tx)
    .await?;
    if new.action == Action::Withdrawn {
        match new.purpose {
            Purpose::Recording => remove_recordings(tx, student_id).await?,
            Purpose::Transcripts => remove_speech(tx, student_id, now).await?,
            Purpose::Tutoring | Purpose::Model | Purpose::Reports => {}
        }
        session::derived::refresh(tx, &session_ids).await?;
    }
    let detail = serde_json::json!({
        "purpose": new.purpose.as_str(), "action": new.action.as_str(), "means": new.means.as_str(),
    });
    audit::insert_entry(tx, caller, "consent.decide", Some(&format!("student:{student_id}")), &detail, now).await
}

async fn remove_recordings(tx: &mut Connection, student_id: StudentId) -> Result<()> {
    sqlx::query!(
        "update sessions set recording_url = null where student_id = $1 and recording_url is not null",
        student_id as StudentId,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was said in calls whose analysis is over. A call that still waits for it loses what was said when it is done.
async fn remove_speech(tx: &mut Connection, student_id: StudentId, now: DateTime<Utc>) -> Result<()> {
    let ids = sqlx::query_scalar!(
        r#"select session_id as "session_id: SessionId" from sessions 
           where student_id = $1 and status in ('analyzed', 'needs_attention')"#,
        student_id as StudentId,
    )
    .fetch_all(&mut *tx)
    .await?;
    forget_speech(tx, &ids, now).await
}

/// Removes what was said in analysed calls: turns, request bodies, quotations and search words. The evidence stays.
pub async fn forget_speech(tx: &mut Connection, session_ids: &[SessionId], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<uuid::Uuid> = session_ids.iter().map(|id| id.0).collect();
    sqlx::query!("delete from turns where session_id = any($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("delete from session_words where session_id = any($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!(
        // What is not read yet is removed when it is.
        "update deliveries set body = null
         where call_id in (select call_id from sessions where session_id = any($1)) and body is not null
           and (state <> 'stored'
                or call_id in (select call_id from sessions where session_id = any($1) and status = 'needs_attention'))",
        &ids,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("update sessions set speech_removed_at = $2 where session_id = any($1)", &ids, now)
        .execute(&mut *tx)
        .await?;
    // Only what quotes the student: numbers, verdicts and our own words stay.
    sqlx::query!(
        r#"update analyses set findings = findings
               || jsonb_build_object(
                   'skills', (select coalesce(jsonb_agg(skill || jsonb_build_object('evidence',
                           (select coalesce(jsonb_agg(found || '{"quote": ""}' order by m), '[]')
                            from jsonb_array_elements(skill->'evidence') with ordinality as e (found, m))) order by n), '[]')
                       from jsonb_array_elements(findings->'skills') with ordinality as s (skill, n)),
                   'misconceptions', (select coalesce(jsonb_agg(belief || '{"quote": ""}' order by n), '[]')
                       from jsonb_array_elements(findings->'misconceptions') with ordinality as b (belief, n)),
                   'introduction', case when jsonb_typeof(findings->'introduction') = 'object'
                       then findings->'introduction' || '{"wants": null}' end)
           where session_id = any($1)"#,
        &ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Applies to a session what holds of its student, in the transaction that stores the session: the recording's address, and
/// what was said once the call is analysed.
pub async fn apply_to_session(
    tx: &mut Connection,
    session_id: SessionId,
    is_analysed: bool,
    now: DateTime<Utc>,
) -> Result<Consents> {
    let consents = current_of_session(tx, session_id, now).await?;
    apply(tx, session_id, consents, is_analysed, now).await?;
    Ok(consents)
}

/// [`apply_to_session`] of what this transaction has read by [`current`].
pub async fn apply(
    tx: &mut Connection,
    session_id: SessionId,
    consents: Consents,
    is_analysed: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if !consents.recording {
        sqlx::query!(
            "update sessions set recording_url = null where session_id = $1 and recording_url is not null",
            session_id as SessionId,
        )
        .execute(&mut *tx)
        .await?;
    }
    if is_analysed && !consents.transcripts {
        forget_speech(tx, &[session_id], now).await?;
    }
    Ok(())
}

/// Whether what was said in the call was removed. Then there is nothing to analyse again.
pub async fn is_speech_removed(db: impl Executor<'_>, session_id: SessionId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select speech_removed_at is not null as "is_removed!" from sessions where session_id = $1"#,
        session_id as SessionId,
    )
    .fetch_optional(db)
    .await?
    .unwrap_or(false))
}

/// A consent that ends soon.
#[derive(Clone)]
pub struct Expiring {
    pub student_id: StudentId,
    pub display_name: String,
    pub purpose: Purpose,
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Expiring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expiring").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Consents that count and end between `from` and `until`, the first first: at most 500. Needs `students:read`.
pub async fn list_expiring(
    db: impl Executor<'_>,
    caller: &Caller,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Expiring>> {
    let within = caller.require_within(Scope::StudentsRead)?;
    Ok(sqlx::query_as!(
        Expiring,
        r#"select c.student_id as "student_id: StudentId", s.display_name, c.purpose as "purpose: Purpose",
               c.expires_at as "expires_at!"
           from consents c join students s using (student_id)
           where c.expires_at >= $1 and c.expires_at < $2 and ($3::text[] is null or s.cohort = any($3))
             and not exists (select 1 from consents later
                             where later.student_id = c.student_id and later.purpose = c.purpose
                               and (later.recorded_at, later.consent_id) > (c.recorded_at, c.consent_id))
           order by c.expires_at, lower(s.display_name), c.purpose limit 500"#,
        from,
        until,
        within,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::clock::now;
    use crate::db::{self, Db};
    use crate::organisation::{self, Assurance};

    async fn student(db: &Db) -> StudentId {
        let student_id = StudentId::new();
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, 'Maya Brandt', now(), now())",
            student_id as StudentId,
        )
        .execute(db)
        .await
        .unwrap();
        student_id
    }

    fn decision(purpose: Purpose, action: Action) -> NewDecision {
        NewDecision {
            purpose,
            action,
            guardian_id: None,
            means: Means::Paper,
            reason: None,
            expires_at: None,
            decided_at: now(),
        }
    }

    async fn decided(db: &Db, student_id: StudentId, new: &NewDecision) {
        let mut tx = db::begin(db).await.unwrap();
        decide(&mut tx, &Caller::operator(), student_id, new, now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn of(db: &Db, student_id: Option<StudentId>, at: DateTime<Utc>) -> Consents {
        let mut tx = db::begin(db).await.unwrap();
        current(&mut tx, student_id, at).await.unwrap()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_newest_decision_counts_and_without_one_what_the_organisation_presumes(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db).await;
        let all = Consents::of(|_| true);
        assert_eq!(of(&db, Some(maya), now()).await, all, "as before there were consents");
        decided(&db, maya, &decision(Purpose::Model, Action::Withdrawn)).await;
        assert_eq!(of(&db, Some(maya), now()).await, Consents { model: false, ..all });
        assert_eq!(of(&db, None, now()).await, all, "another's decision");
        let until = now() + TimeDelta::days(20);
        decided(&db, maya, &NewDecision { expires_at: Some(until), ..decision(Purpose::Model, Action::Renewed) }).await;
        assert!(of(&db, Some(maya), now()).await.model);
        assert!(!of(&db, Some(maya), until).await.model, "it has expired");
        let soon = list_expiring(&db, &Caller::operator(), now(), now() + TimeDelta::days(30)).await.unwrap();
        assert_eq!(soon.iter().map(|row| row.purpose).collect::<Vec<_>>(), [Purpose::Model]);
        let mut tx = db::begin(&db).await.unwrap();
        organisation::set(&mut tx, &Caller::operator(), Assurance::CallerId, &[Purpose::Tutoring], false, now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let presumed = Consents::of(|purpose| purpose == Purpose::Tutoring);
        assert_eq!(of(&db, None, now()).await, presumed);
        assert_eq!(of(&db, Some(maya), now()).await, Consents { model: true, ..presumed });
        let history = list_decisions(&db, &Caller::operator(), maya, 10).await.unwrap();
        assert_eq!(history.iter().map(|row| row.action).collect::<Vec<_>>(), [Action::Renewed, Action::Withdrawn]);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_withdrawal_takes_what_is_stored_and_leaves_the_evidence(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db).await;
        sqlx::query(
            "with s as (insert into sessions (session_id, call_id, student_id, status, recording_url, created_at, updated_at)
                 values (gen_random_uuid(), 'c1', $1, 'analyzed', 'https://vapi.example/canary.wav', now(), now())
                 returning session_id),
             t as (insert into turns (session_id, turn_no, speaker, text, offset_ms)
                 select session_id, 0, 'student', 'canary of the turn', 0 from s),
             w as (insert into session_words (session_id, words) select session_id, to_tsvector('simple', 'canary') from s),
             d as (insert into deliveries (delivery_id, dedupe_key, type, call_id, body, received_at, state)
                 values (gen_random_uuid(), 'c1', 'end-of-call-report', 'c1', 'canary of the body', now(), 'processed'))
             insert into analyses (analysis_id, session_id, analyser, analyser_version, status, findings, is_current,
                 duration_ms, created_at)
             select gen_random_uuid(), session_id, 'rules', '1', 'baseline',
                 '{\"summary\": \"kept\", \"skills\": [{\"skill_id\": \"a\", \"evidence\": [{\"turn_no\": 0, \"quote\": \"canary\"}]}],
                   \"misconceptions\": [{\"belief\": \"kept\", \"quote\": \"canary\"}]}', true, 1, now() from s"
        )
        .bind(maya.0)
        .execute(&db)
        .await
        .unwrap();
        let canaries = async || {
            let found: i64 = sqlx::query_scalar(
                "select (select count(*) from turns) + (select count(*) from session_words)
                     + (select count(*) from deliveries where body is not null)
                     + (select count(*) from analyses where findings::text like '%canary%')",
            )
            .fetch_one(&db)
            .await
            .unwrap();
            let recordings: i64 =
                sqlx::query_scalar("select count(recording_url) from sessions").fetch_one(&db).await.unwrap();
            (found, recordings)
        };
        assert_eq!(canaries().await, (4, 1));
        decided(&db, maya, &decision(Purpose::Recording, Action::Withdrawn)).await;
        assert_eq!(canaries().await, (4, 0));
        decided(&db, maya, &decision(Purpose::Transcripts, Action::Withdrawn)).await;
        assert_eq!(canaries().await, (0, 0));
        let findings: serde_json::Value =
            sqlx::query_scalar("select findings from analyses").fetch_one(&db).await.unwrap();
        assert_eq!(
            (&findings["summary"], &findings["skills"][0]["evidence"][0]["turn_no"]),
            (&"kept".into(), &0.into())
        );
        assert_eq!(findings["misconceptions"][0]["belief"], "kept");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_may_not_write_decides_nothing(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db).await;
        let viewer = Caller::admin(crate::id::AdminUserId::new(), "v@example.org", crate::access::Role::Viewer);
        let mut tx = db::begin(&db).await.unwrap();
        let new = decision(Purpose::Tutoring, Action::Withdrawn);
        assert!(decide(&mut tx, &viewer, maya, &new, now()).await.is_err());
        assert!(decide(&mut tx, &Caller::operator(), StudentId::new(), &new, now()).await.is_err());
    }
}
