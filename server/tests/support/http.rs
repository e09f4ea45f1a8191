//! A small HTTP/1.1 client with a cookie, over one connection per request.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use rustls::ClientConfig;
use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use super::{Stream, secrets, soon, tls};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn location(&self) -> &str {
        self.header("location").expect("a redirect")
    }
}

/// Somebody with a cookie jar.
#[derive(Clone)]
pub struct Browser {
    pub address: SocketAddr,
    pub cookie: Option<String>,
    /// What it trusts, when it speaks TLS.
    pub tls: Option<Arc<ClientConfig>>,
    /// How it is there, when not by the address itself.
    pub via: Option<Via>,
}

/// Through a proxy, which is known under a name.
#[derive(Clone)]
pub struct Via {
    /// What is typed.
    pub host: &'static str,
    /// Where the browser is.
    pub from: IpAddr,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, cookie: None, tls: None, via: None }
    }

    /// Through TLS.
    pub fn encrypted(address: SocketAddr, tls: Arc<ClientConfig>) -> Self {
        Self { address, cookie: None, tls: Some(tls), via: None }
    }

    pub fn origin(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// As in the address that is typed.
    pub fn host(&self) -> String {
        self.via.as_ref().map_or_else(|| self.address.to_string(), |via| via.host.to_owned())
    }

    /// A connection of its kind.
    pub async fn connect(&self) -> Box<dyn Stream> {
        match (&self.tls, &self.via) {
            (Some(tls), Some(via)) => {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind((via.from, 0).into()).unwrap();
                let stream = soon("a connection", socket.connect(self.address)).await.unwrap();
                Box::new(tls::shake_hands(stream, via.host, tls).await.expect("a handshake"))
            }
            (Some(tls), None) => Box::new(tls::connect(self.address, tls).await.expect("a handshake")),
            (None, _) => {
                Box::new(soon("an HTTP connection", TcpStream::connect(self.address)).await.unwrap())
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    pub async fn post_form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        secrets::note_form(fields);
        let body = fields.iter().map(|(n, v)| format!("{n}={}", encode(v))).collect::<Vec<_>>().join("&");
        let origin = self.origin();
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
        self.request("POST", path, &headers, &body).await
    }

    pub async fn post_json(&mut self, path: &str, json: &str) -> Answer {
        self.request("POST", path, &[("content-type", "application/json")], json).await
    }

    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        secrets::note_address(path);
        secrets::note_json(body);
        let host = self.host();
        let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("host: {host}\r\n");
        }
        if method != "GET" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        if let Some(cookie) = &self.cookie {
            secrets::note_cookie(cookie);
            head += &format!("cookie: {cookie}\r\n");
        }
        for (name, value) in headers {
            value.strip_prefix("Bearer ").into_iter().for_each(secrets::note);
            head += &format!("{name}: {value}\r\n");
        }
        let answer = exchange(self.connect().await, &format!("{head}\r\n{body}")).await;
        if let Some(cookie) = answer.header("set-cookie") {
            let pair = cookie.split(';').next().unwrap().to_owned();
            secrets::note_cookie(&pair);
            self.cookie = (!pair.ends_with('=')).then_some(pair);
        }
        answer
    }
}

async fn exchange(mut stream: Box<dyn Stream>, request: &str) -> Answer {
    soon("the request to leave", stream.write_all(request.as_bytes())).await.unwrap();
    soon("the request to leave", stream.flush()).await.unwrap();
    let mut bytes = Vec::new();
    soon("the answer", stream.read_to_end(&mut bytes)).await.unwrap();
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP answer");
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v == "chunked");
    let body = &bytes[end + 4..];
    let body = if chunked { unchunk(body) } else { body.to_vec() };
    Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
    }
    body
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
