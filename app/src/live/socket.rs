//! The dashboard's WebSocket in the browser: subscribe, keep alive, reconnect.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::future::{Either, FutureExt, pending, poll_fn};
use futures_util::{SinkExt, StreamExt, select_biased};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::live::{
    CLOSE_CROWDED, CLOSE_FORBIDDEN, CLOSE_ROLE, CLOSE_SIGNED_OUT, CLOSE_VERSION, ClientMessage, LIVE_VERSION,
    ServerMessage, encode, parse,
};

use super::page::{Link, Live};
use super::state::Touched;
use crate::api;

/// At most 20 messages of edits a second.
const EDIT_PAUSE_MS: f64 = 50.0;
const PING_EVERY_MS: f64 = 20_000.0;
/// After so long without an answer to a ping, the connection is dead, whatever the browser believes.
const DEAD_AFTER_MS: f64 = 8_000.0;
/// The loop below runs at least once per ping. If it did not, the browser or the machine was asleep.
const ASLEEP_AFTER_MS: f64 = PING_EVERY_MS + 10_000.0;
const OPEN_TIMEOUT_MS: u32 = 10_000;
const FIRST_RETRY_MS: f64 = 250.0;
const LAST_RETRY_MS: f64 = 8_000.0;
const BANNER_AFTER_MS: u32 = 1_000;
/// More messages than this are applied without waiting for a frame: a hidden tab draws none.
const MAX_INBOX: usize = 256;

impl Live {
    /// Keeps the page connected until it is left.
    pub fn connect(self) {
        let (wake, woken) = unbounded();
        self.inner.update_value(|inner| inner.wake = Some(wake));
        // somebody who returns to the page wants to know at once whether it is still live
        let seen = window_event_listener_untyped("visibilitychange", move |_| self.wake());
        on_cleanup(move || {
            seen.remove();
            // dropping the sender ends the task
            self.inner.try_update_value(|inner| inner.wake = None);
        });
        spawn_local(run(self, woken));
    }
}

/// Why a connection ended.
enum End {
    /// The page was left.
    Left,
    /// The server has a newer version.
    Outdated,
    /// No longer a member.
    Forbidden,
    /// Signed out.
    SignedOut,
    /// The role has changed: the next snapshot has the new one.
    Role,
    /// The account has too many live pages open: try again later.
    Crowded,
    /// Anything else: try again.
    Lost,
}

async fn run(live: Live, mut woken: UnboundedReceiver<()>) {
    let mut attempt = 0;
    loop {
        let mut connection = Connection::new(live);
        let end = connection.run(&mut woken).await;
        live.update(|state| state.set_open(false));
        match end {
            End::Left => return,
            End::Outdated => {
                live.link.try_set(Link::Outdated);
                return;
            }
            End::SignedOut => return sign_in(&live),
            End::Forbidden => return go_to("/?error=removed"),
            // reconnect at once, since nothing is wrong; after a second time wait like everybody else
            End::Role if connection.was_open => {
                live.link.try_set(Link::Opening);
                attempt = 0;
                continue;
            }
            End::Crowded => {
                live.link.try_set(Link::Crowded);
                if wait(LAST_RETRY_MS, &mut woken).await.is_none() {
                    return;
                }
                continue;
            }
            End::Role | End::Lost => {}
        }
        attempt = if connection.was_open { 1 } else { attempt + 1 };
        show_away(live, attempt);
        // a refused handshake looks like any other failure, so ask in another way
        if attempt > 1 && matches!(api::get_session().await, Ok(None)) {
            return sign_in(&live);
        }
        if wait(retry_ms(attempt), &mut woken).await.is_none() {
            return;
        }
    }
}

/// Between half and all of 0.25 s, 0.5 s, … 8 s.
fn retry_ms(attempt: u32) -> f64 {
    let full = (FIRST_RETRY_MS * f64::from(1 << (attempt - 1).min(8))).min(LAST_RETRY_MS);
    full * (0.5 + js_sys::Math::random() / 2.0)
}

/// Waits, while edits are kept. `None` when the page was left.
async fn wait(millis: f64, woken: &mut UnboundedReceiver<()>) -> Option<()> {
    let mut timer = TimeoutFuture::new(millis as u32).fuse();
    loop {
        select_biased! {
            left = woken.next() => left?,
            () = timer => return Some(()),
        }
    }
}

