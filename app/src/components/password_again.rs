//! The password again, before what outlives a session or can't be undone.

use leptos::prelude::*;

/// The part of a form that asks for the password, if it must be asked for. Other words in the form go on being what they are: the
/// server checks the password first.
#[component]
pub fn PasswordAgain(
    /// Whether the password is needed again: the last proof is more than ten minutes old.
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
