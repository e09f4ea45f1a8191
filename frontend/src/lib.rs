//! The browser's entry point: hydrates the page that the server rendered, and nothing else.

// a page's type nests as deeply as its elements: the default of 128 is too low for optimised builds
#![recursion_limit = "256"]

use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page's script. Sets `<html data-hydrated>` last, which tells tests, and only them, that the controls work.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
    let root = web_sys::window().and_then(|w| w.document()).and_then(|d| d.document_element());
    if let Some(root) = root {
        // it fails for malformed attribute names only
        let _ = root.set_attribute("data-hydrated", "");
    }
}
