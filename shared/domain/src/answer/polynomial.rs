//! Polynomials in normal form, so that equivalent expressions are equal.

use std::collections::BTreeMap;
use std::fmt;

use super::exact::Exact;

/// Powers of letters, without those of exponent 0.
type Monomial = BTreeMap<char, u32>;

/// Terms beyond this are not multiplied out.
const MAX_TERMS: usize = 64;

/// A sum of monomials with rational coefficients; no coefficient is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Polynomial(BTreeMap<Monomial, Exact>);

impl Polynomial {
    /// A number without letters.
    pub fn constant(value: Exact) -> Self {
        let mut terms = BTreeMap::new();
        if !value.is_zero() {
            terms.insert(Monomial::new(), value);
        }
        Self(terms)
    }

    /// One letter.
    pub fn letter(letter: char) -> Self {
        Self(BTreeMap::from([(Monomial::from([(letter, 1)]), Exact::ONE)]))
    }

    /// Returns the number if there are no letters.
    pub fn as_constant(&self) -> Option<Exact> {
        match self.0.len() {
            0 => Some(Exact::ZERO),
            1 => self.0.get(&Monomial::new()).copied(),
            _ => None,
        }
    }

    /// Returns the letters that occur, in order.
    pub fn letters(&self) -> Vec<char> {
        let mut letters: Vec<char> = self.0.keys().flat_map(|monomial| monomial.keys().copied()).collect();
        letters.sort_unstable();
        letters.dedup();
        letters
    }

    /// Returns the coefficient of the last monomial with letters, in the order of letters; `None` if there is none.
    pub(super) fn lead(&self) -> Option<Exact> {
        self.0.iter().next_back().filter(|(monomial, _)| !monomial.is_empty()).map(|(_, coefficient)| *coefficient)
    }

    /// The sum. `None`: a number does not fit.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let mut terms = self.0.clone();
        for (monomial, coefficient) in &other.0 {
            let sum = terms.get(monomial).copied().unwrap_or(Exact::ZERO).plus(*coefficient)?;
            if sum.is_zero() {
                terms.remove(monomial);
            } else {
                terms.insert(monomial.clone(), sum);
            }
        }
        Some(Self(terms))
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self(self.0.iter().map(|(monomial, coefficient)| (monomial.clone(), coefficient.negated())).collect())
    }

    /// The difference. `None`: a number does not fit.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        self.plus(&other.negated())
    }

    /// The product. `None`: a number does not fit, or it has too many terms.
    pub fn times(&self, other: &Self) -> Option<Self> {
        if self.0.len() * other.0.len() > MAX_TERMS {
            return None;
        }
        let mut product = Self::default();
        for (one, a) in &self.0 {
            for (two, b) in &other.0 {
                let mut monomial = one.clone();
                for (letter, power) in two {
                    let power = monomial.get(letter).copied().unwrap_or(0).checked_add(*power)?;
                    monomial.insert(*letter, power);
                }
                product = product.plus(&Self(BTreeMap::from([(monomial, a.times(*b)?)])))?;
            }
        }
        Some(product)
    }

    /// Divides by a number, or by a single term that divides every term.
    pub fn over(&self, other: &Self) -> Option<Self> {
        let (divisor, factor) = other.0.iter().next().filter(|_| other.0.len() == 1)?;
        let mut quotient = BTreeMap::new();
        for (monomial, coefficient) in &self.0 {
            let mut monomial = monomial.clone();
            for (letter, power) in divisor {
                let rest = monomial.get(letter)?.checked_sub(*power)?;
                if rest == 0 {
                    monomial.remove(letter);
                } else {
                    monomial.insert(*letter, rest);
                }
            }
            quotient.insert(monomial, coefficient.over(*factor)?);
        }
        Some(Self(quotient))
    }

    /// Returns the power for exponents up to 12; numbers take negative ones, too.
    pub fn pow(&self, exponent: i32) -> Option<Self> {
        if let Some(value) = self.as_constant() {
            return value.pow(exponent).map(Self::constant);
        }
        (0..=12)
            .contains(&exponent)
            .then(|| (0..exponent).try_fold(Self::constant(Exact::ONE), |product, _| product.times(self)))?
    }
}

impl fmt::Display for Polynomial {
    /// Writes `7x`, `2x + 6`, `x^2 - 1/2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("0");
        }
        let degree = |monomial: &Monomial| monomial.values().sum::<u32>();
        let mut terms: Vec<_> = self.0.iter().collect();
        terms.sort_by_key(|(monomial, _)| std::cmp::Reverse(degree(monomial)));
        for (index, (monomial, coefficient)) in terms.into_iter().enumerate() {
            let sign = match (index, coefficient.is_negative()) {
                (0, true) => "-",
                (0, false) => "",
                (_, true) => " - ",
                (_, false) => " + ",
            };
            f.write_str(sign)?;
            let size = coefficient.abs();
            if size != Exact::ONE || monomial.is_empty() {
                write!(f, "{size}")?;
            }
            for (letter, power) in monomial {
                if *power == 1 { write!(f, "{letter}")? } else { write!(f, "{letter}^{power}")? }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_expressions_are_equal() {
        let (x, two, three) =
            (Polynomial::letter('x'), Polynomial::constant(Exact::whole(2)), Polynomial::constant(Exact::whole(3)));
        let product = two.times(&x.plus(&three).unwrap()).unwrap();
        assert_eq!(product.to_string(), "2x + 6");
        assert_eq!(product.over(&two).unwrap(), x.plus(&three).unwrap());
        assert_eq!(x.minus(&x).unwrap().as_constant(), Some(Exact::ZERO));
        assert_eq!(x.pow(2).unwrap().minus(&two).unwrap().to_string(), "x^2 - 2");
    }
}
