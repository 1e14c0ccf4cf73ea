//! A day as it was said in a call, and the date that it means.

use chrono::{Datelike, Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A day as it was said in the call. The day of the call and the student's time zone make a date of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    Today,
    Tomorrow,
    /// In this many days, 2 to 30.
    InDays(u8),
    NextWeek,
    /// 1 is Monday, 7 is Sunday: the next one after the call.
    Weekday(u8),
    /// 1 to 31: the day of the call, or the next one after it.
    DayOfMonth(u8),
    /// The day of the call, or the next one after it.
    Date {
        /// 1 to 12.
        month: u8,
        /// 1 to 31.
        day: u8,
    },
}

pub(crate) const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl When {
    /// The first and the last date that it may mean in a call on the day `said`. They differ only for a week. `None`: there
    /// is no such day, such as 31 February.
    pub fn dates(self, said: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let after = |n: u64| said.checked_add_days(Days::new(n));
        let to_weekday = |n: u8| {
            let n = u64::from(n.clamp(1, 7));
            match (n + 7 - u64::from(said.weekday().number_from_monday())) % 7 {
                0 => 7,
                days => days,
            }
        };
        let day = match self {
            Self::Today => said,
            Self::Tomorrow => after(1)?,
            Self::InDays(n) => after(n.into())?,
            Self::NextWeek => {
                let monday = to_weekday(1);
                return Some((after(monday)?, after(monday + 6)?));
            }
            Self::Weekday(n) => after(to_weekday(n))?,
            Self::DayOfMonth(day) => {
                let first = said.with_day(1)?;
                let of_month = |n| first.checked_add_months(Months::new(n))?.with_day(day.into());
                (0..3).filter_map(of_month).find(|date| *date >= said)?
            }
            Self::Date { month, day } => {
                let of_year = |year| NaiveDate::from_ymd_opt(year, month.into(), day.into());
                // 29 February may be four years away.
                (0..=4).filter_map(|n| of_year(said.year() + n)).find(|date| *date >= said)?
            }
        };
        Some((day, day))
    }

    /// The words that the composed texts end in: "on Friday", "tomorrow", "on the 9th", "on 4 December".
    pub fn text(self) -> String {
        match self {
            Self::Today => "today".to_owned(),
            Self::Tomorrow => "tomorrow".to_owned(),
            Self::InDays(n) => format!("in {n} days"),
            Self::NextWeek => "next week".to_owned(),
            Self::Weekday(n) => format!("on {}", WEEKDAYS[usize::from(n.clamp(1, 7)) - 1]),
            Self::DayOfMonth(n) => format!("on the {n}{}", ending(n)),
            Self::Date { month, day } => format!("on {day} {}", MONTHS[usize::from(month.clamp(1, 12)) - 1]),
        }
    }

    /// The text with a date in place of the day: "has a test on Friday" is "has a test on Friday 4 December". What a text
    /// does not end in stays. Also returns the last date that the text speaks of.
    pub fn dated(self, text: &str, said: NaiveDate) -> (String, Option<NaiveDate>) {
        let Some((first, last)) = self.dates(said) else { return (text.to_owned(), None) };
        let Some(rest) = text.strip_suffix(&self.text()) else { return (text.to_owned(), Some(last)) };
        let of_what = if first == last { "on" } else { "in the week of" };
        (format!("{rest}{of_what} {}", day_name(first)), Some(last))
    }
}

fn ending(n: u8) -> &'static str {
    match (n % 10, n % 100) {
        (1, 1 | 21 | 31) => "st",
        (2, 2 | 22) => "nd",
        (3, 3 | 23) => "rd",
        _ => "th",
    }
}

/// "Friday 4 December".
pub fn day_name(day: NaiveDate) -> String {
    format!("{} {} {}", day.format("%A"), day.day(), day.format("%B"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_means_the_next_date_of_that_name() {
        // A Thursday.
        let said = date("2026-11-26");
        for (when, expected) in [
            (When::Today, "2026-11-26"),
            (When::Tomorrow, "2026-11-27"),
            (When::InDays(10), "2026-12-06"),
            (When::Weekday(5), "2026-11-27"),
            (When::Weekday(3), "2026-12-02"),
            (When::Weekday(4), "2026-12-03"),
            (When::DayOfMonth(26), "2026-11-26"),
            (When::DayOfMonth(9), "2026-12-09"),
            (When::DayOfMonth(31), "2026-12-31"),
            (When::Date { month: 12, day: 4 }, "2026-12-04"),
            (When::Date { month: 3, day: 1 }, "2027-03-01"),
            (When::Date { month: 2, day: 29 }, "2028-02-29"),
        ] {
            assert_eq!(when.dates(said), Some((date(expected), date(expected))), "{when:?}");
        }
        assert_eq!(When::NextWeek.dates(said), Some((date("2026-11-30"), date("2026-12-06"))));
        assert_eq!(When::Date { month: 2, day: 31 }.dates(said), None);
        // From the end of January the 31st of the next month is skipped.
        assert_eq!(When::DayOfMonth(30).dates(date("2026-01-31")), Some((date("2026-03-30"), date("2026-03-30"))));
    }

    #[test]
    fn a_text_tells_the_date_in_place_of_the_day() {
        let said = date("2026-11-26");
        let dated = |when: When, text: &str| when.dated(text, said);
        assert_eq!(
            dated(When::Weekday(5), "has a maths test on Friday"),
            ("has a maths test on Friday 27 November".to_owned(), Some(date("2026-11-27")))
        );
        assert_eq!(
            dated(When::DayOfMonth(9), "has a history project due on the 9th").0,
            "has a history project due on Wednesday 9 December"
        );
        assert_eq!(
            dated(When::NextWeek, "has a test next week"),
            ("has a test in the week of Monday 30 November".to_owned(), Some(date("2026-12-06")))
        );
        assert_eq!(dated(When::Tomorrow, "likes chess").0, "likes chess");
    }
}
