//! What was wrong with a log line, and how it was read.

use leptos::prelude::*;
use protocol::line::log_notes;

/// A sentence for each problem.
#[component]
pub(super) fn LogNotes(
    /// The fields of the line.
    fields: Option<String>,
) -> impl IntoView {
    let notes = fields.as_deref().map(log_notes).unwrap_or_default();
    let note = |note: protocol::model::LogNote| view! { <p class="log-note">{note.to_string()}</p> };
    notes.into_iter().map(note).collect_view()
}
