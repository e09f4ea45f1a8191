//! The text of `<title>` and `<textarea>`. Leptos escapes text in other elements and in attributes, but writes theirs verbatim,
//! so that its author could close the element and add markup of their own.

/// The text between the tags: escaped on the server; in the browser text is never parsed as markup.
pub(crate) fn raw_text(text: String) -> String {
    if cfg!(feature = "ssr") { escape(&text) } else { text }
}

/// For RCDATA: without a `<` no tag can end the element, without a bare `&` nothing is decoded.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element_and_the_text_survives() {
        let text = "</textarea></title><img src=x> &lt;b&gt; \"'";
        let escaped = escape(text);
        assert!(!escaped.contains('<'), "{escaped}");
        assert_eq!(escaped.replace("&lt;", "<").replace("&amp;", "&"), text);
        assert_eq!(escape("plain"), "plain");
    }
}
