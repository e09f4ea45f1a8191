//! The bar at the top of every page.

use leptos::prelude::*;
use protocol::model::User;

use super::AccountMenu;
use crate::storage::remember;

/// Logo, the page's own part, theme and account.
#[component]
pub fn Header(
    /// Who is signed in.
    #[prop(optional_no_strip)]
    user: Option<User>,
    /// The page's own part.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="topbar">
            <a class="logo" href="/" aria-label="observerio, all projects">
                <Logo />
                <span class="logo-word">"observerio"</span>
            </a>
            {children.map(|children| children())}
            <span class="spacer"></span>
            <ThemeSwitch />
            {user.map(|user| view! { <AccountMenu user /> })}
        </header>
    }
    .into_any()
}

/// The product's logo.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo-sign" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
            <circle cx="10" cy="10" r="8" fill="none" stroke="var(--accent)" stroke-width="2"></circle>
            <path
                d="M3 10h4l2-4 2 8 2-4h4"
                fill="none"
                stroke="var(--live)"
                stroke-width="2"
                stroke-linejoin="round"
            ></path>
        </svg>
    }
}

/// System → dark → light. The root element's attribute is the state, because the script in the head sets it before the first
/// paint; the style sheet shows the matching symbol.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new("system");
    Effect::new(move || theme.set(current_theme()));
    let next = move |_| {
        let next = match theme.get_untracked() {
            "system" => "dark",
            "dark" => "light",
            _ => "system",
        };
        store_theme(next);
        theme.set(next);
    };
    view! {
        <button
            class="button button--icon theme"
            type="button"
            aria-label=move || format!("Theme: {}", theme.get())
            title=move || format!("Theme: {}", theme.get())
            on:click=next
        >
            <span class="theme-system" aria-hidden="true">
                "◐"
            </span>
            <span class="theme-dark" aria-hidden="true">
                "☾"
            </span>
            <span class="theme-light" aria-hidden="true">
                "☼"
            </span>
        </button>
    }
}

fn current_theme() -> &'static str {
    let root = document().document_element();
    match root.and_then(|root| root.get_attribute("data-theme")).as_deref() {
        Some("dark") => "dark",
        Some("light") => "light",
        _ => "system",
    }
}

/// Sets the theme, and remembers it.
fn store_theme(theme: &str) {
    let chosen = Some(theme).filter(|theme| *theme != "system");
    if let Some(root) = document().document_element() {
        // they fail for malformed names only
        let _ = match chosen {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    }
    remember("theme", chosen);
}
