//! Searches that people keep: filter, range, columns and the rest of the address, under a name.

use leptos::ev::SubmitEvent;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use protocol::model::{ProjectRole, SavedSearch};

use super::pane::LogPane;
use crate::api::{self, AppError};
use crate::live::{LiveState, Place};

const ID: &str = "log-saved";
const MAX_NAME_CHARS: usize = 80;

#[derive(Clone, Copy)]
struct Saved {
    pane: LogPane,
    /// `None`: not loaded yet.
    list: RwSignal<Option<Vec<SavedSearch>>>,
    problem: RwSignal<Option<String>>,
}

/// The button, and what it opens. The list is loaded when somebody wants to see it.
#[component]
pub(super) fn LogSaved(pane: LogPane) -> impl IntoView {
    let saved = Saved { pane, list: RwSignal::new(None), problem: RwSignal::new(None) };
    let load = move || {
        if saved.list.with_untracked(Option::is_none) {
            saved.take(api::list_searches(pane.live.read(LiveState::project)));
        }
    };
    let place = NodeRef::<Div>::new();
    // somebody may have opened it before the page was live
    Effect::new(move || {
        if place.get().is_some_and(|place| place.matches(":popover-open").unwrap_or(false)) {
            load();
        }
    });
    view! {
        <button type="button" class="button" popovertarget=ID on:click=move |_| load()>
            "Saved"
        </button>
        <div
            class="help-text log-look"
            id=ID
            popover="auto"
            role="group"
            aria-label="Saved searches"
            node_ref=place
        >
            {move || saved.problem.get().map(|problem| view! { <p class="filter-fault" role="alert">{problem}</p> })}
            {move || saved.list.get().map(|list| view! { <List list saved /> })}
            <SaveForm saved />
        </div>
    }
    .into_any()
}

impl Saved {
    /// Waits for an answer, which is the list as it is then.
    fn take(self, answer: impl Future<Output = Result<Vec<SavedSearch>, AppError>> + 'static) {
        leptos::task::spawn_local(async move {
            match answer.await {
                Ok(list) => {
                    self.problem.try_set(None);
                    self.list.try_set(Some(list));
                }
                Err(why) => {
                    self.problem.try_set(Some(why.to_string()));
                }
            }
        });
    }
}

#[component]
fn List(list: Vec<SavedSearch>, saved: Saved) -> impl IntoView {
    if list.is_empty() {
        return view! { <p class="meta">"None yet: save what is shown now."</p> }.into_any();
    }
    let live = saved.pane.live;
    let project = live.read(LiveState::project);
    let path = Place::Logs.path(project);
    let rows = list.into_iter().map(|search| {
        let SavedSearch { id, name, search, is_shared, author, is_own } = search;
        let may_delete = is_own || (is_shared && live.role.get_untracked() == ProjectRole::Admin);
        let whose = match (is_own, is_shared) {
            (true, true) => Some("shared by you".to_owned()),
            (true, false) => None,
            (false, _) => Some(format!("shared by {author}")),
        };
        let label = format!("Delete the search {name}");
        view! {
            <li>
                // reloads the page with everything that the address says
                <a href=format!("{path}{search}") rel="external" dir="auto">
                    {name}
                </a>
                <span class="meta" dir="auto">
                    {whose}
                </span>
                {may_delete
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="button button--icon"
                                aria-label=label
                                on:click=move |_| saved.take(api::delete_search(project, id))
                            >
                                <span aria-hidden="true">"✕"</span>
                            </button>
                        }
                    })}
            </li>
        }
    });
    view! { <ul class="log-pins">{rows.collect_view()}</ul> }.into_any()
}

/// Keeps what is shown now. A search of the same name is replaced.
#[component]
fn SaveForm(saved: Saved) -> impl IntoView {
    let live = saved.pane.live;
    let (name, share) = (NodeRef::<Input>::new(), NodeRef::<Input>::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(field) = name.get_untracked() else { return };
        let is_shared = share.get_untracked().is_some_and(|share| share.checked());
        let mut view = untrack(|| live.view());
        // a search is about lines, and not one of them
        view.line = None;
        let project = live.read(LiveState::project);
        saved.take(api::save_search(project, field.value(), view.to_search(Place::Logs), is_shared));
        field.set_value("");
    };
    let may_share = move || !live.locked().get();
    view! {
        <form class="log-save" on:submit=submit>
            <label class="log-choice">
                <span>"Save what is shown as"</span>
                <input class="entry" required maxlength=MAX_NAME_CHARS autocomplete="off" node_ref=name />
            </label>
            <label class="log-check" hidden=move || !may_share()>
                <input type="checkbox" node_ref=share />
                "For everybody in the project"
            </label>
            <button type="submit" class="button">
                "Save"
            </button>
        </form>
    }
    .into_any()
}
