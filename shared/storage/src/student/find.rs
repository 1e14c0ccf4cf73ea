//! Finding students again by the words of their names.

use crate::access::{Caller, Scope};
use crate::db::{Db, Result};
use crate::id::StudentId;
use domain::plain_text;

/// Up to so many are read at once and sorted; of more, the list by name is walked instead. Namesakes stand together in
/// it, far from its beginning perhaps, so a walk has to be the exception.
pub(super) const FEW: i64 = 5_000;

/// A student that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct StudentHit {
    pub student_id: StudentId,
    pub display_name: String,
    pub grade: Option<i16>,
}

impl std::fmt::Debug for StudentHit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StudentHit").field("student_id", &self.student_id).finish_non_exhaustive()
    }
}

/// Returns students whose name has a word for every prefix in `name`, in any order. Sorted by name, after `after`,
/// which is the name and id of the last one seen. Needs `students:read`.
pub async fn find_students(
    db: &Db,
    caller: &Caller,
    name: &str,
    after: Option<&(String, StudentId)>,
    limit: i64,
) -> Result<Vec<StudentHit>> {
    let cohorts = caller.require_within(Scope::StudentsRead)?;
    let words = beginnings(name);
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let (after_name, after_id) = after.map(|(name, id)| (name.as_str(), *id)).unzip();
    if let Some(few) = few_of_name(db, &words, FEW).await? {
        let ids: Vec<_> = few.iter().map(|id| id.0).collect();
        return Ok(sqlx::query_as!(
            StudentHit,
            r#"select student_id as "student_id: StudentId", display_name, grade from students
               where student_id = any($1) and ($5::text[] is null or cohort = any($5))
                 and ($2::text is null or (lower(display_name), student_id) > (lower($2), $3))
               order by lower(display_name), student_id limit $4"#,
            &ids,
            after_name,
            after_id as Option<StudentId>,
            limit,
            cohorts as Option<&[String]>,
        )
        .fetch_all(db)
        .await?);
    }
    Ok(sqlx::query_as!(
        StudentHit,
        // The sum keeps the index of the words out of it: the matches are many, so that the next few by name are near.
        r#"select student_id as "student_id: StudentId", display_name, grade from students
           where (name_words @@ $1::text::tsquery)::integer + 0 = 1 and ($5::text[] is null or cohort = any($5))
             and ($2::text is null or (lower(display_name), student_id) > (lower($2), $3))
           order by lower(display_name), student_id limit $4"#,
        words,
        after_name,
        after_id as Option<StudentId>,
        limit,
        cohorts as Option<&[String]>,
    )
    .fetch_all(db)
    .await?)
}

/// Whose names hold the words; `None`: they are more than `few`.
pub(crate) async fn few_of_name(db: &Db, words: &str, few: i64) -> Result<Option<Vec<StudentId>>> {
    let ids = sqlx::query_scalar!(
        r#"select student_id as "student_id: StudentId" from students
           where name_words @@ $1::text::tsquery limit $2"#,
        words,
        few + 1,
    )
    .fetch_all(db)
    .await?;
    Ok((ids.len() as i64 <= few).then_some(ids))
}

