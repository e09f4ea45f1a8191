//! What was not as it should be with a line of the log, and what was made of it.

use leptos::prelude::*;
use protocol::line::log_notes;

/// A sentence for each; nothing where there is nothing to say.
#[component]
pub(super) fn LogNotes(
    /// The fields of the line.
    fields: Option<String>,
) -> impl IntoView {
    let notes = fields.as_deref().map(log_notes).unwrap_or_default();
    let note = |note: protocol::model::LogNote| view! { <p class="log-note">{note.to_string()}</p> };
    notes.into_iter().map(note).collect_view()
}
