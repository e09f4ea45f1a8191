//! A secret that is shown only once.

use leptos::prelude::*;

use super::Copy;

/// A field with the secret and a button that copies it.
#[component]
pub fn Issued(
    /// What it is, such as `Invitation link`.
    label: &'static str,
    /// What to do with it.
    #[prop(into)]
    hint: String,
    /// The secret.
    secret: String,
) -> impl IntoView {
    forget_form();
    view! {
        <div class="issued">
            <label for="issued">
                {label}
            </label>
            <div class="issued-line">
                <input
                    class="issued-secret"
                    id="issued"
                    type="text"
                    readonly=true
                    autofocus=true
                    autocomplete="off"
                    spellcheck="false"
                    aria-describedby="issued-hint"
                    value=secret.clone()
                />
                <Copy text=Signal::stored(secret) what="it" />
            </div>
            <p class="meta" id="issued-hint">{hint}</p>
        </div>
    }
    .into_any()
}

/// The page is the answer to a form, and reloading it would send the form again. So its history entry is replaced by a plain
/// visit, which does not hold the secret.
pub(crate) fn forget_form() {
    Effect::new(|| {
        // it fails where the browser allows no history; then the browser asks before it sends again
        let _ = window()
            .history()
            .and_then(|history| history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("")));
    });
}
