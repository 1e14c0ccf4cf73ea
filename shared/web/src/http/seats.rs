//! The connections that wait for their client: to send a request, the rest of one, or nothing at all.
//!
//! **Invariant:** a new connection is always taken. If too many wait, one of them is closed: of the larger kind (those that
//! have had an answer before, which a client may be about to use again, or those that have not), of the address that has
//! the most, the one that has waited longest.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use domain::network::client_network;

/// Connections that may wait at once. Each holds about 30 KiB.
const MAX_WAITING: usize = 384;

/// Bytes of unfinished requests that may be held at once.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// All waiting connections of a listener.
#[derive(Debug)]
pub(super) struct Seats {
    max_waiting: usize,
    max_bytes: usize,
    waiting: Mutex<Waiting>,
}

/// By the order in which they began to wait.
#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_turn: BTreeMap<u64, Entry>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    network: IpAddr,
    /// What it has sent of a request that is not whole yet.
    bytes: usize,
    /// A request of the connection was answered before.
    is_used: bool,
    closed: CancellationToken,
}

/// One connection. It waits, except while a [`Work`] of it exists. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Seat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    seats: Arc<Seats>,
    network: IpAddr,
    /// `None`: a request of it is being answered.
    turn: Mutex<Option<u64>>,
    closed: CancellationToken,
    asked: CancellationToken,
}

/// A request that has arrived whole and is being answered: its connection is not closed meanwhile.
#[derive(Debug)]
pub(super) struct Work(Seat);

impl Default for Seats {
    fn default() -> Self {
        Self::new(MAX_WAITING, MAX_BYTES)
    }
}

impl Seats {
    fn new(max_waiting: usize, max_bytes: usize) -> Self {
        Self { max_waiting, max_bytes, waiting: Mutex::default() }
    }

    /// Takes a new connection from `address`.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Seat {
        let seat = Seat(Arc::new(Inner {
            seats: self.clone(),
            network: client_network(address),
            turn: Mutex::default(),
            closed: CancellationToken::new(),
            asked: CancellationToken::new(),
        }));
        seat.wait(false);
        seat
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Closes the connection that has waited longest, of the kind and the network that have most by `weight`.
    fn close_one(&mut self, weight: impl Fn(&Entry) -> usize) {
        let of_kind = |is_used: bool| self.by_turn.iter().filter(move |(_, entry)| entry.is_used == is_used);
        let sum = |is_used: bool| of_kind(is_used).map(|(_, entry)| weight(entry)).sum::<usize>();
        let is_used = sum(true) > sum(false);
        let mut by_network: HashMap<IpAddr, usize> = HashMap::new();
        for (_, entry) in of_kind(is_used) {
            *by_network.entry(entry.network).or_default() += weight(entry);
        }
        let heaviest = by_network.into_iter().max_by_key(|(_, weight)| *weight).map(|(network, _)| network);
        let mut entries = of_kind(is_used);
        let oldest = entries.find(|(_, entry)| Some(entry.network) == heaviest && weight(entry) > 0);
        if let Some(turn) = oldest.map(|(turn, _)| *turn)
            && let Some(entry) = self.remove(turn)
        {
            metrics::counter!("http_connections_closed_total").increment(1);
            entry.closed.cancel();
        }
    }

    fn remove(&mut self, turn: u64) -> Option<Entry> {
        let entry = self.by_turn.remove(&turn)?;
        self.bytes -= entry.bytes;
        Some(entry)
    }
}

impl Seat {
    /// Resolves when the connection must be closed.
    pub(super) async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    /// Resolves when the first request has come.
    pub(super) async fn asked(&self) {
        self.0.asked.cancelled().await;
    }

    /// The head of a request has come; its body may still be on the way.
    pub(super) fn has_asked(&self) {
        self.0.asked.cancel();
    }

    /// `n` more bytes of a request were received and are held.
    pub(super) fn grow(&self, n: usize) {
        let seats = &self.0.seats;
        let mut waiting = seats.lock();
        let Some(entry) = self.turn().and_then(|turn| waiting.by_turn.get_mut(&turn)) else { return };
        entry.bytes += n;
        waiting.bytes += n;
        if waiting.bytes > seats.max_bytes {
            waiting.close_one(|entry| entry.bytes);
        }
    }

    /// The request is whole, and is answered until the result is dropped.
    pub(super) fn work(&self) -> Work {
        let turn = self.0.turn.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(turn) = turn {
            self.0.seats.lock().remove(turn);
        }
        Work(self.clone())
    }

    fn wait(&self, is_used: bool) {
        let seats = &self.0.seats;
        let mut waiting = seats.lock();
        let turn = waiting.next;
        waiting.next += 1;
        let entry = Entry { network: self.0.network, bytes: 0, is_used, closed: self.0.closed.clone() };
        waiting.by_turn.insert(turn, entry);
        *self.0.turn.lock().unwrap_or_else(PoisonError::into_inner) = Some(turn);
        if waiting.by_turn.len() > seats.max_waiting {
            waiting.close_one(|_| 1);
        }
    }

    fn turn(&self) -> Option<u64> {
        *self.0.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.wait(true);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(turn) = self.turn.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            self.seats.lock().remove(turn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [u8; 4] = [192, 0, 2, 1];
    const THERE: [u8; 4] = [192, 0, 2, 2];

    fn is_closed(seat: &Seat) -> bool {
        seat.0.closed.is_cancelled()
    }

    #[test]
    fn one_too_many_closes_the_oldest_of_the_address_that_has_most() {
        let seats = Arc::new(Seats::new(3, 100));
        let lone = seats.take(THERE.into());
        let many: Vec<_> = (0..4).map(|_| seats.take(HERE.into())).collect();
        assert_eq!(many.iter().map(is_closed).collect::<Vec<_>>(), [true, true, false, false]);
        assert!(!is_closed(&lone));
        drop(many);
        assert_eq!(seats.lock().by_turn.len(), 1, "who has left waits no more");
    }

    #[test]
    fn who_is_answered_is_not_closed_and_waits_anew_after_it() {
        let seats = Arc::new(Seats::new(2, 100));
        let first = seats.take(HERE.into());
        let work = first.work();
        let others: Vec<_> = (0..3).map(|_| seats.take(HERE.into())).collect();
        assert!(is_closed(&others[0]) && !is_closed(&first));
        drop(work);
        assert!(is_closed(&others[1]) && !is_closed(&first), "it has just begun to wait");
    }

    #[test]
    fn one_that_may_be_used_again_is_not_closed_for_those_that_never_asked() {
        let seats = Arc::new(Seats::new(3, 100));
        let used = seats.take(HERE.into());
        drop(used.work());
        let silent: Vec<_> = (0..9).map(|_| seats.take(HERE.into())).collect();
        assert!(!is_closed(&used) && silent.iter().filter(|seat| is_closed(seat)).count() == 7);
        // Conversely, one request does not keep others out.
        let idle: Vec<_> = (0..9).map(|_| seats.take(THERE.into())).inspect(|seat| drop(seat.work())).collect();
        assert!(!is_closed(&seats.take(THERE.into())) && idle.iter().any(is_closed));
    }

    #[test]
    fn bytes_that_are_held_are_bounded() {
        let seats = Arc::new(Seats::new(9, 100));
        let (silent, slow, quick) = (seats.take(HERE.into()), seats.take(HERE.into()), seats.take(HERE.into()));
        slow.grow(60);
        quick.grow(60);
        assert!(!is_closed(&silent) && is_closed(&slow) && !is_closed(&quick));
        drop(quick.work());
        assert_eq!(seats.lock().bytes, 0);
    }
}
