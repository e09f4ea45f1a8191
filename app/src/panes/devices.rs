//! The devices: which are connected, when the others were last seen, and which of them are selected.

use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::prelude::*;
use protocol::model::{Device, DeviceId, UnixMicros};
use wasm_bindgen::JsCast;

use super::forget::Forget;
use super::refusals::Refusals;
use crate::components::{Edge, PaneSeparator, focus_id};
use crate::format;
use crate::live::{Forgettable, Live, LiveState, use_live};

/// Least width of the pane, in pixels.
const LEAST_PX: f64 = 160.0;

/// The width reserved for variables and log, in pixels.
const fn spare(_: f64) -> f64 {
    740.0
}

/// The first pane of the live page.
#[component]
pub fn DeviceList(
    /// The server's clock, roughly.
    #[prop(into)]
    now: Signal<UnixMicros>,
    /// Opens the dialog that says how a game connects.
    on_connect: Callback<()>,
) -> impl IntoView {
    let live = use_live();
    let listed = Memo::new(move |_| live.with_devices(order));
    let online = Memo::new(move |_| live.with_devices(LiveState::online));
    // one device at a time is in the Tab order, and arrows move to the others
    let current = RwSignal::new(None::<DeviceId>);
    let list = Listing { live, listed, current };
    view! {
        <section class="pane pane--devices" aria-labelledby="devices-title">
            <PaneSeparator
                edge=Edge::Right
                name="devices-width"
                label="Width of the device list"
                key=format!("devices-width:{}", live.read(LiveState::project))
                least=LEAST_PX
                spare
            />
            <div class="pane-head">
                <h2 id="devices-title">"Devices"</h2>
                <span class="spacer"></span>
                <span class="pill">
                    {move || format!("{} of {}", online.get(), listed.with(Vec::len))}
                </span>
            </div>
            <div class="pane-body devices">
                <AllDevices online />
                <div class="turned-away">
                    <Refusals device=None now />
                </div>
                <ul class="device-rows" aria-label="Devices to show" on:keydown=move |event| list.keydown(&event)>
                    <For
                        each=move || listed.get()
                        key=|device| *device
                        children=move |device| view! { <DeviceRow device now list /> }
                    />
                </ul>
                <button type="button" class="button connect connect--here" on:click=move |_| on_connect.run(())>
                    "Connect a game"
                </button>
            </div>
        </section>
    }
    .into_any()
}

/// The connected ones first; both halves in the order in which they were first seen.
fn order(state: &LiveState) -> Vec<DeviceId> {
    let ids = |online| state.devices().filter(move |device| device.online == online).map(|device| device.id);
    ids(true).chain(ids(false)).collect()
}

/// Shows all devices, and says which games edits reach, whatever is selected.
#[component]
fn AllDevices(online: Memo<usize>) -> impl IntoView {
    let live = use_live();
    let all = Memo::new(move |_| live.with_scope(|state| state.scope().is_all()));
    let refused = move || live.with_refused(LiveState::refused_in_all);
    let gave_way = move || live.with_devices(LiveState::gave_way);
    // always one line: the devices below must not move while somebody selects them
    let target = move || match (online.get(), all.get()) {
        (0, _) => "edits wait for a game".to_owned(),
        (games, true) => format!("edits go to {}", format::count(games, "game")),
        (games, false) => format!("edits still go to {}", format::count(games, "game")),
    };
    view! {
        <button
            type="button"
            class="device device--all"
            class:device--selected=all
            aria-pressed=move || all.get().to_string()
            on:click=move |_| live.show_all_devices()
        >
            <span class="dot" class:dot--on=move || { online.get() > 0 } aria-hidden="true"></span>
            <span class="device-text">
                <span>"All devices"</span>
                <small>{target}</small>
                <small hidden=move || gave_way() == 0>{move || format::gave_way(gave_way())}</small>
                <small class="refused-total" hidden=move || refused() == 0>
                    {move || format!("{} in total", format::refused(refused()))}
                </small>
            </span>
        </button>
    }
    .into_any()
}

/// What the rows share.
#[derive(Clone, Copy)]
struct Listing {
    live: Live,
    listed: Memo<Vec<DeviceId>>,
    current: RwSignal<Option<DeviceId>>,
}

impl Listing {
    /// A click on a row selects it alone; with Ctrl as well; with Shift everything up to it.
    fn click(self, device: DeviceId, event: &MouseEvent) {
        // reading its refusals, or forgetting it, selects nothing
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target.is_some_and(|target| target.closest(".refused, .forget").is_ok_and(|found| found.is_some()))
        {
            return;
        }
        self.current.set(Some(device));
        let add = event.ctrl_key() || event.meta_key();
        match (event.shift_key(), add) {
            (true, _) => self.extend_to(device),
            (false, true) => self.live.select(|scope| scope.toggle(device)),
            (false, false) => self.live.select(|scope| {
                scope.select_only(device);
                Ok(())
            }),
        }
    }

