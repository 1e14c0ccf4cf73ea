//! The filters of the page, read from the address.

use chrono::{Days, NaiveDate};
use serde::Deserialize;
use storage::analytics::{By, Narrow};

use crate::fault::Fault;
use crate::link;

pub(super) const PATH: &str = "/analytics";
pub(super) const EXPORT: &str = "/analytics/export.csv";
/// The value for students without a cohort or grade.
pub(super) const NONE: &str = "~";

/// Periods in days. They are whole weeks, so each has every weekday equally often.
pub(super) const RANGES: [(&str, u64, &str); 5] = [
    ("7", 7, "Last 7 days"),
    ("14", 14, "Last 14 days"),
    ("", 28, "Last 28 days"),
    ("91", 91, "Last 13 weeks"),
    ("364", 364, "Last 52 weeks"),
];

pub(super) const GROUPS: [(&str, By, &str); 5] = [
    ("", By::Assistant, "Assistant version"),
    ("cohort", By::Cohort, "Cohort"),
    ("grade", By::Grade, "Grade"),
    ("subject", By::Subject, "Subject"),
    ("skill", By::Skill, "Skill"),
];

pub(super) const STEPS: [(&str, &str); 2] = [("", "Days (weeks for a year)"), ("week", "Weeks")];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Filter {
    pub(super) range: String,
    /// `week`, or empty for days.
    pub(super) step: String,
    pub(super) by: String,
    pub(super) cohort: String,
    pub(super) grade: String,
    pub(super) subject: String,
    pub(super) skill: String,
    pub(super) assistant: String,
    /// The table to export.
    pub(super) table: String,
}

impl Filter {
    pub(super) fn n_days(&self) -> Result<u64, Fault> {
        let found = RANGES.iter().find(|(value, ..)| *value == self.range);
        found
            .map(|(_, n, _)| *n)
            .ok_or_else(|| Fault::Invalid("A period has 7, 14, 28, 91 or 364 days. The default is 28.".to_owned()))
    }

    /// Returns the days in one step of the charts.
    pub(super) fn n_step(&self) -> Result<usize, Fault> {
        match self.step.as_str() {
            "" => Ok(1),
            "week" => Ok(7),
            _ => Err(Fault::Invalid("Steps are days, or “week”.".to_owned())),
        }
    }

    /// Returns the days in one step on the page. A year uses weeks: days would not fit the chart and would be most of
    /// the page's size. The export has days.
    pub(super) fn n_shown_step(&self) -> Result<usize, Fault> {
        const MAX_STEPS: u64 = 91;
        Ok(if self.n_days()? > MAX_STEPS { 7 } else { self.n_step()? })
    }

    pub(super) fn by(&self) -> Result<(By, &'static str), Fault> {
        let found = GROUPS.iter().find(|(value, ..)| *value == self.by);
        found.map(|(_, by, words)| (*by, *words)).ok_or_else(|| {
            Fault::Invalid(
                "Groups are by cohort, grade, subject or skill. The default is assistant versions.".to_owned(),
            )
        })
    }

    pub(super) fn narrow(&self) -> Result<Narrow, Fault> {
        let given = |text: &str| match text.trim() {
            "" => Ok(None),
            text if text.chars().count() <= 400 => Ok(Some(text.to_owned())),
            _ => Err(Fault::Invalid("A filter has at most 400 characters.".to_owned())),
        };
        let grade = match self.grade.as_str() {
            "" => None,
            NONE => Some(-1),
            text => Some(
                text.parse::<i16>()
                    .ok()
                    .filter(|grade| (0..=13).contains(grade))
                    .ok_or_else(|| Fault::Invalid("A grade is a number from 0 to 13.".to_owned()))?,
            ),
        };
        let cohort = given(&self.cohort)?.map(|cohort| if cohort == NONE { String::new() } else { cohort });
        Ok(Narrow {
            cohort,
            grade,
            subject_id: given(&self.subject)?,
            skill_id: given(&self.skill)?,
            assistant: given(&self.assistant)?,
        })
    }

    pub(super) fn is_narrow(&self) -> bool {
        [&self.cohort, &self.grade, &self.subject, &self.skill, &self.assistant].iter().any(|field| !field.is_empty())
    }

    /// Returns the address of a CSV file with one table of this page.
    pub(super) fn export(&self, table: &str) -> String {
        self.at(EXPORT, table)
    }

    fn at(&self, path: &str, table: &str) -> String {
        let Self { range, step, by, cohort, grade, subject, skill, assistant, .. } = self;
        link::to(
            path,
            &[
                ("table", table),
                ("range", range),
                ("step", step),
                ("by", by),
                ("cohort", cohort),
                ("grade", grade),
                ("subject", subject),
                ("skill", skill),
                ("assistant", assistant),
            ],
        )
    }
}

/// Returns the first day of the period that ends with `today`, and of the period before.
pub(super) fn begins(today: NaiveDate, n_days: u64) -> (NaiveDate, NaiveDate) {
    let back = |n: u64| today.checked_sub_days(Days::new(n - 1)).unwrap_or(today);
    (back(n_days), back(2 * n_days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_address_cannot_mean_is_said() {
        let filter = Filter { range: "28".to_owned(), grade: "14".to_owned(), ..Filter::default() };
        assert!(matches!(filter.n_days(), Err(Fault::Invalid(_))) && matches!(filter.narrow(), Err(Fault::Invalid(_))));
        let filter = Filter { cohort: NONE.to_owned(), grade: NONE.to_owned(), ..Filter::default() };
        let narrow = filter.narrow().unwrap();
        assert_eq!((narrow.cohort.as_deref(), narrow.grade), (Some(""), Some(-1)));
    }

    #[test]
    fn a_year_is_shown_in_weeks_and_filed_in_days() {
        let filter =
            |range: &str, step: &str| Filter { range: range.to_owned(), step: step.to_owned(), ..Filter::default() };
        let n_steps = |filter: Filter| (filter.n_shown_step().unwrap(), filter.n_step().unwrap());
        assert_eq!(n_steps(filter("364", "")), (7, 1));
        assert_eq!(n_steps(filter("91", "")), (1, 1));
        assert_eq!(n_steps(filter("91", "week")), (7, 7));
    }

    #[test]
    fn both_periods_are_as_long() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        assert_eq!(begins(day(19), 7), (day(13), day(6)));
    }
}
