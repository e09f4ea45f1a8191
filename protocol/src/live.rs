//! What the browser and the server say on the dashboard's WebSocket: postcard in binary messages.
//!
//! The browser subscribes to one project and gets a [`Snapshot`], then [`ServerMessage::Delta`]s numbered
//! without gaps. After a lag or a reconnect it gets a fresh snapshot, never a hole.

use serde::{Deserialize, Serialize};

use crate::model::{
    Applied, Change, Desired, Device, DeviceId, Gesture, LogLine, ProjectId, ProjectRole, Refused, Revision,
    RunId, UnixMicros, Value, Var, VarName, VarRevision, VarSpec,
};

/// Goes up with every change of these types. A browser that loaded its page before an upgrade says an
/// older one and is told to reload, because postcard does not describe itself.
pub const LIVE_VERSION: u32 = 7;

/// WebSocket close code: this page is of another version, load it anew.
pub const CLOSE_VERSION: u16 = 4001;
/// WebSocket close code: signed out.
pub const CLOSE_SIGNED_OUT: u16 = 4002;
/// WebSocket close code: no longer a member of the project, or the project is gone.
pub const CLOSE_FORBIDDEN: u16 = 4003;
/// WebSocket close code: may do more or less than before, connect again.
pub const CLOSE_ROLE: u16 = 4004;
/// WebSocket close code: this account has as many of these connections open as one may have; close some.
pub const CLOSE_CROWDED: u16 = 4005;
/// WebSocket close code: the server is going down, connect again.
pub const CLOSE_RESTART: u16 = 1012;

/// Counts the deltas of one project since the server loaded it.
pub type Seq = u64;

/// Browser → server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// Send me this project, from now on. Replaces an earlier subscription.
    Subscribe {
        /// The project.
        project: ProjectId,
    },
    /// Set desired values, or let go of them. Answered by [`ServerMessage::EditResult`] with the same `id`.
    Edit {
        /// Chosen by the browser, so that it can tell the answers apart.
        id: u32,
        /// The project.
        project: ProjectId,
        /// The drag that this edit is part of.
        gesture: Gesture,
        /// All of them, or none.
        changes: Vec<Change>,
    },
    /// Run an action on every connected game that has declared it. Answered by [`ServerMessage::RunResult`] with the same
    /// `id`, then by one [`Event::ActionDone`] for each game.
    Run {
        /// Chosen by the browser, so that it can tell the answers apart.
        id: u32,
        /// The project.
        project: ProjectId,
        /// A variable of type `action`.
        name: VarName,
        /// JSON for the game; `None` for an action that takes nothing.
        args: Option<String>,
    },
    /// Tell me that you are there; answered by [`ServerMessage::Pong`].
    Ping {
        /// Comes back in the answer.
        token: u32,
    },
}

/// Server → browser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// Everything as it is now. Forget what you had, but for the log lines above `logs`. With [`Snapshot::more`] that
    /// counts as soon as the last part of it has come; deltas that come before, numbered from this on, are to be applied
    /// then, in their order.
    Snapshot(Box<Snapshot>),
    /// What follows of a snapshot. It may be newer than what came before: the deltas that come in between may be in it or not.
    More(Box<SnapshotPart>),
    /// What happened since delta `seq - 1`.
    Delta {
        /// This delta's number.
        seq: Seq,
        /// In the order in which they were committed.
        events: Vec<Event>,
    },
    /// What became of an edit.
    EditResult {
        /// The edit's `id`.
        id: u32,
        /// Saved, or why not.
        outcome: Result<EditSaved, EditRefused>,
    },
    /// What became of a wish to run an action.
    RunResult {
        /// The wish's `id`.
        id: u32,
        /// Sent to games, or why not.
        outcome: Result<RunStarted, EditRefused>,
    },
    /// The answer to `Ping`.
    Pong {
        /// The token of the ping.
        token: u32,
    },
    /// The last message could not be served. The connection lives on.
    Refused {
        /// A sentence for the person at the screen.
        text: String,
    },
}

/// An edit is on disk and on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditSaved {
    /// The project's revision after this edit.
    pub revision: Revision,
    /// The newest edit of each variable that was named: this one, or an earlier one where nothing was to be changed.
    pub vars: Vec<(VarName, VarRevision)>,
    /// How many games were connected and get it now.
    pub games: u32,
}

