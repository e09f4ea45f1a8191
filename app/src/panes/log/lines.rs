//! The log's lines: of all that are loaded, those in view.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::{LogLine, UnixMicros};

use super::pane::LogPane;
use super::place::{
    LINE_PX, Sight, columns_of, follow_when_resumed, keep_place, look_when_query_rests, observe_size, reveal,
};
use super::row::{Drawn, Row};
use super::selection;
use crate::format;
use crate::live::{LiveState, LogRows, text_height};

/// Rows that are drawn above and below the visible ones.
const OVERSCAN: usize = 20;
/// Rows of the first paint, when the pane's height is unknown.
const FIRST_ROWS: usize = 100;
/// At most so many rows are drawn to keep a selection that reaches out of view.
const MAX_SELECTED_ROWS: usize = 3_000;
/// Older lines are fetched this close to the oldest one.
const NEAR_ROWS: f64 = 15.0;

/// The scrolling list.
#[component]
pub(super) fn LogLines(pane: LogPane) -> impl IntoView {
    let list = pane.list;
    let sight = RwSignal::new(None::<Sight>);
    let rows = laid_out(pane, sight);
    let drawn = drawn(pane, rows, sight);
    let measure = move || {
        let Some(list) = list.get_untracked() else { return };
        sight.set(Some(Sight {
            // the list is laid out from its end, so its scroll position is 0 there and negative above
            below: f64::from(-list.scroll_top()) / LINE_PX,
            height: f64::from(list.client_height()) / LINE_PX,
            columns: columns_of(&list),
        }));
    };
    Effect::new(measure);
    observe_size(list, Callback::new(move |()| measure()));
    let scrolled = move |_| {
        measure();
        if sight.get_untracked().is_some_and(|sight| sight.below > 0.5) {
            pane.pause();
            search_further(pane, rows, sight);
        }
    };
    look_when_query_rests(pane, Callback::new(move |()| search_further(pane, rows, sight)));
    follow_when_resumed(pane, Callback::new(move |()| measure()));
    keep_place(pane, rows, sight);
    selection::watch(list, Callback::new(move |is_any| pane.select(is_any)));
    // Until the pane is measured the rows are in normal flow. So the server's page needs no `style` attribute, which its policy
    // forbids, and without scripts no space is left for rows that are not drawn.
    let placed = move || sight.with(Option::is_some);
    let px = |rows: u32| format!("{}px", f64::from(rows) * LINE_PX);
    let height = move || placed().then(|| px(rows.with(LogRows::height)));
    let below = move || placed().then(|| px(drawn.with(|drawn| drawn.below)));
    view! {
        <div
            class="log"
            class:log--wrap=move || pane.wraps.get()
            class:log--all=move || pane.all.get()
            role="log"
            aria-live="off"
            aria-label="Log lines; arrow up and down select one, Ctrl+A all"
            tabindex="0"
            node_ref=list
            on:scroll=scrolled
            on:keydown=move |event| choose_by_key(pane, rows, &event)
            on:mousedown=move |_| pane.all.set(false)
        >
            <div class="log-body" class:log-body--placed=placed style:height=height>
                <div class="log-drawn" style:bottom=below>
                    <For
                        each=move || drawn.with(|drawn| drawn.rows.clone())
                        key=|row| row.key()
                        children=move |row| view! { <Row row pane /> }
                    />
                </div>
            </div>
            {move || {
                rows.with(LogRows::is_empty).then(|| view! { <p class="empty">"No log lines yet."</p> })
            }}
        </div>
    }
    .into_any()
}

