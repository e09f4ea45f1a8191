//! Numbers of any size, compared exactly.

use std::{cmp::Ordering, fmt};

/// A decimal number. It keeps every digit, so 64-bit integers and decimals that no float can hold are compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal {
    is_negative: bool,
    /// Without zeros at either end; empty for zero.
    digits: String,
    /// The number is `0.digits` times ten to the power of this.
    exponent: i64,
}

impl Decimal {
    /// Reads what is a number in JSON, and also `+1`, `.5`, `5.` and `007`.
    pub fn parse(text: &str) -> Option<Self> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, exponent(power)?),
            None => (text, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = [whole, part].concat();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let leading = digits.len() - digits.trim_start_matches('0').len();
        let digits = digits.trim_matches('0');
        if digits.is_empty() {
            return Some(Self { is_negative: false, digits: String::new(), exponent: 0 });
        }
        let point = i64::try_from(whole.len()).ok()? - i64::try_from(leading).ok()?;
        Some(Self { is_negative, digits: digits.to_owned(), exponent: point.checked_add(power)? })
    }

    /// How far it is from zero.
    fn compare_size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // digits behind the point are in order as text is
            (false, false) => (self.exponent, &self.digits).cmp(&(other.exponent, &other.digits)),
        }
    }
}

/// Behind the `e`.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Zeros that are easier to read than an exponent.
        const MAX_ZEROS: usize = 20;
        if self.is_negative {
            f.write_str("-")?;
        }
        let (digits, len) = (&self.digits, self.digits.len());
        match usize::try_from(self.exponent) {
            _ if digits.is_empty() => f.write_str("0"),
            Ok(whole) if whole >= len && whole <= len + MAX_ZEROS => write!(f, "{digits:0<whole$}"),
            Ok(whole) if whole > 0 && whole < len => write!(f, "{}.{}", &digits[..whole], &digits[whole..]),
            Ok(0) => write!(f, "0.{digits}"),
            _ => write!(f, "0.{digits}e{}", self.exponent),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn one_number_is_written_in_many_ways() {
        for (text, same) in [
            ("0", "-0.0e7"),
            ("10", "1e1"),
            ("10", "+010.0"),
            ("0.5", ".5"),
            ("5", "5."),
            ("-1.50", "-15e-1"),
            ("18446744073709551615", "1.8446744073709551615E19"),
        ] {
            assert_eq!(read(text), read(same), "{text} is {same}");
        }
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "1.2.3",
            "0x10",
            "1_000",
            "NaN",
            "inf",
            "1e99999999999999999999",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_digit_is_lost() {
        for (less, more) in [
            ("9223372036854775807", "9223372036854775808"),
            ("18446744073709551614", "18446744073709551615"),
            ("0.1", "0.10000000000000000000001"),
            ("-18446744073709551616", "-18446744073709551615"),
            ("-1", "0"),
            ("0", "1e-400"),
            ("9e400", "1e401"),
            ("2", "10"),
            ("-10", "-2"),
        ] {
            assert!(read(less) < read(more) && read(more) > read(less), "{less} < {more}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_ordered_as_integers(a: i128, b: i128) {
            prop_assert_eq!(read(&a.to_string()).cmp(&read(&b.to_string())), a.cmp(&b));
        }

        #[test]
        fn what_is_printed_reads_back(text in "-?[0-9]{1,25}(\\.[0-9]{1,25})?(e-?[0-9]{1,4})?") {
            let number = read(&text);
            prop_assert_eq!(read(&number.to_string()), number);
        }
    }
}
