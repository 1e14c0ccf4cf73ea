//! From what was prepared, and the hour, to what is said. Pure.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::estimate::{Estimate, NewSkill, due_skills};
use super::plan::{self, Basis};
use super::speech::{Opening, Speech};
use super::step::PlanStep;
use super::{
    Belief, Choice, ContextStatus, ContextStudent, GOAL, LastCall, Prepared, PreparedFact, StudentContext, clip, days,
    in_speech,
};
use crate::analysis::{TopicFinding, day_name};
use crate::assurance::CodeKind;
use crate::id::StudentId;
use crate::learner::{self, MasteryState};

/// Limits of facts, and of facts of one kind.
const MAX_FACTS: usize = 5;
const MAX_FACTS_OF_KIND: usize = 2;
/// Limits of requests and promises.
const MAX_OPEN: usize = 2;
/// The limit of the plan's skills that mention that help was needed.
const MAX_HELPED: usize = 2;

/// The limit in bytes of a first name, because a name from the database could fill the whole budget. Also applies to a
/// skill's name in the opening line.
const MAX_FIRST_NAME: usize = 60;
const MAX_SPOKEN: usize = 80;

/// All that is known of one student.
pub(super) struct Known<'a> {
    pub student_id: StudentId,
    pub first_name: String,
    pub grade: Option<i16>,
    pub language: String,
    /// Calendar days are those of the student.
    pub zone: Tz,
    pub guidance: Option<String>,
    pub prepared: Prepared,
    pub mastery: Vec<Estimate<'a>>,
    pub new: Vec<NewSkill<'a>>,
}

impl Known<'_> {
    /// What is to be practised today, first things first.
    pub(super) fn steps(&self, now: DateTime<Utc>) -> Vec<PlanStep> {
        self.basis(now).steps()
    }

    fn basis(&self, now: DateTime<Utc>) -> Basis<'_> {
        Basis { mastery: &self.mastery, new: &self.new, prepared: &self.prepared, zone: self.zone, now }
    }
}

fn empty(status: ContextStatus, say_first: String, note: &str, now: DateTime<Utc>) -> StudentContext {
    StudentContext {
        v: 1,
        as_of: now,
        status,
        say_first,
        note: note.to_owned(),
        analysis: None,
        student: None,
        choose_from: Vec::new(),
        ask_for: Vec::new(),
        plan: None,
        due: Vec::new(),
        watch: Vec::new(),
        last_call: None,
        how: Vec::new(),
        strong: Vec::new(),
        facts: Vec::new(),
        rules: Speech::English.rules().map(str::to_owned).to_vec(),
    }
}

/// The context for a caller whose number was withheld or is unknown.
pub fn unknown(now: DateTime<Utc>) -> StudentContext {
    let say_first = "Hello, I am your tutor! I think we have not met yet. What is your first name, and what would you \
                     like to work on today?";
    let note = "Unknown caller: no student has this number. Teach as with anyone new; the call is kept and \
                can be assigned to a student later.";
    StudentContext {
        ask_for: ["first name", "grade", "topic"].map(str::to_owned).to_vec(),
        ..empty(ContextStatus::New, say_first.to_owned(), note, now)
    }
}

/// The context for a caller who has not given the code that the organisation asks for. It is the same whether or not
/// anybody is registered with the number.
pub fn unverified(missing: CodeKind, now: DateTime<Utc>) -> StudentContext {
    let words = missing.words();
    let say_first = format!(
        "Hello, I am your tutor! Please tell me your first name and {} {words}.",
        match missing {
            CodeKind::Pin => "your",
            CodeKind::GuardianCode => "the",
        }
    );
    let note = format!(
        "Not verified: ask the caller for their first name and the {words}, then call verify_caller with both. Until then \
         nothing is told about any student. A caller without a {words} is taught as anybody new."
    );
    StudentContext {
        ask_for: vec!["first name".to_owned(), words.to_owned()],
        ..empty(ContextStatus::Unverified, say_first, &note, now)
    }
}

