//! Computes misconceptions from the findings of analyses and from later answers, as for mastery.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::access::Caller;
use crate::db::{Connection, Result};
use crate::evidence::{self, Evidence, Help, Of, Verdict};
use crate::id::{MisconceptionId, SessionId, StudentId};

/// Names beliefs among all UUIDv5, so that folding again gives the same rows.
const NAMESPACE: Uuid = Uuid::from_u128(0x1d0c_54f6_3a2e_4b7f_8e57_20a9_44c1_6b03);

/// In so many calls the student has to answer right without help, after the belief was last seen, before it counts as
/// overcome. What is cleared up within one call is often back in the next.
const N_CALLS_TO_RESOLVE: usize = 2;

/// One sighting, in an analysis that counts.
#[derive(Clone)]
struct Sighting {
    session_id: SessionId,
    skill_id: Option<String>,
    belief: String,
    at: DateTime<Utc>,
}

#[derive(Clone, PartialEq, Debug)]
struct Folded {
    misconception_id: MisconceptionId,
    skill_id: Option<String>,
    session_id: SessionId,
    belief: String,
    n_seen: i32,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    resolved_at: Option<DateTime<Utc>>,
}

/// Folds in whole. The result depends on analyses and evidence alone, but what a person marked as resolved stays so
/// until it is seen again. Returns whether a row differed.
pub(crate) async fn write(tx: &mut Connection, caller: &Caller, student_id: StudentId) -> Result<bool> {
    let sightings = sqlx::query_as!(
        Sighting,
        r#"select s.session_id as "session_id!: SessionId", m.found->>'skill_id' as skill_id,
               left(m.found->>'belief', 200) as "belief!",
               coalesce(s.started_at, s.created_at) + make_interval(secs => coalesce(t.offset_ms, 0) / 1000.0)
                   as "at!"
           from sessions s
           -- One index has the few analyses with a belief, so the others are not read.
           join analyses a on a.session_id = s.session_id and a.is_current and a.findings->'misconceptions' <> '[]'
           cross join lateral jsonb_array_elements(a.findings->'misconceptions') as m (found)
           left join turns t on t.session_id = s.session_id and t.turn_no = (m.found->>'turn_no')::int
           where s.student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut skill_ids: Vec<String> = sightings.iter().filter_map(|seen| seen.skill_id.clone()).collect();
    skill_ids.sort_unstable();
    skill_ids.dedup();
    let evidence = if skill_ids.is_empty() {
        Vec::new()
    } else {
        evidence::list_counting(&mut *tx, caller, student_id, Of::Skills(&skill_ids)).await?
    };
    let rows = fold(student_id, sightings, &evidence);
    let ids: Vec<Uuid> = rows.iter().map(|row| row.misconception_id.0).collect();
    let n_gone = sqlx::query!(
        "delete from misconceptions where student_id = $1 and misconception_id <> all($2)",
        student_id as StudentId,
        &ids,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    let n_put = put(tx, student_id, &rows).await?;
    Ok(n_gone + n_put > 0)
}

/// [`write()`] after nothing but the analysis of one session changed: there is something to fold only if the student is known
/// to hold a belief, or the session shows one.
pub(crate) async fn write_if_any(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    session_id: SessionId,
) -> Result<()> {
    let is_any = sqlx::query_scalar!(
        r#"select exists (select 1 from misconceptions where student_id = $1)
               or exists (select 1 from analyses where session_id = $2 and is_current
                          and jsonb_array_length(findings->'misconceptions') > 0) as "is_any!""#,
        student_id as StudentId,
        session_id as SessionId,
    )
    .fetch_one(&mut *tx)
    .await?;
    if is_any {
        write(tx, caller, student_id).await?;
    }
    Ok(())
}

/// Returns how many rows differed.
async fn put(tx: &mut Connection, student_id: StudentId, rows: &[Folded]) -> Result<u64> {
    let put = sqlx::query!(
        "insert into misconceptions as m (misconception_id, student_id, skill_id, session_id, belief, n_seen,
             first_seen_at, last_seen_at, resolved_at)
         select id, $1::uuid, skill_id, session_id, belief, n_seen, first_seen_at, last_seen_at, resolved_at
         from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::int[], $7::timestamptz[], $8::timestamptz[],
             $9::timestamptz[]) as n (id, skill_id, session_id, belief, n_seen, first_seen_at, last_seen_at, resolved_at)
         on conflict (misconception_id) do update set
             skill_id = excluded.skill_id, session_id = excluded.session_id, belief = excluded.belief, n_seen = excluded.n_seen,
             first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at,
             resolved_at = case when m.last_seen_at >= excluded.last_seen_at
                                then coalesce(excluded.resolved_at, m.resolved_at) else excluded.resolved_at end
         where (m.skill_id, m.session_id, m.belief, m.n_seen, m.first_seen_at, m.last_seen_at) is distinct from
                 (excluded.skill_id, excluded.session_id, excluded.belief, excluded.n_seen, excluded.first_seen_at,
                  excluded.last_seen_at)
             or m.resolved_at is distinct from coalesce(excluded.resolved_at, m.resolved_at)",
        student_id as StudentId,
        &rows.iter().map(|row| row.misconception_id.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.skill_id.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|row| row.session_id.0).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.belief.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.n_seen).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.first_seen_at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.last_seen_at).collect::<Vec<_>>(),
        &rows.iter().map(|row| row.resolved_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
    );
    Ok(put.execute(tx).await?.rows_affected())
}

