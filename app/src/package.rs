//! Where the website's files are, and which of them only some pages need.

use leptos::prelude::*;

/// Where the style sheet and the fonts are; a context of the document's.
#[derive(Clone)]
pub(crate) struct Package(pub String);

/// Preloads the font of values, so that nothing moves after the first paint. Only pages that start with values ask for it:
/// browsers warn about unused preloads.
#[component]
pub(crate) fn ValueFont() -> impl IntoView {
    // a page rendered in the browser does without: the font is loaded, or the style sheet requests it
    let href = use_context::<Package>().map(|Package(package)| format!("/{package}/jetbrains-mono.woff2"));
    let rel = href.is_some().then_some("preload");
    view! { <link rel=rel r#as="font" type="font/woff2" crossorigin="anonymous" href=href /> }
}
