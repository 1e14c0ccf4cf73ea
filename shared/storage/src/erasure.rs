//! Erasing students and calls, at once or after a delay, so that nothing of them is left and nothing comes back.
//!
//! **Invariant:** each erased call leaves a tombstone: VAPI's id of the call, and nothing else. A transaction that may make a
//! session first calls [`enter`] and then looks into `erased_calls`. An erasure waits for such transactions and keeps new ones out
//! until it is committed, so none of them brings a call back.

mod calls;
pub(crate) mod gate;
mod list;
pub(crate) mod pending;
mod proof;
mod register;
pub(crate) mod traces;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::access::{Actor, Caller, Scope};
use crate::audit;
use crate::db::{self, Connection, Db, Error, Result};
use crate::guardian;
use crate::id::{ErasureId, SessionId, StudentId};
use crate::phone::Phone;
use crate::student::{StudentChange, StudentStatus, update_student};

use self::gate::close;
pub use self::gate::enter;
pub use self::list::{ErasureItem, get_erasure, list_erasures};
pub use self::pending::{Pending, find_pending};
pub use self::proof::{Answer, ErasedCall, get_erased_call, mark_answered};
pub use self::register::{AskedBy, set_asked};

/// How long a request waits before it is carried out. Until then it can be undone.
pub const DELAY: TimeDelta = TimeDelta::days(7);

/// Requests of one API client within a day.
pub const MAX_REQUESTS_OF_CLIENT: i64 = 5;

/// Requests of all API clients together within a day.
pub const MAX_REQUESTS_OF_CLIENTS: i64 = 20;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requested {
    /// The student is erased when it is due. Also if the request was made before.
    Due(Pending),
    /// API clients have made enough requests within a day.
    TooMany,
}

/// Asks for a student to be erased after [`DELAY`], and blocks the student until then. Needs `students:erase`.
pub async fn request(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<Requested> {
    caller.require_student(Scope::StudentsErase, student_id)?;
    // Requests are counted one after the other.
    db::lock_name(tx, "erasure requests").await?;
    let status = sqlx::query_scalar!("select status from students where student_id = $1 for update", student_id.0)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound("student"))?;
    if let Some(pending) = find_pending(&mut *tx, caller, student_id).await? {
        return Ok(Requested::Due(pending));
    }
    if matches!(caller.actor, Actor::Client { .. } | Actor::Agent { .. }) && has_asked_enough(tx, caller, now).await? {
        return Ok(Requested::TooMany);
    }
    let pending = Pending {
        erasure_id: ErasureId::new(),
        student_id,
        requested_by: caller.actor.to_string(),
        requested_at: now,
        due_at: now + DELAY,
    };
    sqlx::query!(
        "insert into erasures (erasure_id, student_id, requested_by, requested_at, due_at, status_before)
         values ($1, $2, $3, $4, $5, $6)",
        pending.erasure_id as ErasureId,
        student_id as StudentId,
        pending.requested_by,
        now,
        pending.due_at,
        status,
    )
    .execute(&mut *tx)
    .await?;
    set_status(tx, student_id, StudentStatus::Blocked, now).await?;
    record(tx, caller, "erasure.request", Some(student_id), pending.erasure_id, now).await?;
    Ok(Requested::Due(pending))
}

async fn has_asked_enough(tx: &mut Connection, caller: &Caller, now: DateTime<Utc>) -> Result<bool> {
    let n = sqlx::query!(
        r#"select count(*) filter (where requested_by = $1) as "of_client!", count(*) as "of_clients!"
           from erasures where requested_at > $2 and (requested_by like 'client:%' or requested_by like 'agent:%')"#,
        caller.actor.to_string(),
        now - TimeDelta::days(1),
    )
    .fetch_one(tx)
    .await?;
    Ok(n.of_client >= MAX_REQUESTS_OF_CLIENT || n.of_clients >= MAX_REQUESTS_OF_CLIENTS)
}

