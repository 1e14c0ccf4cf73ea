//! Every tutoring call, newest first, narrowed by what the address says.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use serde::Deserialize;
use shared::db::Db;
use shared::session::{self, SessionItem, SessionQuery, SessionStatus};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::badge::{self, ended_words};
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::pager::{PAGE, pager, parse_time_key, split_page, time_key};
use crate::parts::table::{Column, cell, row, table, two};
use crate::parts::{date, none, select};
use crate::viewer::Viewer;
use crate::{figures, link};

const PATH: &str = "/sessions";
const LIST_ID: &str = "sessions";

/// The filters, as the address has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    q: String,
    status: String,
    from: String,
    to: String,
    after: String,
}

impl Filter {
    fn query(&self, viewer: &Viewer) -> Result<SessionQuery, Fault> {
        if self.q.chars().count() > 100 {
            return Err(Fault::Invalid("A search has at most 100 characters.".to_owned()));
        }
        let day = |text: &str| match text {
            "" => Ok(None),
            text => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map(Some)
                .map_err(|_| Fault::Invalid("A date is written like 2026-11-19.".to_owned())),
        };
        let status = match &self.status[..] {
            "" => None,
            text => Some(text.parse::<SessionStatus>().map_err(Fault::Invalid)?),
        };
        Ok(SessionQuery {
            status,
            from: day(&self.from)?.map(|date| viewer.start_of(date)),
            // The day that is named belongs to what is shown.
            to: day(&self.to)?.and_then(|date| date.checked_add_days(Days::new(1))).map(|date| viewer.start_of(date)),
            after: parse_time_key(&self.after)?,
            limit: PAGE + 1,
            ..SessionQuery::default()
        })
    }

    fn url(&self) -> String {
        let Self { q, status, from, to, after } = self;
        let fields = [("q", q), ("status", status), ("from", from), ("to", to), ("after", after)];
        link::to(PATH, &fields.map(|(name, value)| (name, value.trim())))
    }

    fn with_after(&self, after: String) -> Self {
        Self { after, ..self.clone() }
    }

    fn is_narrow(&self) -> bool {
        [&self.q, &self.status, &self.from, &self.to].iter().any(|field| !field.is_empty())
    }
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) sessions: Vec<SessionItem>,
    pub(crate) has_next: bool,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    asked: Asked,
) -> Result<Response, Fault> {
    let (query, name) = (filter.query(&admin.viewer)?, filter.q.trim());
    let rows = if name.is_empty() {
        session::list_sessions(&db, &admin.caller, &query).await?
    } else {
        session::list_sessions_by_name(&db, &admin.caller, &query, name).await?
    };
    let (sessions, has_next) = split_page(rows);
    let data = Data { filter, sessions, has_next };
    Ok(if asked.is_for(LIST_ID) {
        htmx::fragment(list(&admin.viewer, &data), &data.filter.url())
    } else {
        render(&admin, &data).into_response()
    })
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Sessions,
        "Sessions",
        html! {
            div.stack.list-page {
                div.head { div { h1 { "Sessions" } p { "Every tutoring call, newest first." } } }
                (views(&data.filter))
                (filters(&data.filter))
                div.card id=(LIST_ID) { (list(&admin.viewer, data)) }
            }
        },
    )
}

/// The statuses as links, since each is an address of its own.
fn views(filter: &Filter) -> Markup {
    let all = [("", "All sessions")].into_iter();
    let each = SessionStatus::ALL.into_iter().map(|status| (status.as_str(), badge::session_word(status)));
    html! {
        nav.views aria-label="Sessions by status" {
            @for (status, name) in all.chain(each) {
                @let url = Filter { status: status.to_owned(), after: String::new(), ..filter.clone() }.url();
                a href=(url) aria-current=[(filter.status == status).then_some("page")] { (name) }
            }
        }
    }
}

