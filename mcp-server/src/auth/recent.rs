//! Bearers that were authorised a moment ago, so that a call of many requests asks the database once.
//!
//! Not `moka`, for the reason in [`crate::token`]'s table of failures: the tests set the time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use storage::access::Caller;

/// Full, it forgets what is stale, and if nothing is, everything: the next request asks the database.
const CAPACITY: usize = 10_000;

/// Bearers that may be looked up at the same time. More would only take the database's connections from each other.
const LOOKUPS: usize = 16;

/// Keyed by the token's hash, so a core dump of this map reveals no token.
pub(super) struct RecentCallers {
    recheck: Duration,
    callers: Mutex<HashMap<[u8; 32], Recent>>,
    lookups: [tokio::sync::Mutex<()>; LOOKUPS],
}

struct Recent {
    caller: Caller,
    believed_until: DateTime<Utc>,
}

impl std::fmt::Debug for RecentCallers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecentCallers").field("recheck", &self.recheck).finish_non_exhaustive()
    }
}

impl RecentCallers {
    pub(super) fn new(recheck: Duration) -> Self {
        Self { recheck, callers: Mutex::default(), lookups: Default::default() }
    }

    pub(super) fn get(&self, bearer: &str, now: DateTime<Utc>) -> Option<Caller> {
        let callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = callers.get(&hash(bearer))?;
        (now < recent.believed_until).then(|| recent.caller.clone())
    }

    /// A turn to look `bearer` up: a thousand requests at once with the same one ask the database once.
    pub(super) async fn turn(&self, bearer: &str) -> tokio::sync::MutexGuard<'_, ()> {
        self.lookups[usize::from(hash(bearer)[0]) % LOOKUPS].lock().await
    }

    /// Believes `bearer` for a while, at most until `expires_at`.
    pub(super) fn put(&self, bearer: &str, caller: &Caller, expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let recheck_at = now + self.recheck;
        let believed_until = expires_at.map_or(recheck_at, |expires_at| expires_at.min(recheck_at));
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CAPACITY {
            callers.retain(|_, recent| now < recent.believed_until);
        }
        if callers.len() >= CAPACITY {
            callers.clear();
        }
        callers.insert(hash(bearer), Recent { caller: caller.clone(), believed_until });
    }
}

fn hash(bearer: &str) -> [u8; 32] {
    Sha256::digest(bearer.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use futures::FutureExt;
    use storage::access::ScopeSet;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    #[test]
    fn a_bearer_is_believed_for_the_set_time_and_no_other_bearer_is() {
        let recent = RecentCallers::new(Duration::from_secs(5));
        let caller = Caller::client("c1", ScopeSet::all());
        recent.put("one", &caller, None, now());
        assert_eq!(recent.get("one", now() + TimeDelta::milliseconds(4_999)), Some(caller));
        assert_eq!(recent.get("one", now() + TimeDelta::seconds(5)), None);
        assert_eq!(recent.get("two", now()), None);
    }

    #[test]
    fn a_token_is_not_believed_beyond_its_end() {
        let recent = RecentCallers::new(Duration::from_secs(5));
        recent.put("one", &Caller::client("c1", ScopeSet::all()), Some(now() + TimeDelta::seconds(2)), now());
        assert!(recent.get("one", now() + TimeDelta::seconds(1)).is_some());
        assert_eq!(recent.get("one", now() + TimeDelta::seconds(2)), None);
    }

    #[test]
    fn one_request_at_a_time_looks_a_bearer_up() {
        let recent = RecentCallers::new(Duration::from_secs(5));
        let first = recent.turn("one").now_or_never();
        assert!(first.is_some() && recent.turn("one").now_or_never().is_none());
        drop(first);
        assert!(recent.turn("one").now_or_never().is_some());
    }

    #[test]
    fn its_size_is_bounded() {
        let recent = RecentCallers::new(Duration::from_secs(5));
        let caller = Caller::client("c1", ScopeSet::all());
        for i in 0..=CAPACITY {
            recent.put(&i.to_string(), &caller, None, now());
        }
        assert!(recent.callers.lock().unwrap().len() <= CAPACITY);
        assert!(recent.get(&CAPACITY.to_string(), now()).is_some());
    }
}
