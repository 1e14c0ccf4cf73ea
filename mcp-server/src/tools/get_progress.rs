//! How far a student has come in everything practised: for parents and teachers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use storage::access::Scope;
use storage::db::Db;
use storage::id::StudentId;
use storage::learner::{self, MasteryState};
use storage::mastery::{self, Mastery};
use storage::student;

use super::{Answer, Effect, Tool, ToolContext, ToolError};

/// More than a student practises in a year.
const MAX_SKILLS: usize = 100;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Params {
    /// As list_students or a student context returns it.
    student_id: StudentId,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Output {
    student_id: StudentId,
    first_name: String,
    n_mastered: usize,
    skills: Vec<Estimate>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Estimate {
    skill_id: String,
    skill: String,
    state: MasteryState,
    mastery: f64,
    n_answers: u32,
}

#[derive(Debug)]
pub(super) struct GetProgress;

impl Tool for GetProgress {
    const NAME: &'static str = "get_progress";
    const TITLE: &'static str = "Get progress";
    const DESCRIPTION: &'static str = "How well a student knows each skill practised so far, the best known last. Use \
        it to answer a parent or a teacher, or to write a report.";
    const SCOPES: &'static [Scope] = &[Scope::StudentsRead];
    const EFFECT: Effect = Effect::Reads;
    type Params = Params;
    type Output = Output;

    async fn run(db: &Db, ctx: ToolContext<'_>, params: Params) -> Result<Answer<Output>, ToolError> {
        ctx.permit(db, params.student_id).await?;
        let student = student::get_student(db, ctx.caller, params.student_id).await?;
        let estimates = mastery::list_mastery(db, ctx.caller, params.student_id).await?;
        let mut skills: Vec<Estimate> = estimates.into_iter().map(|mastery| estimate(mastery, &ctx)).collect();
        skills.sort_by(|a, b| a.mastery.total_cmp(&b.mastery));
        skills.truncate(MAX_SKILLS);
        let data = Output {
            student_id: student.student_id,
            first_name: student.first_name().to_owned(),
            n_mastered: skills.iter().filter(|skill| skill.state == MasteryState::Mastered).count(),
            skills,
        };
        Ok(Answer { text: say(&data), data })
    }
}

fn estimate(mastery: Mastery, ctx: &ToolContext<'_>) -> Estimate {
    Estimate {
        state: mastery.word(ctx.now),
        mastery: (learner::knowledge_now(&mastery.state, ctx.now) * 100.0).round() / 100.0,
        n_answers: mastery.state.n_evidence,
        skill_id: mastery.skill_id,
        skill: mastery.skill_name,
    }
}

fn say(data: &Output) -> String {
    let Output { first_name, n_mastered, skills, .. } = data;
    if skills.is_empty() {
        return format!("{first_name} has not practised anything yet.");
    }
    let mut lines = vec![format!("{first_name} has practised {} skills and mastered {n_mastered}.", skills.len())];
    let line = |of: &Estimate| format!("- {}: {}, {:.0} percent", of.skill, of.state.as_str(), of.mastery * 100.0);
    lines.extend(skills.iter().map(line));
    lines.join("\n")
}
