//! What frames a page: the document's title, the bar at the top, and the column below it.

use std::future::Future;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use protocol::model::User;

use super::{Problem, loaded};
use crate::api::{AppError, LinkPage, Reply};
use crate::components::{Header, forget_form};

/// A narrow page with one form, for people who need not be signed in.
#[component]
pub(super) fn FormPage(
    /// The document's title.
    title: &'static str,
    /// Who is signed in.
    #[prop(optional_no_strip)]
    user: Option<User>,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    view! {
        <Title text=title />
        <Header user />
        <main id="main" class="page page--narrow">
            {children()}
        </main>
    }
    .into_any()
}

/// A page that a one-time link leads to: `/PATH#token=…`; also `/PATH?token=…`, as links once were.
pub(super) fn link_page<T, F>(
    title: &'static str,
    fetch: impl Fn(String) -> F + Clone + Send + Sync + 'static,
    content: impl Fn(LinkPage<T>) -> AnyView + Clone + Send + Sync + 'static,
) -> AnyView
where
    T: Clone + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
    F: Future<Output = Result<LinkPage<T>, AppError>> + Send + 'static,
{
    let query = use_query_map();
    let token = move || query.read().get("token").unwrap_or_default();
    loaded(title, token, fetch, move |page: LinkPage<T>| {
        // the page may answer a form that brought the token
        forget_form();
        let user = page.user.clone();
        let content = content(page);
        view! { <FormPage title user>{content}</FormPage> }.into_any()
    })
}

/// One of several pages that share a navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub title: &'static str,
    /// Where it is, after what all of them have in common.
    pub path: &'static str,
    /// Its list needs the whole width.
    pub is_wide: bool,
}

impl Section {
    pub(super) const fn new(title: &'static str, path: &'static str) -> Self {
        Self { title, path, is_wide: false }
    }

    pub(super) const fn wide(title: &'static str, path: &'static str) -> Self {
        Self { is_wide: true, ..Self::new(title, path) }
    }
}

/// The navigation, the heading, the outcome of the last form, and the page's own part.
#[component]
pub(super) fn Sectioned(
    /// What the navigation is called.
    label: &'static str,
    /// What all paths begin with.
    #[prop(optional, into)]
    base: String,
    /// Those that the person may open.
    sections: &'static [Section],
    /// The one that is shown.
    current: Section,
    /// How a form on the page was answered.
    reply: Reply,
    /// The page's own part.
    children: Children,
) -> impl IntoView {
    let links = sections.iter().map(move |section| {
        view! {
            <a
                href=format!("{base}{}", section.path)
                aria-current=(*section == current).then_some("page")
            >
                {section.title}
            </a>
        }
    });
    view! {
        <main id="main" class="page" class:page--wide=current.is_wide>
            <nav class="subnav" aria-label=label>
                {links.collect_view()}
            </nav>
            <h1>{current.title}</h1>
            <Problem reply />
            {children()}
        </main>
    }
    .into_any()
}
