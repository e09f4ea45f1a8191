//! The devices: which are connected, and when the others were seen.

use leptos::prelude::*;
use protocol::live::Device;
use protocol::model::UnixMicros;

use crate::format;
use crate::live::use_live;

/// The first pane of the live page.
#[component]
pub fn DeviceList(
    /// The server's clock, about.
    #[prop(into)]
    now: Signal<UnixMicros>,
) -> impl IntoView {
    let live = use_live();
    let devices = Memo::new(move |_| {
        let mut devices = live.with_devices(|state| state.devices().to_vec());
        // a stable sort: each half stays in the order of first sight
        devices.sort_by_key(|device| !device.online);
        devices
    });
    let online = move || devices.with(|devices| devices.iter().filter(|d| d.online).count());
    let target = move || match online() {
        0 => "edits wait for a game".to_owned(),
        n => format!("edits go to {}", format::count(n, "game")),
    };
    view! {
        <section class="pane pane--devices" aria-labelledby="devices-title">
            <div class="pane-head">
                <h2 id="devices-title">"Devices"</h2>
                <span class="spacer"></span>
                <span class="pill">
                    {move || format!("{} of {}", online(), devices.with(Vec::len))}
                </span>
            </div>
            <ul class="pane-body devices">
                <li class="device device--all">
                    <span class="dot" class:dot--on=move || { online() > 0 } aria-hidden="true"></span>
                    <span class="device-text">
                        "All devices"
                        <small>{target}</small>
                    </span>
                </li>
                <For
                    each=move || devices.get()
                    key=|device| device.id
                    children=move |device| {
                        let id = device.id;
                        let current = Memo::new(move |_| {
                            devices.with(|all| all.iter().find(|d| d.id == id).cloned())
                        });
                        view! { <DeviceRow first=device current now /> }
                    }
                />
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn DeviceRow(first: Device, current: Memo<Option<Device>>, now: Signal<UnixMicros>) -> impl IntoView {
    let first = StoredValue::new(first);
    // a device never goes, but the list may be gone while this still runs
    let device = move || current.get().unwrap_or_else(|| first.get_value());
    let state = move || match device() {
        Device { online: true, .. } => "online".to_owned(),
        Device { last_seen, .. } => format!("offline · seen {}", format::ago(last_seen, now.get())),
    };
    view! {
        <li class="device">
            <span class="dot" class:dot--on=move || device().online aria-hidden="true"></span>
            <span class="device-text">
                <span class="device-name" title=move || device().name>
                    {move || device().name}
                </span>
                <small>{state}</small>
            </span>
        </li>
    }
    .into_any()
}
