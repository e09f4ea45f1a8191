//! The time of a row.

use leptos::prelude::*;
use protocol::model::UnixMicros;

use super::pane::LogPane;
use crate::format;
use crate::live::TimeStyle;

/// When it was: in the style that was chosen, with all of it in a tooltip.
#[component]
pub(super) fn RowTime(at: UnixMicros, received: UnixMicros, pane: LogPane) -> impl IntoView {
    let (zone, look) = (pane.zone, pane.live.log_look);
    let style = Memo::new(move |_| look.with(|look| look.time));
    let time = move || {
        let minutes_east = zone.get().minutes_east(at);
        let day = format::day_number(received, zone.get().minutes_east(received));
        match style.get() {
            TimeStyle::Ago => format::ago(at, pane.now.get()),
            TimeStyle::Micros if format::day_number(at, minutes_east) == day => {
                format::micros_of_day(at, minutes_east)
            }
            TimeStyle::Clock | TimeStyle::Micros => format::time_beside(at, minutes_east, day),
        }
    };
    let full_time = move || {
        let minutes_east = zone.get().minutes_east(at);
        format!("{} {}", format::exact_moment(at, minutes_east), format::offset(minutes_east))
    };
    view! { <time title=full_time>{time}</time> }.into_any()
}
