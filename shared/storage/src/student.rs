//! The learner: who they are, and from which telephones they call.

pub mod browse;
pub mod check;
pub mod import;
pub mod merge;
pub mod roster;
pub mod sheet;

mod export;
mod find;
mod list;
mod versions;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Caller, Scope};
use crate::db::{self, Connection, Error, Executor, Result};
use crate::erasure::pending::find_pending;
use crate::id::{SessionId, StudentId};
use crate::outbound_call;
use crate::phone::Phone;
use crate::session::{SessionKey, derived};
use domain::plain_text;

pub use self::export::export;
pub use self::find::{StudentHit, find_students};
pub(crate) use self::find::{beginnings, few_of_name};
pub use self::list::{StudentItem, StudentQuery, count_students, list_cohorts, list_student_ids, list_students};
pub use self::versions::{StudentVersion, list_versions};

/// The most characters of a cohort's name.
pub const MAX_COHORT: usize = 60;

/// Whether assistants may get data about the student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum StudentStatus {
    Active,
    /// A person decided that assistants get no data.
    Blocked,
}

/// One row of `students`.
#[derive(Clone, PartialEq, Eq)]
pub struct Student {
    pub student_id: StudentId,
    pub display_name: String,
    /// 0 is kindergarten.
    pub grade: Option<i16>,
    /// The group they learn in, as people call it: 1 to 60 characters.
    pub cohort: Option<String>,
    pub locale: String,
    pub timezone: String,
    pub status: StudentStatus,
    pub guidance: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Student {
    /// What an assistant may call the child: the first word of the name.
    pub fn first_name(&self) -> &str {
        first_name(&self.display_name)
    }
}

/// The first word of a name.
pub fn first_name(display_name: &str) -> &str {
    display_name.split_whitespace().next().unwrap_or(display_name)
}

/// Whether a caller who said `said` has this first name: however it is typed, with or without a surname.
pub fn is_first_name(first_name_of_student: &str, said: &str) -> bool {
    let name = plain_text::fold_name(first_name_of_student);
    !name.is_empty() && [said, first_name(said)].iter().any(|said| plain_text::fold_name(said) == name)
}

impl std::fmt::Debug for Student {
    /// Without the name.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Student").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// A student to be. Fields are validated by the edge that read them, and by the table's checks.
#[derive(Clone)]
pub struct NewStudent {
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub locale: String,
    /// `None`: the school's.
    pub timezone: Option<String>,
    pub phones: Vec<Phone>,
}

#[cfg(test)]
impl NewStudent {
    /// Of grade 4, with nothing else known.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            display_name: name.to_owned(),
            grade: Some(4),
            cohort: None,
            locale: "en".to_owned(),
            timezone: None,
            phones: Vec::new(),
        }
    }
}

impl std::fmt::Debug for NewStudent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewStudent")
    }
}

/// What to change. `None`: leave; for a field that may be empty, `Some(None)`: clear.
#[derive(Clone, Default)]
pub struct StudentChange {
    pub display_name: Option<String>,
    pub grade: Option<Option<i16>>,
    pub cohort: Option<Option<String>>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    pub status: Option<StudentStatus>,
    pub guidance: Option<Option<String>>,
    /// Replaces all numbers.
    pub phones: Option<Vec<Phone>>,
}

impl std::fmt::Debug for StudentChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StudentChange")
    }
}

/// Writes the student with their phones. Needs `students:write`.
pub async fn insert_student(
    tx: &mut Connection,
    caller: &Caller,
    new: &NewStudent,
    now: DateTime<Utc>,
) -> Result<Student> {
    caller.require_cohort(Scope::StudentsWrite, new.cohort.as_deref())?;
    write_student(tx, StudentId::new(), new, now).await
}

