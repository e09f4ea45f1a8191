//! What the page of errors shows, as its address says.

use std::cmp::Reverse;

use leptos_router::params::ParamsMap;
use protocol::model::{Level, LogPattern, ProjectId};
use serde::{Deserialize, Serialize};

use crate::api::PatternQuestion;

/// An order of patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Sort {
    /// The last seen first.
    #[default]
    Last,
    /// The most lines first.
    Count,
    /// Those of the newest build first, then the last ones that began.
    New,
}

/// The levels that one may ask for.
pub(super) const LEVELS: [(&str, &str, Level); 4] = [
    ("warn", "Warnings and errors", Level::Warn),
    ("error", "Errors", Level::Error),
    ("fatal", "Fatal errors", Level::Fatal),
    ("trace", "Everything", Level::Trace),
];
/// The times that one may ask for, in hours.
pub(super) const RANGES: [(&str, &str, u32); 5] = [
    ("1h", "Last hour", 1),
    ("24h", "Last 24 hours", 24),
    ("7d", "Last 7 days", 7 * 24),
    ("30d", "Last 30 days", 30 * 24),
    ("all", "All", 0),
];
/// The orders.
pub(super) const SORTS: [(&str, &str, Sort); 3] =
    [("last", "Last seen", Sort::Last), ("count", "Most lines", Sort::Count), ("new", "Newest", Sort::New)];

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Query {
    pub(super) filter: String,
    pub(super) level: Level,
    pub(super) range: u32,
    pub(super) sort: Sort,
}

impl Query {
    /// What is not understood is as if it were not there.
    pub(super) fn read(params: &ParamsMap) -> Self {
        let text = |name: &str| params.get(name).unwrap_or_default();
        Self {
            filter: text("q").trim().to_owned(),
            level: chosen(&LEVELS, &text("level")).unwrap_or(Level::Warn),
            range: chosen(&RANGES, &text("range")).unwrap_or(7 * 24),
            sort: chosen(&SORTS, &text("sort")).unwrap_or_default(),
        }
    }

    pub(super) fn question(&self, project: ProjectId) -> PatternQuestion {
        PatternQuestion { project, filter: self.filter.clone(), at_least: self.level, hours: self.range }
    }

    /// Lines are searched for it; otherwise they were counted before.
    pub(super) fn is_searched(&self) -> bool {
        !self.filter.is_empty() || self.level < Level::Warn
    }

    pub(super) fn sorted(&self, mut patterns: Vec<LogPattern>) -> Vec<LogPattern> {
        match self.sort {
            Sort::Last => patterns.sort_by_key(|pattern| Reverse(pattern.last)),
            Sort::Count => patterns.sort_by_key(|pattern| Reverse(pattern.count)),
            Sort::New => patterns.sort_by_key(|pattern| Reverse((pattern.is_new, pattern.first))),
        }
        patterns
    }
}

fn chosen<T: Copy>(all: &[(&str, &str, T)], word: &str) -> Option<T> {
    all.iter().find(|(known, ..)| *known == word).map(|(.., value)| *value)
}

#[cfg(test)]
mod tests {
    use protocol::model::{Fingerprint, UnixMicros};

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Query {
        let mut params = ParamsMap::new();
        pairs.iter().for_each(|(name, value)| params.insert((*name).to_owned(), (*value).to_owned()));
        Query::read(&params)
    }

    #[test]
    fn the_address_says_what_is_shown() {
        let week = Query { filter: String::new(), level: Level::Warn, range: 168, sort: Sort::Last };
        assert_eq!(query(&[]), week);
        assert_eq!(query(&[("level", "loud"), ("range", "x"), ("sort", "")]), week);
        let said = query(&[("q", " boss "), ("level", "error"), ("range", "all"), ("sort", "new")]);
        let expected = Query { filter: "boss".to_owned(), level: Level::Error, range: 0, sort: Sort::New };
        assert_eq!(said, expected);
        assert!(said.is_searched() && !week.is_searched() && query(&[("level", "trace")]).is_searched());
    }

    #[test]
    fn patterns_are_in_the_order_that_was_chosen() {
        let pattern = |count: u64, first: i64, last: i64, is_new: bool| LogPattern {
            fingerprint: Fingerprint(count),
            level: Level::Warn,
            text: String::new(),
            count,
            first: UnixMicros(first),
            last: UnixMicros(last),
            example: 1,
            devices: 1,
            has_more_devices: false,
            builds: Vec::new(),
            is_new,
            bars: Vec::new(),
            filter: String::new(),
        };
        let patterns = vec![pattern(1, 5, 9, false), pattern(2, 1, 8, true), pattern(3, 2, 10, false)];
        for (word, order) in [("last", [3, 1, 2]), ("count", [3, 2, 1]), ("new", [2, 1, 3])] {
            let sorted = query(&[("sort", word)]).sorted(patterns.clone());
            assert_eq!(sorted.iter().map(|pattern| pattern.count).collect::<Vec<_>>(), order, "{word}");
        }
    }
}
