//! Parents and others who decide for a student.

use chrono::{DateTime, Utc};

use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Error, Executor, Result};
use crate::id::{GuardianId, StudentId};
use crate::phone::Phone;
use crate::student;

/// One guardian, as one student's.
#[derive(Clone, PartialEq, Eq)]
pub struct Guardian {
    pub guardian_id: GuardianId,
    pub name: String,
    /// "mother", "foster father": as the family says it.
    pub relation: String,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// BCP 47.
    pub language: Option<String>,
    /// The first names of the other students whose guardian this is.
    pub also_of: Vec<String>,
}

impl std::fmt::Debug for Guardian {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guardian").field("guardian_id", &self.guardian_id).finish_non_exhaustive()
    }
}

/// A guardian to be, or what one becomes. Validated by the edge that read it.
#[derive(Clone)]
pub struct GuardianFields {
    pub name: String,
    pub relation: String,
    pub phone: Option<Phone>,
    pub email: Option<String>,
    pub language: Option<String>,
}

impl std::fmt::Debug for GuardianFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuardianFields").finish_non_exhaustive()
    }
}

/// The guardians of a student, by name. Needs `students:read`.
pub async fn list_guardians(db: impl Executor<'_>, caller: &Caller, student_id: StudentId) -> Result<Vec<Guardian>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        Guardian,
        r#"select g.guardian_id as "guardian_id: GuardianId", g.name, sg.relation, g.phone, g.email, g.language,
               array(select split_part(s.display_name, ' ', 1) from student_guardians o join students s using (student_id)
                     where o.guardian_id = g.guardian_id and o.student_id <> $1
                       and ($2::text[] is null or s.cohort = any($2)) order by 1) as "also_of!"
           from student_guardians sg join guardians g using (guardian_id)
           where sg.student_id = $1 order by lower(g.name), g.guardian_id"#,
        student_id as StudentId,
        caller.require_within(Scope::StudentsRead)?,
    )
    .fetch_all(db)
    .await?)
}

/// Adds a guardian. If one of the same name has the same number or address, the student is added to that record. Needs
/// `students:write`.
pub async fn add_guardian(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    new: &GuardianFields,
    now: DateTime<Utc>,
) -> Result<GuardianId> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    student::get_student(&mut *tx, caller, student_id).await?;
    let phone = new.phone.as_ref().map(Phone::as_str);
    let known = sqlx::query_scalar!(
        r#"select guardian_id as "guardian_id: GuardianId" from guardians
           where lower(name) = lower($1) and (phone = $2 or lower(email) = lower($3))
           order by created_at, guardian_id limit 1"#,
        new.name,
        phone,
        new.email,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let guardian_id = known.unwrap_or_else(GuardianId::new);
    if known.is_none() {
        sqlx::query!(
            "insert into guardians (guardian_id, name, phone, email, language, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $6)",
            guardian_id as GuardianId,
            new.name,
            phone,
            new.email,
            new.language,
            now,
        )
        .execute(&mut *tx)
        .await?;
    }
    sqlx::query!(
        "insert into student_guardians (student_id, guardian_id, relation) values ($1, $2, $3)
         on conflict (student_id, guardian_id) do update set relation = excluded.relation",
        student_id as StudentId,
        guardian_id as GuardianId,
        new.relation,
    )
    .execute(&mut *tx)
    .await?;
    record(tx, caller, "guardian.add", student_id, guardian_id, now).await?;
    Ok(guardian_id)
}

/// Changes a guardian of the student, for all of the guardian's students; the relation for this one. Needs
/// `students:write`.
pub async fn update_guardian(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    guardian_id: GuardianId,
    fields: &GuardianFields,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let n = sqlx::query!(
        "update student_guardians set relation = $3 where student_id = $1 and guardian_id = $2",
        student_id as StudentId,
        guardian_id as GuardianId,
        fields.relation,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("guardian"));
    }
    sqlx::query!(
        "update guardians set name = $2, phone = $3, email = $4, language = $5, updated_at = $6 where guardian_id = $1",
        guardian_id as GuardianId,
        fields.name,
        fields.phone.as_ref().map(Phone::as_str),
        fields.email,
        fields.language,
        now,
    )
    .execute(&mut *tx)
    .await?;
    record(tx, caller, "guardian.update", student_id, guardian_id, now).await
}