/// An action is on its way to games.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Comes back in each [`Event::ActionDone`].
    pub run: RunId,
    /// How many games were asked.
    pub games: u32,
}

/// An edit was not taken; nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditRefused {
    /// A stable code, such as `bad_shape`.
    pub code: String,
    /// A sentence for the person who edits.
    pub text: String,
}

/// A project as it is at delta `seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The number of the last delta that is in it.
    pub seq: Seq,
    /// The server's clock.
    pub now: UnixMicros,
    /// The project.
    pub project: ProjectId,
    /// Its name.
    pub name: String,
    /// What the watcher may do. When that changes, the connection is closed, and the next snapshot tells.
    pub role: ProjectRole,
    /// The project's revision.
    pub revision: Revision,
    /// In the order in which they were first seen.
    pub devices: Vec<Device>,
    /// In the order in which they were first declared.
    pub vars: Vec<Var>,
    /// Not all devices and variables are in it: they follow, in [`ServerMessage::More`].
    pub more: bool,
    /// The newest log lines, oldest first; at most `limits::SNAPSHOT_LOGS`, and `limits::SNAPSHOT_LOG_BYTES` of text.
    pub logs: Vec<LogLine>,
    /// Whether the database takes what games and people send.
    pub storing: bool,
    /// Records of this project that were taken in and could not be stored, since the server started.
    pub lost: u64,
    /// What was refused, since the server started.
    pub refused: Vec<Refused>,
    /// Devices that are not there any more and wrote some of `logs`, with their names.
    pub gone: Vec<(DeviceId, String)>,
    /// Devices that gave way to new ones, since the server started.
    pub gave_way: u64,
    /// Whether log entries are refused because as many were stored today as may.
    pub full: Option<Full>,
    /// Declarations that wait for an admin's consent.
    pub declarations_waiting: u32,
    /// What is stored and not here, because the project was too large to be loaded.
    pub left_out: Option<LeftOut>,
}

/// What was too large to be loaded of a project. The HTTP API has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many variables, with everything that is known of them.
    pub vars: u32,
    /// Their names; only the first hundred.
    pub names: Vec<VarName>,
    /// How many values and outcomes of devices, of other variables.
    pub values: u64,
}

/// As much log was stored today as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// When it is taken again.
    pub until: UnixMicros,
    /// How much may be stored in a day, in bytes.
    pub bytes: u64,
}

/// What follows of a snapshot that is too long for one message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SnapshotPart {
    /// Behind those that came before.
    pub devices: Vec<Device>,
    /// Behind those that came before. The first may be the last of these, with what other devices say of it.
    pub vars: Vec<Var>,
    /// Another part follows.
    pub more: bool,
}

impl Snapshot {
    /// Takes what follows of it.
    pub fn add(&mut self, part: SnapshotPart) {
        self.devices.extend(part.devices);
        for var in part.vars {
            match self.vars.last_mut() {
                Some(last) if last.name == var.name => {
                    (last.spec, last.desired) = (var.spec, var.desired);
                    last.reported.extend(var.reported);
                    last.applied.extend(var.applied);
                }
                _ => self.vars.push(var),
            }
        }
        self.more = part.more;
    }
}

