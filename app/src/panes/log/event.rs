//! What happened beside the log: a row for each edit, and for each device that connected or left.

use std::sync::Arc;

use leptos::prelude::*;

use super::pane::LogPane;
use super::time::RowTime;
use crate::live::{Happened, LogEvent, changes_text};

/// One row.
#[component]
pub(super) fn EventRow(event: Arc<LogEvent>, pane: LogPane) -> impl IntoView {
    let (word, who, text) = match &event.what {
        Happened::Edited(edit) => {
            ("edit", edit.author.clone(), format!("{} · r{}", changes_text(&edit.changes), edit.revision.0))
        }
        Happened::Connected(_, name) => ("join", name.clone(), "connected".to_owned()),
        Happened::Left(_, name) => ("left", name.clone(), "disconnected".to_owned()),
    };
    let (who_title, title) = (who.clone(), text.clone());
    view! {
        <div class=format!("log-event log-event--{word}")>
            <RowTime at=event.at received=event.at pane />
            <span class="log-level">{word}</span>
            <span class="log-device" dir="auto" title=who_title>
                {who}
            </span>
            <span class="log-message" dir="auto" title=title>
                {text}
            </span>
        </div>
    }
    .into_any()
}
