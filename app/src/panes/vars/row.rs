//! One variable: its name, its control, and the status of its last edit.

use std::mem::Discriminant;

use leptos::ev::KeyboardEvent;
use leptos::html::Span;
use leptos::prelude::*;
use protocol::model::{Gesture, Value, VarName, VarSpec, VarType};
use wasm_bindgen::JsCast;

use super::conflict::{CompetingEdit, ConflictChoice};
use super::delivery_list::DeliveryList;
use super::row_hand::RowHand;
use super::status_chip::{StatusChip, words};
use crate::components::{
    ActionButton, Binding, Breakable, Control, Draft, DraftBar, Help, OnEdit, Parse, id_of, keep_focus,
};
use crate::format;
use crate::gesture::new_gesture;
use crate::live::{Forgettable, Link, Live, LiveState, Status, VarState, same_value, title, use_live};
use crate::panes::forget::Forget;

/// What decides how a row is built: the declaration, and the kind of value, which may need another control.
#[derive(Clone, PartialEq)]
struct Shape {
    spec: VarSpec,
    kind: Option<Discriminant<Value>>,
}

/// One row. It runs only when its own variable changes.
#[component]
pub fn VarRow(
    /// Which variable.
    name: VarName,
) -> impl IntoView {
    let live = use_live();
    let name = StoredValue::new(name);
    let value = Memo::new(move |_| {
        let shown = |name: &VarName| live.with_var(name, |state, _| state.shown(name).cloned());
        name.with_value(shown).flatten()
    });
    let status = Memo::new(move |_| name.with_value(|name| status_of(live, name)));
    let spec = Memo::new(move |_| name.with_value(|name| live.with_var(name, |_, var| var.spec.clone())));
    let shape = held_shape(live, name, spec, value);
    announce(live, name, status);
    let (base, on_edit) = edits(live, name, value);
    let parse = Parse::new(move |typed: String| {
        let spec = spec.get_untracked().ok_or("this variable no longer exists")?;
        read_typed(&typed, &spec, base.get_value().or_else(|| value.get_untracked()).as_ref())
    });
    let hand = RowHand::new(live, name);
    let refused = move || matches!(status.get(), Status::Refused(_));
    let moving = move || matches!(status.get(), Status::Kept | Status::Sending);
    view! {
        <li
            class="var"
            class:var--refused=refused
            class:var--moving=moving
            data-var=name.with_value(ToString::to_string)
            data-heir=".var-control :is(input, textarea, select, button)"
            on:focusin=move |event| hand.focused(&event)
            on:focusout=move |_| hand.blurred()
            on:pointerdown=move |_| hand.pressed()
            on:click=move |event| hand.clicked(&event)
            on:change=move |event| hand.chosen(&event)
            on:input=move |event| hand.typed(&event)
            on:keydown=move |event| hand.key_down(&event)
        >
            {move || {
                let Shape { spec, .. } = shape.get()?;
                Some(view! { <Declared name spec value=value.into() parse on_edit /> })
            }}
            <VarStatus name status />
            <CompetingEdit name />
        </li>
    }
    .into_any()
}

/// The shape in which the row is drawn: the newest, except while a hand is in it.
fn held_shape(
    live: Live,
    name: StoredValue<VarName>,
    spec: Memo<Option<VarSpec>>,
    value: Memo<Option<Value>>,
) -> RwSignal<Option<Shape>> {
    let newest = Memo::new(move |_| {
        let kind = value.with(|v| v.as_ref().map(std::mem::discriminant));
        spec.get().map(|spec| Shape { spec, kind })
    });
    let shape = RwSignal::new(newest.get_untracked());
    Effect::new(move |_| {
        let newest = newest.get();
        let is_held = name.with_value(|name| live.is_held(name));
        if !is_held && shape.with_untracked(|shape| *shape != newest) {
            keep_focus();
            shape.set(newest);
        }
    });
    shape
}

