use std::time::Duration;

use socket2::SockRef;
use tempfile::TempDir;
use tokio::{net::TcpListener, time::timeout};

use super::*;

/// Long enough for any machine; nothing waits for it when all is well.
const DEADLINE: Duration = Duration::from_secs(60);

async fn bound() -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let arguments = ["observerio", "--data-dir", data_dir, "--http", "127.0.0.1:0", "--tcp", "127.0.0.1:0"];
    let (config, _) = Config::parse(arguments.map(str::to_owned)).unwrap();
    let server = Server::bind(config).await.unwrap();
    (folder, server)
}

/// Runs it with a port that somebody shuts down.
async fn dies_with(port: fn(&Server) -> &TcpListener) -> String {
    let (_folder, server) = bound().await;
    let gateway = server.gateway().clone();
    SockRef::from(port(&server)).shutdown(std::net::Shutdown::Both).unwrap();
    let ended = timeout(DEADLINE, server.run(CancellationToken::new())).await.expect("it ends by itself");
    assert!(matches!(gateway.check().await, Err(gateway::GatewayError::Closed)));
    match ended {
        Err(RunError::Died(death)) => death.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_whose_game_port_no_longer_listens_says_so_and_ends() {
    assert_eq!(dies_with(|server| &server.tcp).await, "the game port has ended by itself");
}

#[tokio::test]
async fn a_server_whose_http_port_no_longer_listens_says_so_and_ends() {
    assert_eq!(dies_with(|server| &server.http).await, "the HTTP port has ended by itself");
}
