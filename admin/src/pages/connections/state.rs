//! Judges each connection by its last status. Pure, so that tests can cover every state.

use chrono::{DateTime, TimeDelta, Utc};
use storage::component_status::{
    ReconcileFailed, Reconciled, SILENT_AFTER, Server, WebhookAccepted, WebhookRefusal, WebhookRefused, Worker,
};
use storage::db::ReplicaState;
use storage::outage::Dependency;

use super::Data;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    Good,
    Degraded(Advice),
    Off(Advice),
}

/// What is wrong, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Advice {
    pub(super) what: String,
    pub(super) do_this: &'static str,
}

fn degraded(what: impl Into<String>, do_this: &'static str) -> Health {
    Health::Degraded(Advice { what: what.into(), do_this })
}

fn off(what: &str, do_this: &'static str) -> Health {
    Health::Off(Advice { what: what.to_owned(), do_this })
}

/// Returns why a webhook was refused, and what to do about it.
pub(super) fn refusal(reason: WebhookRefusal) -> (&'static str, &'static str) {
    match reason {
        WebhookRefusal::NoSignature => (
            "without a signature",
            "If VAPI sent it, run ai-tutor vapi setup, which gives its server URL a credential that signs. If not, nothing is needed.",
        ),
        WebhookRefusal::NoTimestamp => (
            "without a readable time stamp or id",
            "Run ai-tutor vapi setup. VAPI’s credential must send the time in the header of VAPI_TIMESTAMP_HEADER.",
        ),
        WebhookRefusal::Mismatch => (
            "signed with another secret, or over another text",
            "Run ai-tutor vapi setup, so that VAPI’s credential has the secret of VAPI_WEBHOOK_SECRET. During a rotation, set VAPI_WEBHOOK_SECRET_PREVIOUS.",
        ),
        WebhookRefusal::Stale => (
            "genuine, but five minutes or more off our clock",
            "Set the clock of this server. If the clock is right, a third party sent a captured webhook again.",
        ),
        WebhookRefusal::NotWhole => {
            ("too large, too slow or incomplete", "Check the proxy in front of this service. It must allow 5 MiB.")
        }
        WebhookRefusal::Unreadable => (
            "signed, but not a VAPI message",
            "It is kept, and its job is on the Jobs page. If VAPI changed its format, update this service.",
        ),
        WebhookRefusal::Busy => ("too many at once", "VAPI sends it again. If this happens often, run more servers."),
        WebhookRefusal::NoDatabase => {
            ("the database did not store it", "VAPI sends it again. Check the database below.")
        }
        WebhookRefusal::Other => ("for a reason that this version does not know", "Read the server’s log."),
    }
}

pub(super) fn webhook(data: &Data, now: DateTime<Utc>) -> Health {
    let Some(heard_at) = data.at::<Server>() else {
        return off(
            "No server has reported yet",
            "Start mcp-server, or ai-tutor up, on this database. It needs VAPI_WEBHOOK_SECRET, and PUBLIC_URL with an address that VAPI can reach.",
        );
    };
    if now - heard_at > SILENT_AFTER {
        return degraded(
            "The server stopped reporting",
            "Read its log and restart it. If an API key is set, calls that VAPI reports in the meantime are fetched later.",
        );
    }
    match (data.at::<WebhookAccepted>(), data.statuses.find::<WebhookRefused>()) {
        (None, None) => off(
            "No webhook has arrived yet",
            "Run ai-tutor vapi setup with a phone number, and check VAPI’s set-up below. Then make a call.",
        ),
        (accepted_at, Some((at, refused))) if accepted_at.is_none_or(|accepted_at| accepted_at < at) => {
            let (why, do_this) = refusal(refused.reason);
            degraded(format!("The last webhook was refused: {why}"), do_this)
        }
        _ => Health::Good,
    }
}

/// The worker's status counts, because the worker has the key. Before its first report, our own settings count.
pub(super) fn has_vapi(data: &Data) -> bool {
    data.statuses.find::<Worker>().map_or(data.connections.has_vapi, |(_, worker)| worker.has_vapi)
}

