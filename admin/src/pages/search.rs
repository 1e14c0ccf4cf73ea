//! The search of the top bar: students, sessions and transcripts.
//!
//! **Invariant:** a phone number is sent in the body of a form and never appears in an address.

mod found;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use storage::db::{Db, Reads};
use storage::id::{SessionId, StudentId};
use storage::phone::Phone;
use storage::session::{self, FoundSession, Hits, WordsQuery};
use storage::student::{self, Student, StudentHit};
use storage::transcript::Speaker;
use storage::{audit, clock};

use self::found::{render, render_phone, suggestions};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::form::Posted;
use crate::htmx::Asked;
use crate::layout::SUGGESTIONS_ID;
use crate::link;
use crate::parts::pager::{PAGE, parse_time_key};
use crate::viewer::Viewer;

const PATH: &str = "/search";
const MAX_QUESTION: usize = 100;
/// Rows of each group on the full page, and in the suggestions.
const A_FEW: i64 = 6;

/// The search, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Question {
    q: String,
    /// The only group to show. Empty: a few rows of each.
    r#in: String,
    /// `student` or `tutor`: who said the words. This filter and the next ones are for transcripts.
    said: String,
    from: String,
    to: String,
    cohort: String,
    /// The last row of the page before, in the format of its group.
    after: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Students,
    Sessions,
    Transcripts,
}

impl Group {
    const ALL: [Self; 3] = [Self::Students, Self::Sessions, Self::Transcripts];

    fn name(self) -> &'static str {
        match self {
            Self::Students => "students",
            Self::Sessions => "sessions",
            Self::Transcripts => "transcripts",
        }
    }
}

impl Question {
    fn text(&self) -> &str {
        self.q.trim()
    }

    fn is_narrow(&self) -> bool {
        ![&self.said, &self.from, &self.to, &self.cohort].into_iter().all(String::is_empty)
    }

    fn groups(&self) -> Result<Vec<Group>, Fault> {
        match (self.r#in.is_empty(), self.is_narrow()) {
            (true, false) => return Ok(Group::ALL.to_vec()),
            (true, true) => return Ok(vec![Group::Transcripts]),
            (false, _) => {}
        }
        let group = Group::ALL.into_iter().find(|group| group.name() == self.r#in);
        group.map(|group| vec![group]).ok_or_else(|| {
            Fault::Invalid("This group does not exist. Choose students, sessions or what was said.".to_owned())
        })
    }

    fn url(&self, group: Option<Group>, after: &str) -> String {
        let is_of_words = group == Some(Group::Transcripts);
        let narrow = [("said", &self.said), ("from", &self.from), ("to", &self.to), ("cohort", &self.cohort)];
        let narrow = narrow.map(|(name, value)| (name, if is_of_words { &value[..] } else { "" }));
        let fields = [("q", self.text()), ("in", group.map_or("", Group::name))];
        link::to(PATH, &[&fields[..], &narrow, &[("after", after)]].concat())
    }

    fn words(&self, viewer: &Viewer, limit: i64) -> Result<WordsQuery, Fault> {
        let speaker = match &self.said[..] {
            "" => None,
            "student" => Some(Speaker::Student),
            "tutor" => Some(Speaker::Tutor),
            _ => return Err(Fault::Invalid("Words are said by the student or by the tutor.".to_owned())),
        };
        let (from, to) = viewer.days(&self.from, &self.to)?;
        Ok(WordsQuery {
            words: self.text().to_owned(),
            speaker,
            student_id: None,
            cohort: Some(self.cohort.clone()).filter(|cohort| !cohort.is_empty()),
            from,
            to,
            after: parse_time_key::<SessionId>(&self.after)?,
            limit: limit + 1,
        })
    }
}

/// The results. Each group has one row more than is shown if there are more.
#[derive(Default)]
struct Data {
    question: Question,
    is_alone: bool,
    limit: i64,
    students: Option<Vec<StudentHit>>,
    sessions: Option<Vec<FoundSession>>,
    transcripts: Option<Hits>,
    /// The classes to choose from.
    cohorts: Vec<String>,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    State(reads): State<Reads>,
    Query(question): Query<Question>,
) -> Result<Response, Fault> {
    if looks_like_phone(question.text()) {
        return Ok(render_phone(&admin, None, None).into_response());
    }
    let groups = question.groups()?;
    let data = find(&admin, &reads, question, &groups).await?;
    if let Some(hits) = data.transcripts.as_ref().filter(|hits| !hits.items.is_empty()) {
        // Recorded before the answer, because transcripts are read. The words may be a name, so they are not recorded.
        let shown: Vec<_> = hits.items.iter().take(data.limit as usize).map(|hit| hit.session_id).collect();
        let detail = serde_json::json!({ "session_ids": shown });
        audit::insert_entry(&db, &admin.caller, "session.search", None, &detail, admin.viewer.now).await?;
    }
    Ok(render(&admin, &data).into_response())
}

/// The posted search. It is a form because the text may be a phone number.
pub(crate) async fn post(
    State(db): State<Db>,
    State(reads): State<Reads>,
    asked: Asked,
    posted: Posted,
) -> Result<Response, Fault> {
    let admin = &posted.admin;
    let question = Question { q: posted.fields.text("q").to_owned(), ..Question::default() };
    let is_phone = looks_like_phone(question.text());
    if asked.is_for(SUGGESTIONS_ID) {
        if is_phone || question.text().chars().count() < 2 {
            return Ok(suggestions(None).into_response());
        }
        let data = find(admin, &reads, question, &[Group::Students, Group::Sessions]).await?;
        return Ok(suggestions(Some(&data)).into_response());
    }
    if !is_phone {
        return Ok(Redirect::to(&question.url(None, "")).into_response());
    }
    // A number may belong to children of several cohorts.
    admin.require_all()?;
    let phone = match Phone::parse(question.text()) {
        Ok(phone) => phone,
        Err(why) => return Ok(render_phone(admin, None, Some(&why.to_string())).into_response()),
    };
    let students: Vec<Student> = student::list_students_by_phone(&db, &admin.caller, &phone).await?;
    let detail = serde_json::json!({ "n_students": students.len() });
    audit::insert_entry(&db, &admin.caller, "student.find_by_phone", None, &detail, clock::now()).await?;
    Ok(render_phone(admin, Some(&students), None).into_response())
}

/// Only words are looked for in a replica: a student or a session that was just added must be found.
async fn find(admin: &Admin, reads: &Reads, question: Question, groups: &[Group]) -> Result<Data, Fault> {
    let db = reads.primary();
    if question.text().chars().count() > MAX_QUESTION {
        return Err(Fault::Invalid(format!("A search has at most {MAX_QUESTION} characters.")));
    }
    let is_alone = groups.len() == 1;
    let limit = if is_alone { PAGE } else { A_FEW };
    let mut data = Data { is_alone, limit, ..Data::default() };
    if !question.text().is_empty() {
        let (caller, text) = (&admin.caller, question.text());
        for group in groups {
            match group {
                Group::Students => {
                    let after = student_key(&question.after)?;
                    data.students = Some(student::find_students(db, caller, text, after.as_ref(), limit + 1).await?);
                }
                Group::Sessions => {
                    let after = parse_time_key::<SessionId>(&question.after)?;
                    data.sessions = Some(session::find_sessions(db, caller, text, after, limit + 1).await?);
                }
                Group::Transcripts => {
                    let query = question.words(&admin.viewer, limit)?;
                    let lens = if question.cohort.is_empty() { admin.lens() } else { caller.clone() };
                    data.transcripts = Some(session::search_sessions(reads, &lens, &query).await?);
                    data.cohorts = student::list_cohorts(db, caller).await?;
                }
            }
        }
    }
    Ok(Data { question, ..data })
}

/// The name and the id of the last student on a page.
fn student_key(text: &str) -> Result<Option<(String, StudentId)>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let key = text.rsplit_once('_').and_then(|(name, id)| Some((name.to_owned(), id.parse().ok()?)));
    key.map(Some)
        .ok_or_else(|| Fault::Invalid("This link to a page of the list is not valid. Open the list again.".to_owned()))
}

