//! Prepares a context in the transaction that finishes an analysis, so that little work is left when a call arrives.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::types::Json;

use super::about::{self, Named};
use super::{LastCall, Practised, Prepared, PreparedBelief, PreparedFact, PreparedHelp, PreparedSkill, PreparedWorked};
use crate::access::{Caller, Scope};
use crate::analysis::{AnalysisStatus, Findings, SkillFinding, TopicFinding};
use crate::curriculum::Phrase;
use crate::db::{Connection, Result};
use crate::evidence::{self, Evidence, Help, Verdict};
use crate::id::{SessionId, StudentId};
use crate::student;

/// Most skills of a call that are worth telling, and turns of one.
const MAX_PRACTISED: usize = 3;
const MAX_TURNS: usize = 6;
/// Calls whose requests are still heard, among how many that arrived last, for how long, and how many requests.
const CALLS_OF_LATE: i64 = 10;
const ARRIVED_OF_LATE: i64 = 40;
const HEARD_FOR: TimeDelta = TimeDelta::days(60);
const MAX_REQUESTS: usize = 6;
/// Calls in which a promise is still looked for: a short call in between does not undo it.
const PROMISED_WITHIN_CALLS: usize = 3;
/// The limit of misconceptions.
const MAX_WATCH: i64 = 2;
/// Facts that are kept at hand.
const MAX_FACTS: usize = 16;
/// Skills that are kept as wanted.
const MAX_WANTED: usize = 24;
/// Skills of which it is kept what helped.
const MAX_WORKED: usize = 6;
/// The last answers of a skill that show whether help is needed, and how many with help say so.
const LAST_ANSWERS: usize = 6;
/// The skills practised last in which help is looked for.
const LAST_SKILLS: i64 = 12;
const MIN_HELPED: usize = 2;

