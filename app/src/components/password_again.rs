//! The password again, before anything that outlives a session or can't be undone.

use leptos::prelude::*;

/// The part of a form that asks for the password, if it is needed. The form is otherwise unchanged: the server checks the
/// password first.
#[component]
pub fn PasswordAgain(
    /// Whether it is needed: they last entered it more than ten minutes ago.
    asked: bool,
    /// Their e-mail, for the browser's password manager.
    email: Option<String>,
) -> impl IntoView {
    asked
        .then(|| {
            view! {
                <input type="text" autocomplete="username" readonly=true hidden value=email.unwrap_or_default() />
                <label class="form-field">
                    <span>"Confirm your password"</span>
                    <input type="password" name="password_again" autocomplete="current-password" required />
                </label>
            }
        })
        .into_any()
}
