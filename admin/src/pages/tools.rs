//! Tool calls of assistants: count, speed and results.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use maud::{Markup, html};
use serde::Deserialize;
use storage::api_client::{self, ApiClient};
use storage::db::Db;
use storage::tool_call::{self, ToolCall, ToolCallQuery, ToolFigures};

use crate::auth::Admin;
use crate::fault::Fault;
use crate::htmx::{self, Asked};
use crate::layout::{Place, page};
use crate::parts::empty::empty;
use crate::parts::icon::icon;
use crate::parts::pager::{PAGE, pager, parse_time_key, split_page, time_key};
use crate::parts::table::{Column, cell, list_table, row, table};
use crate::parts::tool_call::outcome_badge;
use crate::parts::{none, select};
use crate::viewer::Viewer;
use crate::{figures, link};

const PATH: &str = "/settings/tools";
const LIST_ID: &str = "calls";

/// Periods: value in the address, length, and label.
const SPANS: [(&str, i64, &str); 2] = [("", 24, "Last 24 hours"), ("week", 7 * 24, "Last 7 days")];

/// The filters, read from the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    span: String,
    tool: String,
    client: String,
    call: String,
    /// `failed`, or empty.
    only: String,
    after: String,
}

impl Filter {
    fn query(&self) -> Result<ToolCallQuery, Fault> {
        let given = |text: &str| match text.trim() {
            "" => Ok(None),
            text if text.chars().count() <= 200 => Ok(Some(text.to_owned())),
            _ => Err(Fault::Invalid("A filter has at most 200 characters.".to_owned())),
        };
        Ok(ToolCallQuery {
            tool: given(&self.tool)?,
            client_id: given(&self.client)?,
            call_id: given(&self.call)?,
            failed: self.only == "failed",
            after: parse_time_key(&self.after)?,
            limit: PAGE + 1,
        })
    }

    fn hours(&self) -> Result<i64, Fault> {
        let found = SPANS.iter().find(|(name, ..)| *name == self.span).map(|(_, hours, _)| *hours);
        found.ok_or_else(|| Fault::Invalid("The period is “day” or “week”.".to_owned()))
    }

    fn url(&self) -> String {
        let Self { span, tool, client, call, only, after } = self;
        let fields =
            [("span", span), ("tool", tool), ("client", client), ("call", call), ("only", only), ("after", after)];
        link::to(PATH, &fields.map(|(name, value)| (name, value.trim())))
    }

    fn with_after(&self, after: String) -> Self {
        Self { after, ..self.clone() }
    }

    fn is_narrow(&self) -> bool {
        [&self.tool, &self.client, &self.call, &self.only, &self.after].iter().any(|field| !field.is_empty())
    }
}

pub(crate) struct Data {
    pub(crate) filter: Filter,
    pub(crate) figures: Vec<ToolFigures>,
    pub(crate) clients: Vec<ApiClient>,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) has_next: bool,
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    Query(filter): Query<Filter>,
    asked: Asked,
) -> Result<Response, Fault> {
    admin.require_manage()?;
    let now = admin.viewer.now;
    let (query, from) = (filter.query()?, now - TimeDelta::hours(filter.hours()?));
    let (calls, has_next) = split_page(tool_call::list_tool_calls(&db, &admin.caller, &query).await?);
    let clients = api_client::list_clients(&db).await?;
    let mut data = Data { filter, figures: Vec::new(), clients, calls, has_next };
    if asked.is_for(LIST_ID) {
        return Ok(htmx::fragment(list(&admin.viewer, &data), &data.filter.url()));
    }
    data.figures = tool_call::tool_figures(&db, &admin.caller, from, now).await?;
    Ok(render(&admin, &data).into_response())
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    page(
        admin,
        Place::Tools,
        Place::Tools.name(),
        html! {
            div.stack.list-page {
                div.head { div { h1 { "Tool calls" } p { "Requests of assistants during calls. Arguments and answers are not stored." } } }
                (figures_card(data))
                (filters(data))
                div.card id=(LIST_ID) { (list(&admin.viewer, data)) }
            }
        },
    )
}

const FIGURES: [Column; 5] =
    [("Tool", ""), ("Calls", "num"), ("Without an answer", "num"), ("Median", "num"), ("95th", "num")];

