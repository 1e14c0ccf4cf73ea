//! The card of the analysis: each result with its source and the turns that it rests on.

use maud::{Markup, html};
use storage::analysis::{
    Analysis, EngagementLevel, EvidenceFinding, Figures, Findings, MisconceptionFinding, SkillFinding,
};
use storage::evidence::{Help, Verdict};
use storage::session::SessionStatus;
use storage::transcript::Turn;

use super::{Data, answers, at_of, attempts};
use crate::auth::Admin;
use crate::figures;
use crate::parts::badge;
use crate::parts::csrf;
use crate::parts::icon::icon_small;

pub(super) fn card(admin: &Admin, data: &Data) -> Markup {
    html! {
        section.card aria-labelledby="analysis" id="analysis-card" {
            header {
                h2 id="analysis" { "Analysis" }
                @match (&data.analysis, data.session.status) {
                    (Some(analysis), SessionStatus::Analyzed) => (badge::analysis(analysis.status)),
                    _ => (super::status_badge(&data.session)),
                }
                @if admin.may_write() && data.session.status != SessionStatus::InProgress { (retry_form(admin, data)) }
            }
            @if let Some(analysis) = &data.analysis { (findings(admin, data, analysis)) } @else { (waiting(data.session.status)) }
            (attempts::section(&admin.viewer, data))
            (attempts::earlier(&admin.viewer, data))
            @if admin.may_write() && data.analysis.is_some() {
                footer { a.link href={ "/sessions/" (data.session.session_id) "/analysis.json" } { "Raw result" } }
            }
        }
    }
}

fn retry_form(admin: &Admin, data: &Data) -> Markup {
    let word = if data.session.status == SessionStatus::NeedsAttention { "Retry" } else { "Run again" };
    html! {
        div.actions {
            form method="post" action={ "/sessions/" (data.session.session_id) "/analysis/retry" } {
                (csrf(admin))
                button.btn.small { (icon_small("rotate-cw")) (word) span.vh { " the analysis" } }
            }
        }
    }
}

fn waiting(status: SessionStatus) -> Markup {
    let (what, safe) = match status {
        SessionStatus::InProgress => ("Follows after the call.", "The analysis takes a few seconds."),
        SessionStatus::Received => {
            ("Waiting for a worker.", "The report is stored. Nothing is lost if this takes a while.")
        }
        SessionStatus::Analyzing => ("In progress.", "This usually takes a few seconds."),
        SessionStatus::Analyzed => ("No analysis.", "The call was too short to analyse."),
        SessionStatus::NeedsAttention => (
            "Analysis failed.",
            "The transcript is safe and no level was changed. Retry, or read the transcript yourself.",
        ),
    };
    html! { div.sec { p { b { (what) } } p.sm.muted { (safe) } } }
}

fn findings(admin: &Admin, data: &Data, analysis: &Analysis) -> Markup {
    let Findings { summary, limits, figures, skills, misconceptions, .. } = &analysis.findings;
    html! {
        div.sec { div.prose { p { (summary) } } }
        @if !analysis.findings.safety_flags.is_empty() { (to_read(data, &analysis.findings)) }
        @if !skills.is_empty() {
            div.sec {
                h3 { "Skills" span.aside { (skills.len()) " discussed" } }
                ul.skillev { @for skill in skills { (skill_line(admin, data, skill)) } }
            }
        }
        (answers::undecided(admin, data))
        @if !analysis.findings.promised.is_empty() {
            div.sec {
                h3 { "Promised for the next call" }
                ul.stack { @for promise in &analysis.findings.promised {
                    li.row { span.grow { (promise.name) } (turn_tag(&data.turns, promise.turn_no, "message-square")) }
                } }
            }
        }
        @if !analysis.findings.helped_by.is_empty() {
            div.sec {
                h3 { "What helped" span.aside { "The next answer was right" } }
                ul.stack { @for help in &analysis.findings.helped_by {
                    li.row {
                        span.grow { (help.name) ": " (help.means) }
                        (turn_tag(&data.turns, help.turn_no, "message-square"))
                    }
                } }
            }
        }
        @if !analysis.findings.other_topics.is_empty() {
            div.sec {
                h3 { "Not in the curriculum" span.aside { "Kept, but not evidence of a skill" } }
                ul.bul { @for topic in &analysis.findings.other_topics { li { (topic.told()) } } }
            }
        }
        @if !analysis.findings.disputes.is_empty() {
            div.sec {
                h3 { "Please check" span.aside { "Nothing was recorded for these answers" } }
                ul.stack { @for dispute in &analysis.findings.disputes {
                    li.row { span.grow { (dispute.reason) } (turn_tag(&data.turns, dispute.turn_no, "message-square")) }
                } }
            }
        }
        @if !misconceptions.is_empty() {
            div.sec {
                h3 { "Misconceptions" span.aside { (misconceptions.len()) " seen" } }
                div.stack { @for misconception in misconceptions { (misconception_line(&data.turns, misconception)) } }
            }
        }
        (engagement(&analysis.findings, figures))
        @if let Some(lesson) = &analysis.findings.next_lesson {
            div.sec {
                h3 { "Next lesson" }
                p { (lesson.goal) }
                ol.plan { @for step in &lesson.steps { li { span { (step) } } } }
            }
        }
        (requests(data, &analysis.findings))
        (judged_by(analysis, limits))
    }
}

