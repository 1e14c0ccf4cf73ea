//! What an assistant may ask of us during a call: one file for each tool, and this list of them.
//!
//! **Invariant:** names, descriptions and schemas are constants of this program, never built from data; and no tool
//! knows the protocol it is called by.

use std::sync::LazyLock;

use futures::FutureExt;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use storage::access::{Caller, Forbidden, Reach, Scope, ScopeSet};
use storage::db::Db;

mod answer;
mod arguments;
mod bounds;
mod check_answer;
mod context;
mod correct_evidence;
mod end_session_summary;
mod flag_concern;
mod get_lesson_plan;
mod get_progress;
mod get_session;
pub(crate) mod get_student_context;
mod identify_student;
mod list_due_skills;
mod list_sessions;
mod list_students;
pub(crate) mod next_question;
mod observe;
pub(crate) mod once;
mod reanalyze_session;
mod record_evidence;
mod register_student;
mod save_note;
mod schedule_callback;
mod schema;
mod search_sessions;
mod set_goal;
mod verify_caller;

pub use answer::{Answer, Outcome, ToolError};
pub use context::ToolContext;
pub(crate) use get_session::Review;

/// The whole surface: first what a voice assistant uses, in the order of a call, then what is for a back office.
pub static TOOLS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    vec![
        Definition::of::<get_student_context::GetStudentContext>(),
        Definition::of::<verify_caller::VerifyCaller>(),
        Definition::of::<identify_student::IdentifyStudent>(),
        Definition::of::<register_student::RegisterStudent>(),
        Definition::of::<next_question::NextQuestion>(),
        Definition::of::<check_answer::CheckAnswer>(),
        Definition::of::<record_evidence::RecordEvidence>(),
        Definition::of::<save_note::SaveNote>(),
        Definition::of::<flag_concern::FlagConcern>(),
        Definition::of::<schedule_callback::ScheduleCallback>(),
        Definition::of::<end_session_summary::EndSessionSummary>(),
        Definition::of::<get_lesson_plan::GetLessonPlan>(),
        Definition::of::<list_due_skills::ListDueSkills>(),
        Definition::of::<set_goal::SetGoal>(),
        Definition::of::<get_progress::GetProgress>(),
        Definition::of::<list_students::ListStudents>(),
        Definition::of::<get_session::GetSession>(),
        Definition::of::<list_sessions::ListSessions>(),
        Definition::of::<search_sessions::SearchSessions>(),
        Definition::of::<reanalyze_session::ReanalyzeSession>(),
        Definition::of::<correct_evidence::CorrectEvidence>(),
    ]
});

/// The tool of that name.
pub fn find(name: &str) -> Option<&'static Definition> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// What a call does to what we keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Reads,
    /// Gives a question and notes that it was asked: the same call again gives another one.
    Asks,
    /// Adds something; the same call again adds nothing.
    Adds,
}

/// One tool, as its file states it.
pub trait Tool {
    const NAME: &'static str;
    const TITLE: &'static str;
    /// What it is for and when to call it, in a sentence or two: a model chooses by it.
    const DESCRIPTION: &'static str;
    /// Whether a telephone client may call it. Lists, and what changes a finished call, are for back offices.
    const ON_TELEPHONE: bool = true;
    /// Whether a call of it is never refused for its haste: a child may not be safe.
    const ALWAYS_HEARD: bool = false;
    /// Whether it is listed only if the organisation asks callers for a code.
    const IF_ASSURED: bool = false;
    /// What a token must hold, all of it.
    const SCOPES: &'static [Scope];
    const EFFECT: Effect;
    /// Its schema is checked before `run`: what `run` gets is within the bounds that the schema states.
    type Params: DeserializeOwned + JsonSchema + Send;
    type Output: Serialize + JsonSchema;

    fn run(
        db: &Db,
        ctx: ToolContext<'_>,
        params: Self::Params,
    ) -> impl Future<Output = Result<Answer<Self::Output>, ToolError>> + Send;
}

type Run = for<'a> fn(&'a Db, ToolContext<'a>, Value) -> BoxFuture<'a, Result<Answer, ToolError>>;

/// A tool whose types are erased: what a list of tools shows, and what a call needs.
#[derive(Debug)]
pub struct Definition {
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub scopes: ScopeSet,
    pub is_on_telephone: bool,
    pub is_always_heard: bool,
    pub is_if_assured: bool,
    pub effect: Effect,
    pub input_schema: Map<String, Value>,
    pub output_schema: Map<String, Value>,
    run: Run,
}

impl Definition {
    fn of<T: Tool>() -> Self {
        Self {
            name: T::NAME,
            title: T::TITLE,
            description: T::DESCRIPTION,
            scopes: T::SCOPES.iter().copied().collect(),
            is_on_telephone: T::ON_TELEPHONE,
            is_always_heard: T::ALWAYS_HEARD,
            is_if_assured: T::IF_ASSURED,
            effect: T::EFFECT,
            input_schema: if takes_key::<T>() {
                once::with_key(schema::input::<T::Params>())
            } else {
                schema::input::<T::Params>()
            },
            output_schema: schema::output::<T::Output>(),
            run: run_erased::<T>,
        }
    }

    /// Whether the caller may call it at all.
    pub fn is_for(&self, caller: &Caller) -> bool {
        self.scopes.is_subset_of(caller.scopes) && (self.is_on_telephone || caller.reach != Reach::Line)
    }

