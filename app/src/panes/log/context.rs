//! The lines of one device before and after a line, whatever the filter says.

use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use protocol::model::LogLine;

use super::around::Context;
use super::pane::LogPane;
use super::row::Line;
use crate::api;
use crate::live::LiveState;

/// Lines on either side.
const LINES: u16 = 50;

/// Shows the lines around one, and that one's details.
pub(super) fn show_around(pane: LogPane, seq: u64) {
    pane.pause();
    pane.context.set(Some(Context::Asked(seq)));
    let project = pane.live.read(LiveState::project);
    leptos::task::spawn_local(async move {
        let found = api::log_context(project, seq, LINES).await;
        let is_wanted = pane.context.try_with_untracked(|context| *context == Some(Context::Asked(seq)));
        if is_wanted != Some(true) {
            return;
        }
        pane.context.set(Some(match found {
            Err(why) => Context::Failed(seq, why.to_string()),
            Ok(lines) => {
                let lines: Vec<Arc<LogLine>> = lines.into_iter().map(Arc::new).collect();
                if let Some(line) = lines.iter().find(|line| line.seq == seq) {
                    pane.chosen.set(Some(Arc::clone(line)));
                }
                Context::Around(seq, lines)
            }
        }));
    });
}

/// Chooses the line in the address. One that is not loaded is shown among those around it.
pub(super) fn open_line(pane: LogPane) {
    let Some(seq) = pane.live.log_line.get_untracked() else { return };
    let line = pane.live.read(|state| state.logs.shown().iter().find(|line| line.seq == seq).map(Arc::clone));
    match line {
        Some(line) => {
            pane.pause();
            pane.reveal(&line);
            pane.chosen.set(Some(line));
        }
        None => show_around(pane, seq),
    }
}

/// Over the log, while it is open.
#[component]
pub(super) fn LogContext(pane: LogPane) -> impl IntoView {
    let back = move || {
        pane.context.set(None);
        if let Some(list) = pane.list.get_untracked() {
            // it fails for elements that can't have the focus, and the list can
            let _ = list.focus();
        }
    };
    move || {
        let context = pane.context.get()?;
        let (words, lines) = match context {
            Context::Asked(_) => ("Loading the lines around it…".to_owned(), None),
            Context::Failed(_, why) => (format!("They could not be loaded: {why}"), None),
            Context::Around(seq, lines) => (words(pane, seq, &lines), Some((seq, lines))),
        };
        Some(view! {
            <div
                class="log-context"
                role="region"
                aria-label="Lines around the chosen one"
                on:keydown=move |event| {
                    if event.key() == "Escape" {
                        event.stop_propagation();
                        back();
                    }
                }
            >
                <div class="log-context-head">
                    <p role="status" dir="auto">
                        {words}
                    </p>
                    <button type="button" class="button" on:click=move |_| back()>
                        "Back to the log"
                    </button>
                </div>
                {lines.map(|(seq, lines)| view! { <Lines seq lines pane /> })}
            </div>
        })
    }
}

fn words(pane: LogPane, seq: u64, lines: &[Arc<LogLine>]) -> String {
    let Some(line) = lines.iter().find(|line| line.seq == seq) else {
        return "This line is not stored any more.".to_owned();
    };
    let name = pane.live.read(|state| state.device_name(line.device).to_owned());
    let before = lines.iter().filter(|line| line.seq < seq).count();
    format!("All lines of {name}: {before} before, {} after. The filter is lifted.", lines.len() - before - 1)
}

#[component]
fn Lines(seq: u64, lines: Vec<Arc<LogLine>>, pane: LogPane) -> impl IntoView {
    let list = NodeRef::<Div>::new();
    Effect::new(move || {
        let Some(list) = list.get() else { return };
        let row = list.query_selector(&format!("[data-seq=\"{seq}\"]")).ok().flatten();
        if let Some(row) = row {
            let (row, place) = (row.get_bounding_client_rect(), list.get_bounding_client_rect());
            let middle = row.top() - place.top() - place.height() / 2.0;
            list.set_scroll_top(list.scroll_top() + middle as i32);
        }
    });
    let rows = lines.into_iter().map(|line| {
        let device = pane.live.read(|state| state.device_name(line.device).to_owned());
        view! { <Line device line times=1 pane /> }
    });
    view! {
        <div
            class="log-context-lines"
            class:log--wrap=move || pane.wraps.get()
            tabindex="0"
            role="group"
            aria-label="Lines"
            node_ref=list
        >
            {rows.collect_view()}
        </div>
    }
    .into_any()
}
