//! Which faults are injected, in which order and for how long, all from one seed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// The rows of the fault matrix that are injected. Other rows are part of the load, or cannot run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    KillServer,
    KillWorker,
    PauseWorker,
    KillQueue,
    QueueAway,
    EndPostgres,
    CutWires,
    HalfOpenWires,
    SlowPostgres,
    LlmHangs,
    LlmRefuses,
    LlmBabbles,
    Duplicates,
    Poison,
    RollingDeploy,
    Migrations,
    PoolExhausted,
    MemoryCap,
    SecretRotation,
    KeyRotation,
    SkewClock,
    FillDisk,
}

/// The library that gives a process another time.
pub static FAKETIME: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join("faketime/libfaketime.so.1")).find(|path| path.is_file())
});

/// Whether this machine allows mounting a separate file system.
static MAY_MOUNT: LazyLock<bool> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("chaos-mount-{}", std::process::id()));
    let may = std::fs::create_dir_all(&folder).is_ok() && mount(&folder, 1);
    let _ = Command::new("umount").arg(&folder).stderr(Stdio::null()).status();
    let _ = std::fs::remove_dir(&folder);
    may
});

/// Mounts a disk of this size in memory.
pub fn mount(folder: &Path, size_mb: u32) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &format!("size={size_mb}m"), "tmpfs"]).arg(folder);
    mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Each fault with its weight in the mix. Quick faults are frequent.
const WEIGHTS: [(Fault, u32); 22] = [
    (Fault::KillServer, 12),
    (Fault::KillWorker, 12),
    (Fault::PauseWorker, 2),
    (Fault::KillQueue, 3),
    (Fault::QueueAway, 1),
    (Fault::EndPostgres, 3),
    (Fault::CutWires, 10),
    (Fault::HalfOpenWires, 3),
    (Fault::SlowPostgres, 1),
    (Fault::LlmHangs, 1),
    (Fault::LlmRefuses, 2),
    (Fault::LlmBabbles, 1),
    (Fault::Duplicates, 2),
    (Fault::Poison, 1),
    (Fault::RollingDeploy, 2),
    (Fault::Migrations, 1),
    (Fault::PoolExhausted, 1),
    (Fault::MemoryCap, 1),
    (Fault::SecretRotation, 1),
    (Fault::KeyRotation, 1),
    (Fault::SkewClock, 1),
    (Fault::FillDisk, 1),
];

impl Fault {
    pub fn all() -> impl Iterator<Item = Self> {
        WEIGHTS.into_iter().map(|(fault, _)| fault)
    }

    /// Returns why this machine cannot inject the fault.
    pub fn hindrance(self) -> Option<&'static str> {
        match self {
            Self::SkewClock if FAKETIME.is_none() => Some("not here: needs libfaketime"),
            Self::FillDisk if !*MAY_MOUNT => Some("not here: a separate disk for Postgres needs root and mount"),
            _ => None,
        }
    }

    /// Returns the fault's row in the fault matrix, and its name there.
    pub fn row(self) -> (u8, &'static str) {
        match self {
            Self::KillServer => (1, "kill -9 of a server, amid requests"),
            Self::KillWorker => (2, "kill -9 of a worker, amid its jobs"),
            Self::PauseWorker => (3, "a worker stopped for longer than its lease"),
            Self::KillQueue => (4, "kill -9 of Redis, Faktory, both"),
            Self::QueueAway => (5, "Faktory unavailable"),
            Self::EndPostgres => (6, "Postgres: fast, immediate, kill -9"),
            Self::CutWires => (7, "connections cut"),
            Self::HalfOpenWires => (7, "connections half-open"),
            Self::SlowPostgres => (8, "slow Postgres"),
            Self::LlmHangs => (9, "model hangs, dribbles"),
            Self::LlmRefuses => (10, "model: 429, 500, 529, reset"),
            Self::LlmBabbles => (11, "model answers garbage"),
            Self::Duplicates => (12, "ten duplicates at once"),
            Self::Poison => (16, "poison messages"),
            Self::RollingDeploy => (17, "rolling deploy"),
            Self::Migrations => (18, "two migrations at once, one killed"),
            Self::PoolExhausted => (19, "a table locked, pools exhausted"),
            Self::MemoryCap => (20, "memory cap"),
            Self::SecretRotation => (23, "secret rotation"),
            Self::KeyRotation => (24, "signing key rotation"),
            Self::SkewClock => (14, "a clock ten minutes off"),
            Self::FillDisk => (15, "Postgres' disk full"),
        }
    }
}

/// Rows of the table that the nemesis does not run.
pub const OTHERS: [(u8, &str); 3] = [
    (13, "in the load: each call's events are shuffled; all 120 orders in `orders`"),
    (21, "in the load: one call in twenty sends no report, one in twenty has an unknown number"),
    (22, "a separate run: a backup taken under load is restored"),
];

/// One injection of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub fault: Fault,
    /// Seeds the random choices within the injection.
    pub seed: u64,
    pub pause: Duration,
}

/// Returns an endless plan, the same for the same seed. Every fault comes once at the beginning, in an order given by
/// the seed.
pub fn plan(seed: u64, among: &[Fault]) -> impl Iterator<Item = Step> + use<> {
    let mut rng = StdRng::seed_from_u64(seed);
    let weighted: Vec<(Fault, u32)> =
        WEIGHTS.into_iter().filter(|(fault, _)| among.contains(fault) && fault.hindrance().is_none()).collect();
    let mut first: Vec<Fault> = weighted.iter().map(|(fault, _)| *fault).collect();
    rand::seq::SliceRandom::shuffle(&mut first[..], &mut rng);
    let sum: u32 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut first = first.into_iter();
    std::iter::from_fn(move || {
        let fault = first.next().unwrap_or_else(|| {
            let mut point = rng.random_range(0..sum);
            let drawn = weighted.iter().find(|(_, weight)| {
                let is_it = point < *weight;
                point = point.saturating_sub(*weight);
                is_it
            });
            drawn.unwrap_or(&weighted[0]).0
        });
        Some(Step { fault, seed: rng.random(), pause: Duration::from_millis(rng.random_range(50..400)) })
    })
}

#[test]
fn a_seed_gives_the_same_plan_again() {
    let all: Vec<Fault> = Fault::all().filter(|fault| fault.hindrance().is_none()).collect();
    let of = |seed| plan(seed, &all).take(200).collect::<Vec<_>>();
    assert_eq!(of(7), of(7));
    assert_ne!(of(7), of(8));
    let mut once: Vec<Fault> = of(7)[..all.len()].iter().map(|step| step.fault).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), all.len(), "each comes once before any comes again");
}
