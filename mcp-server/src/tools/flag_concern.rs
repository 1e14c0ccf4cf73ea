//! Something a person must look at: a child may not be safe. Never refused for want of knowing who is calling.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared::access::Scope;
use shared::db::{self, Db};
use shared::follow_up::{self, ConcernCategory, FollowUpKind, NewFollowUp};
use shared::id::{FollowUpId, StudentId};
use shared::plain_text;

use super::{Answer, Ask, Effect, Outcome, Tool, ToolError, once};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// What it is about.
    category: ConcernCategory,
    /// What was said or happened, in one or two plain sentences.
    #[schemars(length(min = 1, max = 500))]
    text: String,
    /// Left out: whoever is calling.
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
    const SCOPES: &'static [Scope] = &[Scope::CallsWrite, Scope::NotesWrite];
    const EFFECT: Effect = Effect::Adds;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ask: Ask<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = match ask.student(db, params.student_id).await {
            Ok(student_id) => Some(student_id),
            // Nobody knows who is calling; the call itself leads to them.
            Err(error) if error.outcome == Outcome::Refused && ask.line.call_id.is_some() => None,
            Err(error) => return Err(error),
        };
        let text = plain_text::clean(&params.text);
        if text.is_empty() {
            return Err(ToolError::invalid("`text` says nothing"));
        }
        let category = params.category;
        let whose = student_id.map_or_else(|| "unknown".to_owned(), |id| id.to_string());
        let id = once::id(&ask, Self::NAME, &[&whose, category.as_str(), &text]);
        let mut tx = db::begin(db).await?;
        let new = NewFollowUp {
            follow_up_id: FollowUpId(id),
            kind: FollowUpKind::Concern,
            student_id,
            session_id: ask.open_session(&mut tx).await?,
            category: Some(category),
            text,
            due_at: ask.now,
        };
        follow_up::insert_follow_up_once(&mut *tx, ask.caller, &new, ask.now).await?;
        tx.commit().await.map_err(db::Error::from)?;
        tracing::warn!(follow_up.id = %new.follow_up_id, category = category.as_str(), "an assistant raised a concern");
        Ok(Answer { text: advice(category).to_owned(), data: Output { follow_up_id: new.follow_up_id } })
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
            "A person will look at this. Be kind, say that it is good that they told you, and suggest to talk to a \
             grown-up they trust. Go on with the lesson only if they want to."
        }
        ConcernCategory::PersonalData => {
            "A person will look at this. Tell the child kindly that such details are better kept private, and go on."
        }
        ConcernCategory::Other => "A person will look at this. Go on kindly.",
    }
}
