//! Finds what belongs to a person beside the rows that name them: calls by number, request bodies, concerns, and views that
//! staff saved.

use std::collections::HashSet;

use crate::db::{Connection, Result};
use crate::id::StudentId;
use domain::plain_text::fold_name;

/// The numbers that the student and the guardians who have no other student have or had, without those that another student
/// has.
pub(crate) async fn list_unclaimed_numbers(tx: &mut Connection, student_id: StudentId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select phone as "phone!" from (
               select phone from student_phones where student_id = $1
               union
               select phone from past_phones where student_id = $1
               union
               select g.phone from student_guardians sg join guardians g using (guardian_id)
               where sg.student_id = $1 and g.phone is not null and not exists (
                   select 1 from student_guardians os join guardians o using (guardian_id)
                   where o.phone = g.phone and os.student_id <> $1)
           ) held
           where not exists (select 1 from student_phones o where o.phone = held.phone and o.student_id <> $1)"#,
        student_id as StudentId,
    )
    .fetch_all(tx)
    .await?)
}

/// VAPI's ids of the student's calls, and of the calls from these numbers that have no student.
pub(super) async fn list_calls(
    tx: &mut Connection,
    student_id: Option<StudentId>,
    numbers: &[String],
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select call_id as "call_id!" from sessions where student_id = $1
           union
           select call_id from sessions where student_id is null and caller_phone = any($2)
           union
           select l.call_id from loose_bodies($3) l where l.call_id is not null"#,
        student_id as Option<StudentId>,
        numbers,
        &digits(numbers),
    )
    .fetch_all(tx)
    .await?)
}

/// Deletes what is kept under the numbers without a call: request bodies, and concerns.
pub(super) async fn remove_of_numbers(tx: &mut Connection, numbers: &[String]) -> Result<()> {
    let bodies = sqlx::query_scalar!(r#"select delivery_id as "delivery_id!" from loose_bodies($1)"#, &digits(numbers))
        .fetch_all(&mut *tx)
        .await?;
    sqlx::query!(
        "delete from jobs where dedupe_key in (select 'process_delivery:' || id from unnest($1::uuid[]) as d (id))",
        &bodies,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!("delete from deliveries where delivery_id = any($1)", &bodies).execute(&mut *tx).await?;
    sqlx::query!("delete from follow_ups where caller_phone = any($1) and student_id is null", numbers)
        .execute(tx)
        .await?;
    Ok(())
}

/// The digits of numbers: a body may have them with or without the plus.
fn digits(numbers: &[String]) -> Vec<String> {
    numbers.iter().map(|number| number.trim_start_matches('+').to_owned()).collect()
}

/// Deletes views of lists that staff saved, if their name or filter holds the student's name, id or number.
pub(super) async fn remove_views_of(tx: &mut Connection, student_id: StudentId, numbers: &[String]) -> Result<()> {
    let names = sqlx::query_scalar!(
        r#"select display_name as "display_name!" from students where student_id = $1
           union
           select display_name from student_versions where student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_all(&mut *tx)
    .await?;
    let views = sqlx::query!("select saved_view_id, name, query from saved_views").fetch_all(&mut *tx).await?;
    let (id, digits) = (student_id.to_string(), digits(numbers));
    let found: Vec<uuid::Uuid> = views
        .into_iter()
        .filter(|view| {
            let text = format!("{} {}", view.name, decoded(&view.query));
            let plain: String = text.chars().filter(char::is_ascii_digit).collect();
            text.contains(&id)
                || digits.iter().any(|number| plain.contains(number.as_str()))
                || names.iter().any(|name| holds_name(&text, name))
        })
        .map(|view| view.saved_view_id)
        .collect();
    sqlx::query!("delete from saved_views where saved_view_id = any($1)", &found).execute(tx).await?;
    Ok(())
}

/// The values of a query string, one after the other.
fn decoded(query: &str) -> String {
    let values = url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned());
    values.collect::<Vec<_>>().join(" ")
}

/// Whether a text has all words of a name, in any order.
fn holds_name(text: &str, name: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let folded = fold_name(text);
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let name = words(name);
    !name.is_empty() && name.is_subset(&words(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_in_any_order_and_spelling_and_not_by_half() {
        for text in ["calls of José R", "r jose", "JOSE, R. (weak)"] {
            assert!(holds_name(text, "José R"), "{text}");
        }
        for text in ["José", "R", "Josefine R", ""] {
            assert!(!holds_name(text, "José R"), "{text}");
        }
        assert_eq!(decoded("q=Jos%C3%A9+R&grade=4"), "José R 4");
    }
}
