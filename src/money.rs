//! Amounts of money, exact: whole nano-dollars, never a floating point number.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

/// Nano-dollars in one dollar.
const NANOS: i64 = 1_000_000_000;

/// An amount in US dollars, in steps of a billionth. Holds up to 9.2 billion dollars; what is beyond stays there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths of a dollar.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// In billionths of a dollar.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// `0.25`, `50`, `-1.5`, `1e-7`: a decimal number with at most nine places that count after the point.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let places = 9 + exponent.parse::<i32>().ok().filter(|e| e.abs() <= 18)? - i32::try_from(part.len()).ok()?;
        if whole.is_empty() || !number(whole) || !number(part) || whole.len() + part.len() > 30 {
            return None;
        }
        let digits: i128 = format!("{whole}{part}").parse().ok()?;
        let scale = 10i128.checked_pow(places.unsigned_abs())?;
        let nanos = if places >= 0 { digits.checked_mul(scale)? } else { exactly(digits, scale)? };
        let nanos = i64::try_from(nanos).ok()?;
        Some(Self(if negative { -nanos } else { nanos }))
    }

    /// This amount for each million, times `count`; halves of a billionth are rounded up.
    pub fn per_million(self, count: u64) -> Self {
        let millionths = i128::from(self.0) * i128::from(count);
        Self(i64::try_from((millionths + 500_000).div_euclid(1_000_000)).unwrap_or(i64::MAX))
    }

    /// In dollars, for display and for comparisons that need not be exact.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / NANOS as f64
    }
}

fn exactly(digits: i128, scale: i128) -> Option<i128> {
    (digits % scale == 0).then_some(digits / scale)
}

impl fmt::Display for Usd {
    /// `0.0025`: as many places as there are, without the name of the currency.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, nanos) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, part) = (nanos / NANOS as u64, nanos % NANOS as u64);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let part = format!("{part:09}");
        write!(f, "{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        let check = |text, nanos: Option<i64>| assert_eq!(Usd::parse(text).map(Usd::nanos), nanos, "{text}");
        check("0.25", Some(250_000_000));
        check("50", Some(50 * NANOS));
        check("1e-7", Some(100));
        check("2.5e-06", Some(2_500));
        check("0.1000000000000", Some(100_000_000));
        check("-1.5", Some(-1_500_000_000));
        check("1.", Some(NANOS));
        for text in ["", "x", ".5", "1e-10", "1e99", "99999999999999", "1.5.5", "--1", "0x1", "+1"] {
            check(text, None);
        }
        for text in ["0", "0.25", "-1.5", "12.000000001", "3"] {
            assert_eq!(Usd::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_price_for_a_million_is_exact_for_each() {
        let rate = Usd::parse("0.0375").unwrap();
        assert_eq!(rate.per_million(1).nanos(), 38);
        assert_eq!(rate.per_million(2).nanos(), 75);
        assert_eq!(rate.per_million(1_000_000), rate);
        assert_eq!(Usd::from_nanos(i64::MAX).per_million(u64::MAX).nanos(), i64::MAX);
    }
}
