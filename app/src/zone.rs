//! The time zone in which times are shown: the browser's, once there is one.

use leptos::prelude::*;
use protocol::model::UnixMicros;

/// A time zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// What the server renders, and a page without scripts keeps.
    #[default]
    Utc,
    /// The browser's.
    Local,
}

impl Zone {
    /// How far it is ahead of UTC at that time, in minutes; daylight saving time counts.
    pub fn minutes_east(self, at: UnixMicros) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Local => local::minutes_east(at),
        }
    }

    /// Its name, such as `Europe/Berlin`.
    pub fn name(self) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Local => local::name(),
        }
    }
}

/// Lets pages show times in the browser's zone. The first paint is the server's, and so in UTC.
pub fn provide_zone() {
    let zone = RwSignal::new(Zone::Utc);
    provide_context(zone);
    // effects run in the browser only
    Effect::new(move || zone.set(Zone::Local));
}

/// The zone of the page.
pub fn use_zone() -> RwSignal<Zone> {
    use_context().unwrap_or_default()
}

#[cfg(feature = "hydrate")]
mod local {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use protocol::model::UnixMicros;

    /// Offsets change only on the quarter hour.
    const QUARTER_MS: i64 = 15 * 60 * 1_000;
    const MAX_KNOWN: usize = 4_096;

    thread_local! {
        // a log of ten thousand lines asks for each of them, over and over
        static KNOWN: RefCell<HashMap<i64, i32>> = RefCell::default();
    }

    pub(super) fn minutes_east(at: UnixMicros) -> i32 {
        let quarter = at.millis().div_euclid(QUARTER_MS);
        KNOWN.with_borrow_mut(|known| {
            if known.len() >= MAX_KNOWN {
                known.clear();
            }
            *known.entry(quarter).or_insert_with(|| ask(quarter * QUARTER_MS))
        })
    }

    fn ask(millis: i64) -> i32 {
        // the browser counts westwards, and gives NaN for years that are too far away
        let west = js_sys::Date::new(&(millis as f64).into()).get_timezone_offset();
        if west.is_finite() { -(west as i32) } else { 0 }
    }

    pub(super) fn name() -> String {
        let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
        let zone = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into());
        zone.ok().and_then(|zone| zone.as_string()).unwrap_or_else(|| "local time".to_owned())
    }
}

#[cfg(not(feature = "hydrate"))]
mod local {
    use protocol::model::UnixMicros;

    pub(super) fn minutes_east(_: UnixMicros) -> i32 {
        0
    }

    pub(super) fn name() -> String {
        "local time".to_owned()
    }
}
