//! How the assistants tutored, version by version.

use chrono::{DateTime, TimeDelta, Utc};
use storage::access::Caller;
use storage::db::Db;
use storage::tutoring::{self, VersionFigures};

use crate::say;

/// `tutoring show`: a table, the busiest version first.
pub async fn show(db: &Db, days: u16, now: DateTime<Utc>) -> anyhow::Result<()> {
    let from = now - TimeDelta::days(i64::from(days));
    let versions = tutoring::list_versions(db, &Caller::operator(), from, now).await?;
    if versions.is_empty() {
        say!("no analysed call in the last {days} days");
        return Ok(());
    }
    say!(
        "{:<28} {:>8} {:>13} {:>7} {:>8} {:>8} {:>7}",
        "assistant, version",
        "sessions",
        "score ± s.d.",
        "told",
        "hurried",
        "process",
        "checks"
    );
    for of in versions {
        say!("{}", line(&of));
    }
    say!(
        "\ntold: of the replies to errors; hurried: of the questions; process: of the praise; checks: for each session"
    );
    Ok(())
}

fn line(of: &VersionFigures) -> String {
    let name = of.assistant.as_deref().unwrap_or("unknown");
    let name = of.version.as_ref().map_or_else(|| name.to_owned(), |version| format!("{name}, {version}"));
    let share = |part: i64, all: i64| {
        if all > 0 { format!("{:.0} %", part as f64 * 100.0 / all as f64) } else { "–".to_owned() }
    };
    let score = match (of.mean_score, of.deviation) {
        (Some(mean), Some(deviation)) => format!("{mean:.1} ± {deviation:.1}"),
        (Some(mean), None) => format!("{mean:.1}"),
        _ => "–".to_owned(),
    };
    format!(
        "{:<28} {:>8} {score:>13} {:>7} {:>8} {:>8} {:>7.1}",
        name.chars().take(28).collect::<String>(),
        of.n_sessions,
        share(of.n_told_at_once, of.n_errors),
        share(of.n_hurried, of.n_questions),
        share(of.n_process_praise, of.n_process_praise + of.n_person_praise),
        of.n_checks as f64 / of.n_sessions.max(1) as f64,
    )
}
