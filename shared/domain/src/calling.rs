//! When the tutor may call a student: hours, quiet days, regular plans, limits, and what the end of a call means.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use strum::{EnumString, IntoStaticStr};

/// How often one call is tried.
pub const MAX_ATTEMPTS: i16 = 3;

/// What a call without a known price may cost, in millionths of a US dollar: half an hour at ten cents a minute.
pub const RESERVE_MICROUSD: i64 = 3_000_000;

/// How far ahead an open hour is looked for.
const HORIZON_DAYS: u64 = 366;

/// How far ahead the next regular call is looked for: beyond all days that a person can cancel.
const PLAN_DAYS: u64 = 80;

/// Between two looks at a call that waits for others.
const SOON: TimeDelta = TimeDelta::minutes(5);
const LATER: TimeDelta = TimeDelta::minutes(15);

/// The moment of a local time. A time that the clocks leave out moves forward to the next that exists; of a time that
/// comes twice it is the first.
pub fn instant(day: NaiveDate, time: NaiveTime, zone: Tz) -> DateTime<Utc> {
    let local = day.and_time(time);
    // The longest gap was a whole day.
    let found =
        (0..=26 * 60).find_map(|minutes| zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))).earliest());
    found.map_or_else(|| local.and_utc(), |at| at.to_utc())
}

/// The hours in which students are called, in their own zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    pub from: NaiveTime,
    /// Later than `from`. No call is placed at this time any more.
    pub until: NaiveTime,
    /// 1 is Monday.
    pub quiet_weekdays: Vec<i16>,
    pub quiet_days: Vec<NaiveDate>,
}

impl Hours {
    /// Whether no one is called on that day.
    pub fn is_quiet(&self, day: NaiveDate) -> bool {
        is_quiet(&self.quiet_weekdays, &self.quiet_days, day)
    }

    /// The first moment from `from` on at which a call may be placed. `None`: all days of a year are quiet.
    pub fn next_open(&self, zone: Tz, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = from.with_timezone(&zone).date_naive();
        (0..=HORIZON_DAYS).find_map(|n| {
            let day = today.checked_add_days(Days::new(n)).filter(|day| !self.is_quiet(*day))?;
            let open = instant(day, self.from, zone).max(from);
            (open < instant(day, self.until, zone)).then_some(open)
        })
    }
}

fn is_quiet(weekdays: &[i16], days: &[NaiveDate], day: NaiveDate) -> bool {
    weekdays.contains(&weekday(day)) || days.contains(&day)
}

/// When one student may be called, in their zone. It narrows the organisation's hours and never widens them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// From and until; the second is later. `None`: the organisation's hours.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// 1 is Monday.
    pub quiet_weekdays: Vec<i16>,
    pub quiet_days: Vec<NaiveDate>,
    /// Calls in a week that begins on Monday, at most. `None`: no limit.
    pub a_week: Option<i16>,
}

impl Availability {
    /// Whether no one is called on that day.
    pub fn is_quiet(&self, day: NaiveDate) -> bool {
        is_quiet(&self.quiet_weekdays, &self.quiet_days, day)
    }

    /// What is wrong with it. `None`: nothing.
    pub fn fault(&self) -> Option<&'static str> {
        if self.hours.is_some_and(|(from, until)| from >= until) {
            return Some("hours end after they begin");
        }
        if self.quiet_weekdays.iter().any(|day| !(1..=7).contains(day)) {
            return Some("a weekday is a number from 1, Monday, to 7");
        }
        if self.quiet_weekdays.len() > 7 || self.quiet_days.len() > MAX_QUIET_DAYS {
            return Some("there are at most 7 weekdays and 100 quiet days");
        }
        if self.a_week.is_some_and(|n| !(1..=21).contains(&n)) {
            return Some("the number of calls in a week is from 1 to 21");
        }
        None
    }
}

/// The most quiet days of one student.
const MAX_QUIET_DAYS: usize = 100;

impl Hours {
    /// The hours in which both the organisation and the student allow calls.
    #[must_use]
    pub fn narrowed(&self, of: &Availability) -> Self {
        let (from, until) = of.hours.unwrap_or((self.from, self.until));
        Self {
            from: self.from.max(from),
            until: self.until.min(until),
            quiet_weekdays: [&self.quiet_weekdays[..], &of.quiet_weekdays].concat(),
            quiet_days: [&self.quiet_days[..], &of.quiet_days].concat(),
        }
    }
}

