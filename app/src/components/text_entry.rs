//! A text field that a person's typing is safe in.

use leptos::ev::KeyboardEvent;
use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use protocol::model::Value;

use super::Binding;
use super::draft::DraftField;
use super::focus::is_kept;
use crate::keys::{is_composing, is_undo};
use crate::raw_text::raw_text;

/// A field that commits on Enter, reverts on Escape, and does neither on anything else.
///
/// While it has the focus, changes from elsewhere don't overwrite it; they show on leaving. What is typed and left is neither sent
/// nor lost: it stays as a draft until it is sent or discarded. What can't be read is not sent either: the reason stands
/// below the field until the text is fixed.
#[component]
pub fn TextEntry(
    /// The accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The value as text.
    #[prop(into)]
    text: Signal<String>,
    /// The variable.
    binding: Binding,
    /// Called with each value that a person commits.
    on_commit: Callback<Value>,
    /// Sees each key press first; `true` means it has dealt with the key, and with what was typed.
    #[prop(optional)]
    on_key: Option<Callback<KeyboardEvent, bool>>,
    /// Grows with its text; Shift+Enter starts a new line.
    #[prop(optional)]
    multiline: bool,
    /// A number: right-aligned, with the number keyboard on phones.
    #[prop(optional)]
    numeric: bool,
) -> impl IntoView {
    let entry = Entry {
        text,
        binding,
        held: RwSignal::new(None),
        error: RwSignal::new(None),
        on_commit,
        on_key,
        multiline,
    };
    binding.draft.is_in(entry.field(label, numeric));
    // what was half typed is submitted like any edit, so that its refusal is reported
    Effect::new(move || {
        if binding.locked.get() {
            entry.commit();
            entry.reset();
        }
    });
    let field = if multiline {
        view! { <ManyLines entry label /> }.into_any()
    } else {
        view! { <OneLine entry label numeric /> }.into_any()
    };
    view! {
        {field}
        {move || {
            entry.error.get().map(|sentence| view! { <span class="entry-error" role="alert">{sentence}</span> })
        }}
    }
    .into_any()
}

#[component]
fn OneLine(entry: Entry, label: Signal<String>, numeric: bool) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            entry.take_over(&field);
        }
    });
    view! {
        <input
            type="text"
            class="entry"
            class:entry--draft=move || entry.is_draft()
            node_ref=field
            class:entry--number=numeric
            dir=(!numeric).then_some("auto")
            inputmode=numeric.then_some("decimal")
            autocomplete="off"
            spellcheck="false"
            aria-label=label
            aria-invalid=move || entry.is_invalid()
            readonly=entry.binding.locked
            // the attribute for the first paint, the property from then on
            value=entry.first()
            prop:value=move || entry.shown()
            on:input=move |event| entry.type_in(event_target_value(&event))
            on:keydown=move |event| entry.key_down(&event)
            on:focus=move |event| entry.focused(&event)
            on:blur=move |_| entry.held.set(None)
        />
    }
    .into_any()
}

#[component]
fn ManyLines(entry: Entry, label: Signal<String>) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            entry.take_over(&field);
        }
    });
    view! {
        <textarea
            class="entry entry--multiline"
            class:entry--draft=move || entry.is_draft()
            rows="1"
            node_ref=field
            dir="auto"
            aria-label=label
            aria-invalid=move || entry.is_invalid()
            readonly=entry.binding.locked
            spellcheck="false"
            prop:value=move || entry.shown()
            on:input=move |event| entry.type_in(event_target_value(&event))
            on:keydown=move |event| entry.key_down(&event)
            on:focus=move |event| entry.focused(&event)
            on:blur=move |_| entry.held.set(None)
        >
            {raw_text(entry.first())}
        </textarea>
    }
    .into_any()
}

/// What the field does.
#[derive(Clone, Copy)]
struct Entry {
    text: Signal<String>,
    binding: Binding,
    /// The text that the person found, while the caret is in it.
    held: RwSignal<Option<String>>,
    error: RwSignal<Option<String>>,
    on_commit: Callback<Value>,
    on_key: Option<Callback<KeyboardEvent, bool>>,
    multiline: bool,
}

