//! Analytics: results of tutoring over weeks, by group and by version of the assistant.

mod export;
mod filter;
mod measure;
mod series;

use axum::extract::{Query, State};
use chrono::NaiveDate;
use maud::{Markup, html};
use storage::analytics::{self, By, Choices, Days, Figures};
use storage::db::Reads;

use self::filter::{Filter, GROUPS, NONE, PATH, RANGES, STEPS, begins};
use self::measure::{HABITS, MEASURES, Measure};
use self::series::{Step, steps};
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::badge::ended_words;
use crate::parts::chart::{Bar, BarNames, bars};
use crate::parts::empty::empty;
use crate::parts::icon::{icon, icon_small};
use crate::parts::line::{LineNames, Point, lines};
use crate::parts::notice::{Tone, notice_with};
use crate::parts::table::{cell, row};
use crate::parts::{grade, none, select};

pub(crate) use self::export::get as export;

/// Groups, reasons and misconceptions on the page. The export has all.
const N_LISTED: usize = 30;
/// Measures in the first row of figures.
const N_HEADLINE: usize = 6;

pub(crate) struct Data {
    filter: Filter,
    choices: Choices,
    steps: Vec<Step>,
    groups: Vec<Figures>,
    assistants: Vec<Figures>,
    reasons: Vec<Figures>,
    beliefs: Vec<Figures>,
    lacks_practices: bool,
}

pub(crate) async fn get(
    admin: Admin,
    State(reads): State<Reads>,
    Query(filter): Query<Filter>,
) -> Result<Markup, Fault> {
    Ok(render(&admin, &fetch(&admin, &reads, filter).await?))
}

async fn fetch(admin: &Admin, reads: &Reads, filter: Filter) -> Result<Data, Fault> {
    let (by, _) = filter.by()?;
    let groups = list_groups(admin, reads, &filter, by).await?;
    let assistants =
        if by == By::Assistant { groups.clone() } else { list_groups(admin, reads, &filter, By::Assistant).await? };
    Ok(Data {
        steps: list_steps(admin, reads, &filter, filter.n_shown_step()?).await?,
        groups,
        assistants,
        reasons: list_groups(admin, reads, &filter, By::Reason).await?,
        beliefs: list_groups(admin, reads, &filter, By::Belief).await?,
        choices: analytics::list_choices(reads, &admin.caller).await?,
        lacks_practices: analytics::lacks_practices(reads).await?,
        filter,
    })
}

/// The steps of the period, each with the same step of the period before.
async fn list_steps(admin: &Admin, reads: &Reads, filter: &Filter, n_step: usize) -> Result<Vec<Step>, Fault> {
    let (viewer, narrow) = (&admin.viewer, filter.narrow()?);
    let (from, before) = begins(viewer.today(), filter.n_days()?);
    let days = days(admin, before);
    let figures = analytics::list_figures(reads, &admin.caller, &narrow, By::Day, days).await?;
    Ok(steps(&figures, before, from, viewer, n_step))
}

/// From this day to today. Reviews are counted when their week is over.
fn days(admin: &Admin, from: NaiveDate) -> Days<'_> {
    let today = admin.viewer.today();
    Days { from, to: series::after(today), judged_to: series::reviews_end(today), zone: admin.viewer.zone.name() }
}

/// Groups of the period, the busiest first.
async fn list_groups(admin: &Admin, reads: &Reads, filter: &Filter, by: By) -> Result<Vec<Figures>, Fault> {
    let (viewer, narrow) = (&admin.viewer, filter.narrow()?);
    let (from, _) = begins(viewer.today(), filter.n_days()?);
    let mut groups = analytics::list_figures(reads, &admin.caller, &narrow, by, days(admin, from)).await?;
    groups.retain(|group| group.n_sessions > 0 || group.n_due > 0);
    groups.sort_by(|a, b| b.n_sessions.cmp(&a.n_sessions).then_with(|| a.key.cmp(&b.key)));
    Ok(groups)
}

