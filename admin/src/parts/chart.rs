//! Bar charts as server-rendered SVG, each with a table of its figures. They need no JavaScript and can be printed.

use maud::{Markup, html};

use super::icon::icon;
use crate::figures::count;

/// One bar: its label, and two stacked values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) label: String,
    pub(crate) n: i64,
    pub(crate) n_bad: i64,
    /// The period is not over, so the bar is paler.
    pub(crate) is_partial: bool,
}

/// The names of the chart and of the two parts of its bars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BarNames<'a> {
    pub(crate) chart: &'a str,
    pub(crate) label: &'a str,
    pub(crate) n: &'a str,
    /// `None`: the bars have one part.
    pub(crate) n_bad: Option<&'a str>,
}

/// Renders stacked bars. The scale begins at zero.
pub(crate) fn bars(names: BarNames<'_>, bars: &[Bar]) -> Markup {
    let top = scale(bars.iter().map(|bar| bar.n + bar.n_bad).max().unwrap_or(0));
    let height = |n: i64| 1000.0 * n as f64 / top as f64;
    let step = 1000.0 / bars.len().max(1) as f64;
    html! {
        div.chart {
            div.y aria-hidden="true" { span { (count(top)) } span { (count(top / 2)) } span { "0" } }
            div.plot {
                svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label=(told(names, bars)) {
                    line.grid-line x1="0" x2="1000" y1="0" y2="0" {}
                    line.grid-line x1="0" x2="1000" y1="500" y2="500" {}
                    line.base-line x1="0" x2="1000" y1="1000" y2="1000" {}
                    @for (i, bar) in bars.iter().enumerate() {
                        @let x = format!("{:.1}", step * (i as f64 + 0.19));
                        @let width = format!("{:.1}", step * 0.62);
                        rect class=(if bar.is_partial { "b1 part" } else { "b1" }) x=(x) width=(width)
                            y=(format!("{:.1}", 1000.0 - height(bar.n))) height=(format!("{:.1}", height(bar.n))) {}
                        @if bar.n_bad > 0 {
                            rect.b3 x=(x) width=(width) y=(format!("{:.1}", 1000.0 - height(bar.n + bar.n_bad)))
                                height=(format!("{:.1}", height(bar.n_bad))) {}
                        }
                    }
                }
            }
            (below(bars))
        }
        (as_table(names, bars))
    }
}

/// Renders a label below each bar. If they do not fit, it labels every third bar, or only the first, the middle and the
/// last.
fn below(bars: &[Bar]) -> Markup {
    const FIT: usize = 16;
    const SHORT: usize = 5;
    let are_short = bars.len() <= 2 * FIT && bars.iter().all(|bar| bar.label.chars().count() <= SHORT);
    html! {
        @if bars.len() > FIT && are_short {
            div.x.thirds aria-hidden="true" {
                @for (i, bar) in bars.iter().enumerate() { span { @if i % 3 == 0 { (bar.label) } } }
            }
        } @else if bars.len() > FIT {
            div.x.ends aria-hidden="true" {
                @for bar in [&bars[0], &bars[bars.len() / 2], &bars[bars.len() - 1]] { span { (bar.label) } }
            }
        } @else {
            div class=(if bars.len() > 7 { "x dense" } else { "x" }) aria-hidden="true" {
                @for bar in bars { span { (bar.label) } }
            }
        }
    }
}

fn as_table(names: BarNames<'_>, bars: &[Bar]) -> Markup {
    html! {
        details.data {
            summary { (icon("chevron-right")) "Show as table" span.vh { ": " (names.chart) } }
            table {
                caption.vh { (names.chart) }
                thead { tr { th scope="col" { (names.label) } th scope="col" { (names.n) } @if let Some(bad) = names.n_bad { th scope="col" { (bad) } } } }
                tbody { @for bar in bars {
                    tr { th scope="row" { (bar.label) } td { (count(bar.n)) } @if names.n_bad.is_some() { td { (count(bar.n_bad)) } } }
                } }
            }
        }
    }
}

/// Describes the chart in a sentence, for screen readers.
fn told(names: BarNames<'_>, bars: &[Bar]) -> String {
    let highest = bars.iter().max_by_key(|bar| bar.n + bar.n_bad).filter(|bar| bar.n + bar.n_bad > 0);
    let highest = highest.map_or_else(
        || "Nothing yet.".to_owned(),
        |bar| format!("Highest is {} with {}.", bar.label, count(bar.n + bar.n_bad)),
    );
    format!("Bars, {}. {highest}", names.chart)
}

/// Returns the top of the scale: round and even, so its half is an integer.
fn scale(highest: i64) -> i64 {
    let mut power = 1;
    loop {
        for step in [2, 4, 6, 8, 10, 12, 16] {
            if step * power >= highest {
                return step * power;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: BarNames<'_> =
        BarNames { chart: "calls per day", label: "Day", n: "Finished", n_bad: Some("Dropped") };

    fn bar(label: &str, n: i64, n_bad: i64) -> Bar {
        Bar { label: label.to_owned(), n, n_bad, is_partial: false }
    }

    #[test]
    fn the_scale_ends_on_a_round_figure_whose_half_is_whole() {
        assert_eq!([0, 1, 3, 5, 8, 11, 99, 1_498].map(scale), [2, 2, 4, 6, 8, 12, 100, 1_600]);
    }

    #[test]
    fn bars_stand_on_the_ground_and_stack() {
        let shown = bars(NAMES, &[bar("Mon 9", 5, 5)]).into_string();
        assert!(shown.contains(r#"class="b1" x="190.0" width="620.0" y="500.0" height="500.0""#), "{shown}");
        assert!(shown.contains(r#"class="b3" x="190.0" width="620.0" y="0.0" height="500.0""#), "{shown}");
    }

    #[test]
    fn a_chart_can_be_read_without_seeing_it() {
        let shown = bars(NAMES, &[bar("Mon 9", 88, 6), bar("Tue 10", 12, 0)]).into_string();
        assert!(shown.contains("Highest is Mon 9 with 94."));
        assert!(shown.contains("<td>88</td><td>6</td>"));
    }

    #[test]
    fn nothing_yet_is_said() {
        assert!(bars(NAMES, &[]).into_string().contains("Nothing yet."));
    }

    #[test]
    fn many_bars_are_labelled_where_there_is_room() {
        let bars: Vec<Bar> = (1..=91).map(|day| bar(&format!("Day {day}"), day, 0)).collect();
        let hours: Vec<Bar> = (0..24).map(|hour| bar(&format!("{hour:02}:00"), hour, 0)).collect();
        let labels = below(&hours).into_string();
        assert!(labels.contains("<span>00:00</span><span></span><span></span><span>03:00</span>"), "{labels}");
        let labels = below(&bars).into_string();
        assert_eq!(labels.matches("<span>").count(), 3);
        assert!(labels.contains("Day 1<") && labels.contains("Day 46<") && labels.contains("Day 91<"), "{labels}");
    }
}
