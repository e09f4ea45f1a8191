//! The lines of the log: those that are in view, out of all that are held.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::LogLine;
use protocol::model::UnixMicros;

use super::log_place::{
    LINE_PX, Sight, columns_of, follow_when_resumed, keep_place, look_when_query_rests, observe_size, reveal,
};
use super::log_row::{Drawn, Row};
use super::log_selection;
use super::log_view::LogPane;
use crate::format;
use crate::live::{LiveState, LogRows, text_height};

/// Rows that are drawn above and below the visible ones.
const OVERSCAN: usize = 20;
/// Rows of the first paint, which has no idea of the pane's height.
const FIRST_ROWS: usize = 100;
/// Rows that are drawn at most for the sake of a selection that reaches out of view.
const MAX_SELECTED_ROWS: usize = 3_000;
/// So near the oldest line that older ones are fetched.
const NEAR_ROWS: f64 = 15.0;

/// The lines that are in view, out of all that are held.
#[component]
pub(super) fn LogLines(pane: LogPane) -> impl IntoView {
    let LogPane { live, zone, list, .. } = pane;
    let sight = RwSignal::new(None::<Sight>);
    let columns = Memo::new(move |_| sight.get().map_or(0, |sight| sight.columns));
    let rows = Memo::new_with_compare(
        move |_| {
            let (zone, wraps, columns) = (zone.get(), pane.wraps.get(), columns.get());
            let day_of = |at: UnixMicros| format::day_number(at, zone.minutes_east(at));
            let height_of = |line: &LogLine| if wraps { text_height(&line.message, columns) } else { 1 };
            live.with_logs(|state| match is_empty(state) {
                true => LogRows::default(),
                false => LogRows::lay_out(state.logs.window(), day_of, height_of),
            })
        },
        |_, _| true,
    );
    // the rows that were drawn last, counted from the end, where none are added while one looks back
    let last = StoredValue::new((0, 0));
    let drawn = Memo::new(move |_| {
        let selecting = pane.selecting.get();
        rows.with(|rows| {
            let (from, to) = drawn_rows(rows, sight.get(), selecting.then(|| last.get_value()));
            last.set_value((rows.len() - from, rows.len() - to));
            live.read(|state| Drawn::new(state, rows, from, to))
        })
    });
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
    let look_further = move || {
        let gap = live.read(|state| if state.logs.is_cleared() { None } else { state.logs.older() });
        let is_near = sight.get_untracked().is_some_and(|sight| {
            let above = rows.with_untracked(|rows| f64::from(rows.height())) - sight.below - sight.height;
            sight.height > 0.0 && above < NEAR_ROWS
        });
        if let (Some(gap), true) = (gap, is_near) {
            live.look(gap);
        }
    };
    let scrolled = move |_| {
        measure();
        if sight.get_untracked().is_some_and(|sight| sight.below > 0.5) {
            pane.pause();
            look_further();
        }
    };
    look_when_query_rests(pane, Callback::new(move |()| look_further()));
    follow_when_resumed(pane, Callback::new(move |()| measure()));
    keep_place(pane, rows, sight);
    log_selection::watch(
        list,
        Callback::new(move |is: bool| {
            if is && !pane.selecting.get_untracked() {
                pane.pause();
            }
            if is != pane.selecting.get_untracked() {
                pane.selecting.set(is);
            }
        }),
    );
    let keydown = move |event: KeyboardEvent| {
        let by: isize = match event.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            "Escape" => return pane.chosen.set(None),
            _ => return,
        };
        event.prevent_default();
        pane.pause();
        let next = live.read(|state| neighbour(state, pane.chosen.get_untracked().as_deref(), by));
        if let Some((index, line)) = next {
            pane.chosen.set(Some(line));
            rows.with_untracked(|rows| reveal(pane, rows, index));
        }
    };
    // Until the pane is measured nothing is placed: the rows that are drawn stand one below the other. So the server's page needs no
    // `style` attribute, which its policy forbids, and without scripts there is no room for what is not drawn.
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
            on:keydown=keydown
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

/// Whether there is nothing to be seen here or on the server.
fn is_empty(state: &LiveState) -> bool {
    let logs = &state.logs;
    logs.kept() == 0 && logs.older().is_none() && !logs.is_cleared() && logs.shown().is_empty()
}

/// Which rows to draw. Before the pane is measured: the last ones. Those of a selection stay, counted from the end.
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
