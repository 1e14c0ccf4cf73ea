//! Weekly reports to guardians by e-mail: when they are due, what they say, and what was sent.

mod compose;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use self::compose::{More, Week, Words};
use crate::access::{Caller, Scope};
use crate::curriculum;
use crate::db::{Connection, Db, Error, Executor, Result};
use crate::evidence::{self, Evidence, Of, Verdict};
use crate::id::{GuardianId, MessageId, ReportId, StudentId};
use crate::job::{self, Job};
use crate::learner::MasteryState;
use crate::mastery::Mastery;
use crate::message::State;
use crate::session::{SessionQuery, list_sessions};
use crate::student::{StudentStatus, get_student};
use crate::{audit, consent, db, guardian, mastery, watermark};

/// The `kind` of its messages.
const KIND: &str = "guardian_report";

/// Names reports among all UUIDv5. Never change it: a report that is written twice must get the same id.
const NAMESPACE: Uuid = Uuid::from_u128(0x2b7c_9d10_64f2_4f7b_8a3e_51c0_77de_04b9);

/// Days that a report looks back.
const SPAN: TimeDelta = TimeDelta::days(7);

/// More calls are not added up.
const MAX_SESSIONS: i64 = 100;

/// Reports are sent within so much time after their hour. A worker that was down for longer leaves the week out.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// Students in one look.
const BATCH: i64 = 500;

/// The watermark of the last week whose reports were all asked for.
const WATERMARK: &str = "guardian_reports";

/// When reports are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// 1 is Monday. `None`: only if a person sends one.
    pub weekday: Option<i16>,
    pub hour: i16,
    pub zone: Tz,
}

impl Schedule {
    /// The Monday of the week that `now` is in.
    pub fn week_of(self, now: DateTime<Utc>) -> NaiveDate {
        let today = now.with_timezone(&self.zone).date_naive();
        today - Days::new(u64::from(today.weekday().num_days_from_monday()))
    }

    /// The week whose reports are to be sent at `now`: its hour has come, less than a day ago.
    fn due_week(self, now: DateTime<Utc>) -> Option<NaiveDate> {
        let weekday = u64::from(self.weekday?.unsigned_abs());
        let time = NaiveTime::from_hms_opt(u32::from(self.hour.unsigned_abs()), 0, 0)?;
        let monday = self.week_of(now);
        let is_due = |monday: &NaiveDate| {
            let at = (*monday + Days::new(weekday - 1)).and_time(time);
            // An hour that the clocks leave out is the next one.
            let at = self.zone.from_local_datetime(&at).earliest();
            let at = at.or_else(|| {
                let later = (*monday + Days::new(weekday - 1)).and_time(time) + TimeDelta::hours(1);
                self.zone.from_local_datetime(&later).earliest()
            });
            at.is_some_and(|at| at <= now && now < at + GRACE)
        };
        [monday, monday - Days::new(7)].into_iter().find(is_due)
    }
}

/// Returns when reports are sent.
pub async fn get_schedule(db: impl Executor<'_>) -> Result<Schedule> {
    let row = sqlx::query!("select report_weekday, report_hour, report_zone from organisation").fetch_one(db).await?;
    let zone = row.report_zone.parse().map_err(|_| Error::Corrupt("time zone"))?;
    Ok(Schedule { weekday: row.report_weekday, hour: row.report_hour, zone })
}

/// Returns what reports call the school; `None`: they name none.
pub async fn find_school(db: impl Executor<'_>) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("select school_name from organisation").fetch_one(db).await?)
}

/// Changes when reports are sent and what they call the school, and records it. The caller is a person who may manage the
/// service.
pub async fn set_schedule(
    tx: &mut Connection,
    caller: &Caller,
    schedule: Schedule,
    school: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update organisation set report_weekday = $1, report_hour = $2, report_zone = $3, updated_at = $4, updated_by = $5,
             school_name = $6",
        schedule.weekday,
        schedule.hour,
        schedule.zone.name(),
        now,
        caller.actor.to_string(),
        school,
    )
    .execute(&mut *tx)
    .await?;
    let detail = serde_json::json!({
        "school_name": school, "report_weekday": schedule.weekday, "report_hour": schedule.hour, "report_zone": schedule.zone.name(),
    });
    audit::insert_entry(tx, caller, "organisation.update", None, &detail, now).await
}

