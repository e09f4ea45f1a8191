//! Secrets that a story uses, and the search for them in everything that comes out.

use super::{
    http::{Answer, Browser},
    secrets::spellings,
};

/// Secrets, each with its name.
#[derive(Default)]
pub struct Canaries {
    secrets: Vec<(&'static str, String)>,
    searched: usize,
}

impl Canaries {
    /// From now on this must come out nowhere. One that is short would be found by chance.
    pub fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 12, "{what} is too short to be searched for");
        self.secrets.push((what, secret.to_owned()));
    }

    /// Panics when a secret is in `text`, as it is, in base64 or in hexadecimal; `shown` names those that may be.
    pub fn search(&mut self, place: &str, text: &str, shown: &[&str]) {
        self.searched += 1;
        for (what, secret) in self.secrets.iter().filter(|(what, _)| !shown.contains(what)) {
            for spelt in &spellings(secret) {
                let Some(at) = text.find(spelt.as_str()) else { continue };
                let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
                panic!("the {what} is in {place}: {}", text[line..].lines().next().unwrap_or_default());
            }
        }
    }

    /// Asks, and searches the answer. Cookies are where a session belongs.
    pub async fn ask(
        &mut self,
        browser: &mut Browser,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
        shown: &[&str],
    ) -> Answer {
        let answer = browser.request(method, path, headers, body).await;
        let path = path.split('?').next().unwrap_or(path);
        self.search(&format!("the answer to {method} {path}"), &answer.body, shown);
        for (name, value) in answer.headers.iter().filter(|(name, _)| name != "set-cookie") {
            self.search(&format!("{name} of the answer to {method} {path}"), value, shown);
        }
        answer
    }

    /// How many texts were searched.
    pub fn searched(&self) -> usize {
        self.searched
    }
}