/// The same for a request that its client may repeat: the id is made of the client and of the key that it chose, so that
/// the second request finds the student of the first. [`Error::Conflict`] with `idempotency_key`: the key was used for
/// another name. Needs `students:write`.
pub async fn insert_student_once(
    tx: &mut Connection,
    caller: &Caller,
    key: &str,
    new: &NewStudent,
    now: DateTime<Utc>,
) -> Result<Student> {
    caller.require(Scope::StudentsWrite)?;
    let student_id = StudentId(uuid::Uuid::new_v5(&IDEMPOTENCY_KEYS, format!("{}\n{key}", caller.actor).as_bytes()));
    match get_student(&mut *tx, &Caller::worker(), student_id).await {
        Ok(student) if student.display_name == new.display_name => Ok(student),
        Ok(_) => Err(Error::Conflict("idempotency_key".to_owned())),
        Err(Error::NotFound(_)) => match find_kept(&mut *tx, student_id).await? {
            Some(kept_id) => get_student(tx, &Caller::worker(), kept_id).await,
            None => write_student(tx, student_id, new, now).await,
        },
        Err(error) => Err(error),
    }
}

/// Returns the student that `merged_id` was merged into. For old links and repeated requests. Contains no data about a
/// child.
pub async fn find_kept(db: impl Executor<'_>, merged_id: StudentId) -> Result<Option<StudentId>> {
    Ok(sqlx::query_scalar!(
        r#"select kept_id as "kept_id: StudentId" from student_merges where merged_id = $1"#,
        merged_id as StudentId,
    )
    .fetch_optional(db)
    .await?)
}

/// Ours alone. It must never change: a request of before the change could be repeated after it.
const IDEMPOTENCY_KEYS: uuid::Uuid = uuid::Uuid::from_u128(0x91c1_07f6_41be_4e4d_8f2b_6a53_0d2c_77aa);

/// The same for a caller who introduces themselves on the telephone. Needs `calls:write`.
pub async fn register_student(
    tx: &mut Connection,
    caller: &Caller,
    new: &NewStudent,
    now: DateTime<Utc>,
) -> Result<Student> {
    caller.has(Scope::CallsWrite)?;
    new.phones.iter().try_for_each(|phone| caller.require_live_call(Scope::CallsWrite, phone))?;
    write_student(tx, StudentId::new(), new, now).await
}

async fn write_student(
    tx: &mut Connection,
    student_id: StudentId,
    new: &NewStudent,
    now: DateTime<Utc>,
) -> Result<Student> {
    let student = sqlx::query_as!(
        Student,
        r#"insert into students (student_id, display_name, grade, cohort, locale, timezone, created_at, updated_at)
           values ($1, $2, $3, $4, $5, coalesce($6, (select report_zone from organisation)), $7, $7)
           returning student_id as "student_id: StudentId", display_name, grade, cohort, locale, timezone,
               status as "status: StudentStatus", guidance, created_at, updated_at"#,
        student_id as StudentId,
        new.display_name,
        new.grade,
        new.cohort,
        new.locale,
        new.timezone.as_deref(),
        now,
    )
    .fetch_one(&mut *tx)
    .await?;
    set_phones(tx, student.student_id, &new.phones, now).await?;
    Ok(student)
}

/// What a change conflicts with if it would unblock a student whose erasure was requested.
pub const ERASURE_PENDING: &str = "a requested erasure";

