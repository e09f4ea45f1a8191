//! One game's socket: moves bytes, waits, and does what the conversation says.
//!
//! One task per connection and no read buffer: bytes are read on the stack when they arrive, so an idle game costs little
//! more than its task.

mod farewell;
mod intake;
mod verify;

use std::{
    future::{Future, pending, poll_fn},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use gateway::{GameEvent, GameLine, Gateway, GatewayError, Push, Room, Settled, UnreadLine};
use protocol::{ErrorCode, ProtocolError, limits, line::LineDecoder};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::{coop::consume_budget, yield_now},
    time::sleep_until,
};
use tokio_util::sync::CancellationToken;

use super::{
    Admission,
    bytes::{CHUNK_BYTES, Moved, move_bytes},
    conversation::{ContentLine, Conversation, Effect, OutcomesLine, Refused as RefusedLine},
    limits::GameLimits,
    outbox::Outbox,
    refusals::RefusalLog,
    websocket::Violation,
};
use crate::{clock::instant, tls::Refused};

/// Bytes after which a connection yields: a few busy ones could otherwise occupy every thread.
const TURN_BYTES: usize = 4 * CHUNK_BYTES;

/// A connection with a game, verified or not, over any stream of bytes.
pub(crate) struct Connection<S> {
    stream: S,
    peer: SocketAddr,
    /// Of the web page in which the game runs.
    origin: Option<Box<str>>,
    admission: Arc<Admission>,
    gateway: Gateway,
    stop: CancellationToken,
    conversation: Conversation,
    lines: LineDecoder,
    /// What `lines` and `waiting` hold.
    unread: UnreadLine,
    out: Outbox,
    game: Option<GameLine>,
    told: RefusalLog,
    /// A line without a number that waits for room. Until then nothing is read, but edits are sent.
    waiting: Option<(Waiting, RoomFuture)>,
    /// Whether the socket is being read; otherwise, the peer's silence means nothing.
    is_reading: bool,
    /// Bytes read since the last yield.
    turn_bytes: usize,
    /// Set on shutdown: nothing more is read, and this is the deadline for settling the last line.
    settle_by: Option<Instant>,
    settle_timeout: Duration,
}

/// A line for which there is no room yet.
enum Waiting {
    Content(ContentLine),
    Outcomes(OutcomesLine),
}

impl Waiting {
    fn payload(&self) -> &Vec<u8> {
        match self {
            Self::Content(line) => &line.payload,
            Self::Outcomes(line) => &line.payload,
        }
    }
}

type RoomFuture = Pin<Box<dyn Future<Output = Result<Room, GatewayError>> + Send>>;

/// Why a connection ends.
enum End {
    /// The peer or the network is gone.
    Gone,
    /// The peer was told why, and may still be reading.
    Explained,
    /// The peer does not read what it is sent.
    Slow,
}

/// What the connection waited for.
enum Wake {
    Stop,
    Deadline,
    Game(GameEvent),
    Room(Result<Room, GatewayError>),
    Socket(io::Result<Moved>),
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Connection<S> {
    pub(crate) fn new(
        stream: S,
        peer: SocketAddr,
        admission: Arc<Admission>,
        gateway: Gateway,
        limits: GameLimits,
        stop: CancellationToken,
    ) -> Self {
        Self {
            stream,
            peer,
            origin: None,
            admission,
            unread: gateway.unread_line(),
            gateway,
            stop,
            conversation: Conversation::new(instant(), limits.patience),
            lines: LineDecoder::new(limits::MAX_LINE_BEFORE_OK_BYTES),
            out: Outbox::new(limits.write_timeout),
            game: None,
            told: RefusalLog::default(),
            waiting: None,
            is_reading: true,
            turn_bytes: 0,
            settle_by: None,
            settle_timeout: limits.settle_timeout,
        }
    }

    /// It comes from a game in a web page of this origin.
    pub(crate) fn of_page(self, origin: Option<Box<str>>) -> Self {
        Self { origin, ..self }
    }

    /// Runs until either side ends the connection.
    pub(crate) async fn run(mut self) {
        tracing::debug!(peer = %self.peer, "a game connected");
        let end = loop {
            // yield to others, however much there is to do here
            consume_budget().await;
            let wake = self.wait().await;
            let served = self.serve(wake).await;
            self.tell_refused();
            if let Err(end) = served {
                break end;
            }
        };
        if let End::Slow = end {
            self.tell_slow();
        }
        // offline from here on; closing may take a second
        self.game = None;
        match end {
            End::Gone => {}
            End::Explained => Box::pin(self.hang_up()).await,
            End::Slow => {
                // probably in vain, and possibly after half a line
                let last_word = [&b"\n"[..], &protocol::line::encode_error(&slow())].concat();
                let write = |cx: &mut Context<'_>| {
                    let _full_already = Pin::new(&mut self.stream).poll_write(cx, &last_word);
                    Poll::Ready(())
                };
                poll_fn(write).await;
            }
        }
    }

