//! One variable: its name, its control, and what became of the last edit.

use std::collections::HashMap;

use leptos::prelude::*;
use protocol::live::Gesture;
use protocol::model::{Value, VarName, VarSpec};

use super::status_chip::words;
use super::{Control, StatusChip};
use crate::format;
use crate::live::{Live, Status, new_gesture, same_value, title, use_live};

/// What one device reports.
#[derive(Clone, PartialEq, Eq)]
struct DeviceValue {
    device: String,
    online: bool,
    differs: bool,
    value: String,
}

/// One row. It runs when its own variable changes, and at no other time.
#[component]
pub fn VarRow(
    /// Which variable.
    name: VarName,
) -> impl IntoView {
    let live = use_live();
    let name = StoredValue::new(name);
    let read = move |read: &dyn Fn(&crate::live::VarState) -> Option<Value>| {
        name.with_value(|name| live.with_var(name, |_, var| read(var))).flatten()
    };
    let value = Memo::new(move |_| read(&|var| var.shown().cloned()));
    let status = Memo::new(move |_| name.with_value(|name| status_of(live, name)));
    let spec = Memo::new(move |_| name.with_value(|name| live.with_var(name, |_, var| var.spec.clone())));
    // a value of another kind may need another control
    let kind = Memo::new(move |_| value.with(|v| v.as_ref().map(std::mem::discriminant)));
    let reports = Memo::new(move |_| name.with_value(|name| reports_of(live, name)));
    announce(live, name, status.into());
    let on_edit = Callback::new(move |(value, gesture): (Value, Gesture)| {
        name.with_value(|name| live.edit(name, value, gesture));
    });
    let refused = move || matches!(status.get(), Status::Refused(_));
    let moving = move || matches!(status.get(), Status::Kept | Status::Sending);
    view! {
        <li class="var" class:var--refused=refused class:var--moving=moving>
            {move || {
                kind.track();
                let spec = spec.get()?;
                let name = name.get_value();
                Some(view! { <Declared name spec value on_edit /> })
            }}
            <span class="var-status">
                <StatusChip status />
                <Reports reports />
            </span>
        </li>
    }
    .into_any()
}

/// The parts that depend on the declaration.
#[component]
fn Declared(
    name: VarName,
    spec: VarSpec,
    #[prop(into)] value: Signal<Option<Value>>,
    on_edit: super::OnEdit,
) -> impl IntoView {
    let text = title(&name, &spec).to_owned();
    let tooltip = tooltip(&name, &spec);
    let unit = spec.unit.clone();
    let default = spec.default.clone().filter(|_| !spec.readonly);
    let label = name.to_string();
    view! {
        <span class="var-name" title=tooltip>
            {text}
            {spec.help.is_some().then(|| view! { <span class="var-help" aria-hidden="true">"?"</span> })}
        </span>
        <div class="var-control">
            <Control label=label.clone() id=format!("var-{label}") spec value on_edit />
        </div>
        <span class="var-extra">
            <span class="unit">{unit}</span>
            {default.map(|default| view! { <Reset label default value on_edit /> })}
        </span>
    }
    .into_any()
}

#[component]
fn Reset(
    label: String,
    default: Value,
    value: Signal<Option<Value>>,
    on_edit: super::OnEdit,
) -> impl IntoView {
    let text = format!("Reset {label} to {default}");
    let default = StoredValue::new(default);
    // it keeps its place while there is nothing to reset, so that nothing moves
    let idle = move || value.with(|v| default.with_value(|d| v.as_ref().is_some_and(|v| same_value(v, d))));
    view! {
        <button
            type="button"
            class="button button--icon reset"
            aria-label=text.clone()
            title=text
            disabled=idle
            on:click=move |_| on_edit.run((default.get_value(), new_gesture()))
        >
            <span aria-hidden="true">"↺"</span>
        </button>
    }
    .into_any()
}

/// What the devices report, as soon as one of them differs: the value of a single one, a list of many.
#[component]
fn Reports(reports: Memo<Vec<DeviceValue>>) -> impl IntoView {
    // drawn anew when it turns from one into many, so that an open list stays open while values come in
    let count = Memo::new(move |_| reports.with(Vec::len));
    let only = move || reports.with(|all| all.first().map(|report| format!("reports {}", report.value)));
    move || match count.get() {
        0 => ().into_any(),
        1 => view! { <span class="meta reports-one" title=only>{only}</span> }.into_any(),
        many => view! {
            <details class="reports">
                <summary>{format::count(many, "device")}</summary>
                <ul>{move || reports.get().into_iter().map(report_item).collect_view()}</ul>
            </details>
        }
        .into_any(),
    }
}

fn report_item(report: DeviceValue) -> impl IntoView {
    view! {
        <li class:differs=report.differs>
            <span class="reports-device">{report.device} {(!report.online).then_some(" (offline)")}</span>
            <span class="value">{report.value}</span>
        </li>
    }
}

fn tooltip(name: &VarName, spec: &VarSpec) -> String {
    let mut text = format!("{name} · {}", spec.var_type);
    let limits = match (spec.min, spec.max) {
        (Some(min), Some(max)) => format!(" · {min} to {max}"),
        (Some(min), None) => format!(" · at least {min}"),
        (None, Some(max)) => format!(" · at most {max}"),
        (None, None) => String::new(),
    };
    text.push_str(&limits);
    for line in [&spec.help, &spec.source].into_iter().flatten() {
        text.push('\n');
        text.push_str(line);
    }
    text
}

fn status_of(live: Live, name: &VarName) -> Status {
    live.with_var(name, |state, _| state.status(name)).unwrap_or(Status::Untouched)
}

fn reports_of(live: Live, name: &VarName) -> Vec<DeviceValue> {
    live.with_var(name, |state, var| {
        let shown = var.shown();
        // a thousand devices are looked up for each of a thousand values
        let devices: HashMap<_, _> = state.devices().iter().map(|device| (device.id, device)).collect();
        let row = |report: &protocol::live::Reported| DeviceValue {
            device: devices.get(&report.device).map_or_else(String::new, |d| d.name.clone()),
            online: devices.get(&report.device).is_some_and(|d| d.online),
            differs: shown.is_some_and(|shown| !same_value(&report.value, shown)),
            value: report.value.to_string(),
        };
        var.differing().iter().map(row).collect()
    })
    .unwrap_or_default()
}

/// Tells a screen reader when an edit of this page has arrived, or was refused.
fn announce(live: Live, name: StoredValue<VarName>, status: Signal<Status>) {
    Effect::new(move |before: Option<Status>| {
        let now = status.get();
        let was_on_its_way = matches!(before, Some(Status::Sending | Status::Sent { .. } | Status::Kept));
        if was_on_its_way && matches!(now, Status::Confirmed(_) | Status::Refused(_)) {
            live.announce(format!("{}: {}", name.get_value(), words(&now)));
        }
        now
    });
}