/// Takes a request back, and gives the student the status from before it. [`Error::NotFound`]: no request waits. Needs
/// `students:erase`.
pub async fn undo(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<()> {
    caller.require_student(Scope::StudentsErase, student_id)?;
    // The student before the request, as everybody locks them.
    crate::student::lock(tx, &[student_id]).await?;
    let undone = sqlx::query!(
        r#"update erasures set undone_at = $2, undone_by = $3
           where student_id = $1 and done_at is null and undone_at is null
           returning erasure_id as "erasure_id: ErasureId", status_before as "status_before: StudentStatus""#,
        student_id as StudentId,
        now,
        caller.actor.to_string(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("erasure"))?;
    set_status(tx, student_id, undone.status_before.unwrap_or(StudentStatus::Blocked), now).await?;
    record(tx, caller, "erasure.undo", Some(student_id), undone.erasure_id, now).await
}

/// With what follows from a changed profile, which a caller with `students:erase` alone may not change otherwise.
async fn set_status(
    tx: &mut Connection,
    student_id: StudentId,
    status: StudentStatus,
    now: DateTime<Utc>,
) -> Result<()> {
    let change = StudentChange { status: Some(status), ..StudentChange::default() };
    update_student(tx, &Caller::worker(), student_id, &change, now).await?;
    Ok(())
}

/// Erases the student at once: profile, numbers, all their calls and the calls from their numbers that no other student has.
/// The transaction must not have locked anything yet. Needs `students:erase`.
pub async fn erase_student(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<ErasureId> {
    caller.require_student(Scope::StudentsErase, student_id)?;
    close(tx).await?;
    sqlx::query!("select 1 as one from students where student_id = $1 for update", student_id as StudentId)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound("student"))?;
    let erasure_id = match find_pending(&mut *tx, &Caller::worker(), student_id).await? {
        Some(pending) => {
            let erasure_id = pending.erasure_id;
            sqlx::query!("update erasures set done_at = $2 where erasure_id = $1", erasure_id as ErasureId, now)
                .execute(&mut *tx)
                .await?;
            erasure_id
        }
        None => insert_done(tx, caller, Some(student_id), now).await?,
    };
    let numbers = traces::list_unclaimed_numbers(tx, student_id).await?;
    let call_ids = traces::list_calls(tx, Some(student_id), &numbers).await?;
    register::count(tx, erasure_id, Some(student_id), &call_ids).await?;
    calls::erase(tx, erasure_id, Some(student_id), &call_ids, now).await?;
    traces::remove_of_numbers(tx, &numbers).await?;
    traces::remove_views_of(tx, student_id, &numbers).await?;
    sqlx::query!("delete from model_calls where student_id = $1", student_id as StudentId).execute(&mut *tx).await?;
    sqlx::query!(
        "delete from jobs where kind = 'write_report' and payload ->> 'student_id' = $1",
        student_id.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from students where student_id = $1", student_id as StudentId).execute(&mut *tx).await?;
    guardian::remove_unattached(&mut *tx).await?;
    record(tx, caller, "student.erase", Some(student_id), erasure_id, now).await?;
    Ok(erasure_id)
}

/// Erases one call, with or without a student. What follows from its evidence is computed again. The transaction must not have
/// locked anything yet. Needs `students:erase`.
pub async fn erase_session(
    tx: &mut Connection,
    caller: &Caller,
    session_id: SessionId,
    now: DateTime<Utc>,
) -> Result<ErasureId> {
    caller.require(Scope::StudentsErase)?;
    close(tx).await?;
    let call_id = sqlx::query_scalar!("select call_id from sessions where session_id = $1", session_id as SessionId)
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Error::NotFound("session"))?;
    let erasure_id = insert_done(tx, caller, None, now).await?;
    register::count(tx, erasure_id, None, std::slice::from_ref(&call_id)).await?;
    calls::erase(tx, erasure_id, None, &[call_id], now).await?;
    let detail = json!({ "erasure_id": erasure_id });
    audit::insert_entry(tx, caller, "session.erase", Some(&format!("session:{session_id}")), &detail, now).await?;
    Ok(erasure_id)
}

/// What came of erasing a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberErased {
    /// So many calls were erased.
    Done { erasure_id: ErasureId, n_calls: usize },
    /// A student has the number: erase the student instead.
    Held,
}

/// Erases all calls of a number that no student has, and what else is kept under it. The transaction must not have locked
/// anything yet. Needs `students:erase`.
pub async fn erase_number(
    tx: &mut Connection,
    caller: &Caller,
    phone: &Phone,
    now: DateTime<Utc>,
) -> Result<NumberErased> {
    caller.require(Scope::StudentsErase)?;
    close(tx).await?;
    let is_held = sqlx::query_scalar!(
        r#"select exists (select 1 from student_phones where phone = $1) as "is_held!""#,
        phone.as_str(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if is_held {
        return Ok(NumberErased::Held);
    }
    let numbers = [phone.as_str().to_owned()];
    let call_ids = traces::list_calls(tx, None, &numbers).await?;
    let erasure_id = insert_done(tx, caller, None, now).await?;
    register::count(tx, erasure_id, None, &call_ids).await?;
    calls::erase(tx, erasure_id, None, &call_ids, now).await?;
    traces::remove_of_numbers(tx, &numbers).await?;
    record(tx, caller, "number.erase", None, erasure_id, now).await?;
    Ok(NumberErased::Done { erasure_id, n_calls: call_ids.len() })
}

/// Erases the calls that began before `before`, at most `limit`. Returns how many. For retention.
pub async fn erase_calls_before(db: &Db, before: DateTime<Utc>, limit: i64, now: DateTime<Utc>) -> Result<usize> {
    let worker = Caller::worker();
    let mut tx = db::begin(db).await?;
    close(&mut tx).await?;
    let call_ids = sqlx::query_scalar!(
        "select call_id from sessions where created_at < $1 order by created_at limit $2",
        before,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    if !call_ids.is_empty() {
        let erasure_id = insert_done(&mut tx, &worker, None, now).await?;
        register::count(&mut tx, erasure_id, None, &call_ids).await?;
        calls::erase(&mut tx, erasure_id, None, &call_ids, now).await?;
        record(&mut tx, &worker, "session.expire", None, erasure_id, now).await?;
        tx.commit().await?;
    }
    Ok(call_ids.len())
}

/// Carries out the requests that are due, each in a separate transaction. Returns how many students were erased.
pub async fn perform_due(db: &Db, now: DateTime<Utc>) -> Result<usize> {
    let due = sqlx::query_scalar!(
        r#"select student_id as "student_id!: StudentId" from erasures
           where due_at <= $1 and done_at is null and undone_at is null and student_id is not null
           order by due_at limit 100"#,
        now,
    )
    .fetch_all(db)
    .await?;
    let mut n_erased = 0;
    for student_id in due {
        let mut tx = db::begin(db).await?;
        // Another worker may have done it, or a person may have undone it, since it was listed.
        close(&mut tx).await?;
        let pending = find_pending(&mut *tx, &Caller::worker(), student_id).await?;
        if pending.is_none_or(|pending| pending.due_at > now) {
            continue;
        }
        erase_student(&mut tx, &Caller::worker(), student_id, now).await?;
        tx.commit().await?;
        n_erased += 1;
    }
    Ok(n_erased)
}

async fn insert_done(
    tx: &mut Connection,
    caller: &Caller,
    student_id: Option<StudentId>,
    now: DateTime<Utc>,
) -> Result<ErasureId> {
    let erasure_id = ErasureId::new();
    sqlx::query!(
        "insert into erasures (erasure_id, student_id, requested_by, requested_at, due_at, done_at)
         values ($1, $2, $3, $4, $4, $4)",
        erasure_id as ErasureId,
        student_id as Option<StudentId>,
        caller.actor.to_string(),
        now,
    )
    .execute(tx)
    .await?;
    Ok(erasure_id)
}

async fn record(
    tx: &mut Connection,
    caller: &Caller,
    action: &str,
    student_id: Option<StudentId>,
    erasure_id: ErasureId,
    now: DateTime<Utc>,
) -> Result<()> {
    let object = student_id.map_or_else(|| format!("erasure:{erasure_id}"), |id| format!("student:{id}"));
    audit::insert_entry(tx, caller, action, Some(&object), &json!({ "erasure_id": erasure_id }), now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Role, ScopeSet};
    use crate::clock::now;
    use crate::id::AdminUserId;
    use crate::session::{SessionNews, merge_news};
    use crate::student::{self, NewStudent, StudentChange};

    const OWN: &str = "+14155550151";
    const SHARED: &str = "+14155550152";
    const PAST: &str = "+14155550153";

    fn phone(text: &str) -> Phone {
        Phone::parse(text).unwrap()
    }

    async fn student(db: &Db, name: &str, phones: &[&str]) -> StudentId {
        let mut tx = db::begin(db).await.unwrap();
        let phones = phones.iter().map(|text| phone(text)).collect();
        let new = NewStudent { phones, ..NewStudent::named(name) };
        let student = student::insert_student(&mut tx, &Caller::operator(), &new, now()).await.unwrap();
        tx.commit().await.unwrap();
        student.student_id
    }

    async fn call(db: &Db, call_id: &str, number: &str, student_id: Option<StudentId>) {
        sqlx::query(
            "insert into sessions (session_id, call_id, caller_phone, student_id, status, created_at, updated_at)
             values (gen_random_uuid(), $1, $2, $3, 'analyzed', now(), now())",
        )
        .bind(call_id)
        .bind(number)
        .bind(student_id.map(|id| id.0))
        .execute(db)
        .await
        .unwrap();
    }

    async fn calls(db: &Db) -> Vec<String> {
        sqlx::query_scalar("select call_id from sessions order by 1").fetch_all(db).await.unwrap()
    }

    fn news(call_id: &str) -> SessionNews {
        SessionNews {
            call_id: call_id.to_owned(),
            caller_phone: Some(phone(OWN)),
            is_report: true,
            ..SessionNews::default()
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn calls_of_all_numbers_go_but_those_that_another_student_may_claim(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", &[PAST, SHARED]).await;
        let leo = student(&db, "Leo Brandt", &[SHARED]).await;
        let mut tx = db::begin(&db).await.unwrap();
        let phones = Some(vec![phone(OWN), phone(SHARED)]);
        let change = StudentChange { phones, ..StudentChange::default() };
        student::update_student(&mut tx, &Caller::operator(), maya, &change, now()).await.unwrap();
        tx.commit().await.unwrap();
        for (call_id, number, whose) in [
            ("hers", "+14155550159", Some(maya)),
            ("own", OWN, None),
            ("past", PAST, None),
            ("shared", SHARED, None),
            ("his", SHARED, Some(leo)),
            ("strange", "+14155550158", None),
        ] {
            call(&db, call_id, number, whose).await;
        }
        let mut tx = db::begin(&db).await.unwrap();
        erase_student(&mut tx, &Caller::operator(), maya, now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(calls(&db).await, ["his", "shared", "strange"]);
        let erased: Vec<String> =
            sqlx::query_scalar("select call_id from erased_calls order by 1").fetch_all(&db).await.unwrap();
        assert_eq!(erased, ["hers", "own", "past"]);
        let mut tx = db::begin(&db).await.unwrap();
        assert_eq!(merge_news(&mut tx, &news("own"), None, now()).await.unwrap(), None);
        assert!(merge_news(&mut tx, &news("another"), None, now()).await.unwrap().is_some());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn numbers_that_changed_are_kept_only_until_they_are_the_students_again(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", &[OWN]).await;
        let mut past = Vec::new();
        for number in [PAST, OWN] {
            let mut tx = db::begin(&db).await.unwrap();
            let change = StudentChange { phones: Some(vec![phone(number)]), ..StudentChange::default() };
            student::update_student(&mut tx, &Caller::operator(), maya, &change, now()).await.unwrap();
            tx.commit().await.unwrap();
            let phones: Vec<String> = sqlx::query_scalar("select phone from past_phones").fetch_all(&db).await.unwrap();
            past.push(phones);
        }
        assert_eq!(past, [[OWN], [PAST]]);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_may_not_erase_neither_requests_nor_erases_nor_undoes(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let maya = student(&db, "Maya Brandt", &[OWN]).await;
        call(&db, "c1", OWN, Some(maya)).await;
        let tutor = Caller::admin(AdminUserId::new(), "t@example.org", Role::Tutor);
        let writer = Caller::client("c1", "students:write students:read sessions:read".parse::<ScopeSet>().unwrap());
        let telephone = Caller::telephone("c2", ScopeSet::all());
        for caller in [tutor, writer, telephone] {
            let mut tx = db::begin(&db).await.unwrap();
            assert!(request(&mut tx, &caller, maya, now()).await.is_err());
            assert!(undo(&mut tx, &caller, maya, now()).await.is_err());
            assert!(erase_student(&mut tx, &caller, maya, now()).await.is_err());
            assert!(erase_number(&mut tx, &caller, &phone(OWN), now()).await.is_err());
            assert!(list_erasures(&mut *tx, &caller, 10).await.is_err());
        }
        assert_eq!(calls(&db).await, ["c1"]);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_request_is_carried_out_when_it_is_due_and_not_before(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (maya, leo) = (student(&db, "Maya Brandt", &[OWN]).await, student(&db, "Leo Brandt", &[SHARED]).await);
        let client = Caller::client("c1", ScopeSet::all());
        let asked_at = now();
        for student_id in [maya, leo] {
            let mut tx = db::begin(&db).await.unwrap();
            assert!(matches!(request(&mut tx, &client, student_id, asked_at).await.unwrap(), Requested::Due(_)));
            tx.commit().await.unwrap();
        }
        let mut tx = db::begin(&db).await.unwrap();
        undo(&mut tx, &client, leo, now()).await.unwrap();
        assert!(undo(&mut tx, &client, leo, now()).await.is_err(), "there is nothing left to undo");
        tx.commit().await.unwrap();
        assert_eq!(perform_due(&db, asked_at + DELAY - TimeDelta::seconds(1)).await.unwrap(), 0);
        assert_eq!(perform_due(&db, asked_at + DELAY).await.unwrap(), 1);
        assert_eq!(perform_due(&db, asked_at + DELAY).await.unwrap(), 0);
        let left: Vec<(String, String)> =
            sqlx::query_as("select display_name, status from students").fetch_all(&db).await.unwrap();
        assert_eq!(left, [("Leo Brandt".to_owned(), "active".to_owned())], "undone, and no longer blocked");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn clients_together_have_a_limit_too(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let mut answers = Vec::new();
        for n in 0..=MAX_REQUESTS_OF_CLIENTS {
            let student_id = student(&db, "Maya Brandt", &[]).await;
            let client = Caller::client(format!("c{}", n / MAX_REQUESTS_OF_CLIENT), ScopeSet::all());
            let mut tx = db::begin(&db).await.unwrap();
            answers.push(request(&mut tx, &client, student_id, now()).await.unwrap() == Requested::TooMany);
            tx.commit().await.unwrap();
        }
        assert!(answers.pop().unwrap() && !answers.contains(&true), "{answers:?}");
        // People at the dashboard gave their password.
        let student_id = student(&db, "Maya Brandt", &[]).await;
        let admin = Caller::admin(AdminUserId::new(), "a@example.org", Role::Admin);
        let mut tx = db::begin(&db).await.unwrap();
        assert_ne!(request(&mut tx, &admin, student_id, now()).await.unwrap(), Requested::TooMany);
    }
}