fn render(admin: &Admin, data: &Data) -> Markup {
    let now: Figures = data.steps.iter().map(|step| &step.now).sum();
    let before: Figures = data.steps.iter().map(|step| &step.before).sum();
    let n_days = data.filter.n_days().unwrap_or_default();
    let is_empty = now.n_sessions + before.n_sessions + now.n_due + before.n_due == 0;
    page(
        admin,
        Place::Analytics,
        Place::Analytics.name(),
        html! {
            div.stack.list-page {
                div.head { div {
                    h1 { "Analytics" }
                    p { "The last " (n_days) " days including today, compared with the " (n_days) " days before. Cohort and grade are today’s." }
                } }
                (filters(data))
                @if data.lacks_practices {
                    (notice_with(Tone::Warn, "Mastery and reviews lack earlier calls",
                        &html! { "An earlier version did not store what calls taught. An operator runs " code { "ai-tutor analytics rebuild" } " to compute it." }, &html! {}))
                }
                @if is_empty {
                    div.card { (nothing(data)) }
                } @else {
                    section.card aria-label="Headline figures" { dl.kpis { @for measure in &MEASURES[..N_HEADLINE] { (kpi(measure, &now, &before)) } } }
                    section.card aria-label="Reviews, speed and cost" { dl.kpis { @for measure in &MEASURES[N_HEADLINE..] { (kpi(measure, &now, &before)) } } }
                    div.cols.half { (calls_card(admin, data)) @for measure in &MEASURES[1..] { (line_card(admin, data, measure)) } }
                    (groups_card(admin, data))
                    (tutoring_card(admin, data))
                    div.cols.half { (ranking(admin, data, "reasons", "Why calls ended", "Calls", &data.reasons, &reason)) (ranking(admin, data, "beliefs", "Misconceptions", "Calls with this misconception", &data.beliefs, &belief)) }
                    (meanings())
                }
            }
        },
    )
}

fn nothing(data: &Data) -> Markup {
    if data.filter.is_narrow() {
        let clear = html! { a.btn href=(PATH) { "Clear filters" } };
        return empty(
            "chart-column",
            "No calls match",
            "Neither this period nor the one before has such a call.",
            clear,
        );
    }
    empty("chart-column", "No calls yet", "Figures appear with the first call of this period.", html! {})
}

fn filters(data: &Data) -> Markup {
    let (filter, choices) = (&data.filter, &data.choices);
    let ranges = RANGES.map(|(value, _, words)| (value, words));
    let groups = GROUPS.map(|(value, _, words)| (value, words));
    let mut cohorts = vec![("", "All"), (NONE, "In no cohort")];
    cohorts.extend(choices.cohorts.iter().map(|cohort| (cohort.as_str(), cohort.as_str())));
    let named: Vec<(String, String)> =
        choices.grades.iter().map(|n| (n.to_string(), grade(Some(*n)).unwrap_or_default())).collect();
    let mut grades = vec![("", "All"), (NONE, "Unknown")];
    grades.extend(named.iter().map(|(value, words)| (value.as_str(), words.as_str())));
    let mut subjects = vec![("", "All")];
    subjects.extend(choices.subjects.iter().map(|(id, name)| (id.as_str(), name.as_str())));
    let mut skills = vec![("", "All")];
    let of_subject = |subject: &str| filter.subject.is_empty() || filter.subject == subject;
    skills.extend(
        choices
            .skills
            .iter()
            .filter(|(.., subject)| of_subject(subject))
            .map(|(id, name, _)| (id.as_str(), name.as_str())),
    );
    let mut assistants = vec![("", "All")];
    assistants.extend(choices.assistants.iter().map(|assistant| (assistant.as_str(), assistant.as_str())));
    html! {
        form.filters method="get" action=(PATH) role="search" aria-label="Filter analytics" {
            (select("Period", "range", &ranges, &filter.range))
            (select("Steps", "step", &STEPS, &filter.step))
            (select("Cohort", "cohort", &cohorts, &filter.cohort))
            (select("Grade", "grade", &grades, &filter.grade))
            (select("Subject", "subject", &subjects, &filter.subject))
            (select("Skill", "skill", &skills, &filter.skill))
            (select("Assistant", "assistant", &assistants, &filter.assistant))
            (select("Group by", "by", &groups, &filter.by))
            button.btn.primary { "Show" }
            @if filter.is_narrow() { a.btn.quiet href=(PATH) { "Clear" } }
        }
    }
}

