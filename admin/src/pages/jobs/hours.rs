//! Jobs that ended in each of the last 24 hours.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use queue::hours::Hour;

use crate::parts::chart::{Bar, BarNames, bars};
use crate::viewer::Viewer;

const N_HOURS: i32 = 24;

/// Returns the start of the first hour in the chart. The last hour is the current one.
pub(super) fn from(viewer: &Viewer) -> DateTime<Utc> {
    viewer.start_of_hour() - TimeDelta::hours((N_HOURS - 1).into())
}

pub(super) fn card(viewer: &Viewer, hours: &[Hour]) -> Markup {
    let names = BarNames { chart: "jobs that ended, by hour", label: "Hour from", n: "Done", n_bad: Some("Failed") };
    let bar = |hour_no: i32| {
        let of = hours.iter().find(|of| of.hour_no == hour_no).copied().unwrap_or_default();
        let at = (from(viewer) + TimeDelta::hours(hour_no.into())).with_timezone(&viewer.zone);
        Bar {
            label: at.format("%H:%M").to_string(),
            n: of.n_done,
            n_bad: of.n_given_up,
            is_partial: hour_no == N_HOURS - 1,
        }
    };
    html! {
        section.card aria-labelledby="hours" {
            header {
                h2 id="hours" { "Last 24 hours" }
                div.actions.legend aria-hidden="true" { span { i {} "Done" } span { i.k2 {} "This hour so far" } span { i.k3 {} "Failed" } }
            }
            div.body { (bars(names, &(0..N_HOURS).map(bar).collect::<Vec<_>>())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_those_of_the_viewer_and_the_last_goes_on() {
        let viewer = Viewer::sample();
        let hours = [Hour { hour_no: 0, n_done: 3, n_given_up: 1 }, Hour { hour_no: 23, n_done: 8, n_given_up: 0 }];
        let shown = card(&viewer, &hours).into_string();
        let first = from(&viewer).with_timezone(&viewer.zone).format("%H:%M").to_string();
        let last = viewer.now.with_timezone(&viewer.zone).format("%H:00").to_string();
        assert!(shown.contains(&format!(r#"<th scope="row">{first}</th><td>3</td><td>1</td>"#)), "{shown}");
        assert!(shown.contains(&format!(r#"<th scope="row">{last}</th><td>8</td><td>0</td>"#)), "{shown}");
        assert_eq!((shown.matches("<th scope=\"row\">").count(), shown.matches("b1 part").count()), (24, 1));
        assert!(shown.contains(&format!("Highest is {last} with 8.")));
    }
}
