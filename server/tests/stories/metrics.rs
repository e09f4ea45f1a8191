//! What operators watch: the numbers, and who may read them.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{TestServer, http::Browser, live::Dashboard};

/// Samples by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
    };
    assert!(text.ends_with("# EOF\n"), "{text}");
    text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

async fn scrape(server: &TestServer) -> BTreeMap<String, f64> {
    let answer = Browser::new(server.http).get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    samples(&answer.body)
}

#[tokio::test]
async fn the_numbers_follow_what_happens() {
    let server = TestServer::start_with(&["--max-games", "2"]).await;
    let before = scrape(&server).await;
    assert_eq!((before["observerio_games"], before["observerio_records_committed_total"]), (0.0, 0.0));
    assert_eq!(before["observerio_game_connections_accepted_total"], 0.0);

    let browser = server.owner().await;
    let project = server.project().await;
    let key = project.key.as_str();
    let mut game = server.verified(project.key).await;
    game.report(key, r#"{"speed":1}"#).await;
    game.log_entries(key, r#"[{"message":"a"},{"message":"b"}]"#).await;
    game.in_order(key).await;
    let mut silent = server.game().await;
    silent.send("v:short\n").await;
    assert_eq!(silent.error().await, "bad_key");
    let mut refused = server.game().await;
    assert_eq!(refused.error().await, "busy");
    let mut dashboard = Dashboard::open(&browser).await;
    dashboard.subscribe(project.id).await;
    server.gateway.flush().await.unwrap();

    let after = scrape(&server).await;
    assert_eq!(after["observerio_games"], 1.0);
    assert_eq!(after["observerio_dashboards"], 1.0);
    assert_eq!(after["observerio_game_connections"], 2.0);
    assert_eq!(after["observerio_game_connections_accepted_total"], 2.0);
    assert_eq!(after["observerio_game_connections_refused_total{reason=\"full\"}"], 1.0);
    assert!(after["observerio_records_committed_total"] >= 4.0, "a declaration, a value, two entries");
    assert!(after["observerio_commits_total"] >= 1.0);
    assert_eq!(after["observerio_records_lost_total"], 0.0);
    // the dashboard's and this request's
    assert!(after["observerio_http_connections"] >= 2.0);
    let database = if server.is_on_postgres() { "postgres" } else { "sqlite" };
    let build =
        format!("observerio_build_info{{version=\"{}\",database=\"{database}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(after[&build], 1.0, "{after:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_says_what_it_uses() {
    let server = TestServer::start().await;
    let one = scrape(&server).await;
    assert!(one["process_resident_memory_bytes"] > 1e6 && one["process_resident_memory_bytes"] < 1e10);
    assert!(one["process_open_fds"] > 5.0 && one["process_open_fds"] <= one["process_max_fds"]);
    assert!(one["process_start_time_seconds"] > 1.6e9);
    assert!(one["process_cpu_seconds_total"] >= 0.0);
    let sockets = [server.game().await, server.game().await, server.game().await];
    assert!(scrape(&server).await["process_open_fds"] >= one["process_open_fds"] + sockets.len() as f64);
}

/// The page for operators names each metric, and none that does not exist.
#[tokio::test]
async fn each_metric_is_documented() {
    let server = TestServer::start().await;
    let name = |sample: &String| sample.split('{').next().unwrap().to_owned();
    let existing: BTreeSet<String> = scrape(&server).await.keys().map(name).collect();
    let page = include_str!("../../../docs/operating.md");
    let is_name = |word: &&str| word.starts_with("observerio_") || word.starts_with("process_");
    let documented: BTreeSet<String> = page
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(is_name)
        .map(str::to_owned)
        .collect();
    assert_eq!(documented, existing);
}

#[tokio::test]
async fn with_a_token_only_who_sends_it_reads_them() {
    const TOKEN: &str = "canary-0123456789abcdef";
    let server = TestServer::start_with(&["--metrics-token", TOKEN]).await;
    let mut script = Browser::new(server.http);
    let (right, other_case) = (format!("Bearer {TOKEN}"), format!("bearer {TOKEN}"));
    let (longer, basic) = (format!("Bearer {TOKEN}0"), format!("Basic {TOKEN}"));
    for wrong in ["", "Bearer", "Bearer ", "Bearer canary", TOKEN, &longer, &basic] {
        let answer = script.request("GET", "/metrics", &[("authorization", wrong)], "").await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(
            answer.body.contains("OBSERVERIO_METRICS_TOKEN") && !answer.body.contains(TOKEN),
            "{}",
            answer.body
        );
    }
    assert_eq!(script.get("/metrics").await.status, 403);
    let twice = [("authorization", right.as_str()), ("authorization", right.as_str())];
    assert_eq!(script.request("GET", "/metrics", &twice, "").await.status, 403);
    for right in [right.as_str(), other_case.as_str()] {
        let answer = script.request("GET", "/metrics", &[("authorization", right)], "").await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains(TOKEN));
        assert!(answer.header("content-type").unwrap().starts_with("application/openmetrics-text"));
        samples(&answer.body);
    }
}

#[tokio::test]
async fn without_a_token_others_read_nothing() {
    for (http, tcp, flags) in [
        ("127.0.0.1:0", "127.0.0.1:0", &["--public-url", "https://tune.example.org"][..]),
        ("127.0.0.1:0", "127.0.0.1:0", &["--trusted-proxies", "127.0.0.1"]),
        ("127.0.0.1:0", "0.0.0.0:0", &[]),
        ("0.0.0.0:0", "127.0.0.1:0", &[]),
    ] {
        let server = TestServer::start_at(http, tcp, flags).await;
        let local = std::net::SocketAddr::from(([127, 0, 0, 1], server.http.port()));
        let answer = Browser::new(local).get("/metrics").await;
        assert_eq!(answer.status, 403, "{http} {tcp} {flags:?}");
        assert!(answer.body.contains("OBSERVERIO_METRICS_TOKEN"), "{}", answer.body);
    }
}
