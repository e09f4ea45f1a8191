//! Asks before something that can't be undone.

use leptos::prelude::*;

/// A button that opens a dialog with a form, in which *Cancel* has the focus. The browser opens and closes it, so it works
/// without scripts.
#[component]
pub fn Confirm(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// On the button that opens it, such as `Remove…`.
    label: &'static str,
    /// What it is about, for screen readers.
    #[prop(into)]
    subject: String,
    /// What would happen.
    #[prop(into)]
    question: String,
    /// Where the form posts to.
    #[prop(into)]
    action: String,
    /// The form's hidden fields.
    fields: Vec<(&'static str, String)>,
    /// On the button that does it.
    #[prop(into)]
    button: String,
    /// It can be undone.
    #[prop(optional)]
    harmless: bool,
    /// Fields to fill in.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let title = format!("{id}-title");
    view! {
        <button type="button" class="button" popovertarget=id.clone()>
            {label}
            <span class="sr-only">" " {subject}</span>
        </button>
        <div class="confirm" id=id.clone() popover="auto" role="dialog" aria-labelledby=title.clone()>
            <form class="form" method="post" action=action>
                <p id=title.clone()>{question}</p>
                {fields
                    .into_iter()
                    .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                    .collect_view()}
                {children.map(|children| children())}
                {choice(id.clone(), button, harmless)}
            </form>
        </div>
    }
    .into_any()
}

/// The end of the dialog: *Cancel*, which has the focus, and the button that does it.
pub(crate) fn choice(id: String, button: String, harmless: bool) -> AnyView {
    view! {
        <div class="confirm-buttons">
            <button type="button" class="button" popovertarget=id popovertargetaction="hide" autofocus>
                "Cancel"
            </button>
            <button type="submit" class="button" class:button--danger=!harmless class:button--primary=harmless>
                {button}
            </button>
        </div>
    }
    .into_any()
}
