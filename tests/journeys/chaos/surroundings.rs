//! Faults from outside a deployment: a wrong clock, a full disk, a replaced key.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;

use super::load::Caller;
use super::nemesis::Nemesis;
use super::world::World;
use crate::processes::{JWT_PRIVATE_KEY, JWT_PRIVATE_KEY_TWO};
use crate::service::token;

impl Nemesis {
    /// The worker continues, because leases use Postgres' clock. The server refuses requests that look too old or come
    /// from the future.
    pub(super) async fn skew_clock(&mut self, world: &mut World, caller: &Caller, rng: &mut StdRng) -> u32 {
        let (i, offset) = (rng.random_range(0..2), if rng.random() { "+10m" } else { "-10m" });
        world.clock = Some(offset);
        world.workers[i].kill();
        world.workers[i] = world.spawn_worker(i);
        world.roll_server(i).await;
        world.clock = None;
        let report = caller.report("while-a-clock-was-wrong", &super::world::phone(4));
        let status = caller.insist_at(i, &report.body).await;
        self.promise(status == 401, format!("a server whose clock is {offset} off answered {status}"));
        let metrics = world.metrics(i).await;
        let n_skewed = metrics.lines().find_map(|line| line.strip_prefix("webhook_clock_skew_total "));
        self.promise(n_skewed.is_some_and(|n| n != "0"), "a server whose clock is wrong raised no alarm");
        let status = caller.insist_at(1 - i, &report.body).await;
        self.promise(status == 200, format!("the server beside it, whose clock is right, answered {status}"));
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.workers[i].kill();
        world.workers[i] = world.spawn_worker(i);
        world.roll_server(i).await;
        3
    }

    /// Any answer is allowed, as long as an accepted delivery is not lost.
    pub(super) async fn fill_disk(&mut self, world: &mut World, caller: &Caller) -> u32 {
        world.postgres.fill_disk();
        let mut statuses = Vec::new();
        for n in 0..20 {
            let report = caller
                .report(&format!("while-the-disk-was-full-{n}-{}", uuid::Uuid::new_v4()), &super::world::phone(5));
            statuses.push(caller.try_at(n, &report.body).await);
        }
        let are_known = statuses.iter().all(|status| matches!(status, 200 | 503));
        self.promise(are_known, format!("with a full disk webhooks were answered {statuses:?}"));
        world.postgres.make_room().await;
        1
    }

    /// Tokens of the old key are valid while it is configured beside the new key.
    pub(super) async fn rotate_key(&mut self, world: &mut World) -> u32 {
        let old = world.key();
        let new = if old == JWT_PRIVATE_KEY { JWT_PRIVATE_KEY_TWO } else { JWT_PRIVATE_KEY };
        let of_old = token(&world.db, &world.http, &world.door.server(0), "sessions:read").await;
        world.set_keys(new, Some(old));
        self.roll(world).await;
        let of_new = token(&world.db, &world.http, &world.door.server(1), "sessions:read").await;
        self.grants(world, "an old token, its key still there", &of_old, 200).await;
        self.grants(world, "a new token", &of_new, 200).await;
        world.set_keys(new, None);
        self.roll(world).await;
        self.grants(world, "an old token, its key gone", &of_old, 401).await;
        self.grants(world, "a new token, alone", &of_new, 200).await;
        0
    }

    async fn grants(&mut self, world: &World, what: &str, token: &str, wanted: u16) {
        let url = format!("{}/api/v1/sessions?limit=1", world.door.server(0));
        let mut status = 503;
        // Like any client, retries if the server is too busy.
        for _ in 0..6 {
            let answer = world.http.get(&url).bearer_auth(token).send().await;
            status = answer.map_or(0, |answer| answer.status().as_u16());
            if status != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.promise(status == wanted, format!("{what}: answered {status} instead of {wanted}"));
    }
}
