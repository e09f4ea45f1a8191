//! The devices: which are connected, and when the others were seen.

use leptos::prelude::*;
use protocol::live::Device;
use protocol::model::{DeviceId, UnixMicros};

use super::Refusals;
use crate::format;
use crate::live::{LiveState, use_live};

/// The first pane of the live page.
#[component]
pub fn DeviceList(
    /// The server's clock, about.
    #[prop(into)]
    now: Signal<UnixMicros>,
) -> impl IntoView {
    let live = use_live();
    let order = Memo::new(move |_| {
        live.with_devices(|state| {
            let ids = |online| state.devices().filter(move |d| d.online == online).map(|d| d.id);
            // each half stays in the order of first sight
            ids(true).chain(ids(false)).collect::<Vec<_>>()
        })
    });
    let online = Memo::new(move |_| live.with_devices(LiveState::online));
    let online = move || online.get();
    let refused = move || live.with_refused(LiveState::refused_in_all);
    let gave_way = move || live.with_devices(LiveState::gave_way);
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
                    {move || format!("{} of {}", online(), order.with(Vec::len))}
                </span>
            </div>
            <ul class="pane-body devices">
                <li class="device device--all">
                    <span class="dot" class:dot--on=move || { online() > 0 } aria-hidden="true"></span>
                    <span class="device-text">
                        "All devices"
                        <small>{target}</small>
                        <small hidden=move || gave_way() == 0>{move || format::gave_way(gave_way())}</small>
                        <small class="refused-total" hidden=move || refused() == 0>
                            {move || format!("{} in all", format::refused(refused()))}
                        </small>
                    </span>
                    <Refusals device=None now />
                </li>
                <For
                    each=move || order.get()
                    key=|device| *device
                    children=move |device| view! { <DeviceRow device now /> }
                />
            </ul>
        </section>
    }
    .into_any()
}

#[component]
fn DeviceRow(device: DeviceId, now: Signal<UnixMicros>) -> impl IntoView {
    let (live, id) = (use_live(), device);
    let device = Memo::new(move |_| live.with_devices(|state| state.device(device).cloned()));
    let online = move || device.with(|device| device.as_ref().is_some_and(|device| device.online));
    let name = move || device.with(|device| device.as_ref().map(|device| device.name.clone()));
    let about = Memo::new(move |_| device.with(|d| d.as_ref().map(|d| d.about.clone()).unwrap_or_default()));
    let state = move || {
        device.with(|device| match device {
            Some(Device { online: false, last_seen, .. }) => {
                format!("offline · seen {}", format::ago(*last_seen, now.get()))
            }
            _ => "online".to_owned(),
        })
    };
    view! {
        <li class="device">
            <span class="dot" class:dot--on=online aria-hidden="true"></span>
            <span class="device-text">
                <span class="device-name" title=name>
                    {name}
                </span>
                <small class="device-about" hidden=move || about.with(String::is_empty) title=about>
                    {about}
                </small>
                <small>{state}</small>
            </span>
            <Refusals device=Some(id) now />
        </li>
    }
    .into_any()
}
