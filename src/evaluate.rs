//! Scoring the analysis on labelled dialogues.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use worker::eval;

use crate::{print, say};

#[derive(Args)]
pub struct Arguments {
    /// Labelled dialogues, one JSON object a line
    #[arg(long, value_name = "FILE")]
    dialogues: PathBuf,
    #[arg(long, value_enum, default_value = "rules")]
    analyser: Analyser,
    /// Print the JSON alone
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Analyser {
    Rules,
    Llm,
}

/// `eval`: a table, then the same as JSON.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.analyser == Analyser::Llm {
        bail!("scoring a language model is not built yet; --analyser rules scores what every call is judged by");
    }
    let file = &arguments.dialogues;
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let dialogues = eval::read(&text).with_context(|| format!("{} holds no labelled dialogues", file.display()))?;
    let progress = print::progress(dialogues.len() as u64, "dialogues");
    let scores = eval::evaluate(&dialogues);
    progress.finish_and_clear();
    if !arguments.json {
        say!("{}", scores.table());
    }
    say!("{}", serde_json::to_string_pretty(&scores)?);
    Ok(())
}
