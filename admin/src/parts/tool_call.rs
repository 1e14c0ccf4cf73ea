//! The result of a tool call, in words.

use maud::{Markup, html};

use super::badge::badge;

pub(crate) fn outcome_words(outcome: &str) -> &str {
    match outcome {
        "ok" => "Answered",
        "invalid_arguments" => "Wrong arguments",
        "not_found" => "Nothing found",
        "forbidden" => "Not allowed",
        "refused" => "Declined",
        "busy" => "Too busy",
        "unavailable" => "Database unavailable",
        "timed_out" => "Timed out",
        "cancelled" => "Cancelled",
        "failed" => "Failed",
        other => other,
    }
}

pub(crate) fn outcome_badge(outcome: &str) -> Markup {
    // Errors that the assistant can correct are not shown as failures.
    let (class, mark) = match outcome {
        "ok" => ("good", "check"),
        "invalid_arguments" | "not_found" | "refused" | "cancelled" => ("warn", "info"),
        _ => ("bad", "circle-alert"),
    };
    html! { (badge(class, mark, outcome_words(outcome))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_a_word_for_people_and_an_unknown_one_is_told_as_it_is() {
        assert_eq!((outcome_words("timed_out"), outcome_words("moved")), ("Timed out", "moved"));
        assert!(outcome_badge("ok").into_string().contains("badge good"));
        assert!(outcome_badge("refused").into_string().contains("badge warn"));
        assert!(outcome_badge("failed").into_string().contains("badge bad"));
    }
}
