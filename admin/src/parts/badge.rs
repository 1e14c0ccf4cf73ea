//! Badges of states, each with a word and an icon. Colour is never the only sign.

use maud::{Markup, html};
use storage::analysis::AnalysisStatus;
use storage::evidence::{Help, Verdict};
use storage::session::SessionStatus;

use super::icon::icon;

pub(crate) fn badge(class: &str, mark: &str, word: &str) -> Markup {
    html! { span class={ "badge " (class) } { (icon(mark)) (word) } }
}

/// Returns the badge of a session's status, with the source of its analysis.
pub(crate) fn session(status: SessionStatus, analysis: Option<AnalysisStatus>) -> Markup {
    match (status, analysis) {
        (SessionStatus::InProgress, _) => badge("good", "radio", "Live"),
        (SessionStatus::Received, _) => badge("info", "clock", "Waiting"),
        (SessionStatus::Analyzing, Some(_)) => badge("info", "loader-circle", "Analysed, model to come"),
        (SessionStatus::Analyzing, None) => badge("info", "loader-circle", "Analysing"),
        (SessionStatus::Analyzed, _) => badge("good", "circle-check", "Analysed"),
        (SessionStatus::NeedsAttention, _) => badge("bad", "circle-alert", "Needs a person"),
    }
}

pub(crate) fn session_word(status: SessionStatus) -> &'static str {
    match status {
        SessionStatus::InProgress => "Live",
        SessionStatus::Received => "Waiting for analysis",
        SessionStatus::Analyzing => "Being analysed",
        SessionStatus::Analyzed => "Analysed",
        SessionStatus::NeedsAttention => "Needs a person",
    }
}

pub(crate) fn analysis(status: AnalysisStatus) -> Markup {
    match status {
        AnalysisStatus::Baseline => badge("good", "circle-check", "By rules"),
        AnalysisStatus::Pending => badge("info", "loader-circle", "By rules, model to come"),
        AnalysisStatus::Complete => badge("good", "circle-check", "Complete"),
    }
}

/// Returns class and icon of a verdict. They are the same in the transcript, the analysis and the map of turns.
pub(crate) fn verdict_style(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Correct => ("good", "circle-check"),
        Verdict::Partial => ("warn", "circle-dashed"),
        Verdict::Incorrect => ("bad", "circle-alert"),
    }
}

/// Returns "Right, without help".
pub(crate) fn verdict_words(verdict: Verdict, help: Help) -> &'static str {
    match (verdict, help) {
        (Verdict::Correct, Help::None) => "Right, without help",
        (Verdict::Correct, Help::Hint) => "Right, after a hint",
        (Verdict::Correct, Help::Told) => "Right, after seeing the answer",
        (Verdict::Partial, Help::None) => "Partly right, without help",
        (Verdict::Partial, Help::Hint) => "Partly right, after a hint",
        (Verdict::Partial, Help::Told) => "Partly right, after seeing the answer",
        (Verdict::Incorrect, Help::None) => "Not right yet, without help",
        (Verdict::Incorrect, Help::Hint) => "Not right yet, after a hint",
        (Verdict::Incorrect, Help::Told) => "Not right yet, after seeing the answer",
    }
}

/// Returns the label of VAPI's reason for the end of a call.
pub(crate) fn ended_words(reason: &str) -> String {
    match reason {
        "customer-ended-call" => "Student hung up".to_owned(),
        "assistant-ended-call" | "assistant-said-end-call-phrase" => "Assistant ended".to_owned(),
        "assistant-forwarded-call" => "Call was forwarded".to_owned(),
        "exceeded-max-duration" => "Time limit".to_owned(),
        "silence-timed-out" => "Silence".to_owned(),
        "customer-did-not-answer" | "customer-did-not-give-microphone-permission" => "Not answered".to_owned(),
        "customer-busy" => "Busy".to_owned(),
        "voicemail" => "Voicemail".to_owned(),
        reason if reason.contains("error") || reason.contains("failed") => "Technical error".to_owned(),
        reason => {
            let words = reason.replace('-', " ");
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_an_icon_and_a_word() {
        let shown = session(SessionStatus::NeedsAttention, None).into_string();
        assert!(shown.contains("#circle-alert") && shown.contains("Needs a person"), "{shown}");
    }

    #[test]
    fn ends_are_told_in_the_words_of_the_reader() {
        assert_eq!(ended_words("customer-ended-call"), "Student hung up");
        assert_eq!(ended_words("call.in-progress.error-vapifault-openai-llm-failed"), "Technical error");
        assert_eq!(ended_words("manually-canceled"), "Manually canceled");
    }
}
