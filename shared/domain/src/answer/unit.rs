//! Units of measure and money, and whether two of them can be converted.

use super::exact::Exact;

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Base {
    /// In metres. A volume is its third power.
    Length,
    /// In grams.
    Mass,
    /// In pounds of 16 ounces; the word may also mean money.
    Pound,
    /// In seconds.
    Time,
    /// In months.
    Month,
    Dollar,
    Euro,
    Sterling,
    /// Cents of a currency that was not named.
    Money,
    Degree,
    Celsius,
    Fahrenheit,
    /// "Units": a length that was not named.
    Piece,
    Percent,
}

const BASES: usize = 14;

/// A unit: a product of powers of bases, times a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unit {
    powers: [i8; BASES],
    factor: Exact,
}

impl Unit {
    pub const PERCENT: Self = Self::of(Base::Percent, Exact::ONE);

    /// Returns a unit of one base that is `factor` times the base's own.
    pub const fn of(base: Base, factor: Exact) -> Self {
        let mut powers = [0; BASES];
        powers[base as usize] = 1;
        Self { powers, factor }
    }

    /// Returns `self` to a power between -9 and 9.
    pub fn pow(self, exponent: i8) -> Option<Self> {
        if !(-9..=9).contains(&exponent) {
            return None;
        }
        let mut powers = self.powers;
        for power in &mut powers {
            *power = power.checked_mul(exponent)?;
        }
        Some(Self { powers, factor: self.factor.pow(i32::from(exponent))? })
    }

    /// Returns the unit that is `factor` times this one.
    pub(super) fn scaled(self, factor: Exact) -> Self {
        Self { powers: self.powers, factor: self.factor.times(factor).unwrap_or(self.factor) }
    }

    /// Returns the product of two units.
    pub fn times(self, other: Self) -> Option<Self> {
        let mut powers = self.powers;
        for (power, by) in powers.iter_mut().zip(other.powers) {
            *power = power.checked_add(by)?;
        }
        Some(Self { powers, factor: self.factor.times(other.factor)? })
    }

    /// Returns `self` per `other`.
    pub fn per(self, other: Self) -> Option<Self> {
        self.times(other.pow(-1)?)
    }

    /// Returns what one of this unit is in the base's own.
    pub fn factor(self) -> Exact {
        self.factor
    }

    /// Whether it measures the same as `base`.
    pub fn is(self, base: Base) -> bool {
        self.powers[base as usize] != 0
    }

    /// Whether it is a percentage.
    pub fn is_percent(self) -> bool {
        self == Self::PERCENT
    }

    /// Whether it is a currency.
    pub fn is_money(self) -> bool {
        [Base::Dollar, Base::Euro, Base::Sterling, Base::Money].into_iter().any(|base| self.is(base))
    }

    /// A clock's or a calendar's unit, not a rate.
    pub fn is_duration(self) -> bool {
        self.powers.iter().enumerate().all(
            |(base, power)| {
                if base == Base::Time as usize { *power == 1 } else { *power == 0 }
            },
        )
    }

    /// Whether both measure the same, so that values can be converted. Named and unnamed currencies, degrees and lengths
    /// are compatible.
    pub fn is_compatible(self, other: Self) -> bool {
        let (one, two) = (self.powers, other.powers);
        one == two || {
            const LOOSE: [(Base, Base); 7] = [
                (Base::Money, Base::Dollar),
                (Base::Money, Base::Euro),
                (Base::Money, Base::Sterling),
                (Base::Pound, Base::Sterling),
                (Base::Degree, Base::Celsius),
                (Base::Degree, Base::Fahrenheit),
                (Base::Piece, Base::Length),
            ];
            LOOSE.into_iter().any(|(loose, named)| {
                let renamed = |mut powers: [i8; BASES]| {
                    powers[named as usize] += powers[loose as usize];
                    powers[loose as usize] = 0;
                    powers
                };
                renamed(one) == renamed(two)
            })
        }
    }

    /// Returns `value` of this unit in `other`; `None` if they are not compatible.
    pub fn convert(self, value: Exact, other: Self) -> Option<Exact> {
        if !self.is_compatible(other) {
            return None;
        }
        // "16 units" says nothing about their length.
        if self.is(Base::Piece) || other.is(Base::Piece) {
            return Some(value);
        }
        value.times(self.factor)?.over(other.factor)
    }
}