/// The value that a change such as `+=5` builds on, and the way to edit: a hand continues from what it found and did, whatever
/// arrives before then.
fn edits(
    live: Live,
    name: StoredValue<VarName>,
    value: Memo<Option<Value>>,
) -> (StoredValue<Option<Value>>, OnEdit) {
    let base = StoredValue::new(None);
    let draft = name.with_value(|name| live.draft(name));
    Effect::new(move |_| {
        let value = value.get();
        if draft.with(Option::is_none) && name.with_value(|name| !live.is_held(name)) {
            base.set_value(value);
        }
    });
    let on_edit = Callback::new(move |(value, gesture): (Value, Gesture)| {
        base.set_value(Some(value.clone()));
        name.with_value(|name| live.edit(name, value, gesture));
    });
    (base, on_edit)
}

fn read_typed(typed: &str, spec: &VarSpec, base: Option<&Value>) -> Result<Value, String> {
    let value = spec.parse_text(typed, base).map_err(|error| error.text)?;
    spec.check_edit(&value).map_err(|error| error.text)?;
    Ok(value)
}

/// The chip, and the list that it opens.
#[component]
fn VarStatus(name: StoredValue<VarName>, status: Memo<Status>) -> impl IntoView {
    let live = use_live();
    let chip = NodeRef::<Span>::new();
    let label = Memo::new(move |_| name.with_value(|name| title_of(live, name)));
    let may_forget = live.may_forget();
    let unused = Memo::new(move |_| {
        may_forget.get()
            && name.with_value(|name| live.with_var(name, |state, _| state.is_unused(name))) == Some(true)
    });
    let open = Memo::new(move |_| live.opened.with(|opened| *opened == name.try_get_value()));
    let close = move || {
        live.opened.set(None);
        // the focus is in the list or on the chip; without the list it would be lost
        if let Some(button) =
            chip.get_untracked().and_then(|chip| chip.query_selector("button").ok().flatten())
            && let Ok(button) = button.dyn_into::<web_sys::HtmlElement>()
        {
            // it fails for elements that can't have the focus, and a button can
            let _ = button.focus();
        }
    };
    let on_toggle = Callback::new(move |()| {
        live.opened.set((!open.get_untracked()).then(|| name.get_value()));
    });
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            close();
        }
    };
    view! {
        <span class="var-status" data-heir=".chip" node_ref=chip on:keydown=escape>
            <StatusChip label status open on_toggle />
            <ConflictChoice name />
            {move || {
                unused.get().then(|| view! { <Forget what=Forgettable::Var(name.get_value()) subject=label /> })
            }}
            {move || {
                open.get()
                    .then(|| view! { <DeliveryList name=name.get_value() label=label.get() on_close=Callback::new(move |()| close()) /> })
            }}
        </span>
    }
    .into_any()
}

/// The parts that depend on the declaration.
#[component]
fn Declared(
    name: StoredValue<VarName>,
    spec: VarSpec,
    value: Signal<Option<Value>>,
    parse: Parse,
    on_edit: OnEdit,
) -> impl IntoView {
    let live = use_live();
    let name = name.get_value();
    let draft = Draft::new(RwSignal::from(live.draft(&name)));
    let binding = Binding { value, draft, parse, locked: live.locked(), on_edit };
    let text = title(&name, &spec).to_owned();
    let tooltip = tooltip(&name, &spec);
    let (unit, whole_unit) = (spec.unit.clone(), spec.unit.clone());
    let help = spec.help.clone().map(|words| {
        let (id, title) = (id_of("help", name.as_str()), text.clone());
        view! { <Help id title text=words facts=facts(&name, &spec) source=spec.source.clone() /> }
    });
    let is_action = spec.var_type == VarType::Action;
    let default = spec.default.clone().filter(|_| !spec.readonly && !is_action);
    // screen readers and voice control get the text that is shown
    let label = text.clone();
    let control = if is_action {
        view! { <Action name spec /> }.into_any()
    } else {
        let id = format!("var-{name}");
        view! { <Control label=label.clone() id spec binding /> }.into_any()
    };
    view! {
        <span class="var-head">
            <span class="var-name" dir="auto" title=tooltip>
                <Breakable text />
            </span>
            {help}
        </span>
        <div class="var-control">{control}</div>
        <DraftBar draft />
        <span class="var-extra">
            <span class="unit" dir="auto" title=whole_unit>
                {unit}
            </span>
            {default.map(|default| view! { <Reset label default binding /> })}
        </span>
    }
    .into_any()
}

