//! Numbers as people type them: `2,5`, `−4`, `1_000`, `2*3+1`, and `+=5` on top of the current value.
//!
//! Integers are computed exactly in the whole 64-bit range and beyond; anything else as floats. Written by hand: the grammar
//! has nine rules, and the browser downloads it.

use crate::model::{Integer, Value};

/// The longest text that is read as a number. Nobody types more by hand, and depth and time are bounded with it.
const MAX_CHARS: usize = 256;
/// The deepest brackets.
const MAX_DEPTH: u32 = 32;
/// Up to here every integer is a float without loss.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Why typed text is no number: a sentence for the person who typed it.
type Refused = &'static str;

pub(super) const NO_NUMBER: Refused = "type a number, such as 0.25, or arithmetic, such as 2*3+1";
const TOO_LARGE: Refused = "the result is too large";
const AMBIGUOUS: Refused =
    "a comma before three digits can mean a thousand or a fraction: type 1000, or 1.000 for one";

/// A result, exact while it is whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(Self::Int(number.get())),
            Value::Float(number) => Some(Self::Float(*number)),
            _ => None,
        }
    }

    pub(super) fn to_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    /// The same number as an integer of the 64-bit ranges; `2.0` is one, and beyond 2⁵³ a float would be a guess.
    pub(super) fn to_integer(self) -> Option<Integer> {
        match self {
            Self::Int(number) => Integer::new(number),
            Self::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                Some(Integer::nearest(number))
            }
            Self::Float(_) => None,
        }
    }

    fn combine(self, operator: char, other: Self) -> Result<Self, Refused> {
        if let (Self::Int(a), Self::Int(b)) = (self, other) {
            let exact = match operator {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                '*' => a.checked_mul(b),
                '/' if a.checked_rem(b) == Some(0) => a.checked_div(b),
                '%' => a.checked_rem(b),
                _ => None,
            };
            if let Some(exact) = exact {
                return Ok(Self::Int(exact));
            }
        }
        let (a, b) = (self.to_f64(), other.to_f64());
        let number = match operator {
            '/' | '%' if b == 0.0 => return Err("nothing can be divided by zero"),
            '+' => a + b,
            '-' => a - b,
            '*' => a * b,
            '/' => a / b,
            _ => a % b,
        };
        if number.is_finite() { Ok(Self::Float(number)) } else { Err(TOO_LARGE) }
    }

    fn negated(self) -> Self {
        match self {
            Self::Int(number) => number.checked_neg().map_or(Self::Float(-(number as f64)), Self::Int),
            Self::Float(number) => Self::Float(-number),
        }
    }
}

/// Reads a number, arithmetic, or a change of `current` such as `+=5` or `*2`.
pub(super) fn read(text: &str, current: Option<&Value>) -> Result<Number, Refused> {
    if text.chars().count() > MAX_CHARS {
        return Err("a number is at most 256 characters long");
    }
    let chars: Vec<char> = text.trim().chars().map(plain).collect();
    let (operator, rest) = match chars.as_slice() {
        [operator @ ('+' | '-' | '*' | '/' | '%'), '=', rest @ ..]
        | [operator @ ('*' | '/' | '%'), rest @ ..] => (Some(*operator), rest),
        all => (None, all),
    };
    let mut reader = Reader { rest, depth: 0 };
    let number = reader.sum()?;
    if !reader.rest.is_empty() {
        return Err(NO_NUMBER);
    }
    match operator {
        None => Ok(number),
        Some(operator) => match current.and_then(Number::of) {
            Some(current) => current.combine(operator, number),
            None => Err("there is no number yet to calculate with"),
        },
    }
}

/// The character that is meant: other keyboards and input methods have minus signs, digits and brackets of their own.
fn plain(typed: char) -> char {
    match typed {
        '−' => '-',
        '×' | '·' => '*',
        '÷' => '/',
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\u{3000}' => ' ',
        // the full-width forms stand in the order of ASCII
        '！'..='～' => char::from_u32(typed as u32 - 0xfee0).unwrap_or(typed),
        other => other,
    }
}

struct Reader<'a> {
    rest: &'a [char],
    depth: u32,
}

