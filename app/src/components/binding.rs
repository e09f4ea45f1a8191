//! What ties a control to the variable that it edits.

use leptos::prelude::*;
use protocol::model::{Gesture, Value};

use super::Draft;

/// Called with each new value, and the gesture that it is part of.
pub type OnEdit = Callback<(Value, Gesture)>;

/// Reads what was typed: a value, or a sentence that says what the field takes.
pub type Parse = Callback<String, Result<Value, String>>;

/// What every control is given besides its label: values in, edits out.
#[derive(Clone, Copy)]
pub struct Binding {
    /// The value to show.
    pub value: Signal<Option<Value>>,
    /// What is typed and not sent.
    pub draft: Draft,
    /// Reads what was typed, by the newest declaration.
    pub parse: Parse,
    /// Whether the person may not change it. It can still be read and copied.
    pub locked: Signal<bool>,
    /// Called with each new value.
    pub on_edit: OnEdit,
}

impl Binding {
    /// The value as text, empty when there is none.
    pub fn text(self) -> Signal<String> {
        Signal::derive(move || self.value.with(|v| v.as_ref().map(ToString::to_string).unwrap_or_default()))
    }
}
