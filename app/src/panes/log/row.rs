//! A row of the log: a line, the start of a day, or a gap.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::model::{LogLine, UnixMicros};

use super::pane::LogPane;
use super::reach::{LogGap, LogReach};
use crate::ansi;
use crate::format;
use crate::live::{Gap, LiveState, LogRow, LogRows};

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
    Line { device: String, line: Arc<LogLine> },
}

/// Identifies a row while others come and go around it.
#[derive(PartialEq, Eq, Hash)]
pub(super) enum RowKey {
    Reach,
    Day(i64),
    Gap(Gap),
    Line(u64, String),
}

impl Drawn {
    pub(super) fn new(state: &LiveState, rows: &LogRows, from: usize, to: usize) -> Self {
        let row = |index| {
            Some(match rows.get(index)? {
                LogRow::Reach => DrawnRow::Reach,
                LogRow::Day(at) => DrawnRow::Day(at),
                LogRow::Gap(gap) => DrawnRow::Gap(gap),
                LogRow::Line(index) => {
                    let line = Arc::clone(state.logs.shown().get(index)?);
                    DrawnRow::Line { device: state.device_name(line.device).to_owned(), line }
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
            Self::Line { device, line } => RowKey::Line(line.seq, device.clone()),
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
        DrawnRow::Line { device, line } => view! { <Line device line pane /> }.into_any(),
    }
}

#[component]
fn Line(device: String, line: Arc<LogLine>, pane: LogPane) -> impl IntoView {
    let (at, received, seq, level) = (line.at, line.received, line.seq, line.level);
    let zone = pane.zone;
    let is_chosen = move || pane.chosen.with(|chosen| chosen.as_ref().is_some_and(|line| line.seq == seq));
    let time = move || {
        let zone = zone.get();
        let day = format::day_number(received, zone.minutes_east(received));
        format::time_beside(at, zone.minutes_east(at), day)
    };
    let full_time = move || {
        let minutes_east = zone.get().minutes_east(at);
        format!("{} {}", format::exact_moment(at, minutes_east), format::offset(minutes_east))
    };
    let has_fields = line.fields.is_some();
    let message = line.message.clone();
    let choose = move |_| {
        // the end of a selection is not a click
        if !pane.selecting.get_untracked() {
            pane.pause();
            pane.chosen.set(Some(Arc::clone(&line)));
        }
    };
    let name = device.clone();
    view! {
        <div
            class=format!("log-line log-line--{level}")
            class:log-line--chosen=is_chosen
            data-seq=seq
            on:click=choose
        >
            <time title=full_time>{time}</time>
            <span class="log-level">{level.as_str()}</span>
            <span class="log-device" dir="auto" title=name>
                {device}
            </span>
            <span class="log-message">
                <span class="log-text" dir="auto">
                    {move || view! { <Message text=message.clone() one_row=!pane.wraps.get() /> }}
                </span>
                {has_fields.then(|| view! { <span class="log-more" aria-hidden="true">"{ }"</span> })}
            </span>
        </div>
    }
    .into_any()
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
    if !text.contains('\u{1b}') {
        return text.into_any();
    }
    let pieces = ansi::pieces(&text).into_iter();
    pieces.map(|piece| view! { <span class=piece.class>{piece.text}</span> }).collect_view().into_any()
}
