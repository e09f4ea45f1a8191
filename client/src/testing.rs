//! Shared by unit tests: an environment, and a server with canned responses.

use std::{
    collections::HashMap,
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc::{Receiver, channel},
    thread,
};

use crate::{address::ServerUrl, api::Api, endpoint::Endpoint, token::Token};

/// The variables of a process that is none.
pub(crate) struct Variables(Box<Lookup>);

type Lookup = dyn Fn(&str) -> Option<OsString>;

impl Variables {
    pub(crate) fn new(variables: &[(&str, &str)]) -> Self {
        let map: HashMap<String, String> =
            variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Self(Box::new(move |name| map.get(name).map(OsString::from)))
    }

    pub(crate) fn environment(&self) -> crate::environment::Environment<'_> {
        crate::environment::Environment(&*self.0)
    }
}

/// A request as it came: the head's lines, and the body.
#[derive(Debug)]
pub(crate) struct Request {
    pub head: Vec<String>,
    pub body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = self.head[1..]
            .iter()
            .find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)));
        line.map(|(_, value)| value)
    }
}

/// Answers each connection's one request with the next of `answers`, bytes as they are, and hangs up.
pub(crate) fn serve(answers: Vec<String>) -> (Api, Receiver<Request>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, requests) = channel();
    thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut stream = BufReader::new(stream);
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                match line.trim_end() {
                    "" => break,
                    line => head.push(line.to_owned()),
                }
            }
            let mut request = Request { head, body: String::new() };
            let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            stream.by_ref().take(length).read_to_string(&mut request.body).unwrap();
            heard.send(request).unwrap();
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
        // once a test hears that no more requests come, nobody is listening
        drop(listener);
        drop(heard);
    });
    let url = ServerUrl::parse(&url).unwrap();
    let endpoint = Endpoint { url, token: Token::parse("obs_hunter2").unwrap(), remedy: "sign in" };
    (Api::new(endpoint), requests)
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &serde_json::Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
