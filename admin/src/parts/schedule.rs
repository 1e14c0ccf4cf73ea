//! Forms of the calendar: a new call or reminder, and another time for one that is planned.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::calling::instant;
use maud::{Markup, html};

use super::csrf;
use super::icon::icon_small;
use crate::auth::{self, Admin};
use crate::fault::Fault;

/// The address of the calendar.
pub(crate) const CALENDAR: &str = "/calendar";

pub(crate) const MAX_REASON: usize = 160;

/// Returns the address of the page to go back to. The calendar is opened at this day.
pub(crate) fn shows(back: &str, day: NaiveDate) -> String {
    let back = auth::safe_next(back);
    if back.split('?').next() != Some(CALENDAR) {
        return back.to_owned();
    }
    let sign = if back.contains('?') { '&' } else { '?' };
    format!("{back}{sign}week={day}#day-{day}")
}

/// Reads a day and a time in the student's zone.
pub(crate) fn read_moment(text: &str, zone: Tz, ahead: TimeDelta, now: DateTime<Utc>) -> Result<DateTime<Utc>, Fault> {
    let invalid = |why: &str| Fault::Invalid(format!("Nothing was saved: {why}."));
    // Browsers omit the seconds.
    let at = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").or_else(|_| text.parse());
    let at = at.map_err(|_| invalid("choose a day and a time"))?;
    let due_at = instant(at.date(), at.time(), zone);
    // The time "now" was typed up to a minute ago.
    if due_at <= now - TimeDelta::minutes(10) || due_at > now + ahead {
        return Err(invalid(&format!("the time must be in the future, within {} days", ahead.num_days())));
    }
    Ok(due_at)
}

/// Renders the fields of a new call or reminder.
pub(crate) fn fields(zone: &str) -> Markup {
    html! {
        fieldset.stack.tight {
            legend.vh { "Kind" }
            span.check { input type="radio" id="kind-call" name="kind" value="call" checked; label for="kind-call" { "Call: the tutor calls the student" } }
            span.check { input type="radio" id="kind-reminder" name="kind" value="reminder"; label for="kind-reminder" { "Reminder: staff follow up, no call is placed" } }
        }
        div.field {
            label for="call-at" { "Day and time" }
            input.input id="call-at" name="call_at" type="datetime-local" required aria-describedby="call-zone";
            span.hint id="call-zone" { "In the time zone " (zone) "." }
        }
        div.field { label for="call-reason" { "Note" } input.input id="call-reason" name="call_reason" required maxlength=(MAX_REASON); }
    }
}

/// What a form changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    /// The address of the form.
    pub(crate) action: &'a str,
    /// Distinguishes the field from those of other forms.
    pub(crate) key: &'a str,
    pub(crate) at: DateTime<Utc>,
    /// The student's.
    pub(crate) zone: Tz,
    /// "call" or "reminder".
    pub(crate) noun: &'a str,
    pub(crate) name: &'a str,
    /// The address to return to.
    pub(crate) back: &'a str,
}

/// Renders a form that moves or cancels. `more`: hidden fields.
pub(crate) fn change(admin: &Admin, of: &Change<'_>, more: &Markup) -> Markup {
    let id = format!("at-{}", of.key);
    html! {
        div.mark-form {
            details {
                summary { (icon_small("pencil")) "Move or cancel" span.vh { " the " (of.noun) " of " (of.name) } }
                form method="post" action=(of.action) {
                    (csrf(admin))
                    input type="hidden" name="back" value=(of.back);
                    (more)
                    div.field {
                        label for=(id) { "New time, in the student’s time zone" }
                        input.input id=(id) name="at" type="datetime-local" required value=(of.at.with_timezone(&of.zone).format("%Y-%m-%dT%H:%M"));
                    }
                    div.row.wrap {
                        button.btn.small name="what" value="move" { "Move" }
                        button.btn.small.danger name="what" value="cancel" formnovalidate { "Cancel " (of.noun) }
                    }
                }
            }
        }
    }
}
