//! One connection of a game.

use std::time::{Duration, Instant};

use protocol::{
    line::{
        Caps, Changes, Command, Edit, Hello, Reply, encode_hello, parse_edits, parse_reply, parse_revised,
        write_command,
    },
    model::{Key, Revision},
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep_until,
};

use super::{Dialect, Order, Player, Tally, script};

/// A game speaks once a frame at most …
const FRAME: Duration = Duration::from_millis(10);
/// … and then says at most so many lines. The original protocol does not acknowledge: behind them the game asks whether they were read.
const LINES_PER_FRAME: u64 = 8;

pub(super) struct Conversation<'a> {
    player: &'a mut Player,
    key: Key,
    reader: BufReader<OwnedReadHalf>,
    /// What has come of a line so far.
    piece: Vec<u8>,
    writer: OwnedWriteHalf,
    out: Vec<u8>,
    /// The next line to send, for the first time or again.
    next: u64,
    /// Until the next frame, or for as long as it was told to wait.
    silent_until: Instant,
    /// When it may have something to say without being told so.
    next_look: Instant,
    heard: Instant,
    pinged: bool,
    is_version_2: bool,
    verified: bool,
    /// Original dialect: lines since the last `OK`.
    unconfirmed: u64,
    draining: bool,
}

/// The connection is over.
pub(super) struct Over;

enum Wake {
    Line(std::io::Result<usize>),
    Writable,
    Order,
    Timer,
}

impl<'a> Conversation<'a> {
    pub(super) async fn begin(player: &'a mut Player) -> std::io::Result<Self> {
        let stream = TcpStream::connect(player.settings.server).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        let next = player.tally.borrow().acked + 1;
        let mut conversation = Self {
            key: player.settings.key.parse().expect("a key"),
            reader: BufReader::new(reader),
            piece: Vec::new(),
            writer,
            out: Vec::new(),
            next,
            silent_until: Instant::now(),
            next_look: Instant::now(),
            heard: Instant::now(),
            pinged: false,
            is_version_2: false,
            verified: false,
            unconfirmed: 0,
            draining: false,
            player,
        };
        conversation.greet();
        Ok(conversation)
    }

    fn greet(&mut self) {
        let settings = &self.player.settings;
        if settings.dialect == Dialect::Acknowledged {
            let tally = self.player.tally.borrow();
            let hello = Hello {
                proto: 2,
                device: Some(settings.name.clone()),
                session: Some(self.player.session.clone()),
                name: Some(settings.name.clone()),
                caps: Caps::ALL,
                epoch: tally.epoch.clone(),
                rev: tally.epoch.as_ref().map(|_| Revision(tally.revision.cast_signed())),
                ..Hello::default()
            };
            write_command(&mut self.out, &Command::Hello { payload: encode_hello(&hello).as_bytes() });
        }
        write_command(&mut self.out, &Command::Verify { key: self.key });
        self.player.tally.send_modify(|tally| tally.fulls = 0);
    }

    /// Until it is over.
    pub(super) async fn run(mut self) {
        while self.step().await.is_ok() {}
    }