pub(super) fn blocked(now: DateTime<Utc>) -> StudentContext {
    let say_first = "Hello! I cannot give a lesson on this number at the moment. Please ask the person who set up your \
                     account to get in touch with us. Goodbye!";
    let note =
        "Blocked: a person decided that this student is not tutored by phone now. Say the line and end the call.";
    empty(ContextStatus::Blocked, say_first.to_owned(), note, now)
}

pub(super) fn choose(mut choices: Vec<Choice>, now: DateTime<Utc>) -> StudentContext {
    for choice in &mut choices {
        clip(&mut choice.first_name, MAX_FIRST_NAME);
    }
    let names: Vec<&str> = choices.iter().map(|choice| &choice.first_name[..]).collect();
    let say_first = match &names[..] {
        [] => return blocked(now),
        [only] => format!("Hello! Is this {only}?"),
        [some @ .., last] => format!("Hello! Is this {} or {last}?", some.join(", ")),
    };
    let note = "Several students call from this number. Ask who it is, then call identify_student, and then get_student_context again.";
    StudentContext { choose_from: choices, ..empty(ContextStatus::Choose, say_first, note, now) }
}

pub(super) fn known(mut known: Known<'_>, now: DateTime<Utc>) -> StudentContext {
    clip(&mut known.first_name, MAX_FIRST_NAME);
    let due = due_skills(&known.mastery, 3, now);
    let basis = known.basis(now);
    let steps = basis.steps();
    let speech = Speech::of(&known.language, known.prepared.language.as_deref());
    let plan = basis.plan(&steps, speech);
    let say_first = if known.prepared.n_calls == 0 {
        speech.welcome(&known.first_name)
    } else {
        speech.welcome_back(&known.first_name, &opening(&basis, &steps))
    };
    let helped = helped(&known.prepared, &steps);
    let Known { zone, prepared, mastery, .. } = known;
    let watch = prepared.watch.iter().map(|belief| Belief {
        belief: belief.belief.clone(),
        seen: belief.seen,
        last: belief.last_seen_at.map(|at| days::past(at, zone, now)),
    });
    let unjudged = prepared.language.as_deref().filter(|code| !matches!(*code, "en" | "es" | "de"));
    let unjudged = unjudged.map(|code| format!("The last call was in {}, not judged", domain::language::name(code)));
    let mood = prepared.mood.as_deref().filter(|mood| *mood != "neutral");
    let mood = mood.map(|mood| format!("Mood at the end of the last call: {mood}"));
    let how = known.guidance.into_iter().chain(unjudged).chain(helped).chain(mood);
    StudentContext {
        analysis: prepared.analysis,
        student: Some(ContextStudent {
            student_id: known.student_id,
            first_name: known.first_name,
            grade: known.grade,
            language: known.language,
            n_calls: prepared.n_calls,
            last_call: prepared.last_call_at.map(|at| days::past(at, zone, now)),
        }),
        plan,
        due,
        watch: watch.collect(),
        how: how.collect(),
        strong: strong(&mastery, now),
        facts: facts(&prepared.facts, zone, now),
        last_call: prepared.last_call.map(|call| LastCall {
            open: open(&prepared.requests, zone, now),
            promised: prepared.promised.iter().map(|promise| promise.skill.clone()).take(MAX_OPEN).collect(),
            ..call
        }),
        rules: speech.rules().map(str::to_owned).to_vec(),
        ..empty(ContextStatus::Known, say_first, speech.note(prepared.n_calls == 0), now)
    }
    .fit()
}