pub(super) fn vapi(data: &Data, now: DateTime<Utc>) -> Health {
    if !has_vapi(data) {
        return off(
            "No API key: missing reports are not fetched from VAPI",
            "Set VAPI_API_KEY to a private key from VAPI’s dashboard, for the worker and for the dashboard, and restart both.",
        );
    }
    if data.outage(Dependency::Vapi).is_some() {
        return degraded(
            "VAPI’s API does not answer",
            "Nothing is lost: the worker retries. If it lasts, see status.vapi.ai.",
        );
    }
    let last = data.at::<Reconciled>();
    if let Some((at, failed)) = data.statuses.find::<ReconcileFailed>()
        && last.is_none_or(|last| last < at)
    {
        return degraded(
            format!("The last check failed: {}", failed.why),
            "The worker retries. If the key was refused, make a new private key in VAPI’s dashboard.",
        );
    }
    let every = data.statuses.find::<Worker>().map_or(300, |(_, worker)| worker.reconcile_seconds);
    let patience = TimeDelta::seconds(every.min(86_400).cast_signed() * 3) + TimeDelta::minutes(5);
    match last {
        Some(last) if now - last > patience => {
            degraded("Missing reports were not fetched recently", "Check that a worker is running, and read its log.")
        }
        _ => Health::Good,
    }
}

/// The worker's status counts, because the worker calls the model.
pub(super) fn model_name(data: &Data) -> Option<String> {
    data.statuses.find::<Worker>().and_then(|(_, worker)| worker.model)
}

pub(super) fn model(data: &Data) -> Health {
    let has_model =
        data.statuses.find::<Worker>().map_or(data.connections.has_llm, |(_, worker)| worker.model.is_some());
    if !has_model {
        return off(
            "No language model: rules analyse the calls",
            "For summaries, misconceptions and talk moves, set LLM_BASE_URL, LLM_MODEL and LLM_API_KEY for the worker.",
        );
    }
    if data.outage(Dependency::Llm).is_some() {
        return degraded(
            "The language model does not answer",
            "Rules analyse the sessions for now. They are analysed again when the model is back. See the provider’s status page.",
        );
    }
    if data.usage.failed_at.is_some_and(|failed| data.usage.answered_at.is_none_or(|answered| answered < failed)) {
        return degraded(
            "The last answer of the model was not usable",
            "The Jobs page shows the reason. If the key was refused or the model is unknown, fix the worker’s settings.",
        );
    }
    Health::Good
}

pub(super) fn queue(data: &Data, now: DateTime<Utc>) -> Health {
    let Some(heard_at) = data.at::<Worker>() else {
        return off(
            "No worker has reported yet",
            "Start worker, or ai-tutor up, on this database. Calls are kept until then.",
        );
    };
    if now - heard_at > SILENT_AFTER {
        return degraded(
            "The worker stopped reporting",
            "Read its log and restart it. Calls are stored, and are analysed when it runs.",
        );
    }
    if data.outage(Dependency::Faktory).is_some() {
        return degraded(
            "The queue server does not answer",
            "Jobs stay in the database and are queued when it is back. Check Faktory and FAKTORY_URL.",
        );
    }
    Health::Good
}

/// The worker's status counts, because the worker sends the e-mails.
pub(super) fn has_mail(data: &Data) -> bool {
    data.statuses.find::<Worker>().is_some_and(|(_, worker)| worker.has_mail)
}

pub(super) fn mail(data: &Data) -> Health {
    if !has_mail(data) {
        return off(
            "No mail server: no e-mail is sent when a child may be in danger",
            "Set SMTP_URL and MAIL_FROM for the worker, and restart it.",
        );
    }
    if data.mail.n_recipients == 0 {
        return degraded("No person gets alerts", "Admins and tutors switch on “Send me alerts” under “Your account”.");
    }
    match &data.mail.last_error {
        Some(why) => degraded(
            format!("The last e-mail was not sent: {why}"),
            "The worker retries. If it lasts, run ai-tutor check-config --connect.",
        ),
        None => Health::Good,
    }
}

/// The database answers, otherwise there would be no page.
pub(super) fn database(data: &Data) -> Health {
    let db = &data.database;
    if db.n_connections * 10 >= i64::from(db.max_connections) * 9 {
        return degraded(
            "Nearly all database connections are in use",
            "Raise max_connections of Postgres, or stop other programs that use this database.",
        );
    }
    let fault = match data.replica {
        None | Some(ReplicaState::Following(_)) => return Health::Good,
        Some(ReplicaState::Behind) => "The read replica is too far behind",
        Some(ReplicaState::Unreachable) => "The read replica does not answer",
        Some(ReplicaState::NotAReplica) => "DATABASE_REPLICA_URL is not a streaming replica",
    };
    degraded(fault, "The primary answers all reads, so pages still work. Look at the replica’s server and its log.")
}

#[cfg(test)]
mod tests {
    use storage::component_status::ComponentStatuses;
    use storage::db;
    use storage::outage::Outage;

