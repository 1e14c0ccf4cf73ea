//! Scoring the analysis on labelled dialogues.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use web::config::{LlmConfig, Settings};
use worker::eval::{self, Dialogue, Heard, Patience};
use worker::llm::Llm;

use crate::{print, say};

#[derive(Args)]
pub struct Arguments {
    /// Labelled dialogues, one JSON object per line
    #[arg(long, value_name = "FILE")]
    dialogues: PathBuf,
    #[arg(long, value_enum, default_value = "rules")]
    analyser: Analyser,
    /// How many dialogues to score, spread over the file
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Turn the text into what speech recognition would have written: numbers in words, no punctuation, fillers. Rules only
    #[arg(long, value_enum, value_name = "WHO", conflicts_with = "analyser")]
    heard: Option<HeardArgument>,
    /// Print only the JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Analyser {
    Rules,
    Llm,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HeardArgument {
    Student,
    Everybody,
}

/// `eval`: prints a table, then the same as JSON. Returns an error if a model did not judge every dialogue.
pub async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let file = &arguments.dialogues;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut dialogues = eval::read(&text).with_context(|| format!("{} holds no labelled dialogues", file.display()))?;
    thin_out(&mut dialogues, arguments.limit);
    let progress = print::progress(dialogues.len() as u64, "dialogues");
    let scores = match (arguments.analyser, arguments.heard) {
        (_, Some(HeardArgument::Student)) => eval::evaluate_heard(&dialogues, Heard::Student, || progress.inc(1)),
        (_, Some(HeardArgument::Everybody)) => eval::evaluate_heard(&dialogues, Heard::Everybody, || progress.inc(1)),
        (Analyser::Rules, None) => eval::evaluate(&dialogues, || progress.inc(1)),
        (Analyser::Llm, None) => {
            eval::evaluate_llm(&dialogues, &model()?, Patience::default(), || progress.inc(1)).await?
        }
    };
    progress.finish_and_clear();
    if !arguments.json {
        say!("{}", scores.table());
    }
    say!("{}", serde_json::to_string_pretty(&scores)?);
    if let Some(model) = scores.model.as_ref().filter(|_| !scores.is_complete()) {
        bail!(
            "the model judged {} of {} dialogues; the scores are of these alone",
            model.n_judged_by_model,
            dialogues.len()
        );
    }
    Ok(())
}

/// Every nth of them, so that all sources stay in it.
fn thin_out(dialogues: &mut Vec<Dialogue>, limit: Option<usize>) {
    let n = dialogues.len();
    let Some(limit) = limit.filter(|limit| *limit < n) else { return };
    let mut i = 0;
    dialogues.retain(|_| {
        i += 1;
        i * limit / n > (i - 1) * limit / n
    });
}

fn model() -> anyhow::Result<Llm> {
    match LlmConfig::from_settings(Settings::from_environment())? {
        Some(config) => Llm::new(config),
        None => {
            bail!("no language model is configured: set LLM_BASE_URL, LLM_MODEL and, where it needs one, LLM_API_KEY")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_spread_over_the_whole() {
        let line = |i: usize| format!(r#"{{"id":"{i}","source":"cima","turns":[]}}"#);
        let all = eval::read(&(0..10).map(line).collect::<Vec<_>>().join("\n")).unwrap();
        let ids = |limit| {
            let mut some = all.clone();
            thin_out(&mut some, limit);
            some.iter().map(|dialogue| dialogue.id.clone()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ids(Some(3)), "3 6 9");
        assert_eq!((ids(None).len(), ids(Some(99)).len()), (19, 19));
    }
}
