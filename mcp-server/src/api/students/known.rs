//! The learning data of one student, one list per kind. Not available on a telephone line, where an assistant gets the
//! student context.

use axum::extract::{RawQuery, State as Shared};
use axum::http::Method;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use storage::access::{Caller, Scope};
use storage::db;
use storage::evidence::{self, Evidence, Help, Of, Source, Verdict};
use storage::fact::{self, Fact};
use storage::guardian::{self, Guardian};
use storage::id::{EvidenceId, FactId, GuardianId, NoteId, SessionId, StudentId};
use storage::learner::{self, MasteryState};
use storage::mastery::{self, Mastery};
use storage::note::{self, Note};
use storage::student_context::{self, PlanStep};
use storage::{authority, clock, student};
use web::http::Problem;

use crate::State;
use crate::api::endpoint::Endpoint;
use crate::api::path::Id;
use crate::api::query::Page;
use crate::api::told::{Holds, Told};
use crate::auth::Bearer;
use crate::cursor;
use crate::trail::Held;

/// Notes that are given, the newest.
const MAX_NOTES: i64 = 200;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/mastery", "getMastery", get_mastery)
            .says("How well does a student know each skill?", "The skills with evidence, the least known first.")
            .needs(&[Scope::StudentsRead])
            .answers::<List<MasteryView>>(200, "The estimates, as of now.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/plan", "getPlan", get_plan)
            .says("What should a student practise today?", "The plan that assistants follow, first things first.")
            .needs(&[Scope::ContextRead])
            .answers::<PlanView>(200, "The plan.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/evidence", "listEvidence", list_evidence)
            .says(
                "List what a student's answers showed",
                "The evidence that counts, newest first: without earlier analyses, and with the marks that people changed.",
            )
            .needs(&[Scope::StudentsRead])
            .query::<Page<Place>>()
            .answers::<List<EvidenceView>>(200, "A page of evidence.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/notes", "listNotes", list_notes)
            .says("List the notes about a student", "Newest first, at most 200.")
            .needs(&[Scope::StudentsRead])
            .answers::<List<NoteView>>(200, "The notes.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/facts", "listFacts", list_facts)
            .says("List what a student said of themselves", "Facts that still hold, newest first, at most 50.")
            .needs(&[Scope::StudentsRead])
            .answers::<List<FactView>>(200, "The facts.")
            .problems(&[404, 422]),
        Endpoint::new(Method::GET, "/api/v1/students/{student_id}/guardians", "listGuardians", list_guardians)
            .says("List a student's guardians", "By name.")
            .needs(&[Scope::StudentsRead])
            .answers::<List<GuardianView>>(200, "The guardians.")
            .problems(&[404, 422]),
    ]
}

/// What a list of one student's holds.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ListOf{T}")]
pub(in crate::api) struct List<T> {
    student_id: StudentId,
    items: Vec<T>,
    /// Null: this is the last page.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// All of it in one page.
    pub(in crate::api) fn whole<R>(student_id: StudentId, rows: Vec<R>, view: impl Fn(R) -> T) -> Told<Self> {
        Told(Self { student_id, items: rows.into_iter().map(view).collect(), next_cursor: None })
    }
}

impl<T> Holds for List<T> {
    fn held(&self, held: &mut Held) {
        held.add(Some(self.student_id), None);
    }
}

/// Fails unless the student exists and the caller may read their data by more than a telephone line.
async fn open(state: &State, caller: &Caller, student_id: StudentId) -> Result<(), Problem> {
    caller.require_student(Scope::StudentsRead, student_id).map_err(db::Error::from)?;
    student::get_student(&state.db, caller, student_id).await?;
    Ok(authority::require_active(&state.db, caller, student_id).await?)
}

/// An estimate of one skill.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Mastery")]
pub(in crate::api) struct MasteryView {
    skill_id: String,
    skill: String,
    state: MasteryState,
    /// Probability that the student knows it now, two decimals.
    mastery: f64,
    n_answers: u32,
    last_answer_at: DateTime<Utc>,
    /// When a review is due.
    due_at: DateTime<Utc>,
}

impl MasteryView {
    fn new(of: Mastery, now: DateTime<Utc>) -> Self {
        Self {
            state: of.word(now),
            mastery: (learner::knowledge_now(&of.state, now) * 100.0).round() / 100.0,
            n_answers: of.state.n_evidence,
            last_answer_at: of.state.last_at,
            due_at: learner::due_at(&of.state),
            skill_id: of.skill_id,
            skill: of.skill_name,
        }
    }
}

