//! What can be typed into the filter, behind a button that works for touch, keyboard and screen readers.

use leptos::prelude::*;

const ID: &str = "log-filter-help";

/// What to type, and what it finds.
const TERMS: [(&str, &str); 9] = [
    ("boss \"the boss\" fat*al", "text in the message or the fields"),
    ("/boss (died|left)/i", "a regular expression"),
    ("level>=warn", "this level or a higher one"),
    ("device:phone message:boss", "text in the device’s name, or in the message"),
    ("hp<10 enemy.kind=boss", "a field of the entry"),
    ("hp:*", "entries that have the field"),
    ("since:5m before:2026-11-22T12:00", "when the server received it; times are in UTC"),
    ("a b · a OR b · (a OR b) c", "both, at least one, grouped"),
    ("-a · NOT a", "not this"),
];

/// A question mark, and the list that it opens. The browser opens and closes it, so it works without scripts.
#[component]
pub(super) fn FilterHelp() -> impl IntoView {
    let terms = TERMS.map(|(typed, meaning)| {
        view! {
            <dt>
                <code>{typed}</code>
            </dt>
            <dd>{meaning}</dd>
        }
    });
    view! {
        <button type="button" class="help" popovertarget=ID aria-label="Help on the filter">
            <span aria-hidden="true">"?"</span>
        </button>
        <div class="help-text" id=ID popover="auto">
            <dl class="filter-terms">{terms.into_iter().collect_view()}</dl>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use protocol::filter::Filter;

    use super::*;

    #[test]
    fn what_is_offered_can_be_typed() {
        for typed in TERMS.iter().flat_map(|(typed, _)| typed.split(" · ")) {
            assert!(Filter::parse(typed).is_ok_and(|filter| !filter.is_empty()), "{typed}");
        }
    }
}