/// Asks for the reports that are due: of active students who had a call in the week and have a guardian with an e-mail
/// address. Returns how many were asked for; call it again until that is 0.
pub async fn ask_for_due(db: &Db, now: DateTime<Utc>) -> Result<usize> {
    let mut tx = db::begin(db).await?;
    let Some(week_on) = get_schedule(&mut *tx).await?.due_week(now) else { return Ok(0) };
    if watermark::find(&mut *tx, WATERMARK).await?.is_some_and(|done| done == week_on.to_string()) {
        return Ok(0);
    }
    let student_ids = sqlx::query_scalar!(
        r#"select st.student_id as "student_id: StudentId" from students st
           where st.status = 'active'
             and exists (select from sessions s where s.student_id = st.student_id and s.created_at > $1)
             and exists (select from student_guardians sg join guardians g using (guardian_id)
                         where sg.student_id = st.student_id and g.email is not null)
             and not exists (select from jobs j where j.dedupe_key = 'write_report:' || st.student_id || ':' || $2::text)
           limit $3"#,
        now - SPAN,
        week_on.to_string(),
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    for &student_id in &student_ids {
        job::enqueue(&mut tx, &Job::WriteReport { student_id, week_on }, None).await?;
    }
    if student_ids.is_empty() {
        watermark::put(&mut *tx, WATERMARK, &week_on.to_string(), now).await?;
    }
    tx.commit().await?;
    Ok(student_ids.len())
}

/// Drafts a comment of at most `most` characters for the teacher to edit, in the language of a tag such as `es-MX`; English if
/// it is none of ours. It says what `skills`, `examples` and `home` say, and nothing more.
pub fn draft_comment(
    tag: &str,
    first_name: &str,
    skills: &[Mastery],
    (examples, home): (&[Example], &[AtHome]),
    most: usize,
    now: DateTime<Utc>,
) -> String {
    let mut week = Week::new(first_name, &[], skills, now - SPAN, now);
    week.more = More { examples, home, ..More::default() };
    week.draft(Words::of(tag), most)
}

/// What came of writing a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// So many e-mails are on their way. None: all guardians got the report of this week before.
    Emails(usize),
    /// No guardian consents to reports, or the student is blocked.
    NotAllowed,
    /// No guardian has an e-mail address.
    NoAddress,
}

/// An answer that shows what a child works on, in the words of the call.
#[derive(Clone, PartialEq, Eq)]
pub struct Example {
    pub asked: String,
    pub said: String,
    pub expected: String,
}

impl std::fmt::Debug for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Example").finish_non_exhaustive()
    }
}

/// Something to practise at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtHome {
    pub skill: String,
    pub ask: String,
    pub answer: String,
}

/// Examples, and skills to practise at home, in one report.
const MAX_EXAMPLES: usize = 2;
/// Answers among which examples are looked for.
const EXAMPLES_AMONG: usize = 40;

