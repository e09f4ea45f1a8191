//! A secret that is shown once.

use leptos::prelude::*;

use super::Copy;

/// A field with the secret and a button that copies it.
#[component]
pub fn Issued(
    /// What it is, such as `The invitation link`.
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

/// The page is the answer to a form: loading it anew would send the form again. So its place in the history is made one that was
/// only looked at, and there is nothing of the secret in it.
pub(crate) fn forget_form() {
    Effect::new(|| {
        // it fails where the browser allows no history, and then the browser asks before it sends again
        let _ = window()
            .history()
            .and_then(|history| history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("")));
    });
}
