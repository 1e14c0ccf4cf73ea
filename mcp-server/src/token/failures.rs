//! Throttles clients that guess secrets, and no others.
//!
//! **Invariant:** no lock-out. Only the pair of client and address that failed must wait, so a failure from elsewhere
//! never delays a client.
//!
//! A cache library such as `moka` has its own clock. Here the time is an argument, so the tests can set it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Failures that cost nothing: a person mistypes, a deployment has the old secret.
const FREE: u32 = 10;
/// A failure is forgotten after this time, which is also the longest wait.
const MEMORY: TimeDelta = TimeDelta::minutes(15);
/// If the table is full, entries that need not wait are dropped first, and then all.
const CAPACITY: usize = 10_000;

/// Who failed how often, lately.
#[derive(Debug, Default)]
pub struct Failures {
    by_pair: Mutex<HashMap<(String, IpAddr), Failed>>,
}

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    last_at: DateTime<Utc>,
}

impl Failed {
    fn wait_until(self) -> DateTime<Utc> {
        match self.times.checked_sub(FREE) {
            None => self.last_at,
            Some(more) => self.last_at + TimeDelta::seconds(1 << more.min(10)).min(MEMORY),
        }
    }
}

impl Failures {
    /// How long this pair must wait before it may try; `None`: it may now.
    pub fn wait(&self, client_id: &str, address: IpAddr, now: DateTime<Utc>) -> Option<TimeDelta> {
        let failed = *self.lock().get(&(client_id.to_owned(), address))?;
        let wait = failed.wait_until() - now;
        (wait > TimeDelta::zero()).then_some(wait)
    }

    /// Notes that a client failed to prove who it is.
    pub fn add(&self, client_id: &str, address: IpAddr, now: DateTime<Utc>) {
        let mut by_pair = self.lock();
        if by_pair.len() >= CAPACITY {
            by_pair.retain(|_, failed| now < failed.wait_until());
        }
        if by_pair.len() >= CAPACITY {
            by_pair.clear();
        }
        let failed = by_pair.entry((client_id.to_owned(), address)).or_insert(Failed { times: 0, last_at: now });
        let times = if now - failed.last_at > MEMORY { 0 } else { failed.times };
        *failed = Failed { times: times.saturating_add(1), last_at: now };
    }

    /// A good secret ends the matter.
    pub fn forget(&self, client_id: &str, address: IpAddr) {
        self.lock().remove(&(client_id.to_owned(), address));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(String, IpAddr), Failed>> {
        self.by_pair.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn failed(times: u32) -> Failures {
        let failures = Failures::default();
        for _ in 0..times {
            failures.add("c1", HERE, now());
        }
        failures
    }

    #[test]
    fn a_few_failures_cost_nothing_and_more_cost_ever_longer() {
        assert_eq!(failed(9).wait("c1", HERE, now()), None);
        assert_eq!(failed(10).wait("c1", HERE, now()), Some(TimeDelta::seconds(1)));
        assert_eq!(failed(13).wait("c1", HERE, now()), Some(TimeDelta::seconds(8)));
        assert_eq!(failed(13).wait("c1", HERE, now() + TimeDelta::seconds(8)), None);
    }

    #[test]
    fn nobody_waits_longer_than_the_memory_lasts() {
        let failures = failed(500);
        assert_eq!(failures.wait("c1", HERE, now()), Some(MEMORY));
        assert_eq!(failures.wait("c1", HERE, now() + MEMORY), None);
    }

    #[test]
    fn another_address_and_another_client_are_not_held_up() {
        let failures = failed(100);
        assert_eq!(failures.wait("c1", THERE, now()), None);
        assert_eq!(failures.wait("c2", HERE, now()), None);
    }

    #[test]
    fn success_and_time_wipe_the_slate() {
        let failures = failed(100);
        failures.forget("c1", HERE);
        assert_eq!(failures.wait("c1", HERE, now()), None);
        let failures = failed(100);
        let later = now() + MEMORY + TimeDelta::seconds(1);
        failures.add("c1", HERE, later);
        assert_eq!(failures.wait("c1", HERE, later), None);
    }

    #[test]
    fn its_size_is_bounded() {
        let failures = Failures::default();
        for i in 0..=CAPACITY {
            failures.add(&i.to_string(), HERE, now());
        }
        assert!(failures.lock().len() <= CAPACITY);
    }
}