/// Returns two worked examples since `since`, wrong answers first, and what to practise at home. Turns that a person has to
/// read are not quoted. Needs `students:read` and `sessions:read`.
pub async fn find_examples(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    skills: &[Mastery],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(Vec<Example>, Vec<AtHome>)> {
    let evidence = evidence::list_counting(&mut *tx, caller, student_id, Of::All).await?;
    let mut lately: Vec<&Evidence> = evidence.iter().filter(|one| one.observed_at >= since).collect();
    lately.sort_by_key(|one| (one.verdict == Verdict::Correct, std::cmp::Reverse(one.observed_at)));
    lately.truncate(EXAMPLES_AMONG);
    let to_practise = |level| skills.iter().filter(move |skill| skill.word(now) == level);
    let weak: Vec<&Mastery> = to_practise(MasteryState::Learning).chain(to_practise(MasteryState::Shaky)).collect();
    let of_answers = lately.iter().map(|one| one.skill_id.clone());
    let skill_ids: Vec<String> = of_answers.chain(weak.iter().map(|skill| skill.skill_id.clone())).collect();
    let questions = curriculum::list_questions(&mut *tx, &skill_ids).await?;
    let exchanges = evidence::list_exchanges(&mut *tx, caller, student_id, &lately).await?;
    let of_skill = |skill_id: &str| questions.get(skill_id).map_or(&[][..], |questions| questions);
    let mut asked = BTreeSet::new();
    let examples = lately.iter().filter_map(|one| {
        let read = exchanges.get(&one.evidence_id)?.read(of_skill(&one.skill_id));
        let (said, expected) = (Some(read.quote).filter(|quote| !quote.is_empty())?, read.expected?);
        Some(Example { asked: read.asked?.1, said, expected })
    });
    // Not one question twice.
    let examples = examples.filter(|example| asked.insert(example.asked.to_lowercase()));
    let home = weak.iter().filter_map(|skill| {
        let question = of_skill(&skill.skill_id).iter().find(|question| question.is_comparable())?;
        let (ask, answer) = (question.ask.clone(), question.answer.clone());
        Some(AtHome { skill: skill.skill_name.clone(), ask, answer })
    });
    Ok((examples.take(MAX_EXAMPLES).collect(), home.take(MAX_EXAMPLES).collect()))
}

/// Writes the report of the last seven days for each guardian with an e-mail address, in their language or the student's. Once
/// for each guardian, week and comment: a report that was written stays as it is. Needs `students:read` and `sessions:read`.
pub async fn write(
    tx: &mut Connection,
    caller: &Caller,
    student_id: StudentId,
    week_on: NaiveDate,
    comment: &str,
    now: DateTime<Utc>,
) -> Result<Written> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    let may_report = consent::current(tx, Some(student_id), now).await?.reports;
    let student = get_student(&mut *tx, caller, student_id).await?;
    if !may_report || student.status != StudentStatus::Active {
        return Ok(Written::NotAllowed);
    }
    let guardians = guardian::list_guardians(&mut *tx, caller, student_id).await?;
    let reachable: Vec<_> = guardians.into_iter().filter(|guardian| guardian.email.is_some()).collect();
    if reachable.is_empty() {
        return Ok(Written::NoAddress);
    }
    let from = Some(now - SPAN);
    let query = SessionQuery { student_id: Some(student_id), from, limit: MAX_SESSIONS, ..SessionQuery::default() };
    let sessions = list_sessions(&mut *tx, caller, &query).await?;
    let skills = mastery::list_mastery(&mut *tx, caller, student_id).await?;
    let (examples, home) = find_examples(tx, caller, student_id, &skills, now - SPAN, now).await?;
    let school = find_school(&mut *tx).await?;
    let mut week = Week::new(student.first_name(), &sessions, &skills, now - SPAN, now);
    week.more = More { school: school.as_deref(), comment, examples: &examples, home: &home };
    let mut n_emails = 0;
    for guardian in reachable {
        let words = Words::of(guardian.language.as_deref().unwrap_or(&student.locale));
        let report_id = insert_report(tx, student_id, week_on, words, &week, now).await?;
        n_emails += usize::from(insert_message(tx, report_id, guardian.guardian_id, now).await?);
    }
    Ok(Written::Emails(n_emails))
}

async fn insert_report(
    tx: &mut Connection,
    student_id: StudentId,
    week_on: NaiveDate,
    words: &Words,
    week: &Week<'_>,
    now: DateTime<Utc>,
) -> Result<ReportId> {
    // Without a comment the id is as it always was.
    let comment = week.more.comment;
    let key = format!("{student_id} {week_on} {} {comment}", words.language);
    let key = key.trim_end();
    let report_id = ReportId(Uuid::new_v5(&NAMESPACE, key.as_bytes()));
    sqlx::query!(
        "insert into guardian_reports (report_id, student_id, week_on, language, subject, text, created_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        report_id as ReportId,
        student_id as StudentId,
        week_on,
        words.language,
        week.subject(words),
        week.text(words),
        now,
    )
    .execute(tx)
    .await?;
    Ok(report_id)
}

/// Returns whether there was none for this report and guardian.
async fn insert_message(
    tx: &mut Connection,
    report_id: ReportId,
    guardian_id: GuardianId,
    now: DateTime<Utc>,
) -> Result<bool> {
    let message_id = MessageId::new();
    let inserted = sqlx::query!(
        "insert into messages (message_id, dedupe_key, kind, guardian_id, report_id, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing",
        message_id as MessageId,
        format!("{KIND}:{report_id}:{guardian_id}"),
        KIND,
        guardian_id as GuardianId,
        report_id as ReportId,
        now,
    )
    .execute(&mut *tx)
    .await?
    .rows_affected();
    if inserted > 0 {
        job::enqueue(tx, &Job::SendReport { message_id }, None).await?;
    }
    Ok(inserted > 0)
}

/// A report about to be sent.
#[derive(Clone)]
pub struct ReportEmail {
    pub student_id: StudentId,
    pub guardian_id: GuardianId,
    pub email: String,
    pub subject: String,
    pub text: String,
    /// Whether it is still to be sent: the guardian is still one of the student's, and reports are allowed.
    pub is_wanted: bool,
}

