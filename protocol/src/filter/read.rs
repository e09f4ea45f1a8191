//! Text → terms. What has no meaning here, and does elsewhere, is answered instead of being looked for as text.

use super::{
    fold::folded,
    term::{FilterError, Term, Test},
};
use crate::limits::MAX_FILTER_BYTES;
use crate::model::Level;

const LEVELS: &str = "a level is trace, debug, info, warn, error or fatal";
const LEVEL_APART: &str = "write the level right after the sign, without a space: level>=warn";
const NO_SUCH_LEVEL: &str = "no level is beyond this one; use >= or <=";
const DEVICE_NAME: &str =
    "write the name right after the colon: device:phone, or with double quotes device:\"Ana's phone\"";
const NO_FIELD: &str = "the only fields are level and device; to find this as text, put it in double quotes";
const NO_TIME: &str = "a filter can't select by time: leave this out and look through older lines; to find this as text, put it in double quotes";
const NO_OR: &str = "a line must match all terms, there is no OR; for several levels write level>=error; to find the word, write \"OR\"";
const NO_AND: &str = "leave this out, a line must match all terms anyway; to find the word, write \"AND\"";
const NO_NOT: &str =
    "write - right before the term that must not match, as in -boss; to find the word, write \"NOT\"";
const NO_GROUPS: &str =
    "parentheses can't group terms, leave them out; to find them as text, put the word in double quotes";
const NO_WILDCARDS: &str =
    "a word is found inside longer words too, so leave the * out; to find a *, put the word in double quotes";

/// Longest first, so that none hides another.
const SIGNS: [&str; 8] = [">=", "<=", "!=", "==", ":", "=", ">", "<"];
const TIMES: [&str; 8] = ["since", "until", "before", "after", "from", "to", "time", "date"];

