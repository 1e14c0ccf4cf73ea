//! The recording, synchronised with the transcript: a native player, and with JavaScript a map of the turns.

use maud::{Markup, html};
use storage::transcript::{Speaker, Turn};

use super::Data;
use crate::assets::{self, Asset};
use crate::auth::Admin;
use crate::figures;
use crate::parts::icon::{icon, icon_small};
use crate::parts::turn::Seen;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 44.0;

/// Renders nothing if there is no recording or the person may not hear it.
pub(super) fn card(admin: &Admin, data: &Data) -> Markup {
    let seconds = length(data);
    let src = format!("/sessions/{}/recording", data.session.session_id);
    html! {
        @if data.session.recording_url.is_some() && admin.may_write() {
            section.card.player aria-label="Recording" data-player data-duration=(seconds) {
                div.ctl.js-only {
                    button.btn.ghost.icon-only type="button" data-skip="-10" aria-label="Back 10 seconds" { (icon("skip-back")) }
                    button.play type="button" data-play aria-label="Play or pause" { (icon("play")) (icon("pause")) }
                    button.btn.ghost.icon-only type="button" data-skip="10" aria-label="Forward 10 seconds" { (icon("skip-forward")) }
                }
                div.map-wrap.js-only {
                    div.lanes aria-hidden="true" { span { "Tutor" } span { "Student" } }
                    div.map {
                        (map(data, seconds))
                        input type="range" min="0" max=(seconds.ceil()) step="any" value="0" data-position aria-label="Position in the recording";
                    }
                }
                div.row.spd.js-only {
                    span.t data-time { "0:00 / " (figures::length(seconds as i64)) }
                    label.vh for="rate" { "Speed" }
                    select.input.small id="rate" data-rate {
                        @for rate in ["0.75", "1", "1.25", "1.5", "2"] { option value=(rate) selected[rate == "1"] { (rate) "×" } }
                    }
                    span.check.sm { input type="checkbox" id="follow" data-follow; label for="follow" { "Follow" } }
                }
                audio.nojs-only controls preload="none" src=(src) {}
                p.trouble role="status" hidden data-trouble { (icon_small("triangle-alert")) "The recording cannot be played now. Its storage may have deleted it." }
            }
        }
    }
}

/// Renders the controls beyond the native player.
pub(super) fn script() -> Markup {
    html! { script src=(assets::url(Asset::Player)) defer {} }
}

/// Returns the length of the call, at least that of its transcript.
fn length(data: &Data) -> f64 {
    let said = data.turns.iter().map(end).fold(0.0, f64::max);
    let call = data.session.duration_seconds().unwrap_or(0) as f64;
    said.max(call).max(1.0)
}

fn start(turn: &Turn) -> f64 {
    f64::from(turn.offset_ms) / 1000.0
}

fn end(turn: &Turn) -> f64 {
    f64::from(turn.offset_ms.saturating_add(turn.duration_ms.unwrap_or(1_000))) / 1000.0
}

/// Renders two lanes of who spoke when, and below them a mark for each piece of evidence.
fn map(data: &Data, seconds: f64) -> Markup {
    let x = |at: f64| format!("{:.1}", at / seconds * WIDTH);
    let findings = data.analysis.as_ref().map(|analysis| &analysis.findings);
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" aria-hidden="true" {
            line.mid x1="0" x2=(WIDTH) y1=(HEIGHT / 2.0) y2=(HEIGHT / 2.0) {}
            @for turn in &data.turns {
                @let (class, y) = match turn.speaker { Speaker::Tutor => ("tu", 5), Speaker::Student => ("st", 25) };
                @let width = ((end(turn) - start(turn)) / seconds * WIDTH).max(1.5);
                rect class=(class) x=(x(start(turn))) y=(y) width=(format!("{width:.1}")) height="14" rx="1" {}
            }
            @for turn in &data.turns {
                @if let Some(class) = Seen::of_turn(findings, turn.turn_no).class() {
                    line class={ "evm " (class) } x1=(x(start(turn))) x2=(x(start(turn))) y1="40" y2=(HEIGHT) {}
                }
            }
            rect.past data-todo x="0" y="0" width=(WIDTH) height=(HEIGHT) {}
            line.head-line data-head x1="0" x2="0" y1="0" y2=(HEIGHT) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;

    use super::*;

    #[test]
    fn the_player_is_for_those_who_may_hear_and_names_no_address_but_ours() {
        let data = super::super::tests::data(None);
        assert!(card(&Admin::sample(Role::Viewer), &data).into_string().is_empty());
        let shown = card(&Admin::sample(Role::Tutor), &data).into_string();
        assert!(shown.contains("/recording\"") && !shown.contains("storage.example"));
        assert!(shown.contains("data-duration=\"1122\"") && shown.contains("class=\"tu\""), "{shown}");
    }
}