fn show_away(live: Live, attempt: u32) {
    let was_shown = matches!(live.link.try_get_untracked(), Some(Link::Away { shown: true, .. }));
    live.link.try_set(Link::Away { attempt, shown: was_shown });
    if attempt == 1 {
        spawn_local(async move {
            TimeoutFuture::new(BANNER_AFTER_MS).await;
            live.link.try_update(|link| {
                if let Link::Away { shown, .. } = link {
                    *shown = true;
                }
            });
        });
    }
}

/// Signs in again, and comes back here.
fn sign_in(live: &Live) {
    if let Some(project) = live.inner.try_with_value(|inner| inner.state.project()) {
        let next = live.place.path(project).replace('/', "%2F");
        go_to(&format!("/sign-in?error=signed_out&next={next}"));
    }
}

fn go_to(path: &str) {
    if let Some(window) = web_sys::window() {
        // it fails for malformed addresses only
        let _ = window.location().set_href(path);
    }
}

struct Connection {
    live: Live,
    was_open: bool,
    /// After a sleep: edits wait for an answer, before which everything missed arrives.
    in_doubt: bool,
    inbox: Rc<RefCell<Vec<ServerMessage>>>,
    last_edit: f64,
    last_heard: f64,
    last_turn: f64,
    ping_sent: Option<f64>,
    outbox: Vec<ClientMessage>,
}

impl Connection {
    fn new(live: Live) -> Self {
        Self {
            live,
            was_open: false,
            in_doubt: false,
            inbox: Rc::default(),
            last_edit: 0.0,
            last_heard: now(),
            last_turn: now(),
            ping_sent: None,
            outbox: Vec::new(),
        }
    }

    async fn run(&mut self, woken: &mut UnboundedReceiver<()>) -> End {
        let Some(project) = self.live.inner.try_with_value(|inner| inner.state.project()) else {
            return End::Left;
        };
        let Ok(mut socket) = WebSocket::open(&address()) else { return End::Lost };
        if !opened(&mut socket).await {
            return End::Lost;
        }
        self.outbox.push(ClientMessage::Subscribe { project });
        loop {
            if self.flush(&mut socket).await.is_err() {
                return End::Lost;
            }
            let mut timer = self.timer().fuse();
            select_biased! {
                left = woken.next() => if left.is_none() { return End::Left },
                message = socket.next().fuse() => match message {
                    Some(Ok(message)) => self.receive(message),
                    Some(Err(WebSocketError::ConnectionClose(close))) => return end_of(close.code),
                    Some(Err(_)) | None => return End::Lost,
                },
                () = timer => {}
            }
            self.check_awake();
            if !self.check_alive() {
                return End::Lost;
            }
            self.collect_edits();
        }
    }

    /// Sends what is queued, if the socket is open: browsers complain about anything sent later, and the stream will report why
    /// it was closed.
    async fn flush(&mut self, socket: &mut WebSocket) -> Result<(), WebSocketError> {
        for message in self.outbox.drain(..) {
            if matches!(socket.state(), State::Open) {
                socket.send(Message::Bytes(encode(&message))).await?;
            }
        }
        Ok(())
    }

    /// Until the next edit may be sent, or the connection has to be checked.
    fn timer(&self) -> impl Future<Output = ()> + use<> {
        let unsent = self.was_open
            && !self.in_doubt
            && self.live.inner.try_with_value(|inner| inner.state.has_unsent()).unwrap_or_default();
        let alive = match self.ping_sent {
            Some(sent) => sent + DEAD_AFTER_MS,
            None => self.last_heard + PING_EVERY_MS,
        };
        let due = if unsent { alive.min(self.last_edit + EDIT_PAUSE_MS) } else { alive };
        if due.is_finite() {
            Either::Left(TimeoutFuture::new((due - now()).max(0.0).ceil() as u32))
        } else {
            Either::Right(pending())
        }
    }

