//! One answer: question, answer, expected answer, the mark that counts, and the form that changes it. It is the same on
//! every page. A change takes three clicks, the reason is optional, and no JavaScript is needed.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use storage::curriculum::Question;
use storage::evidence::{Evidence, Exchange, Help, Read, Source, Verdict};
use storage::id::{EvidenceId, SessionId};
use strum::{EnumString, IntoStaticStr};

use super::badge::{badge, verdict_style, verdict_words};
use super::icon::icon_small;
use super::{csrf, person, turn};
use crate::auth::Admin;
use crate::viewer::Viewer;

pub(crate) const MAX_REASON: usize = 300;

pub(crate) const CHOICES: [(&str, Option<Verdict>, &str); 4] = [
    ("correct", Some(Verdict::Correct), "Right"),
    ("partial", Some(Verdict::Partial), "Partly right"),
    ("incorrect", Some(Verdict::Incorrect), "Not right"),
    ("none", None, "Not an answer"),
];

/// The ready-made questions of each skill.
pub(crate) type Questions = BTreeMap<String, Vec<Question>>;

/// One answer, assessed by an analysis or by a person.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) session_id: SessionId,
    /// Empty: the answer is undecided and fits no skill.
    pub(crate) skill_id: String,
    pub(crate) turn_no: i32,
    /// When it was said, such as "1:04".
    pub(crate) at: String,
    pub(crate) quote: String,
    /// The verdict that counts. `None`: it is undecided, or a person marked it as no answer.
    pub(crate) verdict: Option<Verdict>,
    pub(crate) help: Help,
    /// The tutor's question and the turn before the answer.
    pub(crate) asked: Option<(i32, String)>,
    pub(crate) expected: Option<String>,
    /// Who changed the mark and when, if a person did.
    pub(crate) changed: Option<(Option<String>, DateTime<Utc>)>,
    /// Whether the call belongs to a student. Otherwise its answers do not count.
    pub(crate) has_student: bool,
    /// The skills to choose from, with their names, if the answer fits none.
    pub(crate) skills: Vec<(String, String)>,
}

impl Answer {
    /// Whether the answer is undecided.
    pub(crate) fn is_undecided(&self) -> bool {
        self.verdict.is_none() && self.changed.is_none()
    }

    /// The id of its row on the page.
    pub(crate) fn id(&self, from: From) -> String {
        row_id(from, self.session_id, &self.skill_id, self.turn_no)
    }

    fn url(&self, from: From, turn_no: i32) -> String {
        match from {
            From::Answers | From::Transcript => format!("#t{turn_no}"),
            From::Student | From::Skill | From::Review => format!("/sessions/{}#t{turn_no}", self.session_id),
        }
    }
}

/// Returns the answers behind evidence of several calls. `None` for evidence without a turn.
pub(crate) fn of_evidence(
    viewer: &Viewer,
    evidence: &Evidence,
    exchanges: &HashMap<EvidenceId, Exchange>,
    questions: &Questions,
) -> Option<Answer> {
    let exchange = exchanges.get(&evidence.evidence_id)?;
    let of_skill = questions.get(&evidence.skill_id).map_or(&[][..], |questions| questions);
    let Read { asked, expected, quote } = exchange.read(of_skill);
    let day = viewer.day(evidence.observed_at.with_timezone(&viewer.zone).date_naive());
    Some(Answer {
        session_id: evidence.session_id?,
        skill_id: evidence.skill_id.clone(),
        turn_no: evidence.turn_no?,
        at: exchange.offset_ms.map_or(day.clone(), |offset_ms| format!("{day}, {}", turn::at(offset_ms))),
        quote,
        verdict: Some(evidence.verdict),
        help: evidence.help,
        asked,
        expected,
        changed: (evidence.source == Source::Person).then(|| (exchange.by.clone(), exchange.created_at)),
        has_student: true,
        skills: Vec::new(),
    })
}

/// The place of a row. Its form returns there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(crate) enum From {
    /// The analysis of a session.
    Answers,
    Transcript,
    /// The page of a student.
    Student,
    /// The answers of a student to one skill.
    Skill,
    /// The queue of unsure answers.
    Review,
}

