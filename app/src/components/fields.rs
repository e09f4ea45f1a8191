//! Fields that several forms about accounts have.

use leptos::prelude::*;

/// The e-mail of an account.
#[component]
pub fn EmailField(
    /// Its initial value.
    #[prop(optional)]
    value: Option<String>,
    /// It can't be changed, and is there for the browser's password manager.
    #[prop(optional)]
    readonly: bool,
    /// It may be left empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    view! {
        <label class="form-field">
            <span>"E-mail"</span>
            <input
                type="email"
                name="email"
                autocomplete="username"
                required=!readonly && !optional
                readonly=readonly
                value=value
            />
        </label>
    }
    .into_any()
}

/// A password to choose, with its rules below.
#[component]
pub fn NewPasswordField(
    /// The label.
    #[prop(default = "New password")]
    label: &'static str,
    /// Its name in the form.
    #[prop(default = "password")]
    name: &'static str,
    /// What the browser may fill in.
    #[prop(default = "new-password")]
    autocomplete: &'static str,
    /// It may be left empty.
    #[prop(optional)]
    optional: bool,
    /// The rules, and what else happens.
    hint: &'static str,
) -> impl IntoView {
    view! {
        <label class="form-field">
            <span>{label}</span>
            <input
                type="password"
                name=name
                autocomplete=autocomplete
                minlength="8"
                required=!optional
                aria-describedby="password-hint"
            />
        </label>
        <p class="meta" id="password-hint">
            {hint}
        </p>
    }
    .into_any()
}
