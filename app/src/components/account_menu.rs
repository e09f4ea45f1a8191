//! Who is signed in, with the pages of their account.

use leptos::prelude::*;
use protocol::model::{Role, User};

/// A button that opens a list of links. The browser opens and closes it, so it works without scripts.
#[component]
pub fn AccountMenu(
    /// Who is signed in.
    user: User,
) -> impl IntoView {
    let owner = user.role == Role::Owner;
    view! {
        <button
            type="button"
            class="button account"
            popovertarget="account-menu"
            aria-label=format!("Account: {}", user.name)
        >
            <Person />
            <span class="account-name" dir="auto">{user.name.clone()}</span>
        </button>
        <nav class="menu" id="account-menu" popover="auto" aria-label="Account">
            <p class="meta menu-name" dir="auto">{user.name}</p>
            <a class="menu-item" href="/account">
                "Your account"
            </a>
            <a class="menu-item" href="/account/tokens">
                "API tokens"
            </a>
            {owner
                .then(|| {
                    view! {
                        <a class="menu-item" href="/accounts">
                            "All accounts"
                        </a>
                        <a class="menu-item" href="/audit">
                            "Audit trail"
                        </a>
                    }
                })}
            <form method="post" action="/sign-out">
                <button class="menu-item" type="submit">
                    "Sign out"
                </button>
            </form>
        </nav>
    }
    .into_any()
}

#[component]
fn Person() -> impl IntoView {
    view! {
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="5" r="3" fill="none" stroke="currentColor" stroke-width="1.5"></circle>
            <path d="M2.5 14c.6-3 2.7-4.5 5.5-4.5s4.9 1.5 5.5 4.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"></path>
        </svg>
    }
}