fn figures_card(data: &Data) -> Markup {
    let rows = html! { @for of_tool in &data.figures { (figures_row(data, of_tool)) } };
    html! {
        section.card aria-labelledby="by-tool" {
            header {
                h2 id="by-tool" { "By tool" }
                div.actions { nav.seg aria-label="Period" { @for (span, _, words) in SPANS {
                    @let url = Filter { span: span.to_owned(), after: String::new(), ..data.filter.clone() }.url();
                    a href=(url) aria-current=[(span == data.filter.span).then_some("page")] { (words) }
                } } }
            }
            @if data.figures.is_empty() {
                div.body { p.muted { "No tool was called in this period." } }
            } @else { (table("Figures by tool", &FIGURES, &rows)) }
        }
    }
}

fn figures_row(data: &Data, of_tool: &ToolFigures) -> Markup {
    let url = Filter { tool: of_tool.tool.clone(), after: String::new(), ..data.filter.clone() }.url();
    let share = of_tool.n_failed as f64 / of_tool.n_calls.max(1) as f64;
    row(&html! {
        (cell("full", html! { a.main href=(url) { code { (of_tool.tool) } } }))
        (cell("num", html! { span.lbl { "Calls" } (figures::count(of_tool.n_calls)) }))
        (cell("num", html! { span.lbl { "Without an answer" }
            @if of_tool.n_failed == 0 { "0" } @else { (figures::count(of_tool.n_failed)) span.faint { " (" (figures::percent(share)) ")" } }
        }))
        (cell("num", html! { span.lbl { "Median" } (figures::quick(of_tool.median_us)) }))
        (cell("num", html! { span.lbl { "95th" } (figures::quick(of_tool.p95_us)) }))
    })
}

fn filters(data: &Data) -> Markup {
    let filter = &data.filter;
    let mut tools: Vec<&str> = data.figures.iter().map(|of_tool| of_tool.tool.as_str()).collect();
    if !filter.tool.is_empty() && !tools.contains(&filter.tool.as_str()) {
        tools.push(&filter.tool);
    }
    tools.sort_unstable();
    let tools: Vec<(&str, &str)> =
        [("", "Any")].into_iter().chain(tools.into_iter().map(|tool| (tool, tool))).collect();
    let named = data.clients.iter().map(|client| (client.client_id.as_str(), client.name.as_str()));
    let clients: Vec<(&str, &str)> = [("", "Any"), ("vapi", "VAPI’s webhook")].into_iter().chain(named).collect();
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter tool calls"
            hx-get=(PATH) hx-target={ "#" (LIST_ID) } hx-swap="innerMorph" hx-sync="this:replace" hx-indicator="#busy"
            hx-trigger="input changed delay:250ms from:#call, change target:'select', submit" {
            @if !filter.span.is_empty() { input type="hidden" name="span" value=(filter.span); }
            div.field.grow {
                label for="call" { "Call" } (icon("search"))
                input.input id="call" name="call" type="search" placeholder="VAPI’s id of the call" maxlength="200" value=(filter.call);
            }
            details.more {
                summary.btn { (icon("list-filter")) "Filters" }
                div.fields {
                    (select("Tool", "tool", &tools, &filter.tool))
                    (select("Client", "client", &clients, &filter.client))
                    (select("Result", "only", &[("", "Any"), ("failed", "Without an answer")], &filter.only))
                    button.btn { (icon("list-filter")) "Filter" }
                }
            }
            span.htmx-indicator.xs.faint id="busy" { "Updating" }
        }
    }
}

const COLUMNS: [Column; 6] =
    [("Time", ""), ("Tool", ""), ("Client", ""), ("Call", ""), ("Took", "num"), ("Result", "")];

fn list(viewer: &Viewer, data: &Data) -> Markup {
    if data.calls.is_empty() {
        return nothing(&data.filter);
    }
    let last = data.calls.last().filter(|_| data.has_next);
    let next = last.map(|last| data.filter.with_after(time_key(last.at, last.tool_call_id)).url());
    let first = (!data.filter.after.is_empty()).then(|| data.filter.with_after(String::new()).url());
    html! {
        (list_table("Tool calls", &html! {}, &COLUMNS, &html! { @for call in &data.calls { (call_row(viewer, data, call)) } }))
        (pager("Newest first", first.as_deref(), next.as_deref()))
    }
}

