//! Tests whether a model would choose the right tool. Forty-two situations of a tutor or a back office are compared
//! with the names, titles and descriptions that their token lists.
//!
//! Scores without a model: a situation and a tool's text share words, cut to their stems. A word weighs more if fewer
//! tools have it, and long texts get no advantage. The tool with the highest sum is chosen. This finds descriptions
//! that are too alike, that do not name their purpose, or that a change made worse. It cannot show that a model
//! understands them, because it ignores synonyms, the conversation and arguments. People who know the tools wrote the
//! situations. `from_llm_base_url` asks a real model.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use mcp_server::tools::{Definition, TOOLS};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::access::{Scope, ScopeSet};
use web::config::from_environment;

use crate::service::client;

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are the file's")]
struct Situation {
    who: Who,
    situation: String,
    tool: String,
    /// Other tools that are right, too.
    #[serde(default)]
    also: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Voice,
    Office,
}

impl Who {
    /// Returns the tools that their token lists.
    fn tools(self) -> Vec<&'static Definition> {
        let scopes: ScopeSet = match self {
            Self::Voice => [Scope::ContextRead, Scope::CallsWrite, Scope::NotesWrite].into_iter().collect(),
            Self::Office => ScopeSet::all(),
        };
        TOOLS.iter().filter(|tool| tool.scopes.is_subset_of(scopes)).collect()
    }
}

impl Situation {
    fn is_well_answered_by(&self, tool: &str) -> bool {
        self.tool == tool || self.also.iter().any(|also| also == tool)
    }
}

fn situations() -> Vec<Situation> {
    let lines = include_str!("../tool_choice/situations.jsonl").lines();
    let all: Vec<Situation> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all.len(), 42);
    let (listed, missing): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|situation| situation.who.tools().iter().any(|tool| tool.name == situation.tool));
    for situation in missing {
        eprintln!("SKIPPED: there is no {} yet, for: {}", situation.tool, situation.situation);
    }
    listed
}

const SAY_NOTHING: &str = "a an and are as at be been before by can did do does for from has have her him his how i in \
    is it its not of on or say says said so than that the their them there they this to up was were what when which who \
    whose will with you your";

/// Returns the words that carry meaning, without their endings.
fn stems(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1);
    let words = words.filter(|word| !SAY_NOTHING.split_whitespace().any(|nothing| nothing == *word));
    let stem = |word: &str| {
        let endings = ["ations", "ation", "ings", "ing", "ers", "er", "ies", "es", "ed", "s", "e", "y"];
        let ending = endings.iter().find(|ending| word.len() >= ending.len() + 3 && word.ends_with(**ending));
        ending.map_or(word, |ending| &word[..word.len() - ending.len()]).to_owned()
    };
    words.map(stem).collect()
}

/// Returns the tools, the best first.
fn rank(situation: &Situation) -> Vec<&'static str> {
    let tools = situation.who.tools();
    let texts: Vec<BTreeSet<String>> =
        tools.iter().map(|tool| stems(&format!("{} {} {}", tool.name, tool.title, tool.description))).collect();
    let weight = |stem: &String| {
        let n = texts.iter().filter(|text| text.contains(stem)).count();
        (1.0 + texts.len() as f64 / (n as f64 + 0.5)).ln()
    };
    let said = stems(&situation.situation);
    let mut scored: Vec<(f64, &str)> = tools
        .iter()
        .zip(&texts)
        .map(|(tool, text)| {
            (said.intersection(text).map(weight).sum::<f64>() / (text.len() as f64).powf(0.3), tool.name)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().map(|(_, name)| name).collect()
}

/// Lists the wrong choices: the chosen tool, the right one, and the client.
fn confusion(wrong: &[(&Situation, String)]) -> String {
    let mut text = String::new();
    for (situation, chosen) in wrong {
        writeln!(text, "{chosen} instead of {} ({:?}): {}", situation.tool, situation.who, situation.situation)
            .unwrap();
    }
    text
}

#[test]
fn descriptions_tell_tools_apart() {
    let situations = situations();
    let (mut wrong, mut n_among_three) = (Vec::new(), 0);
    for situation in &situations {
        let ranked = rank(situation);
        n_among_three += usize::from(ranked.iter().take(3).any(|tool| situation.is_well_answered_by(tool)));
        if !situation.is_well_answered_by(ranked[0]) {
            wrong.push((situation, ranked[0].to_owned()));
        }
    }
    let n = situations.len();
    let text = format!("{} of {n} first, {n_among_three} among three\n{}", n - wrong.len(), confusion(&wrong));
    println!("{text}");
    assert!((n - wrong.len()) * 100 >= n * 80 && n_among_three * 100 >= n * 95, "{text}");
}

#[test]
fn every_tool_has_its_situations() {
    let mut counted: BTreeMap<&str, usize> = TOOLS.iter().map(|tool| (tool.name, 0)).collect();
    let situations = situations();
    for situation in &situations {
        *counted.get_mut(&*situation.tool).unwrap() += 1;
    }
    assert!(counted.values().all(|n| *n >= 2), "{counted:?}");
}

/// Asks the model about the situation only. Returns the first tool that it calls.
async fn ask_model(base_url: &str, situation: &Situation) -> String {
    let tools: Vec<Value> = situation.who.tools().iter().map(|tool| {
        let (name, description, parameters) = (tool.name, tool.description, &tool.input_schema);
        json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
    }).collect();
    let body = json!({
        "model": from_environment("LLM_MODEL").expect("LLM_MODEL is set"),
        "tools": tools,
        "tool_choice": "required",
        "messages": [{ "role": "user", "content": format!("You work with a phone tutor for children. {} Call the tool that fits.", situation.situation) }],
    });
    let request = client().post(format!("{}/chat/completions", base_url.trim_end_matches('/')));
    let request = request.bearer_auth(from_environment("LLM_API_KEY").unwrap_or_default());
    let request = request.header("content-type", "application/json").body(body.to_string());
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["choices"][0]["message"]["tool_calls"][0]["function"]["name"].as_str().unwrap_or("nothing").to_owned()
}

#[tokio::test]
#[ignore = "asks a language model: LLM_BASE_URL and LLM_MODEL name it, LLM_API_KEY opens it"]
async fn from_llm_base_url_the_right_tool_is_chosen() {
    let base_url = from_environment("LLM_BASE_URL").expect("LLM_BASE_URL is set");
    let (situations, mut wrong) = (situations(), Vec::new());
    for situation in &situations {
        let chosen = ask_model(&base_url, situation).await;
        if !situation.is_well_answered_by(&chosen) {
            wrong.push((situation, chosen));
        }
    }
    println!("{} of {} wrong\n{}", wrong.len(), situations.len(), confusion(&wrong));
    assert!(wrong.len() * 10 <= situations.len(), "{}", confusion(&wrong));
}