impl Reader<'_> {
    fn skip_blanks(&mut self) {
        while let [' ' | '\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// Takes the next character if it is one of these.
    fn take(&mut self, wanted: &[char]) -> Option<char> {
        self.skip_blanks();
        match self.rest {
            [next, rest @ ..] if wanted.contains(next) => {
                self.rest = rest;
                Some(*next)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<Number, Refused> {
        let mut all = self.product()?;
        while let Some(operator) = self.take(&['+', '-']) {
            all = all.combine(operator, self.product()?)?;
        }
        self.skip_blanks();
        Ok(all)
    }

    fn product(&mut self) -> Result<Number, Refused> {
        let mut all = self.factor()?;
        while let Some(operator) = self.take(&['*', '/', '%']) {
            all = all.combine(operator, self.factor()?)?;
        }
        Ok(all)
    }

    fn factor(&mut self) -> Result<Number, Refused> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("brackets and signs are nested at most 32 deep");
        }
        let number = match self.take(&['+', '-', '(']) {
            Some('+') => self.factor()?,
            Some('-') => self.factor()?.negated(),
            Some(_) => {
                let inside = self.sum()?;
                self.take(&[')']).ok_or("a bracket is not closed")?;
                inside
            }
            None => self.literal()?,
        };
        self.depth -= 1;
        Ok(number)
    }

    fn literal(&mut self) -> Result<Number, Refused> {
        self.skip_blanks();
        if let ['0', 'x' | 'X', rest @ ..] = self.rest {
            self.rest = rest;
            let digits = self.run(|c| c.is_ascii_hexdigit() || c == '_').replace('_', "");
            return i128::from_str_radix(&digits, 16).map(Number::Int).map_err(|_| NO_NUMBER);
        }
        let digits = mantissa(&self.run(|c| c.is_ascii_digit() || matches!(c, '_' | '\'' | ',' | '.')))?;
        let digits = digits + &self.exponent();
        match digits.parse::<i128>() {
            Ok(whole) => Ok(Number::Int(whole)),
            Err(_) => match digits.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Number::Float(number)),
                Ok(_) => Err(TOO_LARGE),
                Err(_) => Err(NO_NUMBER),
            },
        }
    }

    fn run(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        loop {
            match self.rest {
                [next, rest @ ..] if belongs(*next) => {
                    taken.push(*next);
                    self.rest = rest;
                }
                // a blank between digits groups them, as in 1 000
                [' ', a, b, c, rest @ ..]
                    if [a, b, c].iter().all(|c| c.is_ascii_digit())
                        && !taken.is_empty()
                        && rest.first().is_none_or(|next| !next.is_ascii_digit()) =>
                {
                    taken.extend([*a, *b, *c]);
                    self.rest = rest;
                }
                _ => return taken,
            }
        }
    }

    /// `e-3` behind the digits, if it is there.
    fn exponent(&mut self) -> String {
        let after_sign = match self.rest {
            ['e' | 'E', '+' | '-', rest @ ..] | ['e' | 'E', rest @ ..] => rest,
            _ => return String::new(),
        };
        if !after_sign.first().is_some_and(char::is_ascii_digit) {
            return String::new();
        }
        let sign = if self.rest[1] == '-' { "e-" } else { "e" };
        self.rest = after_sign;
        format!("{sign}{}", self.run(|c| c.is_ascii_digit()))
    }
}

/// Digits with at most one point, out of digits with the separators that people use.
fn mantissa(typed: &str) -> Result<String, Refused> {
    let typed = typed.replace(['_', '\''], "");
    let digits = match (typed.matches(',').count(), typed.rfind(','), typed.rfind('.')) {
        (0, ..) => typed,
        (1, Some(comma), None) if is_group(&typed[..comma], &typed[comma + 1..]) => return Err(AMBIGUOUS),
        (1, _, None) => typed.replace(',', "."),
        // of both kinds the last one is the point: 1.000,5 and 1,000.5
        (1, Some(comma), Some(point)) if comma > point => {
            ungrouped(&typed[..comma], '.')? + "." + &typed[comma + 1..]
        }
        (_, _, Some(point)) => ungrouped(&typed[..point], ',')? + &typed[point..],
        _ => ungrouped(&typed, ',')?,
    };
    match digits.bytes().any(|b| b.is_ascii_digit()) {
        true => Ok(digits),
        false => Err(NO_NUMBER),
    }
}

