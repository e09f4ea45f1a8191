//! A button that copies text.

use leptos::prelude::*;

/// Puts a text on the clipboard. It is hidden without scripts; where there is no clipboard (on a page from another machine
/// without TLS) it says so.
#[component]
pub fn Copy(
    /// What to copy.
    #[prop(into)]
    text: Signal<String>,
    /// What is copied, for screen readers.
    #[prop(optional, into)]
    what: Option<String>,
) -> impl IntoView {
    let outcome = RwSignal::new(None::<bool>);
    let copy = move |_| {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            outcome.try_set(Some(write(&text.get_untracked()).await));
            set_timeout(
                move || {
                    outcome.try_set(None);
                },
                std::time::Duration::from_secs(2),
            );
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = (text, outcome);
    };
    let word = move || match outcome.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Copy it by hand",
    };
    view! {
        <button type="button" class="button copy" on:click=copy>
            {word}
            {what.map(|what| view! { <span class="sr-only">{format!(" {what}")}</span> })}
        </button>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
async fn write(text: &str) -> bool {
    let navigator = window().navigator();
    // the binding assumes a clipboard, which is missing without TLS
    let given = js_sys::Reflect::get(&navigator, &"clipboard".into());
    if !given.is_ok_and(|clipboard| clipboard.is_object()) {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}
