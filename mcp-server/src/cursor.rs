//! Cursors of lists: opaque to clients, an index position for us.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A student's name in it may be long.
pub const MAX_LENGTH: usize = 800;

/// A text that [`encode`] did not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of ours: pass next_cursor of the page before, unchanged")]
pub struct InvalidCursor;

/// The last row of a page, as a text that says nothing to people.
pub fn encode<T: Serialize>(last: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(last).unwrap_or_default())
}

/// A page of at most `limit` rows, and where the next one begins. `rows` is one more than that where there is a next.
pub fn page<R, T: Serialize>(mut rows: Vec<R>, limit: i64, place: impl Fn(&R) -> T) -> (Vec<R>, Option<String>) {
    let has_more = rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| has_more).map(|last| encode(&place(last)));
    (rows, next_cursor)
}

/// Reads a cursor that we gave.
pub fn decode<T: DeserializeOwned>(cursor: &str) -> Result<T, InvalidCursor> {
    if cursor.len() > MAX_LENGTH {
        return Err(InvalidCursor);
    }
    let json = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    serde_json::from_slice(&json).map_err(|_| InvalidCursor)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use storage::id::SessionId;

    use super::*;

    type Place = (DateTime<Utc>, SessionId);

    #[test]
    fn a_place_survives_the_round_trip() {
        let place = (DateTime::from_timestamp_micros(1_795_000_000_123_456).unwrap(), SessionId::new());
        assert_eq!(decode::<Place>(&encode(&place)), Ok(place));
    }

    #[test]
    fn what_we_did_not_make_is_refused() {
        for text in ["", "x", "bm90IGpzb24", &encode(&"another list's"), &"a".repeat(900)] {
            assert_eq!(decode::<Place>(text), Err(InvalidCursor), "{text}");
        }
    }
}