/// Returns whether the text is seven digits or more with nothing but usual separators.
fn looks_like_phone(text: &str) -> bool {
    let n_digits = text.chars().filter(char::is_ascii_digit).count();
    n_digits >= 7 && text.chars().all(|c| c.is_ascii_digit() || " +-./()\u{a0}\u{2011}".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_told_from_a_name_and_from_an_id() {
        for number in ["+14155550142", "(415) 555-0142", "0044 20 7946 0958"] {
            assert!(looks_like_phone(number), "{number}");
        }
        for text in ["maya", "7 x 8 = 56", "01a20f64-b000-7000-8000-00000000000f", "call_123456789", "123456"] {
            assert!(!looks_like_phone(text), "{text}");
        }
    }

    #[test]
    fn a_damaged_link_and_an_unknown_group_are_refused() {
        assert!(student_key("ann").is_err());
        assert!(student_key("ann_lee_00000000-0000-0000-0000-000000000003").unwrap().unwrap().0 == "ann_lee");
        assert!(Question { r#in: "jobs".to_owned(), ..Question::default() }.groups().is_err());
    }

    #[test]
    fn filters_are_for_what_was_said_and_stay_over_pages() {
        let question = |said: &str, to: &str| Question {
            q: "dinosaurs".to_owned(),
            said: said.to_owned(),
            to: to.to_owned(),
            cohort: "Period 3".to_owned(),
            ..Question::default()
        };
        let narrow = question("student", "2026-11-19");
        assert_eq!(narrow.groups().unwrap(), [Group::Transcripts]);
        let next = narrow.url(Some(Group::Transcripts), "1_a");
        assert_eq!(next, "/search?q=dinosaurs&in=transcripts&said=student&to=2026-11-19&cohort=Period+3&after=1_a");
        assert_eq!(narrow.url(None, ""), "/search?q=dinosaurs");
        let query = narrow.words(&Viewer::sample(), 25).unwrap();
        assert_eq!(query.to, Some("2026-11-20T06:00:00Z".parse().unwrap()), "the last day is included");
        assert_eq!(
            (query.speaker, query.cohort.as_deref(), query.from),
            (Some(Speaker::Student), Some("Period 3"), None)
        );
        assert!(question("anyone", "").words(&Viewer::sample(), 25).is_err());
        assert!(question("", "tomorrow").words(&Viewer::sample(), 25).is_err());
    }
}
