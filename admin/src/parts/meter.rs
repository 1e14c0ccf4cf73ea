//! Mastery: the level in words, and the number behind it.

use maud::{Markup, html};
use storage::learner::MasteryState;

pub(crate) fn state_word(state: MasteryState) -> &'static str {
    match state {
        MasteryState::New => "New",
        MasteryState::Learning => "Learning",
        MasteryState::Shaky => "Nearly there",
        MasteryState::Mastered => "Mastered",
    }
}

/// Returns the shade of a level, for tables with many levels.
pub(crate) fn level_shade(state: MasteryState) -> u8 {
    match state {
        MasteryState::New => 0,
        MasteryState::Learning => 1,
        MasteryState::Shaky => 2,
        MasteryState::Mastered => 4,
    }
}

/// Renders the number of skills at each level: a bar, and the sum in words.
pub(crate) fn share(states: &[MasteryState]) -> Markup {
    let n_of = |state: MasteryState| states.iter().filter(|of_skill| **of_skill == state).count();
    let parts = [MasteryState::Learning, MasteryState::Shaky, MasteryState::Mastered].map(|state| (state, n_of(state)));
    let told = parts.map(|(state, n)| format!("{} {n}", state_word(state).to_lowercase())).join(", ");
    let width = 100.0 / states.len().max(1) as f64;
    let starts = parts.iter().scan(0, |before, (_, n)| Some(std::mem::replace(before, *before + n)));
    html! {
        span.two {
            svg.share viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label={ "Skills: " (told) } {
                @for ((state, n), start) in parts.iter().zip(starts).filter(|((_, n), _)| *n > 0) {
                    rect class={ "m" (level_shade(*state)) } x=(format!("{:.2}", width * start as f64)) y="0"
                        width=(format!("{:.2}", width * *n as f64 - 0.6)) height="8" {}
                }
            }
            small { (n_of(MasteryState::Mastered)) " of " (states.len()) " mastered" }
        }
    }
}

/// Renders the legend of the shades.
pub(crate) fn legend() -> Markup {
    html! {
        span.legend {
            @for state in [MasteryState::New, MasteryState::Learning, MasteryState::Shaky, MasteryState::Mastered] {
                span { i class={ "m" (level_shade(state)) } {} (state_word(state)) }
            }
            span { i.kdue {} "Review due" }
        }
    }
}

/// Renders four boxes, all filled if the skill is mastered, and the word.
pub(crate) fn meter(state: MasteryState) -> Markup {
    let filled = match state {
        MasteryState::New => 0,
        MasteryState::Learning => 1,
        MasteryState::Shaky => 3,
        MasteryState::Mastered => 4,
    };
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
    fn a_share_is_told_in_words_and_fills_its_bar() {
        let states = [MasteryState::Mastered, MasteryState::Learning, MasteryState::Learning, MasteryState::Mastered];
        let shown = share(&states).into_string();
        assert!(shown.contains("Skills: learning 2, nearly there 0, mastered 2") && shown.contains("2 of 4 mastered"));
        assert!(
            shown.contains(r#"<rect class="m4" x="50.00" y="0" width="49.40""#) && !shown.contains("m2"),
            "{shown}"
        );
    }

    #[test]
    fn a_meter_fills_with_the_level() {
        let n_filled = |state, class| meter(state).into_string().matches(class).count();
        assert_eq!(n_filled(MasteryState::Mastered, "f4"), 4);
        assert_eq!(n_filled(MasteryState::Shaky, "f3"), 3);
        assert_eq!(n_filled(MasteryState::Learning, "f1"), 1);
        assert_eq!(n_filled(MasteryState::New, "class=\"f"), 0);
    }
}
