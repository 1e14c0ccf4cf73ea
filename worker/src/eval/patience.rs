//! How long an evaluation waits for a model that is busy or unreachable.

use std::time::Duration;

use crate::llm::Fault;

/// Attempts per dialogue, and the pauses between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    pub attempts: u32,
    /// The first pause; each later one is twice as long.
    pub first: Duration,
    /// The longest pause. An endpoint that asks for a longer one is not asked again.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: 8, first: Duration::from_secs(2), longest: Duration::from_mins(5) }
    }
}

/// Whether the same question may be answered later.
pub(super) fn is_passing(fault: Fault) -> bool {
    wait(fault).is_some()
}

/// The least that the endpoint asks to wait.
fn wait(fault: Fault) -> Option<Duration> {
    match fault {
        Fault::Busy { at_least } | Fault::Away { at_least } => Some(at_least),
        Fault::Unreachable | Fault::TimedOut => Some(Duration::ZERO),
        _ => None,
    }
}

impl Patience {
    /// Asks until there is an answer, or a fault that waiting does not help, or the attempts are used up. Waits at least as
    /// long as the endpoint asks.
    pub(super) async fn ask<T>(self, mut ask: impl AsyncFnMut() -> Result<T, Fault>) -> Result<T, Fault> {
        let mut pause = self.first;
        for attempt in 1.. {
            let fault = match ask().await {
                Ok(answer) => return Ok(answer),
                Err(fault) => fault,
            };
            let at_least = wait(fault).filter(|at_least| attempt < self.attempts && *at_least <= self.longest);
            let Some(at_least) = at_least else { return Err(fault) };
            tracing::info!(%fault, attempt, "the evaluation waits for the language model");
            tokio::time::sleep(pause.max(at_least)).await;
            pause = (pause * 2).min(self.longest);
        }
        Err(Fault::Unreachable)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    const HASTY: Patience =
        Patience { attempts: 4, first: Duration::from_millis(1), longest: Duration::from_millis(200) };

    fn busy(ms: u64) -> Fault {
        Fault::Busy { at_least: Duration::from_millis(ms) }
    }

    /// How often a model is asked that fails like this before it answers, and what comes of it.
    async fn asked(faults: &[Fault]) -> (usize, Result<(), Fault>) {
        let mut n = 0;
        let result = HASTY.ask(async || {
            n += 1;
            faults.get(n - 1).map_or(Ok(()), |fault| Err(*fault))
        });
        let result = result.await;
        (n, result)
    }

    #[tokio::test]
    async fn a_busy_model_is_asked_again_and_not_for_ever() {
        assert_eq!(asked(&[busy(0), Fault::TimedOut, Fault::Unreachable]).await, (4, Ok(())));
        assert_eq!(asked(&[busy(0); 9]).await, (4, Err(busy(0))));
    }

    #[tokio::test]
    async fn the_pause_is_at_least_what_the_endpoint_asks_for() {
        let started = Instant::now();
        assert_eq!(asked(&[busy(120)]).await, (2, Ok(())));
        assert!(started.elapsed() >= Duration::from_millis(120));
        assert_eq!(asked(&[busy(60_000)]).await, (1, Err(busy(60_000))), "an hour is not worth the wait");
    }

    #[tokio::test]
    async fn what_waiting_does_not_help_is_not_asked_again() {
        for fault in [Fault::Unauthorised, Fault::Garbled, Fault::OutOfMoney] {
            assert_eq!(asked(&[fault]).await, (1, Err(fault)));
        }
    }
}
