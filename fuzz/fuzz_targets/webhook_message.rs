//! A message of VAPI's is read or it is not, and the same bytes always have the same key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mcp_server::fuzzing::dedupe_key;

fuzz_target!(|data: &[u8]| {
    let key = dedupe_key(data);
    assert_eq!(key, dedupe_key(data));
    assert!(!key.is_empty() && key.len() <= 1_000, "a key of {} bytes", key.len());
});