fn kpi(measure: &Measure, now: &Figures, before: &Figures) -> Markup {
    html! { div.kpi {
        dt { (measure.name) }
        dd.v { @match measure.told(now) { Some(told) => (told), None => "–" } }
        dd.d { @match ((measure.of)(now), (measure.of)(before)) {
            (Some(now), Some(before)) => {
                @let (told_now, told_before) = (measure.unit.told(now), measure.unit.told(before));
                @if told_now == told_before { "the same as before" }
                @else if now > before { b { (icon_small("arrow-up")) span.vh { "up " } } "from " (told_before) }
                @else { b { (icon_small("arrow-down")) span.vh { "down " } } "from " (told_before) }
            },
            _ => "no comparison yet",
        } }
    } }
}

fn file_link(admin: &Admin, data: &Data, table: &str, of: &str) -> Markup {
    html! { @if admin.may_write() { a.btn.small href=(data.filter.export(table)) download { (icon("download")) "CSV" span.vh { ": " (of) } } } }
}

fn step_word(data: &Data) -> &'static str {
    if data.filter.n_shown_step().is_ok_and(|n| n > 1) { "Week from" } else { "Day" }
}

fn calls_card(admin: &Admin, data: &Data) -> Markup {
    let names =
        BarNames { chart: "Calls", label: step_word(data), n: "Over a minute", n_bad: Some("Shorter or not answered") };
    let last = data.steps.len().saturating_sub(1);
    let bar = |(i, step): (usize, &Step)| Bar {
        label: step.label.clone(),
        n: step.now.n_sessions - step.now.n_dropped,
        n_bad: step.now.n_dropped,
        is_partial: i == last,
    };
    html! {
        section.card aria-labelledby="chart-calls" {
            header { h2 id="chart-calls" { "Calls" } div.actions { (file_link(admin, data, "days", "calls")) } }
            div.body { (bars(names, &data.steps.iter().enumerate().map(bar).collect::<Vec<_>>())) }
        }
    }
}

fn line_card(admin: &Admin, data: &Data, measure: &Measure) -> Markup {
    let point = |step: &Step| Point {
        label: step.label.clone(),
        now: (measure.of)(&step.now),
        before: (measure.of)(&step.before),
    };
    let told = |value: f64| measure.unit.told(value);
    let top = (measure.unit == measure::Unit::Share).then_some(1.0);
    let names = LineNames { chart: measure.name, label: step_word(data), told: &told, top };
    let id = format!("chart-{}", measure.slug);
    html! {
        section.card aria-labelledby=(id) {
            header {
                h2 id=(id) { (measure.name) }
                div.actions.legend { span aria-hidden="true" { i.kd {} "Period before" } (file_link(admin, data, "days", measure.name)) }
            }
            div.body { (lines(names, &data.steps.iter().map(point).collect::<Vec<_>>())) }
        }
    }
}

/// Returns the name of a group.
fn group_name(choices: &Choices, by: By, key: &str) -> String {
    let name = match by {
        By::Grade => key.parse().ok().filter(|n| *n >= 0).and_then(|n| grade(Some(n))),
        By::Subject => choices.subjects.iter().find(|(id, _)| id == key).map(|(_, name)| name.clone()),
        By::Skill => choices.skills.iter().find(|(id, ..)| id == key).map(|(_, name, _)| name.clone()),
        _ => Some(key.to_owned()),
    };
    match name {
        Some(name) if !name.is_empty() => name,
        _ if by == By::Cohort => "In no cohort".to_owned(),
        _ => "Unknown".to_owned(),
    }
}

fn groups_card(admin: &Admin, data: &Data) -> Markup {
    let Ok((by, words)) = data.filter.by() else { return html! {} };
    let rows = html! { @for group in data.groups.iter().take(N_LISTED) { (row(&html! {
        (cell("full", html! { b { (group_name(&data.choices, by, &group.key)) } }))
        @for measure in &MEASURES { (value_cell(measure, group)) }
    })) } };
    html! {
        section.card aria-labelledby="groups" {
            header { h2 id="groups" { "By " (words.to_lowercase()) } div.actions { (file_link(admin, data, "groups", words)) } }
            @if data.groups.is_empty() { div.body { p.muted { "No data in this period." } } }
            @else { (measures_table(words, &MEASURES, &rows)) (more(data.groups.len())) }
        }
    }
}

