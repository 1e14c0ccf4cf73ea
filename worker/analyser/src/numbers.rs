//! The numbers of a text, as [`domain::answer`] reads them, with what the rules compare.

use domain::answer::{Form, Number};

/// A number in a text, with what its form tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Value {
    pub(super) amount: f64,
    /// Numerator and denominator, if it was said as a fraction.
    pub(super) fraction: Option<(u32, u32)>,
}

impl Value {
    pub(super) fn equals(self, amount: f64) -> bool {
        (self.amount - amount).abs() <= 1e-6 * amount.abs().max(1.0)
    }
}

impl From<&Number> for Value {
    fn from(number: &Number) -> Self {
        let fraction = match number.form {
            Form::Fraction { top, bottom } => u32::try_from(top).ok().zip(u32::try_from(bottom).ok()),
            _ => None,
        };
        let amount = number.share().unwrap_or(number.value).to_f64();
        Self { amount, fraction }
    }
}

#[cfg(test)]
mod tests {
    use domain::answer::Language;

    use super::super::passage::Passage;

    fn amounts(text: &str) -> Vec<f64> {
        Passage::new(text, Language::English).values().iter().map(|value| value.amount).collect()
    }

    #[test]
    fn numbers_are_read_as_they_are_said_and_written() {
        assert_eq!(amounts("$1,825, or 7.50 and three hundred and forty-seven"), [1825.0, 7.5, 347.0]);
        assert_eq!(amounts("minus four, then 25 percent of eighty"), [-4.0, 0.25, 80.0]);
    }

    #[test]
    fn a_fraction_keeps_its_parts() {
        assert_eq!(Passage::new("is it two fifths?", Language::English).values()[0].fraction, Some((2, 5)));
    }
}
