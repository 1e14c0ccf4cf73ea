//! Connections: whether each dependency works, its last status, and what to do if it does not.

mod state;
pub(crate) mod vapi;

use axum::extract::{Query, State};
use chrono::{DateTime, Datelike, Utc};
use maud::{Markup, html};
use storage::component_status::{
    self, BroughtIn, ComponentStatuses, Reconciled, Server, WebhookAccepted, WebhookRefused, Worker,
};
use storage::db::{self, Db, Reads, ReplicaState};
use storage::message::{self, MailStatus};
use storage::model_call::{self, Usage};
use storage::outage::{Dependency, Outage};
use storage::watermark;

use self::state::Health;
use self::vapi::{Asked, Look, Vapi};
use crate::Connections;
use crate::auth::Admin;
use crate::fault::Fault;
use crate::figures;
use crate::layout::{Place, page};
use crate::parts::badge::badge;
use crate::parts::icon::icon_small;
use crate::parts::none;
use crate::viewer::Viewer;

pub(crate) struct Data {
    pub(crate) connections: Connections,
    pub(crate) statuses: ComponentStatuses,
    pub(crate) outages: Vec<Outage>,
    pub(crate) usage: Usage,
    pub(crate) database: db::Status,
    /// `None`: no replica is configured.
    pub(crate) replica: Option<ReplicaState>,
    /// All calls up to this time are known.
    pub(crate) reconciled_until: Option<DateTime<Utc>>,
    pub(crate) mail: MailStatus,
    pub(crate) look: Look,
}

impl Data {
    fn outage(&self, dependency: Dependency) -> Option<DateTime<Utc>> {
        self.outages.iter().find(|outage| outage.dependency == dependency).map(|outage| outage.since)
    }

    /// When the status was last reported.
    fn at<S: component_status::ComponentStatus>(&self) -> Option<DateTime<Utc>> {
        self.statuses.find::<S>().map(|(at, _)| at)
    }
}

