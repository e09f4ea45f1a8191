//! One stylesheet out of many: `@import "part.css";` lines are replaced by the part.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Reads a stylesheet, its parts in place of the `@import` lines.
pub(crate) fn bundle(main: &Path) -> Result<String> {
    let text = std::fs::read_to_string(main).with_context(|| format!("cannot read {}", main.display()))?;
    let folder = main.parent().expect("a file has a folder");
    let mut bundled = String::new();
    for line in text.lines() {
        match line.trim().strip_prefix("@import") {
            Some(rest) => bundled.push_str(&bundle(&folder.join(imported(rest, main)?))?),
            None => bundled.push_str(line),
        }
        bundled.push('\n');
    }
    Ok(bundled)
}

fn imported<'a>(rest: &'a str, main: &Path) -> Result<&'a str> {
    let name = rest.trim().strip_suffix(';').map(str::trim).and_then(|name| {
        let quoted = name.strip_prefix('"')?.strip_suffix('"')?;
        (!quoted.contains('"')).then_some(quoted)
    });
    match name {
        Some(name) => Ok(name),
        None => bail!("{}: only `@import \"part.css\";` on a line of its own is understood", main.display()),
    }
}

/// Drops comments, indentation and empty lines. Brotli does the rest.
pub(crate) fn minify(css: &str) -> String {
    let mut lean = String::with_capacity(css.len());
    for line in without_comments(css).lines().map(str::trim).filter(|line| !line.is_empty()) {
        lean.push_str(line);
        lean.push('\n');
    }
    lean
}

fn without_comments(css: &str) -> String {
    let mut kept = String::with_capacity(css.len());
    let mut rest = css.chars().peekable();
    let mut quote = None;
    while let Some(c) = rest.next() {
        match quote {
            Some(_) if c == '\\' => {
                kept.push(c);
                kept.extend(rest.next());
                continue;
            }
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '/' && rest.peek() == Some(&'*') => {
                rest.next();
                skip_comment(&mut rest);
                // a comment separates two words as a blank does
                kept.push(' ');
                continue;
            }
            _ => {}
        }
        kept.push(c);
    }
    kept
}

fn skip_comment(rest: &mut impl Iterator<Item = char>) {
    let mut star = false;
    for c in rest {
        if star && c == '/' {
            return;
        }
        star = c == '*';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let css = "/* a\n b */\n.x::before {\n  content: \"/* kept \\\" */\";\n\n}\n";
        assert_eq!(minify(css), ".x::before {\ncontent: \"/* kept \\\" */\";\n}\n");
    }

    #[test]
    fn a_comment_between_words_leaves_them_apart() {
        assert_eq!(minify("margin:0/**/auto"), "margin:0 auto\n");
    }

    #[test]
    fn other_imports_are_refused() {
        let main = Path::new("main.css");
        assert_eq!(imported(" \"tokens.css\";", main).unwrap(), "tokens.css");
        for odd in [" url(x.css);", " \"a.css\" layer(b);", " \"a.css\"", " \"a.css\", \"b.css\";"] {
            assert!(imported(odd, main).is_err(), "{odd}");
        }
    }
}
