//! The cost of the session: the call as billed by VAPI, part by part, and our model calls.

use maud::{Markup, html};

use super::Data;
use crate::figures;

pub(super) fn card(data: &Data) -> Markup {
    let parts = parts(data);
    let total: i64 = parts.iter().map(|(_, cost)| cost).sum();
    html! {
        @if !parts.is_empty() {
            section.card aria-labelledby="cost" {
                header { h2 id="cost" { "Cost" } span.aside.num { (dollars(total)) } }
                div.body.stack {
                    @if total > 0 { (bar(&parts, total)) }
                    dl.dl.end { @for (n, (name, cost)) in parts.iter().enumerate() {
                        dt { span class={ "key p" (n.min(4) + 1) } aria-hidden="true" {} (name) } dd { (dollars(*cost)) }
                    } }
                }
            }
        }
    }
}

fn parts(data: &Data) -> Vec<(String, i64)> {
    let session = &data.session;
    let told = session.cost_parts.as_ref().map(|parts| &parts.0[..]).unwrap_or_default();
    let mut parts: Vec<(String, i64)> = told.iter().map(|part| (words(&part.part), part.microusd)).collect();
    let known: i64 = parts.iter().map(|(_, cost)| cost).sum();
    // The part of the bill that its items do not cover.
    let rest = session.cost_microusd.map_or(0, |cost| cost - known);
    if rest > 0 || (parts.is_empty() && session.cost_microusd.is_some()) {
        parts.push((if parts.is_empty() { "The call" } else { "Other" }.to_owned(), rest));
    }
    parts.sort_by_key(|(_, cost)| -cost);
    let ours: Vec<i64> = data.model_calls.iter().filter_map(|call| call.cost_microusd).collect();
    if !ours.is_empty() {
        parts.push(("Our analysis".to_owned(), ours.iter().sum()));
    }
    parts
}

fn words(part: &str) -> String {
    match part {
        "transport" => "Phone line",
        "transcriber" => "Transcription",
        "model" => "Language model",
        "voice" => "Voice",
        "vapi" => "VAPI",
        "analysis" => "VAPI’s analysis",
        "knowledge-base" => "Knowledge base",
        other => other,
    }
    .to_owned()
}

/// Formats fractions of a cent, which an analysis costs.
fn dollars(microusd: i64) -> String {
    if microusd >= 100_000 || microusd == 0 { figures::dollars(microusd) } else { figures::fine_dollars(microusd) }
}

fn bar(parts: &[(String, i64)], total: i64) -> Markup {
    let share = |cost: i64| cost as f64 / total as f64 * 1000.0;
    let mut x = 0.0;
    let bars: Vec<(f64, f64)> = parts
        .iter()
        .map(|(_, cost)| {
            let bar = (x, (share(*cost) - 3.0).max(1.0));
            x += share(*cost);
            bar
        })
        .collect();
    html! {
        svg.costbar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            @for (n, (x, width)) in bars.into_iter().enumerate() {
                rect class={ "p" (n.min(4) + 1) } x=(format!("{x:.1}")) y="0" width=(format!("{width:.1}")) height="10" {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_cost_are_its_whole() {
        let mut data = super::super::tests::data(None);
        assert!(card(&data).into_string().contains("The call"), "no parts are told");
        let part = |part: &str, microusd| storage::session::CostPart { part: part.to_owned(), microusd };
        data.session.cost_parts = Some(vec![part("voice", 1_000_000), part("model", 1_050_000)].into());
        let shown = card(&data).into_string();
        assert!(shown.contains("$2.07") && shown.contains("Other") && shown.contains("$0.0200"), "{shown}");
        assert!(shown.find("Language model") < shown.find("Voice"), "the dearest first");
    }
}