#[component]
fn Reset(label: String, default: Value, binding: Binding) -> impl IntoView {
    let Binding { value, draft, locked, on_edit, .. } = binding;
    let text = format!("Reset {} to {}", format::isolated(&label), format::isolated(&default.to_string()));
    let default = StoredValue::new(default);
    // it stays while there is nothing to reset, so that nothing moves
    let idle = move || value.with(|v| default.with_value(|d| v.as_ref().is_some_and(|v| same_value(v, d))));
    view! {
        <button
            type="button"
            class="button button--icon reset"
            aria-label=text.clone()
            title=text
            disabled=move || locked.get() || idle()
            on:click=move |_| {
                // it discards what was typed, too
                draft.typed.set(None);
                on_edit.run((default.get_value(), new_gesture()));
            }
        >
            <span aria-hidden="true">"↺"</span>
        </button>
    }
    .into_any()
}

/// The button of an action.
#[component]
fn Action(name: VarName, spec: VarSpec) -> impl IntoView {
    let live = use_live();
    let games = Memo::new(move |_| live.with_devices(LiveState::online));
    let blocked = Memo::new(move |_| match live.link.get() {
        Link::Open if games.get() > 0 => None,
        Link::Open => Some("No game is connected to run it."),
        Link::Opening => Some(""),
        Link::Away { .. } => Some("Actions are not queued: run it when the connection is back."),
        Link::Crowded => Some("Close another live page first."),
        Link::Outdated => Some("Reload the page first."),
    });
    let label = title(&name, &spec).to_owned();
    let typed = RwSignal::from(live.draft(&name));
    let (name, argument) = (StoredValue::new(name), StoredValue::new(spec.default));
    let (label, locked) = (StoredValue::new(label), live.locked());
    let on_run = Callback::new(move |argument| name.with_value(|name| live.run(name, argument)));
    move || {
        if locked.get() {
            // not even a disabled button: it will never work for a viewer
            view! { <span class="meta">"action"</span> }.into_any()
        } else {
            let (label, argument) = (label.get_value(), argument.get_value());
            view! { <ActionButton label argument typed blocked on_run /> }.into_any()
        }
    }
}

/// The tooltip, for people with a mouse.
fn tooltip(name: &VarName, spec: &VarSpec) -> String {
    let mut text = facts(name, spec);
    for line in [&spec.help, &spec.source].into_iter().flatten() {
        text.push('\n');
        text.push_str(&format::isolated(line));
    }
    text
}

/// Name, type and limits.
fn facts(name: &VarName, spec: &VarSpec) -> String {
    let mut text = format!("{} · {}", format::isolated(name.as_str()), spec.var_type);
    let limits = match (spec.min, spec.max) {
        (Some(min), Some(max)) => format!(" · {min} to {max}"),
        (Some(min), None) => format!(" · at least {min}"),
        (None, Some(max)) => format!(" · at most {max}"),
        (None, None) => String::new(),
    };
    text.push_str(&limits);
    text
}

fn title_of(live: Live, name: &VarName) -> String {
    live.with_var(name, |_, var| title(name, &var.spec).to_owned()).unwrap_or_else(|| name.to_string())
}

fn status_of(live: Live, name: &VarName) -> Status {
    live.with_var(name, |state, _| state.status(name)).unwrap_or(Status::Untouched)
}

/// Announces the outcome of this page's edits to screen readers; not that of other people's.
fn announce(live: Live, name: StoredValue<VarName>, status: Memo<Status>) {
    Effect::new(move |before: Option<Status>| {
        let now = status.get();
        let is_own = name.with_value(|name| live.read(|state| state.var(name).is_some_and(VarState::is_own)));
        if is_own && before.is_some_and(|before| before != now) && is_outcome(&now) {
            let title = untrack(|| name.with_value(|name| title_of(live, name)));
            live.announce(format!("{title}: {}", words(&now)));
        }
        now
    });
}

/// Whether nothing more is expected of an edit for now.
fn is_outcome(status: &Status) -> bool {
    match status {
        Status::Refused(_) | Status::Offline(_) | Status::Interrupted => true,
        Status::Sent(tally) | Status::LetGo(tally) | Status::Ran(_, tally) => tally.pending() == 0,
        Status::Untouched | Status::Mixed(_) | Status::Kept | Status::Sending => false,
    }
}
