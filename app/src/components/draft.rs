//! What is typed and not sent: the end of the row says so, with buttons to send and to discard it.

use leptos::prelude::*;

use super::SmallButton;

/// The draft of one variable: its text, and the field that it is in.
#[derive(Clone, Copy)]
pub struct Draft {
    /// What is typed; `None` without a draft. It outlives the field.
    pub typed: RwSignal<Option<String>>,
    field: RwSignal<Option<DraftField>>,
}

/// The draft's field: what it knows and what it can do.
#[derive(Clone, Copy)]
pub(super) struct DraftField {
    /// The accessible name.
    pub label: Signal<String>,
    /// Whether the text differs from the value.
    pub is_draft: Memo<bool>,
    /// The value that the text stands for, if that is not what is typed.
    pub result: Memo<Option<String>>,
    pub send: Callback<()>,
    pub discard: Callback<()>,
}

impl Draft {
    /// For a control under construction.
    pub fn new(typed: RwSignal<Option<String>>) -> Self {
        Self { typed, field: RwSignal::new(None) }
    }

    /// Registers the field, once it is built.
    pub(super) fn is_in(self, field: DraftField) {
        self.field.set(Some(field));
    }
}

/// In place of the chip, so that nothing moves when it comes and goes. It is there from the first key press, and stays when the
/// field loses the focus.
#[component]
pub fn DraftBar(
    /// The draft.
    draft: Draft,
) -> impl IntoView {
    move || {
        let DraftField { label, result, send, discard, .. } =
            draft.field.get().filter(|field| field.is_draft.get())?;
        Some(view! {
            <span class="draft">
                <span class="draft-state">
                    "Not sent "
                    <output class="draft-result" title=move || result.get()>
                        {move || result.get()}
                    </output>
                </span>
                <SmallButton
                    text="Send"
                    label=Signal::derive(move || format!("Send {}", label.get()))
                    title="Enter"
                    on_press=send
                />
                <SmallButton
                    text="✕"
                    label=Signal::derive(move || format!("Discard the draft of {}", label.get()))
                    title="Discard (Esc)"
                    on_press=discard
                />
            </span>
        })
    }
}
