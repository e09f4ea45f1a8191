//! Which edits belong together.

use leptos::prelude::*;
use protocol::model::Gesture;

use crate::live::new_gesture;

/// One control's gestures: a drag is one, and so is a run of key presses.
#[derive(Clone, Copy)]
pub struct GestureSession(StoredValue<Option<Gesture>>);

impl GestureSession {
    /// Without a gesture; the first edit begins one.
    pub fn new() -> Self {
        Self(StoredValue::new(None))
    }

    /// The gesture that goes on.
    pub fn current(self) -> Gesture {
        self.0.try_update_value(|gesture| *gesture.get_or_insert_with(new_gesture)).unwrap_or(Gesture(0))
    }

    /// Ends it: released, left, or committed.
    pub fn end(self) {
        self.0.set_value(None);
    }
}

impl Default for GestureSession {
    fn default() -> Self {
        Self::new()
    }
}
