//! The refresh tokens of connected agents and of families' apps.
//!
//! **Invariant:** a token works once. Its first half names the grant; the second half changes with each use. If an earlier
//! token of a grant comes again, one of its two users is a thief, so the grant ends.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

use crate::secret;

/// A grant that was not used for this long ends.
const IDLE: TimeDelta = TimeDelta::days(30);
/// Each grant ends after this long.
const ABSOLUTE: TimeDelta = TimeDelta::days(180);

/// One token. Only the hashes of its halves are stored.
pub(crate) struct RefreshToken {
    family: SecretString,
    turn: SecretString,
}

impl RefreshToken {
    /// The first token of a grant.
    pub(crate) fn first() -> Self {
        Self { family: secret::generate("rt"), turn: secret::generate("turn") }
    }

    /// The token that follows this one.
    pub(crate) fn next(self) -> Self {
        Self { turn: secret::generate("turn"), ..self }
    }

    /// `None`: the text is not a refresh token.
    pub(crate) fn read(shown: &SecretString) -> Option<Self> {
        let (family, turn) = shown.expose_secret().split_once('.')?;
        Some(Self { family: family.into(), turn: turn.into() })
    }

    pub(crate) fn show(&self) -> SecretString {
        format!("{}.{}", self.family.expose_secret(), self.turn.expose_secret()).into()
    }

    pub(crate) fn family_hash(&self) -> Vec<u8> {
        secret::hash(self.family.expose_secret())
    }

    pub(crate) fn turn_hash(&self) -> Vec<u8> {
        secret::hash(self.turn.expose_secret())
    }

    /// Whether it is the newest token of the grant that keeps this hash of a second half.
    pub(crate) fn is_newest(&self, turn_hash: Option<&[u8]>) -> bool {
        turn_hash.is_some_and(|hash| secret::matches(&self.turn, hash))
    }
}

/// When a grant ends if it is not used again.
pub(crate) fn expires_at(created_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + IDLE).min(created_at + ABSOLUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_grant_and_only_the_newest_is_taken() {
        let first = RefreshToken::first();
        let (family, turn) = (first.family_hash(), first.turn_hash());
        let shown = first.show();
        let next = first.next();
        let again = RefreshToken::read(&shown).unwrap();
        assert_eq!((again.family_hash(), next.family_hash()), (family.clone(), family));
        assert!(again.is_newest(Some(&turn)) && !next.is_newest(Some(&turn)));
        assert!(next.is_newest(Some(&next.turn_hash())) && !again.is_newest(Some(&next.turn_hash())));
        assert!(!again.is_newest(None));
        assert!(RefreshToken::read(&"no-token".into()).is_none());
    }

    #[test]
    fn a_grant_ends_when_it_is_idle_and_in_any_case_after_half_a_year() {
        let at = |day: i64| DateTime::UNIX_EPOCH + TimeDelta::days(day);
        assert_eq!(expires_at(at(0), at(10)), at(40));
        assert_eq!(expires_at(at(0), at(170)), at(180));
    }
}
