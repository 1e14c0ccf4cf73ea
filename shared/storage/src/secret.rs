//! Secrets that we make ourselves: 256 random bits, shown once, kept as a SHA-256 hash.
//!
//! A random secret of this length cannot be guessed, so it needs no slow hash; a password, which a person thinks up,
//! does (see [`crate::admin_user`]).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A new secret, `<prefix>_<43 characters>`. The prefix tells a reader, and a secret scanner, what was found.
pub fn generate(prefix: &str) -> SecretString {
    let mut bytes = [0_u8; 32];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has random numbers");
    SecretString::from(format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// Letters of which the estimate of guesses is made. It takes quadratic time, and more add nothing.
const ESTIMATED: usize = 100;

/// Returns how many guesses a secret withstands, as a power of ten: common passwords, words, sequences and repetitions are
/// tried first. `known` are words that an attacker would try, such as the e-mail address.
pub fn guesses_log10(secret: &str, known: &[&str]) -> f64 {
    let start: String = secret.chars().take(ESTIMATED).collect();
    zxcvbn::zxcvbn(&start, known).guesses_log10()
}

/// What is stored of a secret.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Whether `secret` is the one that `stored` was made of, in constant time.
pub fn matches(secret: &SecretString, stored: &[u8]) -> bool {
    hash(secret.expose_secret()).ct_eq(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_own_hash_and_no_other() {
        let (one, other) = (generate("sk"), generate("sk"));
        assert!(matches(&one, &hash(one.expose_secret())));
        assert!(!matches(&other, &hash(one.expose_secret())));
        assert!(!matches(&one, b""));
    }

    #[test]
    fn a_secret_says_what_it_is() {
        let secret = generate("ak");
        assert!(secret.expose_secret().starts_with("ak_"));
        assert_eq!(secret.expose_secret().len(), 46);
    }
}
