//! Injects faults by plan, removes them, and measures how long it takes until the next call is judged normally.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use secrecy::ExposeSecret;
use serde_json::Value;
use storage::access::Caller as Authority;
use storage::session::{SessionKey, get_session};

use super::fake_llm::Mood;
use super::history::Event;
use super::load::Caller;
use super::plan::{Fault, Step};
use super::postgres::End;
use super::proxy::{Mode, Proxy};
use super::world::{LEASE_SECONDS, World, phone};
use crate::processes::{Process, binary, signal};
use crate::psql::try_psql;

/// The time limit for recovery after a fault ends.
const HEAL_WITHIN: Duration = Duration::from_mins(2);

/// How often a fault was injected, and how long recovery took.
#[derive(Debug, Default)]
pub struct Felt {
    pub n_injections: u32,
    /// How many kills and cuts the injections contained.
    pub n_blows: u32,
    pub heal_times: Vec<Duration>,
}

#[derive(Default)]
pub struct Nemesis {
    pub felt: BTreeMap<Fault, Felt>,
    /// Promises that were broken, in words.
    pub broken_promises: Vec<String>,
    n_probes: u32,
}

impl Nemesis {
    pub async fn strike(&mut self, world: &mut World, caller: &Caller, step: Step) {
        let (row, name) = step.fault.row();
        world.history.write(Event::Fault { row, begins: true });
        let mut rng = StdRng::seed_from_u64(step.seed);
        let n_blows = self.inject(world, caller, step.fault, &mut rng).await;
        world.history.write(Event::Fault { row, begins: false });
        let healed = self.heal_time(world, caller).await;
        let felt = self.felt.entry(step.fault).or_default();
        felt.n_injections += 1;
        felt.n_blows += n_blows;
        match healed {
            Some(time) => felt.heal_times.push(time),
            None => self.broken_promises.push(format!("no call was judged within two minutes of: {name}")),
        }
        tokio::time::sleep(step.pause).await;
    }

    pub(super) fn promise(&mut self, is_kept: bool, words: impl Into<String>) {
        if !is_kept {
            self.broken_promises.push(words.into());
        }
    }

