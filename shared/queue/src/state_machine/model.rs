//! What can happen, and what then has to be so.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::lease::Claimed;
use storage::id::JobId;

const N_CALLS: usize = 3;
const N_WORKERS: usize = 2;
/// Three statuses and the report.
const N_EVENTS: usize = 4;

/// What can happen next.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// VAPI sends one of a call's messages, perhaps again.
    Deliver {
        call: usize,
        event: usize,
    },
    /// A worker takes jobs from the table; where it does not keep them, their leases run out at once.
    Claim {
        worker: usize,
        n: i64,
        keeps: bool,
    },
    /// The relay tells the queue server of jobs, which takes them or not.
    Send {
        n: i64,
        arrives: bool,
    },
    /// A worker hears of a job from the queue server, perhaps late or twice.
    Hear {
        worker: usize,
        which: prop::sample::Index,
        keeps: bool,
    },
    /// A worker comes to an end with one of the jobs that it thinks it holds.
    End {
        worker: usize,
        which: prop::sample::Index,
        how: End,
    },
    Sweep,
    /// A person has a job that was given up tried again.
    Retry {
        which: prop::sample::Index,
    },
}

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Done,
    /// It dies before the commit.
    Crash,
    Retry,
    PutOff,
    Fail,
    Release,
    Renew,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let (worker, which) = (|| 0..N_WORKERS, any::<prop::sample::Index>);
    let how = prop_oneof![
        6 => Just(End::Done), 1 => Just(End::Crash), 1 => Just(End::Retry), 1 => Just(End::PutOff),
        1 => Just(End::Fail), 1 => Just(End::Release), 1 => Just(End::Renew),
    ];
    prop_oneof![
        4 => (0..N_CALLS, 0..N_EVENTS).prop_map(|(call, event)| Step::Deliver { call, event }),
        4 => (worker(), 1..3_i64, any::<bool>()).prop_map(|(worker, n, keeps)| Step::Claim { worker, n, keeps }),
        2 => (1..3_i64, any::<bool>()).prop_map(|(n, arrives)| Step::Send { n, arrives }),
        2 => (worker(), which(), any::<bool>())
            .prop_map(|(worker, which, keeps)| Step::Hear { worker, which, keeps }),
        6 => (worker(), which(), how).prop_map(|(worker, which, how)| Step::End { worker, which, how }),
        3 => Just(Step::Sweep),
        1 => which().prop_map(|which| Step::Retry { which }),
    ]
}

/// A job as it has to stand in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ModelJob {
    pub(super) state: &'static str,
    pub(super) attempts: i32,
    pub(super) n_lost: i16,
}

impl ModelJob {
    pub(super) const NEW: Self = Self { state: "ready", attempts: 0, n_lost: 0 };
}

/// Who took a job how many times ago.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) claimed: Claimed,
    pub(super) turn: u32,
}

/// What has to be so.
#[derive(Debug, Default)]
pub(super) struct Model {
    /// By `call_id:type…`: whether it was worked on.
    pub(super) deliveries: BTreeMap<String, bool>,
    /// By call.
    pub(super) sessions: BTreeMap<String, &'static str>,
    pub(super) jobs: BTreeMap<JobId, ModelJob>,
    /// Of each job: how often it was taken, and whether its lease has run out.
    pub(super) turns: BTreeMap<JobId, (u32, bool)>,
    /// The jobs that each worker believes it holds. A worker does not learn that it lost one.
    pub(super) held: [Vec<Held>; N_WORKERS],
    /// How often each job's effect was written.
    pub(super) n_done: BTreeMap<JobId, u32>,
}

impl Model {
    pub(super) fn ready(&self) -> usize {
        self.jobs.values().filter(|job| job.state == "ready").count()
    }

    pub(super) fn taken(&mut self, worker: usize, claimed: Claimed, keeps: bool) {
        let (job_id, turn) = (claimed.lease.job_id, self.turns.entry(claimed.lease.job_id).or_insert((0, false)));
        *turn = (turn.0 + 1, !keeps);
        let job = self.jobs.get_mut(&job_id).expect("it was asked for");
        assert!(matches!(job.state, "ready" | "sent"), "{job:?} was taken");
        (job.state, job.attempts) = ("running", job.attempts + 1);
        assert_eq!(claimed.attempts, job.attempts);
        let turn = turn.0;
        self.held[worker].push(Held { claimed, turn });
    }

    /// Whether the job is still of the worker who took it then.
    pub(super) fn is_of(&self, held: &Held) -> bool {
        let job_id = &held.claimed.lease.job_id;
        self.turns[job_id].0 == held.turn && self.jobs[job_id].state == "running"
    }
}