/// Whether `whole` and `part` could be thousands and hundreds: nobody writes those as 0,125 or 1234,567.
fn is_group(whole: &str, part: &str) -> bool {
    part.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0')
}

fn ungrouped(whole: &str, separator: char) -> Result<String, Refused> {
    match whole.split(separator).skip(1).all(|group| group.len() == 3) {
        true => Ok(whole.replace(separator, "")),
        false => Err(NO_NUMBER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(text: &str) -> Result<i128, Refused> {
        match read(text, Some(&Value::Int(10i64.into())))? {
            Number::Int(number) => Ok(number),
            Number::Float(_) => Err("a float"),
        }
    }

    fn float(text: &str) -> Result<f64, Refused> {
        read(text, Some(&Value::Float(10.0))).map(Number::to_f64)
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (typed, number) in [
            ("2,5", 2.5),
            ("−4", -4.0),
            ("1_000", 1_000.0),
            ("1 000,5", 1_000.5),
            ("1\u{202f}000\u{202f}000", 1_000_000.0),
            ("1'000", 1_000.0),
            ("1.000,5", 1_000.5),
            ("1,000.5", 1_000.5),
            ("1,000,000", 1_000_000.0),
            ("0,125", 0.125),
            ("1234,567", 1_234.567),
            (".5", 0.5),
            ("5.", 5.0),
            ("1e-3", 0.001),
            ("1E+3", 1_000.0),
            ("1e300", 1e300),
            ("0xff", 255.0),
            ("２．５", 2.5),
            ("+7", 7.0),
            ("- 7", -7.0),
        ] {
            assert_eq!(float(typed), Ok(number), "{typed}");
        }
    }

    #[test]
    fn arithmetic_keeps_its_order() {
        for (typed, number) in [
            ("2*3+1", 7.0),
            ("1+2*3", 7.0),
            ("(1+2)*3", 9.0),
            ("2×3÷4", 1.5),
            ("-(2-5)", 3.0),
            ("7%4", 3.0),
            ("1/4", 0.25),
            ("2--1", 3.0),
        ] {
            assert_eq!(float(typed), Ok(number), "{typed}");
        }
        assert_eq!(float("1/3"), Ok(1.0 / 3.0));
    }

    #[test]
    fn a_leading_operator_changes_the_current_value() {
        for (typed, number) in
            [("+=5", 15), ("-=5", 5), ("*2", 20), ("*=2", 20), ("/2", 5), ("%3", 1), ("-5", -5), ("+5", 5)]
        {
            assert_eq!(int(typed), Ok(number), "{typed}");
        }
        assert!(read("*2", None).is_err());
        assert!(read("*2", Some(&Value::Text("a".into()))).is_err());
    }

    #[test]
    fn integers_are_exact_and_stay_so() {
        assert_eq!(int("9223372036854775807"), Ok(9_223_372_036_854_775_807));
        assert_eq!(int("9223372036854775807+1-1"), Ok(9_223_372_036_854_775_807));
        assert_eq!(int("18446744073709551615*1"), Ok(18_446_744_073_709_551_615));
        assert_eq!(read("2.0", None).unwrap().to_integer(), Some(2i64.into()));
        assert_eq!(read("1e3", None).unwrap().to_integer(), Some(1000i64.into()));
        assert_eq!(read("1/3", None).unwrap().to_integer(), None);
        assert_eq!(read("1e300", None).unwrap().to_integer(), None);
        assert_eq!(read("18446744073709551616", None).unwrap().to_integer(), None);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let deep = format!("{}1{}", "(".repeat(40), ")".repeat(40));
        let long = "1".repeat(300);
        for typed in [
            "",
            "fast",
            "inf",
            "nan",
            "1.2.3",
            "1,2,3",
            "1.5,5",
            "1,000.5.5",
            "2*",
            "(1",
            "1)",
            "1 2",
            "..",
            "_",
            "0x",
            "e5",
            "1e",
            "1e999",
            "1/0",
            "5%0",
            "1,000",
            "--",
            "=5",
            &deep,
            &long,
        ] {
            assert!(read(typed, Some(&Value::Float(1.0))).is_err(), "{typed}");
        }
    }
}