/// A question for `students.name_words`: each word of `text` begins one, however it is typed. Empty if there is no word.
pub(crate) fn beginnings(text: &str) -> String {
    let folded = plain_text::fold_name(text);
    let words = folded.split(|c: char| c.is_ascii_punctuation() || c.is_whitespace()).filter(|word| !word.is_empty());
    words.take(8).map(|word| format!("'{word}':*")).collect::<Vec<_>>().join(" & ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::ScopeSet;
    use crate::student::{NewStudent, insert_student};

    async fn add(db: &Db, name: &str) -> StudentId {
        let new = NewStudent::named(name);
        let mut connection = db.acquire().await.unwrap();
        insert_student(&mut connection, &Caller::operator(), &new, crate::clock::now()).await.unwrap().student_id
    }

    async fn names(db: &Db, name: &str, after: Option<&(String, StudentId)>) -> Vec<String> {
        let found = find_students(db, &Caller::operator(), name, after, 2).await.unwrap();
        found.into_iter().map(|hit| hit.display_name).collect()
    }

    #[test]
    fn words_become_beginnings_and_signs_nothing() {
        assert_eq!(beginnings("Oko, MAR"), "'oko':* & 'mar':*");
        assert_eq!(beginnings("o'neill & | ! ( ) \\"), "'oneill':*");
        assert_eq!(beginnings(" -- "), "");
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_name_is_found_by_the_beginnings_of_its_words_in_any_order(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        add(&db, "Marie Okonkwo").await;
        add(&db, "Okello Mars").await;
        add(&db, "Ada Lovelace").await;
        assert_eq!(names(&db, "oko mar", None).await, ["Marie Okonkwo"]);
        assert_eq!(names(&db, "MAR", None).await, ["Marie Okonkwo", "Okello Mars"]);
        assert!(names(&db, "konkwo", None).await.is_empty(), "the middle of a word is no beginning");
        assert!(names(&db, "!", None).await.is_empty());
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_name_is_found_as_it_is_typed(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        for name in ["José", "D’Andre", "Straße", "Jean-Luc", "Jose\u{301}", "प्रिया", "Øyvind", "O'Neill"]
        {
            add(&db, name).await;
        }
        for (typed, found) in [
            ("jose", &["José", "Jose\u{301}"][..]),
            ("JOSÉ", &["José", "Jose\u{301}"]),
            ("Jose\u{301}", &["José", "Jose\u{301}"]),
            ("DAndre", &["D’Andre"]),
            ("d'andre", &["D’Andre"]),
            ("andre", &["D’Andre"]),
            ("Strasse", &["Straße"]),
            ("STRASSE", &["Straße"]),
            ("jean luc", &["Jean-Luc"]),
            ("luc jean", &["Jean-Luc"]),
            ("प्रिया", &["प्रिया"]),
            ("oyv", &["Øyvind"]),
            ("o neill", &["O'Neill"]),
            ("oneill", &["O'Neill"]),
            ("o’neill", &["O'Neill"]),
        ] {
            let mut names = names(&db, typed, None).await;
            names.sort();
            let mut found = found.to_vec();
            found.sort_unstable();
            assert_eq!(names, found, "{typed}");
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn the_database_folds_names_as_we_do(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let letters =
            "aZéÉøØłŁßẞæÆœþÞıİIıđÐħĦςΣΩωЙйЇїЁё’'`´ʻʼ-‐‑–—_. .ﬁ１Ａ\u{301}\u{323}\u{200b}\u{202e}\u{ad}\u{a0}مُنé1/(&नि";
        let letters: Vec<char> = letters.chars().collect();
        let mut names: Vec<String> =
            vec!["José".to_owned(), "Jean-Luc O’Neill".to_owned(), "  İpek  ŞAHİN ".to_owned()];
        // Each neighbourhood of two and of three letters that a step through the list makes.
        for step in 1..letters.len() {
            names.extend(
                (0..letters.len())
                    .map(|at| (0..4).map(|n| letters[(at + n * step) % letters.len()]).collect::<String>()),
            );
        }
        let folded: Vec<String> = sqlx::query_scalar(
            "select fold_name(name) from unnest($1::text[]) with ordinality as t (name, n) order by n",
        )
        .bind(&names)
        .fetch_all(&db)
        .await
        .unwrap();
        for (name, folded) in names.iter().zip(folded) {
            assert_eq!(folded, plain_text::fold_name(name), "{name:?}");
        }
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn a_name_that_many_have_is_paged_like_one_that_few_have(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        sqlx::query!(
            "insert into students (student_id, display_name, created_at, updated_at)
             select gen_random_uuid(), 'Ana ' || lpad(n::text, 4, '0'), now(), now() from generate_series(0, $1) as n",
            FEW as i32,
        )
        .execute(&db)
        .await
        .unwrap();
        let first = find_students(&db, &Caller::operator(), "ana", None, 2).await.unwrap();
        assert_eq!((&first[0].display_name[..], &first[1].display_name[..]), ("Ana 0000", "Ana 0001"));
        let after = (first[1].display_name.clone(), first[1].student_id);
        assert_eq!(names(&db, "ana", Some(&after)).await, ["Ana 0002", "Ana 0003"]);
        assert_eq!(names(&db, "ana 00", Some(&after)).await, ["Ana 0002", "Ana 0003"]);
    }

    #[sqlx::test(migrations = "../../migrations")]
    async fn who_may_not_read_students_finds_none(pool: sqlx::PgPool) {
        let db = Db::from(pool);
        let stranger = Caller::client("stranger", ScopeSet::default());
        assert!(find_students(&db, &stranger, "ada", None, 2).await.is_err());
    }
}