/// Renders links to turns that a person should read, without their category.
fn to_read(data: &Data, findings: &Findings) -> Markup {
    html! {
        div.sec {
            h3 { span.bad { (icon_small("flag")) } "Possible concern: please read" }
            div.tags { @for flag in &findings.safety_flags { (turn_tag(&data.turns, flag.turn_no, "flag")) } }
        }
    }
}

fn skill_line(admin: &Admin, data: &Data, skill: &SkillFinding) -> Markup {
    html! {
        li {
            div.h { b { (skill.name) } span.tag.mono { (skill.skill_id) } }
            div.change { span { (told(skill)) } @if let Some(gain) = data.gains.get(&skill.skill_id) { (change(*gain)) } }
            (answers::rows(admin, data, &skill.skill_id))
        }
    }
}

/// Renders the change of the estimate by this call.
fn change(gain: f64) -> Markup {
    let shown = format!("{gain:+.2}");
    let (class, mark, word) = match &shown[..] {
        "+0.00" | "-0.00" => ("faint", "minus", "Estimate unchanged"),
        _ if gain > 0.0 => ("good", "trending-up", "Estimate"),
        _ => ("bad", "trending-down", "Estimate"),
    };
    html! { span.nowrap { span class=(class) { (icon_small(mark)) } " " (word) @if class != "faint" { " " b { (shown.replace('-', "−")) } } } }
}

/// Returns "3 right, 2 of them without help; 1 not right yet".
fn told(skill: &SkillFinding) -> String {
    let n = |verdict| skill.evidence.iter().filter(|evidence| evidence.verdict == verdict).count();
    let (right, partly, wrong) = (n(Verdict::Correct), n(Verdict::Partial), n(Verdict::Incorrect));
    let is_unaided = |evidence: &&EvidenceFinding| evidence.verdict == Verdict::Correct && evidence.help == Help::None;
    let unaided = skill.evidence.iter().filter(is_unaided).count();
    let mut parts = Vec::new();
    if right > 0 {
        let help = match unaided {
            0 => "with help".to_owned(),
            n if n == right => "without help".to_owned(),
            n => format!("{n} of them without help"),
        };
        parts.push(format!("{right} right, {help}"));
    }
    if partly > 0 {
        parts.push(format!("{partly} partly right"));
    }
    if wrong > 0 {
        parts.push(format!("{wrong} not right yet"));
    }
    if parts.is_empty() { "Discussed, not assessed".to_owned() } else { parts.join("; ") }
}

fn misconception_line(turns: &[Turn], misconception: &MisconceptionFinding) -> Markup {
    html! {
        div.mis {
            div.row {
                b.grow { (misconception.belief) }
                @if misconception.resolved { (badge::badge("good", "check", "Overcome")) }
            }
            p.quote { "“" (misconception.quote) "”" }
            (turn_tag(turns, misconception.turn_no, "message-square"))
        }
    }
}

fn engagement(findings: &Findings, figures: &Figures) -> Markup {
    let level = findings.engagement.as_ref().map(|engagement| match engagement.level {
        EngagementLevel::Low => "Low",
        EngagementLevel::Medium => "Medium",
        EngagementLevel::High => "High",
    });
    html! {
        div.sec {
            h3 { "Engagement" @if let Some(level) = level { span.aside { (level) } } }
            dl.dl.end {
                dt { "Student’s share of words" } dd { (figures::percent(figures.student_talk_share)) }
                dt { "Longest silence" } dd { (figures::wait(figures.longest_silence_seconds.round() as i64)) }
                dt { "Questions the student asked" } dd { (figures.n_student_questions) }
                dt { "Answers" } dd { (figures.n_answers) }
                dt { "Right" } dd { (figures.n_answers_correct) }
                dt { "Right without help" } dd { (figures.n_answers_correct_unaided) }
                @if figures.n_answers_undecided > 0 { dt { "Undecided" } dd { (figures.n_answers_undecided) } }
                dt { "Asked for a hint" } dd { (figures.n_hint_requests) }
                @if let Some(engagement) = &findings.engagement { dt { "Mood" } dd { (engagement.mood) } }
            }
        }
    }
}

