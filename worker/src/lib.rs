//! The work that no request waits for: reading webhooks, judging sessions, asking a language model.
//!
//! **Invariants:** the only crate that names faktory, and the only one that asks a language model. A job writes its
//! effect and its end in one transaction, fenced by its lease; slow work happens outside any transaction.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::TimeDelta;
use queue::lease::{Claimed, Finished};
use queue::wake::WakeListener;
use secrecy::ExposeSecret;
use storage::db::{self, Db, Tx};
use storage::erasure;
use storage::job::{Job, Lane};
use storage::retention::Retention;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::config::{Fault, Faults, LlmConfig, MailConfig, QueueConfig, RosterConfig, VapiConfig, WorkerConfig};

mod access_code;
mod alert;
mod digest;
pub use analyser as analysis;
mod analyze;
mod attempt;
pub mod breaker;
mod consistency;
mod delete_call;
mod email;
mod embedded;
pub mod enrich;
mod error;
pub mod eval;
pub mod faktory;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod ingest;
pub mod llm;
pub mod mail;
pub mod one_roster;
mod outages;
pub mod outbound;
mod overhaul;
pub mod reconcile;
mod relay;
mod report;
mod retention;
mod roster;
mod store;
mod sweeper;
pub mod vapi;
mod webhooks;

pub use error::JobError;
pub use store::rebuild_student;

use self::breaker::Breaker;
use self::llm::Llm;
use self::mail::Mail;
use self::reconcile::Pace;
use self::vapi::Vapi;
use self::webhooks::Sender;

/// Where jobs come from. Either way the table is the truth, and each job is performed alike.
#[derive(Clone, Debug)]
pub enum Queue {
    /// From the table itself.
    Embedded,
    /// By way of a Faktory server.
    Faktory(faktory::Address),
}

/// How the worker works. The times are right for production; tests shorten them.
#[derive(Clone, Debug)]
pub struct Config {
    pub queue: Queue,
    /// `None`: rules alone judge.
    pub llm: Option<LlmConfig>,
    /// `None`: missing reports are not fetched from VAPI.
    pub vapi: Option<VapiConfig>,
    /// `None`: no e-mail is sent.
    pub mail: Option<MailConfig>,
    /// `None`: no roster is read.
    pub roster: Option<RosterConfig>,
    /// `host:port` of receivers of webhooks that may be private and without TLS.
    pub webhook_own_hosts: Vec<String>,
    pub reconcile: Pace,
    pub outbound: outbound::Pace,
    pub retention: Retention,
    /// Whether an unknown caller becomes a student without approval.
    pub register_callers: bool,
    /// Jobs at a time in the quick lane. They keep the database busy.
    pub quick_slots: usize,
    /// Jobs at a time in the slow lane. They mostly wait for a language model.
    pub slow_slots: usize,
    /// Jobs at a time in the lane of alerts. They wait for the mail server.
    pub alert_slots: usize,
    /// Jobs at a time in the outbound lane. They wait for the mail server and receivers of webhooks.
    pub outbound_slots: usize,
    /// How long a job is held without a sign of life.
    pub lease: Duration,
    pub sweep_every: Duration,
    /// If no worker took a job from Faktory, it is sent again after this time, then after twice the time, and so on.
    pub unanswered_after: Duration,
    /// How long to wait for a ring before looking for work unasked.
    pub poll_every: Duration,
    /// How long running jobs may go on after the word to stop. Then they are handed back.
    pub drain: Duration,
}

