//! Which edits belong together: all values of one drag, or of one run of key presses, share a gesture.

use leptos::prelude::*;
use protocol::model::Gesture;

/// A random number, so that no two drags share it.
pub fn new_gesture() -> Gesture {
    #[cfg(feature = "hydrate")]
    {
        let half = || (js_sys::Math::random() * 4_294_967_296.0) as u64;
        Gesture(half() << 32 | half())
    }
    // nobody drags on the server
    #[cfg(not(feature = "hydrate"))]
    Gesture(0)
}

/// The gesture of one control.
#[derive(Clone, Copy, Default)]
pub struct GestureSession(StoredValue<Option<Gesture>>);

impl GestureSession {
    /// The gesture under way; the first edit begins one.
    pub fn current(self) -> Gesture {
        self.0.try_update_value(|gesture| *gesture.get_or_insert_with(new_gesture)).unwrap_or(Gesture(0))
    }

    /// Ends it: released, left, or committed.
    pub fn end(self) {
        self.0.set_value(None);
    }
}
