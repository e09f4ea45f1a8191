//! Declarations that wait for consent, where a project's are frozen: a line above the variables.

use leptos::prelude::*;
use protocol::model::ProjectRole;

use crate::format;
use crate::live::{LiveState, use_live};

/// How many wait, with a link for those who decide. Hidden while none does.
#[component]
pub fn WaitingDeclarations() -> impl IntoView {
    let live = use_live();
    let project = live.read(LiveState::project);
    let count = Memo::new(move |_| live.with_layout(LiveState::declarations_waiting));
    let decides = move || live.role.get() == ProjectRole::Admin;
    view! {
        <div role="status">
            {move || {
                (count.get() > 0)
                    .then(|| {
                        view! {
                            <p class="pane-note">
                                {words(count.get(), decides())} " "
                                {decides()
                                    .then(|| {
                                        view! { <a href=format!("/p/{project}/settings/schema")>"Review"</a> }
                                    })}
                            </p>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}

fn words(count: u32, decides: bool) -> String {
    let declarations = format::count(count as usize, "declaration");
    let verb = if count == 1 { "is" } else { "are" };
    let whose = if decides { "your" } else { "an admin’s" };
    format!("{declarations} {verb} waiting for {whose} consent.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_decides_is_told_so_and_others_know_who_does() {
        assert_eq!(words(1, true), "1 declaration is waiting for your consent.");
        assert_eq!(words(3, false), "3 declarations are waiting for an admin’s consent.");
    }
}
