//! The variables, in groups, with a filter above them.

use leptos::prelude::*;

use super::VarRow;
use super::focus::keep_focus;
use crate::format;
use crate::live::{Group, Live, VIEWER, group, use_live};

/// The middle pane of the live page.
#[component]
pub fn VarList() -> impl IntoView {
    let live = use_live();
    let locked = live.locked();
    let wanted = RwSignal::new(String::new());
    let newest = Memo::new(move |_| {
        live.with_layout(|state| {
            let specs = state.var_names().iter().filter_map(|name| Some((name, &state.var(name)?.spec)));
            wanted.with(|wanted| group(specs, wanted))
        })
    });
    let groups = held_groups(live, newest);
    let waits = Memo::new(move |_| newest.with(|newest| groups.with(|groups| newest != groups)));
    Effect::new(move || {
        let lift = move |_| live.lift();
        let handles = [
            window_event_listener_untyped("pointerup", lift),
            window_event_listener_untyped("pointercancel", lift),
        ];
        on_cleanup(move || handles.into_iter().for_each(|handle| handle.remove()));
    });
    let shown = move || groups.with(|groups| groups.iter().map(|group| group.names.len()).sum::<usize>());
    let all = Memo::new(move |_| live.with_layout(|state| state.var_names().len()));
    let summary = move || match (shown(), all.get()) {
        (shown, all) if shown == all => format::count(all, "variable"),
        (shown, all) => format!("{shown} of {all}"),
    };
    view! {
        <section class="pane pane--vars" aria-labelledby="vars-title">
            <div class="pane-head">
                <h2 id="vars-title">"Variables"</h2>
                <input
                    type="search"
                    class="entry filter"
                    aria-label="Filter variables"
                    placeholder="Filter"
                    autocomplete="off"
                    spellcheck="false"
                    prop:value=move || wanted.get()
                    on:input=move |event| wanted.set(event_target_value(&event))
                />
                <span class="spacer"></span>
                <span class="meta" aria-live="polite">
                    {summary}
                    {move || waits.get().then_some(" · changes wait while you edit")}
                </span>
            </div>
            <div role="status">
                {move || locked.get().then(|| view! { <p class="locked">{VIEWER}</p> })}
            </div>
            <div class="pane-body">
                <For
                    each=move || groups.get()
                    key=|group| group.path.clone()
                    children=move |Group { path, .. }| {
                        view! { <VarGroup path groups /> }
                    }
                />
                {move || {
                    (shown() == 0)
                        .then(|| match all.get() {
                            0 => view! { <p class="empty">"No game has reported a variable yet."</p> }.into_any(),
                            _ => {
                                view! {
                                    <p class="empty">
                                        "No variable has “" {wanted.get()} "” in its name or group. "
                                        <button
                                            type="button"
                                            class="link"
                                            on:click=move |_| wanted.set(String::new())
                                        >
                                            "Clear the filter"
                                        </button>
                                    </p>
                                }
                                    .into_any()
                            }
                        })
                }}
            </div>
        </section>
    }
    .into_any()
}

/// The groups as they are drawn: the newest, but for while a hand is in a row, which holds still under it.
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

#[component]
fn VarGroup(path: String, groups: RwSignal<Vec<Group>>) -> impl IntoView {
    let path = StoredValue::new(path);
    let names = Memo::new(move |_| {
        groups.with(|groups| {
            let own = path.with_value(|path| groups.iter().find(|group| group.path == *path));
            own.map(|group| group.names.clone()).unwrap_or_default()
        })
    });
    // variables without a group need a heading only beside others
    let heading = move || match path.get_value() {
        path if !path.is_empty() => Some(path),
        _ => groups.with(|groups| groups.len() > 1).then(|| "other".to_owned()),
    };
    view! {
        <details class="group" open>
            <summary class="group-head" class:group-head--bare=move || heading().is_none()>
                <h3>{move || heading().unwrap_or_default()}</h3>
                <span class="meta">{move || names.with(Vec::len)}</span>
            </summary>
            <ul class="vars">
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
