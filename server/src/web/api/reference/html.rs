//! A page under the pen. Whatever is not ours word for word goes through [`plain`] or [`rich`].

use std::fmt;

/// A page under the pen.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// HTML.
    pub(super) fn raw(&mut self, html: &str) {
        self.0 += html;
    }

    /// A table of HTML cells.
    pub(super) fn table<const N: usize>(
        &mut self,
        headings: &[&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) {
        self.0 += "<table><thead><tr>";
        for heading in headings {
            self.0 += &format!("<th scope=\"col\">{}</th>", plain(heading));
        }
        self.0 += "</tr></thead><tbody>";
        for cells in rows {
            let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            self.0 += &format!("<tr>{cells}</tr>");
        }
        self.0 += "</tbody></table>";
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// Text that stands for itself in HTML, also between quotes.
pub(super) fn plain(text: &str) -> Plain<'_> {
    Plain(text)
}

pub(super) struct Plain<'a>(&'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

/// Text as it stands in comments, with `code` between backticks.
pub(super) fn rich(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => plain(part).to_string(),
        _ => format!("<code>{}</code>", plain(part)),
    };
    parts.map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stands_for_itself() {
        assert_eq!(plain("<a href=\"x\">&'").to_string(), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(rich("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
    }
}
