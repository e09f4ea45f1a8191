//! What is asked before something that can't be undone.

use leptos::prelude::*;

/// A button that opens a question with a form below it, and a way back that has the focus. The browser opens and closes it, so it
/// works without a script too.
#[component]
pub fn Confirm(
    /// Unlike that of any other on the page.
    #[prop(into)]
    id: String,
    /// On the button that opens it, such as `Remove…`.
    label: &'static str,
    /// What it is about, for whoever hears the button alone.
    #[prop(into)]
    subject: String,
    /// What would happen.
    #[prop(into)]
    question: String,
    /// Where the form posts to.
    #[prop(into)]
    action: String,
    /// What the form says besides.
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

/// The end of a form that asks: a way back that has the focus, and the button that does it.
pub(super) fn choice(id: String, button: String, harmless: bool) -> AnyView {
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
