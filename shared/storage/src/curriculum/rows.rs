//! The curriculum in the database.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::{Curriculum, Phrase, Question, Skill, Subject};
use crate::attention;
use crate::db::{Connection, Executor, Result};
use crate::session::derived;

/// Brings the starter set into a database that has no skill yet. What is there is never touched.
pub async fn install_starter(tx: &mut Connection) -> Result<()> {
    let is_empty =
        sqlx::query_scalar!(r#"select not exists (select 1 from skills) as "is_empty!""#).fetch_one(&mut *tx).await?;
    if is_empty {
        upsert(tx, &Curriculum::starter()).await?;
    }
    Ok(())
}

/// Blocks other changes of the curriculum until the transaction ends. Readers are not blocked.
pub async fn lock(tx: &mut Connection) -> Result<()> {
    sqlx::query!("lock table subjects, skills, skill_prerequisites in share row exclusive mode").execute(tx).await?;
    Ok(())
}

/// Adds and changes subjects and skills; those it does not name stay as they are. A retired skill that it names is restored.
pub async fn upsert(tx: &mut Connection, curriculum: &Curriculum) -> Result<()> {
    for subject in &curriculum.subjects {
        sqlx::query!(
            "insert into subjects (subject_id, name) values ($1, $2)
             on conflict (subject_id) do update set name = excluded.name",
            subject.subject_id,
            subject.name,
        )
        .execute(&mut *tx)
        .await?;
    }
    let skill_ids: Vec<String> = curriculum.skills.iter().map(|skill| skill.skill_id.clone()).collect();
    let before = sqlx::query!(
        r#"select skill_id, subject_id, retired_at is not null as "is_retired!" from skills where skill_id = any($1)"#,
        &skill_ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    for skill in &curriculum.skills {
        sqlx::query!(
            "insert into skills (skill_id, subject_id, name, grade_from, grade_to, lexicon, questions)
             values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (skill_id) do update set
                 subject_id = excluded.subject_id, name = excluded.name, grade_from = excluded.grade_from,
                 grade_to = excluded.grade_to, lexicon = excluded.lexicon, questions = excluded.questions,
                 retired_at = null",
            skill.skill_id,
            skill.subject_id,
            skill.name,
            skill.grade_from,
            skill.grade_to,
            Json(&skill.lexicon) as _,
            Json(&skill.questions) as _,
        )
        .execute(&mut *tx)
        .await?;
    }
    for skill in &curriculum.skills {
        sqlx::query!("delete from skill_prerequisites where skill_id = $1", skill.skill_id).execute(&mut *tx).await?;
        sqlx::query!(
            "insert into skill_prerequisites (skill_id, prerequisite_id) select $1, * from unnest($2::text[])",
            skill.skill_id,
            &skill.prerequisites,
        )
        .execute(&mut *tx)
        .await?;
    }
    // What is derived of skills that have another subject now, or are taught again.
    let is_moved = |skill_id: &String, subject_id: &String| {
        curriculum.skills.iter().any(|skill| skill.skill_id == *skill_id && skill.subject_id != *subject_id)
    };
    let moved: Vec<String> =
        before.iter().filter(|row| is_moved(&row.skill_id, &row.subject_id)).map(|row| row.skill_id.clone()).collect();
    let restored: Vec<String> = before.iter().filter(|row| row.is_retired).map(|row| row.skill_id.clone()).collect();
    derived::move_skills(tx, &moved).await?;
    attention::refresh_of_skills(tx, &restored).await
}

/// Returns a text that differs after every change of a subject, a skill or a prerequisite, by any program: Postgres
/// writes a new version of the row. Reading it costs less than reading the curriculum.
pub async fn version(db: impl Executor<'_>) -> Result<String> {
    Ok(sqlx::query_scalar!(
        r#"select coalesce(sum(hashtidextended(ctid, (tableoid::bigint << 32) + xmin::text::bigint)), 0)::text as "version!"
           from (
               select tableoid, ctid, xmin from subjects
               union all select tableoid, ctid, xmin from skills
               union all select tableoid, ctid, xmin from skill_prerequisites
           ) r"#,
    )
    .fetch_one(db)
    .await?)
}

/// All subjects, and all skills that are not retired.
pub async fn load(connection: &mut Connection) -> Result<Curriculum> {
    let subjects = sqlx::query_as!(Subject, "select subject_id, name from subjects order by subject_id")
        .fetch_all(&mut *connection)
        .await?;
    let skills = list_skills(connection, false).await?;
    Ok(Curriculum { subjects, skills })
}

/// Returns the skills that are no longer taught.
pub async fn list_retired(connection: &mut Connection) -> Result<Vec<Skill>> {
    list_skills(connection, true).await
}

/// Retires a skill, or restores it (`None`). Whether others build on it is for the caller to ask: see `Curriculum::without`.
pub async fn set_retired(tx: &mut Connection, skill_id: &str, retired_at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!("update skills set retired_at = $2 where skill_id = $1", skill_id, retired_at)
        .execute(&mut *tx)
        .await?;
    attention::refresh_of_skills(tx, &[skill_id.to_owned()]).await
}

async fn list_skills(connection: &mut Connection, is_retired: bool) -> Result<Vec<Skill>> {
    let rows = sqlx::query!(
        r#"select skill_id, subject_id, name, grade_from, grade_to,
               lexicon as "lexicon: Json<Vec<Phrase>>", questions as "questions: Json<Vec<Question>>",
               array(select prerequisite_id from skill_prerequisites p where p.skill_id = s.skill_id
                     order by prerequisite_id) as "prerequisites!: Vec<String>"
           from skills s where (retired_at is not null) = $1 order by skill_id"#,
        is_retired,
    )
    .fetch_all(connection)
    .await?;
    let skills = rows.into_iter().map(|row| Skill {
        skill_id: row.skill_id,
        subject_id: row.subject_id,
        name: row.name,
        grade_from: row.grade_from,
        grade_to: row.grade_to,
        lexicon: row.lexicon.0,
        questions: row.questions.0,
        prerequisites: row.prerequisites,
    });
    Ok(skills.collect())
}