/// Prepares the student's context again from stored data. Needs `students:read` and `sessions:read`.
pub async fn rebuild(tx: &mut Connection, caller: &Caller, student_id: StudentId, now: DateTime<Utc>) -> Result<()> {
    caller.require_student(Scope::SessionsRead, student_id)?;
    let student = sqlx::query!(
        r#"select timezone, (
               select count(*) from sessions s join analyses a on a.session_id = s.session_id and a.is_current
               where s.student_id = $1
           ) as "n_calls!"
           from students where student_id = $1"#,
        student_id as StudentId,
    )
    .fetch_one(&mut *tx)
    .await?;
    let zone = student::read_zone(&student.timezone);
    let calls_of_late = sqlx::query_as!(
        Call,
        r#"select s.session_id as "session_id: SessionId", coalesce(s.started_at, s.created_at) as "at!",
               a.status as "status: AnalysisStatus", a.findings as "findings: Json<Findings>",
               exists (select from evidence e where e.session_id = s.session_id and e.source = 'person') as "is_marked!"
           -- By when they began, of those that arrived last: one index, however many calls there were.
           from (select * from sessions where student_id = $1 order by created_at desc, session_id desc limit $3) s
           join analyses a on a.session_id = s.session_id and a.is_current
           order by coalesce(s.started_at, s.created_at) desc, s.session_id desc limit $2"#,
        student_id as StudentId,
        CALLS_OF_LATE,
        ARRIVED_OF_LATE,
    )
    .fetch_all(&mut *tx)
    .await?;
    let watch = sqlx::query_as!(
        PreparedBelief,
        // Misconceptions from several calls come before those from one. Without a skill, answers cannot resolve them,
        // so they are included for a limited time only.
        "select belief, n_seen as seen, skill_id, last_seen_at from misconceptions
         where student_id = $1 and resolved_at is null
           and (skill_id is not null or last_seen_at > $2::timestamptz - interval '60 days')
         order by n_seen > 1 desc, last_seen_at desc, misconception_id limit $3",
        student_id as StudentId,
        now,
        MAX_WATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut facts = list_facts(&mut *tx, student_id, now).await?;
    let last_answers = evidence::list_last(&mut *tx, student_id, LAST_SKILLS, LAST_ANSWERS).await?;
    // All skills and their words are needed only where something was said that may be about one.
    let has_said = facts.iter().any(|fact| matches!(&fact.kind[..], "goal" | "schedule"))
        || calls_of_late.iter().any(|call| !call.findings.0.requests.is_empty());
    let only = if has_said { None } else { Some(skills_told(&calls_of_late, &last_answers)) };
    let skills = list_named(&mut *tx, student_id, only.as_deref()).await?;
    let mut requests = requests(&calls_of_late, &skills, zone);
    for fact in facts.iter_mut().filter(|fact| matches!(&fact.kind[..], "goal" | "schedule")).chain(&mut requests) {
        let about = about::about(&fact.text, &skills);
        (fact.skill_ids, fact.subject_id) = (about.skill_ids, about.subject_id);
    }
    let promised = promised(&calls_of_late, &skills);
    let wanted = wanted(&facts, &requests, &promised, &skills);
    let worked = worked(&calls_of_late, &skills);
    let helped = helped(&last_answers, &skills);
    let session_id = calls_of_late.first().map(|call| call.session_id);
    let mut prepared = Prepared {
        n_calls: student.n_calls,
        last_call_at: calls_of_late.first().map(|call| call.at),
        watch,
        facts,
        requests,
        wanted,
        helped,
        promised,
        worked,
        ..Prepared::default()
    };
    if let Some(mut call) = calls_of_late.into_iter().next() {
        if call.is_marked {
            let marks = evidence::read_marks(&mut *tx, call.session_id).await?;
            let marks: Vec<_> = marks.into_iter().map(|given| given.mark).collect();
            call.findings.0.apply_marks(&marks);
        }
        prepared = prepared.with_last_call(call.session_id, call.status, call.findings.0);
    }
    sqlx::query!(
        "insert into student_contexts (student_id, prepared, session_id, rebuilt_at) values ($1, $2, $3, $4)
         on conflict (student_id) do update set
             prepared = excluded.prepared, session_id = excluded.session_id, rebuilt_at = excluded.rebuilt_at",
        student_id as StudentId,
        Json(&prepared) as _,
        session_id as Option<SessionId>,
        now,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A call of late, as it was judged.
struct Call {
    session_id: SessionId,
    at: DateTime<Utc>,
    status: AnalysisStatus,
    findings: Json<Findings>,
    /// A person changed a mark of it.
    is_marked: bool,
}

/// Returns the facts that are still valid, newest first for each kind. A fact from several calls appears once.
async fn list_facts(tx: &mut Connection, student_id: StudentId, now: DateTime<Utc>) -> Result<Vec<PreparedFact>> {
    let rows = sqlx::query!(
        // A goal that was set comes first: the student works towards it, regardless of later statements.
        "select kind, text, on_date, expires_at from facts
         where student_id = $1 and forgotten_at is null and expires_at > $2
         order by kind = 'goal' and source in ('tool', 'person') desc, on_date is null, valid_from desc, fact_id
         limit 60",
        student_id as StudentId,
        now,
    )
    .fetch_all(tx)
    .await?;
    let mut told = HashSet::new();
    let facts = rows.into_iter().filter(|row| told.insert(row.text.to_lowercase())).map(|row| PreparedFact {
        kind: row.kind,
        text: row.text,
        on_date: row.on_date,
        expires_at: row.expires_at,
        skill_ids: Vec::new(),
        subject_id: None,
    });
    Ok(facts.take(MAX_FACTS).collect())
}

/// The skills that the calls and answers name.
fn skills_told(calls: &[Call], answers: &[Evidence]) -> Vec<String> {
    let promised = calls.iter().flat_map(|call| &call.findings.0.promised).map(|promise| &promise.skill_id);
    let helped_by = calls.iter().flat_map(|call| &call.findings.0.helped_by).map(|help| &help.skill_id);
    promised.chain(helped_by).chain(answers.iter().map(|answer| &answer.skill_id)).cloned().collect()
}

/// The skills that the student may be taught, with the words that name them; or, without these words, `only` some.
async fn list_named(tx: &mut Connection, student_id: StudentId, only: Option<&[String]>) -> Result<Vec<Named>> {
    let rows = sqlx::query!(
        r#"select k.skill_id, k.subject_id, k.name,
               case when $2::text[] is null then k.lexicon else '[]' end as "lexicon!: Json<Vec<Phrase>>",
               coalesce(s.grade, 3) between k.grade_from and k.grade_to as "is_of_grade!"
           from students s cross join skills k
           where s.student_id = $1 and k.retired_at is null and ($2 is null or k.skill_id = any($2))
             and not exists (select 1 from student_subjects_off o
                             where o.student_id = s.student_id and o.subject_id = k.subject_id)
           order by k.skill_id"#,
        student_id as StudentId,
        only,
    )
    .fetch_all(tx)
    .await?;
    let named = rows.into_iter().map(|row| Named {
        skill_id: row.skill_id,
        subject_id: row.subject_id,
        name: row.name,
        lexicon: row.lexicon.0,
        is_of_grade: row.is_of_grade,
    });
    Ok(named.collect())
}

/// What the student asked for and was not granted since, the newest first. What is about the call itself, such as to stop,
/// counts only if it was the last one.
fn requests(calls: &[Call], skills: &[Named], zone: Tz) -> Vec<PreparedFact> {
    let mut found: Vec<PreparedFact> = Vec::new();
    let mut practised_since: HashSet<&str> = HashSet::new();
    for (i, call) in calls.iter().enumerate() {
        let said_on = call.at.with_timezone(&zone).date_naive();
        for request in &call.findings.0.requests {
            let kind = request.kind.as_deref().unwrap_or_default();
            let passes = matches!(kind, "stop" | "other_topic" | "person" | "") && i > 0;
            let is_granted = kind == "practise"
                && about::about(&request.text, skills).skill_ids.iter().any(|id| practised_since.contains(&id[..]));
            let (text, on_date) = match request.when {
                Some(when) => when.dated(&request.text, said_on),
                None => (request.text.clone(), None),
            };
            if !passes && !is_granted && found.iter().all(|known| known.text != text) {
                found.push(PreparedFact {
                    kind: kind.to_owned(),
                    text,
                    on_date,
                    expires_at: call.at + HEARD_FOR,
                    skill_ids: Vec::new(),
                    subject_id: None,
                });
            }
        }
        let practised = call.findings.0.skills.iter().filter(|skill| !skill.evidence.is_empty());
        practised_since.extend(practised.map(|skill| &skill.skill_id[..]));
    }
    found.truncate(MAX_REQUESTS);
    found
}

/// What a tutor promised to practise and did not practise since, the newest first.
fn promised(calls: &[Call], skills: &[Named]) -> Vec<PreparedSkill> {
    let mut found: Vec<PreparedSkill> = Vec::new();
    let mut practised_since: HashSet<&str> = HashSet::new();
    for call in calls.iter().take(PROMISED_WITHIN_CALLS) {
        for promise in &call.findings.0.promised {
            let is_open = !practised_since.contains(&promise.skill_id[..])
                && found.iter().all(|known| known.skill_id != promise.skill_id);
            if let Some(skill) = find(skills, &promise.skill_id).filter(|_| is_open) {
                found.push(PreparedSkill { skill_id: skill.skill_id.clone(), skill: skill.name.clone() });
            }
        }
        let practised = call.findings.0.skills.iter().filter(|skill| !skill.evidence.is_empty());
        practised_since.extend(practised.map(|skill| &skill.skill_id[..]));
    }
    found.truncate(MAX_PRACTISED);
    found
}

/// What helped, the newest of each skill.
fn worked(calls: &[Call], skills: &[Named]) -> Vec<PreparedWorked> {
    let mut found: Vec<PreparedWorked> = Vec::new();
    for help in calls.iter().flat_map(|call| &call.findings.0.helped_by) {
        let is_new = found.iter().all(|known| known.skill_id != help.skill_id);
        if let Some(skill) = find(skills, &help.skill_id).filter(|_| is_new) {
            let (skill_id, skill) = (skill.skill_id.clone(), skill.name.clone());
            found.push(PreparedWorked { skill_id, skill, means: help.means.clone() });
        }
    }
    found.truncate(MAX_WORKED);
    found
}

fn find<'a>(skills: &'a [Named], skill_id: &str) -> Option<&'a Named> {
    skills.iter().find(|skill| skill.skill_id == skill_id)
}