fn call_row(viewer: &Viewer, data: &Data, call: &ToolCall) -> Markup {
    let only = |filter: Filter| Filter { after: String::new(), ..filter }.url();
    let client = data.clients.iter().find(|client| client.client_id == call.client_id);
    let client = client
        .map_or(if call.client_id == "vapi" { "VAPI’s webhook" } else { &call.client_id }, |client| &client.name);
    row(&html! {
        (cell("nowrap faint", html! { (viewer.date(call.at)) " " (viewer.clock(call.at)) }))
        (cell("full", html! { code { (call.tool) } }))
        (cell("hide", html! { (client) }))
        (cell("hide", html! { @match &call.call_id {
            Some(call_id) => a.link href=(only(Filter { call: call_id.clone(), ..data.filter.clone() })) { code.xs { (call_id) } },
            None => (none()),
        } }))
        (cell("num", html! { (figures::quick(call.duration_us as f64)) }))
        (cell("end", outcome_badge(&call.outcome)))
    })
}

fn nothing(filter: &Filter) -> Markup {
    if filter.is_narrow() {
        let clear = Filter { span: filter.span.clone(), ..Filter::default() }.url();
        empty(
            "search",
            "No tool calls match",
            "No tool call matches all filters.",
            html! { a.btn href=(clear) { "Clear filters" } },
        )
    } else {
        empty("wrench", "No tool calls yet", "Tool calls appear when an assistant uses this service.", html! {})
    }
}

#[cfg(test)]
mod tests {
    use storage::access::Role;
    use storage::id::ToolCallId;

    use super::*;

    fn data() -> Data {
        let call = ToolCall {
            tool_call_id: ToolCallId(uuid::Uuid::from_u128(1)),
            at: "2026-11-19T21:15:13Z".parse().unwrap(),
            tool: "get_student_context".to_owned(),
            client_id: "vapi".to_owned(),
            call_id: Some("call-9".to_owned()),
            outcome: "ok".to_owned(),
            duration_us: 4_200,
            request_bytes: 10,
            response_bytes: 20,
            choices: Vec::new(),
        };
        let figures = ToolFigures {
            tool: "get_student_context".to_owned(),
            n_calls: 1_204,
            n_failed: 12,
            median_us: 3_100.0,
            p95_us: 1_430_000.0,
        };
        Data {
            filter: Filter::default(),
            figures: vec![figures],
            clients: Vec::new(),
            calls: vec![call],
            has_next: true,
        }
    }

    #[test]
    fn figures_say_how_often_how_fast_and_how_it_went() {
        let shown = render(&Admin::sample(Role::Admin), &data()).into_string();
        for told in ["1,204", "12", "(1%)", "3 ms", "1.4 s", "Last 24 hours"] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
    }

    #[test]
    fn a_call_leads_to_the_others_of_its_call() {
        let shown = render(&Admin::sample(Role::Admin), &data()).into_string();
        assert!(shown.contains("/settings/tools?call=call-9") && shown.contains("VAPI’s webhook"));
        assert!(shown.contains("after=1795122913000000_0000"), "{shown}");
    }

    #[test]
    fn a_filter_keeps_the_span_and_what_cannot_be_read_is_refused() {
        let filter = Filter { span: "week".to_owned(), only: "failed".to_owned(), ..Filter::default() };
        assert_eq!(filter.url(), "/settings/tools?span=week&only=failed");
        assert!(filter.query().unwrap().failed && filter.hours().unwrap() == 168);
        assert!(Filter { span: "year".to_owned(), ..Filter::default() }.hours().is_err());
        assert!(Filter { call: "x".repeat(201), ..Filter::default() }.query().is_err());
    }

    #[test]
    fn nothing_is_told_apart_from_nothing_found() {
        let none = Data { calls: Vec::new(), figures: Vec::new(), ..data() };
        assert!(render(&Admin::sample(Role::Admin), &none).into_string().contains("No tool calls yet"));
        let filter = Filter { only: "failed".to_owned(), ..Filter::default() };
        let narrow = Data { filter, ..none };
        assert!(render(&Admin::sample(Role::Admin), &narrow).into_string().contains("Clear filters"));
    }
}
