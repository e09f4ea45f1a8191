//! A pattern as it is written.

use super::{
    quotes::is_quote,
    shape::{HOLE, MAX_BYTES},
};

/// What stands for a longer pattern's rest.
const CUT: char = '…';
/// Signs between two holes that make one of them, and how many.
const GLUE: [char; 12] = [' ', '.', ',', ':', ';', '/', '+', '-', '_', '|', '×', '−'];
const MAX_GLUE: usize = 3;

/// Texts and holes, one behind the other.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    pub(super) fn push(&mut self, c: char) {
        self.text.push(c);
    }

    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A hole, together with the sign before it; one that is only apart from the last one by a few signs is the same.
    pub(super) fn hole(&mut self) {
        while self.ends_with_sign() {
            self.text.pop();
        }
        let glue = self.text.chars().rev().take(MAX_GLUE).take_while(|c| GLUE.contains(c));
        let ends: Vec<usize> = glue
            .scan(self.text.len(), |end, c| {
                *end -= c.len_utf8();
                Some(*end)
            })
            .collect();
        let end = [self.text.len()].into_iter().chain(ends).find(|end| self.text[..*end].ends_with(HOLE));
        match end {
            Some(end) => self.text.truncate(end),
            None => self.text.push_str(HOLE),
        }
    }

    /// Whether it ends with a number's sign or point: before that is the beginning, or neither a word nor a number.
    fn ends_with_sign(&self) -> bool {
        let before = self.text.strip_suffix(['-', '+', '.', '−']);
        before.is_some_and(|before| !ends_with_word(before))
    }

    pub(super) fn ends_with_word(&self) -> bool {
        ends_with_word(&self.text)
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() > MAX_BYTES
    }

    pub(super) fn finish(mut self) -> String {
        if !self.is_full() {
            return self.text;
        }
        let mut end = self.text.floor_char_boundary(MAX_BYTES - CUT.len_utf8());
        // half a hole is none
        let half = (1..HOLE.len()).find(|back| end >= *back && self.text[..end].ends_with(&HOLE[..*back]));
        end -= half.unwrap_or(0);
        let whole = self.text[..end].trim_end_matches(|c| c == ' ' || c == '\\' || is_quote(c));
        self.text.truncate(whole.len());
        self.text.push(CUT);
        self.text
    }
}

fn ends_with_word(text: &str) -> bool {
    text.ends_with(char::is_alphanumeric) || text.ends_with(HOLE)
}
