//! Pieces → compact JSON, the same as a tree of them would make, but that whole numbers keep all their digits: in a tree those
//! beyond 64 bits are floats.

use std::{borrow::Cow, fmt::Write as _};

use serde_json::Number;

use super::{
    check::check,
    fields::Fields,
    piece::{Piece, quote, read, unquote},
};
use crate::error::Result;

/// JSON text without blanks, each object's fields in the order of their names. Whole numbers keep all their digits, others are
/// 64-bit floats.
///
/// # Errors
/// `bad_json` when the text is no JSON.
pub fn compact_json(text: &str) -> Result<String> {
    let mut compact = Compact { text: String::new(), max_bytes: usize::MAX };
    compact.write(Piece::whole(check(text.as_bytes())?))?;
    Ok(compact.text)
}

impl Piece<'_> {
    /// Compact JSON with each object's fields in the order of their names; `None` when that is longer than so many
    /// bytes.
    pub(crate) fn compact(self, max_bytes: usize) -> Result<Option<String>> {
        let mut compact = Compact { text: String::new(), max_bytes };
        compact.write(self)?;
        Ok((compact.text.len() <= max_bytes).then_some(compact.text))
    }
}

impl Fields<'_> {
    /// As [`Piece::compact`], of any length.
    pub(crate) fn compact(&self) -> Result<String> {
        let mut compact = Compact { text: String::new(), max_bytes: usize::MAX };
        compact.write_fields(self)?;
        Ok(compact.text)
    }
}

/// Writes compact JSON until it is too long. Nested no deeper than the payload was allowed to be.
struct Compact {
    text: String,
    max_bytes: usize,
}

impl Compact {
    fn is_full(&self) -> bool {
        self.text.len() > self.max_bytes
    }

    fn write(&mut self, piece: Piece<'_>) -> Result<()> {
        if self.is_full() {
            return Ok(());
        }
        match piece.0.as_bytes() {
            [b'[', ..] => self.write_items(piece)?,
            [b'{', ..] => self.write_fields(&piece.fields(usize::MAX)?.0)?,
            [b'"', ..] => {
                let text = unquote(piece.0)?;
                self.write_text(&text, matches!(text, Cow::Owned(_)));
            }
            scalar if is_canonical(scalar) => self.text.push_str(piece.0),
            scalar => match read::<Number>(piece.0)? {
                // JSON has one way to write it
                number if is_whole(scalar) && number.is_f64() && number.as_f64() != Some(0.0) => {
                    self.text.push_str(piece.0);
                }
                number => write!(self.text, "{number}").expect("a String takes everything"),
            },
        }
        Ok(())
    }

    fn write_items(&mut self, array: Piece<'_>) -> Result<()> {
        self.text.push('[');
        for (place, item) in array.members().enumerate() {
            if self.is_full() {
                break;
            }
            if place > 0 {
                self.text.push(',');
            }
            self.write(item)?;
        }
        self.text.push(']');
        Ok(())
    }

    fn write_fields(&mut self, fields: &Fields<'_>) -> Result<()> {
        self.text.push('{');
        for (place, (name, value)) in fields.0.iter().enumerate() {
            if place > 0 {
                self.text.push(',');
            }
            self.write_text(name, matches!(name, Cow::Owned(_)));
            self.text.push(':');
            self.write(*value)?;
        }
        self.text.push('}');
        Ok(())
    }

    fn write_text(&mut self, text: &str, had_escapes: bool) {
        match had_escapes {
            true => self.text.push_str(&quote(text)),
            // then it needs none
            false => self.text.extend(["\"", text, "\""]),
        }
    }
}

/// `null`, `true`, `false`, and whole numbers that are written in one way only.
fn is_canonical(scalar: &[u8]) -> bool {
    match scalar {
        [b't' | b'f' | b'n', ..] => true,
        digits => digits.len() < 19 && digits.iter().all(u8::is_ascii_digit),
    }
}

/// Of a number: it has neither a fraction nor an exponent.
fn is_whole(number: &[u8]) -> bool {
    number.strip_prefix(b"-").unwrap_or(number).iter().all(u8::is_ascii_digit)
}
