//! A class, that is a cohort of students: what they know of a strand of skills, who is ready for what, and who has the same
//! trouble.

use std::collections::HashMap;

use crate::access::{Caller, Scope};
use crate::db::{Executor, Result};
use crate::id::StudentId;
use crate::learner::MasteryState;

/// Students on one page.
const MAX_STUDENTS: i64 = 60;

/// A student of a class.
#[derive(Clone, PartialEq, Eq)]
pub struct Pupil {
    pub student_id: StudentId,
    pub display_name: String,
}

impl std::fmt::Debug for Pupil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pupil").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// A skill that is taught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taught {
    pub skill_id: String,
    pub name: String,
    pub subject: String,
    pub prerequisites: Vec<String>,
}

/// A wrong belief that several students of a class hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedBelief {
    pub belief: String,
    pub skill_id: Option<String>,
    pub student_ids: Vec<StudentId>,
}

/// What is known of each student and skill; nothing where there is no evidence.
pub type Levels = HashMap<(StudentId, String), MasteryState>;

/// Returns the part of the curriculum that a skill belongs to, such as `maths.fractions`: all but the last word of its id.
pub fn strand(skill_id: &str) -> &str {
    skill_id.rsplit_once('.').map_or(skill_id, |(strand, _)| strand)
}

/// The students of a class, by name; at most 60. Needs `students:read`.
pub async fn list_pupils(db: impl Executor<'_>, caller: &Caller, cohort: &str) -> Result<Vec<Pupil>> {
    caller.require_cohort(Scope::StudentsRead, Some(cohort))?;
    Ok(sqlx::query_as!(
        Pupil,
        r#"select student_id as "student_id: StudentId", display_name from students where cohort = $1
           order by lower(display_name), student_id limit $2"#,
        cohort,
        MAX_STUDENTS,
    )
    .fetch_all(db)
    .await?)
}

/// All skills that are taught, in the order of their ids.
pub async fn list_taught(db: impl Executor<'_>) -> Result<Vec<Taught>> {
    Ok(sqlx::query_as!(
        Taught,
        r#"select k.skill_id, k.name, s.name as subject,
               array(select prerequisite_id from skill_prerequisites p where p.skill_id = k.skill_id
                     order by prerequisite_id) as "prerequisites!: Vec<String>"
           from skills k join subjects s using (subject_id) where k.retired_at is null order by k.skill_id"#,
    )
    .fetch_all(db)
    .await?)
}

