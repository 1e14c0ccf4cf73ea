//! What people read: a summary from a template, the mood, and a proposal for the next lesson.

use std::fmt::Write as _;
use std::sync::LazyLock;

use domain::analysis::{Engagement, EngagementLevel, Figures, MisconceptionFinding, NextLesson, SkillFinding};
use domain::curriculum::Curriculum;
use domain::evidence::{Help, Verdict};
use domain::text::lower;
use domain::transcript::{Speaker, Turn};

use super::pattern::Patterns;

/// Fewer student turns show no engagement.
const ENOUGH_TURNS: u32 = 3;

pub(super) fn summary(figures: &Figures, skills: &[SkillFinding], misconceptions: &[MisconceptionFinding]) -> String {
    if figures.n_student_turns == 0 {
        return "The student said nothing.".to_owned();
    }
    let minutes = (figures.duration_seconds / 60.0).round() as u32;
    let length = if minutes < 1 { "Less than a minute".to_owned() } else { format!("{minutes} min") };
    let practised: Vec<&str> = skills.iter().take(3).map(|skill| skill.name.as_str()).collect();
    let on = if practised.is_empty() { String::new() } else { format!(" on {}", practised.join(", ")) };
    let mut text = format!("{length}{on}{}", figures.answers_in_words());
    if let Some(open) = misconceptions.iter().find(|m| !m.resolved) {
        let _ = write!(text, " Still {}.", open.belief);
    } else if let Some(overcome) = misconceptions.first() {
        let _ = write!(text, " At first {}, later right.", overcome.belief);
    }
    if figures.n_dont_knows > 0 {
        let _ = write!(text, " Did not know {}.", times(figures.n_dont_knows));
    }
    text
}

fn times(n: u32) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

const MOODS: [&str; 5] = ["anxious", "frustrated", "bored", "confused", "confident"];
static NAMED_MOODS: LazyLock<Patterns<5>> = LazyLock::new(|| {
    Patterns::new([
        r"\b(?:nervous|scared|worried|anxious|afraid|stressed)\b",
        r"\b(?:frustrat\w+|annoy\w+|hate (?:this|maths?|it)|too hard|so hard|stupid|give up|ugh)\b",
        r"\b(?:boring|bored|so easy|too easy)\b",
        r"\b(?:confus\w+|don't (?:get|understand) (?:it|this)|lost)\b",
        r"\b(?:easy|i know this|i got (?:it|this)|that was fun|i see!|oh,? i see|i get it)\b",
    ])
});

/// By length and questions; the mood only where the student names it. The last one counts.
pub(super) fn engagement(turns: &[Turn], figures: &Figures) -> Option<Engagement> {
    if figures.n_student_turns < ENOUGH_TURNS {
        return None;
    }
    let words = f64::from(figures.n_words_student) / f64::from(figures.n_student_turns);
    let level = match words {
        _ if figures.n_student_questions >= 3 => EngagementLevel::High,
        w if w >= 8.0 => EngagementLevel::High,
        w if w >= 2.5 => EngagementLevel::Medium,
        _ => EngagementLevel::Low,
    };
    let mut said = turns.iter().rev().filter(|turn| turn.speaker == Speaker::Student);
    let mood = said.find_map(|turn| NAMED_MOODS.first(&lower(&turn.text)));
    Some(Engagement { level, mood: mood.map_or("neutral", |mood| MOODS[mood]).to_owned() })
}

/// The skill that went worst, with questions for it.
pub(super) fn next_lesson(
    skills: &[SkillFinding],
    misconceptions: &[MisconceptionFinding],
    curriculum: &Curriculum,
) -> Option<NextLesson> {
    let tally = |skill: &SkillFinding| {
        let unaided = |e: &&domain::analysis::EvidenceFinding| e.verdict == Verdict::Correct && e.help == Help::None;
        (skill.evidence.iter().filter(unaided).count(), skill.evidence.len())
    };
    let shown = skills.iter().filter(|skill| !skill.evidence.is_empty());
    let weakest = shown.max_by(|a, b| {
        let missed = |skill| {
            let (right, all) = tally(skill);
            (all - right) as f64 / all as f64
        };
        // Among equals the one with more evidence, which is first.
        missed(a).total_cmp(&missed(b)).then(std::cmp::Ordering::Greater)
    })?;
    let (right, all) = tally(weakest);
    let goal = if right == all {
        format!("Keep {} fresh and go on from there", weakest.name)
    } else {
        format!("{}: two right answers without help", weakest.name)
    };
    let mut steps = Vec::new();
    if let Some(open) = misconceptions.iter().find(|m| !m.resolved) {
        steps.push(format!("Find out whether the student still {}", open.belief));
    }
    let skill = curriculum.find_skill(&weakest.skill_id)?;
    let questions = skill.questions.iter().take(3 - steps.len()).map(|question| format!("Ask: {}", question.ask));
    steps.extend(questions);
    Some(NextLesson { goal, steps })
}