impl Entry {
    fn draft(self) -> RwSignal<Option<String>> {
        self.binding.draft.typed
    }

    fn shown(self) -> String {
        self.draft().get().or_else(|| self.held.get()).unwrap_or_else(|| self.text.get())
    }

    /// For the first paint.
    fn first(self) -> String {
        self.draft().get_untracked().unwrap_or_else(|| self.text.get_untracked())
    }

    fn is_invalid(self) -> Option<&'static str> {
        self.error.with(Option::is_some).then_some("true")
    }

    /// Whether it holds text that is neither sent nor the variable's value.
    fn is_draft(self) -> bool {
        self.draft().with(|draft| draft.as_ref().is_some_and(|typed| self.text.with(|text| text != typed)))
    }

    /// What the end of the row needs to know.
    fn field(self, label: Signal<String>, numeric: bool) -> DraftField {
        let result = move |_: Option<&Option<String>>| {
            let typed = self.draft().get().filter(|_| numeric)?;
            let result = self.binding.parse.run(typed.clone()).ok()?.to_string();
            (result != typed.trim()).then(|| format!("= {result}"))
        };
        DraftField {
            label,
            is_draft: Memo::new(move |_| self.is_draft()),
            result: Memo::new(result),
            send: Callback::new(move |()| self.commit()),
            discard: Callback::new(move |()| self.reset()),
        }
    }

    fn type_in(self, typed: String) {
        self.error.set(None);
        self.draft().set(Some(typed));
    }

    fn focused(self, event: &web_sys::FocusEvent) {
        if !is_kept(event) {
            self.hold();
        }
    }

    fn hold(self) {
        if self.held.with_untracked(Option::is_none) {
            self.held.set(Some(self.text.get_untracked()));
        }
    }

    fn reset(self) {
        self.draft().set(None);
        self.held.set(None);
        self.error.set(None);
    }

    fn commit(self) {
        let Some(typed) = self.draft().get_untracked() else { return self.held.set(None) };
        if typed == self.text.get_untracked() {
            return self.reset();
        }
        match self.binding.parse.run(typed) {
            Ok(value) => {
                self.on_commit.run(value);
                self.reset();
            }
            Err(sentence) => self.error.set(Some(sentence)),
        }
    }

    fn key_down(self, event: &KeyboardEvent) {
        // the keys of an input method, Enter among them, are not meant for the field
        if self.binding.locked.get_untracked() || is_composing(event) {
            return;
        }
        if self.on_key.is_some_and(|on_key| on_key.run(event.clone())) {
            event.prevent_default();
            return self.reset();
        }
        match event.key().as_str() {
            "Enter" if !(self.multiline && event.shift_key()) => {
                event.prevent_default();
                self.commit();
            }
            "Escape" => self.reset(),
            // without a draft the page undoes the last edit, and the field shows that
            _ if is_undo(event) && self.draft().with_untracked(Option::is_none) => self.held.set(None),
            _ => self.hold(),
        }
    }

    /// Takes over what was typed before hydration.
    fn take_over(self, field: &web_sys::Element) {
        let Some(typed) = typed_before(field) else { return };
        self.draft().set(Some(typed));
        if document().active_element().as_ref() == Some(field) {
            self.hold();
        }
    }
}

/// Takes what was typed into a filter before hydration.
pub(crate) fn take_typed(field: NodeRef<Input>, text: RwSignal<String>) {
    Effect::new(move || {
        if let Some(typed) = field.get().and_then(|field| typed_before(&field)) {
            text.set(typed);
        }
    });
}

/// What a person typed into a server-rendered field before hydration. The script in the head keeps it, because hydrating
/// sets the field to its value.
pub(crate) fn typed_before(field: &web_sys::Element) -> Option<String> {
    const ATTRIBUTE: &str = "data-typed";
    let typed = field.get_attribute(ATTRIBUTE)?;
    // it fails for malformed names only
    let _ = field.remove_attribute(ATTRIBUTE);
    Some(typed)
}
