//! The writes of a batch, and the result of each.

use protocol::model::{
    Change, Desired, DeviceId, Gesture, LogEntry, Outcome, ProjectId, Revision, UnixMicros, UserId, Value,
    VarName, VarRevision, VarSpec,
};

use super::note::AuditRow;

/// Names one commit, so that a writer that was cut off can ask whether it has happened.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The writer; random, one for each running program.
    pub writer: String,
    /// Grows with every attempt.
    pub number: i64,
    /// The epoch that the writer knows; in another one nothing is committed.
    pub epoch: i64,
}

/// A connection's hold on a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// The session's number in the database.
    pub id: i64,
    /// Which connection of the session this is; only the newest one may write.
    pub generation: i64,
    /// The number of its last line that is stored or was refused for good.
    pub last_seq: u64,
}

impl OpenSession {
    /// Nobody had it before.
    pub fn is_new(&self) -> bool {
        self.generation == 1
    }
}

/// The number of a line within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequenced {
    /// [`OpenSession::id`].
    pub session: i64,
    /// [`OpenSession::generation`].
    pub generation: i64,
    /// The line's number; the first one is 1.
    pub seq: u64,
}

/// What a device is known by and says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Unique within the project.
    pub identity: String,
    /// What people read.
    pub name: String,
    /// What it says of itself, for people; may be empty.
    pub about: String,
    /// The build of the game that it runs; empty: it does not say.
    pub build: String,
    /// Anything else it says: a JSON object.
    pub attrs: Option<String>,
    /// The newest revision it has applied; `None`: it does not report that.
    pub applied: Option<Revision>,
}

/// One write of a batch.
#[derive(Clone, Debug)]
pub enum Write {
    /// A game connects: its device is made if it is new, and its session is opened or taken over.
    Connect {
        /// Of which project.
        project: ProjectId,
        /// Which device.
        device: DeviceInfo,
        /// The name of its session, if lines with numbers will come.
        session: Option<String>,
        /// The device that it replaces, if the project is full; treated as in [`Write::ForgetDevice`].
        gives_way: Option<DeviceId>,
        /// Now.
        at: UnixMicros,
    },
    /// Log entries of one line.
    Logs {
        /// Of which project.
        project: ProjectId,
        /// Who wrote them.
        device: DeviceId,
        /// When the line was received.
        received: UnixMicros,
        /// In the order of the line.
        entries: Vec<LogEntry>,
        /// Its number, if it has one.
        line: Option<Sequenced>,
    },
    /// Variables of one line.
    Report {
        /// Of which project.
        project: ProjectId,
        /// Who reports.
        device: DeviceId,
        /// When the line was received.
        at: UnixMicros,
        /// New or changed declarations; they replace what was declared before.
        declared: Vec<(VarName, VarSpec)>,
        /// Values; each variable is declared here or was before.
        values: Vec<(VarName, Value)>,
        /// Its number, if it has one.
        line: Option<Sequenced>,
    },
    /// Variables are declared without a new line from a game: from an earlier declaration, or from one that was waiting
    /// for consent.
    Declare {
        /// Of which project.
        project: ProjectId,
        /// Whose declarations they are.
        device: DeviceId,
        /// Now.
        at: UnixMicros,
        /// New or changed declarations.
        declared: Vec<(VarName, VarSpec)>,
        /// Values of that device that were waiting with them.
        values: Vec<(VarName, Value)>,
        /// Its row of the audit trail, if a person decided it.
        note: Option<AuditRow>,
    },
    /// A line that was rejected for good: only its number is stored.
    Refused {
        /// Of which project.
        project: ProjectId,
        /// Its number.
        line: Sequenced,
        /// Now.
        at: UnixMicros,
    },
    /// What a device did with desired values that it did not simply apply.
    Outcomes {
        /// Of which project.
        project: ProjectId,
        /// Which device.
        device: DeviceId,
        /// Each with the revision that set the value; [`Outcome::Applied`] clears an earlier outcome.
        outcomes: Vec<(VarName, VarRevision, Outcome)>,
    },
    /// An edit of a person.
    Edit {
        /// Of which project.
        project: ProjectId,
        /// Who edits.
        author: UserId,
        /// Their name, kept in the history after the account is deleted.
        author_name: String,
        /// By what: `session`, `token NAME`.
        via: String,
        /// From which address; may be empty.
        address: String,
        /// Edits of one gesture and variable share one row of history, which keeps the oldest old value.
        gesture: Gesture,
        /// When.
        at: UnixMicros,
        /// Variables that exist, with their new desired values.
        changes: Vec<Change>,
        /// Changes that were requested but already in effect, each with the edit that set it; stored under the gesture.
        unchanged: Vec<(Change, VarRevision)>,
        /// The project's revision at that time; the result of the edit if it changes nothing.
        seen: Revision,
    },
    /// A person forgets a variable: its desired value is released and it is no longer listed. Its history stays; its values
    /// are deleted later, in steps.
    ForgetVar {
        /// Of which project.
        project: ProjectId,
        /// Which.
        name: VarName,
        /// Who.
        author: UserId,
        /// Identifies the row of history, if there is a desired value to release.
        gesture: Gesture,
        /// Its row of the audit trail.
        note: AuditRow,
    },
    /// A person forgets a device that is not connected. Its row stays, because log lines show its name; its values are no
    /// longer listed, and are deleted later, in steps.
    ForgetDevice {
        /// Of which project.
        project: ProjectId,
        /// Which.
        device: DeviceId,
        /// Its row of the audit trail.
        note: AuditRow,
    },
    /// A device was seen.
    Seen {
        /// Which.
        device: DeviceId,
        /// When.
        at: UnixMicros,
        /// The newest revision it has applied, if it reports that.
        applied: Option<Revision>,
    },
}