    /// Reports new refusals to people and the log.
    fn tell_refused(&mut self) {
        for RefusedLine { error, excerpt } in self.conversation.take_refused() {
            self.told.log(self.peer, self.game.as_ref(), &error);
            match &self.game {
                Some(game) => game.note_refusal(&error, excerpt),
                None => self.gateway.note_refusal(error.code),
            }
        }
    }

    /// Counts a refusal: lines from the game that were not read are lost with the connection.
    fn tell_slow(&mut self) {
        self.told.log(self.peer, self.game.as_ref(), &slow());
        match &self.game {
            Some(game) => game.note_refusal(&slow(), String::new()),
            None => self.gateway.note_refusal(ErrorCode::Slow),
        }
    }

    async fn wait(&mut self) -> Wake {
        // don't read from a game that keeps sending although the server is busy: reading and refusing costs more
        let busy_until = self.conversation.busy_until(instant());
        let deadlines = [self.out.deadline(), self.conversation.deadline(), self.settle_by, busy_until];
        let deadline = deadlines.into_iter().flatten().min();
        let is_reading = self.waiting.is_none()
            && busy_until.is_none()
            && self.settle_by.is_none()
            && !self.out.is_clogged();
        if is_reading && !self.is_reading {
            // what arrived in the meantime was not read
            self.conversation.hear(instant());
        }
        self.is_reading = is_reading;
        // while older bytes wait, newer values replace each other in the gateway, and only the newest is sent
        let can_push = self.out.is_empty();
        tokio::select! {
            biased;
            () = self.stop.cancelled(), if self.settle_by.is_none() => Wake::Stop,
            () = sleep_until(deadline.unwrap_or_else(instant).into()), if deadline.is_some() => Wake::Deadline,
            event = next(&mut self.game, can_push) => Wake::Game(event),
            room = room(&mut self.waiting) => Wake::Room(room),
            moved = move_bytes(&mut self.stream, &mut self.out, is_reading.then_some(&mut self.lines)) => {
                Wake::Socket(moved)
            }
        }
    }

    async fn serve(&mut self, wake: Wake) -> Result<(), End> {
        match wake {
            // a game that leaves unread data behind resets the connection when it exits
            Wake::Socket(Err(error)) => {
                Box::pin(self.take_last_line()).await?;
                Err(self.cannot_go_on(&error))
            }
            Wake::Socket(Ok(Moved::Written)) => {
                self.hold_unread()?;
                self.end_if_settled()
            }
            // the peer has sent everything, and may still read the answers
            Wake::Socket(Ok(Moved::Read(0))) => Box::pin(self.on_end_of_stream()).await,
            Wake::Socket(Ok(Moved::Read(count))) => {
                self.conversation.hear(instant());
                // boxed, because the states of verifying would otherwise be part of every idle connection
                Box::pin(self.serve_lines()).await?;
                self.hold_unread()?;
                self.end_turn(count).await;
                Ok(())
            }
            Wake::Game(event) => {
                self.on_game(event)?;
                self.hold_unread()
            }
            Wake::Room(room) => Box::pin(self.on_room(room)).await,
            Wake::Deadline => self.on_time(),
            Wake::Stop => Box::pin(self.drain()).await,
        }
    }

