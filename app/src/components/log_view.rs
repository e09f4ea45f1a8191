//! The log: a window on the newest lines that follows them until somebody looks back.

use std::sync::Arc;

use leptos::prelude::*;
use protocol::filter::Filter;
use protocol::live::LogLine;
use protocol::model::Level;

use super::log_lines::LogLines;
use super::log_notes::LogNotes;
use crate::format;
use crate::live::{LiveState, use_live};

/// What the count of lost lines counts.
const LOST_MEANS: &str = "The database refused them, or took nothing for so long that there was no room left to keep \
    them. Counted since the server started.";

/// The last pane of the live page.
#[component]
pub fn LogView() -> impl IntoView {
    let live = use_live();
    let minutes_east = RwSignal::new(0);
    let selected = RwSignal::new(None::<Arc<LogLine>>);
    let paused = Memo::new(move |_| live.with_logs(|state| state.logs.paused()));
    let pause = move || live.update_logs(|state| state.logs.pause());
    let follow = move || live.update_logs(|state| state.logs.resume_following());
    let toggle = move || if paused.get_untracked().is_some() { follow() } else { pause() };
    space_key(Callback::new(move |()| toggle()));
    Effect::new(move || minutes_east.set(zone_minutes_east()));
    let state_words = move || match (paused.get(), live.with_logs(|state| state.logs.missed())) {
        (Some(0), _) => "paused".to_owned(),
        (Some(new), _) => format!("paused · {new} new"),
        (None, 0) => "live".to_owned(),
        (None, missed) => format!("live · {missed} missed while away"),
    };
    let lost = Memo::new(move |_| live.with_logs(LiveState::lost));
    let clear = move |_| {
        selected.set(None);
        live.update_logs(|state| state.logs.clear());
    };
    view! {
        <section class="pane pane--logs" aria-labelledby="logs-title">
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
            <LogFilter />
            <div class="log-place">
            <LogLines minutes_east selected on_pause=Callback::new(move |()| pause()) />
            {move || {
                paused
                    .get()
                    .filter(|new| *new > 0)
                    .map(|new| {
                        view! {
                            <button type="button" class="log-new" on:click=move |_| follow()>
                                {format!("↓ {}", format::count(new, "new line"))}
                            </button>
                        }
                    })
            }}
            </div>
            {move || selected.get().map(|line| view! { <LogDetail line selected /> })}
        </section>
    }
    .into_any()
}

/// Level and text. What can't be read is underlined, and the last good filter stays.
#[component]
fn LogFilter() -> impl IntoView {
    let live = use_live();
    let text = RwSignal::new(String::new());
    let at_least = RwSignal::new(Level::Trace);
    let parsed = Memo::new(move |_| text.with(|text| Filter::parse(text)));
    let good = StoredValue::new(Filter::default());
    let apply = move || {
        if let Ok(filter) = parsed.get_untracked() {
            good.set_value(filter);
        }
        let (filter, at_least) = (good.get_value(), at_least.get_untracked());
        live.update_logs(|state| state.set_log_filter(filter, at_least));
    };
    let levels = Level::ALL
        .map(|level| {
            view! { <option value=level.as_str()>{if level == Level::Trace { "all levels" } else { level.as_str() }}</option> }
        })
        .collect_view();
    let fault = move || {
        let error = parsed.get().err()?;
        let typed = text.get();
        let part = |from, to| typed.get(from..to).unwrap_or_default().to_owned();
        let (before, wrong) = (part(0, error.start), part(error.start, error.end));
        Some(view! {
            <p class="filter-fault" id="filter-fault" role="alert">
                <code>{before}<u>{wrong}</u></code>
                " "
                {error.text}
            </p>
        })
    };
    view! {
        <div class="log-filter">
            <select
                class="entry"
                aria-label="Lowest level"
                on:change=move |event| {
                    at_least.set(Level::parse(&event_target_value(&event)).unwrap_or(Level::Trace));
                    apply();
                }
            >
                {levels}
            </select>
            <input
                type="search"
                class="entry"
                aria-label="Filter log lines"
                aria-invalid=move || parsed.with(Result::is_err).then_some("true")
                aria-describedby="filter-fault"
                placeholder="Filter: words, \"a phrase\", -not, device:name, level>=warn"
                autocomplete="off"
                spellcheck="false"
                on:input=move |event| {
                    text.set(event_target_value(&event));
                    apply();
                }
            />
            {fault}
        </div>
    }
    .into_any()
}

/// One line whole, with its fields.
#[component]
fn LogDetail(line: Arc<LogLine>, selected: RwSignal<Option<Arc<LogLine>>>) -> impl IntoView {
    let received = line.received.to_rfc3339();
    view! {
        <aside class="log-detail" aria-label="Selected log line">
            <button
                type="button"
                class="button button--icon log-detail-close"
                aria-label="Close"
                on:click=move |_| selected.set(None)
            >
                <span aria-hidden="true">"✕"</span>
            </button>
            <p class="meta">
                {format!("{} · {} · received {received}", line.level, line.at.to_rfc3339())}
            </p>
            <LogNotes fields=line.fields.clone() />
            <pre class="value">{line.message.clone()}</pre>
            {line.fields.clone().map(|fields| view! { <pre class="value log-fields">{fields}</pre> })}
        </aside>
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

fn zone_minutes_east() -> i32 {
    // the browser counts westwards
    -(js_sys::Date::new_0().get_timezone_offset() as i32)
}
