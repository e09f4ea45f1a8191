//! *Forget…* on what no game uses any more, and the dialog that it opens: one for the whole page.

use leptos::ev::SubmitEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::neighbour::{Neighbour, focus_beside};
use crate::components::{choice, is_focus_lost};
use crate::live::{Forgettable, use_live};

/// The dialog's id.
const QUESTION: &str = "forget";

/// The button in a row.
#[component]
pub fn Forget(
    /// What it is about.
    what: Forgettable,
    /// Its name, for screen readers.
    #[prop(into)]
    subject: Signal<String>,
) -> impl IntoView {
    let live = use_live();
    view! {
        <button
            type="button"
            class="button button--quiet forget"
            popovertarget=QUESTION
            on:click=move |_| live.ask_to_forget(what.clone())
        >
            "Forget…"
            <span class="sr-only">" " {move || subject.get()}</span>
        </button>
    }
    .into_any()
}

/// The dialog. *Cancel* has the focus.
#[component]
pub fn ForgetQuestion() -> impl IntoView {
    let live = use_live();
    let question = NodeRef::<Div>::new();
    let text = move || {
        live.forgetting.with(|what| what.as_ref().map(|what| live.read(|state| state.forget_question(what))))
    };
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(what) = live.forgetting.get_untracked() else { return };
        // the row will be gone, and the focus goes to the one beside it
        let neighbour = Neighbour::of(&what, false);
        live.forget(what, move || {
            if let Some(question) = question.try_get_untracked().flatten() {
                // it fails when it is closed already
                let _ = question.hide_popover();
            }
            focus_beside(neighbour);
        });
    };
    // the browser returns the focus to the button, unless a game has just reported the variable
    let on_toggle = move |_| {
        request_animation_frame(move || {
            let is_open = |question: &web_sys::HtmlDivElement| question.matches(":popover-open") == Ok(true);
            let is_closed =
                question.try_get_untracked().flatten().is_some_and(|question| !is_open(&question));
            if let Some(what) =
                live.forgetting.try_get_untracked().flatten().filter(|_| is_closed && is_focus_lost())
            {
                focus_beside(Neighbour::of(&what, true));
            }
        });
    };
    view! {
        <div
            class="confirm"
            id=QUESTION
            popover="auto"
            role="dialog"
            aria-labelledby="forget-title"
            aria-describedby="forget-failed"
            node_ref=question
            on:toggle=on_toggle
        >
            <form class="form" on:submit=on_submit>
                <p id="forget-title">{text}</p>
                <div id="forget-failed" role="alert">
                    {move || live.not_forgotten.get().map(|why| view! { <p class="notice notice--error">{why}</p> })}
                </div>
                {choice(QUESTION.to_owned(), "Forget it".to_owned(), false)}
            </form>
        </div>
    }
    .into_any()
}