    /// The gateway has something for the game.
    fn on_game(&mut self, event: GameEvent) -> Result<(), End> {
        match event {
            GameEvent::Pushable => self.push(),
            GameEvent::Settled(Settled { ended: Some(ErrorCode::Unavailable), .. }) => Err(self.start_over()),
            GameEvent::Settled(settled) => {
                let effect = self.out.add(instant(), |out| self.conversation.settled(&settled, out));
                self.end_if_closed(&effect)?;
                self.end_if_settled()
            }
            GameEvent::Action(call) => {
                self.out.add(instant(), |out| self.conversation.call(&call, out));
                Ok(())
            }
            GameEvent::Revoked => {
                let effect = self.out.add(instant(), |out| self.conversation.revoke(out));
                self.end_if_closed(&effect)
            }
            GameEvent::StartOver => Err(self.start_over()),
        }
    }

    async fn on_end_of_stream(&mut self) -> Result<(), End> {
        self.take_last_line().await?;
        if self.waiting.is_some() {
            // nothing is read until then, and the end of the stream is read again
            return Ok(());
        }
        Err(if self.out.is_empty() { End::Gone } else { End::Explained })
    }

    /// Yields after enough bytes.
    async fn end_turn(&mut self, count: usize) {
        self.turn_bytes += count;
        if self.turn_bytes >= TURN_BYTES {
            self.turn_bytes = 0;
            yield_now().await;
        }
    }

    fn on_time(&mut self) -> Result<(), End> {
        let now = instant();
        if self.out.deadline().is_some_and(|deadline| now >= deadline) {
            return Err(End::Slow);
        }
        if self.settle_by.is_some_and(|deadline| now >= deadline) {
            return Err(self.give_up());
        }
        let is_reading = self.is_reading;
        let effect = self.out.add(now, |out| self.conversation.on_time(now, is_reading, out));
        self.end_if_closed(&effect)
    }

    fn end_if_closed(&self, effect: &Effect) -> Result<(), End> {
        match effect {
            Effect::Close => {
                tracing::debug!(peer = %self.peer, "closing a game's connection");
                Err(End::Explained)
            }
            _ => Ok(()),
        }
    }

    /// A connection that can't be read or written is gone, unless it was refused because of TLS or of what its frames are.
    fn cannot_go_on(&mut self, error: &io::Error) -> End {
        let Some(cause) = error.get_ref() else { return End::Gone };
        if let Some(violation) = cause.downcast_ref::<Violation>() {
            return self.say_last(ErrorCode::BadVerb, &violation.to_string());
        }
        match cause.downcast_ref() {
            Some(Refused::Plaintext) => {
                self.say_last(ErrorCode::TlsRequired, "this server requires TLS; connect with TLS")
            }
            // like everything that is not a game; a TLS client can't read it, but people who look can
            Some(Refused::Tls) => {
                self.say_last(ErrorCode::BadVerb, "this server has no TLS certificate; connect without TLS")
            }
            None => End::Gone,
        }
    }

    /// Sends the newest desired values, if the game does not have them yet.
    fn push(&mut self) -> Result<(), End> {
        if let Some(Push { revision, payload }) = self.game.as_mut().and_then(GameLine::take_push) {
            let now = instant();
            let push =
                |payload: &[u8], out: &mut Vec<u8>| self.conversation.push(revision, payload, now, out);
            self.out.add_line(now, &payload, push);
        }
        Ok(())
    }

    fn say_last(&mut self, code: ErrorCode, text: &str) -> End {
        let error = ProtocolError::new(code, text);
        self.out.add(instant(), |out| self.conversation.refused(error, b"v:", out));
        End::Explained
    }
}

fn slow() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::Slow,
        "this game reads too slowly for what it is sent, so the connection was closed",
    )
}

/// The gateway's next event for the game; pending before it is verified.
async fn next(game: &mut Option<GameLine>, can_push: bool) -> GameEvent {
    match game {
        Some(game) => game.next(can_push).await,
        None => pending().await,
    }
}

async fn room(waiting: &mut Option<(Waiting, RoomFuture)>) -> Result<Room, GatewayError> {
    match waiting {
        Some((_, room)) => room.await,
        None => pending().await,
    }
}
