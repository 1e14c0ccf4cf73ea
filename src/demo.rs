//! A demo for first-time users: four students, two earlier calls, and one real tutoring dialogue sent through the
//! signed webhook at every start.

use std::time::Duration;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use storage::access::Caller;
use storage::clock;
use storage::db::{self, Db};
use storage::phone::Phone;
use storage::session::{self, SessionKey, SessionStatus};
use storage::student::{self, NewStudent, StudentQuery, first_name};
use storage::student_context::{self, StudentContext};

use crate::dialogue::{Dialogue, parse_dialogues};
use crate::say;
use crate::simulate::VapiLine;

/// Who calls in the demo; the numbers are of a range reserved for fiction.
const STUDENTS: [(&str, i16, &str); 4] = [
    ("Amara Okafor", 6, "+15550100001"),
    ("Maya Lindqvist", 5, "+15550100002"),
    // Brother and sister: the context asks who is calling.
    ("Leo Brandt", 4, "+15550100003"),
    ("Ida Brandt", 7, "+15550100003"),
];

/// How long an analysis may take before the demo gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Puts the demo's students into a database that has none, and lets one of them have called before.
pub async fn load(db: &Db, line: &VapiLine) -> anyhow::Result<()> {
    let caller = Caller::operator();
    let now = clock::now();
    if !student::list_students(db, &caller, &StudentQuery { limit: 1, ..StudentQuery::default() }).await?.is_empty() {
        return Ok(());
    }
    let mut tx = db::begin(db).await?;
    for (name, grade, phone) in STUDENTS {
        let new = NewStudent {
            display_name: name.to_owned(),
            grade: Some(grade),
            cohort: None,
            locale: "en".to_owned(),
            timezone: None,
            phones: vec![Phone::parse(phone)?],
        };
        student::insert_student(&mut tx, &caller, &new, now).await?;
    }
    tx.commit().await?;
    let dialogues = dialogues()?;
    for (dialogue, days_ago) in dialogues.iter().skip(1).zip([6, 2]) {
        let call_id = line
            .report(
                &dialogue.addressed_to(first_name(STUDENTS[1].0)),
                &Phone::parse(STUDENTS[1].2)?,
                now - TimeDelta::days(days_ago),
                now,
            )
            .await?;
        await_analysis(db, &caller, &call_id).await?;
    }
    Ok(())
}

/// Plays a call of the first student, and shows what the next call will begin with, before and after.
pub async fn play(db: &Db, line: &VapiLine) -> anyhow::Result<()> {
    let caller = Caller::operator();
    let (name, _, phone) = STUDENTS[0];
    let phone = Phone::parse(phone)?;
    let of_phone = student::list_students_by_phone(db, &caller, &phone).await?;
    if !of_phone.iter().any(|student| student.display_name == name) {
        // The students of the demo were removed, or there were others from the start.
        return Ok(());
    }
    let before = student_context::find_by_phone(db, &caller, &phone, clock::now()).await?;
    say!("\nget_student_context for {} before the call:\n{}", phone.as_str(), pretty(&before)?);
    let dialogues = dialogues()?;
    let n_calls = before.student.map_or(0, |student| student.n_calls);
    let dialogue = dialogues[usize::try_from(n_calls).unwrap_or(0) % dialogues.len()].addressed_to(first_name(name));
    let dialogue = &dialogue;
    say!("\nThe call, {} turns of a real tutoring dialogue ({}):", dialogue.turns.len(), dialogue.id);
    for turn in &dialogue.turns {
        say!("  {:9} {}", if turn.role == "student" { "student:" } else { "tutor:" }, turn.text);
    }
    let started = std::time::Instant::now();
    let call_id = line.report(dialogue, &phone, clock::now(), clock::now()).await?;
    await_analysis(db, &caller, &call_id).await?;
    let after = student_context::find_by_phone(db, &caller, &phone, clock::now()).await?;
    say!("\nAnalysed {} ms after the signed webhook was sent.", started.elapsed().as_millis());
    say!("\nget_student_context for {} after the call:\n{}", phone.as_str(), pretty(&after)?);
    Ok(())
}

/// Waits until the call's session has an analysis: by rules at least, where a model is still at work.
async fn await_analysis(db: &Db, caller: &Caller, call_id: &str) -> anyhow::Result<()> {
    let key = SessionKey::CallId(call_id.to_owned());
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        match session::get_session(db, caller, &key).await {
            Ok(session) if session.analysis_status.is_some() => return Ok(()),
            Ok(session) if session.status == SessionStatus::NeedsAttention => {
                bail!("the demo call could not be analysed: {}", session.attention_reason.unwrap_or_default());
            }
            Ok(_) | Err(storage::db::Error::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        if std::time::Instant::now() > deadline {
            bail!("the demo call was not analysed within {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn dialogues() -> anyhow::Result<Vec<Dialogue>> {
    parse_dialogues(include_str!("../demo/dialogues.jsonl")).context("the demo's dialogues")
}

fn pretty(context: &StudentContext) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(context)?)
}
