//! A bar that says which devices are shown, with a button to show all of them.

use leptos::prelude::*;

use crate::format;
use crate::live::{LiveState, Scope, use_live};

/// Above the variables: whose values these are, and which games edits reach.
#[component]
pub fn ScopeBar() -> impl IntoView {
    let live = use_live();
    let games = Memo::new(move |_| live.with_devices(LiveState::online));
    let elsewhere = Memo::new(move |_| {
        live.with_scope(|_| ());
        live.with_layout(|state| {
            let is_elsewhere = |name| state.var(name).is_some_and(|var| !var.is_on(state.scope()));
            state.var_names().iter().filter(|name| is_elsewhere(name)).count()
        })
    });
    let hidden = move || match elsewhere.get() {
        0 => String::new(),
        count => format!("{} of other devices hidden. ", format::count(count, "variable")),
    };
    let locked = live.locked();
    let full = move || live.with_scope(|state| state.scope().selected().len() == Scope::MAX);
    view! {
        <Bar what="Showing ">
            <span>
                {hidden}
                {move || (!locked.get()).then(|| format!("Edits still go to {}.", target(games.get())))}
                {move || full().then(|| format!(" {}", crate::live::TooMany))}
            </span>
        </Bar>
    }
    .into_any()
}

/// Above the log: whose lines these are.
#[component]
pub fn LogScopeBar() -> impl IntoView {
    view! {
        <Bar what="Lines from ">
            <span></span>
        </Bar>
    }
    .into_any()
}

/// Which games edits reach, whichever devices are selected.
fn target(games: usize) -> String {
    match games {
        0 => "every game that connects".to_owned(),
        1 => "the connected game".to_owned(),
        games => format!("all {}", format::count(games, "game")),
    }
}

#[component]
fn Bar(
    /// The text before the devices.
    what: &'static str,
    /// The text after them.
    children: ChildrenFn,
) -> impl IntoView {
    let live = use_live();
    let all = Memo::new(move |_| live.with_scope(|state| state.scope().is_all()));
    let devices = move || {
        live.with_scope(|_| ());
        live.with_devices(selected)
    };
    view! {
        <div role="status">
            {move || {
                (!all.get())
                    .then(|| {
                        view! {
                            <div class="scope">
                                <p>{what} <bdi class="scope-devices">{devices}</bdi> ". " {children()}</p>
                                <button
                                    type="button"
                                    class="button"
                                    on:click=move |_| live.show_all_devices()
                                >
                                    "Show all devices"
                                </button>
                            </div>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// The name of a single device, or how many out of all.
fn selected(state: &LiveState) -> String {
    let scope = state.scope().selected();
    match scope.iter().next() {
        Some(only) if scope.len() == 1 => state.device_name(*only).to_owned(),
        _ => format!("{} of {}", scope.len(), format::count(state.devices().count(), "device")),
    }
}
