//! What the parts of the log share: what is selected in it, and what is copied from it.

use std::collections::HashSet;
use std::sync::Arc;

use leptos::ev::{ClipboardEvent, KeyboardEvent};
use leptos::html::Div;
use leptos::prelude::*;
use protocol::model::{LogLine, UnixMicros};

use super::around::Context;
use super::menu::Menu;
use super::selection;
use crate::format;
use crate::live::{Live, log_text};
use crate::zone::Zone;

/// What the parts of the pane share.
#[derive(Clone, Copy)]
pub(super) struct LogPane {
    pub live: Live,
    pub zone: RwSignal<Zone>,
    /// The line whose details are shown.
    pub chosen: RwSignal<Option<Arc<LogLine>>>,
    /// Now, for times that say how long ago.
    pub now: RwSignal<UnixMicros>,
    /// Long lines wrap.
    pub wraps: Memo<bool>,
    /// Fields that have columns of their own.
    pub pins: Memo<Vec<String>>,
    /// Long lines that are shown in full, by their numbers.
    pub unfolded: RwSignal<HashSet<u64>>,
    /// The number of the line that was last brought into view.
    pub revealed: RwSignal<Option<u64>>,
    /// The menu of a value.
    pub menu: RwSignal<Option<Menu>>,
    /// Words of one message that are selected.
    pub picked: RwSignal<Option<String>>,
    /// The lines around one, in place of the log.
    pub context: RwSignal<Option<Context>>,
    /// The range is being typed.
    pub typing_range: RwSignal<bool>,
    /// All lines are selected, drawn or not.
    pub all: RwSignal<bool>,
    /// Text is selected in the browser.
    pub selecting: RwSignal<bool>,
    pub list: NodeRef<Div>,
}

impl LogPane {
    pub(super) fn new(live: Live, zone: RwSignal<Zone>, now: RwSignal<UnixMicros>) -> Self {
        let look = live.log_look;
        Self {
            live,
            zone,
            now,
            chosen: RwSignal::new(None),
            wraps: Memo::new(move |_| look.with(|look| look.wraps)),
            pins: Memo::new(move |_| look.with(|look| look.pins.clone())),
            unfolded: RwSignal::default(),
            revealed: RwSignal::new(None),
            menu: RwSignal::new(None),
            picked: RwSignal::new(None),
            context: RwSignal::new(None),
            typing_range: RwSignal::new(false),
            all: RwSignal::new(false),
            selecting: RwSignal::new(false),
            list: NodeRef::new(),
        }
    }

    pub(super) fn pause(self) {
        if self.live.read(|state| state.logs.paused().is_none()) {
            self.live.update_logs(|state| state.logs.pause());
        }
    }

    /// Brings a line into view, if it is loaded.
    pub(super) fn reveal(self, line: &LogLine) {
        self.revealed.set(Some(line.seq));
    }

    /// Text of lines is selected in the browser, or none any more.
    pub(super) fn select(self, is_any: bool) {
        let picked = if is_any { selection::picked(self.list) } else { None };
        if picked != self.picked.get_untracked() {
            self.picked.set(picked);
        }
        if is_any == self.selecting.get_untracked() {
            return;
        }
        if is_any {
            self.pause();
        }
        self.selecting.set(is_any);
    }

    pub(super) fn copy(self, event: &ClipboardEvent) {
        if is_field(event) {
            return;
        }
        if let Some((text, lines)) = self.copied()
            && selection::put(event, &text)
        {
            event.prevent_default();
            self.live.announce(format!("{} copied", format::count(lines, "line")));
        }
    }

    /// Ctrl+A selects all lines, Escape none.
    pub(super) fn select_by_key(self, event: &KeyboardEvent) {
        if event.key() == "Escape" && self.all.get_untracked() {
            self.all.set(false);
            selection::forget();
        }
        let is_all = (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("a");
        if is_all && !is_field(event) {
            event.prevent_default();
            self.pause();
            selection::mark(self.list);
            self.all.set(true);
            let count = self.live.read(|state| state.logs.shown().len());
            self.live.announce(format!("{} selected", format::count(count, "line")));
        }
    }

    /// What is copied: all lines, or those that the selection touches.
    fn copied(self) -> Option<(String, usize)> {
        let marked = selection::marked(self.list);
        let zone = self.zone.get_untracked();
        self.live.read(|state| {
            let lines: Vec<&Arc<LogLine>> = match (self.all.get_untracked(), marked) {
                (true, _) => state.logs.shown().iter().collect(),
                (false, Some(seqs)) => {
                    state.logs.shown().iter().filter(|line| seqs.contains(&line.seq)).collect()
                }
                (false, None) => return None,
            };
            let text = |line: &&Arc<LogLine>| {
                log_text(line, state.device_name(line.device), zone.minutes_east(line.at))
            };
            Some((lines.iter().map(text).collect::<Vec<_>>().join("\n"), lines.len()))
        })
    }
}

/// Whether the event is in a form field, which handles copying and selecting itself.
fn is_field(event: &impl AsRef<web_sys::Event>) -> bool {
    use wasm_bindgen::JsCast as _;
    let target = event.as_ref().target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| matches!(&*target.tag_name(), "INPUT" | "TEXTAREA" | "SELECT"))
}
