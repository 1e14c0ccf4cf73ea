//! The answers of a session: judged ones by skill, and undecided ones.

use maud::{Markup, html};
use storage::analysis::{EvidenceFinding, Findings, asking_turn};
use storage::evidence::{self, Help, PersonMark, Read};
use storage::session::Session;
use storage::transcript::Turn;

use super::Data;
use crate::auth::Admin;
use crate::parts::answer::{self, Answer, From, Questions};

/// Renders all answers of the analysis by skill, with people's marks, and then the undecided ones.
pub(super) fn list(
    session: &Session,
    findings: &Findings,
    turns: &[Turn],
    marks: &[PersonMark],
    questions: &Questions,
) -> Vec<Answer> {
    let show = |skill_id: &str, turn_no: i32, found: Option<&EvidenceFinding>, given: Option<&PersonMark>| {
        let asking = asking_turn(turns, turn_no).map(|turn| (turn.turn_no, &turn.text[..]));
        let said = turns.iter().find(|turn| turn.turn_no == turn_no).map(|turn| &turn.text[..]);
        let of_skill = questions.get(skill_id).map_or(&[][..], |questions| questions);
        let Read { asked, expected, quote } = evidence::read(asking, said, found, of_skill);
        Answer {
            session_id: session.session_id,
            skill_id: skill_id.to_owned(),
            turn_no,
            at: super::at_of(turns, turn_no),
            quote,
            verdict: given.map_or(found.map(|found| found.verdict), |given| given.mark.verdict),
            help: given.map_or(found.map_or(Help::None, |found| found.help), |given| given.mark.help),
            asked,
            expected,
            changed: given.map(|given| (given.by.clone(), given.at)),
            has_student: session.student_id.is_some(),
            skills: Vec::new(),
        }
    };
    let of_skills = findings.skills.iter().flat_map(|skill| skill.evidence.iter().map(move |found| (skill, found)));
    let mut answers: Vec<Answer> = of_skills
        .map(|(skill, found)| {
            let given = marks.iter().find(|given| given.mark.is_of(&skill.skill_id, found));
            show(&skill.skill_id, found.turn_no, Some(found), given)
        })
        .collect();
    // A person marks a turn for a skill, so two findings in one turn are one answer.
    answers.dedup_by(|a, b| (&a.skill_id, a.turn_no) == (&b.skill_id, b.turn_no));
    let skills = || findings.skills.iter().map(|skill| (skill.skill_id.clone(), skill.name.clone())).collect();
    for undecided in &findings.undecided {
        let turn_no = undecided.turn_no;
        let given: Vec<&PersonMark> = marks.iter().filter(|given| given.mark.turn_no == turn_no).collect();
        answers.extend(given.iter().map(|given| show(&given.mark.skill_id, turn_no, None, Some(given))));
        if given.is_empty() {
            let skill_id = undecided.skill_id.as_deref().unwrap_or_default();
            let answer = show(skill_id, turn_no, None, None);
            let skills = if skill_id.is_empty() { skills() } else { Vec::new() };
            answers.push(Answer { skills, ..answer });
        }
    }
    answers
}

/// Renders the judged answers of one skill, one per row.
pub(super) fn rows(admin: &Admin, data: &Data, skill_id: &str) -> Markup {
    list_of(admin, data.answers.iter().filter(|answer| answer.skill_id == skill_id && !answer.is_undecided()))
}

/// Renders the undecided answers and their number. Renders nothing if there are none.
pub(super) fn undecided(admin: &Admin, data: &Data) -> Markup {
    let undecided = || data.answers.iter().filter(|answer| answer.is_undecided());
    html! {
        @if undecided().next().is_some() {
            div.sec {
                h3 { "Undecided" span.aside { "Mark these answers if you can. Until then they do not count" } }
                (list_of(admin, undecided()))
            }
        }
    }
}

