//! `observerio login` and `observerio logout`.

use std::io::{self, IsTerminal as _, Read as _};

use crate::{
    Error,
    address::{self, ServerUrl},
    api::Api,
    console::Console,
    credentials::{Credentials, CredentialsFile},
    endpoint::Endpoint,
    environment::Environment,
    responses::Me,
    text::visible,
    token::Token,
};

/// Longer than any token, in bytes.
const MAX_INPUT_BYTES: u64 = 4096;

/// Where to sign in, and how the token is given.
pub(crate) struct Login {
    /// As typed; `None`: from the variable, or on this machine.
    pub url: Option<ServerUrl>,
    /// Read the token from standard input instead of asking.
    pub token_from_stdin: bool,
    /// Allow plain HTTP to another machine.
    pub insecure: bool,
}

impl Login {
    /// Checks the token with the server, then stores it.
    pub(crate) fn run(self, environment: &Environment<'_>, console: &mut Console) -> Result<(), Error> {
        let url = match self.url {
            Some(url) => url,
            None => match environment.url()? {
                Some(url) => url,
                None => ServerUrl::parse(address::DEFAULT).expect("the default is an address"),
            },
        };
        let file = CredentialsFile::locate(environment)?;
        // refuse it before anyone types a secret
        let url = url.for_secrets(self.insecure)?;
        let token = if self.token_from_stdin { read_token(io::stdin())? } else { ask(&url)? };
        let remedy = "create one in the dashboard, on your account page";
        let endpoint = Endpoint { url: url.clone(), token: token.clone(), remedy };
        let api = Api::new(endpoint);
        let me: Me = api.get("/me")?;
        console.print(&(welcome(&url, &me) + "\n"))?;
        let insecure = !url.is_private();
        file.write(&Credentials { url, token, insecure })?;
        for name in ["OBSERVERIO_TOKEN", "OBSERVERIO_URL"] {
            if environment.get(name)?.is_some() {
                console.note(&format!("{name} is set and takes precedence over what was just stored"));
            }
        }
        Ok(())
    }
}

fn ask(url: &ServerUrl) -> Result<Token, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::Usage(
            "there is no terminal to ask for the token; pass --token-stdin and pipe it in".to_owned(),
        ));
    }
    let typed = rpassword::prompt_password(format!("API token for {url} (hidden): "));
    let typed = typed.map_err(|error| Error::Setting(format!("the terminal can't be read: {error}")))?;
    Token::parse(&typed).map_err(|why| Error::NotAllowed(why.to_string()))
}

fn read_token(input: impl io::Read) -> Result<Token, Error> {
    let mut text = String::new();
    let read = input.take(MAX_INPUT_BYTES).read_to_string(&mut text);
    read.map_err(|error| Error::Setting(format!("standard input can't be read: {error}")))?;
    Token::parse(&text).map_err(|why| Error::NotAllowed(why.to_string()))
}

fn welcome(url: &ServerUrl, me: &Me) -> String {
    let token = me.token.as_ref().map(|token| {
        let until = token.expires_at.split('T').next().unwrap_or_default();
        format!(" (token {}, scope {}, until {until})", token.name, token.scope)
    });
    visible(&format!("signed in to {url} as {}{}", me.user.name, token.unwrap_or_default())).into_owned()
}

/// Deletes the stored token.
pub(crate) fn logout(environment: &Environment<'_>, console: &mut Console) -> Result<(), Error> {
    let file = CredentialsFile::locate(environment)?;
    let sentence = if file.delete()? {
        "signed out; the token itself stays valid until you delete it in the dashboard"
    } else {
        "you were not signed in"
    };
    Ok(console.print(&format!("{sentence}\n"))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{console::tests::captured, testing::Variables};

    #[test]
    fn a_token_comes_in_one_piece() {
        assert_eq!(read_token(&b"obs_hunter2\n"[..]).unwrap().expose(), "obs_hunter2");
        for bad in ["", "hunter2\n", "obs_hunter2\nobs_hunter3\n"] {
            let refused = read_token(bad.as_bytes()).unwrap_err();
            assert!(refused.status() == 77 && !refused.to_string().contains("nter"), "{refused}");
        }
    }

    #[test]
    fn it_says_who_it_is() {
        let url = ServerUrl::parse("https://tune.example.org").unwrap();
        let token = json!({"id": 1, "name": "ci\u{1b}", "scope": "write", "project": null, "expires_at": "2027-01-02T03:04:05Z"});
        let user = json!({"id": 1, "name": "ana@example.org", "email": null, "role": "member"});
        let me: Me = serde_json::from_value(json!({"user": user, "token": token})).unwrap();
        assert_eq!(
            welcome(&url, &me),
            "signed in to https://tune.example.org as ana@example.org (token ci␛, scope write, until 2027-01-02)"
        );
    }

    #[test]
    fn plain_http_is_refused_before_a_token_is_asked_for() {
        let url = ServerUrl::parse("http://192.168.0.7").unwrap();
        let login = Login { url: Some(url), token_from_stdin: false, insecure: false };
        let (mut console, output) = captured();
        let refused =
            login.run(&Variables::new(&[("HOME", "/nowhere")]).environment(), &mut console).unwrap_err();
        assert!(refused.status() == 78 && refused.to_string().contains("--insecure"), "{refused}");
        assert_eq!(output.text(), "");
    }

    #[test]
    fn signing_out_twice_is_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let variables = Variables::new(&[("XDG_CONFIG_HOME", folder.path().to_str().unwrap())]);
        let (mut console, output) = captured();
        logout(&variables.environment(), &mut console).unwrap();
        assert_eq!(output.text(), "you were not signed in\n");
    }
}
