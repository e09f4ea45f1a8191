//! A technical name that breaks between its words.

use leptos::prelude::*;

/// A name that may break behind `_`, `.`, `/` and `-`; within a word only where one is too long for the row.
#[component]
pub fn Breakable(
    /// The name.
    text: String,
) -> impl IntoView {
    let pieces = pieces(&text);
    if pieces.len() < 2 {
        return text.into_any();
    }
    pieces.into_iter().map(|piece| view! { {piece.to_owned()} <wbr /> }).collect_view().into_any()
}

fn pieces(text: &str) -> Vec<&str> {
    text.split_inclusive(['_', '.', '/', '-']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_between_its_words() {
        assert_eq!(pieces("active_block_range"), ["active_", "block_", "range"]);
        assert_eq!(pieces("player.max-hp"), ["player.", "max-", "hp"]);
        assert_eq!(pieces("How fast"), ["How fast"]);
        assert_eq!(pieces("_"), ["_"]);
    }
}
