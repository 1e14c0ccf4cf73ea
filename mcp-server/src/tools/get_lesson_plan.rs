//! A lesson for one student: warm-up, practice, and skills to try again, with a question for each.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::curriculum;
use storage::db::Db;
use storage::id::StudentId;
use storage::student_context::{self, PlanStep, Reason};

use super::next_question::draw;
use super::{Answer, Effect, Tool, ToolContext, ToolError};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// Left out: the caller.
    #[serde(default)]
    student_id: Option<StudentId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<String>,
    steps: Vec<Step>,
    /// Wrong beliefs to listen for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    watch: Vec<String>,
    stop_when: String,
}

/// What a step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Phase {
    WarmUp,
    Practise,
    TryNew,
}

#[derive(Debug, PartialEq, Serialize, JsonSchema)]
struct Step {
    phase: Phase,
    skill_id: String,
    skill: String,
    why: String,
    /// The same for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    question_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

#[derive(Debug)]
pub(super) struct GetLessonPlan;

impl Tool for GetLessonPlan {
    const NAME: &'static str = "get_lesson_plan";
    const TITLE: &'static str = "Get lesson plan";
    const DESCRIPTION: &'static str = "Prepares a lesson: goal, warm-up, practice and something new, each with a question and its \
        answer, and the misconceptions to listen for. Use it before a lesson.";
    const SCOPES: &'static [Scope] = &[Scope::ContextRead, Scope::StudentsRead];
    const EFFECT: Effect = Effect::Asks;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        let student_id = ctx.student(db, params.student_id).await?;
        let lesson = student_context::get_lesson(db, ctx.caller, student_id, ctx.now).await?;
        let mut steps: Vec<Step> = lesson.steps.iter().enumerate().map(|(i, step)| of_plan(i, step)).collect();
        for (step, planned) in steps.iter_mut().zip(&lesson.steps) {
            if let Some(practice) = curriculum::find_practice(db, ctx.caller, &step.skill_id, student_id).await? {
                step.skill.clone_from(&practice.skill);
                step.reason = Some(planned.reason_at(practice.state.as_ref(), ctx.now));
                if let Some(question) = draw(db, ctx, student_id, practice, None).await? {
                    step.question_id = Some(question.question_id);
                    step.ask = Some(question.ask);
                    step.answer = Some(question.answer);
                }
            }
        }
        let (goal, stop_when) = lesson.context.plan.map(|plan| (plan.goal, plan.stop_when)).unzip();
        let data = Output {
            student_id,
            goal,
            steps,
            watch: lesson.context.watch.into_iter().map(|belief| belief.belief).collect(),
            stop_when: stop_when.unwrap_or_else(|| "the student is tired".to_owned()),
        };
        Ok(Answer { text: say(&data), data })
    }
}

fn of_plan(i: usize, step: &PlanStep) -> Step {
    let phase = match (step.is_new, i) {
        (true, _) => Phase::TryNew,
        (false, 0) => Phase::WarmUp,
        (false, _) => Phase::Practise,
    };
    let (skill_id, skill, why) = (step.skill_id.clone(), step.skill.clone(), step.reason());
    Step { phase, skill_id, skill, why, reason: None, question_id: None, ask: None, answer: None }
}

fn say(data: &Output) -> String {
    if data.steps.is_empty() {
        return "Nothing is due, and nothing new is left in this student's grade. Ask what they would like.".to_owned();
    }
    let mut lines: Vec<String> = data.goal.iter().map(|goal| format!("Goal: {goal}")).collect();
    lines.extend(data.steps.iter().map(|step| {
        let phase = match step.phase {
            Phase::WarmUp => "Warm-up",
            Phase::Practise => "Practise",
            Phase::TryNew => "Try something new",
        };
        let question = match (&step.ask, &step.answer) {
            (Some(ask), Some(answer)) => format!(" Ask: {ask} (answer: {answer})"),
            _ => String::new(),
        };
        format!("- {phase}: {} ({}).{question}", step.skill, step.why)
    }));
    lines.extend(data.watch.iter().map(|belief| format!("Listen for: {belief}")));
    lines.push(format!("Stop: {}.", data.stop_when));
    lines.join("\n")
}