impl From {
    pub(crate) const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// Returns the id of an answer's row. On a page about several calls, it includes the session.
pub(crate) fn row_id(from: From, session_id: SessionId, skill_id: &str, turn_no: i32) -> String {
    match from {
        From::Answers => format!("answer-{skill_id}-{turn_no}"),
        From::Transcript => format!("t{turn_no}"),
        From::Student | From::Skill | From::Review => format!("answer-{skill_id}-{session_id}-{turn_no}"),
    }
}

/// Renders a row of a list of answers.
pub(crate) fn row(admin: &Admin, answer: &Answer, from: From) -> Markup {
    html! {
        li id=(answer.id(from)) {
            dl {
                @if let Some((turn_no, question)) = &answer.asked {
                    dt { "Asked" } dd { a.link href=(answer.url(from, *turn_no)) { (question) } }
                }
                dt { "Said" }
                dd.said {
                    @if !answer.quote.is_empty() { "“" (answer.quote) "” " }
                    a.link.sm href=(answer.url(from, answer.turn_no)) { span.vh { "Turn at " } (answer.at) }
                }
                @if let Some(expected) = &answer.expected { dt { "Expected" } dd { (expected) } }
                dt { "Mark" } dd { (mark(answer)) }
            }
            (changed(admin, answer))
            (form(admin, answer, from))
        }
    }
}

/// Returns the label of the mark that counts.
pub(crate) fn mark(answer: &Answer) -> Markup {
    match answer.verdict {
        Some(verdict) => {
            let (class, icon) = verdict_style(verdict);
            badge(class, icon, verdict_words(verdict, answer.help))
        }
        None if answer.is_undecided() => badge("", "circle-dashed", "Undecided"),
        None => badge("", "minus", "Not an answer"),
    }
}

/// Renders "Changed by dana@example.org, today 14:02".
pub(crate) fn changed(admin: &Admin, answer: &Answer) -> Markup {
    html! {
        @if let Some((by, at)) = &answer.changed {
            p.xs.faint { "Changed by " (by.as_deref().map_or_else(|| "a person".to_owned(), person)) ", " (admin.viewer.time(*at)) }
        }
    }
}

/// Renders "Change this mark" and, after a change by a person, "Undo". Renders nothing for people who may not write.
pub(crate) fn form(admin: &Admin, answer: &Answer, from: From) -> Markup {
    let has_skill = !answer.skill_id.is_empty() || !answer.skills.is_empty();
    if !admin.may_write() || !answer.has_student || !has_skill {
        return html! {};
    }
    let action = format!("/sessions/{}/marks", answer.session_id);
    let at = &answer.at;
    let place = html! {
        (csrf(admin))
        input type="hidden" name="turn_no" value=(answer.turn_no);
        input type="hidden" name="from" value=(from.as_str());
        @if !answer.skill_id.is_empty() { input type="hidden" name="skill_id" value=(answer.skill_id); }
    };
    html! {
        div.mark-form {
            details {
                summary { (icon_small("pencil")) "Change this mark" span.vh { ": answer at " (at) } }
                form method="post" action=(action) {
                    (place)
                    fieldset {
                        legend.vh { "Mark of the answer at " (at) }
                        @for (value, verdict, words) in CHOICES {
                            @let is_current = !answer.is_undecided() && verdict == answer.verdict;
                            label.check { input type="radio" name="verdict" value=(value) required checked[is_current]; (words) }
                        }
                    }
                    @if answer.skill_id.is_empty() {
                        select.input.small name="skill_id" aria-label="Skill" {
                            @for (skill_id, name) in &answer.skills { option value=(skill_id) { (name) } }
                        }
                    }
                    div.row {
                        input.input.small.grow name="reason" maxlength=(MAX_REASON) autocomplete="off" placeholder="Reason (optional)" aria-label="Reason (optional)";
                        button.btn.small.primary { "Save" }
                    }
                }
            }
            @if answer.changed.is_some() {
                form method="post" action=(action) {
                    (place)
                    button.undo name="undo" value="yes" { (icon_small("x")) "Undo" span.vh { " the change at " (at) } }
                }
            }
        }
    }
}
