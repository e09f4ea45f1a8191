//! What games log with already: the crates `log` and `tracing`.

#[cfg(feature = "log")]
mod log;
#[cfg(feature = "tracing")]
mod tracing;

use std::cell::Cell;

#[cfg(feature = "log")]
pub use self::log::Logger;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingLayer;

use protocol::model::{Integer, Level, Value};

use crate::Game;

thread_local! {
    /// This thread is taking an entry, or its entries are our own.
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Takes an entry, unless that is what this thread is doing: an argument that logs when it is written is left out.
fn take(run: impl FnOnce()) {
    let is_busy = |busy| IS_BUSY.try_with(|is_busy| is_busy.replace(busy));
    // a thread that is ending has no say any more
    if let Ok(false) = is_busy(true) {
        struct Free;
        impl Drop for Free {
            fn drop(&mut self) {
                let _ = IS_BUSY.try_with(|is_busy| is_busy.set(false));
            }
        }
        let _free = Free;
        run();
    }
}

/// Nothing that this thread logs is taken: sending it would be logged again.
#[cfg(not(feature = "constants"))]
pub(crate) fn leave_out_this_thread() {
    let _ = IS_BUSY.try_with(|is_busy| is_busy.set(true));
}

/// An entry in the making.
struct Entry {
    level: Level,
    message: String,
    fields: Vec<(String, Value)>,
}

impl Entry {
    /// `target` is the part of the program, the source is where in the code.
    fn new(level: Level, target: &str, file: Option<&str>, line: Option<u32>) -> Self {
        let mut entry = Self { level, message: String::new(), fields: Vec::new() };
        entry.add("target", Value::Text(target.to_owned()));
        if let (Some(file), Some(line)) = (file, line) {
            entry.add("source", Value::Text(format!("{file}:{line}")));
        }
        entry
    }

    fn add(&mut self, name: &str, value: Value) {
        self.fields.push((name.to_owned(), value));
    }

    fn send(self, game: &Game) {
        let fields: Vec<(&str, Value)> =
            self.fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        game.log_with(self.level, &self.message, &fields);
    }
}

/// Beyond 64 bits it is text.
fn integer(number: i128) -> Value {
    Integer::new(number).map_or_else(|| Value::Text(number.to_string()), Value::Int)
}

/// JSON has no word for infinity.
fn float(number: f64) -> Value {
    if number.is_finite() { Value::Float(number) } else { Value::Text(number.to_string()) }
}
