//! Days as people name them.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::analysis::day_name;

/// "on Tuesday 24 November (2 days ago)", "today", "yesterday": by the calendar of the student's time zone.
pub(super) fn past(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>) -> String {
    let day = at.with_timezone(&zone).date_naive();
    match (now.with_timezone(&zone).date_naive() - day).num_days() {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        n => format!("on {} ({n} days ago)", day_name(day)),
    }
}

/// How many days from today on; negative: it is over.
pub(super) fn days_until(day: NaiveDate, zone: Tz, now: DateTime<Utc>) -> i64 {
    (day - now.with_timezone(&zone).date_naive()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-26T08:00:00Z");
        assert_eq!(past(at("2026-11-26T07:00:00Z"), Tz::UTC, now), "today");
        // Nine hours ago, and yesterday all the same.
        assert_eq!(past(at("2026-11-25T23:00:00Z"), Tz::UTC, now), "yesterday");
        assert_eq!(past(at("2026-11-24T10:00:00Z"), Tz::UTC, now), "on Tuesday 24 November (2 days ago)");
        assert_eq!(past(at("2026-11-25T23:00:00Z"), Tz::Europe__Rome, now), "today");
    }
}
