//! What a student's profile said before.

use chrono::{DateTime, Utc};

use super::StudentStatus;
use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;

/// A profile that held once. [`super::update_student`] keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct StudentVersion {
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub locale: String,
    pub timezone: String,
    pub status: StudentStatus,
    pub guidance: Option<String>,
    pub valid_from: DateTime<Utc>,
    pub valid_to: DateTime<Utc>,
}

impl std::fmt::Debug for StudentVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudentVersion").field("valid_to", &self.valid_to).finish_non_exhaustive()
    }
}

/// The newest first. Needs `students:read`.
pub async fn list_versions(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: i64,
) -> Result<Vec<StudentVersion>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        StudentVersion,
        r#"select display_name, grade, cohort, locale, timezone, status as "status: StudentStatus", guidance, valid_from,
               valid_to
           from student_versions where student_id = $1 order by valid_to desc, student_version_id desc limit $2"#,
        student_id as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}
