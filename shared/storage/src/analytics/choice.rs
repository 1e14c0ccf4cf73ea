//! What figures can be narrowed to: what there is, by name.

use crate::access::{Caller, Scope};
use crate::db::{Db, Reads, Result};
use crate::student;

/// The limit of choices per filter, because no one reads a longer list. An address may still name others.
const N_OFFERED: i64 = 500;

/// Ids and names, in the order of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub cohorts: Vec<String>,
    pub grades: Vec<i16>,
    pub subjects: Vec<(String, String)>,
    /// With the subject's id last.
    pub skills: Vec<(String, String, String)>,
    pub assistants: Vec<String>,
}

/// What students, the curriculum and the calls so far offer. Needs `sessions:read` and `students:read`.
pub async fn list_choices(reads: &Reads, caller: &Caller) -> Result<Choices> {
    caller.require_within(Scope::SessionsRead)?;
    reads.read(|db| async move { list(&db, caller).await }).await
}

async fn list(db: &Db, caller: &Caller) -> Result<Choices> {
    let assistants = sqlx::query_scalar!(
        r#"with recursive found as (
               (select assistant from session_facts order by assistant limit 1)
               union all
               select (select f.assistant from session_facts f where f.assistant > found.assistant
                       order by f.assistant limit 1)
               from found where found.assistant is not null
           )
           select assistant as "assistant!" from found where assistant <> '' limit $1"#,
        N_OFFERED,
    )
    .fetch_all(db)
    .await?;
    let subjects =
        sqlx::query!("select subject_id, name from subjects order by name, subject_id").fetch_all(db).await?;
    let skills =
        sqlx::query!("select skill_id, name, subject_id from skills order by name, skill_id").fetch_all(db).await?;
    Ok(Choices {
        cohorts: student::list_cohorts(db, caller).await?,
        grades: (0..=13).collect(),
        subjects: subjects.into_iter().map(|row| (row.subject_id, row.name)).collect(),
        skills: skills.into_iter().map(|row| (row.skill_id, row.name, row.subject_id)).collect(),
        assistants,
    })
}
