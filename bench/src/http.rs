//! As much HTTP as setting up takes: one request a connection.

use anyhow::{Context as _, ensure};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Sends a request and returns the head and the body of the answer.
async fn ask(host: &str, request: &str) -> anyhow::Result<(String, String)> {
    let mut stream = TcpStream::connect(host).await.context("the dashboard's port")?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no end of its head")?;
    Ok((head.to_owned(), body.to_owned()))
}

/// Posts a body and returns the head of the answer.
async fn post(host: &str, path: &str, kind: &str, body: &str) -> anyhow::Result<String> {
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    Ok(ask(host, &request).await?.0)
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

/// Makes an account.
pub(crate) async fn register_user(host: &str, email: &str, password: &str) -> anyhow::Result<()> {
    let body = json!({ "email": email, "password": password }).to_string();
    let head = post(host, "/users", "application/json", &body).await?;
    ensure!(head.starts_with("HTTP/1.1 200"), "the account was not made: {head}");
    Ok(())
}

/// Posts the sign-in form, whose fields must not need any encoding, and returns the head of the answer.
pub(crate) async fn sign_in(host: &str, email: &str, password: &str) -> anyhow::Result<String> {
    let body = format!("email={email}&password={password}");
    post(host, "/sign-in", "application/x-www-form-urlencoded", &body).await
}

/// The body of an answer to somebody who is signed in.
pub(crate) async fn get(host: &str, path: &str, cookie: &str) -> anyhow::Result<String> {
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
    let (head, body) = ask(host, &request).await?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{path} was refused: {head}\n{body}");
    Ok(body)
}

/// The sum of a metric over its labels, `None` when the server has no such metric.
pub(crate) async fn metric(host: &str, name: &str) -> anyhow::Result<Option<f64>> {
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let (head, body) = ask(host, &request).await?;
    Ok(if head.starts_with("HTTP/1.1 200") { sum_of(&body, name) } else { None })
}

/// Prometheus' text format: `name value` or `name{label="…"} value`.
fn sum_of(metrics: &str, name: &str) -> Option<f64> {
    let value = |line: &str| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with([' ', '{']))?;
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    };
    metrics.lines().filter_map(value).reduce(|sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let metrics = "# HELP loads_total Projects read.\n# TYPE loads_total counter\nloads_total{from=\"a b\"} 3\n\
                       loads_total{from=\"c\"} 4\nloads_total_more 9\nup 1\n";
        assert_eq!(sum_of(metrics, "loads_total"), Some(7.0));
        assert_eq!(sum_of(metrics, "up"), Some(1.0));
        assert_eq!(sum_of(metrics, "loads"), None);
    }
}
