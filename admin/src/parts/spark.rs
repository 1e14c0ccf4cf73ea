//! Sparklines: small charts beside a word or a number.

use maud::{Markup, html};

/// Renders values over time between `low` and `high`, without a scale. `told` is the description for screen readers.
pub(crate) fn spark(values: &[f64], low: f64, high: f64, told: &str) -> Markup {
    let (Some(first), Some(last)) = (values.first(), values.last()) else { return super::none() };
    let direction = match last - first {
        change if change < -(high - low) / 50.0 => "down",
        change if change <= (high - low) / 50.0 => "flat",
        _ => "up",
    };
    let x = |i: usize| 2.0 + 68.0 * i as f64 / (values.len().max(2) - 1) as f64;
    let y = |value: f64| 2.0 + 18.0 * (high - value.clamp(low, high)) / (high - low).max(f64::EPSILON);
    let points = values.iter().enumerate().map(|(i, value)| format!("{:.1} {:.1}", x(i), y(*value)));
    let path = format!("M{}", points.collect::<Vec<_>>().join("L"));
    html! {
        svg class={ "spark " (direction) } viewBox="0 0 72 22" width="72" height="22" role="img" aria-label=(told) {
            path.l1 d=(path) {}
            circle cx=(format!("{:.1}", x(values.len() - 1))) cy=(format!("{:.1}", y(*last))) r="2" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_the_first_to_the_last_and_says_so() {
        let shown = spark(&[0.0, 0.5, 1.0], 0.0, 1.0, "From 0 to 1").into_string();
        assert!(shown.contains(r#"d="M2.0 20.0L36.0 11.0L70.0 2.0""#) && shown.contains("spark up"), "{shown}");
        assert!(shown.contains(r#"aria-label="From 0 to 1""#));
        assert!(spark(&[1.0, 0.0], 0.0, 1.0, "").into_string().contains("spark down"));
        assert!(!spark(&[], 0.0, 1.0, "").into_string().contains("svg"));
    }
}
