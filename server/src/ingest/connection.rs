//! One game's socket: moves bytes, waits, and does what the session says.
//!
//! One task a connection and no read buffer: bytes are read on the stack when they are there, so an idle
//! game costs little more than its task.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use gateway::{GameLine, Gateway, GatewayError};
use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{LineDecoder, OK, encode_error, write_edits},
    model::Key,
};
use tokio::{
    io::{AsyncWriteExt as _, Interest, Ready},
    net::TcpStream,
    time::{sleep_until, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    limits::GameLimits,
    outbox::Outbox,
    session::{Effect, Session},
};

/// Read at once, on the stack.
const CHUNK_BYTES: usize = 8 * 1024;
/// When the server goes down: what has arrived already is still taken in, up to this.
const LAST_READ_BYTES: usize = 4 * limits::MAX_LINE_BYTES;
/// After the last word: a peer that is still sending gets this long to stop. Closing on unread bytes
/// would reset the connection and could destroy the last word on its way.
const LINGER: Duration = Duration::from_secs(1);
/// … and this many bytes.
const LINGER_BYTES: usize = 2 * limits::MAX_LINE_BYTES;

/// A connection with a game, verified or not.
pub(super) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    gateway: Gateway,
    stop: CancellationToken,
    session: Session,
    lines: LineDecoder,
    out: Outbox,
    game: Option<GameLine>,
}

/// Why a conversation is over.
enum End {
    /// The peer left, or the network did.
    Gone,
    /// We said why; the peer may still hear it.
    Told,
    /// It does not take what it is sent.
    Slow,
}

/// What the connection waited for.
enum Wake {
    Stop,
    Socket(io::Result<Ready>),
    Push,
    Deadline,
}

