//! Exact arithmetic with rational numbers. What does not fit is `None`, never rounded.

use std::fmt;

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, Signed, Zero};
use serde::{Deserialize, Serialize};

/// A rational number in lowest terms.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Exact(Ratio<i128>);

/// Exponents beyond this are not computed.
const MAX_POWER: u32 = 64;

impl Exact {
    pub const ZERO: Self = Self(Ratio::new_raw(0, 1));
    pub const ONE: Self = Self(Ratio::new_raw(1, 1));

    /// Returns a whole number.
    pub const fn whole(value: i64) -> Self {
        Self(Ratio::new_raw(value as i128, 1))
    }

    /// Returns `top / bottom`; `None` if `bottom` is 0.
    pub fn fraction(top: i64, bottom: i64) -> Option<Self> {
        (bottom != 0).then(|| Self(Ratio::new(i128::from(top), i128::from(bottom))))
    }

    /// Returns `top / bottom` for constants; both must be positive.
    pub(super) const fn ratio(top: i64, bottom: i64) -> Self {
        let (mut a, mut b) = (top, bottom);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        Self(Ratio::new_raw((top / a) as i128, (bottom / a) as i128))
    }

    /// Reads digits with at most one point: `12`, `0.75`, `.5`. `None` if there are more than 30 digits.
    pub fn parse(digits: &str) -> Option<Self> {
        let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
        let all: String = [before, after].concat();
        if all.is_empty() || all.len() > 30 || !all.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let top: i128 = all.parse().ok()?;
        let bottom = 10_i128.checked_pow(u32::try_from(after.len()).ok()?)?;
        Some(Self(Ratio::new(top, bottom)))
    }

    /// The sum. `None`: it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(&other.0).map(Self)
    }

    /// The difference. `None`: it does not fit.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(&other.0).map(Self)
    }

    /// The product. `None`: it does not fit.
    pub fn times(self, other: Self) -> Option<Self> {
        self.0.checked_mul(&other.0).map(Self)
    }

    /// Returns the quotient; `None` if `other` is 0.
    pub fn over(self, other: Self) -> Option<Self> {
        (!other.0.is_zero()).then(|| self.0.checked_div(&other.0).map(Self))?
    }

    /// Returns the power; a negative exponent takes the reciprocal.
    pub fn pow(self, exponent: i32) -> Option<Self> {
        let times = exponent.unsigned_abs();
        if times > MAX_POWER {
            return None;
        }
        let mut product = Self::ONE;
        for _ in 0..times {
            product = product.times(self)?;
        }
        if exponent < 0 { Self::ONE.over(product) } else { Some(product) }
    }

    /// Returns the square root if it is rational.
    pub fn square_root(self) -> Option<Self> {
        let root = |value: i128| {
            let root = value.checked_isqrt()?;
            (root * root == value).then_some(root)
        };
        Some(Self(Ratio::new(root(*self.0.numer())?, root(*self.0.denom())?)))
    }

    /// Returns the cube root if it is rational.
    pub fn cube_root(self) -> Option<Self> {
        let root = |value: i128| {
            let near = (value as f64).cbrt().round() as i128;
            (near.checked_pow(3) == Some(value)).then_some(near)
        };
        Some(Self(Ratio::new(root(*self.0.numer())?, root(*self.0.denom())?)))
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The same without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is less than 0.
    pub fn is_negative(self) -> bool {
        self.0.is_negative()
    }

    /// Whether it is 0.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it has no fraction.
    pub fn is_whole(self) -> bool {
        self.0.is_integer()
    }

    /// Returns the number if it is whole and fits.
    pub fn to_whole(self) -> Option<i64> {
        self.is_whole().then(|| i64::try_from(*self.0.numer()).ok())?
    }

    /// Returns the numerator and the denominator in lowest terms; the denominator is positive.
    pub fn parts(self) -> (i128, i128) {
        (*self.0.numer(), *self.0.denom())
    }

    /// Returns the nearest floating-point number, to show it.
    pub fn to_f64(self) -> f64 {
        *self.0.numer() as f64 / *self.0.denom() as f64
    }

    /// Rounds half away from zero to `places` decimals, at most 18.
    pub fn round(self, places: u32) -> Option<Self> {
        let scale = Self(Ratio::from_integer(10_i128.checked_pow(places.min(18))?));
        let scaled = self.times(scale)?;
        Self(scaled.0.round()).over(scale)
    }

    /// Returns how many decimals the number needs; `None` if they never end or are more than 18.
    pub fn decimals(self) -> Option<u32> {
        let (mut rest, mut places) = (*self.0.denom(), [0, 0]);
        for (prime, count) in [2, 5].into_iter().zip(&mut places) {
            while rest % prime == 0 {
                rest /= prime;
                *count += 1;
            }
        }
        let places = places.into_iter().max().filter(|places| rest == 1 && *places <= 18)?;
        (self.round(places) == Some(self)).then_some(places)
    }
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Self::whole(value)
    }
}

impl From<Exact> for String {
    fn from(value: Exact) -> Self {
        value.to_string()
    }
}

impl TryFrom<String> for Exact {
    type Error = String;

    /// Reads `5`, `-0.25` and `1/3`.
    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix('-').unwrap_or(&text);
        let value = match digits.split_once('/') {
            Some((top, bottom)) => Self::parse(top).zip(Self::parse(bottom)).and_then(|(top, bottom)| top.over(bottom)),
            None => Self::parse(digits),
        };
        let value = value.ok_or_else(|| format!("“{text}” is no number: write 0.1 or 1/3"))?;
        Ok(if digits.len() < text.len() { value.negated() } else { value })
    }
}

impl fmt::Debug for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Exact {
    /// Writes `5`, `-3`, `5/6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (top, bottom) = self.parts();
        if bottom == 1 { write!(f, "{top}") } else { write!(f, "{top}/{bottom}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_exactly() {
        assert_eq!(Exact::parse("0.75"), Exact::fraction(3, 4));
        assert_eq!(Exact::parse(".5"), Exact::fraction(1, 2));
        assert_eq!(Exact::parse("1000"), Some(Exact::whole(1000)));
        assert_eq!(Exact::parse(""), None);
        assert_eq!(Exact::parse("1.2.3"), None);
    }

    #[test]
    fn what_does_not_fit_is_none() {
        let large = Exact::parse(&"9".repeat(30)).unwrap();
        assert_eq!(large.times(large).and_then(|square| square.times(large)), None);
        assert_eq!(Exact::whole(10).pow(60), None);
        assert_eq!(Exact::ONE.over(Exact::ZERO), None);
    }

    #[test]
    fn roots_and_rounding_are_exact() {
        assert_eq!(Exact::fraction(9, 16).unwrap().square_root(), Exact::fraction(3, 4));
        assert_eq!(Exact::whole(2).square_root(), None);
        assert_eq!(Exact::whole(-4).square_root(), None);
        assert_eq!(Exact::whole(27).cube_root(), Some(Exact::whole(3)));
        assert_eq!(Exact::fraction(10, 3).unwrap().round(1), Exact::parse("3.3"));
        assert_eq!(Exact::fraction(1, 4).unwrap().decimals(), Some(2));
        assert_eq!(Exact::fraction(1, 3).unwrap().decimals(), None);
    }
}
