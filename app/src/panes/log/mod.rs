//! The log: a window on the newest lines that follows them until somebody scrolls back.

mod detail;
mod filter;
mod filter_help;
mod lines;
mod notes;
mod pane;
mod place;
mod reach;
mod row;
mod selection;

use std::collections::BTreeSet;

use leptos::prelude::*;
use protocol::model::DeviceId;

use self::detail::LogDetail;
use self::filter::LogFilter;
use self::lines::LogLines;
use self::pane::LogPane;
use super::scope_bar::LogScopeBar;
use crate::components::{Edge, PaneSeparator};
use crate::format;
use crate::live::{LiveState, use_live};
use crate::storage::{remember, remembered};
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

/// The last pane of the live page.
#[component]
pub fn LogView() -> impl IntoView {
    let live = use_live();
    let pane = LogPane {
        live,
        zone: use_zone(),
        chosen: RwSignal::new(None),
        wraps: RwSignal::new(false),
        all: RwSignal::new(false),
        selecting: RwSignal::new(false),
        list: NodeRef::new(),
    };
    let project = live.read(LiveState::project);
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
            aria-labelledby="logs-title"
            data-heir=".log"
            on:copy=move |event| pane.copy(&event)
            on:keydown=move |event| pane.select_by_key(&event)
        >
            <PaneSeparator
                edge=Edge::Left
                name="log-width"
                label="Width of the log"
                key=format!("log-width:{project}")
                least=LEAST_PX
                spare
            />
            <LogHead pane />
            <LogFilter pane />
            <LogScopeBar />
            <div class="log-place">
                <LogLines pane />
                <LogOverlay pane />
            </div>
            {move || pane.chosen.get().map(|line| view! { <LogDetail line pane /> })}
        </section>
    }
    .into_any()
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
    space_key(Callback::new(move |()| toggle()));
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
    let wrap_key = StoredValue::new(format!("log-wrap:{}", live.read(LiveState::project)));
    Effect::new(move || pane.wraps.set(wrap_key.with_value(|key| remembered(key)).is_some()));
    let wrap = move |_| {
        let wraps = !pane.wraps.get_untracked();
        pane.wraps.set(wraps);
        wrap_key.with_value(|key| remember(key, wraps.then_some("yes")));
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
            <button
                type="button"
                class="button"
                title="Wrap long lines"
                aria-pressed=move || pane.wraps.get().to_string()
                on:click=wrap
            >
                "Wrap"
            </button>
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

/// Space pauses and resumes, unless it is typed into something.
fn space_key(toggle: Callback<()>) {
    #[cfg(feature = "hydrate")]
    {
        let listener = window_event_listener(leptos::ev::keydown, move |event| {
            let idle = document()
                .active_element()
                .is_none_or(|element| element.tag_name() == "BODY" || element.class_list().contains("log"));
            if idle && event.key() == " " && !event.repeat() {
                event.prevent_default();
                toggle.run(());
            }
        });
        on_cleanup(move || listener.remove());
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = toggle;
}
