//! The tutor's verdict: what the beginning of the next turn says of the answer before it.

use domain::answer::Language;

use super::cues::{
    BARE_DOUBT, BARE_PRAISE, CHALLENGE, CONFIRMATION, CONSOLATION, DOUBT_DE, DOUBT_ES, EXCUSE, EXCUSE_FOREIGN, IN_PART,
    NEW_TASK, NUDGE, PRAISE_DE, PRAISE_ES, PROBE, REJECTION, RESERVATION, SETBACK, STILL_RIGHT,
};
use super::pattern::Pattern;
use super::text::Clause;

/// What the tutor's reply says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    Confirmed,
    /// Right as far as it goes.
    Partly,
    Rejected,
    /// Not said, but the tutor stays with it as one does with a wrong answer.
    Doubted,
    /// The student is excused for not answering.
    Excused,
    /// Nothing can be read from it.
    Unclear,
}

impl Lead {
    /// The name in features.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "Confirmed",
            Self::Partly => "Partly",
            Self::Rejected => "Rejected",
            Self::Doubted => "Doubted",
            Self::Excused => "Excused",
            Self::Unclear => "Unclear",
        }
    }

    /// `None`: nothing was said of it.
    pub(super) fn is_right(self) -> Option<bool> {
        match self {
            Self::Confirmed => Some(true),
            Self::Partly | Self::Rejected | Self::Doubted => Some(false),
            Self::Excused | Self::Unclear => None,
        }
    }
}

/// After so many clauses a tutor speaks of something else.
const REACH: usize = 6;

/// What the clauses of a reply say of the answer before it.
pub(super) fn lead(clauses: &[Clause], language: Language) -> Lead {
    match language {
        Language::English => {}
        Language::Spanish => return foreign(clauses, &PRAISE_ES, &DOUBT_ES),
        Language::German => return foreign(clauses, &PRAISE_DE, &DOUBT_DE),
    }
    if let Some(bare) = bare(clauses) {
        return bare;
    }
    for (i, clause) in clauses.iter().take(REACH).enumerate() {
        match judge(clause, i == 0) {
            Lead::Confirmed => return reserved(&clauses[i..]),
            Lead::Unclear if i > 0 && (NEW_TASK.is_match(clause.text) || matches!(clause.text, "another" | "next")) => {
                return Lead::Unclear;
            }
            Lead::Unclear => {}
            decided => return decided,
        }
    }
    Lead::Unclear
}

/// The first clause with a cue decides; a confirmation that the same sentence or the next one takes back is half of one.
fn foreign(clauses: &[Clause], praise: &Pattern, doubt: &Pattern) -> Lead {
    for (i, clause) in clauses.iter().take(2).enumerate() {
        if i == 0 && EXCUSE_FOREIGN.is_match(clause.text) {
            return Lead::Excused;
        }
        if doubt.is_match(clause.text) {
            return Lead::Rejected;
        }
        if praise.is_match(clause.text) && !(clause.asks && i > 0) {
            let taken_back = clauses.get(i + 1).is_some_and(|next| {
                next.text.starts_with("pero ")
                    || next.text.starts_with("aber ")
                    || doubt.is_match(next.text) && !next.asks
            });
            return if taken_back { Lead::Partly } else { Lead::Confirmed };
        }
    }
    Lead::Unclear
}

/// Short praise or doubt in the first clause, which longer rules do not know.
fn bare(clauses: &[Clause]) -> Option<Lead> {
    let first = clauses.first()?;
    if !first.asks && BARE_PRAISE.is_match(first.text) {
        return match reserved(clauses) {
            Lead::Confirmed if clauses.get(1).is_some_and(|next| BARE_DOUBT.is_match(next.text) && !next.asks) => {
                Some(Lead::Rejected)
            }
            lead => Some(lead),
        };
    }
    BARE_DOUBT.is_match(first.text).then_some(Lead::Rejected)
}

