//! Somebody else's edit of the variable that a hand is in, and how to resolve it.

use leptos::prelude::*;
use protocol::model::{Desired, VarName};

use crate::components::SmallButton;
use crate::format;
use crate::live::{brief, use_live};

/// A line below the row, once somebody else has set the variable under the hand and before anything is sent.
#[component]
pub fn CompetingEdit(
    /// Which variable.
    name: StoredValue<VarName>,
) -> impl IntoView {
    let live = use_live();
    let said = Memo::new(move |_| {
        name.with_value(|name| live.with_var(name, |_, var| var.competing().map(sentence))).flatten()
    });
    Effect::new(move || {
        if let Some(text) = said.get() {
            live.announce(format!("{}: {text}", name.get_value()));
        }
    });
    move || said.get().map(|text| view! { <p class="competing">{text}</p> })
}

fn sentence(Desired { author, value, .. }: &Desired) -> String {
    let author = format::isolated(author);
    match value {
        Some(value) => format!("{author} set it to {} while you were editing.", brief(value)),
        None => format!("{author} let go of it while you were editing."),
    }
}

/// The choice beside a conflict: whose value wins.
#[component]
pub fn ConflictChoice(
    /// Which variable.
    name: StoredValue<VarName>,
) -> impl IntoView {
    let live = use_live();
    let is_conflict = Memo::new(move |_| {
        name.with_value(|name| live.with_var(name, |_, var| var.conflict.is_some())) == Some(true)
    });
    move || {
        is_conflict.get().then(|| {
            let label = name.with_value(|name| format!("Whose value {name} gets"));
            view! {
                <span class="conflict" role="group" aria-label=label>
                    <SmallButton
                        text="Keep mine"
                        on_press=move |()| name.with_value(|name| live.keep_mine(name))
                    />
                    <SmallButton
                        text="Take theirs"
                        on_press=move |()| name.with_value(|name| live.take_theirs(name))
                    />
                </span>
            }
        })
    }
}