/// What was typed, and how far it has been read.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn terms(mut self) -> Result<Vec<Term>, FilterError> {
        if self.text.len() > MAX_FILTER_BYTES {
            let text = format!("a filter has at most {MAX_FILTER_BYTES} bytes");
            return Err(FilterError { text, start: 0, end: self.text.len() });
        }
        let mut terms = Vec::new();
        while let Some(skip) = self.rest().find(|c: char| !c.is_whitespace()) {
            self.at += skip;
            terms.push(self.term()?);
        }
        Ok(terms)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn term(&mut self) -> Result<Term, FilterError> {
        let start = self.at;
        let negated = self.take_not();
        if let Some(phrase) = self.quoted(start)? {
            return Ok(Term { negated, test: Test::Text(folded(phrase)) });
        }
        let word = self.peek_word();
        if let Some((name, sign)) = field_of(word) {
            self.at += name.len() + sign.len();
            let Term { negated: opposite, test } = self.field(name, sign, start)?;
            return Ok(Term { negated: negated != opposite, test });
        }
        self.at += word.len();
        self.check_word(word, start)?;
        Ok(Term { negated, test: Test::Text(folded(word)) })
    }

    /// `-` or `!` right before something. `!=` and `!!!` are text.
    fn take_not(&mut self) -> bool {
        let mut chars = self.rest().chars();
        let (first, second) = (chars.next(), chars.next());
        let is_not = match (first, second) {
            (Some('-'), Some(next)) => !next.is_whitespace(),
            (Some('!'), Some(next)) => !next.is_whitespace() && next != '=' && next != '!',
            _ => false,
        };
        self.at += usize::from(is_not);
        is_not
    }

    /// A phrase, if one begins here, in straight quotes or in those that phones make of them.
    fn quoted(&mut self, start: usize) -> Result<Option<&'a str>, FilterError> {
        let rest = self.rest();
        let closing = match rest.chars().next() {
            Some('"') => '"',
            Some('“') => '”',
            _ => return Ok(None),
        };
        let open = closing.len_utf8();
        let Some(len) = rest[open..].find(closing) else {
            self.at = self.text.len();
            return Err(self.fault(start, "the quote has no end"));
        };
        self.at += open + len + closing.len_utf8();
        Ok(Some(&rest[open..open + len]))
    }

    fn peek_word(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())]
    }

    /// What stands behind a field's sign: a word or a phrase.
    fn value(&mut self, start: usize) -> Result<&'a str, FilterError> {
        if let Some(phrase) = self.quoted(start)? {
            return Ok(phrase);
        }
        let word = self.peek_word();
        self.at += word.len();
        if word.contains('*') {
            return Err(self.fault(start, NO_WILDCARDS));
        }
        Ok(word)
    }

    fn field(&mut self, name: &str, sign: &str, start: usize) -> Result<Term, FilterError> {
        let value = self.value(start)?;
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let test = if is("level") {
            self.level(sign, value, start)?
        } else if is("device") {
            if value.trim().is_empty() || value.starts_with('\'') || matches!(sign, ">" | "<" | ">=" | "<=") {
                return Err(self.fault(start, DEVICE_NAME));
            }
            Test::Device(folded(value))
        } else if TIMES.iter().any(|time| is(time)) {
            return Err(self.fault(start, NO_TIME));
        } else {
            return Err(self.fault(start, NO_FIELD));
        };
        Ok(Term { negated: sign == "!=", test })
    }

    fn level(&self, sign: &str, value: &str, start: usize) -> Result<Test, FilterError> {
        if value.is_empty() {
            return Err(self.fault(start, LEVEL_APART));
        }
        let level = Level::parse(value).ok_or_else(|| self.fault(start, LEVELS))?;
        let beside =
            |by: i64| Level::from_number(level as i64 + by).ok_or_else(|| self.fault(start, NO_SUCH_LEVEL));
        let (from, to) = match sign {
            ">=" => (level, Level::Fatal),
            ">" => (beside(1)?, Level::Fatal),
            "<=" => (Level::Trace, level),
            "<" => (Level::Trace, beside(-1)?),
            _ => (level, level),
        };
        Ok(Test::Levels { from, to })
    }

    /// Whether a word is only a word.
    fn check_word(&mut self, word: &str, start: usize) -> Result<(), FilterError> {
        let why = match word {
            "OR" | "||" | "|" => NO_OR,
            "AND" | "&&" => NO_AND,
            "NOT" => NO_NOT,
            _ if word.starts_with('(') || ends_a_group(word) => NO_GROUPS,
            _ if word.len() > 1 && word.contains('*') => NO_WILDCARDS,
            _ if word.eq_ignore_ascii_case("level") && self.take_sign() => LEVEL_APART,
            _ if word.eq_ignore_ascii_case("device") && self.take_sign() => DEVICE_NAME,
            _ => return Ok(()),
        };
        Err(self.fault(start, why))
    }

    /// A field's sign apart from its field.
    fn take_sign(&mut self) -> bool {
        let rest = self.rest();
        let apart = rest.trim_start();
        let is_sign = SIGNS.iter().any(|sign| apart.starts_with(sign));
        if is_sign {
            self.at += rest.len() - apart.len();
            self.at += self.peek_word().len();
        }
        is_sign
    }

    /// From there to here.
    fn fault(&self, start: usize, why: &str) -> FilterError {
        FilterError { text: why.to_owned(), start, end: self.at }
    }
}

/// `name:`, `name>=` and so on at the beginning of a word. Not what only looks alike: `error:`, `std::fmt`, `http://…`,
/// `C:\…`.
fn field_of(word: &str) -> Option<(&str, &str)> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    let name = &word[..word.find(|c| !is_of_name(c)).unwrap_or(word.len())];
    if !name.starts_with(char::is_alphabetic) || name.ends_with('-') {
        return None;
    }
    let rest = &word[name.len()..];
    let sign = *SIGNS.iter().find(|sign| rest.starts_with(*sign))?;
    let value = &rest[sign.len()..];
    let is_known = ["level", "device"].iter().any(|known| name.eq_ignore_ascii_case(known));
    let looks_alike =
        value.is_empty() || (sign == ":" && [":", "//", "\\"].iter().any(|o| value.starts_with(o)));
    (is_known || !looks_alike).then_some((name, sign))
}

/// `boss)`, and not `spawn()`.
fn ends_a_group(word: &str) -> bool {
    word.ends_with(')') && word.matches(')').count() > word.matches('(').count()
}
