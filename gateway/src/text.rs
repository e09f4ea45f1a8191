//! Text that people type.

use crate::GatewayError;

const MAX_NAME_CHARS: usize = 80;

/// Text on one line, without what could pass for something else. Its length counts as it was sent, blanks around it too:
/// so a form and the document of the HTTP API measure it.
pub(crate) fn one_line(text: &str, max_chars: usize, what: &str) -> Result<String, GatewayError> {
    let line = text.trim();
    if text.chars().count() > max_chars || line.chars().any(char::is_control) {
        return Err(GatewayError::Invalid(format!("{what} is one line of at most {max_chars} characters")));
    }
    Ok(line.to_owned())
}

/// What people call a project, a key or a token.
pub(crate) fn named(name: &str, what: &str) -> Result<String, GatewayError> {
    let name = one_line(name, MAX_NAME_CHARS, "a name")?;
    if name.is_empty() {
        return Err(GatewayError::Invalid(format!("give {what} a name")));
    }
    Ok(name)
}