fn fold(student_id: StudentId, mut sightings: Vec<Sighting>, evidence: &[Evidence]) -> Vec<Folded> {
    sightings.sort_by(|a, b| (a.at, a.session_id, &a.belief).cmp(&(b.at, b.session_id, &b.belief)));
    // A belief is one, even if it showed in answers to two skills; it is overcome in either.
    let mut folded: BTreeMap<String, (Folded, BTreeSet<String>)> = BTreeMap::new();
    for seen in sightings {
        let belief = words(&seen.belief);
        let (row, skill_ids) = folded.entry(belief).or_insert_with_key(|belief| {
            let key = (&seen.skill_id, belief);
            let id = Uuid::new_v5(&NAMESPACE, format!("{student_id} {key:?}").as_bytes());
            let row = Folded {
                misconception_id: MisconceptionId(id),
                skill_id: None,
                session_id: seen.session_id,
                belief: seen.belief.clone(),
                n_seen: 0,
                first_seen_at: seen.at,
                last_seen_at: seen.at,
                resolved_at: None,
            };
            (row, BTreeSet::new())
        });
        if row.n_seen == 0 || row.session_id != seen.session_id {
            row.n_seen += 1;
        }
        row.session_id = seen.session_id;
        row.last_seen_at = seen.at;
        if let Some(skill_id) = seen.skill_id {
            skill_ids.insert(skill_id.clone());
            row.skill_id = Some(skill_id);
        }
    }
    let overcome = |(row, skill_ids): (Folded, BTreeSet<String>)| {
        let resolved_at = overcome_at(&row, &skill_ids, evidence);
        Folded { resolved_at, ..row }
    };
    folded.into_values().map(overcome).collect()
}

fn overcome_at(row: &Folded, skill_ids: &BTreeSet<String>, evidence: &[Evidence]) -> Option<DateTime<Utc>> {
    let shows = |e: &&Evidence| {
        skill_ids.contains(&e.skill_id)
            && (e.verdict, e.help) == (Verdict::Correct, Help::None)
            && e.observed_at > row.last_seen_at
    };
    // The first right answer of each call; off the telephone, of each day.
    let mut first_of_call: BTreeMap<(Option<SessionId>, Option<NaiveDate>), DateTime<Utc>> = BTreeMap::new();
    for e in evidence.iter().filter(shows) {
        let call = (e.session_id, e.session_id.is_none().then(|| e.observed_at.date_naive()));
        let first = first_of_call.entry(call).or_insert(e.observed_at);
        *first = e.observed_at.min(*first);
    }
    let mut firsts: Vec<_> = first_of_call.into_values().collect();
    firsts.sort_unstable();
    firsts.get(N_CALLS_TO_RESOLVE - 1).copied()
}

