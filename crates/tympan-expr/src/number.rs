//! Numbers: whole ones are exact, the others are floats, and both compare exactly.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;

/// The first float beyond every `i128`: 2 to the power of 127.
const BEYOND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// A number.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    /// A whole number.
    Int(i128),
    /// Any other number. Arithmetic never makes one that is not finite.
    Float(f64),
}

impl Number {
    /// A whole number where `float` is one, so that times without a fraction print without one.
    #[must_use]
    pub fn simplest(float: f64) -> Self {
        match whole(float) {
            Some(int) if float.fract() == 0.0 => Self::Int(int),
            _ => Self::Float(float),
        }
    }

    /// The nearest float.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the nearest float is what is asked for")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// The whole number that this is, if it is one.
    #[must_use]
    pub fn as_int(self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(int),
            Self::Float(float) => whole(float).filter(|_| float.fract() == 0.0),
        }
    }

    /// This number without its fraction.
    #[must_use]
    pub fn truncate(self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(int),
            Self::Float(float) => whole(float),
        }
    }

    /// Reads a decimal number: digits, perhaps a sign, a fraction and an exponent.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        if let Ok(int) = text.parse() {
            return Some(Self::Int(int));
        }
        let allowed = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
        if !digits.chars().all(allowed) {
            return None;
        }
        Self::finite(text.parse().ok()?)
    }

    /// The sum, if it is a number.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.combine(other, i128::checked_add, |a, b| a + b)
    }

    /// The difference, if it is a number.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        self.combine(other, i128::checked_sub, |a, b| a - b)
    }

    /// The product, if it is a number.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        self.combine(other, i128::checked_mul, |a, b| a * b)
    }

    /// The quotient, if it is a number: whole when the division leaves no rest.
    #[must_use]
    pub fn over(self, other: Self) -> Option<Self> {
        let exact = |a: i128, b: i128| a.checked_div(b).filter(|_| a.checked_rem(b) == Some(0));
        self.combine(other, exact, |a, b| a / b)
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Int(int) => int.checked_neg().map_or(Self::Float(BEYOND), Self::Int),
            Self::Float(float) => Self::Float(-float),
        }
    }

    /// `float` as a number, unless it is infinite or no number.
    pub(crate) fn finite(float: f64) -> Option<Self> {
        float.is_finite().then_some(Self::Float(float))
    }

    fn combine(
        self,
        other: Self,
        ints: impl Fn(i128, i128) -> Option<i128>,
        floats: impl Fn(f64, f64) -> f64,
    ) -> Option<Self> {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(int) = ints(a, b)
        {
            return Some(Self::Int(int));
        }
        Self::finite(floats(self.as_f64(), other.as_f64()))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Int(a), Self::Float(b)) => int_to_float(a, b),
            (Self::Float(a), Self::Int(b)) => int_to_float(b, a).reverse(),
            // Adding nothing makes the two zeros one; what is no number stands after all others.
            (Self::Float(a), Self::Float(b)) => {
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            }
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match (self.as_int(), self) {
            (Some(int), _) => int.hash(state),
            (None, Self::Float(float)) if !float.is_nan() => float.to_bits().hash(state),
            (None, _) => f64::NAN.to_bits().hash(state),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => int.fmt(f),
            Self::Float(float) => match serde_json::Number::from_f64(*float) {
                Some(number) => number.fmt(f),
                None => f.write_str("null"),
            },
        }
    }
}

impl From<serde_json::Number> for Number {
    fn from(number: serde_json::Number) -> Self {
        number.as_i128().map_or_else(|| Self::Float(number.as_f64().unwrap_or(f64::NAN)), Self::Int)
    }
}

/// `float` without its fraction, when an integer can hold it.
#[expect(clippy::cast_possible_truncation, reason = "the range was looked at")]
fn whole(float: f64) -> Option<i128> {
    (-BEYOND..BEYOND).contains(&float).then_some(float as i128)
}

fn int_to_float(int: i128, float: f64) -> Ordering {
    if float.is_nan() || float >= BEYOND {
        return Ordering::Less;
    }
    let Some(truncated) = whole(float) else { return Ordering::Greater };
    int.cmp(&truncated).then_with(|| 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal))
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn whole_numbers_are_exact() {
        let (a, b) = (Number::Int(9_007_199_254_740_993), Number::Int(9_007_199_254_740_992));
        assert!(a > b);
        assert!(a > Number::Float(9_007_199_254_740_992.0));
        assert_eq!(b, Number::Float(9_007_199_254_740_992.0));
        assert!(Number::Int(-3) > Number::Float(-3.5));
        assert!(Number::Int(3) < Number::Float(3.5));
        assert!(Number::Int(i128::MAX) < Number::Float(1e300));
        assert!(Number::Int(i128::MIN) > Number::Float(-1e300));
    }

    #[test]
    fn arithmetic_falls_back_to_floats_and_never_leaves_the_numbers() {
        let max = Number::Int(i128::MAX);
        assert!(matches!(max.plus(Number::Int(1)), Some(Number::Float(_))));
        assert_eq!(Number::Int(7).over(Number::Int(2)), Some(Number::Float(3.5)));
        assert!(matches!(Number::Int(6).over(Number::Int(2)), Some(Number::Int(3))));
        assert_eq!(Number::Int(6).over(Number::Int(0)), None);
        assert_eq!(Number::Float(1e308).times(Number::Int(10)), None);
        assert!(matches!(Number::Int(i128::MIN).negate(), Number::Float(_)));
    }

    #[test]
    fn printed() {
        for (number, text) in [
            (Number::Int(-12), "-12"),
            (Number::Float(3.0), "3.0"),
            (Number::Float(0.1), "0.1"),
            (Number::simplest(3.0), "3"),
        ] {
            assert_eq!(number.to_string(), text);
        }
    }
}