    fn extend_to(self, device: DeviceId) {
        let listed = self.listed.get_untracked();
        self.live.select(|scope| scope.extend_to(device, &listed));
    }

    fn keydown(self, event: &KeyboardEvent) {
        let listed = self.listed.get_untracked();
        let Some(at) =
            untrack(|| self.stop()).and_then(|device| listed.iter().position(|listed| *listed == device))
        else {
            return;
        };
        let to = match event.key().as_str() {
            "ArrowDown" | "ArrowRight" => at.saturating_add(1).min(listed.len() - 1),
            "ArrowUp" | "ArrowLeft" => at.saturating_sub(1),
            "Home" => 0,
            "End" => listed.len() - 1,
            "Enter" => {
                event.prevent_default();
                return self.live.select(|scope| {
                    scope.select_only(listed[at]);
                    Ok(())
                });
            }
            "Escape" => return self.live.show_all_devices(),
            _ => return,
        };
        event.prevent_default();
        if event.shift_key() {
            if self.live.read(|state| state.scope().is_all()) {
                self.extend_to(listed[at]);
            }
            self.extend_to(listed[to]);
        }
        self.current.set(Some(listed[to]));
        focus_id(&box_id(listed[to]));
    }

    /// The device that is in the Tab order.
    fn stop(self) -> Option<DeviceId> {
        let current = self.current.get();
        self.listed
            .with(|listed| current.filter(|device| listed.contains(device)).or(listed.first().copied()))
    }
}

#[component]
fn DeviceRow(device: DeviceId, now: Signal<UnixMicros>, list: Listing) -> impl IntoView {
    let live = list.live;
    let selected = Memo::new(move |_| live.with_scope(|state| state.scope().is_selected(device)));
    let is_stop = Memo::new(move |_| list.stop() == Some(device));
    // the box adds and removes, for touch too, which has no Ctrl
    let tick = move |event: MouseEvent| {
        event.stop_propagation();
        list.current.set(Some(device));
        if event.shift_key() {
            list.extend_to(device)
        } else {
            live.select(|scope| scope.toggle(device))
        }
        if let Some(tick) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) {
            // the browser has toggled it already, whether or not it could be selected
            tick.set_checked(selected.get_untracked());
        }
    };
    let may_forget = live.may_forget();
    let away = Memo::new(move |_| {
        may_forget.get()
            && live.with_devices(|state| state.device(device).is_some_and(|device| !device.online))
    });
    let name = Memo::new(move |_| live.with_devices(|state| state.device_name(device).to_owned()));
    let name_id = format!("device-{device}-name");
    view! {
        <li
            class="device"
            class:device--selected=selected
            on:click=move |event| list.click(device, &event)
            on:mousedown=|event| if event.shift_key() { event.prevent_default() }
        >
            <input
                type="checkbox"
                class="device-box"
                id=box_id(device)
                autocomplete="off"
                aria-labelledby=name_id.clone()
                aria-describedby=format!("device-{device}-about")
                tabindex=move || if is_stop.get() { "0" } else { "-1" }
                prop:checked=selected
                checked=selected.get_untracked()
                on:click=tick
                on:focus=move |_| list.current.set(Some(device))
            />
            <DeviceText device now name_id />
            <Refusals device=Some(device) now />
            {move || {
                away.get().then(|| view! { <Forget what=Forgettable::Device(device) subject=name /> })
            }}
        </li>
    }
    .into_any()
}

#[component]
fn DeviceText(device: DeviceId, now: Signal<UnixMicros>, name_id: String) -> impl IntoView {
    let live = use_live();
    let id = device;
    let device = Memo::new(move |_| live.with_devices(|state| state.device(id).cloned()));
    let online = move || device.with(|device| device.as_ref().is_some_and(|device| device.online));
    let name = move || device.with(|device| device.as_ref().map(|device| device.name.clone()));
    let about = Memo::new(move |_| device.with(|d| d.as_ref().map(|d| d.about.clone()).unwrap_or_default()));
    let state = move || {
        device.with(|device| match device {
            Some(Device { online: false, last_seen, .. }) => {
                format!("offline · last seen {}", format::ago(*last_seen, now.get()))
            }
            _ => "online".to_owned(),
        })
    };
    view! {
        <span class="dot" class:dot--on=online aria-hidden="true"></span>
        <span class="device-text">
            <span class="device-name" id=name_id dir="auto" title=name>
                {name}
            </span>
            <small class="device-about" dir="auto" hidden=move || about.with(String::is_empty) title=about>
                {about}
            </small>
            <small id=format!("device-{id}-about")>{state}</small>
        </span>
    }
    .into_any()
}

fn box_id(device: DeviceId) -> String {
    format!("device-{device}")
}