impl Connection {
    pub(super) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        gateway: Gateway,
        limits: GameLimits,
        stop: CancellationToken,
    ) -> Self {
        Self {
            stream,
            peer,
            gateway,
            stop,
            session: Session::new(Instant::now(), limits.verify_timeout),
            lines: LineDecoder::new(limits::MAX_LINE_BEFORE_OK_BYTES),
            out: Outbox::new(limits.write_timeout),
            game: None,
        }
    }

    /// Talks until one of the two ends it.
    pub(super) async fn run(mut self) {
        tracing::debug!(peer = %self.peer, "a game connected");
        let end = loop {
            let wake = self.wait().await;
            if let Err(end) = self.serve(wake).await {
                break end;
            }
        };
        // offline from here on; saying good-bye may take a second
        self.game = None;
        match end {
            End::Gone => {}
            End::Told => Box::pin(self.hang_up()).await,
            End::Slow => {
                tracing::info!(peer = %self.peer, "closed a game that does not read what it is sent");
                let error = ProtocolError::new(ErrorCode::Slow, "read faster; what you are sent piles up");
                // likely in vain, and possibly behind half a line
                let _full_already = self.stream.try_write(&[&b"\n"[..], &encode_error(&error)].concat());
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        let interest = match (self.out.is_empty(), self.out.is_clogged()) {
            (true, _) => Interest::READABLE,
            (false, false) => Interest::READABLE | Interest::WRITABLE,
            (false, true) => Interest::WRITABLE,
        };
        let deadline = [self.out.deadline(), self.session.deadline()].into_iter().flatten().min();
        tokio::select! {
            () = self.stop.cancelled() => Wake::Stop,
            ready = self.stream.ready(interest) => Wake::Socket(ready),
            // while older bytes wait, newer values overwrite each other in the gateway: only the newest is sent
            () = changed(&mut self.game), if self.out.is_empty() => Wake::Push,
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Wake::Deadline,
        }
    }

    async fn serve(&mut self, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Push => self.push(),
            Wake::Socket(ready) => {
                let ready = ready.map_err(|_| End::Gone)?;
                if ready.is_writable() {
                    self.flush()?;
                }
                if ready.is_readable() || ready.is_read_closed() {
                    // boxed: the waits of a line being stored would otherwise be part of every idle connection
                    return Box::pin(self.read()).await;
                }
                if ready.is_write_closed() || ready.is_error() {
                    return Err(End::Gone);
                }
                Ok(())
            }
            Wake::Deadline => {
                let now = Instant::now();
                if self.out.deadline().is_some_and(|deadline| now >= deadline) {
                    return Err(End::Slow);
                }
                let effect = self.session.on_time(now);
                Box::pin(self.apply(effect)).await
            }
            Wake::Stop => {
                Box::pin(self.read_rest()).await?;
                Err(self.tell(&ProtocolError::new(
                    ErrorCode::Draining,
                    "the server is going down; connect again",
                )))
            }
        }
    }

    /// Reads once and serves every line that is whole.
    async fn read(&mut self) -> Result<(), End> {
        match self.read_chunk() {
            Ok(0) => {
                // the peer has said all it had to say, and may still want to read the answers
                let end = if self.out.is_empty() { End::Gone } else { End::Told };
                Err(end)
            }
            Ok(_) => self.serve_lines().await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(End::Gone),
        }
    }

    /// Takes in what has arrived already.
    async fn read_rest(&mut self) -> Result<(), End> {
        let mut total = 0;
        while total < LAST_READ_BYTES {
            match self.read_chunk() {
                Ok(0) | Err(_) => break,
                Ok(count) => total += count,
            }
            self.serve_lines().await?;
        }
        Ok(())
    }

    // not async, so that the chunk is on the thread's stack and not in the connection's memory
    fn read_chunk(&mut self) -> io::Result<usize> {
        let mut chunk = [0; CHUNK_BYTES];
        let count = self.stream.try_read(&mut chunk)?;
        self.lines.feed(&chunk[..count]);
        Ok(count)
    }

    async fn serve_lines(&mut self) -> Result<(), End> {
        while let Some(line) = self.lines.next_line() {
            let effect = match line {
                Ok(line) => self.session.on_line(&line),
                Err(too_long) => self.session.on_line_too_long(too_long.max_line_bytes),
            };
            self.apply(effect).await?;
        }
        self.flush()
    }

    async fn apply(&mut self, effect: Effect) -> Result<(), End> {
        match effect {
            Effect::Ignore => Ok(()),
            Effect::AnswerOk => self.answer(OK),
            Effect::Verify(key) => self.verify(key).await,
            Effect::Refuse(error) => self.answer(&encode_error(&error)),
            Effect::Close(error) => Err(self.tell(&error)),
            Effect::Report(reports) => {
                let game = self.game.as_mut().expect("the session lets reports through after verifying only");
                let outcome = game.report_vars(reports).await;
                self.refuse_failed(outcome)
            }
            Effect::Log(entries) => {
                let game = self.game.as_mut().expect("the session lets logs through after verifying only");
                let outcome = game.append_logs(entries).await;
                self.refuse_failed(outcome)
            }
        }
    }

    async fn verify(&mut self, key: Key) -> Result<(), End> {
        let deadline = self.session.deadline().unwrap_or_else(Instant::now);
        let Ok(outcome) = timeout_at(deadline.into(), self.gateway.connect_game(key, self.peer.ip())).await
        else {
            return Err(
                self.tell(&ProtocolError::new(ErrorCode::Unavailable, "the database does not answer"))
            );
        };
        match outcome {
            Ok(game) => {
                self.session.verified(key);
                self.lines.set_max_line_bytes(limits::MAX_LINE_BYTES);
                self.game = Some(game);
                self.answer(OK)?;
                self.push()
            }
            failed => self.refuse_failed(failed.map(|_| ())),
        }
    }

    /// Says `ERR` when the gateway did not do it.
    fn refuse_failed(&mut self, outcome: Result<(), GatewayError>) -> Result<(), End> {
        let Err(error) = outcome else { return Ok(()) };
        let error = match error {
            GatewayError::Refused(error) => error,
            GatewayError::Unavailable(_) => ProtocolError::new(ErrorCode::Unavailable, error.to_string()),
            GatewayError::Closed => ProtocolError::new(ErrorCode::Draining, error.to_string()),
            other => {
                tracing::error!(error = %other, "the gateway answered a game with what is for people");
                ProtocolError::new(
                    ErrorCode::Internal,
                    "a fault of the server's own; nothing of the line is stored",
                )
            }
        };
        match self.session.refused(error) {
            Effect::Close(error) => Err(self.tell(&error)),
            Effect::Refuse(error) => self.answer(&encode_error(&error)),
            other => unreachable!("a refusal is said, not {other:?}"),
        }
    }

    /// Sends the newest desired values, if the game does not have them yet.
    fn push(&mut self) -> Result<(), End> {
        let Some(game) = &mut self.game else { return Ok(()) };
        let Some(push) = game.take_push() else { return Ok(()) };
        let key = game.key();
        self.out.add(Instant::now(), |out| write_edits(out, key, &push.payload));
        self.flush()
    }

    fn answer(&mut self, line: &[u8]) -> Result<(), End> {
        self.out.add(Instant::now(), |out| out.extend_from_slice(line));
        Ok(())
    }

    /// The last word.
    fn tell(&mut self, error: &ProtocolError) -> End {
        tracing::debug!(peer = %self.peer, code = %error.code, "closing a game's connection");
        self.out.add(Instant::now(), |out| out.extend_from_slice(&encode_error(error)));
        End::Told
    }

    fn flush(&mut self) -> Result<(), End> {
        self.out.write_to(&self.stream).map_err(|_| End::Gone)
    }

    /// Sends what is left, then waits a moment until the peer stops sending.
    async fn hang_up(mut self) {
        let deadline = self.out.deadline().unwrap_or_else(Instant::now);
        let sent = timeout_at(deadline.into(), async {
            self.out.write_to(&self.stream)?;
            while !self.out.is_empty() {
                self.stream.writable().await?;
                self.out.write_to(&self.stream)?;
            }
            self.stream.shutdown().await
        });
        if !matches!(sent.await, Ok(Ok(()))) {
            return;
        }
        let _still_sending = timeout(LINGER, self.discard()).await;
    }

    async fn discard(&self) {
        let mut total = 0;
        while total < LINGER_BYTES && self.stream.readable().await.is_ok() {
            match self.discard_chunk() {
                Ok(0) => return,
                Ok(count) => total += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    fn discard_chunk(&self) -> io::Result<usize> {
        self.stream.try_read(&mut [0; CHUNK_BYTES])
    }
}

/// Resolves when there may be something to push; never for a game that has not verified.
async fn changed(game: &mut Option<GameLine>) {
    match game {
        Some(game) => game.changed().await,
        None => pending().await,
    }
}