/// Removes a guardian from a student; the record goes with the last student. Needs `students:write`.
pub async fn remove_guardian(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    guardian_id: GuardianId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require_student(Scope::StudentsWrite, student_id)?;
    let n = sqlx::query!(
        "delete from student_guardians where student_id = $1 and guardian_id = $2",
        student_id as StudentId,
        guardian_id as GuardianId,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if n == 0 {
        return Err(Error::NotFound("guardian"));
    }
    remove_unattached(tx).await?;
    record(tx, caller, "guardian.remove", student_id, guardian_id, now).await
}

/// Removes guardians who have no student left. Erasure calls it after the student is gone.
pub async fn remove_unattached(tx: &mut Connection) -> Result<()> {
    sqlx::query!(
        "delete from guardians g where not exists (select 1 from student_guardians o where o.guardian_id = g.guardian_id)"
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn record(
    tx: &mut Connection,
    caller: &Caller,
    action: &str,
    student_id: StudentId,
    guardian_id: GuardianId,
    now: DateTime<Utc>,
) -> Result<()> {
    let detail = serde_json::json!({ "guardian": guardian_id });
    audit::insert_entry(tx, caller, action, Some(&format!("student:{student_id}")), &detail, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::now;
    use crate::db::{self, Db};

    async fn student(db: &Db, name: &str) -> StudentId {
        let student_id = StudentId::new();
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at) values ($1, $2, now(), now())",
            student_id as StudentId,
            name,
        )
        .execute(db)
        .await
        .unwrap();
        student_id
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_guardian_of_two_children_is_one_record_until_both_are_gone(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let (maya, leo) = (student(&db, "Maya Brandt").await, student(&db, "Leo Brandt").await);
        let caller = Caller::operator();
        let fields = GuardianFields {
            name: "Ana Brandt".to_owned(),
            relation: "mother".to_owned(),
            phone: Some(Phone::parse("+14155550142").unwrap()),
            email: None,
            language: Some("de".to_owned()),
        };
        let mut tx = db::begin(&db).await.unwrap();
        let one = add_guardian(&mut tx, &caller, maya, &fields, now()).await.unwrap();
        let same = GuardianFields { name: "ana brandt".to_owned(), ..fields.clone() };
        assert_eq!(add_guardian(&mut tx, &caller, leo, &same, now()).await.unwrap(), one);
        let changed = GuardianFields { email: Some("ana@example.org".to_owned()), ..fields.clone() };
        update_guardian(&mut tx, &caller, leo, one, &changed, now()).await.unwrap();
        tx.commit().await.unwrap();
        let of_maya = list_guardians(&db, &caller, maya).await.unwrap();
        assert_eq!((&of_maya[0].email, &of_maya[0].also_of), (&changed.email, &vec!["Leo".to_owned()]));
        let mut tx = db::begin(&db).await.unwrap();
        assert!(update_guardian(&mut tx, &caller, StudentId::new(), one, &fields, now()).await.is_err());
        remove_guardian(&mut tx, &caller, maya, one, now()).await.unwrap();
        assert_eq!(list_guardians(&mut *tx, &caller, leo).await.unwrap().len(), 1);
        // Erasing the last student takes the guardian along.
        crate::erasure::erase_student(&mut tx, &caller, leo, now()).await.unwrap();
        let n = sqlx::query_scalar!(r#"select count(*) as "n!" from guardians"#).fetch_one(&mut *tx).await.unwrap();
        assert_eq!(n, 0);
    }
}
