//! Pagination by cursors.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::{ApiResult, Problem};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;

/// A page of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Part)]
pub(super) struct Page<T> {
    /// The entries.
    items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last one. A page may be short without being the last.
    #[schema(required)]
    next: Option<String>,
}

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The `next` of the previous page; without it, the first page.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    pub(super) cursor: Option<String>,
    /// Maximum number of entries.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 100)]
    limit: Option<String>,
}

/// Which part of a list inside a response.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SaidQuery {
    /// The `next` of the previous part; without it, the first part.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

impl SaidQuery {
    /// The key of the last entry of the previous part.
    pub(super) fn after<K: CursorKey>(&self) -> ApiResult<Option<K>> {
        read_cursor(self.cursor.as_deref(), K::read)
    }
}

/// The text of a cursor.
pub(super) fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

fn read_cursor<K>(cursor: Option<&str>, read: impl Fn(&str) -> Option<K>) -> ApiResult<Option<K>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match text.as_deref().and_then(read) {
        Some(key) => Ok(Some(key)),
        None => Err(Problem::invalid("cursor must be the `next` of an earlier response from this endpoint")),
    }
}

impl PageQuery {
    /// Maximum number of entries.
    pub(super) fn limit(&self) -> ApiResult<usize> {
        match self.limit.as_deref().map(str::parse) {
            None => Ok(DEFAULT_LIMIT),
            Some(Ok(limit @ 1..=MAX_LIMIT)) => Ok(limit),
            Some(_) => Err(Problem::invalid("limit must be a number from 1 to 1000")),
        }
    }

    /// The key of the last entry of the previous page.
    pub(super) fn after<K>(&self, read: impl Fn(&str) -> Option<K>) -> ApiResult<Option<K>> {
        read_cursor(self.cursor.as_deref(), read)
    }

    /// A page of a list that is short enough to be read in full. `key` orders the list and identifies entries in cursors.
    pub(super) fn cut<T, K: Ord + CursorKey>(
        &self,
        mut all: Vec<T>,
        key: impl Fn(&T) -> K,
    ) -> ApiResult<Page<T>> {
        let (after, limit) = (self.after(K::read)?, self.limit()?);
        all.retain(|entry| after.as_ref().is_none_or(|after| key(entry) > *after));
        all.sort_by_cached_key(&key);
        let has_more = all.len() > limit;
        all.truncate(limit);
        let next = all.last().filter(|_| has_more).map(|last| key(last).write());
        Ok(Page::new(all, next))
    }
}

impl<T> Page<T> {
    /// `next`: the key of the last entry, unless this is the last page.
    pub(super) fn new(items: Vec<T>, next: Option<String>) -> Self {
        Self { items, next: next.as_deref().map(encode) }
    }

    pub(super) fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(view).collect(), next: self.next }
    }
}

/// The key of an entry.
pub(super) trait CursorKey: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl CursorKey for i64 {
    fn write(&self) -> String {
        self.to_string()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl<K: CursorKey> CursorKey for std::cmp::Reverse<K> {
    fn write(&self) -> String {
        self.0.write()
    }

    fn read(text: &str) -> Option<Self> {
        K::read(text).map(Self)
    }
}

impl CursorKey for String {
    fn write(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<A: CursorKey, B: CursorKey> CursorKey for (A, B) {
    /// The second part may hold anything.
    fn write(&self) -> String {
        let first = self.0.write();
        format!("{}.{first}{}", first.len(), self.1.write())
    }

    fn read(text: &str) -> Option<Self> {
        let (length, rest) = text.split_once('.')?;
        let (first, second) = rest.split_at_checked(length.parse().ok()?)?;
        Some((A::read(first)?, B::read(second)?))
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Reverse;

    use super::*;

    fn place(cursor: Option<&str>, limit: &str) -> PageQuery {
        PageQuery { cursor: cursor.map(str::to_owned), limit: Some(limit.to_owned()) }
    }

    /// Every part until there is no next one.
    fn walk<K: Ord + CursorKey>(all: &[i64], limit: &str, key: impl Fn(&i64) -> K) -> Vec<i64> {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let part = place(cursor.as_deref(), limit).cut(all.to_vec(), &key).unwrap();
            seen.extend(part.items);
            match part.next {
                Some(next) => cursor = Some(next),
                None => return seen,
            }
        }
    }

    #[test]
    fn parts_make_the_whole_in_either_order() {
        let all = [5, 3, 9, 1, 7];
        for limit in ["1", "2", "4", "5", "1000"] {
            assert_eq!(walk(&all, limit, |n| *n), [1, 3, 5, 7, 9], "{limit}");
            assert_eq!(walk(&all, limit, |n| Reverse(*n)), [9, 7, 5, 3, 1], "{limit}");
            assert_eq!(walk(&all, limit, |n| (format!("{}.x", n % 4), *n)), [1, 5, 9, 3, 7], "{limit}");
        }
    }

    #[test]
    fn an_entry_that_goes_between_two_parts_takes_no_other_with_it() {
        let first = place(None, "2").cut(vec![1, 2, 3, 4], |n: &i64| *n).unwrap();
        let second = place(first.next.as_deref(), "2").cut(vec![1, 3, 4], |n| *n).unwrap();
        assert_eq!(second.items, [3, 4]);
    }

    #[test]
    fn what_is_no_cursor_or_no_limit_is_refused() {
        for cursor in ["", "!", "YWJj", "é"] {
            assert!(place(Some(cursor), "1").cut(vec![1], |n: &i64| *n).is_err(), "{cursor}");
        }
        for limit in ["0", "1001", "-1", "ten", "", "99999999999999999999"] {
            assert!(place(None, limit).limit().is_err(), "{limit}");
        }
    }
}