    /// Checks scope and arguments, then runs.
    pub async fn answer(
        &self,
        db: &Db,
        ctx: ToolContext<'_>,
        arguments: Map<String, Value>,
    ) -> Result<Answer, ToolError> {
        self.scopes.iter().try_for_each(|scope| ctx.caller.has(scope))?;
        if !self.is_on_telephone && ctx.caller.reach == Reach::Line {
            return Err(Forbidden::NotOnLine.into());
        }
        let mut arguments = arguments::check(&self.input_schema, arguments).map_err(ToolError::invalid)?;
        let Some(key) = once::take_key(&mut arguments)? else {
            return (self.run)(db, ctx, Value::Object(arguments)).await;
        };
        Box::pin(once::answer(db, ctx, self, &key, &Value::Object(arguments))).await
    }

    /// Whether it takes an idempotency key.
    pub(crate) fn takes_key(&self) -> bool {
        self.input_schema["properties"].get(once::KEY).is_some()
    }
}

/// A tool that adds something. Each try of a code counts, and its answer is not kept.
fn takes_key<T: Tool>() -> bool {
    T::EFFECT == Effect::Adds && !T::IF_ASSURED
}

fn run_erased<'a, T: Tool>(
    db: &'a Db,
    ctx: ToolContext<'a>,
    arguments: Value,
) -> BoxFuture<'a, Result<Answer, ToolError>> {
    async move {
        // The schema holds already; what is left are the types' own rules, whose messages are ours.
        let params = serde_json::from_value(arguments).map_err(|error| ToolError::invalid(error.to_string()))?;
        let answer = T::run(db, ctx, params).await?;
        answer.erased()
    }
    .boxed()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_unique_and_fit_every_client() {
        let mut seen = HashSet::new();
        for tool in TOOLS.iter() {
            assert!(seen.insert(tool.name), "{} is there twice", tool.name);
            assert!(tool.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", tool.name);
            // VAPI puts a prefix before it, and models allow 64 characters.
            assert!(tool.name.len() <= 32, "{}", tool.name);
        }
    }

    /// The contract with every client. After an intended change, run with `INSTA_UPDATE=always`.
    #[test]
    fn the_surface_is_the_one_that_was_agreed() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        // The order of keys depends on what else is built with this crate.
        settings.set_sort_maps(true);
        settings.bind(|| {
            for tool in TOOLS.iter() {
                let Definition { name, title, description, scopes, input_schema, output_schema, effect, .. } = tool;
                insta::assert_json_snapshot!(
                    *name,
                    json!({
                        "name": name, "title": title, "description": description, "scopes": scopes.to_strings(),
                        "effect": format!("{effect:?}"), "inputSchema": input_schema, "outputSchema": output_schema,
                    })
                );
            }
        });
    }

    #[test]
    fn a_voice_assistant_sees_at_most_ten_tools() {
        let voice: ScopeSet = [Scope::ContextRead, Scope::CallsWrite, Scope::NotesWrite].into_iter().collect();
        let names: Vec<&str> =
            TOOLS.iter().filter(|tool| tool.scopes.is_subset_of(voice)).map(|tool| tool.name).collect();
        assert!(TOOLS.iter().take(names.len()).all(|tool| names.contains(&tool.name)), "they come first: {names:?}");
        let n_by_default = names.iter().filter(|name| !find(name).unwrap().is_if_assured).count();
        assert!((5..=10).contains(&n_by_default), "{names:?}");
    }

    #[test]
    fn descriptions_are_short_plain_and_shout_at_nobody() {
        for tool in TOOLS.iter() {
            let n = tool.description.chars().count();
            assert!((40..=400).contains(&n), "{}: {n} characters", tool.name);
            assert!(!["MUST", "IMPORTANT", "ALWAYS", "NEVER"].iter().any(|word| tool.description.contains(word)));
        }
    }

    #[test]
    fn schemas_are_portable() {
        for tool in TOOLS.iter() {
            for schema in [&tool.input_schema, &tool.output_schema] {
                assert_eq!(schema["type"], "object", "{}", tool.name);
                let text = Value::Object(schema.clone()).to_string();
                for trap in ["$ref", "$defs", "\"null\"", "\"int64\"", "\"double\"", "\"uint8\"", "anyOf", "oneOf"] {
                    assert!(!text.contains(trap), "{} has {trap}: {text}", tool.name);
                }
            }
            assert_eq!(tool.input_schema["additionalProperties"], false, "{}", tool.name);
        }
    }

    #[test]
    fn what_an_input_schema_promises_is_what_is_checked() {
        for tool in TOOLS.iter() {
            assert_eq!(arguments::unchecked_keyword(&tool.input_schema), None, "{}", tool.name);
        }
    }

    #[test]
    fn every_argument_says_what_it_is() {
        for tool in TOOLS.iter() {
            for (name, argument) in tool.input_schema["properties"].as_object().unwrap() {
                assert!(argument["description"].as_str().is_some_and(|text| text.len() > 10), "{}.{name}", tool.name);
                assert!(
                    argument["type"] != "string"
                        || argument.get("maxLength").or(argument.get("enum")).or(argument.get("format")).is_some(),
                    "{}.{name} is not bounded",
                    tool.name
                );
            }
        }
    }
}
