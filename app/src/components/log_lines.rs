//! The lines of the log: those that are in view, out of all that are held.

use std::sync::Arc;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use protocol::live::LogLine;

use crate::format;
use crate::live::{LiveState, use_live};

/// Height of a line; the style sheet says the same.
const LINE_PX: f64 = 20.0;
/// Lines that are drawn above and below the visible ones.
const OVERSCAN: usize = 20;
/// Lines of the first paint, which has no idea of the pane's height.
const FIRST_LINES: usize = 100;

/// The lines that are in view, out of all that are held.
#[component]
pub(super) fn LogLines(
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
    // Until the pane is measured nothing is placed: the lines that are drawn stand one below the other. So the server's page needs no
    // `style` attribute, which its policy forbids, and without scripts there is no room for what is not drawn.
    let placed = move || view_px.with(Option::is_some);
    let height = move || placed().then(|| format!("{}px", total.get() as f64 * LINE_PX));
    let top = move |index: usize| placed().then(|| format!("{}px", index as f64 * LINE_PX));
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
            <div class="log-body" class:log-body--placed=placed style:height=height>
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
    top: Signal<Option<String>>,
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
            style:top=move || top.get()
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
