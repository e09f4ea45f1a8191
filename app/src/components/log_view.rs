//! The log: a window on the newest lines that follows them until somebody looks back.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use protocol::filter::Filter;
use protocol::live::LogLine;
use protocol::model::Level;

use crate::format;
use crate::live::{LiveState, use_live};

/// Height of a line; the style sheet says the same.
const LINE_PX: f64 = 20.0;
/// Lines that are drawn above and below the visible ones.
const OVERSCAN: usize = 20;
/// Lines of the first paint, which has no idea of the pane's height.
const FIRST_LINES: usize = 100;

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

/// The lines that are in view, out of all that are held.
#[component]
fn LogLines(
    minutes_east: RwSignal<i32>,
    selected: RwSignal<Option<Arc<LogLine>>>,
    on_pause: Callback<()>,
) -> impl IntoView {
    let live = use_live();
    let list = NodeRef::<Div>::new();
    // how far up from the newest line the view is scrolled, and how high it is; known after hydration
    let view_px = RwSignal::new(None::<(f64, f64)>);
    let total = Memo::new(move |_| live.with_logs(|state| state.logs.shown().len()));
    let rows = Memo::new(move |_| {
        let (from, to) = window_of(total.get(), view_px.get());
        live.with_logs(|state| {
            let lines = state.logs.shown();
            let line = |(index, line): (usize, &Arc<LogLine>)| Row {
                index,
                device: state.device_name(line.device).to_owned(),
                line: Arc::clone(line),
            };
            lines.iter().enumerate().take(to).skip(from).map(line).collect::<Vec<_>>()
        })
    });
    let measure = move || {
        let Some(list) = list.get_untracked() else { return };
        // the list is laid out from its end, so its scroll position is 0 there and negative above
        view_px.set(Some((f64::from(-list.scroll_top()), f64::from(list.client_height()))));
    };
    Effect::new(measure);
    observe_size(list, Callback::new(move |()| measure()));
    let scrolled = move |_| {
        measure();
        if view_px.get_untracked().is_some_and(|(up, _)| up > LINE_PX / 2.0) {
            on_pause.run(());
        }
    };
    // following means standing at the newest line
    Effect::new(move |before: Option<bool>| {
        let held = live.with_logs(|state| state.logs.paused()).is_some();
        if before == Some(true)
            && !held
            && let Some(list) = list.get_untracked()
        {
            list.set_scroll_top(0);
            measure();
        }
        held
    });
    let keydown = move |event: KeyboardEvent| {
        let by: isize = match event.key().as_str() {
            "ArrowUp" => -1,
            "ArrowDown" => 1,
            "Escape" => return selected.set(None),
            _ => return,
        };
        event.prevent_default();
        on_pause.run(());
        selected.set(live.read(|state| neighbour(state, selected.get_untracked().as_deref(), by)));
    };
    // no-script pages can't scroll to what is not drawn, so they get no room for it
    let height = move || match view_px.get() {
        Some(_) => total.get() as f64 * LINE_PX,
        None => total.get().min(FIRST_LINES) as f64 * LINE_PX,
    };
    let top = move |index: usize| match view_px.get() {
        Some(_) => index as f64 * LINE_PX,
        None => (index - total.get().saturating_sub(FIRST_LINES).min(index)) as f64 * LINE_PX,
    };
    view! {
        <div
            class="log"
            role="log"
            aria-live="off"
            aria-label="Log lines; arrow up and down select one"
            tabindex="0"
            node_ref=list
            on:scroll=scrolled
            on:keydown=keydown
        >
            <div class="log-body" style:height=move || format!("{}px", height())>
                <For
                    each=move || rows.get()
                    key=|row| (row.line.seq, row.index, row.device.clone())
                    children=move |row| {
                        let index = row.index;
                        let top = Signal::derive(move || top(index));
                        view! { <LogRow row top minutes_east selected on_pause /> }
                    }
                />
            </div>
            {move || {
                (total.get() == 0).then(|| view! { <p class="empty">{nothing(live.read(|s| s.logs.kept()))}</p> })
            }}
        </div>
    }
    .into_any()
}

