//! Line charts as server-rendered SVG, with the period before and a table of the figures.

use maud::{Markup, html};

use super::icon::icon;

/// One step: its label, its value, and the value of the same step in the period before. `None`: no data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) label: String,
    pub(crate) now: Option<f64>,
    pub(crate) before: Option<f64>,
}

/// The names of the chart and of a step, and the formatter of a value.
#[derive(Clone, Copy)]
pub(crate) struct LineNames<'a> {
    pub(crate) chart: &'a str,
    pub(crate) label: &'a str,
    pub(crate) told: &'a dyn Fn(f64) -> String,
    /// The top of the scale, if the measure has a fixed one.
    pub(crate) top: Option<f64>,
}

/// Renders the lines. The scale begins at zero, or below if there are negative values. Missing values are gaps.
pub(crate) fn lines(names: LineNames<'_>, points: &[Point]) -> Markup {
    let values = || points.iter().flat_map(|point| [point.now, point.before]).flatten();
    let low = values().fold(0.0, f64::min);
    let highest = values().fold(0.0, f64::max);
    let high = names.top.unwrap_or(if highest > low { highest } else { low + 1.0 });
    let y = |value: f64| 1000.0 * (high - value) / (high - low);
    let x = |i: usize| 1000.0 * i as f64 / (points.len().max(2) - 1) as f64;
    let middle = points.len() / 2;
    html! {
        div.chart.short {
            div.y aria-hidden="true" {
                span { ((names.told)(high)) } span { ((names.told)(f64::midpoint(high, low))) } span { ((names.told)(low)) }
            }
            div.plot {
                svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=(told(names, points)) {
                    line.grid-line x1="0" x2="1000" y1="0" y2="0" {}
                    line.grid-line x1="0" x2="1000" y1="500" y2="500" {}
                    line.base-line x1="0" x2="1000" y1="1000" y2="1000" {}
                    path.l2 d=(path(points.iter().map(|point| point.before), &x, &y)) {}
                    path.l1 d=(path(points.iter().map(|point| point.now), &x, &y)) {}
                }
            }
            div.x.ends aria-hidden="true" {
                @if let (Some(first), Some(last)) = (points.first(), points.last()) {
                    span { (first.label) } @if points.len() > 2 { span { (points[middle].label) } } span { (last.label) }
                }
            }
        }
        details.data {
            summary { (icon("chevron-right")) "Show as table" span.vh { ": " (names.chart) } }
            table {
                caption.vh { (names.chart) }
                thead { tr { th scope="col" { (names.label) } th scope="col" { (names.chart) } th scope="col" { "Period before" } } }
                tbody { @for point in points {
                    tr { th scope="row" { (point.label) } td { (shown(names, point.now)) } td { (shown(names, point.before)) } }
                } }
            }
        }
    }
}

fn shown(names: LineNames<'_>, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), names.told)
}

/// Renders a line with gaps. A single value is a dot.
fn path(values: impl Iterator<Item = Option<f64>>, x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut is_on = false;
    for (i, value) in values.enumerate() {
        if let Some(value) = value {
            let at = format!("{:.1} {:.1}", x(i), y(value));
            if !is_on {
                path.push('M');
                path.push_str(&at);
            }
            path.push('L');
            path.push_str(&at);
        }
        is_on = value.is_some();
    }
    path
}

/// Describes the chart in a sentence, for screen readers.
fn told(names: LineNames<'_>, points: &[Point]) -> String {
    let known = || points.iter().filter_map(|point| Some((point, point.now?)));
    let highest = known().max_by(|a, b| a.1.total_cmp(&b.1));
    let lowest = known().min_by(|a, b| a.1.total_cmp(&b.1));
    match (lowest, highest) {
        (Some((low, least)), Some((high, most))) => format!(
            "Line, {}. Between {} on {} and {} on {}.",
            names.chart,
            (names.told)(least),
            low.label,
            (names.told)(most),
            high.label
        ),
        _ => format!("Line, {}. Nothing yet.", names.chart),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(label: &str, now: Option<f64>, before: Option<f64>) -> Point {
        Point { label: label.to_owned(), now, before }
    }

    fn drawn(points: &[Point]) -> String {
        let told = |value: f64| format!("{value:.0}");
        lines(LineNames { chart: "minutes", label: "Day", told: &told, top: None }, points).into_string()
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_is_known() {
        let shown =
            drawn(&[point("Mon", Some(10.0), None), point("Tue", None, Some(5.0)), point("Wed", Some(5.0), None)]);
        assert!(shown.contains("M0.0 0.0L0.0 0.0M1000.0 500.0L1000.0 500.0"), "{shown}");
        assert!(shown.contains("Between 5 on Wed and 10 on Mon."));
        assert!(shown.contains(r#"<th scope="row">Tue</th><td>–</td><td>5</td>"#));
    }

    #[test]
    fn nothing_yet_is_said() {
        assert!(drawn(&[]).contains("Nothing yet."));
    }
}
