//! The password again, before what outlives a session or can't be undone.

use leptos::prelude::*;

/// The part of a form that asks for the password, if it must be asked for. Other words in the form go on being what they are: the
/// server checks the password first.
#[component]
pub fn PasswordAgain(
    /// Whether whoever is signed in has not proved lately who they are.
    asked: bool,
    /// Their e-mail, for the browser's memory of passwords.
    email: Option<String>,
) -> impl IntoView {
    asked
        .then(|| {
            view! {
                <input type="text" autocomplete="username" readonly=true hidden value=email.unwrap_or_default() />
                <label class="form-field">
                    <span>"Your password, once more"</span>
                    <input type="password" name="password_again" autocomplete="current-password" required />
                </label>
            }
        })
        .into_any()
}
