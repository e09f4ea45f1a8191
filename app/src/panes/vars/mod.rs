//! The variables, in groups, with a filter above them.

mod conflict;
mod delivery_list;
mod row;
mod row_hand;
mod status_chip;

use leptos::html::Input;
use leptos::prelude::*;

use self::row::VarRow;
use super::{left_out::LeftOutNotice, scope_bar::ScopeBar, waiting::WaitingDeclarations};
use crate::components::{keep_focus, take_typed};
use crate::format;
use crate::live::{ClosedGroups, Group, Live, LiveState, MAX_FILTER_CHARS, VIEWER, group, use_live};

/// The middle pane of the live page.
#[component]
pub fn VarList() -> impl IntoView {
    let live = use_live();
    let locked = live.locked();
    let wanted = live.var_filter;
    let closed = ClosedGroups::load(live.read(LiveState::project));
    let newest = Memo::new(move |_| live.with_layout(|state| wanted.with(|wanted| groups_of(state, wanted))));
    let groups = held_groups(live, newest);
    let waits = Memo::new(move |_| newest.with(|newest| groups.with(|groups| newest != groups)));
    Effect::new(move || {
        let lift = move |_| live.lift();
        let handles = [
            window_event_listener_untyped("pointerup", lift),
            window_event_listener_untyped("pointercancel", lift),
            window_event_listener_untyped("keyup", move |_| live.lift_key()),
        ];
        on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    });
    let shown = move || groups.with(|groups| groups.iter().map(|group| group.names.len()).sum::<usize>());
    // those of the selected devices
    let all = Memo::new(move |_| {
        live.with_layout(|state| groups_of(state, "").iter().map(|g| g.names.len()).sum())
    });
    let summary = move || match (shown(), all.get()) {
        (shown, all) if shown == all => format::count(all, "variable"),
        (shown, all) => format!("{shown} of {all}"),
    };
    view! {
        <section class="pane pane--vars" aria-labelledby="vars-title" data-heir=".filter">
            <div class="pane-head">
                <h2 id="vars-title">"Variables"</h2>
                <Filter wanted />
                <span class="spacer"></span>
                <span class="meta" aria-live="polite">
                    {summary}
                    {move || waits.get().then_some(" · changes wait while you edit")}
                </span>
            </div>
            <div role="status">
                {move || locked.get().then(|| view! { <p class="locked">{VIEWER}</p> })}
            </div>
            <GivenUp />
            <WaitingDeclarations />
            <LeftOutNotice />
            <ScopeBar />
            <div class="pane-body">
                <For
                    each=move || groups.get()
                    key=|group| group.path.clone()
                    children=move |Group { path, .. }| {
                        view! { <VarGroup path groups closed /> }
                    }
                />
                {move || (shown() == 0).then(|| view! { <NothingShown is_filtered={all.get() > 0} /> })}
            </div>
        </section>
    }
    .into_any()
}

/// In place of the groups.
#[component]
fn NothingShown(is_filtered: bool) -> impl IntoView {
    if !is_filtered {
        return view! { <p class="empty">"No game has reported a variable yet."</p> }.into_any();
    }
    let wanted = use_live().var_filter;
    view! {
        <p class="empty">
            "No variable has “" <bdi>{move || wanted.get()}</bdi> "” in its name or group. "
            <button type="button" class="link" on:click=move |_| wanted.set(String::new())>
                "Clear the filter"
            </button>
        </p>
    }
    .into_any()
}

/// An edit that could not be made because its variable was forgotten: there is no row to show it in.
#[component]
fn GivenUp() -> impl IntoView {
    let live = use_live();
    let text = Memo::new(move |_| live.with_layout(|state| state.given_up().map(str::to_owned)));
    view! {
        <div role="alert">
            {move || {
                text.get()
                    .map(|text| {
                        view! {
                            <p class="notice notice--error">
                                {text} " "
                                <button type="button" class="link" on:click=move |_| live.hide_given_up()>
                                    "OK"
                                </button>
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

/// The groups as they are drawn: the newest, except while a hand is in a row, which then holds still.
fn held_groups(live: Live, newest: Memo<Vec<Group>>) -> RwSignal<Vec<Group>> {
    let groups = RwSignal::new(newest.get_untracked());
    Effect::new(move |_| {
        let newest = newest.get();
        if live.hands_free() && groups.with_untracked(|groups| *groups != newest) {
            keep_focus();
            groups.set(newest);
        }
    });
    groups
}

/// The variables of the selected devices that match the filter.
fn groups_of(state: &LiveState, wanted: &str) -> Vec<Group> {
    let here = |name| state.var(name).filter(|var| var.is_on(state.scope()));
    group(state.var_names().iter().filter_map(|name| Some((name, &here(name)?.spec))), wanted)
}

#[component]
fn Filter(wanted: RwSignal<String>) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    take_typed(field, wanted);
    // the attribute for the first paint, the property from then on
    let first = wanted.get_untracked();
    view! {
        <input
            type="search"
            class="entry filter"
            dir="auto"
            aria-label="Filter variables"
            placeholder="Filter"
            autocomplete="off"
            spellcheck="false"
            maxlength=MAX_FILTER_CHARS
            node_ref=field
            value=first
            prop:value=move || wanted.get()
            on:input=move |event| wanted.set(event_target_value(&event))
        />
    }
}

#[component]
fn VarGroup(path: String, groups: RwSignal<Vec<Group>>, closed: ClosedGroups) -> impl IntoView {
    let live = use_live();
    // a filter opens its groups, which changes nothing of what the person has closed
    let filtered = Memo::new(move |_| live.var_filter.with(|wanted| !wanted.trim().is_empty()));
    let path = StoredValue::new(path);
    let open = move || filtered.get() || path.with_value(|path| !closed.has(path));
    let toggled = move |event: leptos::ev::Event| {
        if !filtered.get_untracked() {
            let is_open = event_target::<web_sys::Element>(&event).has_attribute("open");
            path.with_value(|path| closed.set(path, !is_open));
        }
    };
    let names = Memo::new(move |_| {
        groups.with(|groups| {
            let own = path.with_value(|path| groups.iter().find(|group| group.path == *path));
            own.map(|group| group.names.clone()).unwrap_or_default()
        })
    });
    // variables without a group need a heading only next to other groups
    let heading = move || match path.get_value() {
        path if !path.is_empty() => Some(path),
        _ => groups.with(|groups| groups.len() > 1).then(|| "other".to_owned()),
    };
    view! {
        <details class="group" open=true prop:open=open data-group=path.get_value() on:toggle=toggled>
            <summary class="group-head" class:group-head--bare=move || heading().is_none() dir="auto">
                <h3>{move || heading().unwrap_or_default()}</h3>
                <span class="meta">{move || names.with(Vec::len)}</span>
            </summary>
            <ul class="vars" aria-label=heading>
                <For
                    each=move || names.get()
                    key=|name| name.clone()
                    children=|name| view! { <VarRow name /> }
                />
            </ul>
        </details>
    }
    .into_any()
}
