//! What is typed and not sent: the row says so at its end, with both ways out.

use leptos::prelude::*;

use super::SmallButton;

/// The draft of one variable: its text, and the field that it is in.
#[derive(Clone, Copy)]
pub struct Draft {
    /// What is typed; `None` without a draft. It outlives the field.
    pub typed: RwSignal<Option<String>>,
    field: RwSignal<Option<DraftField>>,
}

/// What the field of a draft knows, and what it does when it is told to.
#[derive(Clone, Copy)]
pub(super) struct DraftField {
    /// The accessible name.
    pub label: Signal<String>,
    /// Whether the text is anything but the value.
    pub is_draft: Memo<bool>,
    /// What the text comes to, where that is not what is typed.
    pub result: Memo<Option<String>>,
    pub send: Callback<()>,
    pub discard: Callback<()>,
}

impl Draft {
    /// For a control that is being built.
    pub fn new(typed: RwSignal<Option<String>>) -> Self {
        Self { typed, field: RwSignal::new(None) }
    }

    /// Tells of the field, once it is built.
    pub(super) fn is_in(self, field: DraftField) {
        self.field.set(Some(field));
    }
}

/// At the end of the row, in place of the chip: nothing moves when it comes and goes. It is there from the first key on and stays
/// when the field is left.
#[component]
pub fn DraftBar(
    /// The draft that it is about.
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
