//! Secrets that we make ourselves: 256 random bits, or 60 that a person can type; shown once, kept as a SHA-256 hash.
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

/// Crockford's base 32: without I, L, O and U, which people take for other signs.
const READABLE: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Signs of a code that a person types: 60 bits, too many to guess within its minutes.
const READABLE_LEN: usize = 12;

/// A new code that a person reads and types, such as `K7MF-9QTX-2HWD`.
pub fn generate_readable() -> SecretString {
    let mut bytes = [0_u8; READABLE_LEN];
    OsRng.try_fill_bytes(&mut bytes).expect("the operating system has random numbers");
    let signs: Vec<char> = bytes.iter().map(|byte| char::from(READABLE[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    SecretString::from(groups.join("-"))
}

/// Reads a code as a person types it: in small letters, with spaces or hyphens, with O for 0, and I or L for 1. Returns it as
/// [`generate_readable`] writes it, without hyphens. `None`: it is no such code.
pub fn read_readable(typed: &str) -> Option<SecretString> {
    let sign = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let signs = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(sign);
    let signs: String = signs.take(READABLE_LEN + 1).collect();
    let is_code = signs.len() == READABLE_LEN && signs.bytes().all(|byte| READABLE.contains(&byte));
    is_code.then(|| SecretString::from(signs))
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
    fn a_code_is_read_as_people_type_it() {
        let read = |typed: &str| read_readable(typed).map(|code| code.expose_secret().to_owned());
        for typed in ["K7MF-90TX-21WD", " k7mf 9otx\t2lwd ", "K7MF90TX2iWD"] {
            assert_eq!(read(typed).as_deref(), Some("K7MF90TX21WD"), "{typed}");
        }
        for none in ["", "K7MF-90TX", "K7MF-90TX-21WDX", "K7MF-90TX-21WU", "K7MF_90TX_21W", "ßßßßßßßßßßßß"]
        {
            assert_eq!(read(none), None, "{none}");
        }
        let (one, other) = (generate_readable(), generate_readable());
        assert_ne!(one.expose_secret(), other.expose_secret());
        assert_eq!(read(one.expose_secret()), Some(one.expose_secret().replace('-', "")));
    }

    #[test]
    fn a_secret_says_what_it_is() {
        let secret = generate("ak");
        assert!(secret.expose_secret().starts_with("ak_"));
        assert_eq!(secret.expose_secret().len(), 46);
    }
}
