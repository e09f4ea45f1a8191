//! The log's scroll position, and what keeps it.

use leptos::html::Div;
use leptos::prelude::*;

use super::pane::LogPane;
use crate::live::{LogRow, LogRows};

/// Height of a row; the same as in the style sheet.
pub(super) const LINE_PX: f64 = 20.0;
/// The pause in typing after which the server's lines are searched.
const TYPING_PAUSE: std::time::Duration = std::time::Duration::from_millis(300);

/// The visible part of the list, in rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sight {
    /// How far it is scrolled up from the newest line.
    pub below: f64,
    /// How high it is.
    pub height: f64,
    /// How many characters of a message fit into a row.
    pub columns: u32,
}

/// Scrolls to a line that is out of view.
pub(super) fn reveal(pane: LogPane, rows: &LogRows, seq: u64) {
    let line = pane.live.read(|state| state.logs.shown().partition_point(|line| line.seq < seq));
    let (Some(list), Some(index)) = (pane.list.get_untracked(), rows.index_of(line)) else { return };
    let row_bottom = f64::from(rows.below(index)) * LINE_PX;
    let row_top =
        index.checked_sub(1).map_or(f64::from(rows.height()), |above| f64::from(rows.below(above))) * LINE_PX;
    let (up, height) = (f64::from(-list.scroll_top()), f64::from(list.client_height()));
    if row_bottom < up {
        list.set_scroll_top(-(row_bottom as i32));
    } else if row_top > up + height {
        list.set_scroll_top(-((row_top - height).ceil() as i32));
    }
}

/// How many characters fit beside the other columns.
pub(super) fn columns_of(list: &web_sys::HtmlDivElement) -> u32 {
    /// The font's advance is six tenths of its size, which is 12 pixels.
    const CHARACTER_PX: f64 = 7.2;
    let message = list.query_selector(".log-message").ok().flatten();
    message.map_or(0, |message| (f64::from(message.client_width()) / CHARACTER_PX) as u32)
}

/// After the filter has changed and typing has paused, searches the server's lines if too few are here to fill the view.
pub(super) fn look_when_query_rests(pane: LogPane, look: Callback<()>) {
    let turn = StoredValue::new(0u32);
    let query = Memo::new(move |_| pane.live.with_logs(|state| state.logs.query().clone()));
    Effect::new(move |before: Option<()>| {
        // read, not only tracked: a memo that was never read tracks nothing
        query.with(|_| ());
        // the server has rendered what it had at hand
        if before.is_none() && pane.live.read(|state| state.logs.query().is_empty()) {
            return;
        }
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        set_timeout(
            move || {
                if turn.try_get_value() == Some(mine) {
                    look.run(());
                }
            },
            TYPING_PAUSE,
        );
    });
}

/// Following again scrolls to the newest line.
pub(super) fn follow_when_resumed(pane: LogPane, measure: Callback<()>) {
    Effect::new(move |before: Option<bool>| {
        let held = pane.live.with_logs(|state| state.logs.paused()).is_some();
        if before == Some(true)
            && !held
            && let Some(list) = pane.list.get_untracked()
        {
            list.set_scroll_top(0);
            measure.run(());
        }
        held
    });
}

/// While somebody scrolls back, the lowest line in view stays where it is, even when rows come or go below it.
pub(super) fn keep_place(pane: LogPane, rows: Memo<LogRows>, sight: RwSignal<Option<Sight>>) {
    let anchor = StoredValue::new(None::<(u64, f64)>);
    let find = move |seq: u64| {
        let line = pane.live.read(|state| state.logs.shown().partition_point(|line| line.seq < seq));
        rows.with_untracked(|rows| Some(f64::from(rows.below(rows.index_of(line)?))))
    };
    let note = move || {
        let Some(Sight { below, height, .. }) = sight.get_untracked() else { return };
        let lowest = rows.with_untracked(|rows| {
            let mut seen = rows.in_sight(below, height).rev();
            seen.find_map(|index| match rows.get(index)? {
                LogRow::Line { index: line, .. } => Some((line, f64::from(rows.below(index)) - below)),
                _ => None,
            })
        });
        let lowest = lowest.and_then(|(line, offset)| {
            pane.live.read(|state| state.logs.shown().get(line).map(|line| (line.seq, offset)))
        });
        anchor.set_value(lowest);
    };
    Effect::new(move || {
        sight.track();
        note();
    });
    Effect::new(move || {
        rows.track();
        if pane.live.read(|state| state.logs.paused().is_none()) {
            return note();
        }
        let Some((seq, offset)) = anchor.get_value() else { return };
        let (Some(is), Some(was)) = (find(seq), sight.get_untracked()) else { return };
        if (is - offset - was.below).abs() < 0.5 {
            return;
        }
        // once the rows have their new height, before the next paint
        request_animation_frame(move || {
            if let Some(list) = pane.list.try_get_untracked().flatten() {
                list.set_scroll_top(-(((is - offset) * LINE_PX) as i32));
            }
        });
    });
}

/// Runs whenever the list's size changes: a phone shows it late, and the details make it shorter.
pub(super) fn observe_size(list: NodeRef<Div>, changed: Callback<()>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::prelude::{Closure, JsValue};
        let list = list.get()?;
        let run = Closure::<dyn Fn(JsValue)>::new(move |_| changed.run(()));
        // it fails in browsers without the observer, which keep the first size
        let observer =
            web_sys::ResizeObserver::new(wasm_bindgen::JsCast::unchecked_ref(run.as_ref())).ok()?;
        observer.observe(&list);
        let both = StoredValue::new_local((observer, run));
        on_cleanup(move || both.with_value(|(observer, _)| observer.disconnect()));
        Some(())
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = (list, changed);
}
