//! Something about a student that people should know.

use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::id::{NoteId, StudentId};
use storage::note::{self, NewNote};

use super::{Answer, Effect, Tool, ToolContext, ToolError, bounds, once};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// One or two plain sentences.
    #[schemars(length(min = 1, max = 500))]
    text: String,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    note_id: NoteId,
}

#[derive(Debug)]
pub(super) struct SaveNote;

impl Tool for SaveNote {
    const NAME: &'static str = "save_note";
    const TITLE: &'static str = "Save note";
    const DESCRIPTION: &'static str = "Leaves a note for the people who look after this student, for example that a test is coming or that the \
        student wishes to be called back.";
    const SCOPES: &'static [Scope] = &[Scope::NotesWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let text = plain_text::clean(&params.text);
        if text.is_empty() {
            return Err(ToolError::invalid("`text` says nothing"));
        }
        let note_id = NoteId(once::id(&ctx, Self::NAME, &[&student_id.to_string(), &text]));
        // For people: what a caller can make a model write must not come back as another model's guidance.
        bounds::check(db, ctx, student_id, bounds::Kind::Note).await?;
        let session_id = ctx.caller.line.session_id;
        let new = NewNote { student_id, session_id, text, for_assistant: false };
        note::insert_note_once(db, ctx.caller, note_id, &new, ctx.now).await?;
        Ok(Answer { text: "The note is saved.".to_owned(), data: Output { note_id } })
    }
}