fn list_of<'a>(admin: &Admin, answers: impl Iterator<Item = &'a Answer>) -> Markup {
    let mut answers = answers.peekable();
    html! {
        @if answers.peek().is_some() {
            ul.answers { @for answer in answers { (answer::row(admin, answer, From::Answers)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::analysis::{Mark, SkillFinding, UndecidedAnswer};
    use storage::curriculum::Question;
    use storage::evidence::{Source, Verdict};

    use super::*;

    fn found(reason: &str) -> Findings {
        let evidence = EvidenceFinding {
            turn_no: 1,
            quote: "Is it <one>?".to_owned(),
            verdict: Verdict::Correct,
            help: Help::Hint,
            source: Source::Rules,
            noise: 0.1,
            reason: reason.to_owned(),
        };
        let skill = SkillFinding {
            skill_id: "maths.fractions.add".to_owned(),
            name: "Adding fractions".to_owned(),
            evidence: vec![evidence],
        };
        Findings { skills: vec![skill], ..Findings::default() }
    }

    fn given(verdict: Option<Verdict>) -> PersonMark {
        let mark = Mark { skill_id: "maths.fractions.add".to_owned(), turn_no: 1, verdict, help: Help::None };
        PersonMark { mark, by: Some("admin:dana@example.org".to_owned()), at: "2026-11-20T09:00:00Z".parse().unwrap() }
    }

    fn shown(role: Role, marks: &[PersonMark]) -> String {
        let mut data = super::super::tests::data(Some(found("checked against the question")));
        data.answers =
            list(&data.session, &found("checked against the question"), &data.turns, marks, &Questions::new());
        rows(&Admin::sample(role), &data, "maths.fractions.add").into_string()
    }

    #[test]
    fn an_answer_shows_what_was_asked_and_said_and_its_mark() {
        let shown = shown(Role::Tutor, &[]);
        for part in ["What is one half plus one half?", "Is it &lt;one&gt;?", "Right, after a hint", "Change this mark"]
        {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(shown.contains(r##"href="#t0""##) && !shown.contains("Changed by") && !shown.contains("Undo"));
    }

    #[test]
    fn a_persons_mark_is_shown_with_who_gave_it_and_can_be_undone() {
        let wrong = shown(Role::Tutor, &[given(Some(Verdict::Incorrect))]);
        assert!(
            wrong.contains("Not right yet, without help") && wrong.contains("Changed by dana@example.org"),
            "{wrong}"
        );
        assert!(wrong.contains("Undo"), "{wrong}");
        assert!(shown(Role::Tutor, &[given(None)]).contains("Not an answer"));
    }

    #[test]
    fn a_viewer_sees_the_mark_and_no_form() {
        let shown = shown(Role::Viewer, &[given(None)]);
        assert!(shown.contains("Not an answer") && !shown.contains("<form") && !shown.contains("Change this mark"));
    }

    #[test]
    fn the_right_answer_is_left_out_where_nothing_was_checked() {
        let mut data = super::super::tests::data(None);
        data.turns[0].text = "Good. What is three times eighteen?".to_owned();
        data.turns[1].text = "Fifty-four.".to_owned();
        let of = |reason: &str, questions| {
            list(&data.session, &found(reason), &data.turns, &[], &questions).remove(0).expected
        };
        assert_eq!(of("checked against the question", Questions::new()).as_deref(), Some("54"));
        assert_eq!(of("the tutor confirmed it", Questions::new()), None);
        let ready = Question::new("What is three times eighteen?", "54");
        let of_skill = |id: &str| Questions::from([(id.to_owned(), vec![ready.clone()])]);
        assert_eq!(of("the tutor confirmed it", of_skill("maths.fractions.add")).as_deref(), Some("54"));
        assert_eq!(of("the tutor confirmed it", of_skill("maths.other")), None, "another skill’s question");
    }

    #[test]
    fn an_undecided_answer_can_be_marked_for_a_skill_of_the_call() {
        let undecided_of = |admin: &Admin, data: &Data| undecided(admin, data).into_string();
        let shown = |skill_id: Option<&str>, marks: &[PersonMark]| {
            let undecided = vec![UndecidedAnswer { turn_no: 1, skill_id: skill_id.map(str::to_owned) }];
            let skills = found("").skills.into_iter().map(|skill| SkillFinding { evidence: Vec::new(), ..skill });
            let findings = Findings { skills: skills.collect(), undecided, ..Findings::default() };
            let mut data = super::super::tests::data(None);
            data.answers = list(&data.session, &findings, &data.turns, marks, &Questions::new());
            let admin = Admin::sample(Role::Tutor);
            (undecided_of(&admin, &data), rows(&admin, &data, "maths.fractions.add").into_string())
        };
        let (open, _) = shown(Some("maths.fractions.add"), &[]);
        assert!(
            open.contains("Undecided") && open.contains("Is it &lt;one&gt;?") && !open.contains("<select"),
            "{open}"
        );
        assert!(!open.contains("checked"), "no mark is chosen yet");
        let (open, _) = shown(None, &[]);
        assert!(open.contains(r#"<option value="maths.fractions.add">Adding fractions"#), "{open}");
        let (open, marked) = shown(None, &[given(Some(Verdict::Correct))]);
        assert!(open.is_empty() && marked.contains("Right, without help") && marked.contains("Undo"), "{marked}");
    }
}
