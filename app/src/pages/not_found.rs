//! What is not there.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Failure, Header};

/// The page for an unknown address.
#[component]
pub fn NotFound() -> impl IntoView {
    set_not_found();
    view! {
        <Title text="Not found" />
        <Header />
        <main id="main" class="page">
            <Failure
                title="There is no such page"
                text="The address is wrong, or what was here is gone.".to_owned()
            />
        </main>
    }
}

/// Makes the answer a 404. Does nothing in the browser.
pub(super) fn set_not_found() {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(axum::http::StatusCode::NOT_FOUND);
    }
}