    use super::super::tests::data;
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-19T21:42:00Z".parse().unwrap()
    }

    fn minutes_ago(n: i64) -> DateTime<Utc> {
        now() - TimeDelta::minutes(n)
    }

    fn with(statuses: ComponentStatuses) -> Data {
        Data { statuses, ..data() }
    }

    fn what(health: &Health) -> &str {
        match health {
            Health::Good => "good",
            Health::Degraded(advice) | Health::Off(advice) => &advice.what,
        }
    }

    fn server() -> Server {
        Server::default()
    }

    fn worker() -> Worker {
        Worker {
            model: Some("m".to_owned()),
            has_vapi: true,
            reconcile_seconds: 300,
            has_faktory: false,
            faktory_version: None,
            has_mail: true,
        }
    }

    #[test]
    fn a_webhook_that_is_refused_after_the_last_good_one_is_a_fault() {
        let heard = ComponentStatuses::default().with(&server(), now());
        assert!(matches!(webhook(&with(ComponentStatuses::default()), now()), Health::Off(_)));
        assert_eq!(what(&webhook(&with(heard.clone()), now())), "No webhook has arrived yet");
        let refused = heard.with(&WebhookRefused { reason: WebhookRefusal::Mismatch }, minutes_ago(2));
        assert!(what(&webhook(&with(refused.clone()), now())).contains("another secret"));
        let accepted = WebhookAccepted { r#type: "hang".to_owned() };
        let before = with(refused.clone().with(&accepted, minutes_ago(3)));
        assert!(matches!(webhook(&before, now()), Health::Degraded(_)));
        let after = with(refused.with(&accepted, minutes_ago(1)));
        assert_eq!(webhook(&after, now()), Health::Good);
        assert_eq!(what(&webhook(&after, now() + TimeDelta::minutes(2))), "The server stopped reporting");
    }

    #[test]
    fn reconciliation_that_failed_or_stopped_is_a_fault() {
        let statuses = ComponentStatuses::default().with(&worker(), now());
        let done = Reconciled { n_known: 1, n_brought_in: 0, n_left: 0 };
        assert_eq!(vapi(&with(statuses.clone().with(&done, minutes_ago(5))), now()), Health::Good);
        assert!(
            what(&vapi(&with(statuses.clone().with(&done, minutes_ago(30))), now()))
                .starts_with("Missing reports were not fetched")
        );
        let failed = ReconcileFailed { why: "VAPI refused our key".to_owned() };
        let failed = statuses.with(&done, minutes_ago(5)).with(&failed, minutes_ago(1));
        assert!(what(&vapi(&with(failed), now())).contains("refused our key"));
        assert!(matches!(vapi(&data(), now()), Health::Off(_)));
    }

    #[test]
    fn a_model_that_is_away_or_failed_last_is_a_fault() {
        let mut with_model = with(ComponentStatuses::default().with(&worker(), now()));
        assert_eq!(model(&with_model), Health::Good);
        (with_model.usage.answered_at, with_model.usage.failed_at) = (Some(minutes_ago(9)), Some(minutes_ago(3)));
        assert!(matches!(model(&with_model), Health::Degraded(_)));
        with_model.usage.answered_at = Some(minutes_ago(1));
        assert_eq!(model(&with_model), Health::Good);
        with_model.outages.push(Outage { dependency: Dependency::Llm, since: now() });
        assert_eq!(what(&model(&with_model)), "The language model does not answer");
        assert!(matches!(model(&data()), Health::Off(_)));
    }

    #[test]
    fn a_mail_server_that_is_missing_or_refuses_and_alerts_that_nobody_gets_are_faults() {
        assert!(matches!(mail(&data()), Health::Off(_)));
        let mut with_mail = with(ComponentStatuses::default().with(&worker(), now()));
        assert_eq!(mail(&with_mail), Health::Good);
        with_mail.mail.last_error = Some("the mail server refused our login".to_owned());
        assert!(what(&mail(&with_mail)).ends_with("refused our login"));
        with_mail.mail.n_recipients = 0;
        assert_eq!(what(&mail(&with_mail)), "No person gets alerts");
    }

    #[test]
    fn a_silent_worker_and_a_full_database_are_faults() {
        assert!(matches!(queue(&data(), now()), Health::Off(_)));
        let heard = with(ComponentStatuses::default().with(&worker(), now()));
        assert_eq!(queue(&heard, now()), Health::Good);
        assert!(matches!(queue(&heard, now() + TimeDelta::minutes(2)), Health::Degraded(_)));
        assert_eq!(database(&data()), Health::Good);
        let full = Data { database: db::Status { n_connections: 95, ..data().database }, ..data() };
        assert!(matches!(database(&full), Health::Degraded(_)));
        let with = |state| database(&Data { replica: Some(state), ..data() });
        assert_eq!(with(ReplicaState::Following(std::time::Duration::from_secs(1))), Health::Good);
        assert!(matches!(with(ReplicaState::Behind), Health::Degraded(_)));
    }
}
