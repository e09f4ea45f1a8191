//! A text field that a person's typing is safe in.

use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use protocol::model::Value;

use crate::raw_text::raw_text;

/// Reads what was typed: a value, or a sentence that says what the field takes.
pub type Parse = Callback<String, Result<Value, String>>;

/// A field that commits with Enter or on leaving it, and reverts with Escape.
///
/// While it has the focus, changes from elsewhere don't overwrite it; they show on leaving. What can't
/// be read is not sent: its sentence stands below until it is mended.
#[component]
pub fn TextEntry(
    /// The accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The value as text.
    #[prop(into)]
    text: Signal<String>,
    /// Reads what was typed.
    parse: Parse,
    /// Whether the person may not change it. It can still be read and copied.
    locked: Signal<bool>,
    /// Called with each value that a person commits.
    on_commit: Callback<Value>,
    /// Called with a key press first; `true` = done with it.
    #[prop(optional)]
    on_key: Option<Callback<leptos::ev::KeyboardEvent, bool>>,
    /// Grows with its text, and Shift+Enter makes a new line.
    #[prop(optional)]
    multiline: bool,
    /// A number: right-aligned, with the number keyboard of phones.
    #[prop(optional)]
    numeric: bool,
) -> impl IntoView {
    // Some while a person types
    let draft = RwSignal::new(None::<String>);
    let held = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<String>);
    let shown = move || draft.get().or_else(|| held.get()).unwrap_or_else(|| text.get());

    let commit = move || {
        let Some(typed) = draft.get_untracked() else { return };
        if typed == text.get_untracked() {
            error.set(None);
            draft.set(None);
            return;
        }
        match parse.run(typed) {
            Ok(value) => {
                error.set(None);
                held.set(None);
                on_commit.run(value);
                draft.set(None);
            }
            Err(sentence) => error.set(Some(sentence)),
        }
    };
    // what was half typed goes the way of every edit, which tells that it is not taken
    Effect::new(move || {
        if locked.get() {
            commit();
            draft.set(None);
            held.set(None);
            error.set(None);
        }
    });
    let keydown = move |event: leptos::ev::KeyboardEvent| {
        if locked.get_untracked() {
            return;
        }
        if on_key.is_some_and(|on_key| on_key.run(event.clone())) {
            event.prevent_default();
            draft.set(None);
            held.set(None);
            error.set(None);
            return;
        }
        match event.key().as_str() {
            "Enter" if !(multiline && event.shift_key()) => {
                event.prevent_default();
                commit();
            }
            "Escape" => {
                draft.set(None);
                error.set(None);
            }
            _ => {}
        }
    };
    let input = move |event| {
        error.set(None);
        draft.set(Some(event_target_value(&event)));
    };
    let focus = move |_| held.set(Some(text.get_untracked()));
    let blur = move |_| {
        commit();
        held.set(None);
    };
    let (line, lines) = (NodeRef::<Input>::new(), NodeRef::<Textarea>::new());
    Effect::new(move || {
        let field: Option<web_sys::Element> =
            line.get().map(Into::into).or_else(|| lines.get().map(Into::into));
        let Some((field, typed)) = field.and_then(|field| Some((field.clone(), typed_before(&field)?)))
        else {
            return;
        };
        draft.set(Some(typed));
        if document().active_element().as_ref() == Some(&field) {
            held.set(Some(text.get_untracked()));
        } else {
            commit();
        }
    });
    let invalid = move || error.with(Option::is_some).then_some("true");
    // the attribute for the first paint, the property from then on
    let first = text.get_untracked();
    let field = if multiline {
        view! {
            <textarea
                class="entry entry--multiline"
                rows="1"
                node_ref=lines
                aria-label=label
                aria-invalid=invalid
                readonly=locked
                spellcheck="false"
                prop:value=shown
                on:input=input
                on:keydown=keydown
                on:focus=focus
                on:blur=blur
            >
                {raw_text(first)}
            </textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                type="text"
                class="entry"
                node_ref=line
                class:entry--number=numeric
                inputmode=numeric.then_some("decimal")
                autocomplete="off"
                spellcheck="false"
                aria-label=label
                aria-invalid=invalid
                readonly=locked
                value=first
                prop:value=shown
                on:input=input
                on:keydown=keydown
                on:focus=focus
                on:blur=blur
            />
        }
        .into_any()
    };
    view! {
        {field}
        {move || error.get().map(|sentence| view! { <span class="entry-error" role="alert">{sentence}</span> })}
    }
    .into_any()
}

/// What a person typed into a field that the server had drawn, before this page's program took it over: the script
/// in the head keeps it, because taking over sets the field to its value.
pub(crate) fn typed_before(field: &web_sys::Element) -> Option<String> {
    const ATTRIBUTE: &str = "data-typed";
    let typed = field.get_attribute(ATTRIBUTE)?;
    // it fails for malformed names only
    let _ = field.remove_attribute(ATTRIBUTE);
    Some(typed)
}
