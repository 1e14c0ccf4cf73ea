//! What leaves the service: calls, e-mails and webhooks, as VAPI, a mail server and a receiver saw them.
//!
//! The promises: a callback that is stored leads to a call, and VAPI is asked for each attempt at most once. As every call is
//! answered here, there is one call. An e-mail and a webhook arrive at least once, always with the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use storage::access::{Caller as Authority, Role};
use storage::concern::ConcernCategory;
use storage::db::{self, Db};
use storage::follow_up::{self, FollowUpKind, NewConcern, NewFollowUp};
use storage::id::{FollowUpId, StudentId};
use storage::message::endpoint;
use storage::message::event::Event as Webhook;
use storage::{admin_user, clock};
use tokio_util::sync::CancellationToken;

use super::history::{Event, Promise};
use super::load::{Caller, Message};
use super::world::World;
use crate::mailbox::Email;
use crate::psql::{psql, try_psql};

/// The time between two promises.
const EVERY: Duration = Duration::from_millis(600);
/// The time between two looks at what arrived.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Switches calls, alerts and webhooks on. Returns the secret that signs the webhooks.
pub async fn switch_on(world: &World) -> String {
    let assistant = world.vapi.add_object("assistant", json!({ "name": "AI tutor" }));
    let detail = json!({ "assistant_id": assistant, "phone_number_id": world.vapi.add_number("+14155550100") });
    psql(
        &world.database_url(),
        &format!(
            "insert into signs (name, at, detail) values ('vapi_set_up', now(), '{detail}');
             update organisation set calls_are_on = true, calls_from = '00:00', calls_until = '23:59:59.999',
                 calls_quiet_weekdays = '{{}}', calls_a_day = 10, calls_at_once = 100, calls_month_usd = 1000000"
        ),
    );
    let now = clock::now();
    admin_user::insert_user(&world.db, "head@example.org", Role::Admin, None, None, now).await.unwrap();
    let url = format!("http://127.0.0.1:{}/hook", world.receiver_wire.port);
    let mut tx = db::begin(&world.db).await.unwrap();
    let (_, secret) = endpoint::insert(&mut tx, &Authority::operator(), &url, &Webhook::ALL, now).await.unwrap();
    db::commit(tx).await.unwrap();
    secrecy::ExposeSecret::expose_secret(&secret).to_owned()
}

/// Stores callbacks and concerns for one student after another, until `stop`. What is stored is a promise.
pub fn promise(world: &World, stop: CancellationToken) -> tokio::task::JoinHandle<()> {
    let students = psql(&world.database_url(), "select student_id from students order by student_id");
    let students: Vec<StudentId> = students.lines().map(|id| id.parse().unwrap()).collect();
    let (db, history) = (world.db.clone(), world.history.clone());
    tokio::spawn(async move {
        for (n, student_id) in students.iter().cycle().enumerate() {
            let (new, promise) = if n % 2 == 0 { callback(*student_id) } else { concern(*student_id, n) };
            // Postgres may be gone. What failed may be stored nevertheless, so the same is stored again.
            loop {
                match store(&db, &new).await {
                    Ok(follow_up_id) => {
                        history.write(Event::Promised { promise, id: follow_up_id.to_string() });
                        break;
                    }
                    Err(_) if stop.is_cancelled() => return,
                    Err(_) => tokio::time::sleep(LOOK_EVERY).await,
                }
            }
            if stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
                return;
            }
        }
    })
}

enum New {
    Callback(NewFollowUp),
    Concern(NewConcern),
}

fn callback(student_id: StudentId) -> (New, Promise) {
    let new = NewFollowUp {
        follow_up_id: FollowUpId::new(),
        kind: FollowUpKind::Callback,
        student_id,
        session_id: None,
        text: "fractions".to_owned(),
        due_at: clock::now(),
    };
    (New::Callback(new), Promise::Call)
}

fn concern(student_id: StudentId, n: usize) -> (New, Promise) {
    let new = NewConcern {
        group_key: format!("chaos-{n}"),
        student_id: Some(student_id),
        session_id: None,
        caller_phone: None,
        category: ConcernCategory::Abuse,
        text: "Please read.".to_owned(),
    };
    (New::Concern(new), Promise::Alert)
}