pub(crate) async fn get(
    admin: Admin,
    State(db): State<Db>,
    State(reads): State<Reads>,
    State(connections): State<Connections>,
    State(vapi): State<Vapi>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Fault> {
    admin.require_manage()?;
    let statuses = component_status::list(&db).await?;
    let look = vapi.look(&db, &statuses, &asked, admin.viewer.now).await?;
    shown(&admin, &reads, connections, statuses, look).await
}

async fn shown(
    admin: &Admin,
    reads: &Reads,
    connections: Connections,
    statuses: ComponentStatuses,
    look: Look,
) -> Result<Markup, Fault> {
    let db = reads.primary();
    let viewer = &admin.viewer;
    let (today, first) = (viewer.today(), viewer.today().with_day(1).unwrap_or_default());
    let reconciled_until = watermark::find(db, component_status::RECONCILED_UNTIL).await?;
    let data = Data {
        connections,
        statuses,
        outages: admin.outages.clone(),
        usage: model_call::usage(db, &admin.caller, viewer.start_of(today), viewer.start_of(first)).await?,
        database: db::get_status(db).await?,
        replica: reads.replica().map(|replica| replica.state),
        reconciled_until: reconciled_until.and_then(|text| text.parse().ok()),
        mail: message::mail_status(db, viewer.now).await?,
        look,
    };
    Ok(render(admin, &data))
}

pub(crate) fn render(admin: &Admin, data: &Data) -> Markup {
    let viewer = &admin.viewer;
    let now = viewer.now;
    page(
        admin,
        Place::Connections,
        Place::Connections.name(),
        html! {
            div.stack {
                div.head { div { h1 { "Connections" } p { "Everything that this service depends on: its last status, and what to do if it does not work." } } }
                div.cols.half.even {
                    (card("webhook", "VAPI’s webhook", &state::webhook(data, now), webhook(viewer, data)))
                    (card("vapi-api", "VAPI’s API", &state::vapi(data, now), vapi_api(viewer, data)))
                }
                (vapi::cards(admin, &data.look))
                div.cols.half.even {
                    (card("model", "Language model", &state::model(data), model(viewer, data)))
                    (card("queue", "Worker and queue", &state::queue(data, now), queue(viewer, data)))
                }
                div.cols.half.even {
                    (card("mail", "E-mail", &state::mail(data), mail(viewer, data)))
                    (card("database", "Database", &state::database(data), database(data)))
                }
                (agents(&data.connections))
            }
        },
    )
}

fn card(id: &str, name: &str, health: &Health, facts: Markup) -> Markup {
    let (class, mark, word) = match health {
        Health::Good => ("good", "circle-check", "Working"),
        Health::Degraded(_) => ("warn", "triangle-alert", "Degraded"),
        Health::Off(_) => ("line", "minus", "Not configured"),
    };
    html! {
        section.card aria-labelledby=(id) {
            header { h2 id=(id) { (name) } div.actions { (badge(class, mark, word)) } }
            div.body.stack {
                dl.dl { (facts) }
                @if let Health::Degraded(advice) | Health::Off(advice) = health {
                    div class={ "note " (if matches!(health, Health::Off(_)) { "info" } else { "warn" }) } {
                        (icon_small(if matches!(health, Health::Off(_)) { "info" } else { "triangle-alert" }))
                        div { b { (advice.what) } p { (advice.do_this) } }
                    }
                }
            }
        }
    }
}

fn when(viewer: &Viewer, at: Option<DateTime<Utc>>) -> Markup {
    at.map_or_else(|| html! { "Never" }, |at| viewer.time(at))
}

fn address(id: &str, name: &str, url: &str) -> Markup {
    html! {
        div.copy-line {
            code id=(id) tabindex="0" role="group" aria-label=(name) { (url) }
            button.btn.small.js-only type="button" data-copy={ "#" (id) } { (icon_small("copy")) span { "Copy" } span.vh { " " (name) } }
        }
    }
}

fn webhook(viewer: &Viewer, data: &Data) -> Markup {
    let server = data.statuses.find::<Server>();
    let url = server.as_ref().map_or(&data.connections.public_url, |(_, server)| &server.public_url);
    let accepted = data.statuses.find::<WebhookAccepted>();
    let refused = data.statuses.find::<WebhookRefused>();
    html! {
        dt { "Server URL" } dd { (address("webhook-url", "Server URL of the webhook", &format!("{url}/webhooks/vapi"))) }
        dt { "Secret" } dd { @match &server {
            // A server does not start without a secret.
            Some((_, server)) if server.has_previous_secret => "Configured, with the previous one (rotation in progress)",
            Some(_) => "Configured",
            None => (none()),
        } }
        dt { "Last accepted" } dd {
            (when(viewer, accepted.as_ref().map(|(at, _)| *at)))
            @if let Some((_, accepted)) = &accepted { " " code.xs { (accepted.r#type) } }
        }
        dt { "Last refused" } dd {
            (when(viewer, refused.as_ref().map(|(at, _)| *at)))
            @if let Some((_, refused)) = &refused { ", " (state::refusal(refused.reason).0) }
        }
        dt { "Server’s last status" } dd { (when(viewer, server.map(|(at, _)| at))) }
    }
}

fn vapi_api(viewer: &Viewer, data: &Data) -> Markup {
    let worker = data.statuses.find::<Worker>();
    let last = data.statuses.find::<Reconciled>();
    let found = data.statuses.find::<BroughtIn>();
    html! {
        dt { "API key" } dd { @if state::has_vapi(data) { "Configured" } @else { "None" } }
        dt { "Fetches missing calls" } dd { @match &worker {
            Some((_, worker)) if worker.has_vapi => { "Every " (figures::wait(worker.reconcile_seconds.cast_signed())) },
            _ => (none()),
        } }
        dt { "Last check" } dd {
            (when(viewer, last.map(|(at, _)| at)))
            @if let Some((_, last)) = last {
                ", " (figures::counted(last.n_brought_in as i64, "missing call", "missing calls")) " found"
                @if last.n_left > 0 { ", " (figures::count(last.n_left as i64)) " left for the next check" }
            }
        }
        dt { "Last found" } dd {
            (when(viewer, found.map(|(at, _)| at)))
            @if let Some((_, found)) = found { ", " (figures::counted(found.n as i64, "call", "calls")) }
        }
        dt { "Complete up to" } dd { @match data.reconciled_until { Some(at) => (viewer.time(at)), None => (none()) } }
    }
}

fn model(viewer: &Viewer, data: &Data) -> Markup {
    let Usage { n_today, n_failed_today, tokens_today, microusd_today, .. } = data.usage;
    let Usage { n_month, n_failed_month, tokens_month, microusd_month, n_unpriced_month, .. } = data.usage;
    let span = |n: i64, n_failed: i64, tokens: i64, microusd: i64| {
        html! {
            (figures::counted(n, "question", "questions"))
            @if n_failed > 0 { ", " (figures::count(n_failed)) " without an answer" }
            ", " (figures::counted(tokens, "token", "tokens")) ", " (figures::dollars(microusd))
        }
    };
    html! {
        dt { "Model" } dd { @match state::model_name(data) { Some(name) => code { (name) }, None => "None: rules analyse the calls" } }
        dt { "Today" } dd { (span(n_today, n_failed_today, tokens_today, microusd_today)) }
        dt { "This month" } dd {
            (span(n_month, n_failed_month, tokens_month, microusd_month))
            @if n_unpriced_month > 0 { ". Of " (figures::counted(n_unpriced_month, "question", "questions")) " the price is unknown" }
        }
        dt { "Last answer this month" } dd { (when(viewer, data.usage.answered_at)) }
        dt { "Last failure this month" } dd { (when(viewer, data.usage.failed_at)) }
        dt { "Paused" } dd { @match data.outage(Dependency::Llm) {
            Some(since) => { "Since " (viewer.time(since)) ": it did not answer several times in a row" },
            None => "No",
        } }
    }
}

fn queue(viewer: &Viewer, data: &Data) -> Markup {
    let worker = data.statuses.find::<Worker>();
    let has_faktory = worker.as_ref().map_or(data.connections.has_faktory, |(_, worker)| worker.has_faktory);
    html! {
        dt { "Worker’s last status" } dd { (when(viewer, worker.as_ref().map(|(at, _)| *at))) }
        dt { "Queue" } dd { @if has_faktory { "Faktory" } @else { "Embedded, in the database" } }
        @if has_faktory {
            dt { "Faktory’s version" } dd { @match worker.and_then(|(_, worker)| worker.faktory_version) {
                Some(version) => (version),
                None => "Unknown yet",
            } }
            dt { "Away" } dd { @match data.outage(Dependency::Faktory) { Some(since) => { "Since " (viewer.time(since)) }, None => "No" } }
        }
        dt { "Work" } dd { a.link href="/jobs" { "Jobs" } }
    }
}

fn mail(viewer: &Viewer, data: &Data) -> Markup {
    html! {
        dt { "Mail server" } dd { @if state::has_mail(data) { "Configured" } @else { "None: no e-mail is sent" } }
        dt { "Last e-mail" } dd { (when(viewer, data.mail.sent_at)) }
        dt { "People with alerts" } dd {
            (figures::count(data.mail.n_recipients)) ". Each chooses under " a.link href="/account" { "Your account" } "."
        }
    }
}

fn database(data: &Data) -> Markup {
    let db::Status { version, n_connections, max_connections, n_bytes } = &data.database;
    html! {
        dt { "Postgres" } dd { (version) }
        dt { "Connections" } dd { (figures::count(*n_connections)) " of " (figures::count(i64::from(*max_connections))) }
        dt { "Size" } dd { (figures::bytes(*n_bytes)) }
        @if let Some(state) = data.replica {
            dt { "Read replica" } dd { @match state {
                ReplicaState::Following(lag) => { "Follows, " (figures::wait(lag.as_secs().cast_signed())) " behind" },
                _ => "Not used",
            } }
        }
    }
}

fn agents(connections: &Connections) -> Markup {
    html! {
        section.card aria-labelledby="agents" {
            header { h2 id="agents" { "For agents" } }
            div.body { dl.dl {
                dt { "MCP" } dd { (address("mcp-url", "MCP", &format!("{}/mcp", connections.public_url))) }
                dt { "JSON API" } dd { a.link href={ (connections.public_url) "/api/docs" } { "OpenAPI description" } }
                dt { "Clients" } dd { a.link href="/settings/clients" { "API clients" } }
                dt { "Tool usage" } dd { a.link href="/settings/tools" { "Tool calls" } }
            } }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use storage::access::Role;
    use storage::component_status::WebhookRefusal;

    use super::*;

    pub(super) fn data() -> Data {
        let public_url = "https://tutor.example".to_owned();
        Data {
            connections: Connections {
                public_url,
                admin_url: None,
                has_llm: false,
                has_vapi: false,
                has_faktory: false,
            },
            statuses: ComponentStatuses::default(),
            outages: Vec::new(),
            usage: Usage::default(),
            database: db::Status {
                version: "17.6".to_owned(),
                n_connections: 12,
                max_connections: 100,
                n_bytes: 34_000_000,
            },
            replica: None,
            reconciled_until: None,
            mail: MailStatus { n_recipients: 1, ..MailStatus::default() },
            look: Look::default(),
        }
    }

    fn shown(data: &Data) -> String {
        render(&Admin::sample(Role::Admin), data).into_string()
    }

    #[test]
    fn what_is_not_configured_says_which_setting_to_make() {
        let shown = shown(&data());
        for told in [
            "https://tutor.example/webhooks/vapi",
            "VAPI_API_KEY",
            "LLM_BASE_URL",
            "SMTP_URL",
            "Not configured",
            "17.6",
        ] {
            assert!(shown.contains(told), "{told}: {shown}");
        }
    }

    #[test]
    fn what_works_says_what_it_told_last() {
        let now = Admin::sample(Role::Admin).viewer.now;
        let worker = Worker {
            model: Some("claude-haiku".to_owned()),
            has_vapi: true,
            reconcile_seconds: 300,
            has_faktory: true,
            faktory_version: Some("1.9.4".to_owned()),
            has_mail: true,
        };
        let server =
            Server { public_url: "https://calls.example".to_owned(), has_previous_secret: true, ..Server::default() };
        let statuses = ComponentStatuses::default()
            .with(&server, now)
            .with(&WebhookRefused { reason: WebhookRefusal::Mismatch }, now - TimeDelta::hours(1))
            .with(&WebhookAccepted { r#type: "end-of-call-report".to_owned() }, now)
            .with(&Reconciled { n_known: 4, n_brought_in: 0, n_left: 1 }, now)
            .with(&BroughtIn { n: 2 }, now - TimeDelta::days(1))
            .with(&worker, now);
        let usage =
            Usage { n_today: 12, tokens_today: 20_400, microusd_today: 31_000, n_month: 12, ..Usage::default() };
        let shown = shown(&Data { statuses, usage, ..data() });
        assert!(!shown.contains("Degraded") && !shown.contains("Not configured"), "{shown}");
        for told in
            ["rotation in progress", "https://calls.example/webhooks/vapi", "1.9.4", "claude-haiku", "20,400", "$0.03"]
        {
            assert!(shown.contains(told), "{told}: {shown}");
        }
        assert!(shown.contains("0 missing calls") && shown.contains("2 calls") && shown.contains("another secret"));
    }
}
