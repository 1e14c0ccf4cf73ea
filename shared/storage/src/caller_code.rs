//! What a caller says to prove who they are: a student's PIN, or the guardian's code.
//!
//! **Invariant:** three wrong tries lock a code until a person unlocks it. A try is counted, in its own transaction, before
//! it is compared, so that neither a crash nor many tries at once give more than three. The answer to a wrong try is the
//! same for every caller, also if there is no such student.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::access::{Caller, Scope};
use crate::assurance::CodeKind;
use crate::audit;
use crate::db::{self, Connection, Error, Executor, Result};
use crate::id::{SessionId, StudentId};
use crate::{session, slow_hash, student};

/// Wrong tries that lock a code, and that one call has.
const MAX_TRIES: i32 = 3;

/// Wrong tries that all calls from one number have within a day.
const MAX_TRIES_OF_NUMBER: i64 = 9;

/// A code as said or typed: 4 to 8 digits.
#[derive(Clone)]
pub struct Code(SecretString);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code")
    }
}

/// Why a code is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    #[error("a PIN has 4 to 8 digits, such as 4219")]
    Unreadable,
    #[error("this PIN is too easy to guess: the digits are all the same, or in a row")]
    Common,
}

impl Code {
    /// Reads digits, written or spoken: "4219", "four two one nine", "forty-two nineteen".
    ///
    /// # Errors
    /// If anything else is said, or if there are fewer than 4 or more than 8 digits.
    pub fn hear(said: &str) -> Result<Self, BadCode> {
        let digits = domain::answer::read_digits(said).filter(|digits| (4..=8).contains(&digits.len()));
        digits.map(|digits| Self(SecretString::from(digits))).ok_or(BadCode::Unreadable)
    }

    /// Reads a new code. It takes tens of milliseconds of a core to [`Self::hash`] it.
    ///
    /// # Errors
    /// As [`Self::hear`], or if a stranger would try it first.
    pub fn choose(typed: &str) -> Result<Self, BadCode> {
        let code = Self::hear(typed)?;
        let digits = code.0.expose_secret().as_bytes();
        let steps: Vec<i16> = digits.windows(2).map(|pair| i16::from(pair[1]) - i16::from(pair[0])).collect();
        let is_common = [-1, 0, 1].iter().any(|step| steps.iter().all(|found| found == step));
        if is_common { Err(BadCode::Common) } else { Ok(code) }
    }

    /// The slow hash that is stored.
    #[must_use]
    pub fn hash(&self) -> String {
        slow_hash::hash(&self.0)
    }

    /// Whether it is the code of the hash. It takes as long without a hash, and compares in constant time.
    #[must_use]
    pub fn matches(&self, hash: Option<&str>) -> bool {
        slow_hash::matches(&self.0, hash)
    }
}

/// A code as people see it: never the digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerCode {
    pub kind: CodeKind,
    /// Wrong tries since the last right one.
    pub n_failed: i32,
    pub locked_at: Option<DateTime<Utc>>,
    pub set_at: DateTime<Utc>,
    pub set_by: String,
}

/// The codes of a student. Needs `students:read`.
pub async fn list_codes(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<CallerCode>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        CallerCode,
        r#"select kind as "kind: CodeKind", n_failed, locked_at, set_at, set_by from caller_codes
           where student_id = $1 order by kind desc"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?)
}

/// Sets a code, in place of the one before. It is not locked, and what open calls proved with the old one counts no more.
/// Needs `students:write`.
pub async fn set_code(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    kind: CodeKind,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::get_student(&mut *tx, caller, student_id).await?;
    sqlx::query!(
        "insert into caller_codes (student_id, kind, code_hash, set_at, set_by) values ($1, $2, $3, $4, $5)
         on conflict (student_id, kind) do update set code_hash = excluded.code_hash, n_failed = 0, locked_at = null,
             set_at = excluded.set_at, set_by = excluded.set_by",
        student_id as StudentId,
        kind as CodeKind,
        hash,
        now,
        caller.actor.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    forget_proofs(tx, student_id, kind).await?;
    record(tx, caller, "caller_code.set", student_id, kind, now).await
}

/// Gives a locked code its three tries again. Needs `students:write`.
pub async fn unlock_code(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    kind: CodeKind,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let n = sqlx::query!(
        "update caller_codes set n_failed = 0, locked_at = null where student_id = $1 and kind = $2",
        student_id as StudentId,
        kind as CodeKind,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("code"));
    }
    record(tx, caller, "caller_code.unlock", student_id, kind, now).await
}

/// Removes a code. Until another one is set, callers cannot prove that they are this student. Needs `students:write`.
pub async fn remove_code(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    kind: CodeKind,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let n = sqlx::query!(
        "delete from caller_codes where student_id = $1 and kind = $2",
        student_id as StudentId,
        kind as CodeKind,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("code"));
    }
    forget_proofs(tx, student_id, kind).await?;
    record(tx, caller, "caller_code.remove", student_id, kind, now).await
}