fn judge(clause: &Clause, first: bool) -> Lead {
    let text = clause.text;
    if first && EXCUSE.is_match(text) {
        return Lead::Excused;
    }
    if CONSOLATION.is_match(text) {
        return Lead::Rejected;
    }
    // "Great, so what is three plus four?" confirms at its beginning; "is that correct?" does not.
    let confirmed = CONFIRMATION.find(text).filter(|yes| !clause.asks || (first && yes.start == 0));
    let rejected = REJECTION.find(text);
    match (confirmed, rejected) {
        (None, Some(_)) if clause.asks && PROBE.is_match(text) => Lead::Unclear,
        (Some(yes), Some(no)) if yes.start == 0 && no.start >= yes.end => {
            if RESERVATION.is_match(text) {
                Lead::Partly
            } else {
                Lead::Confirmed
            }
        }
        (_, Some(_)) => Lead::Rejected,
        (Some(_), None) => Lead::Confirmed,
        (None, None) if PROBE.is_match(text) => Lead::Unclear,
        (None, None) if clause.asks && CHALLENGE.is_match(text) => Lead::Doubted,
        (None, None) if !clause.asks && NUDGE.is_match(text) => Lead::Doubted,
        (None, None) => Lead::Unclear,
    }
}

/// A confirmation that the next words take back is half a confirmation.
fn reserved(clauses: &[Clause]) -> Lead {
    let sentence = clauses[0].sentence;
    let taken_back = clauses.iter().enumerate().any(|(i, clause)| {
        let reservation = RESERVATION.find(clause.text).map(|found| found.start);
        if clause.sentence == sentence {
            // "Another way than most, but you still got the correct answer" takes nothing back.
            reservation.is_some() && !(i > 0 && STILL_RIGHT.is_match(clause.text))
                || i == 0 && IN_PART.is_match(clause.text)
                || i > 0 && !clause.asks && CONSOLATION.is_match(clause.text)
        } else {
            // "Good. Plus one point for your effort" does not mean that it is right.
            clause.sentence == sentence + 1
                && (reservation == Some(0) && clauses[i - 1].sentence == sentence
                    || CONSOLATION.is_match(clause.text)
                    || !clause.asks && SETBACK.is_match(clause.text))
        }
    });
    if taken_back { Lead::Partly } else { Lead::Confirmed }
}

#[cfg(test)]
mod tests {
    use super::super::passage::Passage;
    use super::*;

    #[track_caller]
    fn assert_lead(expected: Lead, replies: &[&str]) {
        for reply in replies {
            assert_eq!(Passage::new(&reply.to_lowercase(), Language::English).lead(), expected, "{reply}");
        }
    }

    #[test]
    fn confirmations_are_heard() {
        assert_lead(
            Lead::Confirmed,
            &[
                "Exactly, nice catch. What size of piece could we cut both fractions into?",
                "Yes, sixths. So how many sixths is one half?",
                "Five sixths is right, and you found it yourself.",
                "Perfect, all on your own. Now a trickier one: three quarters minus one sixth.",
                "Correct, and football it is. Last one: simplify six eighths.",
                "You got it!",
            ],
        );
    }

    #[test]
    fn polite_rejections_are_heard() {
        assert_lead(
            Lead::Rejected,
            &[
                "Not quite. How did you get two fifths?",
                "That was a very good try. Plus 1 point for your try.",
                "Almost! Look at the last word.",
                "Good effort. Go ahead and show your work.",
                "Hmm, are you sure?",
                "Please recheck your answer.",
                "No, you need to add.",
                "I'm sorry, that is wrong.",
            ],
        );
    }

    #[test]
    fn half_a_yes_is_no_yes() {
        assert_lead(Lead::Partly, &["That is correct, but you left out the colour.", "Good. But which colour is it?"]);
    }

    #[test]
    fn a_probe_and_a_thank_you_are_no_verdict() {
        assert_lead(
            Lead::Unclear,
            &[
                "Thanks for saying each step. Is two fifths more or less than one half?",
                "I see. How did you get there?",
                "Okay, can you walk me through it?",
            ],
        );
    }

    #[test]
    fn no_problem_excuses() {
        assert_lead(
            Lead::Excused,
            &["No problem, we haven't done simplifying yet.", "That's okay, let's do it together."],
        );
    }
}