impl std::fmt::Debug for ReportEmail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportEmail").field("guardian_id", &self.guardian_id).finish_non_exhaustive()
    }
}

/// The report of a message that waits or failed. `None`: it was sent or cancelled, or is gone with its student.
/// Needs `students:read`.
pub async fn find_email(
    db: &Db,
    caller: &Caller,
    message_id: MessageId,
    now: DateTime<Utc>,
) -> Result<Option<ReportEmail>> {
    caller.require(Scope::StudentsRead)?;
    let found = sqlx::query_as!(
        ReportEmail,
        r#"select r.student_id as "student_id: StudentId", g.guardian_id as "guardian_id: GuardianId",
               coalesce(g.email, '') as "email!", r.subject, r.text,
               (st.status = 'active' and g.email is not null and exists (
                   select from student_guardians sg
                   where sg.student_id = r.student_id and sg.guardian_id = g.guardian_id)) as "is_wanted!"
           from messages m join guardian_reports r on r.report_id = m.report_id
           join students st on st.student_id = r.student_id
           join guardians g on g.guardian_id = m.guardian_id
           where m.message_id = $1 and m.state in ('waiting', 'failed')"#,
        message_id as MessageId,
    )
    .fetch_optional(db)
    .await?;
    let Some(email) = found else { return Ok(None) };
    let standings = consent::list_standings(db, Some(email.student_id), now).await?;
    let is_wanted = email.is_wanted && consent::allows(&standings, consent::Purpose::Reports);
    Ok(Some(ReportEmail { is_wanted, ..email }))
}

/// Records that a guardian got a report: it is data about the student.
pub async fn record_sent(tx: &mut Connection, email: &ReportEmail, now: DateTime<Utc>) -> Result<()> {
    let object = format!("student:{}", email.student_id);
    let detail = serde_json::json!({ "guardian_id": email.guardian_id });
    audit::insert_entry(tx, &Caller::worker(), "report.send", Some(&object), &detail, now).await
}

/// A report to one guardian.
#[derive(Clone, PartialEq, Eq)]
pub struct ReportItem {
    pub week_on: NaiveDate,
    pub guardian_name: String,
    pub state: State,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub text: String,
}

impl std::fmt::Debug for ReportItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportItem").field("week_on", &self.week_on).finish_non_exhaustive()
    }
}

/// The last reports about a student, the newest first. Needs `students:read`.
pub async fn list_reports(
    db: impl Executor<'_>,
    caller: &Caller,
    student_id: StudentId,
    limit: i64,
) -> Result<Vec<ReportItem>> {
    caller.require_student(Scope::StudentsRead, student_id)?;
    Ok(sqlx::query_as!(
        ReportItem,
        r#"select r.week_on, g.name as guardian_name, m.state as "state: State", m.last_error, m.created_at, m.sent_at, r.text
           from guardian_reports r join messages m using (report_id) join guardians g using (guardian_id)
           where r.student_id = $1 order by r.created_at desc, g.name limit $2"#,
        student_id as StudentId,
        limit,
    )
    .fetch_all(db)
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_due_for_a_day_from_their_hour_in_the_schools_zone() {
        let schedule = |weekday| Schedule { weekday, hour: 17, zone: chrono_tz::America::Chicago };
        let due = |weekday: i16, now: &str| {
            schedule(Some(weekday)).due_week(now.parse().unwrap()).map(|date| date.to_string())
        };
        // Friday 27 November 2026, 17:00 in Chicago is 23:00 UTC.
        assert_eq!(due(5, "2026-11-27T22:59:59Z"), None);
        assert_eq!(due(5, "2026-11-27T23:00:00Z").as_deref(), Some("2026-11-23"));
        assert_eq!(due(5, "2026-11-28T22:59:59Z").as_deref(), Some("2026-11-23"));
        assert_eq!(due(5, "2026-11-28T23:00:00Z"), None);
        // Sunday's reports may be sent on Monday.
        assert_eq!(due(7, "2026-11-30T12:00:00Z").as_deref(), Some("2026-11-23"));
        assert_eq!(schedule(None).due_week("2026-11-27T23:00:00Z".parse().unwrap()), None);
        let night = Schedule { weekday: Some(7), hour: 2, zone: chrono_tz::Europe::Berlin };
        let clocks_go_forward = "2026-03-29T01:30:00Z".parse().unwrap();
        assert!(night.due_week(clocks_go_forward).is_some(), "the hour that is left out");
    }
}