/// Changes what `change` names. [`Error::Conflict`] with [`ERASURE_PENDING`]: it would unblock a student who is to be erased.
/// Needs `students:write`.
pub async fn update_student(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    change: &StudentChange,
    now: DateTime<Utc>,
) -> Result<Student> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    if let Some(cohort) = &change.cohort {
        caller.require_cohort(Scope::StudentsWrite, cohort.as_deref())?;
    }
    if change.status == Some(StudentStatus::Active)
        && find_pending(&mut *tx, &Caller::worker(), student_id).await?.is_some()
    {
        return Err(Error::Conflict(ERASURE_PENDING.to_owned()));
    }
    // What the profile said before is kept.
    let student = sqlx::query_as!(
        Student,
        r#"with before as (
               select * from students where student_id = $1 for no key update
           ), changed as (
               update students st set
                   display_name = coalesce($2, st.display_name),
                   grade = case when $3 then $4 else st.grade end,
                   locale = coalesce($5, st.locale),
                   timezone = coalesce($6, st.timezone),
                   status = coalesce($7, st.status),
                   guidance = case when $8 then $9 else st.guidance end,
                   cohort = case when $11 then $12 else st.cohort end,
                   updated_at = $10
               from before where st.student_id = $1
               returning st.*
           ), kept as (
               insert into student_versions (student_id, display_name, grade, cohort, locale, timezone, status, guidance,
                   valid_from, valid_to)
               select b.student_id, b.display_name, b.grade, b.cohort, b.locale, b.timezone, b.status, b.guidance,
                   b.updated_at, c.updated_at
               from before b join changed c using (student_id)
               where (b.display_name, b.grade, b.cohort, b.locale, b.timezone, b.status, b.guidance) is distinct from
                   (c.display_name, c.grade, c.cohort, c.locale, c.timezone, c.status, c.guidance)
           )
           select student_id as "student_id!: StudentId", display_name as "display_name!", grade, cohort,
               locale as "locale!", timezone as "timezone!", status as "status!: StudentStatus", guidance,
               created_at as "created_at!", updated_at as "updated_at!"
           from changed"#,
        student_id as StudentId,
        change.display_name.as_deref(),
        change.grade.is_some(),
        change.grade.flatten(),
        change.locale.as_deref(),
        change.timezone.as_deref(),
        change.status as Option<StudentStatus>,
        change.guidance.is_some(),
        change.guidance.as_ref().and_then(|guidance| guidance.as_deref()),
        now,
        change.cohort.is_some(),
        change.cohort.as_ref().and_then(|cohort| cohort.as_deref()),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound("student"))?;
    if let Some(phones) = &change.phones {
        set_phones(tx, student_id, phones, now).await?;
    }
    if change.timezone.is_some() {
        outbound_call::forget_planned(tx, student_id).await?;
    }
    if change.grade.is_some() {
        derived::regrade(tx, student_id).await?;
    }
    Ok(student)
}

