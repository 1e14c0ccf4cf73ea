//! A person's view settings: theme, time zone and shortcuts, stored in cookies of their browser.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use http::HeaderMap;
use maud::{Markup, html};
use strum::{EnumString, IntoStaticStr};

use crate::cookie;
use crate::fault::Fault;
use crate::locale::{DateOrder, Locale};

pub(crate) const THEME_COOKIE: &str = "theme";
pub(crate) const ZONE_COOKIE: &str = "zone";
pub(crate) const SHORTCUTS_COOKIE: &str = "shortcuts";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub(crate) enum Theme {
    /// The system's theme.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(crate) const fn as_str(self) -> &'static str {
        self.into_str()
    }

    pub(crate) fn find(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer {
    pub(crate) theme: Theme,
    pub(crate) zone: Tz,
    pub(crate) has_shortcuts: bool,
    /// The format of numbers and dates.
    pub(crate) locale: &'static Locale,
    /// When the page is rendered. It defines "today".
    pub(crate) now: DateTime<Utc>,
}

/// `None`: the filter does not say.
type Moment = Option<DateTime<Utc>>;

impl Viewer {
    pub(crate) fn from_headers(headers: &HeaderMap, now: DateTime<Utc>) -> Self {
        Self {
            theme: cookie::preference(headers, THEME_COOKIE).and_then(Theme::find).unwrap_or_default(),
            zone: chosen_zone(headers).unwrap_or(Tz::UTC),
            has_shortcuts: cookie::preference(headers, SHORTCUTS_COOKIE) != Some("off"),
            locale: Locale::of(headers),
            now,
        }
    }

    /// Like [`Self::from_headers`], for a person who is signed in: the school's zone, unless they chose their own.
    pub(crate) fn of_school(headers: &HeaderMap, school: Tz, now: DateTime<Utc>) -> Self {
        Self { zone: chosen_zone(headers).unwrap_or(school), ..Self::from_headers(headers, now) }
    }

    /// Formats a time: "Today 15:12", "Yesterday 09:30", "16 Nov 16:00", "16 Nov 2025 16:00".
    pub(crate) fn time(&self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! { time datetime=(rfc3339(local)) { (self.day(local.date_naive())) " " (local.format("%H:%M")) } }
    }

    /// Formats "15:12:04", for timelines and logs that show the day elsewhere.
    pub(crate) fn clock(&self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! { time datetime=(rfc3339(local)) { (local.format("%H:%M:%S")) } }
    }

    /// Formats "Thu 19 Nov, 15:12".
    pub(crate) fn long_time(&self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! { time datetime=(rfc3339(local)) { (local.format("%a ")) (self.plain_day(local.date_naive())) (local.format(", %H:%M")) } }
    }

    /// Formats "16 Nov 16:00", for titles.
    pub(crate) fn plain_time(&self, at: DateTime<Utc>) -> String {
        let local = at.with_timezone(&self.zone);
        format!("{} {}", self.plain_day(local.date_naive()), local.format("%H:%M"))
    }

    /// Formats "Thursday 19 November 2026".
    pub(crate) fn full_date(&self, date: NaiveDate) -> String {
        let format = match self.locale.order {
            DateOrder::Day => "%A %-d %B %Y",
            DateOrder::Month => "%A, %B %-d, %Y",
            DateOrder::Year => "%Y %B %-d, %A",
        };
        date.format(format).to_string()
    }

    /// Formats "16 Nov", with the year if it is not this year.
    pub(crate) fn plain_day(&self, date: NaiveDate) -> String {
        let format = match (self.locale.order, date.year() == self.today().year()) {
            (DateOrder::Day, true) => "%-d %b",
            (DateOrder::Day, false) => "%-d %b %Y",
            (DateOrder::Month | DateOrder::Year, true) => "%b %-d",
            (DateOrder::Month, false) => "%b %-d, %Y",
            (DateOrder::Year, false) => "%Y %b %-d",
        };
        date.format(format).to_string()
    }

    /// Formats "Today", "Tomorrow", "16 Nov".
    pub(crate) fn date(&self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        html! { time datetime=(rfc3339(local)) { (self.day(local.date_naive())) } }
    }

    /// [`Self::date`] within a sentence: "today", "16 Nov".
    pub(crate) fn date_within(&self, at: DateTime<Utc>) -> Markup {
        let local = at.with_timezone(&self.zone);
        let day = self.day(local.date_naive());
        let is_word = !day.contains(' ');
        html! { time datetime=(rfc3339(local)) { @if is_word { (day.to_lowercase()) } @else { (day) } } }
    }

    pub(crate) fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    /// Returns the time at which `date` begins for this viewer.
    pub(crate) fn start_of(&self, date: NaiveDate) -> DateTime<Utc> {
        let midnight = date.and_hms_opt(0, 0, 0).unwrap_or_default();
        // If clocks skip midnight, the day begins an hour later.
        self.zone
            .from_local_datetime(&midnight)
            .earliest()
            .or_else(|| self.zone.from_local_datetime(&(midnight + TimeDelta::hours(1))).earliest())
            .map_or_else(|| midnight.and_utc(), |at| at.with_timezone(&Utc))
    }

    /// Reads the days of a filter, as `2026-11-19` or empty. Returns the beginning of the first, and the end of the last.
    pub(crate) fn days(&self, from: &str, to: &str) -> Result<(Moment, Moment), Fault> {
        let read = |text: &str| match text {
            "" => Ok(None),
            text => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map(Some)
                .map_err(|_| Fault::Invalid("A date is written like 2026-11-19.".to_owned())),
        };
        let (from, to) = (read(from)?, read(to)?.and_then(|date| date.checked_add_days(Days::new(1))));
        Ok((from.map(|date| self.start_of(date)), to.map(|date| self.start_of(date))))
    }

    /// Returns the start of the current hour on the viewer's clock.
    pub(crate) fn start_of_hour(&self) -> DateTime<Utc> {
        let local = self.now.with_timezone(&self.zone);
        self.now
            - TimeDelta::seconds((local.minute() * 60 + local.second()).into())
            - TimeDelta::nanoseconds(local.nanosecond().into())
    }

    /// Formats "Mon 16" for a chart, or "1 Nov" at the start of a month.
    pub(crate) fn chart_day(&self, date: NaiveDate) -> String {
        if date.day() == 1 { self.plain_day(date) } else { date.format("%a %-d").to_string() }
    }

    pub(crate) fn day(&self, date: NaiveDate) -> String {
        let today = self.today();
        match (date - today).num_days() {
            0 => "Today".to_owned(),
            -1 => "Yesterday".to_owned(),
            1 => "Tomorrow".to_owned(),
            _ => self.plain_day(date),
        }
    }
}

/// Returns the zone that the viewer chose for this browser, if they did.
pub(crate) fn chosen_zone(headers: &HeaderMap) -> Option<Tz> {
    cookie::preference(headers, ZONE_COOKIE).and_then(|zone| zone.parse().ok())
}

fn rfc3339(local: DateTime<Tz>) -> String {
    local.to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

#[cfg(test)]
impl Viewer {
    pub(crate) fn sample() -> Self {
        let now = "2026-11-19T21:42:00Z".parse().unwrap();
        Self {
            theme: Theme::System,
            zone: Tz::America__Chicago,
            has_shortcuts: true,
            locale: crate::locale::DEFAULT,
            now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_told_in_the_zone_of_the_viewer() {
        let viewer = Viewer::sample();
        let told = viewer.time(at("2026-11-19T21:12:00Z")).into_string();
        assert_eq!(told, r#"<time datetime="2026-11-19T15:12:00-06:00">Today 15:12</time>"#);
        assert!(viewer.time(at("2026-11-19T05:30:00Z")).into_string().contains("Yesterday 23:30"));
        assert!(viewer.time(at("2026-11-16T22:00:00Z")).into_string().contains("16 Nov 16:00"));
        assert!(viewer.time(at("2025-11-16T22:00:00Z")).into_string().contains("16 Nov 2025 16:00"));
    }

    #[test]
    fn days_have_the_order_of_the_viewers_locale() {
        let seen = |tag: &str| {
            let viewer = Viewer { locale: Locale::find(tag).unwrap(), ..Viewer::sample() };
            let date = NaiveDate::from_ymd_opt(2025, 11, 16).unwrap();
            let this_year = viewer.plain_time(at("2026-11-16T22:00:00Z"));
            (this_year, viewer.day(date), viewer.full_date(date))
        };
        let told = |a: &str, b: &str, c: &str| (a.to_owned(), b.to_owned(), c.to_owned());
        assert_eq!(seen("de-DE"), told("16 Nov 16:00", "16 Nov 2025", "Sunday 16 November 2025"));
        assert_eq!(seen("en-US"), told("Nov 16 16:00", "Nov 16, 2025", "Sunday, November 16, 2025"));
        assert_eq!(seen("ja-JP"), told("Nov 16 16:00", "2025 Nov 16", "2025 November 16, Sunday"));
    }

    #[test]
    fn a_chart_names_the_month_where_it_begins_in_the_viewers_order() {
        let seen = |tag: &str, month, day| {
            let viewer = Viewer { locale: Locale::find(tag).unwrap(), ..Viewer::sample() };
            viewer.chart_day(NaiveDate::from_ymd_opt(2026, month, day).unwrap())
        };
        assert_eq!((seen("de-DE", 11, 1), seen("en-US", 11, 1)), ("1 Nov".to_owned(), "Nov 1".to_owned()));
        assert_eq!(seen("en-US", 11, 16), "Mon 16");
    }

    #[test]
    fn an_hour_begins_by_the_viewers_clock() {
        let begins = |zone| Viewer { zone, ..Viewer::sample() }.start_of_hour();
        assert_eq!(begins(Tz::America__Chicago), at("2026-11-19T21:00:00Z"));
        assert_eq!(begins(Tz::Asia__Kolkata), at("2026-11-19T21:30:00Z"));
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_viewer() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 19).unwrap();
        assert_eq!(Viewer::sample().start_of(date), at("2026-11-19T06:00:00Z"));
        // In Beirut, clocks skipped midnight on this day.
        let beirut = Viewer { zone: Tz::Asia__Beirut, ..Viewer::sample() };
        assert_eq!(beirut.start_of(NaiveDate::from_ymd_opt(2024, 3, 31).unwrap()), at("2024-03-30T22:00:00Z"));
    }

    #[test]
    fn an_unknown_zone_is_utc() {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::COOKIE, "zone=Mars/Base; theme=dark; shortcuts=off".parse().unwrap());
        let viewer = Viewer::from_headers(&headers, Viewer::sample().now);
        assert_eq!((viewer.zone, viewer.theme, viewer.has_shortcuts), (Tz::UTC, Theme::Dark, false));
    }

    #[test]
    fn the_zone_is_the_schools_unless_the_viewer_chose_one() {
        let zone = |cookie: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::COOKIE, cookie.parse().unwrap());
            Viewer::of_school(&headers, Tz::Europe__Berlin, Viewer::sample().now).zone
        };
        assert_eq!((zone("zone="), zone("zone=Mars/Base")), (Tz::Europe__Berlin, Tz::Europe__Berlin));
        assert_eq!(zone("zone=Asia/Kolkata"), Tz::Asia__Kolkata);
    }
}
