//! The page for unknown addresses.

use leptos::prelude::*;
use leptos_meta::Title;

use super::set_status;
use crate::components::{Failure, Header};

/// The page for an unknown address.
#[component]
pub fn NotFound() -> impl IntoView {
    set_status(404);
    view! {
        <Title text="Not found" />
        <Header />
        <main id="main" class="page">
            <Failure
                title="Page not found"
                text="The address is wrong, or this page has been removed.".to_owned()
            />
        </main>
    }
}
