//! Exact fractions for the keys of questions.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The greatest number that divides both. 0 if both are 0.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A fraction in lowest terms with a positive bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fraction {
    top: i64,
    bottom: i64,
}

impl Fraction {
    /// `bottom` must not be 0.
    pub(super) fn new(top: i64, bottom: i64) -> Self {
        let sign = if bottom < 0 { -1 } else { 1 };
        let by = gcd(top, bottom);
        Self { top: sign * top / by, bottom: sign * bottom / by }
    }

    pub(super) const fn top(self) -> i64 {
        self.top
    }

    pub(super) const fn bottom(self) -> i64 {
        self.bottom
    }
}

impl Add for Fraction {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::new(self.top * other.bottom + other.top * self.bottom, self.bottom * other.bottom)
    }
}

impl Sub for Fraction {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Fraction {
    type Output = Self;
    fn neg(self) -> Self {
        Self { top: -self.top, ..self }
    }
}

impl Mul for Fraction {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self::new(self.top * other.top, self.bottom * other.bottom)
    }
}

impl Div for Fraction {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self::new(self.top * other.bottom, self.bottom * other.top)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.top * other.bottom).cmp(&(other.top * self.bottom))
    }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bottom {
            1 => write!(f, "{}", self.top),
            bottom => write!(f, "{}/{bottom}", self.top),
        }
    }
}

/// `units` of the last decimal place as text without trailing zeros: 250 with 2 places is 2.5.
pub(super) fn decimal(units: i64, places: u32) -> String {
    let scale = 10_i64.pow(places);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.abs() / scale, units.abs() % scale);
    let digits = format!("{rest:0width$}", width = places as usize);
    match digits.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        digits => format!("{sign}{whole}.{digits}"),
    }
}

/// An amount as it is written: $7, $7.25, $0.50.
pub(super) fn dollars(cents: i64) -> String {
    match cents % 100 {
        0 => format!("${}", cents / 100),
        rest => format!("${}.{rest:02}", cents / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_in_lowest_terms_and_calculate() {
        let f = Fraction::new;
        assert_eq!(f(6, -8).to_string(), "-3/4");
        assert_eq!((f(1, 2) + f(1, 3)).to_string(), "5/6");
        assert_eq!((f(1, 2) - f(1, 2)).to_string(), "0");
        assert_eq!((f(2, 3) * f(3, 2)).to_string(), "1");
        assert_eq!((f(1, 2) / f(-1, 4)).to_string(), "-2");
        assert!(f(2, 3) < f(3, 4) && f(-1, 2) < f(1, 3));
    }

    #[test]
    fn decimals_and_amounts_are_written_as_people_write_them() {
        assert_eq!([decimal(250, 2), decimal(-5, 2), decimal(300, 2), decimal(7, 0)], ["2.5", "-0.05", "3", "7"]);
        assert_eq!([dollars(700), dollars(725), dollars(50), dollars(1_005)], ["$7", "$7.25", "$0.50", "$10.05"]);
    }
}
