//! Carries things between a game, its session and a stream of bytes.

use std::{
    io::{self, ErrorKind, Read, Write},
    sync::{Arc, PoisonError, atomic::Ordering::Relaxed, mpsc::Receiver},
    time::Duration,
};

use protocol::model::{Level, LogEntry};

use crate::{
    Settings,
    disk::Disk,
    game::{Applied, Game, MAX_ENTRIES, Shared, Slot},
    session::{Close, Session},
};

/// Read at a time, and how often before something is written.
const PIECE_BYTES: usize = 16 * 1024;
const MAX_PIECES: usize = 16;

/// For a game that has no thread to spare, or a transport of its own: whoever holds the driver connects when it says so, and
/// [polls](Driver::poll) it now and then, once a frame for example.
pub struct Driver {
    session: Session,
    disk: Disk,
    shared: Arc<Shared>,
    entries: Receiver<LogEntry>,
    slots: Vec<Arc<Slot>>,
    out: Vec<u8>,
    /// Why there is no connection.
    failure: Option<String>,
}

impl Game {
    /// A game, and what connects it: [`crate::connect`] gives that a thread and a socket, or the game asks it now and then.
    /// Reads the files that the settings name.
    pub fn new(settings: Settings) -> (Self, Driver) {
        let (session, disk) = Disk::open(settings);
        let (game, shared, entries) = Self::of(session.good().values().clone());
        let (slots, out) = (Vec::new(), Vec::new());
        (game, Driver { session, disk, shared, entries, slots, out, failure: None })
    }
}

impl Driver {
    /// When to connect, as time since the driver was made; `None` while there is a connection.
    pub fn connects_at(&self) -> Option<Duration> {
        self.session.connects_at()
    }

    /// There is a connection: a new stream, from which nothing was read.
    pub fn connected(&mut self, now: Duration) {
        self.out.clear();
        self.session.connected(now);
    }

    /// The connection is over, or could not be made.
    pub fn disconnected(&mut self, now: Duration) {
        self.session.disconnected(now);
    }

    /// As [`Driver::disconnected`], with the reason for [`Stats::last_failure`](crate::Stats::last_failure).
    pub fn failed(&mut self, error: &io::Error, now: Duration) {
        self.failure = Some(error.to_string());
        self.disconnected(now);
    }

    /// Whether nothing waits to be stored.
    pub fn is_settled(&mut self) -> bool {
        self.exchange();
        self.session.is_settled()
    }

    /// Reads what has come and writes what is to be said. The stream may say `WouldBlock` or `TimedOut` at any time. With
    /// [`Settings::outbox_in`](crate::Settings::outbox_in) or [`Settings::values_in`](crate::Settings::values_in), it writes
    /// files, too.
    ///
    /// # Errors
    /// The connection is of no more use: say [`Driver::disconnected`], and connect again when it is time.
    pub fn poll(&mut self, stream: &mut (impl Read + Write), now: Duration) -> io::Result<()> {
        let mut piece = [0; PIECE_BYTES];
        for _ in 0..MAX_PIECES {
            let count = match stream.read(&mut piece) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => count,
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            };
            self.session.received(&piece[..count], now).map_err(of_no_use)?;
            if count < PIECE_BYTES {
                break;
            }
        }
        self.exchange();
        self.session.write(now, &mut self.out).map_err(of_no_use)?;
        // what a killed game had sent its next start must know
        self.disk.save(&mut self.session);
        while !self.out.is_empty() {
            match stream.write(&self.out) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => drop(self.out.drain(..count)),
                Err(error) if is_later(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What the game has to say goes to the session, and what people want to the game.
    pub(crate) fn exchange(&mut self) {
        let mut exchange = self.shared.exchange.lock().unwrap_or_else(PoisonError::into_inner);
        for slot in exchange.declared.drain(..) {
            self.session.declare(slot.report());
            self.slots.retain(|other| other.name() != slot.name());
            self.slots.push(slot);
        }
        for Applied { edits, outcomes, frame } in exchange.applied.drain(..) {
            self.session.applied(&edits, outcomes, Some(frame));
        }
        for (id, answer) in exchange.answers.drain(..) {
            self.session.answer(id, answer);
        }
        // of what comes meanwhile the session keeps the newest
        if exchange.edits.is_none() {
            exchange.edits = self.session.take_edits();
        }
        exchange.calls.extend(std::iter::from_fn(|| self.session.take_call()));
        exchange.stats = self.session.stats();
        self.disk.count(&mut exchange.stats);
        exchange.stats.last_failure.clone_from(&self.failure);
        drop(exchange);
        for slot in &self.slots {
            self.session.set(slot.name(), slot.value());
        }
        self.entries.try_iter().take(MAX_ENTRIES).for_each(|entry| self.session.log(entry));
        for (level, lost) in Level::ALL.into_iter().zip(&self.shared.lost) {
            match lost.swap(0, Relaxed) {
                0 => {}
                count => self.session.count_dropped(level, count),
            }
        }
        self.disk.save(&mut self.session);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.exchange();
        self.disk.finish(&mut self.session);
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn of_no_use(close: Close) -> io::Error {
    match close {
        Close::Silent => io::Error::new(ErrorKind::TimedOut, "the server does not answer"),
        Close::Nonsense => {
            io::Error::new(ErrorKind::InvalidData, "the server says something other than lines")
        }
    }
}
