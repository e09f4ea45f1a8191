//! The log: a window on the newest lines that follows them until somebody scrolls back.

mod around;
mod bars_table;
mod chart;
mod context;
mod detail;
mod event;
mod export;
mod facets;
mod filter;
mod filter_help;
mod histogram;
mod keys;
mod lines;
mod look;
mod menu;
mod notes;
mod pane;
mod place;
mod range;
mod reach;
mod row;
mod saved;
mod selection;
mod time;

use std::collections::BTreeSet;

use leptos::prelude::*;
use protocol::model::{DeviceId, UnixMicros};

use self::context::{LogContext, open_line};
use self::detail::LogDetail;
use self::export::LogExport;
use self::facets::{LogMenu, PickedBar};
use self::filter::LogFilter;
use self::histogram::LogHistogramView;
use self::keys::listen_for_keys;
use self::lines::LogLines;
use self::look::{LogLookMenu, WrapButton};
use self::pane::LogPane;
use self::range::LogRangeEnds;
use self::saved::LogSaved;
use super::scope_bar::LogScopeBar;
use crate::components::{Edge, PaneSeparator};
use crate::format;
use crate::live::{LiveState, Place, TimeStyle, use_live};
use crate::zone::use_zone;

/// The tooltip of the count of lost lines.
const LOST_MEANS: &str = "The database refused them, or was down for so long that there was no room left to keep them. \
    Counted since the server started.";
/// Least width of the log, in pixels.
const LEAST_PX: f64 = 320.0;

/// The width reserved for devices and variables, in pixels: on a narrow screen the devices are above.
const fn spare(width: f64) -> f64 {
    if width < 1_200.0 { 320.0 } else { 640.0 }
}

/// The last pane of the live page, and all of the log page.
#[component]
pub fn LogView(
    /// Now, by the server's clock.
    now: RwSignal<UnixMicros>,
) -> impl IntoView {
    let live = use_live();
    let pane = LogPane::new(live, use_zone(), now);
    let project = live.read(LiveState::project);
    Effect::new(move |before: Option<()>| {
        let seq = pane.chosen.with(|line| line.as_ref().map(|line| line.seq));
        if before.is_some() { live.log_line.set(seq) } else { open_line(pane) }
    });
    Effect::new(move || live.load_edits());
    // what is selected is what is shown: other devices end the selection
    Effect::new(move |before: Option<(bool, BTreeSet<DeviceId>)>| {
        let now = live.with_logs(|state| (state.logs.paused().is_some(), state.logs.query().devices.clone()));
        if before.is_some_and(|(paused, devices)| (paused && !now.0) || devices != now.1) {
            pane.all.set(false);
        }
        now
    });
    view! {
        <section
            class="pane pane--logs"
            class=("log--micros", move || live.log_look.with(|look| look.time == TimeStyle::Micros))
            data-pins=move || pane.pins.with(|pins| (!pins.is_empty()).then_some(pins.len()))
            aria-labelledby="logs-title"
            data-heir=".log"
            on:copy=move |event| pane.copy(&event)
            on:keydown=move |event| pane.select_by_key(&event)
        >
            {(live.place == Place::Live)
                .then(|| {
                    view! {
                        <PaneSeparator
                            edge=Edge::Left
                            name="log-width"
                            label="Width of the log"
                            key=format!("log-width:{project}")
                            least=LEAST_PX
                            spare
                        />
                    }
                })}
            <LogHead pane />
            <LogFilter pane />
            <LogRangeEnds pane />
            <LogHistogramView pane />
            <LogScopeBar />
            {move || pane.pins.with(|pins| (!pins.is_empty()).then(|| heads(pins)))}
            <div class="log-place">
                <LogLines pane />
                <LogOverlay pane />
                <PickedBar pane />
                <LogContext pane />
            </div>
            {move || pane.chosen.get().map(|line| view! { <LogDetail line pane /> })}
            <LogMenu pane />
        </section>
    }
    .into_any()
}

/// What the columns are: only needed when there are fields among them.
fn heads(pins: &[String]) -> impl IntoView + use<> {
    let pins = pins.iter().map(|path| {
        view! {
            <span class="log-pin" dir="auto" title=path.clone()>
                {path.clone()}
            </span>
        }
    });
    view! {
        <div class="log-heads">
            <span>"time"</span>
            <span>"level"</span>
            <span class="log-device">"device"</span>
            {pins.collect_view()}
            <span>"message"</span>
        </div>
    }
}

/// Title, state and buttons.
#[component]
fn LogHead(pane: LogPane) -> impl IntoView {
    let live = pane.live;
    let paused = Memo::new(move |_| live.with_logs(|state| state.logs.paused()));
    let toggle = move || {
        live.update_logs(|state| match state.logs.paused() {
            Some(_) => state.logs.resume_following(),
            None => state.logs.pause(),
        });
    };
    listen_for_keys(pane, Callback::new(move |()| toggle()));
    let state_words = move || match (paused.get(), live.with_logs(|state| state.logs.missed())) {
        (Some(0), _) => "paused".to_owned(),
        (Some(new), _) => format!("paused · {new} new"),
        (None, 0) => "live".to_owned(),
        (None, missed) => format!("live · {missed} missed while away"),
    };
    let lost = Memo::new(move |_| live.with_logs(LiveState::lost));
    let clear = move |_| {
        pane.chosen.set(None);
        pane.all.set(false);
        live.update_logs(|state| state.logs.clear());
    };
    view! {
        <div class="pane-head">
            <h2 id="logs-title">"Logs"</h2>
            <span class="pill">{state_words}</span>
            {move || {
                (lost.get() > 0)
                    .then(|| {
                        view! {
                            <span class="pill log-lost" title=LOST_MEANS>
                                {format!("{} could not be stored", format::count(lost.get() as usize, "line"))}
                            </span>
                        }
                    })
            }}
            <span class="spacer"></span>
            <WrapButton pane />
            <LogLookMenu pane />
            {(live.place == Place::Logs)
                .then(|| {
                    view! {
                        <LogSaved pane />
                        <LogExport pane />
                    }
                })}
            <button type="button" class="button" on:click=clear>
                "Clear"
            </button>
            <button
                type="button"
                class="button log-pause"
                aria-keyshortcuts="Space"
                on:click=move |_| toggle()
            >
                {move || if paused.get().is_some() { "Resume" } else { "Pause" }}
                <kbd aria-hidden="true">"Space"</kbd>
            </button>
        </div>
    }
    .into_any()
}

/// Drawn over the lines: how many newer ones there are, and that all are selected.
#[component]
fn LogOverlay(pane: LogPane) -> impl IntoView {
    let live = pane.live;
    let new = Memo::new(move |_| live.with_logs(|state| state.logs.paused()).filter(|new| *new > 0));
    let selected = move || {
        pane.all.get().then(|| {
            let count = live.with_logs(|state| state.logs.shown().len());
            view! {
                <p class="log-selected">
                    {format!("{} selected · Ctrl+C copies them", format::count(count, "line"))}
                </p>
            }
        })
    };
    view! {
        {selected}
        {move || {
            new.get()
                .map(|new| {
                    view! {
                        <button
                            type="button"
                            class="log-new"
                            on:click=move |_| live.update_logs(|state| state.logs.resume_following())
                        >
                            {format!("↓ {}", format::count(new, "new line"))}
                        </button>
                    }
                })
        }}
    }
    .into_any()
}
