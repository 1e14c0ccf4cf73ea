//! The query of the list: filters, order and page.

use serde::Deserialize;
use storage::access::Caller;
use storage::id::SessionId;
use storage::session::SessionStatus;
use storage::session::browse::{After, BrowseQuery, SortKey};

use super::PATH;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::link;
use crate::parts::pager::PAGE;
use crate::viewer::Viewer;

/// How a call ended: the value in the address, the label, and VAPI's reasons.
type Ending = (&'static str, &'static str, fn(&str) -> bool);

pub(super) const ENDINGS: [Ending; 7] = [
    ("student", "Student hung up", |reason| reason == "customer-ended-call"),
    ("assistant", "Assistant ended", |reason| {
        matches!(reason, "assistant-ended-call" | "assistant-said-end-call-phrase" | "assistant-forwarded-call")
    }),
    ("time-limit", "Time limit", |reason| reason == "exceeded-max-duration"),
    ("silence", "Silence", |reason| reason == "silence-timed-out"),
    ("not-answered", "Not answered", is_unanswered),
    ("error", "Technical error", is_error),
    ("other", "Otherwise", |reason| !ENDINGS[..6].iter().any(|(_, _, is)| is(reason))),
];

fn is_unanswered(reason: &str) -> bool {
    const ANSWERS: [&str; 4] =
        ["customer-did-not-answer", "customer-did-not-give-microphone-permission", "customer-busy", "voicemail"];
    ANSWERS.contains(&reason)
}

fn is_error(reason: &str) -> bool {
    !is_unanswered(reason) && (reason.contains("error") || reason.contains("failed"))
}

/// Separates an assistant's name and version in the address. Names do not contain it.
const VERSION_SIGN: char = '\u{1f}';
const MAX_CHARS: usize = 100;

pub(super) fn assistant_value(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name}{VERSION_SIGN}{version}"))
}

/// The filters, read from the address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    /// The id of a student. The student's page links here.
    pub(super) student: String,
    pub(super) q: String,
    pub(super) words: String,
    pub(super) status: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cohort: String,
    pub(super) grade: String,
    pub(super) skill: String,
    pub(super) assistant: String,
    pub(super) ended: String,
    pub(super) sort: String,
    pub(super) after: String,
}

impl Filter {
    /// Returns the caller of the list. A student or a cohort that the person names need not be of their own classes.
    pub(super) fn caller(&self, admin: &Admin) -> Caller {
        if self.student.is_empty() && self.cohort.is_empty() { admin.lens() } else { admin.caller.clone() }
    }

    /// `reasons` are the known reasons for an end. One label covers several of them.
    pub(super) fn query(&self, viewer: &Viewer, reasons: &[String]) -> Result<BrowseQuery, Fault> {
        let (sort, is_ascending) = self.order()?;
        let assistant = text(&self.assistant)?.map(|assistant| match assistant.split_once(VERSION_SIGN) {
            Some((name, version)) => (name.to_owned(), Some(version.to_owned())),
            None => (assistant, None),
        });
        let status = text(&self.status)?.map(|status| status.parse::<SessionStatus>().map_err(Fault::Invalid));
        let grade = text(&self.grade)?
            .map(|grade| grade.parse::<i16>().map_err(|_| Fault::Invalid("A grade is a number.".to_owned())));
        let student_id = text(&self.student)?
            .map(|id| id.parse().map_err(|_| Fault::Invalid("A student’s id is a UUID.".to_owned())));
        let (from, to) = viewer.days(&self.from, &self.to)?;
        Ok(BrowseQuery {
            student_id: student_id.transpose()?,
            name: text(&self.q)?,
            words: text(&self.words)?,
            status: status.transpose()?,
            from,
            to,
            cohort: text(&self.cohort)?,
            grade: grade.transpose()?,
            skill: text(&self.skill)?,
            assistant,
            ended_reasons: self.ended_reasons(reasons)?,
            sort,
            is_ascending,
            after: parse_after(&self.after)?,
            limit: PAGE + 1,
        })
    }

    fn ended_reasons(&self, reasons: &[String]) -> Result<Option<Vec<String>>, Fault> {
        if self.ended.is_empty() {
            return Ok(None);
        }
        let ending = ENDINGS.iter().find(|(value, ..)| *value == self.ended);
        let (_, _, is) = ending
            .ok_or_else(|| Fault::Invalid("This end of a call does not exist. Choose one from the list.".to_owned()))?;
        Ok(Some(reasons.iter().filter(|reason| is(reason)).cloned().collect()))
    }

    /// `sort=cost` sorts the most expensive first, `sort=-cost` the cheapest.
    pub(super) fn order(&self) -> Result<(SortKey, bool), Fault> {
        let (name, is_ascending) = self.sort.strip_prefix('-').map_or((&self.sort[..], false), |name| (name, true));
        let sort = match name {
            "" | "started" => SortKey::Started,
            "length" => SortKey::Length,
            "cost" => SortKey::Cost,
            _ => return Err(Fault::Invalid("The list is sorted by started, length or cost.".to_owned())),
        };
        Ok((sort, is_ascending))
    }

