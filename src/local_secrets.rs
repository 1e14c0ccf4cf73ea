//! Secrets that `up` generates if they are not set. They are stored in the data directory, so tokens and logins survive
//! a restart.

use std::path::Path;

use anyhow::Context;
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::local_postgres::write_private;

/// Generated once for each data directory.
#[derive(Debug)]
pub struct LocalSecrets {
    pub jwt_private_key: SecretString,
    pub vapi_webhook_secret: SecretString,
    /// Of the first admin.
    pub admin_password: SecretString,
}

impl LocalSecrets {
    /// Reads them, and makes those that are missing.
    pub fn open(data_dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(data_dir)
            .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
        let keep = |name: &str, make: &dyn Fn() -> SecretString| -> anyhow::Result<SecretString> {
            let path = data_dir.join(name);
            if let Ok(text) = std::fs::read_to_string(&path)
                && !text.is_empty()
            {
                return Ok(SecretString::from(text));
            }
            let secret = make();
            write_private(&path, secret.expose_secret())?;
            Ok(secret)
        };
        Ok(Self {
            jwt_private_key: keep("jwt-private-key.pem", &new_signing_key)?,
            vapi_webhook_secret: keep("vapi-webhook-secret", &|| storage::secret::generate("whs"))?,
            admin_password: keep("admin-password", &|| storage::secret::generate("pw"))?,
        })
    }
}

/// A new Ed25519 key as PKCS#8 PEM.
fn new_signing_key() -> SecretString {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&aws_lc_rs::rand::SystemRandom::new())
        .expect("the operating system has random numbers");
    let body = STANDARD.encode(pkcs8.as_ref());
    SecretString::from(format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"))
}
