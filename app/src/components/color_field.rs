//! A colour: the browser's picker, and its text.

use leptos::prelude::*;
use protocol::model::{Value, VarSpec};

use super::text_entry::{Parse, TextEntry};
use super::{GestureSession, OnEdit};

/// A colour as `#rgb`, `#rrggbb` or `#rrggbbaa`. The picker keeps the alpha part.
#[component]
pub fn ColorField(
    /// The accessible name.
    #[prop(into)]
    label: String,
    /// The declaration.
    spec: VarSpec,
    /// The value.
    #[prop(into)]
    value: Signal<Option<Value>>,
    /// Whether the person may not change it.
    #[prop(into)]
    locked: Signal<bool>,
    /// Called with each new value.
    on_edit: OnEdit,
) -> impl IntoView {
    let gesture = GestureSession::new();
    let text =
        Signal::derive(move || value.with(|v| v.as_ref().map(ToString::to_string).unwrap_or_default()));
    let opaque = move || text.with(|text| opaque(text));
    let pick = move |event| {
        let picked = event_target_value(&event) + text.with_untracked(|text| alpha(text)).as_str();
        on_edit.run((Value::Text(picked), gesture.current()));
    };
    let parse =
        Parse::new(move |typed: String| spec.var_type.parse_text(&typed, None).map_err(|error| error.text));
    let on_commit = Callback::new(move |value| {
        gesture.end();
        on_edit.run((value, gesture.current()));
        gesture.end();
    });
    let first = opaque_untracked(text);
    view! {
        <div class="color">
            <input
                type="color"
                class="swatch"
                aria-label=label.clone()
                value=first
                prop:value=opaque
                disabled=locked
                on:input=pick
                on:change=move |_| gesture.end()
            />
            <TextEntry label=format!("{label} as text") text parse locked on_commit />
        </div>
    }
    .into_any()
}

fn opaque_untracked(text: Signal<String>) -> String {
    text.with_untracked(|text| opaque(text))
}

/// `#rrggbb`, which is all that the native picker takes.
fn opaque(text: &str) -> String {
    let digits: Vec<char> = text.trim_start_matches('#').chars().filter(char::is_ascii_hexdigit).collect();
    match digits.len() {
        3 | 4 => digits[..3].iter().fold("#".to_owned(), |mut all, digit| {
            all.extend([*digit, *digit]);
            all
        }),
        6.. => std::iter::once('#').chain(digits[..6].iter().copied()).collect(),
        _ => "#000000".to_owned(),
    }
}

/// The two digits of alpha, if the text has them.
fn alpha(text: &str) -> String {
    match text.strip_prefix('#') {
        Some(digits) if digits.len() == 8 && digits.is_ascii() => digits[6..].to_owned(),
        Some(digits) if digits.len() == 4 && digits.is_ascii() => digits[3..].repeat(2),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picker_gets_six_digits() {
        assert_eq!(opaque("#fA8"), "#ffAA88");
        assert_eq!(opaque("#fa8c"), "#ffaa88");
        assert_eq!(opaque("#ff8844"), "#ff8844");
        assert_eq!(opaque("#ff8844cc"), "#ff8844");
        assert_eq!(opaque("red"), "#000000");
    }

    #[test]
    fn alpha_is_kept() {
        assert_eq!(alpha("#ff8844cc"), "cc");
        assert_eq!(alpha("#f84c"), "cc");
        assert_eq!(alpha("#ff8844"), "");
        assert_eq!(alpha("#äää"), "");
    }
}
