//! The log's lines: of all that are loaded, those in view.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use protocol::model::{Level, LogLine, UnixMicros};

use super::pane::LogPane;
use super::place::{
    LINE_PX, Sight, columns_of, follow_when_resumed, keep_place, look_when_query_rests, observe_size, reveal,
};
use super::row::{Drawn, Row};
use super::selection;
use crate::format;
use crate::live::{Dedup, Laying, LiveState, LogRows, folded, is_repeat, text_height};

/// Rows that are drawn above and below the visible ones.
const OVERSCAN: usize = 20;
/// Rows of the first paint, when the pane's height is unknown.
const FIRST_ROWS: usize = 100;
/// At most so many rows are drawn to keep a selection that reaches out of view.
const MAX_SELECTED_ROWS: usize = 3_000;
/// Older lines are fetched this close to the oldest one.
const NEAR_ROWS: f64 = 15.0;

/// Columns of the count of repeats, and of the gap behind it.
const COUNT_COLUMNS: u32 = 7;

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
    Effect::new(move || {
        if let Some(seq) = pane.revealed.get() {
            rows.with_untracked(|rows| reveal(pane, rows, seq));
        }
    });
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
            on:keydown=move |event| choose_by_key(pane, &event)
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
    let look = pane.live.log_look;
    let (dedup, hides_events) = (
        Memo::new(move |_| look.with(|look| look.dedup)),
        Memo::new(move |_| look.with(|look| look.hides_events)),
    );
    Memo::new_with_compare(
        move |_| {
            let (zone, wraps, columns) = (pane.zone.get(), pane.wraps.get(), columns.get());
            let (dedup, hides_events): (Dedup, bool) = (dedup.get(), hides_events.get());
            let columns = columns.saturating_sub(if dedup == Dedup::None { 0 } else { COUNT_COLUMNS });
            let day_of = |at: UnixMicros| format::day_number(at, zone.minutes_east(at));
            let laying = Laying {
                day_of: &day_of,
                height_of: &|line| if wraps { height_of(pane, line, columns) } else { 1 },
                is_repeat: &|earlier, line| is_repeat(line, earlier, dedup),
            };
            pane.live.with_logs(|state| {
                if is_empty(state) {
                    return LogRows::default();
                }
                let events: Vec<_> = if hides_events {
                    Vec::new()
                } else {
                    state.log_events().map(|event| (event.at, event.number)).collect()
                };
                LogRows::lay_out(state.logs.window(), &events, &laying)
            })
        },
        |_, _| true,
    )
}

/// Lines of text of a message that wraps.
fn height_of(pane: LogPane, line: &LogLine, columns: u32) -> u32 {
    /// Columns of the sign that a line has fields, and of the gap before it.
    const SIGN: u32 = 5;
    let columns = columns.saturating_sub(if line.fields.is_some() { SIGN } else { 0 });
    match folded(&line.message) {
        Some(beginning) if !pane.unfolded.with(|unfolded| unfolded.contains(&line.seq)) => {
            // the button has a row of its own
            text_height(beginning, columns) + 1
        }
        _ => text_height(&line.message, columns),
    }
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
fn choose_by_key(pane: LogPane, event: &KeyboardEvent) {
    match event.key().as_str() {
        "ArrowUp" => choose(pane, Wanted::Above),
        "ArrowDown" => choose(pane, Wanted::Below),
        "Escape" => return pane.chosen.set(None),
        _ => return,
    }
    event.prevent_default();
}

/// A line, seen from the chosen one.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "keys are pressed in browsers"))]
pub(super) enum Wanted {
    Above,
    Below,
    /// The next one up whose level is at least error.
    ErrorAbove,
    ErrorBelow,
}

/// Chooses that line, and brings it into view.
pub(super) fn choose(pane: LogPane, wanted: Wanted) {
    pane.pause();
    let next = pane.live.read(|state| neighbour(state, pane.chosen.get_untracked().as_deref(), wanted));
    match next {
        Some(line) => {
            pane.reveal(&line);
            pane.chosen.set(Some(line));
        }
        None => pane.live.announce("There is no further line of that kind here".to_owned()),
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

fn neighbour(state: &LiveState, from: Option<&LogLine>, wanted: Wanted) -> Option<Arc<LogLine>> {
    let lines = state.logs.shown();
    let is_error = |line: &&Arc<LogLine>| line.level >= Level::Error;
    // without a chosen line, all are above
    let before = from.map_or(lines.len(), |from| lines.partition_point(|line| line.seq < from.seq));
    let behind = from.map_or(lines.len(), |from| lines.partition_point(|line| line.seq <= from.seq));
    let mut above = lines.range(..before).rev();
    let mut below = lines.range(behind..);
    let found = match wanted {
        Wanted::Above => above.next(),
        Wanted::Below if from.is_none() => above.next(),
        Wanted::Below => below.next(),
        Wanted::ErrorAbove => above.find(is_error),
        Wanted::ErrorBelow => below.find(is_error),
    };
    found.map(Arc::clone)
}