fn tutoring_card(admin: &Admin, data: &Data) -> Markup {
    let tutored: Vec<&Figures> = data.assistants.iter().filter(|of| of.n_tutored > 0).collect();
    let rows = html! { @for of in &tutored { (row(&html! {
        (cell("full", html! { b { (group_name(&data.choices, By::Assistant, &of.key)) } }))
        (cell("num", html! { span.lbl { "Sessions rated" } (figures::count(of.n_tutored)) }))
        @for habit in &HABITS { (value_cell(habit, of)) }
    })) } };
    html! {
        section.card aria-labelledby="tutoring" {
            header { h2 id="tutoring" { "Quality of tutoring" } div.actions { (file_link(admin, data, "tutoring", "quality of tutoring")) } }
            @if tutored.is_empty() { div.body { p.muted { "No call in this period was rated." } } }
            @else { div.scroll tabindex="0" role="region" aria-label="Table of the quality of tutoring, scrolls sideways" { table.tbl.cards role="table" aria-label="Quality of tutoring, by version" {
                thead role="rowgroup" { tr role="row" {
                    th role="columnheader" scope="col" { "Assistant version" }
                    th.num role="columnheader" scope="col" { "Sessions rated" }
                    @for habit in &HABITS { th.num role="columnheader" scope="col" { (habit.name) } }
                } }
                tbody role="rowgroup" { (rows) }
            } } }
        }
    }
}

fn measures_table(words: &str, measures: &[Measure], rows: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label={ "Figures by " (words.to_lowercase()) } {
            table.tbl.cards role="table" aria-label={ "Figures by " (words.to_lowercase()) } {
                thead role="rowgroup" { tr role="row" {
                    th role="columnheader" scope="col" { (words) }
                    @for measure in measures { th.num role="columnheader" scope="col" { (measure.name) } }
                } }
                tbody role="rowgroup" { (rows) }
            }
        }
    }
}

fn value_cell(measure: &Measure, figures: &Figures) -> Markup {
    cell(
        "num",
        html! { span.lbl { (measure.name) } @match measure.told(figures) { Some(told) => (told), None => (none()) } },
    )
}

fn more(n: usize) -> Markup {
    html! { @if n > N_LISTED { footer { p.muted { "The " (N_LISTED) " busiest of " (figures::count(n as i64)) ". The export has all." } } } }
}

fn reason(key: &str) -> String {
    if key.is_empty() { "Unknown, or still in progress".to_owned() } else { ended_words(key) }
}

fn belief(key: &str) -> String {
    key.to_owned()
}

fn ranking(
    admin: &Admin,
    data: &Data,
    table: &str,
    title: &str,
    n: &str,
    ranked: &[Figures],
    told: &dyn Fn(&str) -> String,
) -> Markup {
    let most = ranked.first().map_or(1, |first| first.n_sessions.max(1));
    html! {
        section.card aria-labelledby=(table) {
            header { h2 id=(table) { (title) } div.actions { (file_link(admin, data, table, title)) } }
            @if ranked.is_empty() { div.body { p.muted { "None in this period." } } }
            @else {
                div.body { table.ranking aria-labelledby=(table) {
                    thead { tr { th scope="col" { (title) } th.num scope="col" { (n) } } }
                    tbody { @for of in ranked.iter().take(N_LISTED) { tr {
                        th scope="row" {
                            (told(&of.key))
                            svg.rank viewBox="0 0 1000 4" preserveAspectRatio="none" aria-hidden="true" {
                                rect.b1 x="0" y="0" height="4" width=(of.n_sessions * 1000 / most) {}
                            }
                        }
                        td.num { (figures::count(of.n_sessions)) }
                    } } }
                } }
                (more(ranked.len()))
            }
        }
    }
}

fn meanings() -> Markup {
    html! {
        details.card.data {
            summary { (icon("chevron-right")) "Definitions" }
            dl.dl { @for measure in MEASURES.iter().chain(&HABITS) { dt { (measure.name) } dd { (measure.means) } } }
        }
    }
}