fn opening(basis: &Basis<'_>, steps: &[PlanStep]) -> Opening {
    let spoken = |name: &String| {
        let mut name = in_speech(name);
        clip(&mut name, MAX_SPOKEN);
        name
    };
    let last_call = basis.prepared.last_call.as_ref();
    // "Photosynthesis: 2 of 3 right".
    let topics = last_call.into_iter().flat_map(|call| &call.also).filter_map(|told| told.split(':').next());
    let topic = topics.into_iter().find(|topic| !topic.eq_ignore_ascii_case(TopicFinding::OTHER));
    Opening {
        practised: last_call.and_then(|call| call.practised.first()).map(|practised| spoken(&practised.skill)),
        talked: topic.map(|topic| spoken(&topic.to_owned())),
        test: basis.next_test().map(|(_, day)| (day, days::days_until(day, basis.zone, basis.now))),
        first: steps.first().map(|step| spoken(&step.skill)),
    }
}

/// Where help was needed, and what helped, of the skills that are planned.
fn helped(prepared: &Prepared, steps: &[PlanStep]) -> Vec<String> {
    let told = steps.iter().filter_map(|step| {
        let needed = prepared.helped.iter().find(|of| of.skill_id == step.skill_id);
        let worked = prepared.worked.iter().find(|of| of.skill_id == step.skill_id);
        let skill = in_speech(&step.skill);
        let needed =
            needed.map(|of| format!("Needed help with {} of the last {} answers: {skill}", of.n_helped, of.n_answers));
        match (needed, worked.map(|of| &of.means)) {
            (None, None) => None,
            (Some(needed), None) => Some(needed),
            (None, Some(means)) => Some(format!("What helped with {skill}: {means}")),
            (Some(needed), Some(means)) => Some(format!("{needed}. What helped: {means}")),
        }
    });
    told.take(MAX_HELPED).collect()
}

/// Whether a fact or a request still holds; one about a day goes when the day is over.
fn holds(fact: &PreparedFact, zone: Tz, now: DateTime<Utc>) -> bool {
    fact.expires_at > now && fact.on_date.is_none_or(|day| days::days_until(day, zone, now) >= 0)
}

/// What is known of the student's life and still holds: the goal, what has a date, and then what changes a lesson most.
fn facts(facts: &[PreparedFact], zone: Tz, now: DateTime<Utc>) -> Vec<String> {
    const KINDS: [&str; 5] = ["goal", "preference", "interest", "study_context", "schedule"];
    let kind = |fact: &PreparedFact| KINDS.iter().position(|kind| *kind == fact.kind).unwrap_or(KINDS.len());
    let mut held: Vec<&PreparedFact> = facts.iter().filter(|fact| holds(fact, zone, now)).collect();
    // The goal first, then the dates; the sort keeps the newest first.
    held.sort_by_key(|fact| (fact.kind != "goal", fact.on_date.is_none(), fact.on_date, kind(fact)));
    let mut n_of_kind = [0; KINDS.len() + 1];
    held.retain(|fact| {
        let n = &mut n_of_kind[kind(fact)];
        *n += 1;
        *n <= MAX_FACTS_OF_KIND
    });
    held.into_iter().take(MAX_FACTS).map(|fact| told(fact, zone, now)).collect()
}

fn told(fact: &PreparedFact, zone: Tz, now: DateTime<Utc>) -> String {
    let text = plan::goal_text(&fact.text);
    if fact.kind == "goal" {
        let by = fact.on_date.map(|day| format!(", by {}", day_name(day))).unwrap_or_default();
        return format!("{GOAL}{text}{by}");
    }
    let Some(day) = fact.on_date else { return text.to_owned() };
    // A person may have worded it without the day.
    let on = if text.contains(" on ") || text.contains(" week of ") {
        String::new()
    } else {
        format!(" on {}", day_name(day))
    };
    let near = match days::days_until(day, zone, now) {
        0 => " (today)",
        1 => " (tomorrow)",
        _ => "",
    };
    format!("{text}{on}{near}")
}

/// What the student asked for and was not granted yet.
fn open(requests: &[PreparedFact], zone: Tz, now: DateTime<Utc>) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for request in requests.iter().filter(|request| holds(request, zone, now)) {
        if open.len() < MAX_OPEN && !open.contains(&request.text) {
            open.push(request.text.clone());
        }
    }
    open
}