impl Config {
    /// The usual settings, with this queue and this model.
    pub fn new(queue: Queue, llm: Option<LlmConfig>) -> Self {
        Self {
            queue,
            llm,
            vapi: None,
            mail: None,
            roster: None,
            webhook_own_hosts: Vec::new(),
            reconcile: Pace::new(Duration::from_mins(5)),
            outbound: outbound::Pace::new(Duration::from_mins(5)),
            retention: Retention {
                tool_calls: TimeDelta::days(90),
                deliveries: TimeDelta::days(30),
                jobs: TimeDelta::days(30),
                sessions: None,
            },
            register_callers: false,
            quick_slots: 4,
            slow_slots: 32,
            alert_slots: 4,
            outbound_slots: 8,
            lease: Duration::from_secs(30),
            sweep_every: Duration::from_secs(5),
            unanswered_after: Duration::from_secs(30),
            poll_every: Duration::from_millis(500),
            drain: Duration::from_secs(15),
        }
    }

    pub(crate) const fn slots(&self, lane: Lane) -> usize {
        match lane {
            Lane::Quick => self.quick_slots,
            Lane::Slow => self.slow_slots,
            Lane::Alerts => self.alert_slots,
            Lane::Outbound => self.outbound_slots,
        }
    }

    /// From the role's settings.
    pub fn from_role(role: &WorkerConfig) -> anyhow::Result<Self> {
        let queue = match &role.queue {
            QueueConfig::Embedded => Queue::Embedded,
            QueueConfig::Faktory(url) => {
                let fault = |message: String| Faults(vec![Fault { variable: "FAKTORY_URL", message }]);
                let address = faktory::Address::parse(url.expose_secret());
                Queue::Faktory(address.map_err(|error| fault(error.to_string()))?)
            }
        };
        Ok(Self {
            retention: role.retention,
            register_callers: role.register_callers,
            lease: role.lease,
            sweep_every: role.sweep_every,
            // A worker that died in silence costs the same wait, whether it held the job or was about to get it.
            unanswered_after: role.lease,
            vapi: role.vapi.clone(),
            mail: role.mail.clone(),
            roster: role.roster.clone(),
            webhook_own_hosts: role.webhook_own_hosts.clone(),
            reconcile: Pace::new(role.reconcile_every),
            outbound: outbound::Pace::new(role.reconcile_every),
            ..Self::new(queue, role.llm.clone())
        })
    }
}

/// What every job may use.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    db: Db,
    config: Arc<Config>,
    /// Who holds a lease, for people who look at the table; also our name at Faktory.
    worker: String,
    llm: Option<Arc<Llm>>,
    vapi: Option<Arc<Vapi>>,
    mail: Option<Arc<Mail>>,
    webhooks: Arc<Sender>,
    /// Whether Faktory answers. If it does not, requests are still tried.
    faktory: Arc<Breaker>,
    /// What it said of itself when it first answered.
    faktory_version: Arc<OnceLock<String>>,
    /// The end of patience with running jobs.
    halt: CancellationToken,
}

impl Context {
    fn judge(&self) -> &str {
        self.llm.as_ref().map_or("built-in rules", |llm| llm.model())
    }

    /// A transaction that no erasure overtakes: what it reads of a session is still there when it writes.
    async fn begin(&self) -> db::Result<Tx> {
        let mut tx = db::begin(&self.db).await?;
        erasure::enter(&mut tx).await?;
        Ok(tx)
    }

    async fn commit(&self, tx: Tx) -> db::Result<()> {
        Ok(tx.commit().await?)
    }
}