/// The skills that goals, tests and requests are about, those of the student's grade; and what a tutor promised.
fn wanted(
    facts: &[PreparedFact],
    requests: &[PreparedFact],
    promised: &[PreparedSkill],
    skills: &[Named],
) -> Vec<String> {
    let of_grade: HashSet<&str> =
        skills.iter().filter(|skill| skill.is_of_grade).map(|skill| &skill.skill_id[..]).collect();
    let told = facts.iter().chain(requests).flat_map(|fact| &fact.skill_ids).filter(|id| of_grade.contains(&id[..]));
    let mut wanted: Vec<String> = Vec::new();
    for id in promised.iter().map(|promise| &promise.skill_id).chain(told) {
        if wanted.len() < MAX_WANTED && !wanted.contains(id) {
            wanted.push(id.clone());
        }
    }
    wanted
}

/// Returns the skills with help in at least half of the last answers, the ones with the newest evidence first.
/// `evidence` is grouped by skill and sorted by time.
fn helped(evidence: &[Evidence], skills: &[Named]) -> Vec<PreparedHelp> {
    let mut found: Vec<(DateTime<Utc>, PreparedHelp)> = Vec::new();
    for of_skill in evidence.chunk_by(|a, b| a.skill_id == b.skill_id) {
        let last = &of_skill[of_skill.len().saturating_sub(LAST_ANSWERS)..];
        let n_helped = last.iter().filter(|of| of.help != Help::None).count();
        let name = find(skills, &of_skill[0].skill_id).map(|skill| &skill.name);
        if let (Some(name), Some(newest)) = (name, last.last())
            && n_helped >= MIN_HELPED
            && n_helped * 2 >= last.len()
        {
            let (skill_id, skill) = (newest.skill_id.clone(), name.clone());
            found.push((newest.observed_at, PreparedHelp { skill_id, skill, n_helped, n_answers: last.len() }));
        }
    }
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    found.into_iter().map(|(_, help)| help).take(MAX_PRACTISED).collect()
}

