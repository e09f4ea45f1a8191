//! The log's history, page by page.

use serde_json::Value as Json;

use super::wanted::{Order, Wanted};
use crate::{
    Error,
    api::{Api, escape},
    console::Console,
    responses::LogPage,
    tail::local_time,
};

const MAX_PAGE_LINES: usize = 1_000;

/// A search that goes on until it has enough lines or there are no more.
pub(super) struct History<'a> {
    api: &'a Api,
    path: &'a str,
    query: String,
    order: Option<Order>,
    left: usize,
    cursor: Option<String>,
    is_over: bool,
    searched_to: Option<String>,
}

impl<'a> History<'a> {
    pub(super) fn new(api: &'a Api, path: &'a str, wanted: &Wanted, limit: usize) -> Self {
        let (query, order) = (wanted.query(), wanted.order);
        Self { api, path, query, order, left: limit, cursor: None, is_over: false, searched_to: None }
    }

    /// The next lines, which may be none; `None`: that was all.
    pub(super) fn next(&mut self, console: &mut Console) -> Result<Option<Vec<Json>>, Error> {
        if self.is_over || self.left == 0 {
            return Ok(None);
        }
        let limit = self.left.min(MAX_PAGE_LINES);
        let mut path = format!("{}?limit={limit}&{}", self.path, self.query);
        if let Some(cursor) = &self.cursor {
            path += &format!("&cursor={}", escape(cursor));
        }
        let LogPage { items, next, searched_to } = self.api.get(&path)?;
        self.left = self.left.saturating_sub(items.len());
        self.is_over = next.is_none();
        self.cursor = next;
        self.searched_to = searched_to.or(self.searched_to.take());
        self.show_progress(console);
        Ok(Some(items))
    }

    /// How far it is, on one line of a terminal, which is cleared afterwards.
    fn show_progress(&self, console: &mut Console) {
        if !console.shows_progress {
            return;
        }
        let text = match &self.searched_to {
            Some(time) if !self.is_over && self.left > 0 => format!("searched to {}", local_time(time)),
            _ => String::new(),
        };
        // go on if the terminal is gone
        let _ = write!(console.err, "\r\u{1b}[K{text}").and_then(|()| console.err.flush());
    }

    /// What it has not searched, as a sentence.
    pub(super) fn rest(&self) -> Option<String> {
        self.cursor.as_ref()?;
        let (which, place) = match self.order {
            Some(Order::Oldest) => ("newer", "after"),
            _ => ("older", "before"),
        };
        let place = self.searched_to.as_ref().map(|time| format!(", {place} {},", local_time(time)));
        let place = place.unwrap_or_default();
        Some(format!("{which} lines{place} were not searched; a larger --limit goes on"))
    }
}