    fn fields(&self) -> [(&'static str, &str); 13] {
        [
            ("student", &self.student),
            ("q", self.q.trim()),
            ("words", self.words.trim()),
            ("status", &self.status),
            ("from", &self.from),
            ("to", &self.to),
            ("cohort", &self.cohort),
            ("grade", &self.grade),
            ("skill", &self.skill),
            ("assistant", &self.assistant),
            ("ended", &self.ended),
            ("sort", if self.sort == "started" { "" } else { &self.sort }),
            ("after", &self.after),
        ]
    }

    pub(super) fn url(&self) -> String {
        self.url_of(PATH)
    }

    /// Returns the same list at another path: its export or its stream.
    pub(super) fn url_of(&self, path: &str) -> String {
        link::to(path, &self.fields())
    }

    /// Returns the query without the page. A saved view stores it.
    pub(super) fn view(&self) -> String {
        let url = self.with_after(String::new()).url();
        url.split_once('?').map_or_else(String::new, |(_, query)| query.to_owned())
    }

    pub(super) fn with_after(&self, after: String) -> Self {
        Self { after, ..self.clone() }
    }

    pub(super) fn with_status(&self, status: &str) -> Self {
        Self { status: status.to_owned(), after: String::new(), ..self.clone() }
    }

    pub(super) fn with_student(&self, student: &str) -> Self {
        Self { student: student.to_owned(), after: String::new(), ..self.clone() }
    }

    pub(super) fn with_sort(&self, sort: &str) -> Self {
        Self { sort: sort.to_owned(), after: String::new(), ..self.clone() }
    }

    /// Returns the number of active filters.
    pub(super) fn n_narrow(&self) -> usize {
        self.fields()[..11].iter().filter(|(_, value)| !value.is_empty()).count()
    }
}

fn text(value: &str) -> Result<Option<String>, Fault> {
    let value = value.trim();
    if value.chars().count() > MAX_CHARS {
        return Err(Fault::Invalid(format!("A search or filter has at most {MAX_CHARS} characters.")));
    }
    Ok((!value.is_empty()).then(|| value.to_owned()))
}

pub(super) fn after_text(after: After) -> String {
    format!("{}_{}", after.value, after.session_id)
}

fn parse_after(text: &str) -> Result<Option<After>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = text
        .split_once('_')
        .and_then(|(value, id)| Some(After { value: value.parse().ok()?, session_id: id.parse::<SessionId>().ok()? }));
    parsed
        .map(Some)
        .ok_or_else(|| Fault::Invalid("This link to a page of the list is not valid. Open the list again.".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_cannot_be_read_are_refused_in_words() {
        let viewer = Viewer::sample();
        for filter in [
            Filter { from: "19.11.2026".to_owned(), ..Filter::default() },
            Filter { status: "lost".to_owned(), ..Filter::default() },
            Filter { q: "x".repeat(101), ..Filter::default() },
            Filter { grade: "seven".to_owned(), ..Filter::default() },
            Filter { ended: "well".to_owned(), ..Filter::default() },
            Filter { sort: "mood".to_owned(), ..Filter::default() },
            Filter { after: "1".to_owned(), ..Filter::default() },
        ] {
            assert!(matches!(filter.query(&viewer, &[]), Err(Fault::Invalid(_))), "{filter:?}");
        }
    }

    #[test]
    fn the_last_day_of_a_range_is_shown_whole() {
        let filter = Filter { from: "2026-11-19".to_owned(), to: "2026-11-19".to_owned(), ..Filter::default() };
        let query = filter.query(&Viewer::sample(), &[]).unwrap();
        assert_eq!((query.to.unwrap() - query.from.unwrap()).num_hours(), 24);
    }

    #[test]
    fn an_ending_is_all_reasons_of_its_kind_that_occur() {
        let reasons = ["customer-busy", "pipeline-error-x", "twilio-failed-to-connect-call", "manually-canceled"];
        let reasons = reasons.map(str::to_owned);
        let of = |ended: &str| {
            let filter = Filter { ended: ended.to_owned(), ..Filter::default() };
            filter.query(&Viewer::sample(), &reasons).unwrap().ended_reasons.unwrap()
        };
        assert_eq!(of("error"), reasons[1..3]);
        assert_eq!((of("not-answered"), of("other")), (vec![reasons[0].clone()], vec![reasons[3].clone()]));
        assert!(of("silence").is_empty(), "what never occurred finds nothing, not everything");
    }

    #[test]
    fn a_view_keeps_filters_and_order_but_not_the_page() {
        let filter = Filter {
            cohort: "Period 3".to_owned(),
            sort: "-cost".to_owned(),
            after: "1_x".to_owned(),
            ..Filter::default()
        };
        assert_eq!(filter.view(), "cohort=Period+3&sort=-cost");
        assert_eq!(Filter::default().view(), "");
    }

    #[test]
    fn an_assistant_is_a_name_and_a_version() {
        let assistant = assistant_value("Math tutor", Some("12"));
        let query = Filter { assistant, ..Filter::default() }.query(&Viewer::sample(), &[]).unwrap();
        assert_eq!(query.assistant, Some(("Math tutor".to_owned(), Some("12".to_owned()))));
    }
}
