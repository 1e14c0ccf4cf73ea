//! Which subjects a student is taught.

use crate::access::{Caller, Scope};
use crate::db::{Connection, Executor, Result};
use crate::id::StudentId;

/// A subject, and whether the student is taught it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectSwitch {
    pub subject_id: String,
    pub name: String,
    pub is_on: bool,
}

/// All subjects, with the student's switches. Needs `students:read`.
pub async fn list_switches(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
) -> Result<Vec<SubjectSwitch>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        SubjectSwitch,
        r#"select s.subject_id, s.name, o.student_id is null as "is_on!"
           from subjects s left join student_subjects_off o on o.subject_id = s.subject_id and o.student_id = $1
           order by s.name"#,
        student_id as StudentId,
    )
    .fetch_all(db)
    .await?)
}

/// Switches on those subjects and no others. Unknown ids count for nothing. Needs `students:write`.
pub async fn set_switches(tx: &mut Connection, caller: &Caller, student_id: StudentId, on: &[String]) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    sqlx::query!("delete from student_subjects_off where student_id = $1", student_id as StudentId)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "insert into student_subjects_off (student_id, subject_id)
         select $1, subject_id from subjects where subject_id <> all($2)",
        student_id as StudentId,
        on,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A skill with the subject it belongs to, for choosing among all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillName {
    pub subject_id: String,
    pub subject: String,
    pub skill_id: String,
    pub name: String,
}

/// All skills by subject and name, retired ones too: sessions of theirs are still there.
pub async fn list_skill_names(db: impl Executor<'_>) -> Result<Vec<SkillName>> {
    Ok(sqlx::query_as!(
        SkillName,
        "select s.subject_id, s.name as subject, k.skill_id, k.name
         from skills k join subjects s using (subject_id) order by s.name, s.subject_id, k.name, k.skill_id",
    )
    .fetch_all(db)
    .await?)
}
