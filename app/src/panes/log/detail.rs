//! One log line in full, a field in each row.

use std::sync::Arc;

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use protocol::filter::Facet;
use protocol::line::flatten;
use protocol::model::{LogLine, UnixMicros};

use super::context::show_around;
use super::menu::Menu;
use super::notes::LogNotes;
use super::pane::LogPane;
use super::row::Message;
use crate::components::{Edge, PaneSeparator};
use crate::format;
use crate::live::LiveState;
use crate::zone::Zone;

/// At most so many fields are shown; a download has all of them.
const MAX_FIELDS: usize = 500;
/// Least height, in pixels.
const LEAST_PX: f64 = 96.0;

/// The height reserved for the lines above, in pixels.
const fn spare(_: f64) -> f64 {
    280.0
}

/// The line that was chosen.
#[component]
pub(super) fn LogDetail(line: Arc<LogLine>, pane: LogPane) -> impl IntoView {
    let LogPane { live, zone, chosen, .. } = pane;
    let LogLine { seq, device, at, received, level, .. } = *line;
    let name = move || live.with_devices(|state| state.device_name(device).to_owned());
    let own_name = live.read(|state| state.device_name(device).to_owned());
    let (fields, left_out) = line.fields.as_deref().map(|json| flatten(json, MAX_FIELDS)).unwrap_or_default();
    let project = live.read(LiveState::project);
    let of = StoredValue::new(Arc::clone(&line));
    let open = Callback::new(move |(facet, event): (Facet, MouseEvent)| {
        let menu = of.with_value(|line| Menu::new(facet, line, &name(), &event));
        pane.menu.set(Some(menu));
    });
    let fields = fields.into_iter().map(|(path, value)| {
        let facet = Facet::Field { path: path.clone(), value: value.clone() };
        let label = format!("Filter by {path}");
        view! {
            <tr>
                <th scope="row">
                    <code>{path}</code>
                    <FacetButton facet label open />
                </th>
                <td class="value" dir="auto">
                    {value}
                </td>
            </tr>
        }
    });
    view! {
        <aside class="log-detail" aria-label="Selected log line">
            <PaneSeparator
                edge=Edge::Top
                name="log-detail-height"
                label="Height of the details"
                key=format!("log-detail-height:{project}")
                least=LEAST_PX
                spare
            />
            <button
                type="button"
                class="button button--icon log-detail-close"
                aria-label="Close"
                on:click=move |_| chosen.set(None)
            >
                <span aria-hidden="true">"✕"</span>
            </button>
            <div class="log-detail-body" tabindex="0" role="group" aria-label="Fields of the line">
                <button type="button" class="button button--small" on:click=move |_| show_around(pane, seq)>
                    "Lines around it"
                </button>
                <LogNotes fields=line.fields.clone() />
                <pre class="value" dir="auto">
                    <Message text=line.message.clone() one_row=false />
                </pre>
                <table class="log-fields">
                    <tbody>
                        {detail("time", move || full(at, zone.get()))}
                        {detail("received", move || full(received, zone.get()))}
                        <tr>
                            <th scope="row" class="log-own">
                                "level"
                                <FacetButton facet=Facet::Level(level) label="Filter by level" open />
                            </th>
                            <td>{level.as_str()}</td>
                        </tr>
                        <tr>
                            <th scope="row" class="log-own">
                                "device"
                                <FacetButton facet=Facet::Device(own_name) label="Filter by device" open />
                            </th>
                            <td dir="auto">{name}</td>
                        </tr>
                        {detail("number", move || seq.to_string())} {fields.collect_view()}
                    </tbody>
                </table>
                {(left_out > 0).then(|| view! { <p class="meta">{format!("and {left_out} more")}</p> })}
            </div>
        </aside>
    }
    .into_any()
}

/// Opens the menu of a value.
#[component]
fn FacetButton(
    facet: Facet,
    #[prop(into)] label: String,
    open: Callback<(Facet, MouseEvent)>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button--small button--quiet log-facet"
            aria-label=label
            aria-haspopup="true"
            on:click=move |event| open.run((facet.clone(), event))
        >
            <span aria-hidden="true">"⋯"</span>
        </button>
    }
}

fn detail(name: &'static str, value: impl Fn() -> String + Send + Sync + 'static) -> impl IntoView {
    view! {
        <tr>
            <th scope="row" class="log-own">
                {name}
            </th>
            <td dir="auto">{value}</td>
        </tr>
    }
}

/// Date, time and zone, and the same in UTC.
fn full(at: UnixMicros, zone: Zone) -> String {
    let minutes_east = zone.minutes_east(at);
    let local = format!("{} {}", format::exact_moment(at, minutes_east), format::offset(minutes_east));
    match zone {
        Zone::Utc => local,
        Zone::Local => format!("{local} ({}) · {}", zone.name(), at.to_rfc3339()),
    }
}