fn requests(data: &Data, findings: &Findings) -> Markup {
    html! {
        @if !findings.requests.is_empty() {
            div.sec {
                h3 { "What the student asked for" }
                ul.stack { @for request in &findings.requests {
                    li.row { span.grow.say-s { "“" (request.text) "”" } (turn_tag(&data.turns, request.turn_no, "message-square")) }
                } }
            }
        }
    }
}

fn judged_by(analysis: &Analysis, limits: &[String]) -> Markup {
    html! {
        div.sec {
            h3 { "Analysed by" }
            p.sm { (analysis.findings.judged_by) }
            p.sm.faint {
                "In " (duration(analysis.duration_ms))
                @if let Some(model) = &analysis.model { ", model " code { (model) } }
                @if let (Some(input), Some(output)) = (analysis.input_tokens, analysis.output_tokens) {
                    ", " (figures::count(i64::from(input) + i64::from(output))) " tokens"
                }
                "."
            }
            @if !limits.is_empty() {
                h4.sm.limits { "Limits of this analysis" }
                ul.bul.sm.muted { @for limit in limits { li { (limit) } } }
            }
        }
    }
}

fn duration(duration_ms: i32) -> String {
    if duration_ms < 1000 { format!("{duration_ms} ms") } else { figures::wait(i64::from(duration_ms) / 1000) }
}

fn turn_tag(turns: &[Turn], turn_no: i32, mark: &str) -> Markup {
    html! { a.tag href={ "#t" (turn_no) } { (icon_small(mark)) span.vh { "Turn at " } (at_of(turns, turn_no)) } }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::analysis::SafetyFlag;
    use storage::evidence::Source;

    use super::*;

    fn evidence(turn_no: i32, verdict: Verdict, help: Help) -> EvidenceFinding {
        EvidenceFinding {
            turn_no,
            quote: "Is it".to_owned(),
            verdict,
            help,
            source: Source::Rules,
            noise: 0.1,
            reason: "the tutor confirmed it".to_owned(),
        }
    }

    fn skill(evidence: Vec<EvidenceFinding>) -> SkillFinding {
        SkillFinding { skill_id: "maths.fractions.add".to_owned(), name: "Adding fractions".to_owned(), evidence }
    }

    fn sample() -> Findings {
        Findings {
            judged_by: "built-in rules, version 1; no language model was used".to_owned(),
            summary: "Added fractions.".to_owned(),
            limits: vec!["Tone of voice".to_owned()],
            figures: Figures::default(),
            skills: vec![skill(vec![evidence(1, Verdict::Correct, Help::None)])],
            misconceptions: Vec::new(),
            engagement: None,
            requests: Vec::new(),
            facts: Vec::new(),
            safety_flags: vec![SafetyFlag { category: "bullying".to_owned(), turn_no: 1 }],
            tutoring: None,
            introduction: None,
            next_lesson: None,
            ..Findings::default()
        }
    }

    #[test]
    fn every_judgement_leads_to_its_turn_and_says_who_judged() {
        let data = super::super::tests::data(Some(sample()));
        let shown = card(&Admin::sample(Role::Tutor), &data).into_string();
        assert!(shown.contains(r##"href="#t1""##) && shown.contains("0:10"));
        assert!(shown.contains("no language model was used") && shown.contains("Tone of voice"));
        assert!(shown.contains("/analysis/retry"));
    }

    #[test]
    fn a_skill_says_by_how_much_the_call_changed_its_estimate() {
        let shown = |gain: f64| {
            let mut data = super::super::tests::data(Some(sample()));
            data.gains.insert("maths.fractions.add".to_owned(), gain);
            card(&Admin::sample(Role::Tutor), &data).into_string()
        };
        assert!(shown(0.127).contains("<b>+0.13</b>") && shown(-0.041).contains("<b>−0.04</b>"));
        assert!(shown(-0.001).contains("Estimate unchanged"));
    }

    #[test]
    fn what_a_person_should_read_is_pointed_at_and_not_summed_up() {
        let data = super::super::tests::data(Some(sample()));
        let shown = card(&Admin::sample(Role::Viewer), &data).into_string();
        assert!(shown.contains("Possible concern: please read") && !shown.contains("bullying"));
        assert!(!shown.contains("/analysis/retry"));
    }

    #[test]
    fn what_a_skill_showed_is_told_in_words() {
        use Help::{Hint, None};
        use Verdict::{Correct, Incorrect};
        let of = |list: &[(Verdict, Help)]| told(&skill(list.iter().map(|(v, h)| evidence(1, *v, *h)).collect()));
        assert_eq!(
            of(&[(Correct, None), (Correct, Hint), (Incorrect, None)]),
            "2 right, 1 of them without help; 1 not right yet"
        );
        assert_eq!(of(&[(Correct, Hint)]), "1 right, with help");
        assert_eq!(of(&[]), "Discussed, not assessed");
    }
}
