//! A client of version 1 of the HTTP API.

use std::{
    io::{self, Read},
    thread,
    time::Duration,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use ureq::{
    Agent, Body,
    http::{Request, Response, StatusCode},
    tls::{RootCerts, TlsConfig},
};

use crate::{
    Error,
    address::ServerUrl,
    endpoint::Endpoint,
    responses::{Conflict, Page, Refusal},
    text::{list, visible},
    tls,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Silence after which the server counts as gone; a live stream sends something every 15 seconds.
const READ_TIMEOUT: Duration = Duration::from_secs(45);
/// The longest response to read in full.
const MAX_ANSWER_BYTES: u64 = 256 * 1024 * 1024;
const MAX_REFUSAL_BYTES: u64 = 1024 * 1024;
/// Items per page.
const PAGE_ITEMS: usize = 1000;
/// More pages than any list has.
const MAX_PAGES: usize = 10_000;
const TRIES: u32 = 3;
/// The longest `Retry-After` to wait for; otherwise, the error is reported.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(5);

/// Characters to escape in path segments and query values.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Escapes a path segment or a query value.
pub(crate) fn escape(text: &str) -> String {
    // `.` and `..` would be resolved as directories
    match text {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(text, ESCAPED).to_string(),
    }
}

/// A server with the caller's token.
pub(crate) struct Api {
    agent: Agent,
    endpoint: Endpoint,
}

/// A streamed response.
pub(crate) type Stream = Box<dyn Read + Send>;

impl Api {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // the token is for this server only, so people have to decide about redirects
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .timeout_per_read(Some(READ_TIMEOUT))
            .timeout_per_write(Some(READ_TIMEOUT))
            .user_agent(concat!("observerio/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls);
        if endpoint.url.is_plain() {
            // a proxy from the environment could read the token
            config = config.proxy(None);
        }
        let config = config.build();
        let agent = match std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty()) {
            Some(file) => tls::agent(config, file.as_ref()),
            None => config.into(),
        };
        Self { agent, endpoint }
    }

    /// The server's address, for messages.
    pub(crate) fn url(&self) -> &ServerUrl {
        &self.endpoint.url
    }

    /// Gets one object. `path` starts with a slash and follows `/api/v1`.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        let answer = self.send(|| self.request("GET", path).body(String::new()))?;
        self.read(answer)
    }

    /// Gets all pages of a list. `path` has no query.
    pub(crate) fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        let mut query = format!("limit={PAGE_ITEMS}");
        for _ in 0..MAX_PAGES {
            let page: Page<T> = self.get(&format!("{path}?{query}"))?;
            items.extend(page.items);
            match page.next {
                Some(cursor) => query = format!("limit={PAGE_ITEMS}&cursor={}", escape(&cursor)),
                None => return Ok(items),
            }
        }
        Err(self.odd("a list without an end"))
    }

    /// Changes something once, even if the request has to be repeated.
    pub(crate) fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        let key = idempotency_key()?;
        let body = serde_json::to_string(body).expect("what is sent is JSON");
        let answer = self.send(|| {
            self.request("PATCH", path)
                .header("content-type", "application/json")
                .header("idempotency-key", &key)
                .body(body.clone())
        })?;
        self.read(answer)
    }

    /// Replaces something, which may be repeated.
    pub(crate) fn put<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Error> {
        let body = serde_json::to_string(body).expect("what is sent is JSON");
        let request =
            || self.request("PUT", path).header("content-type", "application/json").body(body.clone());
        let answer = self.send(request)?;
        self.read(answer)
    }

    /// Does something that can be done once. If an attempt lost its connection, 404 on the next one means success.
    pub(crate) fn post(&self, path: &str) -> Result<(), Error> {
        let is_done = |status| status == StatusCode::NOT_FOUND;
        self.send_until(|| self.request("POST", path).body(String::new()), is_done).map(drop)
    }

    /// Deletes something. If an attempt lost its connection, 404 on the next one means success.
    pub(crate) fn delete(&self, path: &str) -> Result<(), Error> {
        let is_gone = |status| status == StatusCode::NOT_FOUND;
        self.send_until(|| self.request("DELETE", path).body(String::new()), is_gone).map(drop)
    }

    /// Gets a streamed response.
    pub(crate) fn stream(&self, path: &str, headers: &[(&str, &str)]) -> Result<Stream, Error> {
        let answer = self.send(|| {
            let request = self.request("GET", path);
            headers
                .iter()
                .fold(request, |request, (name, value)| request.header(*name, *value))
                .body(String::new())
        })?;
        Ok(Box::new(answer.into_body().into_reader()))
    }

    fn request(&self, method: &str, path: &str) -> ureq::http::request::Builder {
        let uri = self.endpoint.url.join(&format!("/api/v1{path}"));
        let token = format!("Bearer {}", self.endpoint.token.expose());
        Request::builder().method(method).uri(uri).header("authorization", token)
    }

    /// Sends a request, with retries, and turns error responses into errors.
    fn send(
        &self,
        request: impl Fn() -> ureq::http::Result<Request<String>>,
    ) -> Result<Response<Body>, Error> {
        self.send_until(request, |_| false)
    }

    /// The same; if an attempt lost its connection, `is_done` tells from the next response whether it took effect.
    fn send_until(
        &self,
        request: impl Fn() -> ureq::http::Result<Request<String>>,
        is_done: impl Fn(StatusCode) -> bool,
    ) -> Result<Response<Body>, Error> {
        let (mut tries, mut was_cut_off) = (1, false);
        loop {
            let request =
                request().map_err(|error| Error::Usage(format!("the request can't be sent: {error}")))?;
            match self.agent.run(request) {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if was_cut_off && is_done(answer.status()) => return Ok(answer),
                Ok(answer) => match retry_after(&answer).filter(|_| tries < TRIES) {
                    Some(wait) => thread::sleep(wait),
                    None => return Err(self.refusal(answer)),
                },
                // the connection was lost, so it may or may not have taken effect; repeating it is safe
                Err(ureq::Error::Io(error)) if is_cut_off(&error) && tries < TRIES => {
                    was_cut_off = true;
                    thread::sleep(Duration::from_millis(200) * tries);
                }
                Err(error) => return Err(self.unreachable(&error)),
            }
            tries += 1;
        }
    }

    fn read<T: DeserializeOwned>(&self, answer: Response<Body>) -> Result<T, Error> {
        let text = answer.into_body().into_with_config().limit(MAX_ANSWER_BYTES).read_to_string();
        let text = text.map_err(|error| self.unreachable(&error))?;
        serde_json::from_str(&text).map_err(|error| self.odd(&format!("something else: {error}")))
    }

    fn refusal(&self, answer: Response<Body>) -> Error {
        let (url, status) = (&self.endpoint.url, answer.status());
        if status.is_redirection() {
            let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
            let location = visible(location.unwrap_or("elsewhere")).into_owned();
            return Error::Setting(format!(
                "{url} redirects to {location}; run `observerio login` with that server's address"
            ));
        }
        let text = answer.into_body().into_with_config().limit(MAX_REFUSAL_BYTES).read_to_string();
        let refusal = text.ok().and_then(|text| serde_json::from_str::<Refusal>(&text).ok());
        let Some(refusal) = refusal else { return self.odd(&format!("status {}", status.as_u16())) };
        let message = visible(&refusal.message).into_owned();
        match status {
            StatusCode::UNAUTHORIZED => {
                let remedy = self.endpoint.remedy;
                Error::NotAllowed(format!("{url} does not accept this token, or no longer does; {remedy}"))
            }
            StatusCode::FORBIDDEN => Error::NotAllowed(message),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Error::Unreachable(message),
            _ if refusal.conflicts.is_empty() => Error::Refused(match refusal.code.as_str() {
                "not_found" => format!("{url} says: {message}"),
                _ => message,
            }),
            _ => Error::Refused(conflict_sentence(&refusal.conflicts)),
        }
    }

    /// The error for a broken stream.
    pub(crate) fn broken(&self, error: &io::Error) -> Error {
        Error::Unreachable(format!("the connection to {} was lost: {error}", self.endpoint.url))
    }

    pub(crate) fn odd(&self, what: &str) -> Error {
        let url = &self.endpoint.url;
        Error::Unreachable(format!(
            "{url} does not respond like an observerio of this version ({what}); check the address and the versions of both"
        ))
    }

    fn unreachable(&self, error: &ureq::Error) -> Error {
        let url = &self.endpoint.url;
        let no_trust = |why: &dyn std::fmt::Display| {
            format!(
                "can't trust the connection to {url}: {why}; set SSL_CERT_FILE to the certificates to trust"
            )
        };
        let no_way = |why: &dyn std::fmt::Display| {
            format!("{url} can't be reached: {why}; is the server running, and is the address right?")
        };
        Error::Unreachable(match error {
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => no_trust(error),
            // handshake errors from rustls arrive as I/O errors
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => no_trust(error),
            ureq::Error::Io(error) => no_way(error),
            _ => no_way(error),
        })
    }
}

