//! Bringing a roster in: the same row twice is the same student.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    NewStudent, Student, StudentChange, StudentStatus, get_student, import, insert_student, list_phones, update_student,
};
use crate::access::{Caller, Scope};
use crate::audit;
use crate::db::{Connection, Result};
use crate::id::{ImportId, StudentId};
use crate::phone::Phone;
use domain::plain_text::fold_name;

/// One row of a roster. What a row leaves out stays as it is.
#[derive(Clone)]
pub struct RosterRow {
    /// The id of the student in the system that the roster comes from.
    pub external_id: Option<String>,
    pub display_name: String,
    pub grade: Option<i16>,
    pub cohort: Option<String>,
    pub locale: Option<String>,
    pub timezone: Option<String>,
    /// Empty: the roster does not say.
    pub phones: Vec<Phone>,
    pub status: Option<StudentStatus>,
}

impl std::fmt::Debug for RosterRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RosterRow")
    }
}

/// What a row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Imported {
    Added,
    Changed,
    Unchanged,
}

/// What becomes of a student who is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The row changes them.
    Change,
    /// They stay as they are.
    Keep,
}

/// Adds the student of a row, or changes the one it means: by external id, else by the same name on one of its numbers,
/// else, if the row has no number, by the same name among students without a number. Records what it did, for
/// [`import::undo_import`]. Needs `students:write`.
pub async fn import_row(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    row: &RosterRow,
    known: Known,
    now: DateTime<Utc>,
) -> Result<Imported> {
    caller.require(Scope::StudentsWrite)?;
    if is_merged_away(tx, row).await? {
        return Ok(Imported::Unchanged);
    }
    let Some(student_id) = find_student(tx, row).await? else {
        let new = NewStudent {
            display_name: row.display_name.clone(),
            grade: row.grade,
            cohort: row.cohort.clone(),
            locale: row.locale.clone().unwrap_or_else(|| "en".to_owned()),
            timezone: row.timezone.clone(),
            phones: row.phones.clone(),
        };
        let student = insert_student(tx, caller, &new, now).await?;
        if row.status == Some(StudentStatus::Blocked) {
            let change = StudentChange { status: row.status, ..StudentChange::default() };
            update_student(tx, caller, student.student_id, &change, now).await?;
        }
        set_external_id(tx, student.student_id, row).await?;
        import::record_added(tx, caller, import_id, student.student_id, now).await?;
        return Ok(Imported::Added);
    };
    if known == Known::Keep {
        return Ok(Imported::Unchanged);
    }
    let student = get_student(&mut *tx, caller, student_id).await?;
    let phones = list_phones(&mut *tx, caller, student_id).await?;
    let (change, fields) = change_of(row, &student, &phones);
    let is_new_id = is_new_id(tx, student_id, row).await?;
    if fields.is_empty() && !is_new_id {
        return Ok(Imported::Unchanged);
    }
    import::record_earlier(tx, caller, import_id, &student, &phones, now).await?;
    set_external_id(tx, student_id, row).await?;
    if fields.is_empty() {
        return Ok(Imported::Changed);
    }
    update(tx, caller, student_id, &change, &fields, now).await?;
    Ok(Imported::Changed)
}

/// Changes a student, and records which fields.
async fn update(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    change: &StudentChange,
    fields: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    update_student(tx, caller, student_id, change, now).await?;
    let object = format!("student:{student_id}");
    audit::insert_entry(tx, caller, "student.update", Some(&object), &json!({ "fields": fields }), now).await
}

/// Takes a student out of the class, because the roster lacks them. The student and their progress stay. Records how they were,
/// for [`import::undo_import`]. Needs `students:write`.
pub async fn end_membership(
    tx: &mut Connection,
    caller: &Caller,
    import_id: ImportId,
    student_id: StudentId,
    now: DateTime<Utc>,
) -> Result<()> {
    caller.require(Scope::StudentsWrite)?;
    let student = get_student(&mut *tx, caller, student_id).await?;
    let phones = list_phones(&mut *tx, caller, student_id).await?;
    import::record_earlier(tx, caller, import_id, &student, &phones, now).await?;
    let change = StudentChange { cohort: Some(None), ..StudentChange::default() };
    update(tx, caller, student_id, &change, &["cohort"], now).await
}

/// What the row changes, and the names of the fields.
fn change_of(row: &RosterRow, student: &Student, phones: &[Phone]) -> (StudentChange, Vec<&'static str>) {
    let mut fields = Vec::new();
    let mut differs = |field: &'static str, differs: bool| {
        if differs {
            fields.push(field);
        }
        differs
    };
    let mut wanted = row.phones.clone();
    let mut known = phones.to_vec();
    wanted.sort();
    wanted.dedup();
    known.sort();
    let change = StudentChange {
        display_name: differs("display_name", row.display_name != student.display_name)
            .then(|| row.display_name.clone()),
        grade: differs("grade", row.grade.is_some() && row.grade != student.grade).then_some(row.grade),
        cohort: differs("cohort", row.cohort.is_some() && row.cohort != student.cohort).then(|| row.cohort.clone()),
        locale: row.locale.clone().filter(|locale| differs("locale", *locale != student.locale)),
        timezone: row.timezone.clone().filter(|zone| differs("timezone", *zone != student.timezone)),
        status: row.status.filter(|status| differs("status", *status != student.status)),
        guidance: None,
        phones: differs("phones", !wanted.is_empty() && wanted != known).then(|| row.phones.clone()),
    };
    (change, fields)
}