/// The first moment of the week, which begins on Monday.
pub fn week_begins(now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    instant(monday(now, zone), NaiveTime::MIN, zone)
}

fn monday(now: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let today = now.with_timezone(&zone).date_naive();
    today - Days::new(today.weekday().num_days_from_monday().into())
}

/// 1 is Monday.
fn weekday(day: NaiveDate) -> i16 {
    day.weekday().number_from_monday() as i16
}

/// When a student is called regularly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// 1 is Monday. At least one.
    pub weekdays: Vec<i16>,
    pub at: NaiveTime,
}

impl Plan {
    /// When the call of a day is due. `None`: there is none on this day.
    pub fn due_on(&self, day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
        self.weekdays.contains(&weekday(day)).then(|| instant(day, self.at, zone))
    }

    /// The next call after a moment, with its day. `taken` are the days whose call was planned before, or cancelled.
    pub fn next(&self, zone: Tz, after: DateTime<Utc>, taken: &[NaiveDate]) -> Option<(NaiveDate, DateTime<Utc>)> {
        // A day can begin late where it is already the next one elsewhere.
        let today = after.with_timezone(&zone).date_naive() - Days::new(1);
        let days = (0..PLAN_DAYS).map(|n| today + Days::new(n)).filter(|day| !taken.contains(day));
        days.filter_map(|day| Some((day, self.due_on(day, zone)?))).find(|(_, due_at)| *due_at > after)
    }
}

/// Why a call waits, or is not placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Reason {
    /// Its time has not come.
    NotDue,
    OutsideHours,
    /// The student was called often enough today.
    DailyLimit,
    /// The student was called often enough this week.
    WeeklyLimit,
    /// The student is on a call, or the number is.
    OnCall,
    /// Too many calls at once.
    LinesBusy,
    /// The month's spending limit.
    Spending,
    /// VAPI did not take it for now.
    VapiBusy,
    /// VAPI did not accept it.
    VapiRefused,
    /// VAPI does not know of it.
    NotPlaced,
    /// A person has seen to the callback.
    Done,
    Blocked,
    NoConsent,
    NoNumber,
    /// The regular plan changed.
    PlanChanged,
    TooLate,
    /// Outbound calls were off or stopped.
    Off,
}

impl Reason {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// Reads a name of the database. `None`: a later version wrote it.
    pub fn find(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

/// The limits that the organisation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls to one student in a day of theirs.
    pub a_day: i64,
    /// Calls that last at the same time.
    pub at_once: i64,
    /// In a calendar month (UTC), in millionths of a US dollar.
    pub month_microusd: i64,
}

/// All that decides whether a call is placed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each forbids a call by itself")]
pub struct Facts {
    pub due_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub zone: Tz,
    /// The callback was seen to.
    pub is_done: bool,
    /// The regular plan has no call at this time any more.
    pub is_off_plan: bool,
    pub is_blocked: bool,
    pub has_consent: bool,
    pub has_number: bool,
    /// The student or the number is on a call.
    pub is_on_call: bool,
    /// Calls to the student today.
    pub n_today: i64,
    /// Other calls to the student this week; the attempts at one call count once.
    pub n_week: i64,
    /// The student's limit for it.
    pub a_week: Option<i16>,
    /// Calls of all students that last.
    pub n_in_flight: i64,
    /// This month, with [`RESERVE_MICROUSD`] for each call without a known price.
    pub spent_microusd: i64,
}

/// Whether a call may be placed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    /// Not before this moment.
    Wait(DateTime<Utc>, Reason),
    Never(Reason),
}