/// The same belief, however it is capitalised and punctuated.
fn words(belief: &str) -> String {
    let words = belief.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::evidence::Source;
    use crate::id::EvidenceId;

    fn minute(n: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(n)
    }

    fn seen(call: u128, belief: &str, at: i64) -> Sighting {
        Sighting {
            session_id: SessionId(Uuid::from_u128(call)),
            skill_id: Some("maths.fractions".to_owned()),
            belief: belief.to_owned(),
            at: minute(at),
        }
    }

    fn right(call: u128, at: i64, help: Help) -> Evidence {
        Evidence {
            evidence_id: EvidenceId::new(),
            student_id: StudentId(Uuid::nil()),
            skill_id: "maths.fractions".to_owned(),
            session_id: (call > 0).then(|| SessionId(Uuid::from_u128(call))),
            analysis_id: None,
            turn_no: None,
            verdict: Verdict::Correct,
            help,
            source: Source::Rules,
            noise: 0.1,
            corrects_id: None,
            observed_at: minute(at),
        }
    }

    fn folded(sightings: &[Sighting], evidence: &[Evidence]) -> Vec<Folded> {
        fold(StudentId(Uuid::nil()), sightings.to_vec(), evidence)
    }

    #[test]
    fn a_belief_seen_again_is_one_belief_however_it_is_written() {
        let sightings = [
            seen(2, "Adds the denominators!", 90),
            seen(1, "adds the denominators", 2),
            seen(1, "adds the denominators", 1),
        ];
        let rows = folded(&sightings, &[]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].n_seen, rows[0].first_seen_at, rows[0].last_seen_at), (2, minute(1), minute(90)));
        assert_eq!(rows[0].resolved_at, None, "it came back");
        let reversed: Vec<_> = sightings.iter().rev().cloned().collect();
        assert_eq!(folded(&reversed, &[]), rows, "the order of rows does not matter");
    }

    #[test]
    fn right_answers_without_help_in_two_calls_overcome_it() {
        let sightings = [seen(1, "adds the denominators", 5)];
        let resolved_at = |evidence: &[Evidence]| folded(&sightings, evidence)[0].resolved_at;
        let (none, told) = (Help::None, Help::Told);
        assert_eq!(
            resolved_at(&[right(1, 4, none), right(2, 60, none)]),
            None,
            "before it was seen counts for nothing"
        );
        assert_eq!(resolved_at(&[right(1, 6, none), right(1, 7, none)]), None, "one call is not enough");
        assert_eq!(resolved_at(&[right(1, 6, told), right(2, 70, none)]), None, "nor is an answer that was told");
        assert_eq!(resolved_at(&[right(2, 71, none), right(1, 6, none), right(2, 70, none)]), Some(minute(70)));
        // Off the telephone a day is a call.
        assert_eq!(resolved_at(&[right(0, 6, none), right(0, 7, none)]), None);
        assert_eq!(resolved_at(&[right(0, 6, none), right(0, 2000, none)]), Some(minute(2000)));
    }

    #[test]
    fn a_belief_seen_again_is_open_again() {
        let evidence = [right(2, 60, Help::None), right(3, 120, Help::None)];
        assert!(folded(&[seen(1, "adds", 5)], &evidence)[0].resolved_at.is_some());
        let again = folded(&[seen(1, "adds", 5), seen(4, "adds", 200)], &evidence);
        assert_eq!((again[0].n_seen, again[0].resolved_at), (2, None));
    }

    #[test]
    fn a_belief_that_showed_in_two_skills_is_one_and_is_overcome_in_either() {
        let of = |skill_id: &str, seen: Sighting| Sighting { skill_id: Some(skill_id.to_owned()), ..seen };
        let sightings = [seen(1, "adds", 5), of("maths.fractions.other", seen(2, "adds", 60))];
        let rows = folded(&sightings, &[right(3, 120, Help::None)]);
        assert_eq!((rows.len(), rows[0].n_seen, rows[0].resolved_at), (1, 2, None));
        assert_eq!(rows[0].skill_id.as_deref(), Some("maths.fractions.other"), "where it showed last");
        let evidence = [right(3, 120, Help::None), right(4, 200, Help::None)];
        assert_eq!(folded(&sightings, &evidence)[0].resolved_at, Some(minute(200)));
    }

    /// Histories of six calls. In each the belief shows (b), or an answer is right alone (r), right with a hint (h),
    /// given by the tutor (t), or wrong in another way (w).
    #[test]
    fn the_life_of_a_belief() {
        let story = |calls: &str| {
            let (mut sightings, mut evidence) = (Vec::new(), Vec::new());
            for (i, call) in calls.chars().enumerate() {
                let (n, at) = (i as u128 + 1, i as i64 * 100);
                match call {
                    'b' => sightings.push(seen(n, "adds", at)),
                    'r' => evidence.push(right(n, at, Help::None)),
                    'h' => evidence.push(right(n, at, Help::Hint)),
                    't' => evidence.push(right(n, at, Help::Told)),
                    'w' => evidence.push(Evidence { verdict: Verdict::Incorrect, ..right(n, at, Help::None) }),
                    _ => {}
                }
            }
            let rows = folded(&sightings, &evidence);
            sightings.reverse();
            evidence.reverse();
            assert_eq!(folded(&sightings, &evidence), rows, "{calls}: the order of rows changes nothing");
            rows.first().map(|row| (row.n_seen, row.resolved_at.is_none()))
        };
        for (calls, expected) in [
            ("r", None),
            ("b", Some((1, true))),
            ("bbb", Some((3, true))),
            // Seen in two of three calls it never vanishes.
            ("bbr", Some((2, true))),
            ("brb", Some((2, true))),
            ("rbb", Some((2, true))),
            ("bh", Some((1, true))),
            ("bhht", Some((1, true))),
            ("bhr", Some((1, true))),
            ("brr", Some((1, false))),
            ("bwrwr", Some((1, false))),
            ("brrb", Some((2, true))),
            ("brrbr", Some((2, true))),
            ("brrbrr", Some((2, false))),
            ("rrb", Some((1, true))),
        ] {
            assert_eq!(story(calls), expected, "{calls}");
        }
    }
}