async fn store(db: &Db, new: &New) -> db::Result<FollowUpId> {
    let (now, operator) = (clock::now(), Authority::operator());
    let mut tx = db::begin(db).await?;
    let id = match new {
        New::Callback(new) => {
            follow_up::insert_once(&mut tx, &operator, new, now).await?;
            new.follow_up_id
        }
        New::Concern(new) => follow_up::raise_concern(&mut tx, &operator, new, now).await?,
    };
    db::commit(tx).await?;
    Ok(id)
}

/// Does what happens outside: students answer calls, VAPI reports most of them, and a person acknowledges alerts, until
/// the task is aborted.
pub fn live(world: &World, honest: &Caller) -> tokio::task::JoinHandle<()> {
    let (vapi, mailbox, history) = (world.vapi.clone(), world.mailbox.clone(), world.history.clone());
    let (db, honest, url) = (world.db.clone(), honest.clone(), world.database_url());
    tokio::spawn(async move {
        let mut acknowledged = BTreeSet::new();
        for n in 0_u64.. {
            for call in vapi.answer_calls() {
                let call_id = call["id"].as_str().unwrap().to_owned();
                history.write(Event::Ended { call_id: call_id.clone() });
                // The end of every fifth call is not reported: the worker has to ask.
                if !call_id.ends_with(['0', '5']) {
                    let report: Message = honest.report_on(&call);
                    let honest = honest.clone();
                    tokio::spawn(async move { honest.deliver(&report).await });
                }
            }
            for id in mailbox.emails().iter().filter_map(message_id) {
                if acknowledged.contains(&id) || !acknowledge(&db, &url, &id).await {
                    continue;
                }
                acknowledged.insert(id);
            }
            // Calls that wait for a student's other call, or for their next attempt, are due at once.
            if n % 10 == 0 {
                let hurry =
                    "update outbound_calls set due_at = least(due_at, now()), look_at = now() where state = 'planned'";
                let url = url.clone();
                let _ = tokio::task::spawn_blocking(move || try_psql(&url, hurry)).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })
}

/// Closes the concern that an e-mail is about. Returns false if that must be tried again.
async fn acknowledge(db: &Db, url: &secrecy::SecretString, message_id: &str) -> bool {
    let query = format!("select follow_up_id from messages where message_id = '{message_id}'");
    let url = url.clone();
    let found = tokio::task::spawn_blocking(move || try_psql(&url, &query)).await.unwrap();
    let Ok(found) = found else { return false };
    let Ok(follow_up_id) = found.trim().parse() else { return true };
    let Ok(mut tx) = db::begin(db).await else { return false };
    match follow_up::close_follow_up(&mut tx, &Authority::operator(), follow_up_id, clock::now()).await {
        Ok(()) => db::commit(tx).await.is_ok(),
        Err(db::Error::NotFound(_)) => true,
        Err(_) => false,
    }
}

fn message_id(email: &Email) -> Option<String> {
    let header = email.text.lines().find_map(|line| line.strip_prefix("Message-ID: <"))?;
    Some(header.split('@').next()?.to_owned())
}

/// Returns how many calls, concerns and messages are still open.
pub fn n_open(world: &World) -> usize {
    let open = "select (select count(*) from outbound_calls where state in ('planned', 'placing', 'placed'))
        + (select count(*) from follow_ups f where kind = 'concern' and closed_at is null)
        + (select count(*) from follow_ups f where kind = 'callback' and closed_at is null
               and not exists (select from outbound_calls o where o.follow_up_id = f.follow_up_id))
        + (select count(*) from messages where state = 'waiting')";
    psql(&world.database_url(), open).parse().unwrap()
}

/// One message of the service.
#[derive(Clone, Debug)]
struct Sent {
    kind: String,
    state: String,
    follow_up_id: String,
}

/// What was promised, what the service knows of it, and what arrived outside.
#[derive(Clone, Debug, Default)]
struct Outside {
    /// The ids of follow-ups.
    callbacks: Vec<String>,
    alerts: Vec<String>,
    /// The callback of each attempt.
    attempts: BTreeMap<String, String>,
    messages: BTreeMap<String, Sent>,
    /// The attempts that VAPI was asked for, by id.
    calls: Vec<String>,
    /// The id of each e-mail.
    emails: Vec<String>,
    /// The id and the body of each webhook.
    webhooks: Vec<(String, String)>,
}

/// Returns what was lost, what was doubled, and how much there was.
pub fn check(world: &World, secret: &str) -> (Vec<String>, Vec<String>, String) {
    let url = world.database_url();
    let mut outside = Outside::default();
    for line in world.history.read() {
        match line.event {
            Event::Promised { promise: Promise::Call, id } => outside.callbacks.push(id),
            Event::Promised { promise: Promise::Alert, id } => outside.alerts.push(id),
            _ => {}
        }
    }
    let rows = psql(&url, "select outbound_call_id, follow_up_id from outbound_calls where follow_up_id is not null");
    let pairs = rows.lines().filter_map(|row| row.split_once('|'));
    outside.attempts = pairs.map(|(id, of)| (id.to_owned(), of.to_owned())).collect();
    for row in psql(&url, "select message_id, kind, state, coalesce(follow_up_id::text, '') from messages").lines() {
        let [id, kind, state, follow_up_id] = row.split('|').collect::<Vec<_>>()[..] else { panic!("{row}") };
        let sent = Sent { kind: kind.to_owned(), state: state.to_owned(), follow_up_id: follow_up_id.to_owned() };
        outside.messages.insert(id.to_owned(), sent);
    }
    let ours = |call: &serde_json::Value| {
        call["assistantOverrides"]["metadata"]["outbound_call_id"].as_str().map(str::to_owned)
    };
    outside.calls = world.vapi.placed().iter().filter_map(ours).collect();
    outside.emails = world.mailbox.emails().iter().filter_map(message_id).collect();
    let requests = world.receiver.requests();
    outside.webhooks = requests.iter().map(|of| (of.id(), String::from_utf8_lossy(&of.body).into_owned())).collect();
    let (mut lost, mut doubled) = outside.faults();
    doubled.extend(
        requests.iter().filter(|of| !of.is_signed_with(secret)).map(|of| format!("O3: {} is not signed", of.id())),
    );
    for (call_id, n) in super::checker::table(
        &url,
        "select s.session_id, count(m.message_id) from sessions s
         left join messages m on m.session_id = s.session_id and m.kind = 'session.analyzed'
         where s.status = 'analyzed' group by 1 having count(m.message_id) = 0",
    ) {
        lost.push(format!("O3: {n} events on the analysis of {call_id}"));
    }
    let counts = format!(
        "outside: {} callbacks, {} calls placed; {} alerts, {} e-mails, {} of them again; {} webhooks, {} of them again",
        outside.callbacks.len(),
        outside.calls.len(),
        outside.alerts.len(),
        outside.emails.len(),
        n_again(outside.emails.iter()),
        outside.webhooks.len(),
        n_again(outside.webhooks.iter().map(|(id, _)| id)),
    );
    (lost, doubled, counts)
}

fn n_again<'a>(ids: impl Iterator<Item = &'a String>) -> usize {
    let all: Vec<&String> = ids.collect();
    all.len() - all.iter().collect::<BTreeSet<_>>().len()
}

impl Outside {
    fn faults(&self) -> (Vec<String>, Vec<String>) {
        let (mut lost, mut doubled) = (Vec::new(), Vec::new());
        // O1: one call for each callback, and one request for each attempt.
        let mut of_callback = BTreeMap::<&str, usize>::new();
        for (n, id) in self.calls.iter().enumerate() {
            if self.calls[..n].contains(id) {
                doubled.push(format!("O1: VAPI was asked twice for the attempt {id}"));
            }
            match self.attempts.get(id) {
                Some(callback) => *of_callback.entry(callback).or_default() += 1,
                None => doubled.push(format!("O1: no row knows the call {id}")),
            }
        }
        for id in &self.callbacks {
            match of_callback.get(&id[..]) {
                None => lost.push(format!("O1: the callback {id} led to no call")),
                Some(1) => {}
                Some(n) => doubled.push(format!("O1: the callback {id} led to {n} calls")),
            }
        }
        // O2: e-mails. O3: webhooks.
        let emails: BTreeSet<&str> = self.emails.iter().map(|id| &id[..]).collect();
        let webhooks: BTreeSet<&str> = self.webhooks.iter().map(|(id, _)| &id[..]).collect();
        for (name, arrived) in [("O2", &emails), ("O3", &webhooks)] {
            for id in arrived.iter().filter(|id| !self.messages.contains_key(**id)) {
                doubled.push(format!("{name}: no row knows the message {id}"));
            }
        }
        for (id, Sent { kind, state, .. }) in &self.messages {
            let (name, arrived) = if kind.contains('.') { ("O3", &webhooks) } else { ("O2", &emails) };
            match &state[..] {
                "sent" if arrived.contains(&id[..]) => {}
                // It was not wanted any more. It may have arrived before that was noted.
                "cancelled" => {}
                state => lost.push(format!("{name}: {kind} {id} is {state} and did not arrive")),
            }
        }
        for (n, (id, body)) in self.webhooks.iter().enumerate() {
            if self.webhooks[..n].iter().any(|(other, said)| other == id && said != body) {
                doubled.push(format!("O3: the webhook {id} says different things"));
            }
        }
        let n_of = |kind: &str, id: &str| {
            self.messages.values().filter(|sent| sent.kind == kind && sent.follow_up_id == id).count()
        };
        for id in &self.alerts {
            let is_mailed =
                |(message, sent): (&String, &Sent)| sent.follow_up_id == *id && emails.contains(&message[..]);
            if !self.messages.iter().any(is_mailed) {
                lost.push(format!("O2: no e-mail about the concern {id}"));
            }
        }
        let callbacks = self.callbacks.iter().flat_map(|id| [("callback.requested", id), ("callback.due", id)]);
        for (kind, id) in callbacks.chain(self.alerts.iter().map(|id| ("concern.raised", id))) {
            match n_of(kind, id) {
                0 => lost.push(format!("O3: no {kind} about {id}")),
                1 => {}
                n => doubled.push(format!("O3: {n} events {kind} about {id}")),
            }
        }
        (lost, doubled)
    }
}

#[test]
fn the_checker_sees_what_is_lost_and_what_is_doubled_outside() {
    let text = |word: &str| word.to_owned();
    let sent = |kind: &str, of: &str| Sent { kind: text(kind), state: text("sent"), follow_up_id: text(of) };
    let good = Outside {
        callbacks: vec![text("c")],
        alerts: vec![text("a")],
        attempts: [(text("attempt"), text("c"))].into(),
        messages: [
            (text("m1"), sent("callback.requested", "c")),
            (text("m2"), sent("callback.due", "c")),
            (text("m3"), sent("concern.raised", "a")),
            (text("m4"), sent("concern_alert", "a")),
        ]
        .into(),
        calls: vec![text("attempt")],
        emails: vec![text("m4"), text("m4")],
        webhooks: ["m1", "m2", "m2", "m3"].map(|id| (text(id), text("body"))).into(),
    };
    assert_eq!(good.faults(), (Vec::new(), Vec::new()), "an e-mail and a webhook may come twice");
    let judge = |change: &dyn Fn(&mut Outside)| {
        let mut bad = good.clone();
        change(&mut bad);
        let (lost, doubled) = bad.faults();
        (lost.len(), doubled.len())
    };
    assert_eq!(judge(&|of| of.calls.clear()), (1, 0));
    assert_eq!(judge(&|of| of.calls.push(text("attempt"))), (0, 2), "one attempt twice, so the callback twice");
    assert_eq!(judge(&|of| of.calls.push(text("other"))), (0, 1));
    assert_eq!(judge(&|of| of.emails.clear()), (2, 0));
    assert_eq!(judge(&|of| of.emails.push(text("m9"))), (0, 1));
    assert_eq!(judge(&|of| of.webhooks.retain(|(id, _)| id != "m1")), (1, 0));
    assert_eq!(judge(&|of| of.webhooks.push((text("m1"), text("other")))), (0, 1));
    assert_eq!(judge(&|of| of.messages.extend([(text("m5"), sent("callback.due", "c"))])), (1, 1));
}