/// All rows with their heights.
fn laid_out(pane: LogPane, sight: RwSignal<Option<Sight>>) -> Memo<LogRows> {
    let columns = Memo::new(move |_| sight.get().map_or(0, |sight| sight.columns));
    Memo::new_with_compare(
        move |_| {
            let (zone, wraps, columns) = (pane.zone.get(), pane.wraps.get(), columns.get());
            let day_of = |at: UnixMicros| format::day_number(at, zone.minutes_east(at));
            let height_of = |line: &LogLine| if wraps { text_height(&line.message, columns) } else { 1 };
            pane.live.with_logs(|state| {
                if is_empty(state) {
                    LogRows::default()
                } else {
                    LogRows::lay_out(state.logs.window(), day_of, height_of)
                }
            })
        },
        |_, _| true,
    )
}

/// The rows to draw.
fn drawn(pane: LogPane, rows: Memo<LogRows>, sight: RwSignal<Option<Sight>>) -> Memo<Drawn> {
    // the rows that were drawn last, counted from the end, where none are added while somebody scrolls back
    let last = StoredValue::new((0, 0));
    Memo::new(move |_| {
        let selecting = pane.selecting.get();
        rows.with(|rows| {
            let (from, to) = drawn_rows(rows, sight.get(), selecting.then(|| last.get_value()));
            last.set_value((rows.len() - from, rows.len() - to));
            pane.live.read(|state| Drawn::new(state, rows, from, to))
        })
    })
}

/// Searches older lines when the oldest one is close to the view.
fn search_further(pane: LogPane, rows: Memo<LogRows>, sight: RwSignal<Option<Sight>>) {
    let gap = pane.live.read(|state| if state.logs.is_cleared() { None } else { state.logs.older() });
    let is_near = sight.get_untracked().is_some_and(|sight| {
        let above = rows.with_untracked(|rows| f64::from(rows.height())) - sight.below - sight.height;
        sight.height > 0.0 && above < NEAR_ROWS
    });
    if let (Some(gap), true) = (gap, is_near) {
        pane.live.look(gap);
    }
}

/// The arrow keys choose a line, and Escape closes its details.
fn choose_by_key(pane: LogPane, rows: Memo<LogRows>, event: &KeyboardEvent) {
    let by: isize = match event.key().as_str() {
        "ArrowUp" => -1,
        "ArrowDown" => 1,
        "Escape" => return pane.chosen.set(None),
        _ => return,
    };
    event.prevent_default();
    pane.pause();
    let next = pane.live.read(|state| neighbour(state, pane.chosen.get_untracked().as_deref(), by));
    if let Some((index, line)) = next {
        pane.chosen.set(Some(line));
        rows.with_untracked(|rows| reveal(pane, rows, index));
    }
}

/// Whether there are no lines here or on the server.
fn is_empty(state: &LiveState) -> bool {
    let logs = &state.logs;
    logs.kept() == 0 && logs.older().is_none() && !logs.is_cleared() && logs.shown().is_empty()
}

/// Which rows to draw; before the pane is measured, the last ones. Those of a selection stay, counted from the end.
fn drawn_rows(rows: &LogRows, sight: Option<Sight>, selected: Option<(usize, usize)>) -> (usize, usize) {
    let total = rows.len();
    let Some(Sight { below, height, .. }) = sight else { return (total.saturating_sub(FIRST_ROWS), total) };
    let seen = rows.in_sight(below, height);
    let (from, to) = (seen.start.saturating_sub(OVERSCAN), (seen.end + OVERSCAN).min(total));
    let Some((first, last)) = selected else { return (from, to) };
    let (first, last) = (from.min(total.saturating_sub(first)), to.max(total.saturating_sub(last)));
    if last - first <= MAX_SELECTED_ROWS { (first, last) } else { (from, to) }
}

fn neighbour(state: &LiveState, from: Option<&LogLine>, by: isize) -> Option<(usize, Arc<LogLine>)> {
    let lines = state.logs.shown();
    let at = match from {
        Some(line) => lines.partition_point(|l| l.seq < line.seq).saturating_add_signed(by),
        None => lines.len().saturating_sub(1),
    };
    let at = at.min(lines.len().saturating_sub(1));
    Some((at, Arc::clone(lines.get(at)?)))
}
