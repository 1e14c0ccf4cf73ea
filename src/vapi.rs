//! `vapi setup` and `vapi check`: sets VAPI up through its API, and says what is wrong there.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::json;
use storage::component_status;
use storage::component_status::SetUp;
use storage::db::Db;
use vapi::{Api, Change, KeyState, Known, Mark, Number, Plan, Setup, Trouble};
use web::config::VapiSetupConfig;

use crate::{say, settings};

/// Of one request.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Subcommand)]
pub enum Command {
    /// Make or change what VAPI needs: the assistant, the MCP tool, two credentials, and a phone number if you name one
    Setup(SetupArguments),
    /// Compare what is at VAPI with what has to be there; exit code 1 if something is wrong
    Check {
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Args)]
pub struct SetupArguments {
    /// Only print what would change; nothing is written, here or at VAPI
    #[arg(long)]
    dry_run: bool,
    /// Let calls to this phone number of your VAPI organisation reach the tutor: the number, or its id at VAPI
    #[arg(long, value_name = "NUMBER")]
    phone_number: Option<String>,
    /// Let calls to this phone number no longer reach the tutor
    #[arg(long, value_name = "NUMBER", conflicts_with = "phone_number")]
    unbind: Option<String>,
    /// Change this assistant, tool, credential or phone number although this command did not make it; may be repeated
    #[arg(long, value_name = "ID")]
    adopt: Vec<String>,
    /// Give the assistant a new agent key for the tools, and end the old one
    #[arg(long)]
    rotate_key: bool,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub struct Output {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs a command of `vapi`.
pub async fn run(db: &Db, data_dir: &Path, command: Command, now: DateTime<Utc>) -> anyhow::Result<()> {
    let config = settings::vapi_setup(data_dir)?;
    let api = Api::new(config.vapi.clone(), TIMEOUT)?;
    let plan = Plan {
        public_url: config.public_url.clone(),
        tutor: config.tutor.clone(),
        records: vapi::records(db, now).await?,
    };
    match command {
        Command::Setup(arguments) => set_up(db, &config, &api, &plan, &arguments, now).await,
        Command::Check { output } => check(db, &config, &api, &plan, output.json).await,
    }
}

async fn set_up(
    db: &Db,
    config: &VapiSetupConfig,
    api: &Api,
    plan: &Plan,
    arguments: &SetupArguments,
    now: DateTime<Utc>,
) -> anyhow::Result<()> {
    let bound = arguments.phone_number.clone().map(Number::Bind);
    let number = bound.or(arguments.unbind.clone().map(Number::Unbind));
    let setup = Setup {
        db,
        api,
        plan,
        webhook: &config.webhook,
        adopt: &arguments.adopt,
        number: number.as_ref(),
        rotates_key: arguments.rotate_key,
        is_dry_run: arguments.dry_run,
    };
    let changes = setup.run(now).await.map_err(|trouble| said(&trouble))?;
    if arguments.output.json {
        say!(
            "{:#}",
            json!({ "dry_run": arguments.dry_run, "changes": changes.iter().map(as_json).collect::<Vec<_>>() })
        );
        return Ok(());
    }
    for change in &changes {
        for line in lines(change, arguments.dry_run) {
            say!("{line}");
        }
    }
    match (changes.is_empty(), arguments.dry_run) {
        (true, _) => say!("VAPI is set up as it has to be; nothing to change"),
        (false, true) => say!("dry run: nothing was changed"),
        (false, false) => say!("VAPI is set up; test it with `ai-tutor vapi check`"),
    }
    if let Some(other) = &config.assistant_id {
        say!("VAPI_ASSISTANT_ID is {other}: unset it, and the servers return the assistant that was set up");
    }
    Ok(())
}

/// With what to do about it, and VAPI's own words.
fn said(trouble: &Trouble) -> anyhow::Error {
    let words = trouble.words().map(|words| format!(" VAPI says: {words}.")).unwrap_or_default();
    let advice = trouble.advice();
    anyhow::anyhow!("{trouble}.{words} {advice}")
}

fn lines(change: &Change, is_dry_run: bool) -> Vec<String> {
    let Change { object, id, is_new, differences } = change;
    let verb = match (is_new, is_dry_run) {
        (true, true) => "would make",
        (true, false) => "made",
        (false, true) => "would change",
        (false, false) => "changed",
    };
    let id = id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let mut lines = vec![format!("{verb} {object}{id}")];
    // Of a new object only a dry run shows the fields: there is nothing to compare.
    if !is_new || is_dry_run {
        lines.extend(differences.iter().flat_map(vapi::lines).map(|line| format!("  {line}")));
    }
    lines
}

fn as_json(change: &Change) -> serde_json::Value {
    let differences = change
        .differences
        .iter()
        .map(|difference| json!({ "path": difference.path, "is": difference.is, "wanted": difference.wanted }));
    json!({
        "object": change.object,
        "id": change.id,
        "is_new": change.is_new,
        "differences": differences.collect::<Vec<_>>(),
    })
}

async fn check(db: &Db, config: &VapiSetupConfig, api: &Api, plan: &Plan, is_json: bool) -> anyhow::Result<()> {
    let found = vapi::find_all(api, plan, &[]).await;
    let found = found.map_err(|fault| said(&Trouble::Vapi { doing: "reading VAPI's objects", fault }))?;
    let mark = found.assistants.first().map(Mark::read).unwrap_or_default();
    let of_sign = component_status::list(db).await?.find::<SetUp>().map(|(_, set_up)| set_up);
    let of_setting = config.assistant_id.clone().map(|assistant_id| SetUp { assistant_id, phone_number_id: None });
    let known = Known {
        webhook: Some(&config.webhook),
        secret_print: None,
        key: KeyState::find(db, &mark).await?,
        set_up: of_setting.or(of_sign),
    };
    let findings = vapi::check(plan, &found, &known);
    let n_faults = findings.iter().filter(|finding| finding.is_fault).count();
    if is_json {
        let shown = findings
            .iter()
            .map(|finding| json!({ "what": finding.what, "fix": finding.fix, "is_fault": finding.is_fault }));
        say!("{:#}", json!({ "is_well": n_faults == 0, "findings": shown.collect::<Vec<_>>() }));
    } else {
        for finding in &findings {
            say!("{}: {} {}", if finding.is_fault { "fault" } else { "note" }, finding.what, finding.fix);
        }
        if n_faults == 0 {
            say!("VAPI is set up as it has to be");
        }
    }
    anyhow::ensure!(n_faults == 0, "{n_faults} {} at VAPI", if n_faults == 1 { "fault" } else { "faults" });
    Ok(())
}
