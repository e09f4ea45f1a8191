//! What people type who know the filters of other log servers.

use super::value::first_word;
use crate::filter::advice;

/// How many bytes at the beginning of a term belong to another language, and what to write here.
pub(super) fn answer(text: &str) -> Option<(usize, &'static str)> {
    let word = first_word(text);
    let behind = text[word.len()..].trim_start();
    let through_next = || text.len() - behind.len() + first_word(behind).len();
    if is_selector(text) {
        return Some((text.find('}').map_or(word.len(), |end| end + 1), advice::SELECTOR));
    }
    match word.to_ascii_lowercase().as_str() {
        "|=" | "|~" | "!~" | "|>" if !behind.is_empty() && !behind.starts_with(')') => {
            Some((through_next(), advice::LINE_FILTER))
        }
        "|" => Some((word.len(), advice::PIPE)),
        "like" if behind.starts_with(['\'', '"', '“']) => Some((through_next(), advice::LIKE)),
        "in" if behind.starts_with(['[', '(']) => Some((through_next(), advice::IN)),
        "@level" | "@message" | "@messagetemplate" | "@timestamp" | "@exception" | "@properties" => {
            Some((word.len(), advice::PROPERTY))
        }
        _ => None,
    }
}

/// `{device="x"}`, and not JSON, whose names are in quotes.
fn is_selector(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('{') else { return false };
    let inside = inside.trim_start();
    let behind = inside.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    inside.starts_with('}') || (behind.len() < inside.len() && behind.trim_start().starts_with(['=', '!']))
}

/// Several values for one field: `(a OR b)`, `[1 TO 5]`, `in(a,b)`.
pub(super) fn is_list(value: &str) -> bool {
    const CALLS: [&str; 6] = ["in(", "range(", "exact(", "re(", "contains_any(", "contains_all("];
    value.starts_with(['(', '[', '{']) || CALLS.iter().any(|call| value.starts_with(call))
}