/// The open misconceptions that two or more of these students have, the most frequent first. Needs `students:read`.
pub async fn list_shared_beliefs(
    db: impl Executor<'_>,
    caller: &Caller,
    student_ids: &[StudentId],
) -> Result<Vec<SharedBelief>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    Ok(sqlx::query_as!(
        SharedBelief,
        r#"select min(m.belief) as "belief!", min(m.skill_id) as skill_id,
               array_agg(distinct m.student_id) as "student_ids!: Vec<StudentId>"
           from misconceptions m join students st using (student_id)
           where m.student_id = any($1) and m.resolved_at is null and ($2::text[] is null or st.cohort = any($2))
           group by lower(m.belief) having count(distinct m.student_id) > 1
           order by count(distinct m.student_id) desc, 1"#,
        student_ids as &[StudentId],
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// Returns the skills of a strand that students could begin, each with those who know all that comes before it and have not
/// started it. A skill without prerequisites is left out: it is open to all.
pub fn ready<'a>(
    taught: &'a [Taught],
    of_strand: &str,
    pupils: &'a [Pupil],
    levels: &Levels,
) -> Vec<(&'a Taught, Vec<&'a Pupil>)> {
    let level = |pupil: &Pupil, skill_id: &String| {
        levels.get(&(pupil.student_id, skill_id.clone())).copied().unwrap_or(MasteryState::New)
    };
    let is_known =
        |pupil: &Pupil, id: &String| matches!(level(pupil, id), MasteryState::Mastered | MasteryState::Shaky);
    let is_ready = |pupil: &Pupil, skill: &Taught| {
        level(pupil, &skill.skill_id) == MasteryState::New && skill.prerequisites.iter().all(|id| is_known(pupil, id))
    };
    let skills = taught.iter().filter(|skill| strand(&skill.skill_id) == of_strand && !skill.prerequisites.is_empty());
    let with_pupils =
        skills.map(|skill| (skill, pupils.iter().filter(|pupil| is_ready(pupil, skill)).collect::<Vec<_>>()));
    with_pupils.filter(|(_, pupils)| !pupils.is_empty()).collect()
}

/// Returns the skills of a strand that two or more students have started and do not know yet, the most students first.
pub fn stuck<'a>(
    taught: &'a [Taught],
    of_strand: &str,
    pupils: &'a [Pupil],
    levels: &Levels,
) -> Vec<(&'a Taught, Vec<&'a Pupil>)> {
    let is_stuck = |pupil: &&Pupil, skill: &Taught| {
        levels.get(&(pupil.student_id, skill.skill_id.clone())) == Some(&MasteryState::Learning)
    };
    let skills = taught.iter().filter(|skill| strand(&skill.skill_id) == of_strand);
    let with_pupils =
        skills.map(|skill| (skill, pupils.iter().filter(|pupil| is_stuck(pupil, skill)).collect::<Vec<_>>()));
    let mut groups: Vec<_> = with_pupils.filter(|(_, pupils)| pupils.len() > 1).collect();
    groups.sort_by_key(|(_, pupils)| std::cmp::Reverse(pupils.len()));
    groups
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn taught(skill_id: &str, prerequisites: &[&str]) -> Taught {
        let prerequisites = prerequisites.iter().map(|id| (*id).to_owned()).collect();
        Taught { skill_id: skill_id.to_owned(), name: skill_id.to_owned(), subject: "Maths".to_owned(), prerequisites }
    }

    fn pupils() -> Vec<Pupil> {
        let pupil = |n| Pupil { student_id: StudentId(Uuid::from_u128(n)), display_name: n.to_string() };
        (1..=3).map(pupil).collect()
    }

    fn levels(known: &[(u128, &str, MasteryState)]) -> Levels {
        known.iter().map(|(n, id, level)| ((StudentId(Uuid::from_u128(*n)), (*id).to_owned()), *level)).collect()
    }

    fn names<'a>(groups: &[(&'a Taught, Vec<&'a Pupil>)]) -> Vec<(&'a str, String)> {
        groups.iter().map(|(skill, of)| (&skill.name[..], of.iter().map(|of| &of.display_name[..]).collect())).collect()
    }

    const MEANING: &str = "maths.fractions.meaning";
    const TIMES: &str = "maths.multiply.facts";
    const EQUIVALENT: &str = "maths.fractions.equivalent";

    #[test]
    fn ready_is_who_knows_everything_before_and_has_not_started() {
        use MasteryState::{Learning, Mastered, Shaky};
        let taught = [taught(EQUIVALENT, &[MEANING, TIMES]), taught(MEANING, &[]), taught(TIMES, &[MEANING])];
        let levels = levels(&[
            (1, MEANING, Mastered),
            (1, TIMES, Shaky),
            (2, MEANING, Mastered),
            (2, TIMES, Learning),
            (3, MEANING, Mastered),
            (3, TIMES, Mastered),
            (3, EQUIVALENT, Learning),
        ]);
        assert_eq!(names(&ready(&taught, "maths.fractions", &pupils(), &levels)), [(EQUIVALENT, "1".to_owned())]);
        assert_eq!(names(&ready(&taught, "maths.multiply", &pupils(), &levels)), []);
    }

    #[test]
    fn a_group_has_two_students_or_more() {
        use MasteryState::Learning;
        let taught = [taught(MEANING, &[]), taught(EQUIVALENT, &[])];
        let levels = levels(&[(1, MEANING, Learning), (2, MEANING, Learning), (3, EQUIVALENT, Learning)]);
        assert_eq!(names(&stuck(&taught, "maths.fractions", &pupils(), &levels)), [(MEANING, "12".to_owned())]);
    }

    #[test]
    fn a_strand_is_all_but_the_last_word() {
        assert_eq!(
            (strand("maths.fractions.add"), strand("italian"), strand("go.ko")),
            ("maths.fractions", "italian", "go")
        );
    }
}
