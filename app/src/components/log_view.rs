//! The log: a window on the newest lines that follows them until somebody looks back.

use std::collections::BTreeSet;
use std::sync::Arc;

use leptos::ev::{ClipboardEvent, KeyboardEvent};
use leptos::html::Div;
use leptos::prelude::*;
use protocol::model::DeviceId;
use protocol::model::LogLine;

use super::LogScopeBar;
use super::log_detail::LogDetail;
use super::log_filter::LogFilter;
use super::log_lines::LogLines;
use super::log_selection;
use super::pane_separator::{Edge, PaneSeparator};
use crate::format;
use crate::live::{Live, LiveState, log_text, use_live};
use crate::storage::{remember, remembered};
use crate::zone::{Zone, use_zone};

/// What the count of lost lines counts.
const LOST_MEANS: &str = "The database refused them, or took nothing for so long that there was no room left to keep \
    them. Counted since the server started.";
/// Least width of the log, in pixels.
const LEAST_PX: f64 = 320.0;

/// What devices and variables keep beside the log, in pixels: on a narrow screen the devices are above.
const fn spare(width: f64) -> f64 {
    if width < 1_200.0 { 320.0 } else { 640.0 }
}

/// What the parts of the pane share.
#[derive(Clone, Copy)]
pub(super) struct LogPane {
    pub live: Live,
    pub zone: RwSignal<Zone>,
    /// The line whose details are shown.
    pub chosen: RwSignal<Option<Arc<LogLine>>>,
    /// Long lines go on in the next row.
    pub wraps: RwSignal<bool>,
    /// All lines are selected, drawn or not.
    pub all: RwSignal<bool>,
    /// Text of lines is selected.
    pub selecting: RwSignal<bool>,
    pub list: NodeRef<Div>,
}

impl LogPane {
    pub(super) fn pause(self) {
        if self.live.read(|state| state.logs.paused().is_none()) {
            self.live.update_logs(|state| state.logs.pause());
        }
    }

    /// What a copy takes: all lines, or those of which something is selected.
    fn copied(self) -> Option<(String, usize)> {
        let marked = log_selection::marked(self.list);
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
    let copy = move |event: ClipboardEvent| {
        if is_field(&event) {
            return;
        }
        if let Some((text, lines)) = pane.copied()
            && log_selection::put(&event, &text)
        {
            event.prevent_default();
            live.announce(format!("{} copied", format::count(lines, "line")));
        }
    };
    let keydown = move |event: KeyboardEvent| {
        if event.key() == "Escape" && pane.all.get_untracked() {
            pane.all.set(false);
            log_selection::forget();
        }
        let is_all = (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case("a");
        if is_all && !is_field(&event) {
            event.prevent_default();
            pane.pause();
            log_selection::mark(pane.list);
            pane.all.set(true);
            let count = live.read(|state| state.logs.shown().len());
            live.announce(format!("{} selected", format::count(count, "line")));
        }
    };
    // what is selected is what is shown: with other devices it would be something else
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
            on:copy=copy
            on:keydown=keydown
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
                title="Long lines go on in the next row"
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

/// What is said over the lines: that there are newer ones, and that all are selected.
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

/// Whether it happens in something that one types into, which copies and selects for itself.
fn is_field(event: &impl AsRef<web_sys::Event>) -> bool {
    use wasm_bindgen::JsCast as _;
    let target = event.as_ref().target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| matches!(&*target.tag_name(), "INPUT" | "TEXTAREA" | "SELECT"))
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
