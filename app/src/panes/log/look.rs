//! How the lines look, behind a button: columns, times, and which lines are joined.

use leptos::prelude::*;

use super::pane::LogPane;
use crate::live::{Dedup, LiveState, LogLook, Place, TimeStyle, name_of, of_name};
use crate::storage::{remember, remembered};

const ID: &str = "log-look";

/// The button, and what it opens. The browser opens and closes it.
#[component]
pub(super) fn LogLookMenu(pane: LogPane) -> impl IntoView {
    let (live, look) = (pane.live, pane.live.log_look);
    let change = move |change: &dyn Fn(&mut LogLook)| look.update(|look| change(look));
    let link = move || {
        format!("{}{}", Place::Logs.path(live.read(LiveState::project)), live.view().to_search(Place::Logs))
    };
    view! {
        <button type="button" class="button" popovertarget=ID>
            "View"
        </button>
        <div class="help-text log-look" id=ID popover="auto" role="group" aria-label="How lines look">
            <Choice
                label="Times"
                all=TimeStyle::ALL
                value=Signal::derive(move || look.with(|look| look.time))
                on_choose=Callback::new(move |time| change(&|look| look.time = time))
            />
            <Choice
                label="Repeated lines"
                all=Dedup::ALL
                value=Signal::derive(move || look.with(|look| look.dedup))
                on_choose=Callback::new(move |dedup| change(&|look| look.dedup = dedup))
            />
            <label class="log-check">
                <input
                    type="checkbox"
                    prop:checked=move || !look.with(|look| look.hides_events)
                    on:change=move |event| {
                        let hides = !event_target_checked(&event);
                        change(&|look| look.hides_events = hides);
                    }
                />
                "Edits, and devices that connect and leave"
            </label>
            <Pins pane />
            {(live.place == Place::Live)
                .then(|| view! { <a href=link>"Open on a page of its own"</a> })}
        </div>
    }
    .into_any()
}

#[component]
fn Choice<T: Copy + Default + PartialEq + Send + Sync + 'static>(
    label: &'static str,
    all: [(T, &'static str, &'static str); 3],
    value: Signal<T>,
    on_choose: Callback<T>,
) -> impl IntoView {
    let first = name_of(&all, value.get_untracked());
    let options = all.map(|(_, name, words)| {
        view! {
            <option value=name selected=first == name>
                {words}
            </option>
        }
    });
    view! {
        <label class="log-choice">
            <span>{label}</span>
            <select
                class="entry"
                prop:value=move || name_of(&all, value.get())
                on:change=move |event| on_choose.run(of_name(&all, &event_target_value(&event)))
            >
                {options.into_iter().collect_view()}
            </select>
        </label>
    }
    .into_any()
}

/// The fields that are columns, each with a button that takes it away.
#[component]
fn Pins(pane: LogPane) -> impl IntoView {
    let (look, pins) = (pane.live.log_look, pane.pins);
    move || {
        let pins = pins.get();
        if pins.is_empty() {
            return view! { <p class="meta">"Pin a field of a line, and it gets a column."</p> }.into_any();
        }
        let pins = pins.into_iter().map(|path| {
            let (label, column) = (format!("Remove the column {path}"), path.clone());
            view! {
                <li>
                    <code dir="auto">{path}</code>
                    <button
                        type="button"
                        class="button button--icon"
                        aria-label=label
                        on:click=move |_| look.update(|look| look.unpin(&column))
                    >
                        <span aria-hidden="true">"✕"</span>
                    </button>
                </li>
            }
        });
        view! { <ul class="log-pins">{pins.collect_view()}</ul> }.into_any()
    }
}

/// Long lines wrap or not. The browser remembers it for each project.
#[component]
pub(super) fn WrapButton(pane: LogPane) -> impl IntoView {
    let (live, look) = (pane.live, pane.live.log_look);
    let key = StoredValue::new(format!("log-wrap:{}", live.read(LiveState::project)));
    Effect::new(move || {
        if key.with_value(|key| remembered(key)).is_some() {
            look.update(|look| look.wraps = true);
        }
    });
    let wrap = move |_| {
        let wraps = !pane.wraps.get_untracked();
        look.update(|look| look.wraps = wraps);
        key.with_value(|key| remember(key, wraps.then_some("yes")));
    };
    view! {
        <button
            type="button"
            class="button"
            title="Wrap long lines"
            aria-pressed=move || pane.wraps.get().to_string()
            on:click=wrap
        >
            "Wrap"
        </button>
    }
    .into_any()
}