async fn get_mastery(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<MasteryView>>, Problem> {
    open(&state, &caller, student_id).await?;
    list_mastery(&state, &caller, student_id).await
}

/// The skills with evidence, the least known first.
pub(in crate::api) async fn list_mastery(
    state: &State,
    caller: &Caller,
    student_id: StudentId,
) -> Result<Told<List<MasteryView>>, Problem> {
    let now = clock::now();
    let mut rows = mastery::list_mastery(&state.db, caller, student_id).await?;
    rows.sort_by(|a, b| learner::knowledge_now(&a.state, now).total_cmp(&learner::knowledge_now(&b.state, now)));
    Ok(List::whole(student_id, rows, |of| MasteryView::new(of, now)))
}

/// What a student should practise today.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Plan")]
struct PlanView {
    student_id: StudentId,
    /// In words for a tutor.
    goal: Option<String>,
    steps: Vec<StepView>,
    /// Wrong beliefs to listen for.
    watch: Vec<String>,
    stop_when: Option<String>,
}

/// One skill of a plan.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlanStep")]
pub(in crate::api) struct StepView {
    skill_id: String,
    skill: String,
    /// Why it is in the plan, in a few words.
    why: String,
    /// There is no evidence of it yet.
    is_new: bool,
}

impl From<PlanStep> for StepView {
    fn from(step: PlanStep) -> Self {
        Self { why: step.reason(), skill_id: step.skill_id, skill: step.skill, is_new: step.is_new }
    }
}

impl Holds for PlanView {
    fn held(&self, held: &mut Held) {
        held.add(Some(self.student_id), None);
    }
}

async fn get_plan(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<PlanView>, Problem> {
    caller.require_student(Scope::ContextRead, student_id).map_err(db::Error::from)?;
    authority::require_active(&state.db, &caller, student_id).await?;
    let lesson = student_context::get_lesson(&state.db, &caller, student_id, clock::now()).await?;
    let (goal, stop_when) = lesson.context.plan.map(|plan| (plan.goal, plan.stop_when)).unzip();
    Ok(Told(PlanView {
        student_id,
        goal,
        steps: lesson.steps.into_iter().map(StepView::from).collect(),
        watch: lesson.context.watch.into_iter().map(|belief| belief.belief).collect(),
        stop_when,
    }))
}

/// One observation.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
struct EvidenceView {
    evidence_id: EvidenceId,
    skill_id: String,
    session_id: Option<SessionId>,
    /// The student's turn of that session. Null: a tool reported it.
    turn_no: Option<i32>,
    verdict: Verdict,
    help: Help,
    source: Source,
    /// Probability that the verdict is wrong.
    noise: f64,
    observed_at: DateTime<Utc>,
}

impl From<Evidence> for EvidenceView {
    fn from(of: Evidence) -> Self {
        Self {
            evidence_id: of.evidence_id,
            skill_id: of.skill_id,
            session_id: of.session_id,
            turn_no: of.turn_no,
            verdict: of.verdict,
            help: of.help,
            source: of.source,
            noise: of.noise,
            observed_at: of.observed_at,
        }
    }
}

/// Where a page of evidence ended.
type Place = (DateTime<Utc>, EvidenceId);

async fn list_evidence(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
    RawQuery(text): RawQuery,
) -> Result<Told<List<EvidenceView>>, Problem> {
    let page = Page::<Place>::parse(text.as_deref().unwrap_or_default()).map_err(Problem::invalid)?;
    open(&state, &caller, student_id).await?;
    let place = |of: &Evidence| (of.observed_at, of.evidence_id);
    // What counts is known of all of it together, so a page is cut out of the whole: some thousand rows at most.
    let mut rows = evidence::list_counting(&state.db, &caller, student_id, Of::All).await?;
    let limit = page.limit();
    if let Some(after) = page.after() {
        rows.retain(|of| place(of) < after);
    }
    rows.sort_by_key(|of| std::cmp::Reverse(place(of)));
    let (rows, next_cursor) = cursor::page(rows, limit, place);
    Ok(Told(List { student_id, items: rows.into_iter().map(EvidenceView::from).collect(), next_cursor }))
}

/// A note.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Note")]
struct NoteView {
    note_id: NoteId,
    /// The call in which it was written.
    session_id: Option<SessionId>,
    /// `admin:` and an address, or `client:` and a client's id.
    author: String,
    text: String,
    /// Whether assistants get it.
    for_assistant: bool,
    created_at: DateTime<Utc>,
}

impl From<Note> for NoteView {
    fn from(of: Note) -> Self {
        Self {
            note_id: of.note_id,
            session_id: of.session_id,
            author: of.author,
            text: of.text,
            for_assistant: of.for_assistant,
            created_at: of.created_at,
        }
    }
}

async fn list_notes(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<NoteView>>, Problem> {
    open(&state, &caller, student_id).await?;
    let rows = note::list_notes(&state.db, &caller, student_id, MAX_NOTES).await?;
    Ok(List::whole(student_id, rows, NoteView::from))
}

/// What a student said of themselves, in our words.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fact")]
struct FactView {
    fact_id: FactId,
    /// interest, preference, schedule, goal or study_context.
    kind: String,
    text: String,
    /// The session in which it was said. Null: a person or a tool wrote it.
    session_id: Option<SessionId>,
    turn_no: Option<i32>,
    source: Source,
    /// Probability that it is true.
    confidence: f64,
    valid_from: DateTime<Utc>,
    /// From then on it no longer counts.
    expires_at: DateTime<Utc>,
}

impl From<Fact> for FactView {
    fn from(of: Fact) -> Self {
        Self {
            fact_id: of.fact_id,
            kind: of.kind,
            text: of.text,
            session_id: of.session_id,
            turn_no: of.turn_no,
            source: of.source,
            confidence: of.confidence,
            valid_from: of.valid_from,
            expires_at: of.expires_at,
        }
    }
}

async fn list_facts(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<FactView>>, Problem> {
    open(&state, &caller, student_id).await?;
    let rows = fact::list_facts(&state.db, &caller, student_id, clock::now()).await?;
    Ok(List::whole(student_id, rows, FactView::from))
}

/// A guardian of the student.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Guardian")]
struct GuardianView {
    guardian_id: GuardianId,
    name: String,
    /// "mother", "foster father": as the family says it.
    relation: String,
    phone: Option<String>,
    email: Option<String>,
    /// BCP 47.
    language: Option<String>,
}

impl From<Guardian> for GuardianView {
    fn from(of: Guardian) -> Self {
        Self {
            guardian_id: of.guardian_id,
            name: of.name,
            relation: of.relation,
            phone: of.phone,
            email: of.email,
            language: of.language,
        }
    }
}

async fn list_guardians(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<List<GuardianView>>, Problem> {
    open(&state, &caller, student_id).await?;
    let rows = guardian::list_guardians(&state.db, &caller, student_id).await?;
    Ok(List::whole(student_id, rows, GuardianView::from))
}
