//! The server that a command talks to, and the token it authenticates with.

use crate::{
    Error,
    address::{self, ServerUrl},
    credentials::CredentialsFile,
    environment::Environment,
    token::Token,
};

/// A server and the token for it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// Its address.
    pub url: ServerUrl,
    /// Sent with every request.
    pub token: Token,
    /// What to do if the server rejects the token.
    pub remedy: &'static str,
}

impl Endpoint {
    /// From the variables, or else from what `observerio login` stored. `insecure` allows plain HTTP to other machines.
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
            let remedy = "set OBSERVERIO_TOKEN to a valid one";
            return Ok(Self { url: url.for_secrets(insecure)?, token, remedy });
        }
        let stored = CredentialsFile::locate(environment)?.read()?;
        let Some(stored) = stored else {
            return Err(Error::NotAllowed(
                "you are not signed in; run `observerio login`, or set OBSERVERIO_TOKEN".to_owned(),
            ));
        };
        // a token must never reach any server but the one it was stored for
        if let Some(url) = url.filter(|url| *url != stored.url) {
            return Err(Error::NotAllowed(format!(
                "the stored token is for {}; run `observerio login {url}`, or set OBSERVERIO_TOKEN",
                stored.url
            )));
        }
        let remedy = "create a new one in the dashboard and run `observerio login`";
        Ok(Self { url: stored.url.for_secrets(insecure || stored.insecure)?, token: stored.token, remedy })
    }
}

fn stored_url(environment: &Environment<'_>) -> Result<ServerUrl, Error> {
    // without a home directory nothing is stored, and the variable is enough
    let stored = CredentialsFile::locate(environment).ok().map(|file| file.read()).transpose()?.flatten();
    Ok(match stored {
        Some(stored) => stored.url,
        None => ServerUrl::parse(address::DEFAULT).expect("the default is an address"),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{credentials::Credentials, testing::Variables};

    fn find(variables: &[(&str, &str)], insecure: bool) -> Result<Endpoint, Error> {
        Endpoint::find(&Variables::new(variables).environment(), insecure)
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
        let endpoint = find(&[("XDG_CONFIG_HOME", &home)], false).unwrap();
        assert_eq!(
            (endpoint.url.to_string().as_str(), endpoint.token.expose()),
            ("https://stored.example.org", "obs_stored")
        );
        let endpoint = find(&[("XDG_CONFIG_HOME", &home), ("OBSERVERIO_TOKEN", "obs_mine")], false).unwrap();
        assert_eq!(
            (endpoint.url.to_string().as_str(), endpoint.token.expose()),
            ("https://stored.example.org", "obs_mine")
        );
        let both =
            [("XDG_CONFIG_HOME", &*home), ("OBSERVERIO_TOKEN", "obs_mine"), ("OBSERVERIO_URL", "https://a")];
        let endpoint = find(&both, false).unwrap();
        assert_eq!((endpoint.url.to_string().as_str(), endpoint.token.expose()), ("https://a", "obs_mine"));
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
        let endpoint = find(&[("OBSERVERIO_TOKEN_FILE", path)], false).unwrap();
        assert_eq!(endpoint.token.expose(), "obs_hunter2");
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
