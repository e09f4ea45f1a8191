//! The text of `<title>` and `<textarea>`. Leptos escapes what is in other elements and in attributes, but writes theirs into the page as it is,
//! so that whoever sets it could end the element and go on with markup of his own.

/// What stands between the tags, where text is: escaped in what the server draws; in the browser a text is never read as markup.
pub(crate) fn raw_text(text: String) -> String {
    if cfg!(feature = "ssr") { escape(&text) } else { text }
}

/// As HTML wants it in RCDATA: without a `<` no tag ends it, without a bare `&` nothing else is read into it.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_element_and_everything_reads_as_it_was() {
        let text = "</textarea></title><img src=x> &lt;b&gt; \"'";
        let escaped = escape(text);
        assert!(!escaped.contains('<'), "{escaped}");
        assert_eq!(escaped.replace("&lt;", "<").replace("&amp;", "&"), text);
        assert_eq!(escape("plain"), "plain");
    }
}
