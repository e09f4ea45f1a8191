//! A variable's help text, behind a button that works for touch, keyboard and screen readers.

use leptos::prelude::*;

/// A question mark, and the text that it opens. The browser opens and closes it, so it works without scripts.
#[component]
pub fn Help(
    /// Unique on the page.
    id: String,
    /// The variable's name, as it is shown.
    #[prop(into)]
    title: String,
    /// The help.
    text: String,
    /// The technical name, the type and the limits.
    facts: String,
    /// Where in the game's code it is declared.
    source: Option<String>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="help"
            popovertarget=id.clone()
            aria-label=format!("Help on {title}")
            aria-describedby=id.clone()
        >
            <span aria-hidden="true">"?"</span>
        </button>
        <div class="help-text" id=id popover="auto">
            <p class="help-words" dir="auto">{text}</p>
            <p class="meta" dir="auto">{facts}</p>
            {source.map(|source| view! { <p class="meta" dir="auto">{source}</p> })}
        </div>
    }
    .into_any()
}

/// An id for a part of a variable's row: names may hold what ids can't.
pub(crate) fn id_of(part: &str, name: &str) -> String {
    use std::fmt::Write as _;
    let mut id = format!("{part}-");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() {
            id.push(char::from(byte));
        } else {
            // writing into a string does not fail
            let _ = write!(id, "_{byte:02x}");
        }
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_no_blanks_and_tell_names_apart() {
        assert_eq!(id_of("help", "speed9"), "help-speed9");
        assert_eq!(id_of("help", "a b"), "help-a_20b");
        assert_ne!(id_of("help", "a_20b"), id_of("help", "a b"));
        assert_ne!(id_of("help", "ä"), id_of("help", "ö"));
    }
}
