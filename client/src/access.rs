//! Which server a command speaks to, and with which token.

use std::{ffi::OsString, fs, io::Read as _, path::PathBuf};

use crate::{
    Error,
    address::{self, ServerUrl},
    credentials::CredentialsFile,
    token::Token,
};

/// Longest file that a `*_FILE` variable may name, in bytes.
const MAX_SECRET_FILE_BYTES: u64 = 4096;

/// The variables of the process, or of a test.
pub(crate) struct Environment<'a>(pub &'a dyn Fn(&str) -> Option<OsString>);

impl Environment<'_> {
    /// A path; `None` when the variable is unset or empty.
    pub(crate) fn get_path(&self, name: &str) -> Option<PathBuf> {
        (self.0)(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// The text of `name`, or of the file that `name_FILE` names; `None` when both are unset or empty.
    ///
    /// # Errors
    /// [`Error::Setting`] for both at once, a file that can't be read, and what is no UTF-8.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>, Error> {
        let refuse = |name: &str, why: &str| Err(Error::Setting(format!("{name}: {why}")));
        let file_name = format!("{name}_FILE");
        let text = match ((self.0)(name).filter(|value| !value.is_empty()), self.get_path(&file_name)) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => return refuse(name, &format!("set either this or {file_name}")),
            (Some(text), None) => match text.into_string() {
                Ok(text) => text,
                Err(_) => return refuse(name, "this is no UTF-8"),
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

    fn token(&self) -> Result<Option<Token>, Error> {
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

/// A server and the token for it.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// Where.
    pub url: ServerUrl,
    /// With what.
    pub token: Token,
    /// What to do when the server does not know the token.
    pub remedy: &'static str,
}

impl Access {
    /// By the variables, else by what `observerio login` stored. `insecure`: plain HTTP to other machines is all right.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] when nobody is signed in, [`Error::Setting`].
    pub(crate) fn find(environment: &Environment<'_>, insecure: bool) -> Result<Self, Error> {
        let url = environment.url()?;
        if let Some(token) = environment.token()? {
            let url = match url {
                Some(url) => url,
                None => stored_url(environment)?,
            };
            let remedy = "put a valid one into OBSERVERIO_TOKEN";
            return Ok(Self { url: url.for_secrets(insecure)?, token, remedy });
        }
        let stored = CredentialsFile::locate(environment)?.read()?;
        let Some(stored) = stored else {
            return Err(Error::NotAllowed(
                "nobody is signed in; say `observerio login`, or set OBSERVERIO_TOKEN".to_owned(),
            ));
        };
        // a token must never reach another server than the one that it was given for
        if let Some(url) = url.filter(|url| *url != stored.url) {
            return Err(Error::NotAllowed(format!(
                "the stored token is for {}; say `observerio login {url}`, or set OBSERVERIO_TOKEN",
                stored.url
            )));
        }
        let remedy = "make a new one in the dashboard and say `observerio login`";
        Ok(Self { url: stored.url.for_secrets(insecure || stored.insecure)?, token: stored.token, remedy })
    }
}

fn stored_url(environment: &Environment<'_>) -> Result<ServerUrl, Error> {
    // without a home there is nothing stored, and a variable is all that was asked for
    let stored = CredentialsFile::locate(environment).ok().map(|file| file.read()).transpose()?.flatten();
    Ok(match stored {
        Some(stored) => stored.url,
        None => ServerUrl::parse(address::DEFAULT).expect("the default is an address"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{credentials::Credentials, testing::Variables};

    fn find(variables: &[(&str, &str)], insecure: bool) -> Result<Access, Error> {
        Access::find(&Variables::new(variables).environment(), insecure)
    }

    fn stored(url: &str, insecure: bool) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let variables = Variables::new(&[("XDG_CONFIG_HOME", &path)]);
        let file = CredentialsFile::locate(&variables.environment()).unwrap();
        let url = ServerUrl::parse(url).unwrap();
        file.write(&Credentials { url, token: Token::parse("obs_stored").unwrap(), insecure }).unwrap();
        (folder, path)
    }

    #[test]
    fn variables_win_over_the_file() {
        let (_folder, home) = stored("https://stored.example.org", false);
        let access = find(&[("XDG_CONFIG_HOME", &home)], false).unwrap();
        assert_eq!(
            (access.url.to_string().as_str(), access.token.expose()),
            ("https://stored.example.org", "obs_stored")
        );
        let access = find(&[("XDG_CONFIG_HOME", &home), ("OBSERVERIO_TOKEN", "obs_mine")], false).unwrap();
        assert_eq!(
            (access.url.to_string().as_str(), access.token.expose()),
            ("https://stored.example.org", "obs_mine")
        );
        let both =
            [("XDG_CONFIG_HOME", &*home), ("OBSERVERIO_TOKEN", "obs_mine"), ("OBSERVERIO_URL", "https://a")];
        let access = find(&both, false).unwrap();
        assert_eq!((access.url.to_string().as_str(), access.token.expose()), ("https://a", "obs_mine"));
        let alone = find(&[("OBSERVERIO_TOKEN", "obs_mine")], false).unwrap();
        assert_eq!(alone.url.to_string(), address::DEFAULT);
    }

    #[test]
    fn a_stored_token_goes_to_its_own_server_only() {
        let (_folder, home) = stored("https://stored.example.org", false);
        let named = |url| find(&[("XDG_CONFIG_HOME", &home), ("OBSERVERIO_URL", url)], false);
        assert!(named("https://stored.example.org/").is_ok());
        let refused = named("https://other.example.org").unwrap_err();
        assert_eq!(refused.status(), 77);
        assert!(refused.to_string().contains("observerio login https://other.example.org"), "{refused}");
    }

    #[test]
    fn plain_http_to_another_machine_is_asked_for() {
        let plain = [("OBSERVERIO_TOKEN", "obs_mine"), ("OBSERVERIO_URL", "http://192.168.0.7:8080")];
        let refused = find(&plain, false).unwrap_err();
        assert!(refused.status() == 78 && refused.to_string().contains("--insecure"), "{refused}");
        assert!(find(&plain, true).is_ok());
        for (insecure, is_taken) in [(false, false), (true, true)] {
            let (_folder, home) = stored("http://192.168.0.7:8080", insecure);
            assert_eq!(find(&[("XDG_CONFIG_HOME", &home)], false).is_ok(), is_taken);
        }
    }

    #[test]
    fn a_file_may_hold_the_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "obs_hunter2\n").unwrap();
        let path = path.to_str().unwrap();
        let access = find(&[("OBSERVERIO_TOKEN_FILE", path)], false).unwrap();
        assert_eq!(access.token.expose(), "obs_hunter2");
        for (variables, says) in [
            (&[("OBSERVERIO_TOKEN_FILE", path), ("OBSERVERIO_TOKEN", "obs_hunter2")][..], "either"),
            (&[("OBSERVERIO_TOKEN_FILE", "/nowhere/token")], "/nowhere/token"),
            (&[("OBSERVERIO_TOKEN", "hunter2")], "OBSERVERIO_TOKEN"),
            (&[("OBSERVERIO_TOKEN", "obs_x"), ("OBSERVERIO_URL", "hunter2")], "OBSERVERIO_URL"),
        ] {
            let refused = find(variables, false).unwrap_err();
            assert_eq!(refused.status(), 78, "{variables:?}");
            assert!(
                refused.to_string().contains(says) && !refused.to_string().contains("hunter2"),
                "{refused}"
            );
        }
    }

    #[test]
    fn nobody_is_signed_in() {
        let refused = find(&[("HOME", "/nowhere"), ("OBSERVERIO_TOKEN", "")], false).unwrap_err();
        assert!(refused.status() == 77 && refused.to_string().contains("observerio login"), "{refused}");
    }
}
