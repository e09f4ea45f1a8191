//! Strangers who take what they can get: it is their share, and the others' stays.

use std::net::{Ipv4Addr, SocketAddr};

use crate::support::{TestServer, http::Browser, live::Dashboard, soon};
use protocol::live::CLOSE_CROWDED;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpSocket, TcpStream},
};

/// Another address of this machine.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Live pages and followed logs of one account.
const MAX_FOLLOWED: usize = 64;

async fn connect_from(here: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((here, 0).into()).unwrap();
    soon("a connection", socket.connect(to)).await.unwrap()
}

/// Waits until the server hangs up.
async fn is_hung_up(mut stream: TcpStream) {
    let ended = soon("the end", stream.read(&mut [0; 1])).await;
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

#[tokio::test]
async fn one_address_leaves_room_for_the_others() {
    let server = TestServer::start_with(&["--max-http", "40"]).await;
    // three quarters of the places: this machine has more than others, for a proxy may speak from it
    let mut held = Vec::new();
    for _ in 0..30 {
        held.push(connect_from(ELSEWHERE, server.http).await);
    }
    for _ in 0..20 {
        is_hung_up(connect_from(ELSEWHERE, server.http).await).await;
    }
    let owner = server.owner().await;
    for path in ["/alive", "/readyz", "/"] {
        assert_eq!(owner.clone().get(path).await.status, 200, "{path}");
    }
    let mut page = Dashboard::open(&owner).await;
    page.subscribe(server.project().await.id).await;
    drop(held);
}

#[tokio::test]
async fn one_account_opens_so_many_live_pages_and_can_close_some() {
    let server = TestServer::start().await;
    let (owner, project) = (server.owner().await, server.project().await.id);
    let mut pages = Vec::new();
    for _ in 0..MAX_FOLLOWED {
        let mut page = Dashboard::open(&owner).await;
        page.subscribe(project).await;
        pages.push(page);
    }
    assert_eq!(Dashboard::open(&owner).await.close_code().await, CLOSE_CROWDED);
    let follow = format!("/api/v1/projects/{project}/logs/live");
    let answer = owner.clone().get(&follow).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (429, Some("crowded")), "{}", answer.body);
    // others are not concerned
    let mut somebody = Browser::new(server.http);
    let account = r#"{"email":"ana@example.org","password":"violet kettle, 41 drums"}"#;
    somebody.post_json("/users", account).await;
    let form = [("email", "ana@example.org"), ("password", "violet kettle, 41 drums")];
    assert_eq!(somebody.post_form("/sign-in", &form).await.location(), "/");
    let mut page = Dashboard::open(&somebody).await;
    page.send(tokio_tungstenite::tungstenite::Message::Close(None)).await;
    // one is closed, and as soon as the server has seen that there is room
    pages.pop();
    let reopened = async {
        loop {
            let mut page = Dashboard::open(&owner).await;
            page.say(&protocol::live::ClientMessage::Subscribe { project }).await;
            if page.is_heard().await {
                return;
            }
        }
    };
    soon("room for one more", reopened).await;
}