    fn receive(&mut self, message: Message) {
        self.last_heard = now();
        self.ping_sent = None;
        let Message::Bytes(bytes) = message else { return };
        let Ok(message) = parse::<ServerMessage>(&bytes) else { return };
        let is_fresh = match &message {
            ServerMessage::Snapshot(snapshot) => !snapshot.more,
            ServerMessage::More(part) => !part.more,
            ServerMessage::Pong { .. } => self.in_doubt,
            _ => false,
        };
        // the next edit of the same variable may wait for it, and a page out of sight draws no frames
        let is_answer = matches!(message, ServerMessage::EditResult { .. });
        self.inbox.borrow_mut().push(message);
        if is_fresh {
            // edits that were kept are sent after it, so it is applied first
            self.apply_inbox();
            self.opened();
        } else if is_answer || self.inbox.borrow().len() > MAX_INBOX {
            self.apply_inbox();
        } else if self.inbox.borrow().len() == 1 {
            let (live, inbox) = (self.live, Rc::clone(&self.inbox));
            request_animation_frame(move || {
                if apply(live, &inbox).resubscribe {
                    // wakes the task, which asks for a snapshot
                    live.wake();
                }
            });
        }
    }

    fn apply_inbox(&mut self) {
        apply(self.live, &self.inbox);
    }

    fn opened(&mut self) {
        self.was_open = true;
        self.in_doubt = false;
        self.live.update(|state| state.set_open(true));
        self.live.link.try_set(Link::Open);
    }

    /// After a sleep the page may be out of date without knowing: edits wait for the answer to a ping, before which everything
    /// that happened meanwhile arrives.
    fn check_awake(&mut self) {
        let now = now();
        if now < self.last_turn {
            // the clock was set back: don't wait for it to catch up
            self.last_edit = 0.0;
            self.last_heard = now;
            self.ping_sent = self.ping_sent.map(|_| now);
        }
        let slept = now > self.last_turn + ASLEEP_AFTER_MS;
        self.last_turn = now;
        if slept && self.was_open && !self.in_doubt {
            self.in_doubt = true;
            self.live.update(|state| state.set_open(false));
            self.ping_sent = Some(now);
            self.outbox.push(ClientMessage::Ping { token: 0 });
        }
    }

    /// Sends a ping after a quiet period. `false` if the last one was not answered.
    fn check_alive(&mut self) -> bool {
        let now = now();
        match self.ping_sent {
            Some(sent) => now < sent + DEAD_AFTER_MS,
            None => {
                if now >= self.last_heard + PING_EVERY_MS {
                    self.ping_sent = Some(now);
                    self.outbox.push(ClientMessage::Ping { token: 0 });
                }
                true
            }
        }
    }

    fn collect_edits(&mut self) {
        if !self.was_open || self.in_doubt {
            return;
        }
        let again = self.live.inner.try_update_value(|inner| inner.state.take_resubscribe()).flatten();
        self.outbox.extend(again);
        if now() < self.last_edit + EDIT_PAUSE_MS {
            return;
        }
        let edits = self.live.inner.try_update_value(|inner| inner.state.take_unsent()).unwrap_or_default();
        if !edits.is_empty() {
            self.last_edit = now();
            self.outbox.extend(edits);
        }
    }
}

/// Waits until the socket is open or has failed, on which its stream has the details; `false` if neither happens in time.
async fn opened(socket: &mut WebSocket) -> bool {
    let mut ready = poll_fn(|context| socket.poll_ready_unpin(context)).fuse();
    let mut timer = TimeoutFuture::new(OPEN_TIMEOUT_MS).fuse();
    select_biased! {
        _ = ready => true,
        () = timer => false,
    }
}

fn apply(live: Live, inbox: &RefCell<Vec<ServerMessage>>) -> Touched {
    let messages = inbox.take();
    live.update(|state| {
        let mut touched = Touched::default();
        for message in messages {
            touched.join(state.apply(message));
        }
        touched
    })
}

fn end_of(code: u16) -> End {
    match code {
        CLOSE_VERSION => End::Outdated,
        CLOSE_SIGNED_OUT => End::SignedOut,
        CLOSE_FORBIDDEN => End::Forbidden,
        CLOSE_ROLE => End::Role,
        CLOSE_CROWDED => End::Crowded,
        _ => End::Lost,
    }
}

fn address() -> String {
    let location = window().location();
    let scheme = if location.protocol().is_ok_and(|p| p == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    format!("{scheme}://{host}/live?v={LIVE_VERSION}")
}

fn now() -> f64 {
    js_sys::Date::now()
}