impl Prepared {
    /// Takes from the last call's findings what the next tutor should hear.
    #[must_use]
    pub fn with_last_call(mut self, session_id: SessionId, status: AnalysisStatus, findings: Findings) -> Self {
        self.analysis = Some(status);
        self.mood = findings.engagement.map(|engagement| engagement.mood);
        self.language = findings.language;
        let shown = findings.skills.iter().filter(|skill| !skill.evidence.is_empty());
        self.last_call = Some(LastCall {
            session_id,
            summary: findings.summary.chars().take(240).collect(),
            // A skill without evidence was not practised.
            practised: shown.take(MAX_PRACTISED).map(practised).collect(),
            // The requests and promises of all calls are kept apart from it.
            open: Vec::new(),
            promised: Vec::new(),
            also: findings.other_topics.iter().map(TopicFinding::told).take(MAX_PRACTISED).collect(),
        });
        self
    }
}

fn practised(skill: &SkillFinding) -> Practised {
    let n = |verdict| skill.evidence.iter().filter(|evidence| evidence.verdict == verdict).count() as u32;
    Practised {
        skill_id: skill.skill_id.clone(),
        skill: skill.name.clone(),
        n_correct: n(Verdict::Correct),
        n_incorrect: n(Verdict::Incorrect),
        n_with_help: skill.evidence.iter().filter(|e| e.verdict == Verdict::Correct && e.help != Help::None).count()
            as u32,
        turns: skill.evidence.iter().map(|evidence| evidence.turn_no).take(MAX_TURNS).collect(),
    }
}