/// Decides about one call. Pure.
pub fn may_place(facts: &Facts, hours: &Hours, limits: Limits, now: DateTime<Utc>) -> Verdict {
    let never = [
        (facts.is_done, Reason::Done),
        (facts.is_off_plan, Reason::PlanChanged),
        (facts.is_blocked, Reason::Blocked),
        (!facts.has_consent, Reason::NoConsent),
        (!facts.has_number, Reason::NoNumber),
        (now >= facts.expires_at, Reason::TooLate),
    ];
    if let Some((_, reason)) = never.into_iter().find(|(holds, _)| *holds) {
        return Verdict::Never(reason);
    }
    if facts.due_at > now {
        return Verdict::Wait(facts.due_at, Reason::NotDue);
    }
    let open =
        |from: DateTime<Utc>| hours.next_open(facts.zone, from).unwrap_or(facts.expires_at).min(facts.expires_at);
    if open(now) > now {
        return Verdict::Wait(open(now), Reason::OutsideHours);
    }
    if facts.n_today >= limits.a_day {
        let tomorrow = now.with_timezone(&facts.zone).date_naive() + Days::new(1);
        return Verdict::Wait(open(instant(tomorrow, NaiveTime::MIN, facts.zone).max(now + SOON)), Reason::DailyLimit);
    }
    if facts.a_week.is_some_and(|a_week| facts.n_week >= i64::from(a_week)) {
        let next = monday(now, facts.zone) + Days::new(7);
        return Verdict::Wait(open(instant(next, NaiveTime::MIN, facts.zone).max(now + SOON)), Reason::WeeklyLimit);
    }
    if facts.is_on_call {
        return Verdict::Wait(now + SOON, Reason::OnCall);
    }
    if facts.spent_microusd + RESERVE_MICROUSD > limits.month_microusd {
        return Verdict::Wait(now + LATER, Reason::Spending);
    }
    if facts.n_in_flight >= limits.at_once {
        return Verdict::Wait(now, Reason::LinesBusy);
    }
    Verdict::Yes
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(const_into_str, serialize_all = "snake_case")]
pub enum Outcome {
    Answered,
    NoAnswer,
    Busy,
    Voicemail,
    Failed,
}

impl Outcome {
    /// The name in the database and in metrics.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }

    /// Reads a name of the database.
    pub fn find(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Reads VAPI's reason for the end of a call. `has_words`: whether something was heard from the other end; `None`: not
    /// known yet. Returns `None` if the reason alone does not tell.
    pub fn of_end(reason: &str, has_words: Option<bool>) -> Option<Self> {
        let by_words = |silent: Self| has_words.map(|has_words| if has_words { Self::Answered } else { silent });
        match reason {
            "voicemail" => Some(Self::Voicemail),
            "customer-busy" => Some(Self::Busy),
            "customer-did-not-answer" => Some(Self::NoAnswer),
            "customer-ended-call" | "exceeded-max-duration" => Some(Self::Answered),
            _ if reason.starts_with("assistant-ended-call")
                || reason.starts_with("assistant-said-end-call-phrase")
                || reason.starts_with("assistant-forwarded-call") =>
            {
                Some(Self::Answered)
            }
            // A person or a machine picked up and said nothing.
            "silence-timed-out" => by_words(Self::NoAnswer),
            _ if reason.starts_with("call.start.error") => Some(Self::Failed),
            _ => by_words(Self::Failed),
        }
    }

    /// How long to wait before the attempt after this one. `None`: no further attempt.
    pub fn retry_after(self, attempt: i16) -> Option<TimeDelta> {
        match attempt {
            _ if self == Self::Answered || attempt >= MAX_ATTEMPTS => None,
            ..=1 => Some(TimeDelta::minutes(15)),
            _ => Some(TimeDelta::minutes(60)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        text.parse().unwrap()
    }

    fn hours() -> Hours {
        Hours {
            from: time("09:00:00"),
            until: time("19:00:00"),
            quiet_weekdays: vec![7],
            quiet_days: vec![day("2026-12-25")],
        }
    }

    const LIMITS: Limits = Limits { a_day: 3, at_once: 2, month_microusd: 50_000_000 };
    const BERLIN: Tz = Tz::Europe__Berlin;

    /// A call at noon of a Tuesday, due a minute ago.
    fn facts(now: DateTime<Utc>) -> Facts {
        Facts {
            due_at: now - TimeDelta::minutes(1),
            expires_at: now + TimeDelta::hours(72),
            zone: BERLIN,
            is_done: false,
            is_off_plan: false,
            is_blocked: false,
            has_consent: true,
            has_number: true,
            is_on_call: false,
            n_today: 0,
            n_week: 0,
            a_week: None,
            n_in_flight: 0,
            spent_microusd: 0,
        }
    }

    fn noon() -> DateTime<Utc> {
        at("2026-11-24T11:00:00Z")
    }

    fn verdict(facts: &Facts, now: &str) -> Verdict {
        may_place(facts, &hours(), LIMITS, at(now))
    }

    #[test]
    fn a_time_that_the_clocks_leave_out_moves_forward_and_of_two_the_first_counts() {
        // 02:30 does not exist; 03:00 is 01:00 UTC.
        assert_eq!(instant(day("2026-03-29"), time("02:30:00"), BERLIN), at("2026-03-29T01:00:00Z"));
        // 02:30 comes twice: in summer time at 00:30 UTC.
        assert_eq!(instant(day("2026-10-25"), time("02:30:00"), BERLIN), at("2026-10-25T00:30:00Z"));
        // A day that Samoa left out.
        let samoa = Tz::Pacific__Apia;
        let moved = instant(day("2011-12-30"), time("16:30:00"), samoa).with_timezone(&samoa);
        assert_eq!((moved.date_naive(), moved.hour()), (day("2011-12-31"), 0));
    }

    #[test]
    fn a_plan_keeps_its_local_time_when_the_clocks_change() {
        let plan = Plan { weekdays: vec![2, 4], at: time("16:30:00") };
        // Thursday in summer time, then Tuesday in winter time.
        let thursday = plan.next(BERLIN, at("2026-10-22T10:00:00Z"), &[]).unwrap();
        assert_eq!(thursday, (day("2026-10-22"), at("2026-10-22T14:30:00Z")));
        let tuesday = plan.next(BERLIN, thursday.1, &[thursday.0]).unwrap();
        assert_eq!(tuesday, (day("2026-10-27"), at("2026-10-27T15:30:00Z")));
        // One call a day, also if the plan moved to later.
        let later = Plan { weekdays: vec![2], at: time("20:00:00") };
        assert_eq!(later.next(BERLIN, tuesday.1, &[tuesday.0]).unwrap().0, day("2026-11-03"));
        assert_eq!(Plan { weekdays: Vec::new(), at: plan.at }.next(BERLIN, noon(), &[]), None);
    }

    #[test]
    fn the_day_of_a_call_is_that_of_the_students_zone() {
        let plan = Plan { weekdays: vec![2], at: time("16:30:00") };
        // In Auckland it is Wednesday already, in Los Angeles still Monday.
        let now = at("2026-11-24T12:30:00Z");
        assert_eq!(plan.next(Tz::Pacific__Auckland, now, &[]).unwrap().1, at("2026-12-01T03:30:00Z"));
        assert_eq!(plan.next(Tz::America__Los_Angeles, now, &[]).unwrap().1, at("2026-11-25T00:30:00Z"));
    }

    #[test]
    fn calls_are_placed_within_hours_and_not_on_quiet_days() {
        let call = facts(noon());
        assert_eq!(verdict(&call, "2026-11-24T11:00:00Z"), Verdict::Yes);
        assert_eq!(verdict(&call, "2026-11-24T17:59:59Z"), Verdict::Yes);
        let wait = |until: &str| Verdict::Wait(at(until), Reason::OutsideHours);
        assert_eq!(verdict(&call, "2026-11-24T18:00:00Z"), wait("2026-11-25T08:00:00Z"), "no call at 19:00");
        assert_eq!(verdict(&call, "2026-11-25T03:00:00Z"), wait("2026-11-25T08:00:00Z"), "after midnight");
        let long = Facts { expires_at: at("2026-12-31T00:00:00Z"), ..call };
        assert_eq!(verdict(&long, "2026-11-28T20:00:00Z"), wait("2026-11-30T08:00:00Z"), "over Sunday");
        assert_eq!(verdict(&long, "2026-12-25T11:00:00Z"), wait("2026-12-26T08:00:00Z"), "a quiet day");
        let never = Hours { quiet_weekdays: (1..=7).collect(), ..hours() };
        assert_eq!(never.next_open(BERLIN, noon()), None);
    }

    #[test]
    fn a_students_hours_narrow_those_of_the_organisation() {
        let own = |from: &str, until: &str| Availability {
            hours: Some((time(from), time(until))),
            quiet_weekdays: vec![2],
            quiet_days: vec![day("2026-11-25")],
            a_week: Some(1),
        };
        let both = hours().narrowed(&own("16:00:00", "22:00:00"));
        assert_eq!((both.from, both.until), (time("16:00:00"), time("19:00:00")));
        // Tuesday is quiet every week, this Wednesday once.
        assert_eq!(both.next_open(BERLIN, noon()), Some(at("2026-11-26T15:00:00Z")));
        assert_eq!(hours().narrowed(&own("20:00:00", "22:00:00")).next_open(BERLIN, noon()), None, "no common hour");
        assert_eq!(hours().narrowed(&Availability::default()), hours());
        assert_eq!(own("16:00:00", "22:00:00").fault(), None);
        assert!(own("22:00:00", "16:00:00").fault().is_some());
    }

    #[test]
    fn a_weekly_limit_delays_a_call_to_monday() {
        let call = Facts { a_week: Some(2), n_week: 2, expires_at: noon() + TimeDelta::days(30), ..facts(noon()) };
        let wait = Verdict::Wait(at("2026-11-30T08:00:00Z"), Reason::WeeklyLimit);
        assert_eq!(verdict(&call, "2026-11-24T11:00:00Z"), wait);
        assert_eq!(verdict(&Facts { n_week: 1, ..call }, "2026-11-24T11:00:00Z"), Verdict::Yes);
        assert_eq!(week_begins(noon(), BERLIN), at("2026-11-22T23:00:00Z"));
    }

    #[test]
    fn what_forbids_a_call_comes_before_what_delays_it() {
        let call = facts(noon());
        let of = |facts: Facts| verdict(&facts, "2026-11-24T23:00:00Z");
        assert_eq!(of(Facts { has_consent: false, ..call.clone() }), Verdict::Never(Reason::NoConsent));
        assert_eq!(of(Facts { is_blocked: true, ..call.clone() }), Verdict::Never(Reason::Blocked));
        assert_eq!(of(Facts { is_done: true, ..call.clone() }), Verdict::Never(Reason::Done));
        assert_eq!(of(Facts { has_number: false, ..call.clone() }), Verdict::Never(Reason::NoNumber));
        assert_eq!(of(Facts { expires_at: noon(), ..call.clone() }), Verdict::Never(Reason::TooLate));
        assert_eq!(
            verdict(&Facts { due_at: at("2026-11-24T12:00:00Z"), ..call }, "2026-11-24T11:00:00Z"),
            Verdict::Wait(at("2026-11-24T12:00:00Z"), Reason::NotDue)
        );
    }

    #[test]
    fn limits_delay_a_call() {
        let call = facts(noon());
        let of = |facts: Facts| verdict(&facts, "2026-11-24T11:00:00Z");
        let full = Facts { n_today: 3, ..call.clone() };
        assert_eq!(of(full), Verdict::Wait(at("2026-11-25T08:00:00Z"), Reason::DailyLimit));
        let on_call = Facts { is_on_call: true, ..call.clone() };
        assert_eq!(of(on_call), Verdict::Wait(at("2026-11-24T11:05:00Z"), Reason::OnCall));
        let spent = |spent_microusd| Facts { spent_microusd, ..call.clone() };
        assert_eq!(of(spent(47_000_000)), Verdict::Yes, "the reserve just fits");
        assert_eq!(of(spent(47_000_001)), Verdict::Wait(at("2026-11-24T11:15:00Z"), Reason::Spending));
        assert_eq!(of(Facts { n_in_flight: 2, ..call.clone() }), Verdict::Wait(noon(), Reason::LinesBusy));
    }

    #[test]
    fn an_end_tells_whether_somebody_answered() {
        use Outcome::{Answered, Busy, Failed, NoAnswer, Voicemail};
        for (reason, has_words, outcome) in [
            ("customer-ended-call", None, Some(Answered)),
            ("assistant-ended-call-after-message-spoken", None, Some(Answered)),
            ("customer-did-not-answer", None, Some(NoAnswer)),
            ("customer-busy", None, Some(Busy)),
            // A greeting is heard, but it is a machine's.
            ("voicemail", Some(true), Some(Voicemail)),
            ("silence-timed-out", None, None),
            ("silence-timed-out", Some(false), Some(NoAnswer)),
            ("silence-timed-out", Some(true), Some(Answered)),
            ("call.start.error-get-transport", None, Some(Failed)),
            ("call.in-progress.error-vapifault-openai-llm-failed", None, None),
            ("call.in-progress.error-vapifault-openai-llm-failed", Some(true), Some(Answered)),
            ("a-reason-of-next-year", Some(false), Some(Failed)),
        ] {
            assert_eq!(Outcome::of_end(reason, has_words), outcome, "{reason} {has_words:?}");
        }
    }

    #[test]
    fn an_unanswered_call_is_tried_again_twice() {
        let waits: Vec<i64> =
            (1..).map_while(|n| Outcome::Busy.retry_after(n)).map(|wait| wait.num_minutes()).collect();
        assert_eq!(waits, [15, 60]);
        assert_eq!(Outcome::Answered.retry_after(1), None);
    }

    const ZONES: [Tz; 7] = [
        Tz::UTC,
        BERLIN,
        Tz::America__St_Johns,
        Tz::America__Santiago,
        Tz::Australia__Lord_Howe,
        Tz::Asia__Kathmandu,
        Tz::Africa__Casablanca,
    ];

    fn moment() -> impl Strategy<Value = DateTime<Utc>> {
        (1_700_000_000_i64..2_000_000_000).prop_map(|seconds| DateTime::from_timestamp(seconds, 0).unwrap())
    }

    prop_compose! {
        fn any_hours()(from in 0_u32..23 * 60, long in 1_u32..60, quiet in prop::collection::vec(1_i16..=7, 0..4)) -> Hours {
            let clock = |minutes: u32| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
            Hours { from: clock(from), until: clock(from + long), quiet_weekdays: quiet, quiet_days: Vec::new() }
        }
    }

    prop_compose! {
        fn any_facts()(now in moment(), due in -200_i64..200, expires in 1_i64..5_000, zone in 0..ZONES.len(),
                never in 0_u8..20, is_on_call in any::<bool>(), n_today in 0_i64..4, n_in_flight in 0_i64..3,
                spent in 0_i64..60) -> (DateTime<Utc>, Facts) {
            (now, Facts {
                due_at: now + TimeDelta::minutes(due),
                expires_at: now + TimeDelta::minutes(due + expires),
                zone: ZONES[zone],
                is_done: never == 0,
                is_off_plan: never == 1,
                is_blocked: never == 2,
                has_consent: never != 3,
                has_number: never != 4,
                is_on_call,
                n_today,
                n_week: n_today,
                a_week: (never > 10).then_some(2),
                n_in_flight,
                spent_microusd: spent * 1_000_000,
            })
        }
    }

    proptest! {
        #[test]
        fn a_call_is_placed_only_if_everything_allows_it(hours in any_hours(), (now, facts) in any_facts()) {
            let local = now.with_timezone(&facts.zone);
            match may_place(&facts, &hours, LIMITS, now) {
                Verdict::Yes => {
                    prop_assert!(!facts.is_done && !facts.is_off_plan && !facts.is_blocked);
                    prop_assert!(facts.has_consent && facts.has_number && !facts.is_on_call);
                    prop_assert!(facts.due_at <= now && now < facts.expires_at);
                    prop_assert!(!hours.is_quiet(local.date_naive()));
                    prop_assert!(local.time() >= hours.from && local.time() < hours.until, "{local}");
                    prop_assert!(facts.a_week.is_none_or(|a_week| facts.n_week < a_week.into()));
                    prop_assert!(facts.n_today < LIMITS.a_day && facts.n_in_flight < LIMITS.at_once);
                    prop_assert!(facts.spent_microusd + RESERVE_MICROUSD <= LIMITS.month_microusd);
                }
                Verdict::Wait(until, reason) => {
                    prop_assert!(until > now || reason == Reason::LinesBusy);
                    prop_assert!(until <= facts.expires_at || matches!(reason, Reason::OnCall | Reason::Spending));
                }
                Verdict::Never(_) => {}
            }
        }

        #[test]
        fn who_waits_for_the_hours_is_let_through_then(now in moment(), hours in any_hours(), zone in 0..ZONES.len()) {
            let zone = ZONES[zone];
            if let Some(open) = hours.next_open(zone, now) {
                prop_assert!(open >= now);
                prop_assert_eq!(hours.next_open(zone, open), Some(open));
            }
        }

        #[test]
        fn a_plan_goes_forward_one_day_after_another(
            now in moment(), weekdays in prop::collection::vec(1_i16..=7, 1..4), minutes in 0_u32..1440, zone in 0..ZONES.len(),
        ) {
            let zone = ZONES[zone];
            let plan = Plan { weekdays, at: NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap() };
            let (mut after, mut taken) = (now, Vec::new());
            for _ in 0..10 {
                let (day, due_at) = plan.next(zone, after, &taken).unwrap();
                prop_assert!(due_at > after && taken.iter().all(|taken| day > *taken));
                prop_assert!(due_at - after <= TimeDelta::days(9));
                prop_assert_eq!(plan.due_on(day, zone), Some(due_at));
                // A cancelled day is left out, and no other one.
                let (next, _) = plan.next(zone, after, &[day]).unwrap();
                prop_assert!(next > day && (1..(next - day).num_days()).all(|n| plan.due_on(day + TimeDelta::days(n), zone).is_none()));
                after = due_at;
                taken.push(day);
            }
        }
    }
}
