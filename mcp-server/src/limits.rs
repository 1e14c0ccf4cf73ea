//! How much one client may ask at once and in a second, so that a hundred of them share fairly.
//!
//! **Invariant:** one client's haste costs that client alone.
//!
//! `governor` could count the requests in a second, but not those at once, so each client would need an entry in two tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Concurrent requests of one client: twice the number of database connections. More would only wait there and delay
/// other clients.
const AT_ONCE: usize = 16;
/// How long a request waits for a turn before it is refused.
const PATIENCE: Duration = Duration::from_millis(500);
/// After a silence a client may ask as much as in so many seconds.
const BURST_SECONDS: f64 = 4.0;
/// Clients are authorised before they get here, so there are few; this only keeps a mistake from growing for ever.
const CAPACITY: usize = 10_000;

/// Refused, and worth another try after this long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    pub retry_after: Duration,
}

impl Busy {
    /// For a Retry-After header: whole seconds, at least one.
    pub fn retry_after_seconds(self) -> u32 {
        self.retry_after.as_secs_f64().ceil().max(1.0) as u32
    }
}

/// The turns of all clients.
#[derive(Debug)]
pub struct Limits {
    per_second: f64,
    clients: Mutex<HashMap<String, Client>>,
}

#[derive(Debug)]
struct Client {
    /// Requests that may come at once now; grows with time up to the burst.
    credit: f64,
    credited_at: Instant,
    slots: Arc<Semaphore>,
}

/// A turn; dropped, it is over.
#[derive(Debug)]
pub struct Turn {
    pub allowance: Allowance,
    _permit: OwnedSemaphorePermit,
}

/// How many requests a client may still make at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// After a silence.
    quota: u32,
    /// Now.
    left: u32,
    /// Until it is `quota` again, if no request comes.
    seconds_to_full: u32,
}

impl Allowance {
    /// Writes the fields `RateLimit-Policy` and `RateLimit` of the IETF draft "RateLimit header fields for HTTP".
    pub fn write(self, headers: &mut HeaderMap) {
        let policy = format!(r#""client";q={};w={BURST_SECONDS}"#, self.quota);
        let now = format!(r#""client";r={};t={}"#, self.left, self.seconds_to_full);
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", now)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

impl Limits {
    /// A limit of requests in a second for each client.
    pub fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second), clients: Mutex::default() }
    }

    /// Waits a moment for a turn, if need be.
    pub async fn enter(&self, client_id: &str, now: Instant) -> Result<Turn, Busy> {
        let (slots, allowance) = self.take_credit(client_id, now)?;
        match timeout(PATIENCE, slots.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { allowance, _permit: permit }),
            _ => Err(Busy { retry_after: Duration::from_secs(1) }),
        }
    }

    fn take_credit(&self, client_id: &str, now: Instant) -> Result<(Arc<Semaphore>, Allowance), Busy> {
        let burst = self.per_second * BURST_SECONDS;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.len() >= CAPACITY && !clients.contains_key(client_id) {
            clients.retain(|_, client| client.slots.available_permits() < AT_ONCE);
        }
        let client = clients.entry(client_id.to_owned()).or_insert_with(|| Client {
            credit: burst,
            credited_at: now,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
        });
        let passed = now.saturating_duration_since(client.credited_at).as_secs_f64();
        client.credit = (client.credit + passed * self.per_second).min(burst);
        client.credited_at = now.max(client.credited_at);
        if client.credit < 1.0 {
            return Err(Busy { retry_after: Duration::from_secs_f64((1.0 - client.credit) / self.per_second) });
        }
        client.credit -= 1.0;
        let allowance = Allowance {
            quota: burst as u32,
            left: client.credit as u32,
            seconds_to_full: ((burst - client.credit) / self.per_second).ceil() as u32,
        };
        Ok((client.slots.clone(), allowance))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_passes_and_then_time_must() {
        let (limits, now) = (Limits::new(10), Instant::now());
        for _ in 0..40 {
            assert!(limits.enter("c1", now).await.is_ok());
        }
        let busy = limits.enter("c1", now).await.unwrap_err();
        assert_eq!((busy.retry_after.as_millis(), busy.retry_after_seconds()), (100, 1));
        assert!(limits.enter("c1", now + Duration::from_millis(101)).await.is_ok());
        assert!(limits.enter("c1", now + Duration::from_millis(102)).await.is_err());
    }

    #[tokio::test]
    async fn a_client_reads_what_it_may_still_ask() {
        let (limits, now) = (Limits::new(10), Instant::now());
        let mut headers = HeaderMap::new();
        for _ in 0..15 {
            limits.enter("c1", now).await.unwrap().allowance.write(&mut headers);
        }
        assert_eq!(headers["ratelimit-policy"], r#""client";q=40;w=4"#);
        assert_eq!(headers["ratelimit"], r#""client";r=25;t=2"#);
        limits.enter("c1", now + Duration::from_hours(1)).await.unwrap().allowance.write(&mut headers);
        assert_eq!(headers["ratelimit"], r#""client";r=39;t=1"#);
    }

    #[tokio::test]
    async fn one_clients_haste_is_not_anothers_wait() {
        let (limits, now) = (Limits::new(10), Instant::now());
        for _ in 0..50 {
            let _ = limits.enter("hasty", now).await;
        }
        assert!(limits.enter("calm", now).await.is_ok());
    }

    #[tokio::test]
    async fn only_so_many_are_worked_on_at_once() {
        let (limits, now) = (Limits::new(1_000), Instant::now());
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(limits.enter("c1", now).await.unwrap());
        }
        assert_eq!(limits.enter("c1", now).await.unwrap_err().retry_after_seconds(), 1);
        turns.pop();
        assert!(limits.enter("c1", now).await.is_ok());
    }

    #[tokio::test]
    async fn silence_does_not_save_up_beyond_the_burst() {
        let (limits, now) = (Limits::new(10), Instant::now());
        let later = now + Duration::from_hours(1);
        limits.enter("c1", now).await.unwrap();
        for _ in 0..40 {
            assert!(limits.enter("c1", later).await.is_ok());
        }
        assert!(limits.enter("c1", later).await.is_err());
    }
}