#[derive(Clone, PartialEq)]
struct Row {
    index: usize,
    device: String,
    line: Arc<LogLine>,
}

#[component]
fn LogRow(
    row: Row,
    top: Signal<f64>,
    minutes_east: RwSignal<i32>,
    selected: RwSignal<Option<Arc<LogLine>>>,
    on_pause: Callback<()>,
) -> impl IntoView {
    let Row { device, line, .. } = row;
    let (at, seq, level) = (line.at, line.seq, line.level);
    let chosen = move || selected.with(|s| s.as_ref().is_some_and(|s| s.seq == seq));
    // one line is one line: the whole text is in the detail
    let message = line.message.replace(['\n', '\r'], "⏎");
    let has_fields = line.fields.is_some();
    let choose = move |_| {
        on_pause.run(());
        selected.set(Some(Arc::clone(&line)));
    };
    view! {
        <div
            class=format!("log-line log-line--{level}")
            class:log-line--chosen=chosen
            style:top=move || format!("{}px", top.get())
            on:click=choose
        >
            <time>{move || format::time_of_day(at, minutes_east.get())}</time>
            <span class="log-level">{level.as_str()}</span>
            <span class="log-device">{device}</span>
            <span class="log-message">
                <span class="log-text">{message}</span>
                {has_fields.then(|| view! { <span class="log-more" aria-hidden="true">"{ }"</span> })}
            </span>
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
            <pre class="value">{line.message.clone()}</pre>
            {line.fields.clone().map(|fields| view! { <pre class="value log-fields">{fields}</pre> })}
        </aside>
    }
    .into_any()
}

/// Which lines to draw. Before the pane is measured: the newest.
fn window_of(total: usize, view_px: Option<(f64, f64)>) -> (usize, usize) {
    let Some((up, height)) = view_px else { return (total.saturating_sub(FIRST_LINES), total) };
    let below = (up.max(0.0) / LINE_PX) as usize;
    let visible = (height / LINE_PX) as usize + 2;
    let to = total.saturating_sub(below.saturating_sub(OVERSCAN));
    let from = total.saturating_sub(below + visible + OVERSCAN);
    (from, to)
}

fn neighbour(state: &LiveState, from: Option<&LogLine>, by: isize) -> Option<Arc<LogLine>> {
    let lines = state.logs.shown();
    let at = match from {
        Some(line) => lines.partition_point(|l| l.seq < line.seq).saturating_add_signed(by),
        None => lines.len().saturating_sub(1),
    };
    lines.get(at.min(lines.len().saturating_sub(1))).cloned()
}

fn nothing(kept: usize) -> &'static str {
    match kept {
        0 => "No log lines yet.",
        _ => "No line passes the filter.",
    }
}

/// Runs with each change of the list's size: a phone shows it late, a selected line makes it lower.
fn observe_size(list: NodeRef<Div>, changed: Callback<()>) {
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| {
        use wasm_bindgen::prelude::{Closure, JsValue};
        let list = list.get()?;
        let run = Closure::<dyn Fn(JsValue)>::new(move |_| changed.run(()));
        // it fails in browsers without it, which then keep the first size
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_what_is_seen_and_a_little_more() {
        assert_eq!(window_of(500, None), (400, 500));
        assert_eq!(window_of(30, None), (0, 30));
        assert_eq!(window_of(500, Some((0.0, 400.0))), (458, 500));
        assert_eq!(window_of(500, Some((2000.0, 400.0))), (358, 420));
        assert_eq!(window_of(500, Some((1e9, 400.0))), (0, 0));
        assert_eq!(window_of(0, Some((0.0, 400.0))), (0, 0));
    }
}
