//! A text field that a person's typing is safe in.

use leptos::ev::KeyboardEvent;
use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use protocol::model::Value;

use super::draft::DraftField;
use super::focus::is_kept;
use super::{Draft, is_composing};
use crate::live::is_undo;
use crate::raw_text::raw_text;

/// Reads what was typed: a value, or a sentence that says what the field takes.
pub type Parse = Callback<String, Result<Value, String>>;

/// A field that commits with Enter and reverts with Escape, and with nothing else.
///
/// While it has the focus, changes from elsewhere don't overwrite it; they show on leaving. What is typed and left is neither sent
/// nor lost: it stays as a draft that says so, until it is sent or taken back. What can't be read is not sent either: its
/// sentence stands below until it is mended.
#[component]
pub fn TextEntry(
    /// The accessible name.
    #[prop(into)]
    label: Signal<String>,
    /// The value as text.
    #[prop(into)]
    text: Signal<String>,
    /// What is typed and not sent.
    draft: Draft,
    /// Reads what was typed.
    parse: Parse,
    /// Whether the person may not change it. It can still be read and copied.
    locked: Signal<bool>,
    /// Called with each value that a person commits.
    on_commit: Callback<Value>,
    /// Called with a key press first; `true` = done with it, and with what was typed.
    #[prop(optional)]
    on_key: Option<Callback<KeyboardEvent, bool>>,
    /// Grows with its text, and Shift+Enter makes a new line.
    #[prop(optional)]
    multiline: bool,
    /// A number: right-aligned, with the number keyboard of phones.
    #[prop(optional)]
    numeric: bool,
) -> impl IntoView {
    let entry = Entry {
        text,
        draft: draft.typed,
        held: RwSignal::new(None),
        error: RwSignal::new(None),
        parse,
        locked,
        on_commit,
        on_key,
        multiline,
    };
    draft.is_in(entry.field(label, numeric));
    // what was half typed goes the way of every edit, which tells that it is not taken
    Effect::new(move || {
        if locked.get() {
            entry.commit();
            entry.reset();
        }
    });
    let invalid = move || entry.error.with(Option::is_some).then_some("true");
    let shown = move || entry.shown();
    let input = move |event| entry.type_in(event_target_value(&event));
    let keydown = move |event: KeyboardEvent| entry.key_down(&event);
    let (line, lines) = (NodeRef::<Input>::new(), NodeRef::<Textarea>::new());
    Effect::new(move || {
        let field: Option<web_sys::Element> =
            line.get().map(Into::into).or_else(|| lines.get().map(Into::into));
        if let Some(field) = field {
            entry.take_over(&field);
        }
    });
    // the attribute for the first paint, the property from then on
    let first = shown_untracked(entry);
    let field = if multiline {
        view! {
            <textarea
                class="entry entry--multiline"
                class:entry--draft=move || entry.is_draft()
                rows="1"
                node_ref=lines
                dir="auto"
                aria-label=label
                aria-invalid=invalid
                readonly=locked
                spellcheck="false"
                prop:value=shown
                on:input=input
                on:keydown=keydown
                on:focus=move |event| entry.focused(&event)
                on:blur=move |_| entry.held.set(None)
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
                class:entry--draft=move || entry.is_draft()
                node_ref=line
                class:entry--number=numeric
                dir=(!numeric).then_some("auto")
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
                on:focus=move |event| entry.focused(&event)
                on:blur=move |_| entry.held.set(None)
            />
        }
        .into_any()
    };
    view! {
        {field}
        {move || {
            entry.error.get().map(|sentence| view! { <span class="entry-error" role="alert">{sentence}</span> })
        }}
    }
    .into_any()
}

/// What the field does.
#[derive(Clone, Copy)]
struct Entry {
    text: Signal<String>,
    draft: RwSignal<Option<String>>,
    /// The text that the person found, while the caret is in it.
    held: RwSignal<Option<String>>,
    error: RwSignal<Option<String>>,
    parse: Parse,
    locked: Signal<bool>,
    on_commit: Callback<Value>,
    on_key: Option<Callback<KeyboardEvent, bool>>,
    multiline: bool,
}

impl Entry {
    fn shown(self) -> String {
        self.draft.get().or_else(|| self.held.get()).unwrap_or_else(|| self.text.get())
    }

    /// Whether it holds what is neither sent nor what the variable is.
    fn is_draft(self) -> bool {
        self.draft.with(|draft| draft.as_ref().is_some_and(|typed| self.text.with(|text| text != typed)))
    }

    /// What the end of the row needs of it.
    fn field(self, label: Signal<String>, numeric: bool) -> DraftField {
        let result = move |_: Option<&Option<String>>| {
            let typed = self.draft.get().filter(|_| numeric)?;
            let result = self.parse.run(typed.clone()).ok()?.to_string();
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
        self.draft.set(Some(typed));
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
        self.draft.set(None);
        self.held.set(None);
        self.error.set(None);
    }

    fn commit(self) {
        let Some(typed) = self.draft.get_untracked() else { return self.held.set(None) };
        if typed == self.text.get_untracked() {
            return self.reset();
        }
        match self.parse.run(typed) {
            Ok(value) => {
                self.on_commit.run(value);
                self.reset();
            }
            Err(sentence) => self.error.set(Some(sentence)),
        }
    }

    fn key_down(self, event: &KeyboardEvent) {
        // the keys of an input method, Enter among them, are not meant for the field
        if self.locked.get_untracked() || is_composing(event) {
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
            // without a draft the page takes the last edit back, and the field shows that
            _ if is_undo(event) && self.draft.with_untracked(Option::is_none) => self.held.set(None),
            _ => self.hold(),
        }
    }

    /// Takes over what was typed before this page's program was there.
    fn take_over(self, field: &web_sys::Element) {
        let Some(typed) = typed_before(field) else { return };
        self.draft.set(Some(typed));
        if document().active_element().as_ref() == Some(field) {
            self.hold();
        }
    }
}

fn shown_untracked(entry: Entry) -> String {
    entry.draft.get_untracked().unwrap_or_else(|| entry.text.get_untracked())
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