/// One thing that happened in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A device came, went or changed its name.
    Device(Device),
    /// A device reported variables. Declarations come along when they are new or changed, and are its own.
    Reported {
        /// Who.
        device: DeviceId,
        /// When it was received.
        at: UnixMicros,
        /// Declarations that are new or changed.
        declared: Vec<(VarName, VarSpec)>,
        /// Values.
        values: Vec<(VarName, Value)>,
    },
    /// Somebody edited variables.
    Edited {
        /// Desired values that were set or let go; all of one revision, author and time.
        desired: Vec<(VarName, Desired)>,
    },
    /// Log lines, in the order of their `seq`.
    Logs(Vec<LogLine>),
    /// Devices applied what they were sent. Gathered: of each device and variable the newest.
    Applied {
        /// The newest revision that each device has applied.
        devices: Vec<(DeviceId, Revision)>,
        /// What they did with variables, as in [`Var::applied`].
        vars: Vec<(VarName, Vec<Applied>)>,
    },
    /// A game has run an action, or did not within [`crate::limits::ACTION_TIMEOUT`].
    ActionDone {
        /// Which run.
        run: RunId,
        /// The action.
        name: VarName,
        /// Who.
        device: DeviceId,
        /// The result as JSON, or why it failed.
        outcome: Result<Option<String>, String>,
        /// From sending it to hearing of it, in microseconds.
        round_trip_micros: u32,
    },
    /// The database stopped taking what is sent, or takes it again.
    Storing(bool),
    /// Records were taken in and could not be stored.
    Lost {
        /// How many since the server started.
        records: u64,
    },
    /// Devices are not there any more, nor is what they reported. Their log lines stay.
    Forgotten {
        /// Which.
        devices: Vec<DeviceId>,
        /// How many have given way to new ones since the server started.
        gave_way: u64,
    },
    /// Variables are not there any more, nor is what was wanted or reported of them. Their history stays.
    VarsForgotten {
        /// Which.
        names: Vec<VarName>,
    },
    /// Lines were refused. Gathered: each stands in place of what was told of its device before.
    Refused(Vec<Refused>),
    /// As much log was stored today as may, or it is taken again.
    Full(Option<Full>),
    /// So many declarations wait for an admin's consent.
    DeclarationsWaiting(u32),
}

/// A message is not what this version speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of this version")]
pub struct Malformed;

/// Value → bytes of one WebSocket message.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    postcard::to_stdvec(message).expect("messages are plain data, which postcard always takes")
}

/// A [`ServerMessage::Delta`] → bytes, as [`encode`] does it, without taking the events.
pub fn encode_delta(seq: Seq, events: &[Event]) -> Vec<u8> {
    #[derive(Serialize)]
    #[expect(dead_code, reason = "they number the one that is used")]
    enum Borrowed<'a> {
        Snapshot,
        More,
        Delta { seq: Seq, events: &'a [Event] },
    }
    encode(&Borrowed::Delta { seq, events })
}

/// Bytes of one WebSocket message → value.
///
/// # Errors
/// [`Malformed`] when they are not, whole and exactly, one message.
pub fn parse<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, Malformed> {
    match postcard::take_from_bytes(bytes) {
        Ok((message, [])) => Ok(message),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Integer, NOT_DESIRED, VarType};

    #[test]
    fn a_delta_is_the_same_from_borrowed_events() {
        let events = vec![Event::Storing(true), Event::Lost { records: 7 }];
        let borrowed = encode_delta(9, &events);
        assert_eq!(borrowed, encode(&ServerMessage::Delta { seq: 9, events }));
    }

    #[test]
    fn messages_survive_the_wire() {
        let name = VarName::parse("speed").unwrap();
        let edit = ClientMessage::Edit {
            id: 7,
            project: ProjectId(1),
            gesture: Gesture(u64::MAX),
            changes: vec![
                Change {
                    name: name.clone(),
                    value: Some(Value::Int(Integer::MAX)),
                    base: Some(VarRevision(i64::MAX)),
                    again: true,
                },
                (name.clone(), Value::Float(0.1)).into(),
                Change::let_go(name.clone()).on(NOT_DESIRED),
            ],
        };
        assert_eq!(parse(&encode(&edit)), Ok(edit));

        let delta = ServerMessage::Delta {
            seq: 3,
            events: vec![Event::Reported {
                device: DeviceId(1),
                at: UnixMicros(5),
                declared: vec![(name.clone(), VarSpec::bare(VarType::Other("money".into())))],
                values: vec![(name, Value::Json("[1]".into()))],
            }],
        };
        assert_eq!(parse(&encode(&delta)), Ok(delta));
    }

    #[test]
    fn what_is_not_a_message_is_refused() {
        assert_eq!(parse::<ClientMessage>(b""), Err(Malformed));
        assert_eq!(parse::<ClientMessage>(&[0xff; 40]), Err(Malformed));
        let mut longer = encode(&ClientMessage::Ping { token: 1 });
        longer.push(0);
        assert_eq!(parse::<ClientMessage>(&longer), Err(Malformed));
    }
}
