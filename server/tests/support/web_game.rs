//! A game in a browser: each of its lines is a message of a WebSocket.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

use super::{Stream, http::Browser, line::Game, soon};

/// What a game may say or hear before its other end takes it.
const BUFFER_BYTES: usize = 64 * 1024;

/// The WebSocket itself.
pub type Socket = WebSocketStream<Box<dyn Stream>>;

/// Opens it like a page with these headers; the response's status if there is no upgrade.
pub async fn open(browser: &Browser, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{}/game", browser.host()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match soon("the upgrade", client_async(request, browser.connect().await)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

/// A game at the HTTP port that has said nothing yet.
pub async fn connect(http: SocketAddr) -> Game {
    over(open(&Browser::new(http), &[]).await.expect("an upgrade"))
}

/// A game whose lines are messages of this socket.
pub fn over<S: Stream + 'static>(socket: WebSocketStream<S>) -> Game {
    Game::over(lines(socket))
}

/// The socket as a stream of lines, until either end closes.
pub fn lines<S: Stream + 'static>(socket: WebSocketStream<S>) -> DuplexStream {
    let (near, far) = duplex(BUFFER_BYTES);
    let (mut to_server, mut from_server) = socket.split();
    let (reader, mut writer) = tokio::io::split(far);
    let sending = tokio::spawn(async move {
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if to_server.send(Message::text(line)).await.is_err() {
                return;
            }
        }
        // the other end may be gone already
        let _gone = to_server.close().await;
    });
    tokio::spawn(async move {
        while let Some(Ok(message)) = from_server.next().await {
            let Message::Text(line) = message else { continue };
            assert!(!line.contains('\n'), "one line to a message: {line:?}");
            if writer.write_all(format!("{line}\n").as_bytes()).await.is_err() {
                break;
            }
        }
        let _gone = writer.shutdown().await;
        // nobody listens any more
        sending.abort();
    });
    near
}

/// A server for games in browsers that passes their lines on to one that only knows TCP.
pub async fn bridge(game: TcpStream) -> DuplexStream {
    lines(soon("the upgrade", tokio_tungstenite::accept_async(game)).await.unwrap())
}
