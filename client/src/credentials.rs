//! The file with the stored token.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Error, address::ServerUrl, environment::Environment, token::Token};

/// One server and the token for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Credentials {
    /// The only server that gets the token.
    pub url: ServerUrl,
    /// The secret.
    pub token: Token,
    /// Whether the token may go over plain HTTP to another machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insecure: bool,
}

/// Where they are kept.
#[derive(Debug)]
pub(crate) struct CredentialsFile(PathBuf);

impl CredentialsFile {
    /// `observerio/credentials.toml` in the user's folder for settings (XDG Base Directory Specification; `APPDATA` on
    /// Windows).
    pub(crate) fn locate(environment: &Environment<'_>) -> Result<Self, Error> {
        // the specification says to ignore relative paths
        let absolute = |name| environment.get_path(name).filter(|path| path.is_absolute());
        let folder = absolute("XDG_CONFIG_HOME")
            .or_else(|| absolute("APPDATA").filter(|_| cfg!(windows)))
            .or_else(|| absolute("HOME").map(|home| home.join(".config")));
        let folder = folder.ok_or_else(|| {
            Error::Setting(
                "there is no configuration directory; set HOME or XDG_CONFIG_HOME, or OBSERVERIO_TOKEN"
                    .to_owned(),
            )
        })?;
        Ok(Self(folder.join("observerio").join("credentials.toml")))
    }

    /// The stored credentials; `None` if there is no file.
    ///
    /// # Errors
    /// [`Error::Setting`] if it can't be read, or others can read it.
    pub(crate) fn read(&self) -> Result<Option<Credentials>, Error> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.refuse("can't be read", &error)),
        };
        self.check_mode()?;
        // the parser's message would quote the line, including the token
        let parsed = toml::from_str(&text);
        parsed.map(Some).map_err(|_| {
            Error::Setting(format!("{} is damaged; run `observerio login` to replace it", self.0.display()))
        })
    }

    /// Replaces the file atomically; only the user can read it at any time.
    pub(crate) fn write(&self, credentials: &Credentials) -> Result<(), Error> {
        let text = toml::to_string(credentials).expect("three plain values are TOML");
        self.replace(&text).map_err(|error| self.refuse("can't be written", &error))
    }

    /// Deletes the file. Returns whether it existed.
    pub(crate) fn delete(&self) -> Result<bool, Error> {
        match fs::remove_file(&self.0) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.refuse("can't be deleted", &error)),
        }
    }

    /// Where it is.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let folder = self.0.parent().expect("it was joined to a folder");
        make_private_folder(folder)?;
        // tempfile makes it with mode 0600
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.0)?;
        Ok(())
    }

    #[cfg(unix)]
    fn check_mode(&self) -> Result<(), Error> {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            fs::metadata(&self.0).map_err(|error| self.refuse("can't be read", &error))?.permissions().mode();
        match mode & 0o077 {
            0 => Ok(()),
            _ => Err(Error::Setting(format!(
                "others can read the token in {path}; run `chmod 600 {path}`, and create a new token if anyone may have read it",
                path = self.0.display()
            ))),
        }
    }

    #[cfg(not(unix))]
    fn check_mode(&self) -> Result<(), Error> {
        Ok(())
    }

    fn refuse(&self, what: &str, error: &io::Error) -> Error {
        Error::Setting(format!("{} {what}: {error}", self.0.display()))
    }
}

#[cfg(unix)]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Variables;

    fn file_in(folder: &Path) -> CredentialsFile {
        let variables =
            Variables::new(&[("XDG_CONFIG_HOME", folder.to_str().unwrap()), ("HOME", "/nowhere")]);
        CredentialsFile::locate(&variables.environment()).unwrap()
    }

    fn credentials(token: &str) -> Credentials {
        let url = ServerUrl::parse("https://tune.example.org").unwrap();
        Credentials { url, token: Token::parse(token).unwrap(), insecure: false }
    }

    #[test]
    fn it_is_where_settings_are() {
        for (variables, path) in [
            (&[("XDG_CONFIG_HOME", "/a"), ("HOME", "/b")][..], "/a/observerio/credentials.toml"),
            (&[("XDG_CONFIG_HOME", "a"), ("HOME", "/b")], "/b/.config/observerio/credentials.toml"),
            (&[("XDG_CONFIG_HOME", ""), ("HOME", "/b")], "/b/.config/observerio/credentials.toml"),
        ] {
            let variables = Variables::new(variables);
            let file = CredentialsFile::locate(&variables.environment()).unwrap();
            assert_eq!(file.path(), Path::new(path));
        }
        assert_eq!(CredentialsFile::locate(&Variables::new(&[]).environment()).unwrap_err().status(), 78);
    }

    #[test]
    fn it_reads_what_it_wrote_and_deletes_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        assert_eq!(file.read().unwrap(), None);
        for token in ["obs_one", "obs_two"] {
            file.write(&credentials(token)).unwrap();
            assert_eq!(file.read().unwrap(), Some(credentials(token)));
        }
        let names = fs::read_dir(file.path().parent().unwrap()).unwrap().count();
        assert_eq!(names, 1, "nothing is left beside it");
        assert!(file.delete().unwrap() && !file.delete().unwrap());
        assert_eq!(file.read().unwrap(), None);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        file.write(&credentials("obs_hunter2")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.path()), 0o600);
        assert_eq!(mode(file.path().parent().unwrap()), 0o700);
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let refused = file.read().unwrap_err();
        assert_eq!(refused.status(), 78);
        assert!(
            refused.to_string().contains("chmod 600") && !refused.to_string().contains("hunter2"),
            "{refused}"
        );
    }

    #[test]
    fn a_damaged_file_is_said_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path());
        for text in [
            "token = \"obs_hunter2\"",
            "url = \"https://h\"\ntoken = \"hunter2\"",
            "url = \"ftp://h\"\ntoken = \"obs_hunter2\"",
            "url = \"https://h\"\ntoken = \"obs_hunter2\"\nport = 1",
            "token = obs_hunter2",
        ] {
            file.write(&credentials("obs_x")).unwrap();
            fs::write(file.path(), text).unwrap();
            let refused = file.read().unwrap_err();
            assert!(refused.status() == 78 && !refused.to_string().contains("hunter2"), "{text}: {refused}");
        }
    }
}
