//! Our tools, resources and prompts in the SDK's words, made once.

use std::sync::{Arc, LazyLock};

use rmcp::model::{Prompt, PromptArgument, ResourceTemplate, Tool, ToolAnnotations};
use serde_json::Value;
use storage::access::{Caller, Reach, ScopeSet};

use crate::prompts::{self, PROMPTS};
use crate::resources::TEMPLATES;
use crate::tools::once::KEY;
use crate::tools::{self, Definition, Effect};

/// Each with the scopes it needs: a list shows what its reader may use.
type Listed<T> = LazyLock<Vec<(ScopeSet, T)>>;

static LISTED_TOOLS: Listed<Tool> =
    LazyLock::new(|| tools::TOOLS.iter().map(|tool| (tool.scopes, describe_tool(tool))).collect());

static LISTED_TEMPLATES: Listed<ResourceTemplate> = LazyLock::new(|| {
    let describe = |template: &crate::resources::Template| {
        ResourceTemplate::new(template.uri_template, template.name)
            .with_title(template.title)
            .with_description(template.description)
            .with_mime_type("application/json")
    };
    TEMPLATES.iter().map(|template| ([template.scope].into_iter().collect(), describe(template))).collect()
});

static LISTED_PROMPTS: Listed<Prompt> =
    LazyLock::new(|| PROMPTS.iter().map(|prompt| (prompt.scopes(), describe_prompt(prompt))).collect());

/// The tools that the caller may use. `is_assured`: the organisation asks callers for a code.
pub(super) fn tools_for(caller: &Caller, is_assured: bool) -> Vec<Tool> {
    let listed = LISTED_TOOLS.iter().zip(tools::TOOLS.iter());
    let is_listed = |tool: &Definition| tool.is_for(caller) && (is_assured || !tool.is_if_assured);
    let listed = listed.filter(|(_, tool)| is_listed(tool)).map(|((_, tool), _)| tool.clone());
    // A voice assistant pays for each word of the list in every turn, and makes up no keys.
    if caller.reach == Reach::Line { listed.map(without_key).collect() } else { listed.collect() }
}

fn without_key(mut tool: Tool) -> Tool {
    if let Some(arguments) = Arc::make_mut(&mut tool.input_schema).get_mut("properties").and_then(Value::as_object_mut)
    {
        arguments.remove(KEY);
    }
    tool
}

pub(super) fn templates_for(caller: &Caller) -> Vec<ResourceTemplate> {
    usable(&LISTED_TEMPLATES, caller.scopes)
}

pub(super) fn prompts_for(caller: &Caller) -> Vec<Prompt> {
    let listed = LISTED_PROMPTS.iter().zip(&PROMPTS);
    listed.filter(|(_, prompt)| prompt.is_for(caller)).map(|((_, listed), _)| listed.clone()).collect()
}

fn usable<T: Clone>(listed: &[(ScopeSet, T)], scopes: ScopeSet) -> Vec<T> {
    let usable = listed.iter().filter(|(needed, _)| needed.is_subset_of(scopes));
    usable.map(|(_, item)| item.clone()).collect()
}

fn describe_tool(tool: &Definition) -> Tool {
    let hints = ToolAnnotations::new().open_world(false);
    let hints = match tool.effect {
        Effect::Reads => hints.read_only(true),
        // Not idempotent, as MCP takes for granted.
        Effect::Asks => hints.read_only(false).destructive(false),
        Effect::Adds => hints.read_only(false).destructive(false).idempotent(true),
    };
    Tool::new(tool.name, tool.description, tool.input_schema.clone())
        .with_title(tool.title)
        .with_raw_output_schema(Arc::new(tool.output_schema.clone()))
        .with_annotations(hints)
}

fn describe_prompt(prompt: &prompts::Prompt) -> Prompt {
    let arguments = prompt.arguments.iter().map(|argument| {
        PromptArgument::new(argument.name).with_description(argument.description).with_required(argument.is_required)
    });
    Prompt::new(prompt.name, Some(prompt.description), Some(arguments.collect())).with_title(prompt.title)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use storage::access::Scope;

    use super::*;

    fn office(scopes: ScopeSet) -> Caller {
        Caller::client("c1", scopes)
    }

    /// Measured with o200k: 4.3 bytes of this JSON are a token.
    fn n_tokens(json: &impl serde::Serialize) -> usize {
        serde_json::to_string(json).unwrap().len() * 10 / 43
    }

    #[test]
    fn the_list_of_tools_costs_a_model_little() {
        // A client hands a model names, descriptions and arguments; titles, hints and the form of the answer it keeps.
        let all = tools_for(&office(ScopeSet::all()), false);
        let read: Vec<_> = all.iter().map(|tool| (&tool.name, &tool.description, &tool.input_schema)).collect();
        assert!((1_000..=3_000).contains(&n_tokens(&read)), "{}", n_tokens(&read));
        // The whole list, should a client hand on everything. Every turn of a call pays for the voice assistant's; of a
        // back office's, a conversation pays once.
        let voice = [Scope::ContextRead, Scope::CallsWrite, Scope::NotesWrite].into_iter().collect();
        let (voice, office) = (n_tokens(&tools_for(&Caller::telephone("c1", voice), false)), n_tokens(&all));
        println!("{} tokens for a model; the whole list: {voice} for a voice, {office} for an office", n_tokens(&read));
        assert!((500..=2_300).contains(&voice) && office <= 4_500, "{voice} {office}");
    }

    #[test]
    fn a_tool_that_notes_something_is_not_announced_as_one_that_only_reads() {
        let hints = |name: &str| {
            let all = tools_for(&office(ScopeSet::all()), false);
            let tool = all.into_iter().find(|tool| tool.name == name).expect("a tool of that name");
            let hints = json!(tool.annotations);
            (hints["readOnlyHint"] == true, hints["idempotentHint"] == true)
        };
        for name in ["next_question", "get_lesson_plan"] {
            assert_eq!(hints(name), (false, false), "{name}");
        }
        assert_eq!(hints("save_note"), (false, true));
        assert!(hints("get_progress").0);
    }

    #[test]
    fn a_list_shows_what_its_reader_may_use() {
        let n = |caller: &Caller| (templates_for(caller).len(), prompts_for(caller).len());
        assert_eq!(n(&office([Scope::ContextRead].into_iter().collect())), (1, 1));
        assert_eq!(n(&office(ScopeSet::all())), (2, 2));
        let none = office(ScopeSet::default());
        assert_eq!((n(&none), tools_for(&none, false).len()), ((0, 0), 0));
        let telephone = Caller::telephone("c1", ScopeSet::all());
        assert_eq!(n(&telephone), (2, 1), "a report lists sessions");
        assert!(tools_for(&telephone, false).iter().all(|tool| !tool.name.starts_with("list_s")));
    }
}
