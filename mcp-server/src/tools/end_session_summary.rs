//! How a lesson ends: what was practised in this call, what comes next, and the assistant's own words on it.

use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::evidence::{self, Evidence, Verdict};
use storage::id::{NoteId, SessionId, StudentId};
use storage::note::{self, NewNote};
use storage::student_context;

use super::{Answer, Effect, Tool, ToolContext, ToolError, bounds, once};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// What you did in this lesson and how it went, in two or three plain sentences for parents and teachers.
    #[schemars(length(min = 1, max = 600))]
    summary: String,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    note_id: NoteId,
    practised: Vec<Practised>,
    /// What the next lesson begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
struct Practised {
    skill_id: String,
    n_correct: usize,
    n_incorrect: usize,
}

#[derive(Debug)]
pub(super) struct EndSessionSummary;

impl Tool for EndSessionSummary {
    const NAME: &'static str = "end_session_summary";
    const TITLE: &'static str = "End session summary";
    const DESCRIPTION: &'static str = "Call this once when the lesson ends, before you say goodbye. Keeps your summary for parents and teachers, \
        and answers with what was practised and what comes next, so that you can tell the student.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::CallsWrite, Scope::NotesWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let text = plain_text::clean(&params.summary);
        if text.is_empty() {
            return Err(ToolError::invalid("`summary` says nothing"));
        }
        bounds::check(db, ctx, student_id, bounds::Kind::Note).await?;
        let session_id = ctx.caller.line.session_id;
        let note_id = NoteId(once::id(&ctx, Self::NAME, &[&student_id.to_string(), &text]));
        // For people: what a caller can make a model write must not come back as another model's guidance.
        let new = NewNote { student_id, session_id, text, for_assistant: false };
        note::insert_note_once(db, ctx.caller, note_id, &new, ctx.now).await?;
        let practised = practised(db, &ctx, session_id).await?;
        let due = student_context::list_due(db, ctx.caller, student_id, 1, ctx.now).await?;
        let data = Output { note_id, practised, next: due.into_iter().next().map(|due| due.skill) };
        Ok(Answer { text: say(&data), data })
    }
}

async fn practised(db: &Db, ctx: &ToolContext<'_>, session_id: Option<SessionId>) -> Result<Vec<Practised>, ToolError> {
    let Some(session_id) = session_id else {
        return Ok(Vec::new());
    };
    let evidence = evidence::list_of_session(db, ctx.caller, session_id).await?;
    Ok(evidence.chunk_by(|a, b| a.skill_id == b.skill_id).map(count).collect())
}

fn count(of_skill: &[Evidence]) -> Practised {
    let n = |verdict| of_skill.iter().filter(|evidence| evidence.verdict == verdict).count();
    Practised {
        skill_id: of_skill[0].skill_id.clone(),
        n_correct: n(Verdict::Correct),
        n_incorrect: n(Verdict::Incorrect),
    }
}

fn say(data: &Output) -> String {
    let n = |of: fn(&Practised) -> usize| data.practised.iter().map(of).sum::<usize>();
    let (n_correct, n_incorrect) = (n(|skill| skill.n_correct), n(|skill| skill.n_incorrect));
    let answers = match n_correct + n_incorrect {
        0 => "No answers were recorded in this call.".to_owned(),
        all => {
            format!("{n_correct} of {all} answers were right. Praise the effort, and name one thing that went well.")
        }
    };
    let next = data.next.as_ref().map(|next| format!(" Next time begins with: {next}.")).unwrap_or_default();
    format!("The summary is kept. {answers}{next} Now say goodbye.")
}
