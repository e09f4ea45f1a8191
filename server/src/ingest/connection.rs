//! One game's socket: moves bytes, waits, and does what the session says.
//!
//! One task a connection and no read buffer: bytes are read on the stack when they are there, so an idle
//! game costs little more than its task.

mod farewell;

use std::{
    future::{Future, pending, poll_fn},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use gateway::{Content, GameEvent, GameLine, Gateway, GatewayError, Push, Room, Settled, UnreadLine};
use protocol::{
    ErrorCode, ProtocolError, limits,
    line::{Hello, LineDecoder},
    model::Key,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::{coop::consume_budget, yield_now},
    time::{sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Admission,
    bytes::{CHUNK_BYTES, Moved, move_bytes},
    limits::GameLimits,
    outbox::Outbox,
    refusals::Told,
    session::{Answer, Effect, Line, Now, Refused as RefusedLine, Session},
};
use crate::{clock::instant, tls::Refused};

/// Bytes after which a connection lets the others have their turn: a few of them could keep every thread busy.
const TURN_BYTES: usize = 4 * CHUNK_BYTES;

/// A connection with a game, verified or not, over any stream of bytes.
pub(crate) struct Connection<S> {
    stream: S,
    peer: SocketAddr,
    admission: Arc<Admission>,
    gateway: Gateway,
    stop: CancellationToken,
    session: Session,
    lines: LineDecoder,
    /// What `lines` and `waiting` hold.
    unread: UnreadLine,
    out: Outbox,
    game: Option<GameLine>,
    told: Told,
    /// A line without a number that waits for room. Nothing is read meanwhile; edits go out.
    waiting: Option<(Waiting, RoomFuture)>,
    /// Whether the socket is read; while it is not, the peer's silence says nothing.
    is_reading: bool,
    /// Bytes that were read since the others had their turn.
    turn_bytes: usize,
    /// The server goes down: nothing more is read, and this is when the last line must be settled.
    settle_by: Option<Instant>,
    settle_timeout: Duration,
}

/// A line for which there is no room yet.
enum Waiting {
    Line(Line),
    Answer(Answer),
}

type RoomFuture = Pin<Box<dyn Future<Output = Result<Room, GatewayError>> + Send>>;

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
            admission,
            unread: gateway.unread_line(),
            gateway,
            stop,
            session: Session::new(instant(), limits.patience),
            lines: LineDecoder::new(limits::MAX_LINE_BEFORE_OK_BYTES),
            out: Outbox::new(limits.write_timeout),
            game: None,
            told: Told::default(),
            waiting: None,
            is_reading: true,
            turn_bytes: 0,
            settle_by: None,
            settle_timeout: limits.settle_timeout,
        }
    }

    /// Talks until one of the two ends it.
    pub(crate) async fn run(mut self) {
        tracing::debug!(peer = %self.peer, "a game connected");
        let end = loop {
            // however much there is to do here, others have their turn
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
        // offline from here on; saying good-bye may take a second
        self.game = None;
        match end {
            End::Gone => {}
            End::Told => Box::pin(self.hang_up()).await,
            End::Slow => {
                // likely in vain, and possibly behind half a line
                let last_word = [&b"\n"[..], &protocol::line::encode_error(&slow())].concat();
                let write = |cx: &mut Context<'_>| {
                    let _full_already = Pin::new(&mut self.stream).poll_write(cx, &last_word);
                    Poll::Ready(())
                };
                poll_fn(write).await;
            }
        }
    }

    /// Tells people and the log what was refused since the last time.
    fn tell_refused(&mut self) {
        for RefusedLine { error, excerpt } in self.session.take_refused() {
            self.told.log(self.peer, self.game.as_ref(), &error);
            match &self.game {
                Some(game) => game.note_refusal(&error, excerpt),
                None => self.gateway.note_refusal(error.code),
            }
        }
    }

    /// What it has sent and was not read is gone with the connection.
    fn tell_slow(&mut self) {
        self.told.log(self.peer, self.game.as_ref(), &slow());
        match &self.game {
            Some(game) => game.note_refusal(&slow(), String::new()),
            None => self.gateway.note_refusal(ErrorCode::Slow),
        }
    }

    async fn wait(&mut self) -> Wake {
        // a game that goes on although we are busy is left to its own socket: reading and refusing would be our work
        let busy_until = self.session.busy_until(instant());
        let deadlines = [self.out.deadline(), self.session.deadline(), self.settle_by, busy_until];
        let deadline = deadlines.into_iter().flatten().min();
        let is_reading = self.waiting.is_none()
            && busy_until.is_none()
            && self.settle_by.is_none()
            && !self.out.is_clogged();
        if is_reading && !self.is_reading {
            // what came meanwhile was left unread
            self.session.hear(instant());
        }
        self.is_reading = is_reading;
        // while older bytes wait, newer values overwrite each other in the gateway: only the newest is sent
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
            // a game that leaves what it was sent unread resets the connection when it goes
            Wake::Socket(Err(error)) => {
                Box::pin(self.take_last_line()).await?;
                Err(self.cannot_go_on(&error))
            }
            Wake::Socket(Ok(Moved::Written)) => self.end_if_settled(),
            // the peer has said all it had to say, and may still want to read the answers
            Wake::Socket(Ok(Moved::Read(0))) => {
                Box::pin(self.take_last_line()).await?;
                match self.waiting.is_some() {
                    // nothing more is read meanwhile, and then the end comes again
                    true => Ok(()),
                    false if self.out.is_empty() => Err(End::Gone),
                    false => Err(End::Told),
                }
            }
            Wake::Socket(Ok(Moved::Read(count))) => {
                self.session.hear(instant());
                // boxed: the waits of a line being verified would otherwise be part of every idle connection
                Box::pin(self.serve_lines()).await?;
                self.hold_unread()?;
                self.end_turn(count).await;
                Ok(())
            }
            Wake::Game(GameEvent::Pushable) => self.push(),
            Wake::Game(GameEvent::Settled(Settled { ended: Some(ErrorCode::Unavailable), .. })) => {
                Err(self.start_over())
            }
            Wake::Game(GameEvent::Settled(settled)) => {
                let effect = self.out.add(instant(), |out| self.session.settled(&settled, out));
                self.end_if_closed(&effect)?;
                self.end_if_settled()
            }
            Wake::Game(GameEvent::Action(call)) => {
                self.out.add(instant(), |out| self.session.call(&call, out));
                Ok(())
            }
            Wake::Room(room) => Box::pin(self.on_room(room)).await,
            Wake::Game(GameEvent::Revoked) => {
                let effect = self.out.add(instant(), |out| self.session.revoke(out));
                self.end_if_closed(&effect)
            }
            Wake::Deadline => self.on_time(),
            Wake::Game(GameEvent::StartOver) => Err(self.start_over()),
            Wake::Stop => Box::pin(self.drain()).await,
        }
    }

    /// Counts what is read and not taken in; where there is no memory for it, the game is told to come again.
    fn hold_unread(&mut self) -> Result<(), End> {
        let waiting = match &self.waiting {
            Some((Waiting::Line(line), _)) => line.payload.capacity(),
            Some((Waiting::Answer(answer), _)) => answer.payload.capacity(),
            None => 0,
        };
        match self.unread.hold(self.lines.held_bytes() + waiting) {
            true => Ok(()),
            false => {
                let text = "the server has no memory for a line as long as this now; connect again later";
                Err(self.say_last(ErrorCode::Busy, text))
            }
        }
    }

    /// So many more bytes were read.
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
        let effect = self.out.add(now, |out| self.session.on_time(now, is_reading, out));
        self.end_if_closed(&effect)
    }

    fn end_if_closed(&self, effect: &Effect) -> Result<(), End> {
        match effect {
            Effect::Close => {
                tracing::debug!(peer = %self.peer, "closing a game's connection");
                Err(End::Told)
            }
            _ => Ok(()),
        }
    }

    /// Serves every line that is whole, up to one that has to wait.
    async fn serve_lines(&mut self) -> Result<(), End> {
        while self.waiting.is_none()
            && let Some(line) = self.lines.next_line()
        {
            let now = self.now();
            let effect = self.out.add(now.instant, |out| match line {
                Ok(line) => self.session.on_line(line, now, out),
                Err(too_long) => self.session.on_line_too_long(&too_long, out),
            });
            self.obey(effect).await?;
        }
        Ok(())
    }

    /// The stream has ended: what stands behind the last newline may be a whole line.
    async fn take_last_line(&mut self) -> Result<(), End> {
        if self.waiting.is_some() {
            return Ok(());
        }
        let Some(line) = self.lines.take_rest() else { return Ok(()) };
        let now = self.now();
        let effect = self.out.add(now.instant, |out| self.session.on_last_line(line, now, out));
        self.obey(effect).await
    }

    fn now(&self) -> Now {
        Now { instant: instant(), unix: self.gateway.now() }
    }

    async fn obey(&mut self, effect: Effect) -> Result<(), End> {
        self.tell_refused();
        self.end_if_closed(&effect)?;
        match effect {
            Effect::None | Effect::Close => {}
            Effect::Connect(key) => self.connect(key).await?,
            Effect::Store(line) => self.store(line)?,
            Effect::Applied { revision, round_trip } => {
                self.verified_game().record_applied(revision, Vec::new(), round_trip, None);
            }
            Effect::Answer(answer) => match self.verified_game().try_reserve(answer.payload.len()) {
                Ok(room) => self.take_answer(&answer, room),
                Err(_) => self.wait_for_room(answer.payload.len(), Waiting::Answer(answer)),
            },
            Effect::ActionDone { id, outcome } => self.verified_game().record_action(id, outcome),
        }
        Ok(())
    }

    fn verified_game(&mut self) -> &mut GameLine {
        self.game.as_mut().expect("the session lets this through after verifying only")
    }

    /// Takes a line in if there is room. Without a number it waits for room, which holds up the peer.
    fn store(&mut self, line: Line) -> Result<(), End> {
        let bytes = line.payload.len();
        match (self.verified_game().try_reserve(bytes), line.seq) {
            (Ok(room), _) => self.take(&line, room),
            (Err(code), Some(_)) => {
                self.out.add(instant(), |out| self.session.not_taken(code, instant(), out));
                Ok(())
            }
            (Err(_), None) => {
                self.wait_for_room(bytes, Waiting::Line(line));
                Ok(())
            }
        }
    }

    fn wait_for_room(&mut self, bytes: usize, waiting: Waiting) {
        let room = Box::pin(self.verified_game().reserve(bytes));
        self.waiting = Some((waiting, room));
    }

    fn take_answer(&mut self, answer: &Answer, room: Room) {
        let read = self.out.add(instant(), |out| self.session.read_answer(answer, out));
        if let Some((outcomes, round_trip)) = read {
            self.verified_game().record_applied(answer.revision, outcomes, round_trip, Some(room));
        }
    }

    fn take(&mut self, line: &Line, room: Room) -> Result<(), End> {
        let content = self.out.add(instant(), |out| self.session.read(line, out));
        let Some(content) = content else { return Ok(()) };
        self.submit(line, content, room);
        Ok(())
    }

    fn submit(&mut self, line: &Line, content: Content, room: Room) {
        let submitted = self.verified_game().submit(room, line.seq, content);
        self.out.add(instant(), |out| match submitted {
            Ok(None) => {}
            Ok(Some(left_out)) => self.session.refuse_part(line, left_out, out),
            Err(error) => self.session.refuse_line(line, error, out),
        });
    }

    async fn on_room(&mut self, room: Result<Room, GatewayError>) -> Result<(), End> {
        let Some((waiting, _)) = self.waiting.take() else { return Ok(()) };
        match (room, waiting) {
            (Ok(room), Waiting::Line(line)) => self.take(&line, room)?,
            (Ok(room), Waiting::Answer(answer)) => self.take_answer(&answer, room),
            (Err(error), _) => return self.refuse(error),
        }
        self.serve_lines().await?;
        self.hold_unread()?;
        self.end_if_settled()
    }

    async fn connect(&mut self, key: Key) -> Result<(), End> {
        let deadline = self.session.deadline().unwrap_or_else(instant);
        let peer = self.peer.ip();
        let may_add = || self.admission.new_device(peer, instant());
        let has_session = self.session.hello().is_some_and(|hello| hello.caps.ack);
        let known_key = Some(key).filter(|key| self.gateway.is_known_key(*key));
        let is_charged = has_session && self.admission.new_session(peer, known_key, instant());
        let may_go_on = !has_session
            || is_charged
            || knows_session(&self.gateway, key, self.session.hello(), deadline).await;
        if !may_go_on {
            let text = "too many new sessions of this address or key; go on with the session that you have, or wait a minute \
                        and connect again";
            return Err(self.say_last(ErrorCode::Rate, text));
        }
        let connecting = self.gateway.connect_game_if(key, peer, self.session.hello(), &may_add);
        let outcome = timeout_at(deadline.into(), connecting).await;
        let is_new = matches!(&outcome, Ok(Ok(game)) if game.has_new_session());
        match (is_charged, is_new, known_key) {
            (true, false, _) => self.admission.known_session(peer, known_key),
            (true, true, None) => self.admission.note_session_of(key, instant()),
            _ => {}
        }
        let Ok(outcome) = outcome else {
            return Err(self.say_last(ErrorCode::Unavailable, "the database does not answer"));
        };
        let game = match outcome {
            Ok(game) => self.game.insert(game),
            Err(error) if self.is_guessing(&error) => {
                let text = "too many wrong keys came from this address; take the right one and try again in a few minutes";
                return Err(self.say_last(ErrorCode::Rate, text));
            }
            Err(error) => return self.refuse(error),
        };
        let (last_seq, held) = (game.last_seq(), game.pushed());
        let now = instant();
        self.out.add(now, |out| self.session.verified(key, last_seq, held, now, out));
        self.lines.set_max_line_bytes(limits::MAX_LINE_BYTES);
        self.push()?;
        let revision = self.verified_game().pushed();
        self.out.add(now, |out| self.session.in_sync(revision, out));
        Ok(())
    }

    /// Whether a key was wrong, and one too many from this address.
    fn is_guessing(&self, error: &GatewayError) -> bool {
        let is_wrong_key = matches!(error, GatewayError::Refused(error) if error.code == ErrorCode::BadKey);
        is_wrong_key && !self.admission.bad_key(self.peer.ip(), instant())
    }

    /// Says `ERR` when the gateway did not do it.
    fn refuse(&mut self, error: GatewayError) -> Result<(), End> {
        let error = match error {
            GatewayError::Refused(error) => error,
            GatewayError::Unavailable(_) => ProtocolError::new(ErrorCode::Unavailable, error.to_string()),
            GatewayError::Closed => ProtocolError::new(ErrorCode::Draining, error.to_string()),
            other => {
                tracing::error!(error = %other, "the gateway answered a game with what is for people");
                let text = "a fault of the server's own; nothing of the line is stored";
                ProtocolError::new(ErrorCode::Internal, text)
            }
        };
        let effect = self.out.add(instant(), |out| self.session.refused(error, b"v:", out));
        self.end_if_closed(&effect)
    }

    /// A connection that can't be read or written is gone, unless it is of a kind that is not taken here.
    fn cannot_go_on(&mut self, error: &io::Error) -> End {
        match error.get_ref().and_then(|cause| cause.downcast_ref()) {
            Some(Refused::Plaintext) => {
                self.say_last(ErrorCode::TlsRequired, "connect with TLS; nothing is taken in plaintext here")
            }
            // as every other conversation that is none of a game's; what speaks TLS can't read it, people who look can
            Some(Refused::Tls) => {
                self.say_last(ErrorCode::BadVerb, "there is no TLS certificate here; connect without TLS")
            }
            None => End::Gone,
        }
    }

    /// Sends the newest desired values, if the game does not have them yet.
    fn push(&mut self) -> Result<(), End> {
        if let Some(Push { revision, payload }) = self.game.as_mut().and_then(GameLine::take_push) {
            let now = instant();
            let push = |payload: &[u8], out: &mut Vec<u8>| self.session.push(revision, payload, now, out);
            self.out.add_line(now, &payload, push);
        }
        Ok(())
    }

    fn say_last(&mut self, code: ErrorCode, text: &str) -> End {
        let error = ProtocolError::new(code, text);
        self.out.add(instant(), |out| self.session.refused(error, b"v:", out));
        End::Told
    }
}

/// Whether a game goes on with a session that it has; asked only when it may begin no other.
async fn knows_session(gateway: &Gateway, key: Key, hello: Option<&Hello>, deadline: Instant) -> bool {
    let Some(hello) = hello else { return false };
    matches!(timeout_at(deadline.into(), gateway.knows_session(key, hello)).await, Ok(Ok(true)))
}

fn slow() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::Slow,
        "read faster; what you are sent piles up, and the connection was closed",
    )
}

/// What the gateway has for the game; never anything for one that has not verified.
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
