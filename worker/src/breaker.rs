//! A circuit breaker. After some failures in a row, calls to a dependency stop; after a pause, one trial call is
//! allowed. Has no clock and no network access.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// So many failures in a row, and it is taken to be away.
const N_FAILURES_MAX: u32 = 5;
const PAUSE_MIN: Duration = Duration::from_secs(15);
const PAUSE_MAX: Duration = Duration::from_mins(5);

/// Stops requests to a dependency after some failures in a row.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// In a row.
    n_failures: u32,
    /// `None`: closed, everybody may ask.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    until: Instant,
    /// A trial call is running.
    is_tried: bool,
}

/// The permission for one call. The caller reports its result; if it is dropped, nothing is learned.
#[derive(Debug)]
#[must_use]
pub struct Permit<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
}

impl Breaker {
    /// May one ask at `now`? If not, then after this long.
    pub fn permit(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.state();
        let Some(open) = &mut state.open else {
            return Ok(Permit { breaker: self, is_trial: false });
        };
        if open.is_tried || now < open.until {
            return Err(open.until.saturating_duration_since(now).max(Duration::from_secs(1)));
        }
        open.is_tried = true;
        Ok(Permit { breaker: self, is_trial: true })
    }

    /// Whether requests are stopped now.
    pub fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// It answered, be it with a refusal.
    pub fn answered(&self) {
        *self.state() = State::default();
    }

    /// It did not answer, and asks to be left alone for `at_least`.
    pub fn failed(&self, at_least: Duration, now: Instant) {
        let mut state = self.state();
        state.n_failures = state.n_failures.saturating_add(1);
        if let Some(n_trials) = state.n_failures.checked_sub(N_FAILURES_MAX) {
            let pause = PAUSE_MIN.saturating_mul(1 << n_trials.min(10)).min(PAUSE_MAX);
            state.open = Some(Open { until: now + pause.max(at_least), is_tried: false });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// [`Breaker::answered`].
    pub fn answered(self) {
        self.breaker.answered();
    }

    /// [`Breaker::failed`].
    pub fn failed(self, at_least: Duration, now: Instant) {
        self.breaker.failed(at_least, now);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        // The caller gave up. The next one may try.
        if self.is_trial
            && let Some(open) = &mut self.breaker.state().open
        {
            open.is_tried = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn failing(n: u32, now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..n {
            breaker.permit(now).unwrap().failed(NONE, now);
        }
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it() {
        let now = Instant::now();
        assert!(!failing(4, now).is_open());
        let breaker = failing(5, now);
        assert_eq!(breaker.permit(now).unwrap_err(), PAUSE_MIN);
        let breaker = failing(4, now);
        breaker.permit(now).unwrap().answered();
        breaker.permit(now).unwrap().failed(NONE, now);
        assert!(!breaker.is_open(), "an answer between them means that it is there");
    }

    #[test]
    fn after_the_pause_one_alone_tries() {
        let start = Instant::now();
        let breaker = failing(5, start);
        let later = start + PAUSE_MIN;
        let trial = breaker.permit(later).unwrap();
        assert!(breaker.permit(later).is_err());
        trial.answered();
        assert!(!breaker.is_open());
        let (_one, _another) = (breaker.permit(later).unwrap(), breaker.permit(later).unwrap());
    }

    #[test]
    fn each_trial_that_fails_doubles_the_pause_up_to_its_cap() {
        let mut now = Instant::now();
        let breaker = failing(5, now);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            now += breaker.permit(now).unwrap_err();
            breaker.permit(now).unwrap().failed(NONE, now);
            pauses.push(breaker.permit(now).unwrap_err().as_secs());
        }
        assert_eq!(pauses, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn it_is_left_alone_as_long_as_it_asked_to_be() {
        let now = Instant::now();
        let breaker = failing(4, now);
        breaker.permit(now).unwrap().failed(Duration::from_hours(1), now);
        assert_eq!(breaker.permit(now).unwrap_err(), Duration::from_hours(1));
    }

    #[test]
    fn a_trial_that_was_given_up_lets_the_next_try() {
        let start = Instant::now();
        let breaker = failing(5, start);
        let later = start + PAUSE_MIN;
        drop(breaker.permit(later).unwrap());
        assert!(breaker.is_open());
        assert!(breaker.permit(later).is_ok());
    }

    #[test]
    fn what_was_asked_before_it_opened_and_fails_after_does_not_free_the_trial() {
        let start = Instant::now();
        let breaker = Breaker::default();
        let early = breaker.permit(start).unwrap();
        for _ in 0..5 {
            breaker.failed(NONE, start);
        }
        let _trial = breaker.permit(start + PAUSE_MIN).unwrap();
        drop(early);
        assert!(breaker.permit(start + PAUSE_MIN).is_err());
    }
}