async fn find_student(tx: &mut Connection, row: &RosterRow) -> Result<Option<StudentId>> {
    if let Some(external_id) = &row.external_id {
        let found = sqlx::query_scalar!(
            r#"select student_id as "student_id: StudentId" from students where external_id = $1"#,
            external_id,
        )
        .fetch_optional(&mut *tx)
        .await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    let phones: Vec<String> = row.phones.iter().map(|phone| phone.as_str().to_owned()).collect();
    let name = fold_name(&row.display_name);
    // A row with another external id is another student, even with the same name.
    let candidates = sqlx::query!(
        r#"select student_id as "student_id: StudentId", display_name from students s
           where ($3::text is null or external_id is null)
             and case when cardinality($1::text[]) > 0
                 then exists (select from student_phones p where p.student_id = s.student_id and p.phone = any($1))
                 else name_key = $2
                     and not exists (select from student_phones p where p.student_id = s.student_id) end
           order by created_at, student_id limit 100"#,
        &phones,
        name,
        row.external_id,
    )
    .fetch_all(tx)
    .await?;
    let same = candidates.into_iter().find(|candidate| fold_name(&candidate.display_name) == name);
    Ok(same.map(|candidate| candidate.student_id))
}

/// Whether the row is about a student who was merged into another with an external id: the other's row says what is true.
async fn is_merged_away(tx: &mut Connection, row: &RosterRow) -> Result<bool> {
    let Some(external_id) = &row.external_id else { return Ok(false) };
    Ok(sqlx::query_scalar!(
        r#"select exists (select from student_merges where external_id = $1)
               and not exists (select from students where external_id = $1) as "is_merged_away!""#,
        external_id,
    )
    .fetch_one(tx)
    .await?)
}

/// Whether the row gives the student another external id.
async fn is_new_id(tx: &mut Connection, student_id: StudentId, row: &RosterRow) -> Result<bool> {
    let Some(external_id) = &row.external_id else { return Ok(false) };
    Ok(sqlx::query_scalar!(
        r#"select external_id is distinct from $2 as "is_new!" from students where student_id = $1"#,
        student_id as StudentId,
        external_id,
    )
    .fetch_one(tx)
    .await?)
}

async fn set_external_id(tx: &mut Connection, student_id: StudentId, row: &RosterRow) -> Result<()> {
    let Some(external_id) = &row.external_id else { return Ok(()) };
    sqlx::query!(
        "update students set external_id = $2 where student_id = $1 and external_id is distinct from $2",
        student_id as StudentId,
        external_id,
    )
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    fn row(name: &str, phones: &[&str]) -> RosterRow {
        RosterRow {
            external_id: None,
            display_name: name.to_owned(),
            grade: None,
            cohort: None,
            locale: None,
            timezone: None,
            phones: phones.iter().map(|phone| Phone::parse(phone).unwrap()).collect(),
            status: None,
        }
    }

    async fn import(db: &Db, row: &RosterRow) -> Imported {
        let mut connection = db.acquire().await.unwrap();
        import_row(&mut connection, &Caller::operator(), ImportId::new(), row, Known::Change, crate::clock::now())
            .await
            .unwrap()
    }

    async fn n_students(db: &Db) -> i64 {
        sqlx::query_scalar!(r#"select count(*) as "n!" from students"#).fetch_one(db).await.unwrap()
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_same_row_twice_is_one_student(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for same in [row("José R", &["+14155550142"]), row("Ada", &[])] {
            assert_eq!(import(&db, &same).await, Imported::Added);
            assert_eq!(import(&db, &same).await, Imported::Unchanged);
        }
        // A sibling on the same number, and a namesake on another.
        assert_eq!(import(&db, &row("Fay R", &["+14155550142"])).await, Imported::Added);
        assert_eq!(import(&db, &row("José R", &["+14155550143"])).await, Imported::Added);
        assert_eq!(n_students(&db).await, 4);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_row_changes_what_it_says_and_leaves_the_rest(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let first = RosterRow { grade: Some(4), cohort: Some("4b".to_owned()), ..row("Jose R", &["+14155550142"]) };
        import(&db, &first).await;
        let second = RosterRow { grade: Some(5), ..row("José R", &["+14155550142", "+14155550143"]) };
        assert_eq!(import(&db, &second).await, Imported::Changed);
        let student = sqlx::query!("select display_name, grade, cohort from students").fetch_one(&db).await.unwrap();
        assert_eq!((student.display_name.as_str(), student.grade), ("José R", Some(5)));
        assert_eq!(student.cohort.as_deref(), Some("4b"));
        assert_eq!(import(&db, &second).await, Imported::Unchanged);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn an_external_id_outranks_name_and_number(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let with_id = |id: &str, row: RosterRow| RosterRow { external_id: Some(id.to_owned()), ..row };
        import(&db, &row("Maya", &["+14155550142"])).await;
        // A student without an id gets the one of the roster.
        assert_eq!(import(&db, &with_id("s-1", row("Maya", &["+14155550142"]))).await, Imported::Changed);
        assert_eq!(import(&db, &with_id("s-1", row("Maya Okoro", &["+14155550199"]))).await, Imported::Changed);
        assert_eq!(import(&db, &with_id("s-2", row("Maya Okoro", &["+14155550199"]))).await, Imported::Added);
        assert_eq!(n_students(&db).await, 2);
    }
}
