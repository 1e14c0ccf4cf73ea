//! Chaos: the production binaries under load, while a plan kills, cuts and slows everything that they depend on.
//! Afterwards a checker verifies what they had promised.
//!
//! `./dev chaos [--seed N] [--minutes M] [--rate CALLS] [--only ROW,ROW] [--break fencing|early-ack]` runs the long
//! mix; the short one is part of `./dev test`. The checker reads only the history: what was accepted, and which calls
//! ended.

mod checker;
mod fake_llm;
mod history;
mod load;
mod nemesis;
mod outside;
mod plan;
mod postgres;
mod proxy;
mod report;
mod surroundings;
mod world;

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use web::config::from_environment;

use self::checker::{Verdict, check};
use self::load::Caller;
use self::nemesis::Nemesis;
use self::plan::{Fault, plan};
use self::world::{Broken, World};

/// One run.
struct Mix {
    seed: u64,
    lasts: Duration,
    calls_per_second: f64,
    among: Vec<Fault>,
    broken: Option<Broken>,
    /// How long the backlog may take to drain.
    patience: Duration,
}

async fn run(mix: &Mix) -> (Verdict, String) {
    let mut world = World::start(mix.broken).await;
    let caller = Caller::new(&world, mix.broken == Some(Broken::EarlyAnswer));
    let stop = CancellationToken::new();
    let load = tokio::spawn({
        let (caller, stop, seed, rate) = (caller.clone(), stop.clone(), mix.seed, mix.calls_per_second);
        async move { caller.run(seed, rate, stop).await }
    });
    // The probes that measure recovery are always answered honestly.
    let honest = Caller::new(&world, false);
    let leaves = if mix.broken.is_none() {
        let secret = outside::switch_on(&world).await;
        Some((secret, outside::promise(&world, stop.clone()), outside::live(&world, &honest)))
    } else {
        None
    };
    let watching = tokio::spawn({
        let (db, history) = (world.db.clone(), world.history.clone());
        async move {
            loop {
                if let Ok(open) = storage::job::count_open(&db).await {
                    let waiting =
                        open.iter().filter(|count| count.state != "needs_attention" && count.kind != "enrich_analysis");
                    history.set_behind(waiting.map(|count| count.n).sum::<i64>() as usize);
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    });
    let (began, mut nemesis) = (Instant::now(), Nemesis::default());
    for step in plan(mix.seed, &mix.among) {
        if began.elapsed() > mix.lasts {
            break;
        }
        nemesis.strike(&mut world, &honest, step).await;
    }
    stop.cancel();
    load.await.unwrap();
    watching.abort();
    let verdict = match leaves {
        Some((secret, promising, living)) => {
            promising.await.unwrap();
            let verdict = check(&world, mix.patience, Some(&secret)).await;
            living.abort();
            verdict
        }
        None => check(&world, mix.patience, None).await,
    };
    let text = report::report(mix.seed, &nemesis, &verdict);
    let text = format!("{text}\nthe model was asked {} times", world.llm.n_asked());
    if mix.broken.is_none() {
        assert!(nemesis.broken_promises.is_empty() && verdict.is_clean(), "{text}\nlogs: {}", world.folder.display());
    }
    (verdict, text)
}

/// Runs several seeds, because the moment of a kill is random: a deliberate fault may only show at a later attempt.
async fn sees(caught: fn(&Verdict) -> bool, mix: fn(u64) -> Mix) {
    let mut texts = Vec::new();
    for seed in 3..9 {
        let (verdict, text) = run(&mix(seed)).await;
        if caught(&verdict) {
            return;
        }
        texts.push(text);
    }
    panic!("the checker never saw it:\n{}", texts.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_and_a_nemesis_nothing_accepted_is_lost_or_doubled() {
    let mix = Mix {
        seed: from_environment("CHAOS_SEED").map_or(1, |seed| seed.parse().expect("CHAOS_SEED")),
        lasts: Duration::from_secs(45),
        calls_per_second: 4.0,
        among: Fault::all().collect(),
        broken: None,
        patience: Duration::from_mins(3),
    };
    let (verdict, text) = run(&mix).await;
    println!("{text}");
    assert!(verdict.n_accepted > 50, "there was load: {text}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_the_checker_sees_a_fence_that_is_down() {
    sees(
        |verdict| verdict.doubled.iter().any(|(_, what)| what.contains("held it")),
        |seed| Mix {
            seed,
            lasts: Duration::from_secs(15),
            calls_per_second: 1.5,
            among: vec![Fault::PauseWorker],
            broken: Some(Broken::Fencing),
            patience: Duration::from_mins(1),
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_the_checker_sees_an_answer_before_the_commit() {
    sees(
        |verdict| verdict.lost.iter().any(|(_, what)| what.starts_with("I1")),
        |seed| Mix {
            seed,
            lasts: Duration::from_secs(8),
            calls_per_second: 8.0,
            among: vec![Fault::KillServer, Fault::EndPostgres],
            broken: Some(Broken::EarlyAnswer),
            patience: Duration::from_mins(1),
        },
    )
    .await;
}

/// The disk is lost, with everything that was accepted since the last backup. The service asks VAPI for it again.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Faktory: run ./dev test"]
async fn with_faktory_a_restored_backup_hears_of_every_call_again() {
    let mut world = World::start(None).await;
    let (caller, stop) = (Caller::new(&world, false), CancellationToken::new());
    let load = tokio::spawn({
        let (caller, stop) = (caller.clone(), stop.clone());
        async move { caller.run(22, 6.0, stop).await }
    });
    tokio::time::sleep(Duration::from_secs(4)).await;
    let backup = tokio::task::block_in_place(|| world.postgres.back_up());
    tokio::time::sleep(Duration::from_secs(4)).await;
    stop.cancel();
    load.await.unwrap();
    let began = Instant::now();
    world.postgres.restore(&backup).await;
    let mut verdict = check(&world, Duration::from_mins(2), None).await;
    let n_before = verdict.lost.len();
    verdict.lost.retain(|(_, what)| !what.starts_with("I1"));
    let n_forgotten = n_before - verdict.lost.len();
    println!(
        "{n_forgotten} deliveries were younger than the backup; complete again after {:.1} s",
        began.elapsed().as_secs_f64()
    );
    assert!(n_forgotten > 0, "the backup held everything, so this proves nothing");
    assert!(verdict.is_clean(), "{verdict:?}\nlogs: {}", world.folder.display());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: run ./dev chaos"]
async fn long_mix() {
    let number = |name, default| from_environment(name).map_or(default, |text| text.parse::<f64>().expect(name));
    let broken = from_environment("CHAOS_BREAK").map(|what| match &what[..] {
        "fencing" => Broken::Fencing,
        "early-ack" => Broken::EarlyAnswer,
        _ => panic!("--break is fencing or early-ack"),
    });
    let only = from_environment("CHAOS_ONLY").unwrap_or_default();
    let only: Vec<u8> = only.split_terminator(',').map(|row| row.parse().expect("--only is rows: 3,15")).collect();
    let mix = Mix {
        seed: number("CHAOS_SEED", 1.0) as u64,
        lasts: Duration::from_secs_f64(60.0 * number("CHAOS_MINUTES", 10.0)),
        calls_per_second: number("CHAOS_CALLS_PER_SECOND", 4.0),
        among: Fault::all().filter(|fault| only.is_empty() || only.contains(&fault.row().0)).collect(),
        broken,
        patience: Duration::from_mins(5),
    };
    let (verdict, text) = run(&mix).await;
    println!("{text}");
    assert!(verdict.is_clean(), "the checker found faults");
}
