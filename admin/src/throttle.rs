//! Slows down whoever guesses passwords, without ever shutting the owner of an account out for long.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: u32 = 5;
/// The longest wait. A stranger who fails on purpose holds the owner up by no more than this.
const MAX_WAIT_SECONDS: u64 = 60;
/// After this long without a failure, all is forgotten.
const MEMORY: TimeDelta = TimeDelta::minutes(15);
/// Accounts remembered at once. Beyond it the oldest are forgotten, so that a flood of names costs no memory.
const MAX_ACCOUNTS: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Failures {
    n: u32,
    last_at: DateTime<Utc>,
}

/// Failed logins by account, in this process. Each failure beyond the free ones doubles the wait.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<HashMap<String, Failures>>);

impl Throttle {
    /// Takes one attempt at `account`. `Err`: too soon, with the seconds to wait. An attempt counts as failed until
    /// [`Throttle::succeeded`], so that many at once do not slip through together.
    pub(crate) fn begin(&self, account: &str, now: DateTime<Utc>) -> Result<(), u64> {
        let mut accounts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if accounts.len() >= MAX_ACCOUNTS && !accounts.contains_key(account) {
            accounts.retain(|_, failures| now - failures.last_at < MEMORY);
            if accounts.len() >= MAX_ACCOUNTS {
                let oldest = accounts.iter().min_by_key(|(_, failures)| failures.last_at).map(|(name, _)| name.clone());
                oldest.map(|name| accounts.remove(&name));
            }
        }
        let failures = accounts.entry(account.to_owned()).or_insert(Failures { n: 0, last_at: now });
        if now - failures.last_at >= MEMORY {
            failures.n = 0;
        }
        let elapsed = (now - failures.last_at).num_seconds().max(0).cast_unsigned();
        let wait = wait_seconds(failures.n);
        if elapsed < wait {
            return Err(wait - elapsed);
        }
        *failures = Failures { n: failures.n + 1, last_at: now };
        Ok(())
    }

    pub(crate) fn succeeded(&self, account: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(account);
    }
}

fn wait_seconds(n_failures: u32) -> u64 {
    match n_failures.checked_sub(FREE_FAILURES) {
        None => 0,
        Some(beyond) => (1_u64 << beyond.min(20)).min(MAX_WAIT_SECONDS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn mistyping_a_few_times_costs_nothing_then_waits_double() {
        let throttle = Throttle::default();
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.begin("ada", at(0)), Ok(()));
        }
        assert_eq!(throttle.begin("ada", at(0)), Err(1));
        assert_eq!(throttle.begin("ada", at(1)), Ok(()));
        assert_eq!(throttle.begin("ada", at(2)), Err(1));
        assert_eq!(throttle.begin("ada", at(3)), Ok(()));
        assert_eq!(throttle.begin("bob", at(3)), Ok(()));
    }

    #[test]
    fn nobody_waits_longer_than_a_minute() {
        assert_eq!([5, 9, 11, 40, u32::MAX].map(wait_seconds), [1, 16, 60, 60, 60]);
    }

    #[test]
    fn a_success_or_a_pause_wipes_the_slate() {
        let throttle = Throttle::default();
        for second in 0..8 {
            let _ = throttle.begin("ada", at(second * 100));
        }
        throttle.succeeded("ada");
        assert_eq!(throttle.begin("ada", at(801)), Ok(()));
        for _ in 0..9 {
            let _ = throttle.begin("bob", at(0));
        }
        assert!(throttle.begin("bob", at(0)).is_err());
        assert_eq!(throttle.begin("bob", at(15 * 60)), Ok(()));
    }

    #[test]
    fn a_flood_of_names_is_forgotten() {
        let throttle = Throttle::default();
        for n in 0..=MAX_ACCOUNTS {
            let _ = throttle.begin(&n.to_string(), at(0));
        }
        assert_eq!(throttle.0.lock().unwrap().len(), MAX_ACCOUNTS);
    }
}
