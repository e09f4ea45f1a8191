//! What the browser remembers of a project's live page: filters and closed groups in its storage, and the whole view in the
//! address.
//!
//! The script in the page's head reads the same entries before the first paint: see [`crate::document`].

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::prelude::*;
use protocol::model::ProjectId;

use super::view::{Place, View, decode, encode};
use super::{Live, LiveState};
use crate::storage::{remember, remembered};

/// The address is updated this long after the last key press: browsers allow only a few updates a second.
const QUIET: Duration = Duration::from_millis(200);
/// At most so many closed groups are remembered.
const MAX_CLOSED: usize = 500;

/// Keeps the address and the storage in step with the view. `search` is the query that the page was opened with: if the live
/// page's is empty, the filters of the last visit apply. A server-rendered page has already been redirected to them; this is for
/// links inside the application. The log page shows what its address says, and nothing of an earlier visit.
pub fn keep_view(live: Live, search: &str) {
    let (project, place) = (live.read(LiveState::project), live.place);
    let (path, key) = (place.path(project), filters_key(project));
    let is_bare = search.is_empty() && place == Place::Live;
    let entry = StoredValue::new(key.clone());
    let mut keep = debounce(QUIET, move |view: View| {
        if place == Place::Live {
            remember(&key, unless_empty(&view.filters().to_search(place)));
        }
        write_address(&path, &view.to_search(place));
    });
    Effect::new(move |before: Option<View>| {
        // not before the first effect: until then everything has to match what the server rendered
        if before.is_none()
            && is_bare
            && let Some(search) = entry.with_value(|key| remembered(key))
        {
            let View { vars, log, level, .. } = View::parse(&search, place);
            live.var_filter.set(vars);
            live.log_filter.set(log);
            live.log_level.set(level);
        }
        let view = live.view();
        if before.is_some_and(|before| before != view) {
            keep(view.clone());
        }
        view
    });
}

/// Replaces the history entry: *back* leaves the page, and does not undo a filter letter by letter.
fn write_address(path: &str, search: &str) {
    let location = window().location();
    // another page may be shown by now
    if location.pathname().is_ok_and(|shown| shown == path) {
        let Ok(history) = window().history() else { return };
        let state = history.state().unwrap_or_default();
        // it fails when done too often, and then the next update does it
        let _ = history.replace_state_with_url(&state, "", Some(&format!("{path}{search}")));
    }
}

/// The groups of variables that a person has closed.
#[derive(Clone, Copy)]
pub struct ClosedGroups {
    project: ProjectId,
    closed: RwSignal<BTreeSet<String>>,
}

impl ClosedGroups {
    /// As they were at the last visit.
    pub fn load(project: ProjectId) -> Self {
        let closed = remembered(&closed_key(project)).map(|text| parse_closed(&text)).unwrap_or_default();
        Self { project, closed: RwSignal::new(closed) }
    }

    /// Whether this group is closed.
    pub fn has(self, path: &str) -> bool {
        self.closed.with(|closed| closed.contains(path))
    }

    /// Remembers that a group was opened or closed.
    pub fn set(self, path: &str, is_closed: bool) {
        let has = self.closed.with_untracked(|closed| closed.contains(path));
        if has == is_closed {
            return;
        }
        self.closed.update(|closed| {
            if is_closed {
                closed.insert(path.to_owned());
            } else {
                closed.remove(path);
            }
        });
        remember(&closed_key(self.project), unless_empty(&self.closed.with_untracked(write_closed)));
    }
}

/// What is empty is not kept.
fn unless_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn filters_key(project: ProjectId) -> String {
    format!("view:{project}")
}

fn closed_key(project: ProjectId) -> String {
    format!("closed:{project}")
}

/// Written as a query string, which the script in the head can parse.
fn write_closed(closed: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for path in closed.iter().take(MAX_CLOSED) {
        text.push_str(if text.is_empty() { "g=" } else { "&g=" });
        encode(path, &mut text);
    }
    text
}

fn parse_closed(text: &str) -> BTreeSet<String> {
    text.split('&').filter_map(|pair| pair.strip_prefix("g=")).take(MAX_CLOSED).map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_groups_come_back_whatever_they_are_called() {
        let closed: BTreeSet<String> =
            ["player", "enemy/boss & co", "", "50 %+1", "عدو"].map(String::from).into();
        assert_eq!(parse_closed(&write_closed(&closed)), closed);
        assert_eq!(write_closed(&BTreeSet::from(["a b".to_owned(), "c".to_owned()])), "g=a%20b&g=c");
        assert_eq!(parse_closed(""), BTreeSet::new());
        let many = (0..2_000).map(|n| n.to_string()).collect();
        assert_eq!(parse_closed(&write_closed(&many)).len(), MAX_CLOSED);
    }
}