    async fn step(&mut self) -> Result<(), Over> {
        self.make_lines();
        let timer = self.next_look.min(self.silence_limit());
        let wake = tokio::select! {
            // when something else comes first, what has been read stays in the piece
            count = self.reader.read_until(b'\n', &mut self.piece) => Wake::Line(count),
            _ = self.writer.writable(), if !self.out.is_empty() => Wake::Writable,
            _ = self.player.orders.changed() => Wake::Order,
            () = sleep_until(timer.into()) => Wake::Timer,
        };
        match wake {
            // a line without its end was cut, and may say something else
            Wake::Line(Ok(_)) if self.piece.ends_with(b"\n") => {
                self.heard = Instant::now();
                self.pinged = false;
                let line = std::mem::take(&mut self.piece);
                self.on_line(line.trim_ascii_end())
            }
            Wake::Line(_) => Err(Over),
            Wake::Writable => match self.writer.try_write(&self.out) {
                Ok(count) => {
                    self.out.drain(..count);
                    Ok(())
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
                Err(_) => Err(Over),
            },
            Wake::Order => self.on_order().await,
            Wake::Timer => self.on_timer(),
        }
    }

    fn may_send(&self) -> bool {
        self.verified && !self.draining && self.out.is_empty()
    }

    /// As many lines as the window lets through.
    fn make_lines(&mut self) {
        self.next_look = Instant::now() + self.player.settings.patience;
        if !self.may_send() {
            return;
        }
        if Instant::now() < self.silent_until {
            self.next_look = self.silent_until;
            return;
        }
        let may_make = *self.player.orders.borrow() == Order::Play;
        let Tally { sent, acked, .. } = *self.player.tally.borrow();
        let mut last = match self.player.settings.dialect {
            Dialect::Acknowledged => {
                (acked + self.player.settings.window).min(self.next + LINES_PER_FRAME - 1)
            }
            Dialect::Original if self.unconfirmed > 0 => return,
            Dialect::Original => sent + LINES_PER_FRAME,
        };
        if !may_make {
            last = last.min(sent);
        }
        if self.next > last {
            return;
        }
        let made = last + 1 - self.next;
        for number in self.next..=last {
            script::write(&self.player.settings, number, &mut self.out);
        }
        self.next = last + 1;
        self.silent_until = Instant::now() + FRAME;
        if self.player.settings.dialect == Dialect::Original {
            write_command(&mut self.out, &Command::Verify { key: self.key });
            self.unconfirmed = made;
        }
        self.player.tally.send_modify(|tally| tally.sent = tally.sent.max(last));
        self.player.lines.send_modify(|lines| *lines += made);
    }

    fn silence_limit(&self) -> Instant {
        let patience = self.player.settings.patience;
        self.heard + if self.pinged { 3 * patience } else { patience }
    }

    fn on_timer(&mut self) -> Result<(), Over> {
        let (silent, patience) = (self.heard.elapsed(), self.player.settings.patience);
        if silent >= 3 * patience {
            // the original has no heartbeat: a server that reads no more, because it can't store, looks like a dead one
            let can_tell = self.is_version_2 || !self.verified;
            return if can_tell { Err(Over) } else { self.be_patient() };
        }
        if silent >= patience && !self.pinged {
            self.pinged = true;
            if self.is_version_2 {
                write_command(&mut self.out, &Command::Ping { token: b"there?" });
            }
        }
        Ok(())
    }

    fn be_patient(&mut self) -> Result<(), Over> {
        self.heard = Instant::now();
        self.pinged = false;
        Ok(())
    }

    async fn on_order(&mut self) -> Result<(), Over> {
        if *self.player.orders.borrow() == Order::Leave {
            return Err(Over);
        }
        Ok(())
    }

    fn on_line(&mut self, line: &[u8]) -> Result<(), Over> {
        match parse_reply(line) {
            Ok(reply) if reply.key().is_none_or(|key| key == self.key) => self.on_reply(reply),
            _ => self.complain(format!("said {:?}", String::from_utf8_lossy(line))),
        }
        Ok(())
    }

    fn on_reply(&mut self, reply: Reply<'_>) {
        match reply {
            Reply::Hello { .. } => self.is_version_2 = true,
            Reply::Ok => self.on_ok(),
            Reply::Ack { seq, .. } => self.on_ack(seq),
            Reply::NotNow { seq, code, retry_millis, .. } => self.on_not_now(seq, code, retry_millis),
            Reply::Refused { seq, code, .. } => {
                self.player.tally.send_modify(|tally| tally.refused.push((seq, code.to_owned())));
            }
            Reply::Edits { payload, .. } => match parse_edits(payload) {
                Ok(edits) => self.player.tally.send_modify(|tally| take(tally, edits)),
                Err(error) => self.complain(format!("pushed edits that can't be read: {error}")),
            },
            Reply::Revised { revision, payload, .. } => match parse_revised(payload) {
                Ok(changes) => self.on_changes(revision, changes),
                Err(error) => self.complain(format!("pushed changes that can't be read: {error}")),
            },
            Reply::InSync { revision, .. } => self.on_in_sync(revision.0.cast_unsigned()),
            Reply::Ping { token } => write_command(&mut self.out, &Command::Pong { token }),
            Reply::Pong { .. } => {}
            Reply::Drain { .. } => {
                self.draining = true;
                self.player.tally.send_modify(|tally| tally.drains += 1);
            }
            Reply::Error { code, .. } => {
                self.player.tally.send_modify(|tally| tally.errors.push(code.to_owned()));
            }
            Reply::Action { .. } => self.complain("ran an action that was not declared".to_owned()),
        }
    }

    fn complain(&self, what: String) {
        self.player.tally.send_modify(|tally| tally.violations.push(what));
    }

    fn on_ok(&mut self) {
        self.unconfirmed = 0;
        if self.verified {
            return;
        }
        let is_original = self.player.settings.dialect == Dialect::Original;
        if !is_original && !self.is_version_2 {
            self.complain("did not answer h: before OK".into());
        }
        // version 2 first says what it has; only then the game knows where to go on
        self.verified = is_original;
        self.player.tally.send_modify(|tally| {
            tally.connects += 1;
            tally.in_sync = is_original;
        });
        if is_original {
            self.next = self.player.tally.borrow().sent + 1;
        }
    }

    fn on_ack(&mut self, seq: u64) {
        self.verified = true;
        self.player.tally.send_modify(|tally| {
            if seq < tally.acked || seq > tally.sent {
                let what = format!("acked {seq} after {} of {}", tally.acked, tally.sent);
                tally.violations.push(what);
            }
            tally.acked = tally.acked.max(seq);
        });
        self.next = self.next.max(seq + 1);
    }

    fn on_not_now(&mut self, seq: u64, code: &str, pause_millis: u64) {
        let acked = self.player.tally.borrow().acked;
        if seq <= acked {
            self.complain(format!("did not take {seq}, which it had acked"));
        }
        self.next = self.next.min(seq.max(acked + 1));
        // what is not sent yet would only be refused too
        self.silent_until = Instant::now() + Duration::from_millis(pause_millis);
        self.player.tally.send_modify(|tally| *tally.put_off.entry(code.to_owned()).or_default() += 1);
    }

    fn on_changes(&mut self, revision: Revision, changes: Changes) {
        self.player.tally.send_modify(|tally| take_changes(tally, revision.0.cast_unsigned(), changes));
        write_command(&mut self.out, &Command::Applied { key: self.key, revision, payload: b"" });
    }

    fn on_in_sync(&mut self, revision: u64) {
        self.player.tally.send_modify(|tally| {
            if revision < tally.revision {
                tally.violations.push(format!("in sync at {revision} after {}", tally.revision));
            }
            tally.revision = tally.revision.max(revision);
            tally.in_sync = true;
        });
    }
}

fn take(tally: &mut Tally, edits: Vec<Edit>) {
    for Edit { name, value, .. } in edits {
        let json = serde_json::from_str(&value.to_json()).expect("a value writes JSON");
        tally.values.insert(name.into(), json);
    }
}

fn take_changes(tally: &mut Tally, revision: u64, changes: Changes) {
    let epoch = Some(changes.epoch);
    if epoch == tally.epoch && revision < tally.revision {
        tally.violations.push(format!("pushed revision {revision} after {}", tally.revision));
    }
    if changes.full {
        tally.fulls += 1;
        tally.all_fulls += 1;
        tally.most_fulls = tally.most_fulls.max(tally.fulls);
        tally.values.clear();
    }
    (tally.epoch, tally.revision, tally.in_sync) = (epoch, revision, true);
    take(tally, changes.vars);
    for name in changes.removed {
        tally.values.remove(name.as_str());
    }
}
