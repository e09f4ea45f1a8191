//! What somebody else did to a variable while a hand was in its control, and the choice that this leaves.

use leptos::prelude::*;
use protocol::live::Desired;
use protocol::model::VarName;

use crate::live::{brief, use_live};

#[derive(Clone, Debug, PartialEq)]
enum Note {
    /// They set it, and the person at this page has not sent anything yet.
    Set(String),
    /// The person's value was held back because of it; the chip tells both.
    Conflict,
}

/// A line below the control, while there is something to say.
#[component]
pub fn Meanwhile(
    /// Which variable.
    name: StoredValue<VarName>,
) -> impl IntoView {
    let live = use_live();
    let note = Memo::new(move |_| {
        name.with_value(|name| {
            live.with_var(name, |_, var| match (var.meanwhile(), &var.conflict) {
                (Some(theirs), _) => Some(Note::Set(said(theirs))),
                (None, Some(_)) => Some(Note::Conflict),
                (None, None) => None,
            })
        })
        .flatten()
    });
    Effect::new(move |_| {
        if let Some(Note::Set(text)) = note.get() {
            live.announce(format!("{}: {text}", name.get_value()));
        }
    });
    move || match note.get()? {
        Note::Set(text) => Some(view! { <p class="meanwhile" dir="auto">{text}</p> }.into_any()),
        Note::Conflict => Some(view! { <Choice name /> }.into_any()),
    }
}

fn said(Desired { author, value, .. }: &Desired) -> String {
    match value {
        Some(value) => format!("{author} set {} meanwhile", brief(value)),
        None => format!("{author} let go of it meanwhile"),
    }
}

#[component]
fn Choice(name: StoredValue<VarName>) -> impl IntoView {
    let live = use_live();
    let label = name.with_value(ToString::to_string);
    view! {
        <p class="meanwhile" role="group" aria-label=format!("Whose value {label} gets")>
            <button type="button" class="button" on:click=move |_| name.with_value(|name| live.keep_mine(name))>
                "Keep mine"
            </button>
            <button type="button" class="button" on:click=move |_| name.with_value(|name| live.take_theirs(name))>
                "Take theirs"
            </button>
        </p>
    }
    .into_any()
}