impl Write {
    /// When it was received, if it is a line of a game.
    pub fn received(&self) -> Option<UnixMicros> {
        self.as_line().map(|(received, _)| received)
    }

    /// Its number in its session, if it is a line that has one.
    pub fn line(&self) -> Option<Sequenced> {
        self.as_line().and_then(|(_, line)| line)
    }

    /// When it was received, and its number if it has one.
    fn as_line(&self) -> Option<(UnixMicros, Option<Sequenced>)> {
        match self {
            Self::Logs { received: at, line, .. } | Self::Report { at, line, .. } => Some((*at, *line)),
            Self::Refused { at, line, .. } => Some((*at, Some(*line))),
            Self::Connect { .. }
            | Self::Declare { .. }
            | Self::Edit { .. }
            | Self::ForgetVar { .. }
            | Self::ForgetDevice { .. }
            | Self::Outcomes { .. }
            | Self::Seen { .. } => None,
        }
    }

    /// How many records it holds, for the size of batches.
    pub fn records(&self) -> usize {
        match self {
            Self::Logs { entries, .. } => entries.len(),
            Self::Report { declared, values, .. } | Self::Declare { declared, values, .. } => {
                declared.len() + values.len()
            }
            Self::Edit { changes, unchanged, .. } => changes.len() + unchanged.len(),
            Self::Outcomes { outcomes, .. } => outcomes.len(),
            Self::Connect { .. }
            | Self::ForgetVar { .. }
            | Self::ForgetDevice { .. }
            | Self::Refused { .. }
            | Self::Seen { .. } => 1,
        }
    }
}

/// The result of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// The `seq` of the first entry; the others follow without gaps.
    Logs {
        /// That number; the first line of a project has 1.
        first_seq: u64,
    },
    /// The edit is saved.
    Edit {
        /// The project's revision after it: +1 for every edit of the project.
        revision: Revision,
        /// The same for the variables that it changed; `None` when it changed nothing.
        set: Option<VarRevision>,
    },
    /// The edit was based on an outdated value: nothing of it is stored.
    Conflict(Box<Conflict>),
    /// The variable is forgotten.
    Forgotten {
        /// The edit that released its desired value; `None`: it had none.
        let_go: Option<VarRevision>,
    },
    /// A game is connected.
    Connected {
        /// Its device.
        device: DeviceId,
        /// Its session, if it asked for one.
        session: Option<OpenSession>,
    },
    /// The line was stored before.
    Repeated,
    /// A newer connection has taken the session over: nothing is stored.
    TakenOver,
    /// A line before this one is missing: nothing is stored.
    Gap,
    /// Done; there is nothing to report.
    Done,
}

/// The first change of an edit that somebody else's edit preceded.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The rejected change.
    pub change: Change,
    /// The desired value at the time of the commit.
    pub current: Option<Desired>,
}
