//! The table at the end of a run.

use std::time::Duration;

use super::checker::Verdict;
use super::nemesis::Nemesis;
use super::plan::{Fault, OTHERS};

/// Formats a line per fault: injections, blows, lost, doubled and recovery times; then the totals and each broken
/// promise.
pub fn report(seed: u64, nemesis: &Nemesis, verdict: &Verdict) -> String {
    let mut lines = vec![format!(
        "{:>3}  {:<46} {:>10} {:>6} {:>6} {:>8} {:>10} {:>10}",
        "row", "fault", "injections", "blows", "lost", "doubled", "heal, mean", "heal, max"
    )];
    let of_row = |all: &[(u8, String)], row: u8| all.iter().filter(|(of, _)| *of == row).count();
    let mut rows: Vec<(u8, String)> = Fault::all()
        .map(|fault| {
            let (row, name) = fault.row();
            if let Some(why) = fault.hindrance() {
                return (row, format!("{row:>3}  {why}"));
            }
            let Some(felt) = nemesis.felt.get(&fault) else { return (row, format!("{row:>3}  {name:<46} {:>10}", 0)) };
            let sum: Duration = felt.heal_times.iter().sum();
            let mean = sum / u32::try_from(felt.heal_times.len().max(1)).unwrap();
            let max = felt.heal_times.iter().max().copied().unwrap_or_default();
            let (lost, doubled) = (of_row(&verdict.lost, row), of_row(&verdict.doubled, row));
            let line = format!(
                "{row:>3}  {name:<46} {:>10} {:>6} {lost:>6} {doubled:>8} {:>8.1} s {:>8.1} s",
                felt.n_injections,
                felt.n_blows,
                mean.as_secs_f64(),
                max.as_secs_f64()
            );
            (row, line)
        })
        .chain(OTHERS.iter().map(|(row, words)| (*row, format!("{row:>3}  {words}"))))
        .collect();
    rows.sort_by_key(|(row, _)| *row);
    lines.extend(rows.into_iter().map(|(_, line)| line));
    let n_blows: u32 = nemesis.felt.values().map(|felt| felt.n_blows).sum();
    lines.push(format!(
        "seed {seed}: {} deliveries accepted of {} calls ({} tries refused or unanswered), {n_blows} kills and cuts: {} lost, {} doubled; drained in {:.1} s",
        verdict.n_accepted,
        verdict.n_calls,
        verdict.n_refused,
        verdict.lost.len(),
        verdict.doubled.len(),
        verdict.drained_in.as_secs_f64(),
    ));
    lines.push(verdict.outside.clone());
    for (reason, n) in &verdict.needs_attention {
        lines.push(format!("waits for a person, {n} calls: {reason}"));
    }
    for fault in nemesis.broken_promises.iter().chain(&verdict.faults) {
        lines.push(format!("NOT KEPT: {fault}"));
    }
    for (row, what) in verdict.lost.iter().take(20) {
        lines.push(format!("LOST in row {row}: {what}"));
    }
    for (row, what) in verdict.doubled.iter().take(20) {
        lines.push(format!("DOUBLED in row {row}: {what}"));
    }
    lines.join("\n")
}
