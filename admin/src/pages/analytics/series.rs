//! Groups days into the steps of a chart, each with the same step of the period before.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use storage::analytics::{Figures, REVIEW_DAYS};

use crate::viewer::Viewer;

/// One day, or seven.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) first: NaiveDate,
    pub(super) label: String,
    pub(super) now: Figures,
    pub(super) before: Figures,
}

pub(super) fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// Returns the first day whose reviews are not counted yet, because a student may still practise in time.
pub(super) fn reviews_end(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(REVIEW_DAYS)).unwrap_or(today)
}

/// Returns the steps of `n_step` days from `from` to the viewer's today. The period before begins at `before`.
pub(super) fn steps(
    figures: &[Figures],
    before: NaiveDate,
    from: NaiveDate,
    viewer: &Viewer,
    n_step: usize,
) -> Vec<Step> {
    let by_day: BTreeMap<NaiveDate, &Figures> =
        figures.iter().filter_map(|of| Some((of.key.parse().ok()?, of))).collect();
    let take = |first: NaiveDate| -> Figures {
        let mut sum = Figures::default();
        for day in first.iter_days().take(n_step) {
            if let Some(of) = by_day.get(&day) {
                sum += of;
            }
        }
        sum
    };
    let firsts = from.iter_days().take_while(|day| *day <= viewer.today()).step_by(n_step);
    firsts
        .zip(before.iter_days().step_by(n_step))
        .map(|(first, then)| Step { first, label: label(viewer, first, n_step), now: take(first), before: take(then) })
        .collect()
}

fn label(viewer: &Viewer, first: NaiveDate, n_step: usize) -> String {
    if n_step == 1 { viewer.chart_day(first) } else { viewer.plain_day(first) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::Locale;

    fn day(n: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, n).unwrap()
    }

    fn of(n: u32, n_sessions: i64) -> Figures {
        Figures { key: day(n).to_string(), n_sessions, n_due: 1, n_kept: 1, ..Figures::default() }
    }

    #[test]
    fn weeks_are_sums_of_days_beside_the_weeks_before() {
        let figures = [of(6, 1), of(12, 2), of(13, 4), of(19, 8), of(20, 16)];
        let weeks = steps(&figures, day(6), day(13), &Viewer::sample(), 7);
        assert_eq!(weeks.len(), 1);
        assert_eq!((weeks[0].now.n_sessions, weeks[0].before.n_sessions), (12, 3));
        assert_eq!(weeks[0].label, "13 Nov");
        let american = Viewer { locale: Locale::find("en-US").unwrap(), ..Viewer::sample() };
        assert_eq!(steps(&figures, day(6), day(13), &american, 7)[0].label, "Nov 13");
    }
}
