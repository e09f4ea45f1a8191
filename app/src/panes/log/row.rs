//! A row of the log: a line, the start of a day, a gap, or something that happened.

use std::sync::Arc;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use protocol::line::flatten;
use protocol::model::{LogLine, UnixMicros};

use super::event::EventRow;
use super::facets;
use super::pane::LogPane;
use super::reach::{LogGap, LogReach};
use super::time::RowTime;
use crate::ansi;
use crate::format;
use crate::live::{Gap, LiveState, LogEvent, LogRow, LogRows, folded, visible};

/// Fields of a line among which those of the columns are looked for.
const MAX_SEARCHED_FIELDS: usize = 500;

/// The rows that are drawn, and how much is below them.
#[derive(Clone, PartialEq)]
pub(super) struct Drawn {
    pub rows: Vec<DrawnRow>,
    pub below: u32,
}

/// A row with all that it shows.
#[derive(Clone, PartialEq)]
pub(super) enum DrawnRow {
    Reach,
    Day(UnixMicros),
    Gap(Gap),
    Event(Arc<LogEvent>),
    Line { device: String, line: Arc<LogLine>, times: u32 },
}

/// Identifies a row while others come and go around it.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum RowKey {
    Reach,
    Day(i64),
    Gap(Gap),
    Event(i64),
    Line(u64, String, u32),
}

impl Drawn {
    pub(super) fn new(state: &LiveState, rows: &LogRows, from: usize, to: usize) -> Self {
        let row = |index| {
            Some(match rows.get(index)? {
                LogRow::Reach => DrawnRow::Reach,
                LogRow::Day(at) => DrawnRow::Day(at),
                LogRow::Gap(gap) => DrawnRow::Gap(gap),
                LogRow::Event(number) => DrawnRow::Event(Arc::clone(state.logs.events.get(number)?)),
                LogRow::Line { index, times } => {
                    let line = Arc::clone(state.logs.shown().get(index)?);
                    DrawnRow::Line { device: state.device_name(line.device).to_owned(), line, times }
                }
            })
        };
        let below = if to == 0 { rows.height() } else { rows.below(to - 1) };
        Self { rows: (from..to).filter_map(row).collect(), below }
    }
}

impl DrawnRow {
    pub(super) fn key(&self) -> RowKey {
        match self {
            Self::Reach => RowKey::Reach,
            Self::Day(at) => RowKey::Day(at.0),
            Self::Gap(gap) => RowKey::Gap(*gap),
            Self::Event(event) => RowKey::Event(event.number),
            Self::Line { device, line, times } => RowKey::Line(line.seq, device.clone(), *times),
        }
    }
}

/// One row.
#[component]
pub(super) fn Row(row: DrawnRow, pane: LogPane) -> impl IntoView {
    match row {
        DrawnRow::Reach => view! { <LogReach pane /> }.into_any(),
        DrawnRow::Gap(gap) => view! { <LogGap gap pane /> }.into_any(),
        DrawnRow::Day(at) => {
            let day = move || format::weekday(at, pane.zone.get().minutes_east(at));
            view! { <p class="log-day">{day}</p> }.into_any()
        }
        DrawnRow::Event(event) => view! { <EventRow event pane /> }.into_any(),
        DrawnRow::Line { device, line, times } => view! { <Line device line times pane /> }.into_any(),
    }
}

/// One line.
#[component]
pub(super) fn Line(
    /// The device's name.
    device: String,
    line: Arc<LogLine>,
    /// So many lines that follow each other are shown as this one.
    times: u32,
    pane: LogPane,
) -> impl IntoView {
    let (seq, level) = (line.seq, line.level);
    let is_chosen = move || pane.chosen.with(|chosen| chosen.as_ref().is_some_and(|line| line.seq == seq));
    let has_fields = line.fields.is_some();
    let chosen = Arc::clone(&line);
    let (name, owner) = (device.clone(), device.clone());
    let choose = move |event: MouseEvent| {
        // the end of a selection is not a click
        if pane.selecting.get_untracked() {
            return;
        }
        pane.pause();
        match facets::clicked(&chosen, &owner, &event) {
            Some(menu) => pane.menu.set(Some(menu)),
            None => pane.chosen.set(Some(Arc::clone(&chosen))),
        }
    };
    let (at, received) = (line.at, line.received);
    view! {
        <div
            class=format!("log-line log-line--{level}")
            class:log-line--chosen=is_chosen
            data-seq=seq
            on:click=choose
        >
            <RowTime at received pane />
            <span class="log-level">{level.as_str()}</span>
            <span class="log-device" dir="auto" title=name>
                {device}
            </span>
            <PinnedCells fields=line.fields.clone() pane />
            <span class="log-message">
                {(times > 1)
                    .then(|| {
                        view! {
                            <span class="log-times">
                                {format!("×{}", format::grouped(times.into()))}
                                <span class="sr-only">" lines like this"</span>
                            </span>
                        }
                    })}
                <LineText line pane />
                {has_fields.then(|| view! { <span class="log-more" aria-hidden="true">"{ }"</span> })}
            </span>
        </div>
    }
    .into_any()
}

/// The message; of a very long one the beginning, until somebody wants all of it.
#[component]
fn LineText(line: Arc<LogLine>, pane: LogPane) -> impl IntoView {
    let seq = line.seq;
    let is_folded = Memo::new(move |_| !pane.unfolded.with(|unfolded| unfolded.contains(&seq)));
    let bytes = line.message.len() as u64;
    let is_long = folded(&line.message).is_some();
    let text = move || {
        let one_row = !pane.wraps.get();
        let shown = folded(&line.message).filter(|_| one_row || is_folded.get()).unwrap_or(&line.message);
        view! { <Message text=shown.to_owned() one_row /> }
    };
    let unfold = move |event: MouseEvent| {
        event.stop_propagation();
        pane.pause();
        pane.unfolded.update(|unfolded| {
            unfolded.insert(seq);
        });
    };
    let button = move || {
        (is_long && pane.wraps.get() && is_folded.get()).then(|| {
            view! {
                <button type="button" class="log-unfold" on:click=unfold>
                    {format!("… show all {}", format::bytes(bytes))}
                </button>
            }
        })
    };
    view! {
        <span class="log-text" dir="auto">
            {text}
            {button}
        </span>
    }
    .into_any()
}

/// The values of the fields that have columns.
#[component]
fn PinnedCells(fields: Option<String>, pane: LogPane) -> impl IntoView {
    move || {
        let pins = pane.pins.get();
        if pins.is_empty() {
            return ().into_any();
        }
        let values = fields.as_deref().map(|json| flatten(json, MAX_SEARCHED_FIELDS).0).unwrap_or_default();
        let cell = |pin: String| {
            let value = values.iter().find(|(path, _)| *path == pin).map(|(_, value)| value.clone());
            let value = value.unwrap_or_default();
            let title = format!("{pin}: {value}");
            view! {
                <span class="log-pin" dir="auto" title=title data-path=pin>
                    {value}
                </span>
            }
        };
        pins.into_iter().map(cell).collect_view().into_any()
    }
}

/// A message in its own colours.
#[component]
pub(super) fn Message(
    /// As the game wrote it.
    text: String,
    /// Without line breaks: the details have the whole text.
    one_row: bool,
) -> impl IntoView {
    let text = if one_row { text.replace(['\n', '\r'], "⏎") } else { text };
    if !text.contains(char::is_control) {
        return text.into_any();
    }
    let pieces = ansi::pieces(&text).into_iter();
    pieces
        .map(|piece| view! { <span class=piece.class>{visible(&piece.text)}</span> })
        .collect_view()
        .into_any()
}
