//! Slow hashes of what people think up and others could guess: passwords, and the codes that callers say.
//!
//! Each takes tens of milliseconds of a core: call them off the async threads.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use secrecy::{ExposeSecret, SecretString};

/// What is stored of a secret.
pub(crate) fn hash(secret: &SecretString) -> String {
    let hash = argon2().hash_password(secret.expose_secret().as_bytes());
    hash.expect("parameters are constant and valid").to_string()
}

/// Whether the hash is of this secret, compared in constant time. Without a hash it takes as long, so that a stranger cannot
/// tell who has one.
pub(crate) fn matches(secret: &SecretString, hash: Option<&str>) -> bool {
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
                          /v3HY4Dv0yKLi0sHF9SdEg5bKL3Uo1Dx4Ae0gDKYkYs";
    let is_right = PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|parsed| argon2().verify_password(secret.expose_secret().as_bytes(), &parsed).is_ok());
    is_right && hash.is_some()
}

/// OWASP's first choice: 19 MiB, two passes.
fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("parameters are constant and valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}