/// Says what others have set in the meantime.
fn conflict_sentence(conflicts: &[Conflict]) -> String {
    let clauses = conflicts.iter().map(|Conflict { name, current }| match current {
        Some(now) => format!("{name} is {} since revision {} by {}", now.value, now.revision, now.author),
        None => format!("{name} is not set"),
    });
    let clauses = list(&clauses.collect::<Vec<_>>());
    visible(&format!("{clauses}; nothing was changed, check the values and try again")).into_owned()
}

/// Whether an established connection was lost before the response.
fn is_cut_off(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn retry_after(answer: &Response<Body>) -> Option<Duration> {
    let may_pass = matches!(answer.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let seconds = answer.headers().get("retry-after").filter(|_| may_pass)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds)).filter(|wait| *wait <= MAX_RETRY_AFTER)
}

fn idempotency_key() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Setting(format!("the operating system has no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::testing::{json as answer, serve};

    #[test]
    fn parts_of_an_address_are_escaped() {
        assert_eq!(escape("boss/hp?x=1&ü"), "boss%2Fhp%3Fx%3D1%26%C3%BC");
        assert_eq!(
            (escape("."), escape(".."), escape("a.b-c_d~e")),
            ("%2E".into(), "%2E%2E".into(), "a.b-c_d~e".into())
        );
    }

    #[test]
    fn a_list_is_read_to_its_end() {
        let (api, requests) = serve(vec![
            answer(200, &json!({"items": [1, 2], "next": "a/b"})),
            answer(200, &json!({"items": [3], "next": null})),
        ]);
        assert_eq!(api.list::<i64>("/projects").unwrap(), [1, 2, 3]);
        let (first, second) = (requests.recv().unwrap(), requests.recv().unwrap());
        assert_eq!(first.head[0], "GET /api/v1/projects?limit=1000 HTTP/1.1");
        assert_eq!(second.head[0], "GET /api/v1/projects?limit=1000&cursor=a%2Fb HTTP/1.1");
        assert_eq!(first.header("authorization"), Some("Bearer obs_hunter2"));
    }

    #[test]
    fn a_change_is_sent_again_under_the_same_key() {
        let busy =
            "HTTP/1.1 503 x\r\nconnection: close\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n".to_owned();
        let done = answer(200, &json!({"revision": 7, "games": 1}));
        // the second connection is cut off without an answer
        let (api, requests) = serve(vec![busy, String::new(), done]);
        let saved: crate::responses::Saved = api.patch("/x", &json!({"changes": []})).unwrap();
        assert_eq!(saved.revision, 7);
        let keys: Vec<_> = requests
            .iter()
            .map(|r| (r.body.clone(), r.header("idempotency-key").unwrap().to_owned()))
            .collect();
        assert_eq!(keys.len(), 3);
        assert!(
            keys.iter().all(|key| *key == keys[0])
                && keys[0].1.len() == 32
                && keys[0].0 == r#"{"changes":[]}"#
        );
    }

    #[test]
    fn what_a_cut_off_try_has_deleted_is_deleted() {
        let gone = || answer(404, &json!({"code": "not_found", "message": "there is no such thing here"}));
        let (api, requests) = serve(vec![String::new(), gone()]);
        api.delete("/x").unwrap();
        assert!(requests.iter().map(|r| r.head[0].clone()).eq(["DELETE /api/v1/x HTTP/1.1"; 2]));
        let (api, _requests) = serve(vec![gone()]);
        assert_eq!(api.delete("/x").unwrap_err().status(), 1, "it was never there");
    }

    #[test]
    fn refusals_are_sentences_with_a_status() {
        for (status, code, exit) in [
            (400, "invalid", 1),
            (401, "unauthenticated", 77),
            (403, "forbidden", 77),
            (404, "not_found", 1),
            (409, "conflict", 1),
            (429, "rate", 69),
            (503, "unavailable", 69),
        ] {
            let (api, _requests) = serve(vec![answer(status, &json!({"code": code, "message": "a\u{1b}b"}))]);
            let refused = api.get::<Json>("/me").unwrap_err();
            assert_eq!(refused.status(), exit, "{status}");
            let sentence = refused.to_string();
            assert!(!sentence.contains(['\u{1b}', '\n']) && !sentence.contains("hunter2"), "{sentence}");
        }
    }

    #[test]
    fn what_is_no_observerio_is_said() {
        let html = "HTTP/1.1 404 x\r\nconnection: close\r\ncontent-length: 6\r\n\r\n<html>".to_owned();
        let (api, _requests) = serve(vec![html]);
        let refused = api.get::<Json>("/me").unwrap_err();
        assert!(refused.status() == 69 && refused.to_string().contains("status 404"), "{refused}");
        let on =
            "HTTP/1.1 308 x\r\nconnection: close\r\nlocation: https://x.example\r\ncontent-length: 0\r\n\r\n"
                .to_owned();
        let (api, requests) = serve(vec![on]);
        let refused = api.get::<Json>("/me").unwrap_err();
        assert!(refused.status() == 78 && refused.to_string().contains("https://x.example"), "{refused}");
        assert_eq!(requests.iter().count(), 1, "the token goes nowhere else");
    }

    #[test]
    fn nobody_listens() {
        let (api, requests) = serve(Vec::new());
        // the listener is gone with its thread
        assert!(requests.recv().is_err());
        let refused = api.get::<Json>("/me").unwrap_err();
        assert!(refused.status() == 69 && refused.to_string().contains("can't be reached"), "{refused}");
    }
}