/// Replaces the student's numbers. Those that go are kept in `past_phones`, by which an erasure finds their calls.
async fn set_phones(tx: &mut Connection, student_id: StudentId, phones: &[Phone], now: DateTime<Utc>) -> Result<()> {
    let phones: Vec<String> = phones.iter().map(|phone| phone.as_str().to_owned()).collect();
    sqlx::query!(
        "with gone as (delete from student_phones where student_id = $1 returning phone)
         insert into past_phones (student_id, phone) select $1, phone from gone where phone <> all($2::text[])
         on conflict do nothing",
        student_id as StudentId,
        &phones,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from past_phones where student_id = $1 and phone = any($2)", student_id as StudentId, &phones)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into student_phones (phone, student_id, created_at)
         select distinct phone, $2::uuid, $3::timestamptz from unnest($1::text[]) as phone",
        &phones,
        student_id as StudentId,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// One student. Needs `students:read`.
pub async fn get_student(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Student> {
    caller.require_for(Scope::StudentsRead, student_id)?;
    sqlx::query_as!(
        Student,
        r#"select student_id as "student_id: StudentId", display_name, grade, cohort, locale, timezone,
               status as "status: StudentStatus", guidance, created_at, updated_at
           from students where student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("student"))
}

/// Like [`get_student`], and keeps others from changing the student until the end of the transaction.
pub async fn lock_student(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<Student> {
    sqlx::query!("select from students where student_id = $1 for no key update", student_id as StudentId)
        .execute(&mut *tx)
        .await?;
    get_student(tx, caller, student_id).await
}

/// Returns the student's time zone. The table has only known zones; UTC replaces one that only a later version knows.
pub(crate) async fn zone(db: impl Executor<'_>, student_id: StudentId) -> Result<Tz> {
    let name = sqlx::query_scalar!("select timezone from students where student_id = $1", student_id as StudentId)
        .fetch_optional(db)
        .await?;
    Ok(name.map_or(Tz::UTC, |name| read_zone(&name)))
}

/// Reads a stored time zone; UTC, if this version does not know it.
pub fn read_zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// The numbers a student calls from. Needs `students:read`.
pub async fn list_phones(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<Phone>> {
    caller.require_for(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_scalar!(
        r#"select phone as "phone: Phone" from student_phones where student_id = $1 order by created_at, phone"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?)
}

/// All students who call from this number, eldest account first. Needs `students:read`.
pub async fn list_students_by_phone(db: impl Executor<'_>, caller: &Caller, phone: &Phone) -> Result<Vec<Student>> {
    caller.require(Scope::StudentsRead)?;
    Ok(sqlx::query_as!(
        Student,
        r#"select s.student_id as "student_id: StudentId", display_name, grade, cohort, locale, timezone,
               status as "status: StudentStatus", guidance, s.created_at, updated_at
           from students s join student_phones p using (student_id)
           where p.phone = $1 order by s.created_at, s.student_id limit 20"#,
        phone.as_str(),
    )
    .fetch_all(db)
    .await?)
}

/// Returns the only student of this number. Returns `None` if no student or several have it: a guess could return
/// another child's data. For ingest, which assigns sessions.
pub async fn find_only_student_id(db: impl Executor<'_>, phone: &Phone) -> Result<Option<StudentId>> {
    let ids = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from student_phones where phone = $1 limit 2"#,
        phone.as_str(),
    )
    .fetch_all(db)
    .await?;
    Ok(if let [only] = ids[..] { Some(only) } else { None })
}

/// Returns whether no student has this number. Until the transaction ends, no one else who asks can register it.
pub async fn lock_free_number(tx: &mut Connection, phone: &Phone) -> Result<bool> {
    db::lock_name(tx, phone.as_str()).await?;
    Ok(sqlx::query_scalar!(
        r#"select not exists (select 1 from student_phones where phone = $1) as "is_free!""#,
        phone.as_str(),
    )
    .fetch_one(tx)
    .await?)
}

/// Whether the session is a blocked student's. For jobs.
pub async fn is_blocked_in(db: impl Executor<'_>, session_id: SessionId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select 1 from sessions s join students st using (student_id)
               where s.session_id = $1 and is_silent(st.student_id, st.status, now())) as "is_blocked!""#,
        session_id as SessionId,
    )
    .fetch_one(db)
    .await?)
}

/// Makes others who would change what is believed of these students wait for this transaction. Always in one order, so
/// that two of them never wait for each other. Returns them with their status.
pub async fn lock(tx: &mut Connection, student_ids: &[StudentId]) -> Result<Vec<(StudentId, StudentStatus)>> {
    let rows = sqlx::query!(
        r#"select student_id as "student_id: StudentId", status as "status: StudentStatus" from students
           where student_id = any($1) order by student_id for no key update"#,
        student_ids as &[StudentId],
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, row.status)).collect())
}

/// Like [`lock`], for the students that a session has evidence of, belongs to, or will belong to: after a correction of
/// the student they differ. Returns them with their status.
pub async fn lock_of_call(
    tx: &mut Connection,
    key: &SessionKey,
    student_id: Option<StudentId>,
) -> Result<Vec<(StudentId, StudentStatus)>> {
    let (session_id, call_id) = key.columns();
    let rows = sqlx::query!(
        r#"select student_id as "student_id: StudentId", status as "status: StudentStatus" from students
           where student_id in (
               select $3::uuid
               union all select student_id from sessions where session_id = $1 or call_id = $2
               union all select e.student_id from evidence e join sessions s using (session_id)
                   where s.session_id = $1 or s.call_id = $2)
           order by student_id for no key update"#,
        session_id as Option<SessionId>,
        call_id,
        student_id as Option<StudentId>,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, row.status)).collect())
}

/// The first names of those who call from this number, without the blocked: to ask who is calling. Needs
/// `context:read`.
pub async fn list_first_names(
    db: impl Executor<'_>,
    caller: &Caller,
    phone: &Phone,
) -> Result<Vec<(StudentId, String)>> {
    caller.require_live_call(Scope::ContextRead, phone)?;
    let rows = sqlx::query!(
        r#"select s.student_id as "student_id: StudentId", display_name
           from students s join student_phones p using (student_id)
           where p.phone = $1 and s.status = 'active' order by s.created_at, s.student_id limit 20"#,
        phone.as_str(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.student_id, first_name(&row.display_name).to_owned())).collect())
}