async fn forget_proofs(tx: &mut Connection, student_id: StudentId, kind: CodeKind) -> Result<()> {
    sqlx::query!(
        "update call_assurances set student_id = null, kind = null, verified_at = null where student_id = $1 and kind = $2",
        student_id as StudentId,
        kind as CodeKind,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn record(
    tx: &mut Connection,
    caller: &Caller,
    action: &str,
    student_id: StudentId,
    kind: CodeKind,
    now: DateTime<Utc>,
) -> Result<()> {
    let object = format!("student:{student_id}");
    audit::insert_entry(tx, caller, action, Some(&object), &serde_json::json!({ "kind": kind.as_str() }), now).await
}

/// A try that is counted and not yet compared.
#[derive(Debug)]
pub struct Try {
    session_id: SessionId,
    kind: CodeKind,
    /// The owner of the code. `None`: no owner, so the code is wrong.
    whose: Option<(StudentId, String)>,
    at: DateTime<Utc>,
}

impl Try {
    /// Whether the code is right. Takes tens of milliseconds of a core: call it off the async threads.
    #[must_use]
    pub fn is_right(&self, code: &Code) -> bool {
        code.matches(self.whose.as_ref().map(|(_, hash)| &hash[..]))
    }
}

/// Counts a try of the call on the caller's line. `None`: the call or its number has no more. The transaction is committed
/// before the code is compared. Needs `calls:write`.
pub async fn begin_try(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    kind: CodeKind,
    first_name: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Option<Try>> {
    caller.has(Scope::CallsWrite)?;
    let phone = caller.line.phone.as_ref().map(crate::phone::Phone::as_str);
    // One try of a number after the other, or ten at once would all see nine.
    let key = format!("caller code {}", phone.map_or_else(|| session_id.to_string(), str::to_owned));
    db::lock_name(tx, &key).await?;
    let n_of_number = sqlx::query_scalar!(
        r#"select coalesce(sum(a.n_failed), 0) as "n!" from call_assurances a join sessions s using (session_id)
           where a.n_failed > 0 and a.tried_at > $2 and s.caller_phone = $1"#,
        phone,
        now - TimeDelta::days(1),
    )
    .fetch_one(&mut *tx)
    .await?;
    if n_of_number >= MAX_TRIES_OF_NUMBER {
        return Ok(None);
    }
    let n = sqlx::query!(
        "insert into call_assurances (session_id, n_failed, tried_at) values ($1, 1, $2)
         on conflict (session_id) do update set n_failed = call_assurances.n_failed + 1, tried_at = excluded.tried_at
             where call_assurances.n_failed < $3",
        session_id as SessionId,
        now,
        MAX_TRIES,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Ok(None);
    }
    let whose = match find_candidate(tx, caller, first_name).await? {
        Some(student_id) => count_try(tx, caller, student_id, kind, now).await?.map(|hash| (student_id, hash)),
        None => None,
    };
    Ok(Some(Try { session_id, kind, whose, at: now }))
}

/// Returns the student that the caller must be: the only one of the line, otherwise the only one of the number with
/// that name.
async fn find_candidate(tx: &mut Connection, caller: &Caller, first_name: Option<&str>) -> Result<Option<StudentId>> {
    let line = &caller.line;
    if line.presumed.is_some() {
        return Ok(line.presumed);
    }
    let (Some(phone), Some(first_name)) = (&line.phone, first_name) else { return Ok(None) };
    let rows = sqlx::query!(
        r#"select s.student_id as "student_id: StudentId", s.display_name
           from student_phones p join students s using (student_id) where p.phone = $1"#,
        phone.as_str(),
    )
    .fetch_all(tx)
    .await?;
    let mut named =
        rows.into_iter().filter(|row| student::is_first_name(student::first_name(&row.display_name), first_name));
    let only = named.next().map(|row| row.student_id);
    Ok(only.filter(|_| named.next().is_none()))
}

/// The hash to compare with, unless the code is locked or there is none.
async fn count_try(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    kind: CodeKind,
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    let row = sqlx::query!(
        r#"update caller_codes set n_failed = n_failed + 1, locked_at = case when n_failed + 1 >= $4 then $3::timestamptz end
           where student_id = $1 and kind = $2 and locked_at is null
           returning code_hash, locked_at is not null as "is_last!""#,
        student_id as StudentId,
        kind as CodeKind,
        now,
        MAX_TRIES,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.is_last {
        record(tx, caller, "caller_code.last_try", student_id, kind, now).await?;
    }
    Ok(Some(row.code_hash))
}

/// Settles the call as the student with the right code, and returns the student. Returns `None` if the call is over or
/// another student's, or if the code was changed or locked meanwhile. Needs `calls:write`.
pub async fn settle_right_try(
    tx: &mut Connection,
    caller: &Caller,
    right: Try,
    now: DateTime<Utc>,
) -> Result<Option<StudentId>> {
    caller.has(Scope::CallsWrite)?;
    let Some((student_id, hash)) = right.whose else { return Ok(None) };
    let n_codes = sqlx::query!(
        "update caller_codes set n_failed = 0, locked_at = null
         where student_id = $1 and kind = $2 and code_hash = $3 and (locked_at is null or locked_at = $4)",
        student_id as StudentId,
        right.kind as CodeKind,
        hash,
        right.at,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n_codes == 0 {
        return Ok(None);
    }
    // A caller who proves to be a student is no longer treated as new.
    let n_sessions = sqlx::query!(
        "update sessions set student_id = $2, introduced_as = null, updated_at = $3
         where session_id = $1 and status = 'in_progress' and ended_at is null
           and (student_id is null or student_id = $2) and caller_phone is not distinct from $4",
        right.session_id as SessionId,
        student_id as StudentId,
        now,
        caller.line.phone.as_ref().map(crate::phone::Phone::as_str),
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n_sessions == 0 {
        return Ok(None);
    }
    session::derived::refresh(tx, &[right.session_id]).await?;
    sqlx::query!(
        "update call_assurances set n_failed = 0, student_id = $2, kind = $3, verified_at = $4 where session_id = $1",
        right.session_id as SessionId,
        student_id as StudentId,
        right.kind as CodeKind,
        now,
    )
    .execute(&mut *tx)
    .await?;
    record(tx, caller, "caller_code.accepted", student_id, right.kind, now).await?;
    Ok(Some(student_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ScopeSet;
    use crate::clock::now;
    use crate::db::Db;
    use crate::phone::Phone;

    fn code(text: &str) -> Code {
        Code::hear(text).unwrap()
    }

    #[test]
    fn a_code_is_heard_and_easy_ones_are_not_chosen() {
        let hash = code("4219").hash();
        for said in ["four two one nine", "forty-two nineteen", "4-2-1-9"] {
            assert!(code(said).matches(Some(&hash)), "{said}");
        }
        assert!(!code("4218").matches(Some(&hash)) && !code("4219").matches(None));
        assert!(!hash.contains("4219"));
        for refused in ["421", "421942194", "four two", "my birthday", ""] {
            assert_eq!(Code::hear(refused).err(), Some(BadCode::Unreadable), "{refused}");
        }
        for common in ["0000", "1234", "87654", "1111 1111"] {
            assert_eq!(Code::choose(common).err(), Some(BadCode::Common), "{common}");
        }
        assert!(Code::choose("4219").is_ok() && Code::choose("1235").is_ok());
        assert_eq!(format!("{:?}", code("4219")), "Code");
    }

    const PHONE: &str = "+14155550142";

    /// A student with the PIN 4219, and an open call from its number.
    async fn call(db: &Db, call_id: &str, student_id: Option<StudentId>) -> SessionId {
        let session_id = SessionId::new();
        sqlx::query!(
            "insert into sessions (session_id, call_id, student_id, caller_phone, status, created_at, updated_at)
             values ($1, $2, $3, $4, 'in_progress', now(), now())",
            session_id as SessionId,
            call_id,
            student_id as Option<StudentId>,
            PHONE,
        )
        .execute(db)
        .await
        .unwrap();
        session_id
    }

    async fn student(db: &Db, name: &str, pin: &str) -> StudentId {
        let student_id = StudentId::new();
        sqlx::query!(
            "with s as (insert into students (student_id, display_name, created_at, updated_at) values ($1, $2, now(), now()))
             insert into student_phones (phone, student_id, created_at) values ($3, $1, now())",
            student_id as StudentId,
            name,
            PHONE,
        )
        .execute(db)
        .await
        .unwrap();
        let mut tx = crate::db::begin(db).await.unwrap();
        let hash = code(pin).hash();
        set_code(&mut tx, &Caller::operator(), student_id, CodeKind::Pin, &hash, now()).await.unwrap();
        tx.commit().await.unwrap();
        student_id
    }

    fn caller(presumed: Option<StudentId>) -> Caller {
        let mut caller = Caller::telephone("c1", ScopeSet::all());
        caller.line.phone = Some(Phone::parse(PHONE).unwrap());
        caller.line.presumed = presumed;
        caller
    }

    /// What comes of a try: `None` if there are no more.
    async fn try_it(
        db: &Db,
        caller: &Caller,
        session_id: SessionId,
        pin: &str,
        name: Option<&str>,
    ) -> Option<Option<StudentId>> {
        let mut tx = crate::db::begin(db).await.unwrap();
        let begun = begin_try(&mut tx, caller, session_id, CodeKind::Pin, name, now()).await.unwrap();
        tx.commit().await.unwrap();
        let begun = begun?;
        if !begun.is_right(&code(pin)) {
            return Some(None);
        }
        let mut tx = crate::db::begin(db).await.unwrap();
        let settled = settle_right_try(&mut tx, caller, begun, now()).await.unwrap();
        tx.commit().await.unwrap();
        Some(settled)
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn three_wrong_tries_lock_a_code_until_a_person_unlocks_it(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", "4219").await;
        let caller = caller(Some(maya));
        let first = call(&db, "c1", Some(maya)).await;
        assert_eq!(try_it(&db, &caller, first, "4218", None).await, Some(None));
        assert_eq!(try_it(&db, &caller, first, "4219", None).await, Some(Some(maya)), "a right one");
        let second = call(&db, "c2", Some(maya)).await;
        for _ in 0..3 {
            assert_eq!(try_it(&db, &caller, second, "4218", None).await, Some(None));
        }
        assert_eq!(try_it(&db, &caller, second, "4219", None).await, None, "the call has no more");
        let third = call(&db, "c3", Some(maya)).await;
        assert_eq!(try_it(&db, &caller, third, "4219", None).await, Some(None), "locked looks like wrong");
        let codes = list_codes(&db, &Caller::operator(), maya).await.unwrap();
        assert!(codes[0].locked_at.is_some() && codes[0].n_failed == 3, "{codes:?}");
        let mut tx = crate::db::begin(&db).await.unwrap();
        unlock_code(&mut tx, &Caller::operator(), maya, CodeKind::Pin, now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(try_it(&db, &caller, third, "4219", None).await, Some(Some(maya)));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_third_try_may_be_the_right_one(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", "4219").await;
        let session_id = call(&db, "c1", Some(maya)).await;
        for pin in ["1111", "2222"] {
            assert_eq!(try_it(&db, &caller(Some(maya)), session_id, pin, None).await, Some(None));
        }
        assert_eq!(try_it(&db, &caller(Some(maya)), session_id, "4219", None).await, Some(Some(maya)));
        let codes = list_codes(&db, &Caller::operator(), maya).await.unwrap();
        assert_eq!((codes[0].locked_at, codes[0].n_failed), (None, 0));
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn tries_at_once_are_no_more_than_three(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", "4219").await;
        let caller = caller(Some(maya));
        let mut sessions = Vec::new();
        for n in 0..12 {
            sessions.push(call(&db, &format!("c{n}"), Some(maya)).await);
        }
        let tries = sessions.iter().map(|session_id| async {
            let mut tx = crate::db::begin(&db).await.unwrap();
            let begun = begin_try(&mut tx, &caller, *session_id, CodeKind::Pin, None, now()).await.unwrap();
            tx.commit().await.unwrap();
            begun
        });
        let begun: Vec<_> = futures::future::join_all(tries).await.into_iter().flatten().collect();
        assert_eq!(begun.len(), 9, "the number has no more");
        assert_eq!(begun.iter().filter(|begun| begun.is_right(&code("4219"))).count(), 3);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn of_several_students_the_name_says_whose_code_it_is(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", "4219").await;
        let leo = student(&db, "Leo Brandt", "8305").await;
        let session_id = call(&db, "c1", None).await;
        assert_eq!(try_it(&db, &caller(None), session_id, "4219", None).await, Some(None), "nobody is named");
        assert_eq!(try_it(&db, &caller(None), session_id, "4219", Some("Leo")).await, Some(None), "Leo's is another");
        assert_eq!(try_it(&db, &caller(None), session_id, "8305", Some("leo")).await, Some(Some(leo)));
        let untouched = list_codes(&db, &Caller::operator(), maya).await.unwrap();
        assert_eq!(untouched[0].n_failed, 0);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_new_code_ends_what_the_old_one_proved(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", "4219").await;
        let session_id = call(&db, "c1", Some(maya)).await;
        assert_eq!(try_it(&db, &caller(Some(maya)), session_id, "4219", None).await, Some(Some(maya)));
        let mut tx = crate::db::begin(&db).await.unwrap();
        let hash = code("8305").hash();
        set_code(&mut tx, &Caller::operator(), maya, CodeKind::Pin, &hash, now()).await.unwrap();
        tx.commit().await.unwrap();
        let n = sqlx::query_scalar!(r#"select count(*) as "n!" from call_assurances where verified_at is not null"#);
        assert_eq!(n.fetch_one(&db).await.unwrap(), 0);
        let second = call(&db, "c2", Some(maya)).await;
        assert_eq!(try_it(&db, &caller(Some(maya)), second, "4219", None).await, Some(None));
        assert_eq!(try_it(&db, &caller(Some(maya)), second, "8305", None).await, Some(Some(maya)));
    }
}
