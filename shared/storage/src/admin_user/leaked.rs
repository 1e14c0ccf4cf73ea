//! Passwords that are known from leaks: the 44,000 most common ones with 12 characters or more.
//!
//! They come from the ten-million-password list of SecLists (MIT licence): those of its million most common that are long enough.
//! Attackers try them first, and zxcvbn alone knows few long ones.

use sha2::{Digest, Sha256};

/// Of each password in lower case the first bytes of its SHA-256, sorted. That they agree by chance is as likely as 1 in 25
/// million.
const LEAKED: &[u8] = include_bytes!("leaked.bin");

const LENGTH: usize = 5;

/// Whether the password is one of them, in any case.
pub(super) fn is_leaked(password: &str) -> bool {
    let hash = Sha256::digest(password.to_lowercase());
    let (leaked, _) = LEAKED.as_chunks::<LENGTH>();
    leaked.binary_search_by(|known| known[..].cmp(&hash[..LENGTH])).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_whole() {
        let (leaked, rest) = LEAKED.as_chunks::<LENGTH>();
        assert!(leaked.len() > 40_000 && rest.is_empty() && leaked.is_sorted());
    }

    #[test]
    fn a_leaked_password_is_known_in_any_case() {
        for leaked in ["leavemealone", "Chickenwing101", "zbktitymrf809", "fyutkbyf2005", "xx69KofrvAje."] {
            assert!(is_leaked(leaked), "{leaked}");
        }
        for other in ["leavemealone!", "correct horse battery", "kite lamp moss ferry", ""] {
            assert!(!is_leaked(other), "{other}");
        }
    }
}
