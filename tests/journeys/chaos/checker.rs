//! Reads the history, asks the database, and reports what was lost, what was duplicated and which call has no known
//! state.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::history::{Event, Line};
use super::outside;
use super::world::{CANARIES, World};
use crate::psql::psql;

/// The checker's result: all promises were kept, or which ones were broken and when.
#[derive(Debug, Default)]
pub struct Verdict {
    pub n_accepted: usize,
    pub n_calls: usize,
    pub n_refused: usize,
    /// Deliveries that were accepted, or calls that ended, but cannot be found. Each has the row of the active fault,
    /// or 0 if no fault was active.
    pub lost: Vec<(u8, String)>,
    /// Effects that exist twice, or were written by a process that had no right to.
    pub doubled: Vec<(u8, String)>,
    /// Number of calls that wait for a person, by the reason shown.
    pub needs_attention: BTreeMap<String, usize>,
    /// Any other broken promise.
    pub faults: Vec<String>,
    /// Number of calls that were still being processed at the time limit.
    pub n_late: usize,
    pub drained_in: Duration,
    /// How much left the service.
    pub outside: String,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.faults.is_empty()
    }
}

/// Waits until no job is open, or until `patience` is over. Jobs that are only scheduled for later become due at once.
pub async fn drain(world: &World, patience: Duration) -> Option<Duration> {
    let began = Instant::now();
    let url = world.database_url();
    while began.elapsed() < patience {
        psql(&url, "update jobs set run_at = now() where state = 'ready' and run_at > now()");
        let open = psql(&url, "select count(*) from jobs where state in ('ready', 'sent', 'running')");
        if open == "0" && n_unheard(world) == 0 && outside::n_open(world) == 0 {
            return Some(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    None
}

/// Number of calls that ended and whose report is not known yet.
fn n_unheard(world: &World) -> usize {
    let heard = psql(&world.database_url(), "select call_id from sessions where status <> 'in_progress'");
    let (heard, history): (BTreeSet<&str>, _) = (heard.lines().collect(), world.history.read());
    calls(&history).difference(&heard).count()
}

fn calls(history: &[Line]) -> BTreeSet<&str> {
    let ended = history.iter().filter_map(|line| match &line.event {
        Event::Ended { call_id } => Some(&call_id[..]),
        _ => None,
    });
    ended.collect()
}

/// Checks all invariants, after everything has recovered. `secret` is that of the webhooks, if the run had any.
pub async fn check(world: &World, patience: Duration, secret: Option<&str>) -> Verdict {
    let mut verdict = Verdict::default();
    if let Some(time) = drain(world, patience).await {
        verdict.drained_in = time;
    } else {
        let left = "select kind || ' ' || state || ' ' || coalesce(last_error, '') || ' ' || count(*) from jobs
                    where state in ('ready', 'sent', 'running') group by kind, state, last_error";
        let (jobs, unheard, outside) = (psql(&world.database_url(), left), n_unheard(world), outside::n_open(world));
        verdict.faults.push(format!(
            "I6: at the time limit, {unheard} calls had no known report, {outside} calls, concerns and messages were open; open jobs: {jobs}"
        ));
    }
    let (history, url) = (world.history.read(), world.database_url());
    let (faults_at, accepted) = read(&history);
    let calls = calls(&history);
    verdict.n_accepted = history.iter().filter(|line| matches!(line.event, Event::Accepted { .. })).count();
    verdict.n_refused = history.iter().filter(|line| matches!(line.event, Event::Refused { .. })).count();
    verdict.n_calls = calls.len();

    // I1: each accepted delivery exists once.
    let stored = table(&url, "select dedupe_key, count(*) from deliveries group by 1");
    for (key, at_ms) in &accepted {
        match stored.get(*key).map_or("0", |n| &n[..]) {
            "1" => {}
            "0" => verdict.lost.push((faults_at.row(*at_ms), format!("I1: {key}"))),
            n => verdict.doubled.push((faults_at.row(*at_ms), format!("I1: {key}, {n} times"))),
        }
    }
    // I2: every call that ended is judged, or has a reason why it waits.
    let judged = table(
        &url,
        "select call_id, s.status || '|' || coalesce(attention_reason, '') || '|' || count(a.analysis_id)
         from sessions s left join analyses a on a.session_id = s.session_id and a.is_current
         group by s.session_id",
    );
    let at_work = table(
        &url,
        "select call_id, count(*) from sessions join jobs using (session_id)
         where state in ('ready', 'sent', 'running') group by 1",
    );
    for call_id in &calls {
        let state: Vec<&str> = judged.get(*call_id).map_or(Vec::new(), |text| text.split('|').collect());
        match state[..] {
            ["analyzed", "", "1"] => {}
            ["needs_attention", reason, "0" | "1"] if !reason.is_empty() => {
                *verdict.needs_attention.entry(reason.to_owned()).or_default() += 1;
            }
            // The call waits for an existing job. It is late, which I6 reports, but not lost.
            [status, ..] if status != "in_progress" && at_work.contains_key(*call_id) => verdict.n_late += 1,
            _ => verdict.lost.push((faults_at.row_of_call(&history, call_id), format!("I2: {call_id}: {state:?}"))),
        }
    }
    doubles(&url, &mut verdict);
    // I4: no row claims a state that other rows contradict.
    for (words, query) in [
        (
            "an analysed session without an analysis",
            "select count(*) from sessions s where status = 'analyzed' and not exists (select 1 from analyses a where a.session_id = s.session_id and is_current)",
        ),
        (
            "a processed delivery whose job is not done",
            "select count(*) from deliveries d join jobs j on j.payload->>'delivery_id' = d.delivery_id::text where d.state = 'processed' and j.state <> 'done'",
        ),
        (
            "a job that needs attention without a reason",
            "select count(*) from jobs where state = 'needs_attention' and coalesce(last_error, '') = ''",
        ),
        (
            "a call counted twice in what the next tutor hears",
            "select count(*) from student_contexts c where (prepared->>'n_calls')::int <> (select count(*) from sessions s join analyses a on a.session_id = s.session_id and is_current where s.student_id = c.student_id)",
        ),
    ] {
        let n = psql(&url, query);
        if n != "0" {
            verdict.faults.push(format!("I4: {n} times {words}"));
        }
    }
    // O1 to O3: calls, e-mails and webhooks.
    if let Some(secret) = secret {
        let (lost, doubled, counts) = outside::check(world, secret);
        verdict.outside = counts;
        verdict.lost.extend(lost.into_iter().map(|what| (0, what)));
        verdict.doubled.extend(doubled.into_iter().map(|what| (0, what)));
    }
    // I5: no log contains a child's data or a secret.
    let logs = world.logs();
    for canary in CANARIES {
        if let Some(line) = logs.lines().find(|line| line.contains(canary)) {
            let begin: String = line.chars().take(300).collect();
            verdict.faults.push(format!("I5: a log line holds {canary:?}: {begin}"));
        }
    }
    verdict
}

/// I3: each call has its effects once, and only the worker that held a job finished it.
fn doubles(url: &SecretString, verdict: &mut Verdict) {
    // All calls were alike, so each should have as much evidence as most of them.
    let odd = table(
        url,
        "with counted as (
             select s.call_id, s.student_id, count(e.evidence_id) as n from sessions s
             join analyses a on a.session_id = s.session_id and a.is_current
             left join evidence e on e.analysis_id = a.analysis_id
             where s.student_id is not null group by s.session_id
         )
         select call_id, n from counted where n <> (select mode() within group (order by n) from counted)",
    );
    verdict
        .doubled
        .extend(odd.into_iter().map(|(call_id, n)| (0, format!("I3: {call_id} has {n} pieces of evidence"))));
    let unfenced = table(
        url,
        "select job_id::text, claimed_by || ' held it, ' || finished_by || ' finished it' from chaos_finishes
         where claimed_by <> finished_by",
    );
    verdict.doubled.extend(unfenced.into_iter().map(|(job_id, who)| (3, format!("I3: job {job_id}: {who}"))));
    let twice = table(url, "select job_id::text, count(*) from chaos_finishes group by 1 having count(*) > 1");
    verdict.doubled.extend(twice.into_iter().map(|(job_id, n)| (0, format!("I3: job {job_id} was done {n} times"))));
}

/// Begin, end and row of each fault.
struct FaultsAt(Vec<(u64, u64, u8)>);

impl FaultsAt {
    fn row(&self, at_ms: u64) -> u8 {
        self.0.iter().find(|(begin, end, _)| (*begin..=*end).contains(&at_ms)).map_or(0, |(_, _, row)| *row)
    }

    fn row_of_call(&self, history: &[Line], call_id: &str) -> u8 {
        let ended = history.iter().find(|line| matches!(&line.event, Event::Ended { call_id: id } if id == call_id));
        ended.map_or(0, |line| self.row(line.at_ms))
    }
}

/// Returns the faults, and the accepted keys with the time of their first answer.
fn read(history: &[Line]) -> (FaultsAt, HashMap<&str, u64>) {
    let (mut faults, mut accepted) = (Vec::new(), HashMap::new());
    for line in history {
        match &line.event {
            Event::Fault { row, begins: true } => faults.push((line.at_ms, u64::MAX, *row)),
            // An effect within 3 seconds may still be caused by the fault.
            Event::Fault { begins: false, .. } => faults.last_mut().unwrap().1 = line.at_ms + 3000,
            Event::Accepted { key, .. } => {
                accepted.entry(&key[..]).or_insert(line.at_ms);
            }
            Event::Ended { .. } | Event::Refused { .. } | Event::Promised { .. } => {}
        }
    }
    (FaultsAt(faults), accepted)
}

/// Returns the rows of a query with two columns, which psql separates with a bar.
pub fn table(url: &SecretString, query: &str) -> HashMap<String, String> {
    let rows = psql(url, query);
    let pairs = rows.lines().filter_map(|line| line.split_once('|'));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
