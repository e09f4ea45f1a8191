//! Reading a message from its beginning to its end.

use super::{
    ids::{is_id, leading_id},
    quotes::{Quotes, is_escaped},
    shape::HOLE,
    writer::Writer,
};

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    quotes: Quotes,
    /// The whole message is JSON.
    is_json: bool,
    /// Up to here is the name of a JSON member, with its quotes.
    name_end: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, quotes: Quotes::default(), is_json: text.starts_with(['{', '[']), name_end: 0 }
    }

    pub(super) fn read(mut self, to: &mut Writer) {
        while let Some(c) = self.rest().chars().next() {
            if to.is_full() {
                return;
            }
            self.token(c, to);
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What begins with `c`.
    fn token(&mut self, c: char, to: &mut Writer) {
        let rest = self.rest();
        if rest.starts_with(HOLE) {
            self.hole(HOLE.len(), to);
        } else if c.is_ascii_alphanumeric() {
            self.run(to);
        } else if c.is_numeric() {
            self.hole(c.len_utf8(), to);
        } else if c == '\\' {
            let behind = rest[1..].chars().next().filter(|next| is_escaped(*next));
            self.keep(1 + behind.map_or(0, char::len_utf8), to);
        } else if let Some(length) = self.quoted(to) {
            self.hole(length, to);
        } else {
            self.keep(c.len_utf8(), to);
        }
    }

    fn hole(&mut self, bytes: usize, to: &mut Writer) {
        to.hole();
        self.at += bytes;
    }

    fn keep(&mut self, bytes: usize, to: &mut Writer) {
        to.push_str(&self.rest()[..bytes]);
        self.at += bytes;
    }

    /// Bytes of the quoted text here, unless it is a name.
    fn quoted(&mut self, to: &Writer) -> Option<usize> {
        if self.at < self.name_end {
            return None;
        }
        let length = self.quotes.length(self.rest(), to.ends_with_word())?;
        let is_name = self.is_json && self.rest()[length..].trim_start().starts_with(':');
        if is_name {
            self.name_end = self.at + length;
        }
        (!is_name).then_some(length)
    }

    /// A run of ASCII letters and digits.
    fn run(&mut self, to: &mut Writer) {
        let rest = self.rest();
        if let Some(length) = leading_id(rest) {
            return self.hole(length, to);
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let run = &rest[..end];
        if is_id(run) {
            return self.hole(end, to);
        }
        if let Some(exponent) = exponent(run, &rest[end..]) {
            return self.hole(end + exponent, to);
        }
        let mut is_in_number = false;
        for c in run.chars() {
            match (c.is_ascii_digit(), is_in_number) {
                (true, true) => {}
                (true, false) => to.hole(),
                (false, _) => to.push(c),
            }
            is_in_number = c.is_ascii_digit();
        }
        self.at += end;
    }
}

/// Bytes of the sign and the digits behind `1e`: `-5`.
fn exponent(run: &str, behind: &str) -> Option<usize> {
    let mantissa = run.strip_suffix(['e', 'E'])?;
    let is_number = !mantissa.is_empty() && mantissa.bytes().all(|b| b.is_ascii_digit());
    let digits = behind.strip_prefix(['-', '+'])?.bytes().take_while(u8::is_ascii_digit).count();
    (is_number && digits > 0).then_some(1 + digits)
}
