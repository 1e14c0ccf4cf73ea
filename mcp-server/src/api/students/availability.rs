//! When a student may be called.

use axum::extract::State as Shared;
use axum::http::Method;
use chrono::{NaiveDate, NaiveTime};
use domain::FieldFault;
use domain::calling::Availability;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::access::Scope;
use storage::id::StudentId;
use storage::{clock, db, outbound_call};
use web::http::Problem;

use crate::State;
use crate::api::body::Body;
use crate::api::endpoint::Endpoint;
use crate::api::path::Id;
use crate::api::told::{Holds, Told};
use crate::auth::Bearer;
use crate::trail::Held;

const PATH: &str = "/api/v1/students/{student_id}/availability";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, PATH, "getAvailability", get)
            .says("When may a student be called?", "Within the calling hours of the organisation.")
            .needs(&[Scope::StudentsRead])
            .answers::<AvailabilityView>(200, "The student's hours, quiet days and weekly limit.")
            .problems(&[404, 422]),
        Endpoint::new(Method::PUT, PATH, "setAvailability", set)
            .says(
                "Change when a student may be called",
                "Replaces all of it. It narrows the calling hours of the organisation and never widens them.",
            )
            .needs(&[Scope::StudentsRead, Scope::StudentsWrite])
            .body::<AvailabilityBody>(json!({
                "from": "16:00", "until": "18:30", "quiet_weekdays": [3, 7], "quiet_days": ["2026-12-24"], "calls_a_week": 2,
            }))
            .answers::<AvailabilityView>(200, "It as it is now.")
            .problems(&[404, 422]),
    ]
}

/// When a student may be called, in the student's zone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "AvailabilityChange")]
struct AvailabilityBody {
    /// Like `16:00`. Left out or null, with `until`: the hours of the organisation.
    #[serde(default)]
    #[schemars(pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    from: Option<String>,
    /// Later than `from`.
    #[serde(default)]
    #[schemars(pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    until: Option<String>,
    /// 1 is Monday.
    #[serde(default)]
    #[schemars(length(max = 7), inner(range(min = 1, max = 7)))]
    quiet_weekdays: Vec<i16>,
    #[serde(default)]
    #[schemars(length(max = 100))]
    quiet_days: Vec<NaiveDate>,
    /// In a week that begins on Monday, at most.
    #[serde(default)]
    #[schemars(range(min = 1, max = 21))]
    calls_a_week: Option<i16>,
}

impl AvailabilityBody {
    fn check(self) -> Result<Availability, FieldFault> {
        let fault = |field: &str, message: &str| FieldFault { field: field.to_owned(), message: message.to_owned() };
        let time = |field: &str, text: Option<String>| {
            let read = |text: String| NaiveTime::parse_from_str(&text, "%H:%M");
            text.map(read).transpose().map_err(|_| fault(field, "give a time like 16:00"))
        };
        let hours = match (time("from", self.from)?, time("until", self.until)?) {
            (Some(from), Some(until)) => Some((from, until)),
            (None, None) => None,
            _ => return Err(fault("until", "give both times, or none")),
        };
        let of = Availability {
            hours,
            quiet_weekdays: self.quiet_weekdays,
            quiet_days: self.quiet_days,
            a_week: self.calls_a_week,
        };
        of.fault().map_or(Ok(of.clone()), |message| Err(fault("", message)))
    }
}

/// When a student may be called.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Availability")]
struct AvailabilityView {
    student_id: StudentId,
    /// Null: the hours of the organisation.
    from: Option<String>,
    until: Option<String>,
    /// 1 is Monday.
    quiet_weekdays: Vec<i16>,
    quiet_days: Vec<NaiveDate>,
    /// Null: no limit.
    calls_a_week: Option<i16>,
}

impl AvailabilityView {
    fn new(student_id: StudentId, of: Availability) -> Self {
        let time = |time: NaiveTime| time.format("%H:%M").to_string();
        let (from, until) = of.hours.map(|(from, until)| (time(from), time(until))).unzip();
        let Availability { quiet_weekdays, quiet_days, a_week: calls_a_week, .. } = of;
        Self { student_id, from, until, quiet_weekdays, quiet_days, calls_a_week }
    }
}

impl Holds for AvailabilityView {
    fn held(&self, held: &mut Held) {
        held.add(Some(self.student_id), None);
    }
}

async fn get(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
) -> Result<Told<AvailabilityView>, Problem> {
    let of = outbound_call::get_availability(&state.db, &caller, student_id).await?;
    Ok(Told(AvailabilityView::new(student_id, of)))
}

async fn set(
    Shared(state): Shared<State>,
    Bearer(caller): Bearer,
    Id(student_id): Id<StudentId>,
    Body(body): Body<AvailabilityBody>,
) -> Result<Told<AvailabilityView>, Problem> {
    let of = body.check().map_err(|fault| Problem::invalid(vec![fault]))?;
    let mut tx = db::begin(&state.db).await?;
    outbound_call::set_availability(&mut tx, &caller, student_id, &of, clock::now()).await?;
    db::commit(tx).await?;
    Ok(Told(AvailabilityView::new(student_id, of)))
}
