//! As much HTTP as setting up takes: one request a connection.

use anyhow::{Context as _, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Posts a body and returns the head of the answer.
async fn post(host: &str, path: &str, kind: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(host).await.context("the dashboard's port")?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let head = answer.split("\r\n\r\n").next().unwrap_or_default();
    Ok(head.to_owned())
}

/// Makes the owner's account and returns the `Cookie` that signs in.
pub(crate) async fn set_up(host: &str, token: &str) -> anyhow::Result<String> {
    let head = post(host, "/setup", "application/x-www-form-urlencoded", &format!("token={token}")).await?;
    let cookie = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("set-cookie").then(|| value.split(';').next().unwrap_or_default().trim())
    });
    cookie.map(str::to_owned).with_context(|| format!("no cookie came: {head}"))
}

/// Registers a project with that key.
pub(crate) async fn register_key(host: &str, key: &str) -> anyhow::Result<()> {
    let head = post(host, "/users/tokens", "application/json", &format!(r#"{{"token":"{key}"}}"#)).await?;
    ensure!(head.starts_with("HTTP/1.1 200"), "the key was not registered: {head}");
    Ok(())
}
