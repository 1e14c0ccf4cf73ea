//! Mastery: the level in a word first, then the number behind it.

use maud::{Markup, html};
use shared::learner::MasteryState;

pub(crate) fn state_word(state: MasteryState) -> &'static str {
    match state {
        MasteryState::New => "New",
        MasteryState::Learning => "Learning",
        MasteryState::Shaky => "Shaky",
        MasteryState::Mastered => "Mastered",
    }
}

/// Shade of an estimate of 0 to 1, from 0 to 4.
pub(crate) fn shade(estimate: f64) -> u8 {
    match estimate {
        ..0.2 => 0,
        0.2..0.4 => 1,
        0.4..0.6 => 2,
        0.6..0.8 => 3,
        _ => 4,
    }
}

/// Four boxes, filled as far as the estimate goes, and the word.
pub(crate) fn meter(state: MasteryState, estimate: f64) -> Markup {
    let level = shade(estimate);
    let filled = if state == MasteryState::New { 0 } else { level.max(1) };
    html! {
        span.mastery {
            svg.meter width="58" height="8" viewBox="0 0 58 8" aria-hidden="true" {
                @for box_no in 0..4_u8 {
                    rect class=[(box_no < filled).then(|| format!("f{filled}"))] x=(u32::from(box_no) * 15) y="0" width="13" height="8" rx="2" {}
                }
            }
            span { (state_word(state)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meter_fills_with_the_estimate() {
        assert_eq!(meter(MasteryState::Mastered, 0.97).into_string().matches("f4").count(), 4);
        assert_eq!(meter(MasteryState::Learning, 0.1).into_string().matches("f1").count(), 1);
        assert!(!meter(MasteryState::New, 0.0).into_string().contains("class=\"f"));
    }
}