fn filters(filter: &Filter) -> Markup {
    let statuses: Vec<(&str, &str)> = [("", "Any")]
        .into_iter()
        .chain(SessionStatus::ALL.into_iter().map(|status| (status.as_str(), badge::session_word(status))))
        .collect();
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter sessions"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="input changed delay:250ms from:#q, change target:'select, [type=date]', submit" {
            div.field.grow {
                label for="q" { "Student" } (icon("search"))
                input.input id="q" name="q" type="search" placeholder="Name of the student" maxlength="100" value=(filter.q);
            }
            details.more {
                summary.btn { (icon("list-filter")) "Filters" }
                div.fields {
                    (date("From", "from", &filter.from))
                    (date("To", "to", &filter.to))
                    (select("Status", "status", &statuses, &filter.status))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

const COLUMNS: [Column; 6] =
    [("Started", "hide"), ("Student", ""), ("What happened", ""), ("Length", "num"), ("Ended", ""), ("Status", "")];

fn list(viewer: &Viewer, data: &Data) -> Markup {
    if data.sessions.is_empty() {
        return nothing(&data.filter);
    }
    let rows = html! { @for item in &data.sessions { (session_row(viewer, item)) } };
    let last = data.sessions.last();
    let next = last
        .filter(|_| data.has_next)
        .map(|last| data.filter.with_after(time_key(last.created_at, last.session_id)).url());
    let first = (!data.filter.after.is_empty()).then(|| data.filter.with_after(String::new()).url());
    let shown = figures::counted(data.sessions.len() as i64, "session", "sessions");
    let shown = if data.has_next || first.is_some() { format!("{shown} on this page") } else { shown };
    html! {
        (table("Sessions", &COLUMNS, &rows))
        (pager(&shown, first.as_deref(), next.as_deref()))
    }
}

fn session_row(viewer: &Viewer, item: &SessionItem) -> Markup {
    let started = item.started_at.unwrap_or(item.created_at);
    let length =
        item.ended_at.zip(item.started_at).map(|(end, start)| figures::length((end - start).num_seconds().max(0)));
    let name = item.student_name.as_deref().unwrap_or("Unknown caller");
    row(&html! {
        (cell("nowrap hide", viewer.time(started)))
        (cell("", two(&format!("{PATH}/{}", item.session_id), name, None)))
        (cell("full muted sm", html! { @match (&item.attention_reason, &item.summary) {
            (Some(reason), _) => span.bad { (reason) },
            (None, Some(summary)) => { (first_sentence(summary)) },
            (None, None) => { (none()) },
        } }))
        (cell("num", html! { span.lbl { (viewer.time(started)) "," } @if let Some(length) = length { (length) } @else { (none()) } }))
        (cell("muted hide nowrap", html! { @if let Some(reason) = &item.ended_reason { (ended_words(reason)) } @else { (none()) } }))
        (cell("end", badge::session(item.status, item.analysis_status)))
    })
}

/// A list says what a call was about; the page of the session says the rest.
pub(crate) fn first_sentence(summary: &str) -> &str {
    summary.split_inclusive(". ").next().unwrap_or(summary).trim_end()
}

fn nothing(filter: &Filter) -> Markup {
    if filter.is_narrow() || !filter.after.is_empty() {
        empty(
            "search",
            "No sessions match",
            "No session has all of what the filters ask for.",
            html! {
                a.btn href=(PATH) { "Clear filters" }
            },
        )
    } else {
        empty(
            "phone-call",
            "No calls yet",
            "Sessions appear here by themselves when a student calls and the call ends.",
            html! {},
        )
    }
}

#[cfg(test)]
mod tests {
    use shared::access::Role;
    use shared::analysis::AnalysisStatus;
    use shared::id::SessionId;

    use super::*;

    pub(crate) fn item() -> SessionItem {
        let at = |text: &str| text.parse().ok();
        SessionItem {
            session_id: SessionId(uuid::Uuid::from_u128(9)),
            call_id: "call-9".to_owned(),
            student_id: None,
            student_name: Some("Maya <Okonkwo>".to_owned()),
            status: SessionStatus::Analyzed,
            attention_reason: None,
            analysis_status: Some(AnalysisStatus::Baseline),
            summary: Some("Worked on unit rates. Then on fractions.".to_owned()),
            started_at: at("2026-11-19T21:12:04Z"),
            ended_at: at("2026-11-19T21:30:46Z"),
            ended_reason: Some("customer-ended-call".to_owned()),
            created_at: "2026-11-19T21:12:00Z".parse().unwrap(),
        }
    }

    fn shown(sessions: Vec<SessionItem>, filter: Filter, has_next: bool) -> String {
        render(&Admin::sample(Role::Viewer), &Data { filter, sessions, has_next }).into_string()
    }

    #[test]
    fn a_session_is_a_row_with_a_link() {
        let shown = shown(vec![item()], Filter::default(), false);
        assert!(shown.contains(r#"href="/sessions/00000000-0000-0000-0000-000000000009""#));
        assert!(shown.contains("Maya &lt;Okonkwo&gt;") && shown.contains("18:42") && shown.contains("Student hung up"));
        assert!(shown.contains("Worked on unit rates.") && !shown.contains("Then on fractions"));
    }

    #[test]
    fn the_next_page_keeps_the_filters() {
        let filter = Filter { status: "analyzed".to_owned(), ..Filter::default() };
        let shown = shown(vec![item()], filter, true);
        assert!(shown.contains("/sessions?status=analyzed&amp;after=1795122720000000_0000"), "{shown}");
    }

    #[test]
    fn an_empty_list_says_what_will_come_or_what_was_asked() {
        assert!(shown(Vec::new(), Filter::default(), false).contains("No calls yet"));
        let narrow = Filter { q: "zoe".to_owned(), ..Filter::default() };
        assert!(shown(Vec::new(), narrow, false).contains("Clear filters"));
    }

    #[test]
    fn filters_that_cannot_be_read_are_refused_in_words() {
        let viewer = Viewer::sample();
        for filter in [
            Filter { from: "19.11.2026".to_owned(), ..Filter::default() },
            Filter { status: "lost".to_owned(), ..Filter::default() },
            Filter { q: "x".repeat(101), ..Filter::default() },
            Filter { after: "1".to_owned(), ..Filter::default() },
        ] {
            assert!(matches!(filter.query(&viewer), Err(Fault::Invalid(_))), "{filter:?}");
        }
    }

    #[test]
    fn the_last_day_of_a_range_is_shown_whole() {
        let filter = Filter { from: "2026-11-19".to_owned(), to: "2026-11-19".to_owned(), ..Filter::default() };
        let query = filter.query(&Viewer::sample()).unwrap();
        assert_eq!((query.to.unwrap() - query.from.unwrap()).num_hours(), 24);
    }
}