    /// Measures the time until a call that is reported now is judged, or `None` above the limit.
    async fn heal_time(&mut self, world: &World, caller: &Caller) -> Option<Duration> {
        self.n_probes += 1;
        let (began, call_id) = (Instant::now(), format!("probe-{}", self.n_probes));
        caller.ends(&call_id, &phone(0));
        let report = caller.report(&call_id, &phone(0));
        while !caller.deliver(&report).await && began.elapsed() < HEAL_WITHIN {}
        let key = SessionKey::CallId(call_id);
        while began.elapsed() < HEAL_WITHIN {
            let session = get_session(&world.db, &Authority::operator(), &key).await;
            if session.is_ok_and(|session| session.analysis_status.is_some()) {
                return Some(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        None
    }

    async fn inject(&mut self, world: &mut World, caller: &Caller, fault: Fault, rng: &mut StdRng) -> u32 {
        let ms = |rng: &mut StdRng, range| Duration::from_millis(rng.random_range(range));
        match fault {
            Fault::KillServer => {
                for _ in 0..3 {
                    let i = rng.random_range(0..2);
                    world.servers[i].process.kill();
                    tokio::time::sleep(ms(rng, 0..150)).await;
                    world.restart_server(i);
                    tokio::time::sleep(ms(rng, 50..400)).await;
                }
                3
            }
            Fault::KillWorker => {
                world.llm.set(Mood::Slow(Duration::from_millis(200)));
                for _ in 0..3 {
                    let i = rng.random_range(0..2);
                    tokio::time::sleep(ms(rng, 50..500)).await;
                    world.workers[i].kill();
                    world.workers[i] = world.spawn_worker(i);
                }
                world.llm.set(Mood::Good);
                3
            }
            Fault::PauseWorker => {
                // The answer arrives while the worker is stopped. When it resumes, another worker holds the job and
                // still waits for its own answer. The delay is long enough to observe this, and short enough that jobs
                // do not pile up.
                world.llm.set(Mood::Slow(Duration::from_millis(1500)));
                let held = claimed(world, Duration::from_secs(5), "true").await;
                // By then the worker has asked the model.
                tokio::time::sleep(Duration::from_millis(200)).await;
                let i = held.as_ref().map_or(0, |(_, worker)| usize::from(worker == "worker_1"));
                let (pid, asleep) = (world.workers[i].id(), Instant::now());
                signal("STOP", pid);
                if let Some((job_id, worker)) = held {
                    let by_another = format!("job_id = '{job_id}' and claimed_by <> '{worker}'");
                    claimed(world, Duration::from_secs(LEASE_SECONDS + 6), &by_another).await;
                }
                tokio::time::sleep(Duration::from_secs(LEASE_SECONDS).saturating_sub(asleep.elapsed())).await;
                signal("CONT", pid);
                tokio::time::sleep(Duration::from_millis(1500)).await;
                world.llm.set(Mood::Good);
                1
            }
            Fault::KillQueue => {
                if rng.random() {
                    world.faktory.kill_redis();
                } else {
                    world.faktory.kill();
                }
                tokio::time::sleep(ms(rng, 100..1000)).await;
                world.faktory.launch().await;
                1
            }
            Fault::QueueAway => {
                world.faktory.kill();
                let since = Instant::now();
                let mut says_so = false;
                while !says_so && since.elapsed() < Duration::from_secs(30) {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                    says_so = ready(world).await.is_some_and(|body| body["degraded"].to_string().contains("faktory"));
                }
                self.promise(says_so, "Faktory was unavailable and /readyz did not report it within 30 s");
                let status = caller.insist_at(0, &caller.report("while-the-queue-was-away", &phone(1)).body).await;
                self.promise(status == 200, format!("with Faktory away a webhook was answered {status}"));
                world.faktory.launch().await;
                1
            }
            Fault::EndPostgres => self.end_postgres(world, caller, rng).await,
            Fault::CutWires => {
                for _ in 0..10 {
                    wires(world)[rng.random_range(0..8)].reset_all();
                    tokio::time::sleep(ms(rng, 20..250)).await;
                }
                10
            }
            Fault::HalfOpenWires => {
                let wire = wires(world)[rng.random_range(0..8)];
                wire.set(Mode::Stall);
                tokio::time::sleep(ms(rng, 500..4000)).await;
                wire.heal();
                1
            }
            Fault::SlowPostgres => {
                world.postgres_wires.iter().for_each(|wire| wire.set(Mode::Delay(Duration::from_millis(100))));
                tokio::time::sleep(Duration::from_secs(3)).await;
                let url = format!("{}/livez", world.door.server(0));
                let lives = world.http.get(url).send().await.is_ok_and(|response| response.status().is_success());
                self.promise(lives, "with a slow Postgres /livez failed");
                world.postgres_wires.iter().for_each(Proxy::heal);
                0
            }
            Fault::LlmHangs => {
                world.llm.set(if rng.random() { Mood::Hangs } else { Mood::Dribbles });
                tokio::time::sleep(Duration::from_secs(3)).await;
                world.llm.set(Mood::Good);
                0
            }
            Fault::LlmRefuses => {
                let status = [429, 500, 529, 503][rng.random_range(0..4)];
                world.llm.set(Mood::Refuses(status));
                tokio::time::sleep(Duration::from_millis(800)).await;
                world.llm_wire.reset_all();
                world.llm.set(Mood::Good);
                1
            }
            Fault::LlmBabbles => {
                world.llm.set(Mood::Babbles);
                tokio::time::sleep(Duration::from_millis(800)).await;
                world.llm.set(Mood::Good);
                0
            }
            Fault::Duplicates => {
                let call_id = format!("ten-times-{}", rng.random::<u32>());
                caller.ends(&call_id, &phone(2));
                let report = caller.report(&call_id, &phone(2));
                let all = futures::future::join_all((0..10).map(|_| caller.deliver(&report))).await;
                self.promise(all.into_iter().all(|accepted| accepted), "one of ten duplicates was not accepted");
                0
            }
            Fault::Poison => self.poison(caller).await,
            Fault::RollingDeploy => {
                self.roll(world).await;
                for i in 0..2 {
                    let fresh = world.spawn_worker(i);
                    let mut old = std::mem::replace(&mut world.workers[i], fresh);
                    let (began, code) = (Instant::now(), tokio::task::block_in_place(|| old.terminate()));
                    self.promise(code == Some(0), format!("a worker that got SIGTERM ended with {code:?}"));
                    self.promise(began.elapsed() < Duration::from_secs(25), "a worker took 25 s to stop");
                }
                0
            }
            Fault::Migrations => {
                let migrate = || {
                    let mut command = Command::new(binary("ai-tutor"));
                    command.arg("migrate").env("DATABASE_URL", world.database_url().expose_secret());
                    Process::spawn(&mut command)
                };
                let (mut one, mut another, mut killed) = (migrate(), migrate(), migrate());
                tokio::time::sleep(ms(rng, 5..60)).await;
                killed.kill();
                let codes = tokio::task::block_in_place(|| (one.wait(), another.wait(), migrate().wait()));
                self.promise(codes == (Some(0), Some(0), Some(0)), format!("migrations ended with {codes:?}"));
                1
            }
            Fault::PoolExhausted => {
                let url = world.database_url();
                let lock = "begin; lock table deliveries in access exclusive mode; select pg_sleep(4); commit";
                let locked = tokio::task::spawn_blocking(move || try_psql(&url, lock));
                tokio::time::sleep(Duration::from_millis(500)).await;
                let lives = world.http.get(format!("{}/livez", world.door.server(1))).send().await;
                self.promise(lives.is_ok_and(|r| r.status().is_success()), "with all connections busy /livez failed");
                // Checked before the lock is released, however slow the machine is: /livez waited for no connection.
                self.promise(!locked.is_finished(), "with all connections busy /livez waited for one");
                let _ = locked.await;
                0
            }
            Fault::MemoryCap => {
                let i = rng.random_range(0..2);
                let pid = world.servers[i].process.id().to_string();
                let capped = Command::new("prlimit").args(["--pid", &pid, "--as=100000000"]).status();
                self.promise(capped.is_ok_and(|status| status.success()), "prlimit is missing");
                tokio::time::sleep(Duration::from_millis(800)).await;
                // The kernel or the allocator may already have ended the process.
                world.servers[i].process.kill();
                world.restart_server(i);
                1
            }
            Fault::KeyRotation => self.rotate_key(world).await,
            Fault::SkewClock => self.skew_clock(world, caller, rng).await,
            Fault::FillDisk => self.fill_disk(world, caller).await,
            Fault::SecretRotation => {
                let (old, new) = (world.door.secret(), format!("webhook-secret-canary-{}", rng.random::<u32>()));
                world.set_secrets(&new, Some(&old));
                self.roll(world).await;
                world.door.sign_with(&new);
                // Deliveries that were signed with the old secret may still be on their way.
                tokio::time::sleep(Duration::from_millis(500)).await;
                world.set_secrets(&new, None);
                self.roll(world).await;
                0
            }
        }
    }

    pub(super) async fn roll(&mut self, world: &mut World) {
        for i in 0..2 {
            let began = Instant::now();
            let code = world.roll_server(i).await;
            self.promise(code == Some(0), format!("a server that got SIGTERM ended with {code:?}"));
            self.promise(began.elapsed() < Duration::from_secs(25), "a server took 25 s to stop");
        }
    }

    async fn end_postgres(&mut self, world: &mut World, caller: &Caller, rng: &mut StdRng) -> u32 {
        let end = [End::Fast, End::Immediate, End::Kill][rng.random_range(0..3)];
        world.postgres.end(end);
        let report = caller.report("while-postgres-was-away", &phone(3));
        let (began, status) = (Instant::now(), caller.try_once(0, &report.body).await);
        self.promise(status == 503, format!("without Postgres a webhook was answered {status}"));
        self.promise(began.elapsed() < Duration::from_secs(10), "without Postgres a webhook waited for 10 s");
        for (path, wanted) in [("livez", 200), ("readyz", 503)] {
            let answer = world.http.get(format!("{}/{path}", world.door.server(0))).send().await;
            let status = answer.map_or(0, |answer| answer.status().as_u16());
            self.promise(status == wanted, format!("without Postgres /{path} answered {status}"));
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(0..1500))).await;
        world.postgres.launch().await;
        1
    }

    /// Sends messages that no honest sender sends. They must neither be lost nor block anything.
    async fn poison(&mut self, caller: &Caller) -> u32 {
        let deep = format!("{{\"message\": {}1{}}}", "[".repeat(50_000), "]".repeat(50_000));
        let large = format!("{{\"message\": {{\"type\": \"hang\", \"x\": \"{}\"}}}}", "y".repeat(4 << 20));
        let nul = "{\"message\": {\"type\": \"end-of-call-report\", \"call\": {\"id\": \"a\\u0000b\"}}}";
        let lone = "{\"message\": {\"type\": \"hang\\ud800\"}}";
        for (body, wanted) in [(deep.as_str(), 200), (large.as_str(), 200), (nul, 200), (lone, 200), ("", 200)] {
            let status = caller.insist_at(body.len(), body.as_bytes()).await;
            self.promise(status == wanted, format!("a poison message of {} bytes was answered {status}", body.len()));
        }
        0
    }
}

/// Waits until a worker takes a job that asks the model. Returns the job's id and the worker.
async fn claimed(world: &World, patience: Duration, which: &str) -> Option<(String, String)> {
    let began = Instant::now();
    let query = format!(
        "select job_id, claimed_by from chaos_claims join jobs using (job_id)
         where state = 'running' and kind = 'enrich_analysis' and claimed_at > now() - interval '1 second' and {which}
         limit 1"
    );
    while began.elapsed() < patience {
        let rows = tokio::task::block_in_place(|| try_psql(&world.database_url(), &query)).unwrap_or_default();
        if let Some((job_id, worker)) = rows.lines().next().and_then(|row| row.split_once('|')) {
            return Some((job_id.to_owned(), worker.to_owned()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}

fn wires(world: &World) -> [&Proxy; 8] {
    let [web, first, second] = &world.postgres_wires;
    let World { faktory_wire, llm_wire, vapi_wire, mail_wire, receiver_wire, .. } = world;
    [web, first, second, faktory_wire, llm_wire, vapi_wire, mail_wire, receiver_wire]
}

async fn ready(world: &World) -> Option<Value> {
    world.http.get(format!("{}/readyz", world.door.server(0))).send().await.ok()?.json().await.ok()
}
