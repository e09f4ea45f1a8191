//! Lines of a device that were refused: the game may never read its socket, so they are shown here.

use leptos::prelude::*;
use protocol::model::{DeviceId, Refused, RefusedLine, UnixMicros};

use crate::format;
use crate::live::use_live;
use crate::zone::use_zone;

/// A count that expands to the codes, and to the last few lines with their reasons. Hidden while nothing was refused.
#[component]
pub fn Refusals(
    /// Which device; `None`: games that were turned away before they became one.
    device: Option<DeviceId>,
    /// The server's clock, roughly.
    #[prop(into)]
    now: Signal<UnixMicros>,
) -> impl IntoView {
    let live = use_live();
    let refused = Memo::new(move |_| live.with_refused(|state| state.refused(device).cloned()));
    let title = move || {
        let total = refused.with(|refused| refused.as_ref().map_or(0, Refused::total));
        match device {
            Some(_) => format::refused(total),
            None => {
                format!("{} turned away", format::count(usize::try_from(total).unwrap_or(usize::MAX), "game"))
            }
        }
    };
    let codes = move || refused.with(|refused| refused.as_ref().map(codes));
    // the newest first
    let lines = move || {
        refused.with(|refused| {
            let lines = refused.iter().flat_map(|refused| refused.last.iter().rev());
            lines.map(|line| view! { <Line line=line.clone() now /> }).collect_view()
        })
    };
    view! {
        <details class="refused" hidden=move || refused.with(Option::is_none)>
            <summary>{title}</summary>
            <p class="refused-codes">{codes}</p>
            <ol class="refused-lines">{lines}</ol>
        </details>
    }
    .into_any()
}

#[component]
fn Line(line: RefusedLine, now: Signal<UnixMicros>) -> impl IntoView {
    let RefusedLine { at, code, text, line } = line;
    let is_read = !line.is_empty();
    let zone = use_zone();
    let full = move || {
        let minutes_east = zone.get().minutes_east(at);
        format!("{} {}", format::moment(at, minutes_east), format::offset(minutes_east))
    };
    view! {
        <li>
            <span class="refused-why">
                <time datetime=at.to_rfc3339() title=full>
                    {move || format::ago(at, now.get())}
                </time>
                <code>{code.as_str()}</code>
            </span>
            <span>{text}</span>
            {is_read.then(|| view! {
                <code class="refused-line">
                    <bdi>{line}</bdi>
                </code>
            })}
        </li>
    }
    .into_any()
}

/// `11 × bad_json · 1 × too_many`
fn codes(refused: &Refused) -> String {
    let codes = refused.counts.iter().map(|(code, count)| format!("{count}\u{a0}×\u{a0}{code}"));
    codes.collect::<Vec<_>>().join(" · ")
}
