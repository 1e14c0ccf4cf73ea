//! A webhook's body becomes the same report each time it is read, and every value in it can be stored.

#![no_main]

use chrono::{DateTime, TimeDelta, Utc};
use libfuzzer_sys::fuzz_target;
use storage::session::SessionNews;
use worker::fuzzing::report;

const MAX_CALL: TimeDelta = TimeDelta::hours(12);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_190_700, 0).unwrap()
}

fn check_text(text: &str, max: usize) {
    assert!(!text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control));
}

fn check(news: &SessionNews) {
    check_text(&news.call_id, 200);
    let texts = [&news.call_type, &news.assistant_id, &news.assistant_name, &news.assistant_version, &news.ended_reason];
    texts.into_iter().flatten().for_each(|text| check_text(text, 200));
    assert!(news.cost_microusd.is_none_or(|cost| cost >= 0));
    assert!(news.cost_parts.iter().all(|part| part.microusd >= 0));
    if let Some((start, end)) = news.started_at.zip(news.ended_at) {
        assert!(start <= end && end - start <= MAX_CALL);
    }
}

fuzz_target!(|data: &[u8]| {
    let (once, twice) = (report(data, now()), report(data, now()));
    assert_eq!(once, twice, "the second reading differs");
    let Some((news, turns)) = once else { return };
    news.iter().for_each(check);
    for (n, turn) in turns.iter().enumerate() {
        check_text(&turn.text, 8_000);
        assert!(turn.turn_no == n as i32 && turn.offset_ms >= 0 && turn.duration_ms.is_none_or(|ms| ms >= 0));
    }
});