fn strong(mastery: &[Estimate<'_>], now: DateTime<Utc>) -> Vec<String> {
    let mastered = |estimate: &&Estimate<'_>| learner::state_word(&estimate.state, now) == MasteryState::Mastered;
    mastery.iter().filter(mastered).map(|estimate| estimate.skill.name.clone()).take(3).collect()
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::curriculum::{Question, Skill};
    use crate::student_context::estimate::{samples, until};
    use crate::student_context::{MAX_TOKENS, Practised, PreparedBelief, PreparedHelp, PreparedSkill, PreparedWorked};

    fn now() -> DateTime<Utc> {
        "2026-11-22T17:30:00Z".parse().unwrap()
    }

    fn estimate(skill_id: &str, knowledge: f64, days_ago: i64) -> Estimate<'static> {
        samples::estimate(fractions(skill_id), knowledge, now() - Duration::days(days_ago))
    }

    fn fractions(skill_id: &str) -> Skill {
        Skill {
            name: "Add fractions, unlike denominators".to_owned(),
            questions: vec![Question::new("What is one half plus one third?", "5/6")],
            ..samples::skill(skill_id)
        }
    }

    fn maya(prepared: Prepared, mastery: Vec<Estimate<'_>>) -> Known<'_> {
        Known {
            student_id: StudentId::new(),
            first_name: "Maya".to_owned(),
            grade: Some(5),
            language: "en".to_owned(),
            zone: Tz::UTC,
            guidance: None,
            prepared,
            mastery,
            new: Vec::new(),
        }
    }

    fn belief(text: String) -> PreparedBelief {
        PreparedBelief { belief: text, seen: 99, skill_id: Some("m".to_owned()), last_seen_at: Some(now()) }
    }

    fn fact(text: String, expires_at: DateTime<Utc>) -> PreparedFact {
        PreparedFact {
            kind: "goal".to_owned(),
            text,
            on_date: None,
            expires_at,
            skill_ids: Vec::new(),
            subject_id: None,
        }
    }

    fn of_kind(kind: &str, text: &str, on_date: Option<&str>) -> PreparedFact {
        let on_date = on_date.map(|day| day.parse().unwrap());
        PreparedFact { kind: kind.to_owned(), on_date, ..fact(text.to_owned(), now() + Duration::days(9)) }
    }

    fn last_call(practised: Vec<Practised>) -> LastCall {
        LastCall {
            session_id: crate::id::SessionId::new(),
            summary: "10 min.".to_owned(),
            practised,
            open: Vec::new(),
            promised: Vec::new(),
            also: Vec::new(),
        }
    }

    #[test]
    fn what_is_known_is_told_by_the_calendar() {
        let prepared = Prepared {
            n_calls: 2,
            last_call_at: Some(now() - Duration::days(2)),
            watch: vec![PreparedBelief {
                last_seen_at: Some(now() - Duration::days(5)),
                ..belief("adds tops".to_owned())
            }],
            facts: vec![
                of_kind("schedule", "has a maths test on Friday 27 November", Some("2026-11-27")),
                of_kind("schedule", "has a quiz on Saturday 21 November", Some("2026-11-21")),
                of_kind("interest", "likes football", None),
                of_kind("goal", "wants to get better at maths", None),
            ],
            language: Some("pt".to_owned()),
            ..Prepared::default()
        };
        let context = known(maya(prepared, vec![estimate("maths.f", 0.5, 3)]), now());
        assert_eq!(
            context.facts,
            ["Goal: wants to get better at maths", "has a maths test on Friday 27 November", "likes football"]
        );
        assert_eq!(context.watch[0].last.as_deref(), Some("on Tuesday 17 November (5 days ago)"));
        assert_eq!(context.student.unwrap().last_call.as_deref(), Some("on Friday 20 November (2 days ago)"));
        assert_eq!(context.how, ["The last call was in Portuguese, not judged"]);
        assert_eq!(context.plan.unwrap().goal, "Be ready for the maths test on Friday 27 November");
        assert!(context.say_first.contains("Your test is on Friday 27 November"), "{}", context.say_first);
    }

    #[test]
    fn a_day_that_is_near_is_called_so_and_one_that_is_over_is_not_told() {
        let prepared = Prepared {
            n_calls: 1,
            last_call: Some(last_call(Vec::new())),
            facts: vec![
                of_kind("schedule", "has a test on Monday 23 November", Some("2026-11-23")),
                of_kind("schedule", "has a match on Sunday 22 November", Some("2026-11-22")),
            ],
            requests: vec![
                of_kind("call_back", "asked for a call back on Saturday 21 November", Some("2026-11-21")),
                of_kind("call_back", "asked for a call back on Tuesday 24 November", Some("2026-11-24")),
                of_kind("practise", "asked to practise fractions next time", None),
                of_kind("practise", "asked to practise fractions next time", None),
            ],
            ..Prepared::default()
        };
        let context = known(maya(prepared.clone(), Vec::new()), now());
        assert_eq!(
            context.facts,
            ["has a match on Sunday 22 November (today)", "has a test on Monday 23 November (tomorrow)"]
        );
        assert!(context.say_first.contains("Your test is tomorrow."), "{}", context.say_first);
        assert_eq!(
            context.last_call.unwrap().open,
            ["asked for a call back on Tuesday 24 November", "asked to practise fractions next time"]
        );
        let later = known(maya(prepared, Vec::new()), now() + Duration::days(3));
        assert!(later.facts.is_empty() && !later.say_first.contains("test"), "{later:?}");
        assert_eq!(later.last_call.unwrap().open, ["asked to practise fractions next time"]);
    }

    #[test]
    fn the_opening_asks_what_the_plan_begins_with() {
        let practised = Practised {
            skill_id: "maths.other".to_owned(),
            skill: "Times tables".to_owned(),
            n_correct: 1,
            n_incorrect: 0,
            n_with_help: 0,
            turns: vec![1],
        };
        let prepared = Prepared { n_calls: 1, last_call: Some(last_call(vec![practised])), ..Prepared::default() };
        let context = known(maya(prepared.clone(), vec![estimate("maths.f", 0.5, 3)]), now());
        assert_eq!(
            context.say_first,
            "Welcome back, Maya! Last time we worked on times tables. Shall we start with a quick question on add \
             fractions, unlike denominators?"
        );
        assert_eq!(context.plan.unwrap().skill_ids, ["maths.f"]);
        // What has no name is not spoken of.
        let also = ["Another topic: 4 of 5 right", "Photosynthesis: 2 of 3 right"].map(str::to_owned).to_vec();
        let call = LastCall { also, ..last_call(Vec::new()) };
        let context = known(maya(Prepared { last_call: Some(call), ..prepared }, Vec::new()), now());
        assert!(context.say_first.contains("Last time we talked about photosynthesis."), "{}", context.say_first);
    }

    #[test]
    fn help_is_told_of_what_is_planned() {
        let help = |skill_id: &str| PreparedHelp {
            skill_id: skill_id.to_owned(),
            skill: "Add fractions".to_owned(),
            n_helped: 3,
            n_answers: 5,
        };
        let prepared =
            Prepared { n_calls: 1, helped: vec![help("maths.f"), help("maths.gone")], ..Prepared::default() };
        let context = known(maya(prepared, vec![estimate("maths.f", 0.5, 3)]), now());
        assert_eq!(context.how, ["Needed help with 3 of the last 5 answers: add fractions, unlike denominators"]);
    }

    #[test]
    fn the_opening_is_in_the_students_language() {
        let spanish = Known { language: "es-MX".to_owned(), ..maya(Prepared::default(), Vec::new()) };
        let context = known(spanish, now());
        assert!(context.say_first.starts_with("¡Hola, Maya!") && context.note.contains("español"), "{context:?}");
        let german = Prepared { n_calls: 1, language: Some("de".to_owned()), ..Prepared::default() };
        assert!(known(maya(german, Vec::new()), now()).say_first.starts_with("Schön"));
    }

    #[test]
    fn an_unknown_caller_gets_an_opening_line_and_what_to_ask() {
        let context = unknown(now());
        assert_eq!(context.status, ContextStatus::New);
        assert!(context.note.starts_with("Unknown caller"));
        assert!(!context.say_first.is_empty() && !context.ask_for.is_empty() && context.student.is_none());
    }

    #[test]
    fn siblings_are_offered_by_first_name_only() {
        let choice = |name: &str| Choice { student_id: StudentId::new(), first_name: name.to_owned() };
        let context = choose(vec![choice("Maya"), choice("Leo"), choice("Ida")], now());
        assert_eq!(context.say_first, "Hello! Is this Maya, Leo or Ida?");
        assert!(context.due.is_empty() && context.last_call.is_none() && context.student.is_none());
        assert_eq!(choose(Vec::new(), now()).status, ContextStatus::Blocked);
    }

    #[test]
    fn what_is_forgotten_is_due_before_what_is_fresh() {
        let mastery = vec![estimate("maths.fresh", 0.99, 0), estimate("maths.old", 0.99, 30)];
        let context = known(maya(Prepared::default(), mastery), now());
        assert_eq!(context.due[0].skill_id, "maths.old");
        assert_eq!(context.due[0].due, "now");
        assert_eq!(context.due[0].ask.as_deref(), Some("What is one half plus one third?"));
        assert_eq!(context.due.len(), 1, "a mastered, fresh skill is not due");
    }

    #[test]
    fn a_context_stays_within_its_budget_whatever_was_prepared() {
        let long = "a long sentence about nothing in particular ".repeat(4);
        let practised = Practised {
            skill_id: "maths.fractions.add_unlike".to_owned(),
            skill: "Add fractions, unlike denominators".to_owned(),
            n_correct: 3,
            n_incorrect: 1,
            n_with_help: 1,
            turns: vec![1, 3, 5, 7],
        };
        let prepared = Prepared {
            n_calls: 9,
            last_call_at: Some(now() - Duration::days(3)),
            analysis: Some(crate::analysis::AnalysisStatus::Complete),
            last_call: Some(LastCall {
                session_id: crate::id::SessionId::new(),
                summary: long.clone(),
                practised: vec![practised; 3],
                open: Vec::new(),
                promised: Vec::new(),
                also: vec![long.clone(); 2],
            }),
            watch: vec![belief(long.clone()); 2],
            mood: Some("confident".to_owned()),
            facts: vec![fact(long.clone(), now() + Duration::days(1)); 3],
            requests: vec![fact(long.clone(), now() + Duration::days(1)); 3],
            ..Prepared::default()
        };
        let mastery = (0..5).map(|i| estimate(&format!("maths.skill{i}"), 0.5, i)).collect();
        let context = known(maya(prepared, mastery), now());
        assert!(context.n_tokens() <= MAX_TOKENS, "{} tokens", context.n_tokens());
        assert!(!context.due.is_empty() && context.last_call.is_some(), "the core is never cut");
    }

    /// Every field as long as the database takes it, in letters of two bytes.
    #[test]
    fn what_was_promised_and_what_helped_are_told() {
        let skill = || ("m.fractions".to_owned(), "Add fractions, unlike denominators".to_owned());
        let (skill_id, name) = skill();
        let prepared = Prepared {
            n_calls: 2,
            last_call: Some(last_call(Vec::new())),
            promised: vec![PreparedSkill { skill_id: skill_id.clone(), skill: name.clone() }],
            worked: vec![PreparedWorked { skill_id, skill: name.clone(), means: "a number line".to_owned() }],
            ..Prepared::default()
        };
        let context = known(maya(prepared, vec![estimate("m.fractions", 0.5, 1)]), now());
        assert_eq!(context.last_call.unwrap().promised, [name]);
        assert_eq!(context.how, ["What helped with add fractions, unlike denominators: a number line"]);
    }

    #[test]
    fn a_context_stays_within_its_budget_where_every_field_is_as_long_as_can_be() {
        let long = |n: usize| "ж".repeat(n);
        let skill_id = "m.".to_owned() + &"s".repeat(78);
        let help =
            |skill_id: &str, skill| PreparedHelp { skill_id: skill_id.to_owned(), skill, n_helped: 5, n_answers: 6 };
        let practised = Practised {
            skill_id: "m.".to_owned() + &"s".repeat(78),
            skill: long(80),
            n_correct: 99,
            n_incorrect: 99,
            n_with_help: 99,
            turns: vec![999; 6],
        };
        let prepared = Prepared {
            n_calls: 9_999,
            last_call_at: Some(now() - Duration::days(999)),
            analysis: Some(crate::analysis::AnalysisStatus::Complete),
            last_call: Some(LastCall {
                session_id: crate::id::SessionId::new(),
                summary: long(600),
                practised: vec![practised; 3],
                open: Vec::new(),
                promised: Vec::new(),
                also: vec![long(300); 3],
            }),
            watch: vec![belief(long(300)); 2],
            mood: Some(long(60)),
            facts: vec![fact(long(300), now() + Duration::days(1)); 9],
            language: Some("pt".to_owned()),
            requests: vec![fact(long(300), now() + Duration::days(1)); 3],
            helped: (0..9).map(|i| help(&format!("m.{}{i}", "s".repeat(77)), long(80))).collect(),
            promised: vec![PreparedSkill { skill_id: skill_id.clone(), skill: long(80) }; 3],
            worked: vec![PreparedWorked { skill_id, skill: long(80), means: long(30) }; 3],
            ..Prepared::default()
        };
        let longest = |i: i64| {
            let questions = vec![Question::new(long(300), "5/6")];
            let skill = fractions(&format!("m.{}{i}", "s".repeat(77)));
            samples::estimate(Skill { name: long(80), questions, ..skill }, 0.5, now() - Duration::days(i))
        };
        for language in ["en", "es", "de"] {
            let student = Known {
                first_name: long(120),
                guidance: Some(long(500)),
                language: language.to_owned(),
                ..maya(prepared.clone(), (0..9).map(longest).collect())
            };
            let context = known(student, now());
            assert!(context.n_tokens() <= MAX_TOKENS, "{language}: {} tokens", context.n_tokens());
            assert!(!context.due.is_empty() && context.last_call.is_some(), "the core is never cut");
            assert!(context.plan.is_some_and(|plan| !plan.today.is_empty()), "nor is the plan");
        }
        let choice = || Choice { student_id: StudentId::new(), first_name: long(120) };
        let context = choose((0..6).map(|_| choice()).collect(), now());
        assert!(context.n_tokens() <= MAX_TOKENS, "{} tokens", context.n_tokens());
    }

    #[test]
    fn expired_facts_are_not_told() {
        let prepared = Prepared { facts: vec![fact("Maths test on Friday".to_owned(), now())], ..Prepared::default() };
        assert!(known(maya(prepared, Vec::new()), now()).facts.is_empty());
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(until(Duration::seconds(-1)), "today");
        assert_eq!(until(Duration::hours(-2)), "now");
        assert_eq!(until(Duration::days(3)), "in 3 days");
    }

    #[test]
    fn a_name_keeps_its_capitals_in_speech_where_they_are_its_own() {
        assert_eq!(in_speech("Add fractions"), "add fractions");
        assert_eq!(in_speech("SI units"), "SI units");
    }
}
