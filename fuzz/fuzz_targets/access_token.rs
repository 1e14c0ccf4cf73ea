//! No token but the one that was issued is believed: not with a byte changed, cut out or put in, and nothing else at all.

#![no_main]

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use libfuzzer_sys::fuzz_target;
use mcp_server::auth::access_token::Issuer;
use mcp_server::auth::signing_key::SigningKey;
use storage::access::ScopeSet;

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----";

static GOOD: LazyLock<(Issuer, String)> = LazyLock::new(|| {
    let issuer = Issuer::new("https://tutor.example", SigningKey::from_pem(&KEY.into()).unwrap(), None);
    let token = issuer.issue("client_1", ScopeSet::all(), now());
    (issuer, token)
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_190_700, 0).unwrap()
}

// Where, how much is cut out there, and what comes in its place; or a token whole.
fuzz_target!(|data: &[u8]| {
    let (issuer, good) = &*GOOD;
    assert!(issuer.verify(good, now()).is_ok());
    let whole = String::from_utf8_lossy(data);
    assert!(whole == *good || issuer.verify(&whole, now()).is_err(), "a token of the fuzzer's was believed");
    if let [at_high, at_low, n_cut, put @ ..] = data {
        let at = usize::from(u16::from_be_bytes([*at_high, *at_low])) % good.len();
        let end = (at + usize::from(*n_cut)).min(good.len());
        let changed = format!("{}{}{}", &good[..at], String::from_utf8_lossy(put), &good[end..]);
        assert!(changed == *good || issuer.verify(&changed, now()).is_err(), "a changed token was believed");
    }
});
