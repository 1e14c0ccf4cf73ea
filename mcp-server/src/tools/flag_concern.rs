//! Something a person must look at: a child may not be safe.
//!
//! **Invariant:** never refused for want of knowing who is calling. It is kept with the student, call, number or client that
//! there is.

use domain::plain_text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::concern::ConcernCategory;
use storage::db::{self, Db};
use storage::follow_up::{self, NewConcern};
use storage::id::{FollowUpId, StudentId};

use super::{Answer, Effect, Tool, ToolContext, ToolError, once};

/// Characters that are kept. A long story is no reason to refuse a concern.
const MAX_TEXT: usize = 500;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// What it is about.
    category: ConcernCategory,
    /// What was said or happened, in one or two plain sentences.
    #[schemars(length(min = 1, max = 4000))]
    text: String,
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    follow_up_id: FollowUpId,
}

#[derive(Debug)]
pub(super) struct FlagConcern;

impl Tool for FlagConcern {
    const NAME: &'static str = "flag_concern";
    const TITLE: &'static str = "Flag concern";
    const DESCRIPTION: &'static str = "Call this at once when something a child says or does worries you: harm, abuse, neglect, bullying, \
        grooming, danger, distress, or private details they should not tell. A person looks at it. Answers with what to say.";
    const ALWAYS_HEARD: bool = true;
    const SCOPES: &'static [Scope] = &[Scope::CallsWrite, Scope::NotesWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let named = params.student_id.filter(|student_id| ctx.caller.reaches(*student_id).is_ok());
        let mut text = plain_text::clean(&params.text);
        if text.is_empty() {
            "The assistant gave no words.".clone_into(&mut text);
        }
        let category = params.category;
        let mut tx = db::begin(db).await?;
        let session_id = ctx.open_session(&mut tx).await?;
        let line = &ctx.caller.line;
        let new = NewConcern {
            group_key: once::group(&ctx, category.as_str()),
            // Without its code, the line gets no data about its student. Staff should still see which child the concern is
            // probably about.
            student_id: named.or(line.student_id).or(line.presumed),
            session_id,
            caller_phone: line.phone.clone().filter(|_| session_id.is_none()),
            category,
            text: text.chars().take(MAX_TEXT).collect(),
        };
        let follow_up_id = follow_up::raise_concern(&mut tx, ctx.caller, &new, ctx.now).await?;
        db::commit(tx).await?;
        tracing::warn!(follow_up.id = %follow_up_id, category = category.as_str(), "an assistant raised a concern");
        Ok(Answer { text: advice(category).to_owned(), data: Output { follow_up_id } })
    }
}

/// What published guidance for helplines has in common: listen, believe, promise no secrecy, name a person to turn to.
fn advice(category: ConcernCategory) -> &'static str {
    match category {
        ConcernCategory::SelfHarm
        | ConcernCategory::Abuse
        | ConcernCategory::Neglect
        | ConcernCategory::Grooming
        | ConcernCategory::Danger => {
            "A person will look at this. Stay calm and kind, say that telling you was right, ask no further about it, and \
             ask the child to talk to a grown-up they trust now. If they are in danger now, tell them to call the \
             emergency number."
        }
        ConcernCategory::Bullying | ConcernCategory::Distress => {
            "A person will look at this. Be kind, say that it was right to tell you, and suggest to talk to a \
             grown-up they trust. Continue the lesson only if they want to."
        }
        ConcernCategory::PersonalData => {
            "A person will look at this. Tell the child kindly that such details are better kept private, and continue."
        }
        ConcernCategory::Other => "A person will look at this. Continue kindly.",
    }
}
