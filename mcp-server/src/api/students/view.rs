//! A student as the API shows it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::erasure::Pending;
use storage::id::{ErasureId, StudentId};
use storage::phone::Phone;
use storage::student::{Student, StudentStatus};

use crate::api::told::Holds;
use crate::trail::Held;

/// A learner.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Student")]
pub(super) struct StudentView {
    student_id: StudentId,
    display_name: String,
    /// 0 is kindergarten.
    grade: Option<i16>,
    /// The group the student learns in.
    cohort: Option<String>,
    /// The numbers the student calls from, in E.164. Several students may share one.
    phones: Vec<Phone>,
    locale: String,
    timezone: String,
    status: StudentStatus,
    /// What a teacher wants the assistant to heed.
    guidance: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl StudentView {
    pub(super) fn new(student: Student, phones: Vec<Phone>) -> Self {
        Self {
            student_id: student.student_id,
            display_name: student.display_name,
            grade: student.grade,
            cohort: student.cohort,
            phones,
            locale: student.locale,
            timezone: student.timezone,
            status: student.status,
            guidance: student.guidance,
            created_at: student.created_at,
            updated_at: student.updated_at,
        }
    }
}

/// A student as a client sees them that speaks for an assistant: nothing that the assistant does not need.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "StudentOnLine")]
pub(super) struct StudentOnLine {
    student_id: StudentId,
    /// The first name alone.
    display_name: String,
    /// 0 is kindergarten.
    grade: Option<i16>,
    locale: String,
}

/// What a client gets of a student.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "StudentAnswer")]
pub(super) enum StudentAnswer {
    Whole(StudentView),
    /// For a telephone client, and for every client that names a telephone line.
    OnLine(StudentOnLine),
}

impl StudentOnLine {
    pub(super) fn new(student: Student) -> Self {
        Self {
            student_id: student.student_id,
            display_name: student.first_name().to_owned(),
            grade: student.grade,
            locale: student.locale,
        }
    }
}

/// A requested erasure.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Erasure")]
pub(super) struct ErasureView {
    erasure_id: ErasureId,
    student_id: StudentId,
    requested_at: DateTime<Utc>,
    /// When the student is erased, unless the request is undone before.
    due_at: DateTime<Utc>,
}

impl ErasureView {
    pub(super) fn new(pending: &Pending) -> Self {
        Self {
            erasure_id: pending.erasure_id,
            student_id: pending.student_id,
            requested_at: pending.requested_at,
            due_at: pending.due_at,
        }
    }
}

/// Who calls from a number.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Lookup {
    /// Empty: the number belongs to no student. Several: siblings share it.
    pub(super) items: Vec<StudentView>,
    /// Always null: there are never more than fit one answer.
    pub(super) next_cursor: Option<String>,
}

impl Holds for StudentView {
    fn held(&self, held: &mut Held) {
        held.add(Some(self.student_id), None);
    }
}

impl Holds for StudentAnswer {
    fn held(&self, held: &mut Held) {
        match self {
            Self::Whole(student) => student.held(held),
            Self::OnLine(student) => held.add(Some(student.student_id), None),
        }
    }
}

impl Holds for ErasureView {
    fn held(&self, held: &mut Held) {
        held.add(Some(self.student_id), None);
    }
}

impl Holds for Lookup {
    fn held(&self, held: &mut Held) {
        self.items.held(held);
    }
}
