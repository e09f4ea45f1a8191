//! The variables of the process, or of a test.

use std::{ffi::OsString, fs, io::Read as _, path::PathBuf};

use crate::{Error, address::ServerUrl, token::Token};

/// Longest file that a `*_FILE` variable may name, in bytes.
const MAX_SECRET_FILE_BYTES: u64 = 4096;

/// Looks a variable up by its name.
pub(crate) struct Environment<'a>(pub &'a dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    /// A path; `None` when the variable is unset or empty.
    pub(crate) fn get_path(&self, name: &str) -> Option<PathBuf> {
        (self.0)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The text of `name`, or of the file that `name_FILE` names; `None` when both are unset or empty.
    ///
    /// # Errors
    /// [`Error::Setting`] for both at once, a file that can't be read, and a value that is not UTF-8.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>, Error> {
        let refuse = |name: &str, why: &str| Err(Error::Setting(format!("{name}: {why}")));
        let file_name = format!("{name}_FILE");
        let text = match ((self.0)(name).filter(|value| !value.is_empty()), self.get_path(&file_name)) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return refuse(name, &format!("set either this or {file_name}")),
            (Some(text), None) => match text.into_string() {
                Ok(text) => text,
                Err(_) => return refuse(name, "this is not UTF-8"),
            },
            (None, Some(path)) => match read_small(&path) {
                Ok(text) => text,
                Err(error) => {
                    return refuse(&file_name, &format!("{} can't be read: {error}", path.display()));
                }
            },
        };
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    /// The server that `OBSERVERIO_URL` names.
    pub(crate) fn url(&self) -> Result<Option<ServerUrl>, Error> {
        let text = self.get("OBSERVERIO_URL")?;
        let parsed = text.map(|text| ServerUrl::parse(&text)).transpose();
        parsed.map_err(|why| Error::Setting(format!("OBSERVERIO_URL: {why}")))
    }

    /// The token that `OBSERVERIO_TOKEN` holds.
    pub(crate) fn token(&self) -> Result<Option<Token>, Error> {
        let text = self.get("OBSERVERIO_TOKEN")?;
        let parsed = text.map(|text| Token::parse(&text)).transpose();
        parsed.map_err(|why| Error::Setting(format!("OBSERVERIO_TOKEN: {why}")))
    }
}

fn read_small(path: &std::path::Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_SECRET_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