/// Works until `shutdown`, drains, and hands back what it could not finish in time.
pub async fn run(config: Config, db: Db, shutdown: CancellationToken) -> anyhow::Result<()> {
    let drain = config.drain;
    let queue = config.queue.clone();
    let llm = config.llm.clone().map(Llm::new).transpose()?.map(Arc::new);
    let vapi = config.vapi.clone().map(Vapi::new).transpose()?.map(Arc::new);
    let mail = config.mail.as_ref().map(Mail::new).transpose()?.map(Arc::new);
    let webhooks = Arc::new(Sender::new(config.webhook_own_hosts.clone())?);
    let pace = config.reconcile;
    let stop = shutdown.child_token();
    let halt = CancellationToken::new();
    let context = Context {
        db,
        config: Arc::new(config),
        worker: format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple()),
        llm,
        vapi,
        mail,
        webhooks,
        faktory: Arc::default(),
        faktory_version: Arc::default(),
        halt: halt.clone(),
    };
    let (judge, source) = (context.judge(), if matches!(queue, Queue::Embedded) { "the table" } else { "Faktory" });
    tracing::info!(worker = context.worker, judge, "takes jobs from {source}");
    let wakes = WakeListener::install(context.db.clone(), stop.clone());
    let patience = tokio::spawn({
        let (stop, halt) = (stop.clone(), halt.clone());
        async move {
            stop.cancelled().await;
            tokio::time::sleep(drain).await;
            halt.cancel();
        }
    });
    let mut beside = JoinSet::new();
    beside.spawn(sweeper::run(context.clone(), stop.clone()));
    beside.spawn(retention::run(context.clone(), stop.clone()));
    beside.spawn(consistency::run(context.clone(), stop.clone()));
    beside.spawn(outages::run(context.clone(), stop.clone()));
    beside.spawn(report::ask_for_due(context.clone(), stop.clone()));
    beside.spawn(digest::ask_for_due(context.clone(), stop.clone()));
    beside.spawn(roster::ask_for_due(context.clone(), stop.clone()));
    beside.spawn(outbound::run(context.clone(), stop.clone()));
    beside.spawn(webhooks::look_for_attentions(context.clone(), stop.clone()));
    if let Some(vapi) = context.vapi.clone() {
        beside.spawn(reconcile::run(context.clone(), vapi, pace, stop.clone()));
    }
    match queue {
        Queue::Embedded => {
            let lane = |lane| embedded::consume(context.clone(), lane, wakes.clone(), stop.clone());
            tokio::join!(lane(Lane::Quick), lane(Lane::Slow), lane(Lane::Alerts), lane(Lane::Outbound));
        }
        Queue::Faktory(address) => {
            let relaying = relay::run(context.clone(), address.clone(), wakes, stop.clone());
            // People at Faktory's pages may end the consumer; then the worker has nothing left to do.
            let consuming = async {
                faktory::consume(context.clone(), address, stop.clone()).await;
                stop.cancel();
            };
            tokio::join!(relaying, consuming);
        }
    }
    patience.abort();
    while let Some(ended) = beside.join_next().await {
        ended?;
    }
    Ok(())
}

/// Every kind of job, and what performs it.
async fn perform(
    context: &Context,
    claimed: &Claimed,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Finished, JobError> {
    match claimed.job {
        Job::ProcessDelivery { delivery_id } => ingest::perform(context, claimed, delivery_id, now).await,
        Job::AnalyzeSession { session_id, round } => {
            analyze::perform(context, &claimed.lease, session_id, round, now).await
        }
        Job::EnrichAnalysis { session_id, .. } => enrich::perform(context, &claimed.lease, session_id, now).await,
        Job::Overhaul { overhaul_id, step } => overhaul::perform(context, &claimed.lease, overhaul_id, step, now).await,
        Job::DeleteCall { erased_call_id } => delete_call::perform(context, &claimed.lease, erased_call_id, now).await,
        Job::AlertStaff { follow_up_id, round } => {
            alert::perform(context, &claimed.lease, follow_up_id, round, now).await
        }
        Job::WriteReport { student_id, week_on } => {
            report::perform(context, &claimed.lease, student_id, week_on, now).await
        }
        Job::SendAlert { message_id } => email::send_alert(context, claimed, message_id, now).await,
        Job::SendDigest { message_id } => email::send_digest(context, claimed, message_id, now).await,
        Job::SendReport { message_id } => email::send_report(context, claimed, message_id, now).await,
        Job::SyncRoster { roster_sync_id, .. } => roster::perform(context, &claimed.lease, roster_sync_id, now).await,
        Job::SendCode { message_id } => email::send_code(context, claimed, message_id, now).await,
        Job::SendWebhook { message_id, .. } => webhooks::send(context, claimed, message_id, now).await,
    }
}
