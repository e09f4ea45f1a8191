//! Where everything is kept: SQLite in a file, or Postgres. All SQL is in this folder.
//!
//! Both pass the same stories (`tests/store.rs`). Reads are plain methods. What games and designers
//! produce in numbers goes through [`Store::commit`], many writes in one transaction.

mod access;
mod access_rows;
mod backup;
#[doc(hidden)]
pub mod batch;
mod files;
mod history;
mod migrations;
mod page;
mod postgres;
mod rows;
mod schema;
mod shared;
mod sqlite;
mod sweep;

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::{
    Applied, Change, Desired, Device, DeviceId, Gesture, Key, KeyId, LogEntry, LogLine, Outcome, Project,
    ProjectId, Reported, Revision, UnixMicros, UserId, Value, VarName, VarRevision, VarSpec,
};

pub use access::{
    AccessStore, AuditRow, Factor, Joining, KeyState, Link, LinkPurpose, NewKey, NewLink, NewSession,
    NewToken, NewUser, Sessions,
};
pub(crate) use access_rows::handle;
pub use backup::{Location, Restored, back_up, restore};
pub use files::{make_folder, open_private};
pub use history::PAGE_BYTES;
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;
pub use sweep::Chore;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The e-mail has an account already.
    #[error("email exists")]
    EmailExists,
    /// The instance has an owner already.
    #[error("the instance has an owner already")]
    OwnerExists,
    /// The key belongs to a project already.
    #[error("the key is taken")]
    KeyTaken,
    /// The database was made by a newer observerio, or by something else.
    #[error("{0}")]
    Foreign(String),
    /// What was to be changed is not there any more.
    #[error("it is gone")]
    Gone,
    /// A row that this program did not write.
    #[error("damaged row: {0}")]
    Damaged(String),
    /// A backup was restored into the database while it was in use: what is in memory counts no longer.
    #[error("a backup was restored")]
    Restored,
    /// The disk is full, or can't be written to.
    #[error("there is no room to store anything: {0}")]
    NoRoom(std::io::Error),
    /// Another server uses the database: this one must not.
    #[error("{0}")]
    InUse(String),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    TimedOut,
    /// The database did not answer, or refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether the same may succeed later: the database is away, hangs or is full. Otherwise it has said no.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::TimedOut | Self::NoRoom(_) => true,
            Self::Database(sqlx::Error::Database(fault)) => {
                fault.code().is_some_and(|code| is_passing(&code))
            }
            // not reached, cut off, no connection free, the driver's own thread gone
            Self::Database(
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::BeginFailed,
            ) => true,
            _ => false,
        }
    }

    /// Whether there is no room on the disk.
    pub fn is_no_room(&self) -> bool {
        match self {
            Self::NoRoom(_) => true,
            Self::Database(sqlx::Error::Database(fault)) => match fault.code().as_deref() {
                // SQLITE_FULL has no extended codes; Postgres says disk_full
                Some(code) => matches!(code, "13" | "53100"),
                None => false,
            },
            _ => false,
        }
    }
}

/// Whether an error code of the database speaks of its state and not of what it was asked.
fn is_passing(code: &str) -> bool {
    match code.parse::<u32>() {
        // SQLite: busy, locked, out of memory, read-only, interrupted, I/O, full, can't open, protocol;
        // extended codes have these in the low byte
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15),
        // Postgres: connection, transaction rolled back, resources, cancelled or shut down, system
        _ => ["08", "25", "40", "53", "57", "58", "55P03"].iter().any(|class| code.starts_with(class)),
    }
}

/// The outcome of a store's method.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A session's or a link's token as it is stored: its SHA-256.
pub type TokenHash = [u8; 32];

/// What the live state of a project starts from.
#[derive(Clone, Debug)]
pub struct ProjectState {
    /// The project.
    pub project: Project,
    /// The newest revision.
    pub revision: Revision,
    /// New and changed declarations wait for a person's consent.
    pub is_frozen: bool,
    /// In the order in which they were first seen; all offline.
    pub devices: Vec<StoredDevice>,
    /// In the order in which they were first declared.
    pub vars: Vec<StoredVar>,
    /// Variables that are not there any more, and were let go.
    pub removed: Vec<(VarName, Desired)>,
    /// The newest log lines, oldest first.
    pub logs: Vec<LogLine>,
    /// Devices that are not there any more and wrote some of `logs`, with their names.
    pub gone: Vec<(DeviceId, String)>,
}

/// A device as stored.
#[derive(Clone, Debug)]
pub struct StoredDevice {
    /// What it is known by; unique within the project.
    pub identity: String,
    /// The device, offline.
    pub device: Device,
}

/// A variable as stored.
#[derive(Clone, Debug)]
pub struct StoredVar {
    /// Its name.
    pub name: VarName,
    /// As last declared.
    pub spec: VarSpec,
    /// By whom, if that is known.
    pub declared_by: Option<DeviceId>,
    /// Its newest edit.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: Vec<Reported>,
    /// What devices did with `desired`, where they did not just take it.
    pub applied: Vec<Applied>,
}

/// Which history the revisions count in. It changes when a backup is restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    /// The instance, made once.
    pub instance: String,
    /// +1 with every restored backup.
    pub number: i64,
}

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.instance, self.number)
    }
}

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

/// The time by which sessions grow old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClock {
    /// That time.
    pub time: UnixMicros,
    /// What the clock said when it was last compared.
    pub seen: UnixMicros,
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
    /// Anything else it says: a JSON object.
    pub attrs: Option<String>,
    /// It says what it applied, and this is how far it is.
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
        /// The device in whose place it comes, if the project is full. What it reported goes as with [`Write::ForgetDevice`].
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
    /// Variables are declared otherwise than a game says just now: by what one had declared before, or by what waited for
    /// consent.
    Declare {
        /// Of which project.
        project: ProjectId,
        /// Whose declarations they are.
        device: DeviceId,
        /// Now.
        at: UnixMicros,
        /// New or changed declarations.
        declared: Vec<(VarName, VarSpec)>,
        /// Values of that device which waited with them.
        values: Vec<(VarName, Value)>,
        /// Its row of the audit trail, if a person has decided it.
        note: Option<AuditRow>,
    },
    /// A line that was refused for good: only its number counts.
    Refused {
        /// Of which project.
        project: ProjectId,
        /// Its number.
        line: Sequenced,
        /// Now.
        at: UnixMicros,
    },
    /// What a device did with desired values, where it did not just take them.
    Outcomes {
        /// Of which project.
        project: ProjectId,
        /// Which device.
        device: DeviceId,
        /// Each with the revision that had set the value; [`Outcome::Applied`] takes an earlier one back.
        outcomes: Vec<(VarName, VarRevision, Outcome)>,
    },
    /// An edit of a person.
    Edit {
        /// Of which project.
        project: ProjectId,
        /// Who edits.
        author: UserId,
        /// His name, kept with the history even when the account goes.
        author_name: String,
        /// By what: `session`, `token NAME`.
        via: String,
        /// From which address; may be empty.
        address: String,
        /// Edits of one gesture and variable share one history row, which keeps the oldest old value.
        gesture: Gesture,
        /// When.
        at: UnixMicros,
        /// Variables that exist, with their new desired values.
        changes: Vec<Change>,
        /// What was asked too and is so already, with the edit that made it so; to be found by the gesture.
        unchanged: Vec<(Change, VarRevision)>,
        /// The project's revision when that was so: that of the edit if it changes nothing.
        seen: Revision,
    },
    /// A person forgets a variable: what people want of it is let go, and it is there no more. Its history stays; its values
    /// are cleared away later, in steps.
    ForgetVar {
        /// Of which project.
        project: ProjectId,
        /// Which.
        name: VarName,
        /// Who.
        author: UserId,
        /// Of the history's row, if there is something to let go of.
        gesture: Gesture,
        /// Its row of the audit trail.
        note: AuditRow,
    },
    /// A person forgets a device that is not connected: its row stays for the name of its log lines, and its values are there
    /// no more; they are cleared away later, in steps.
    ForgetDevice {
        /// Of which project.
        project: ProjectId,
        /// Which.
        device: DeviceId,
        /// Its row of the audit trail.
        note: AuditRow,
    },
    /// A device was there.
    Seen {
        /// Which.
        device: DeviceId,
        /// When.
        at: UnixMicros,
        /// How far it is, if it says so.
        applied: Option<Revision>,
    },
}

impl Write {
    /// When it was received, if it is a line of a game.
    pub fn received(&self) -> Option<UnixMicros> {
        match self {
            Self::Logs { received: at, .. } | Self::Report { at, .. } | Self::Refused { at, .. } => Some(*at),
            Self::Connect { .. }
            | Self::Declare { .. }
            | Self::Edit { .. }
            | Self::ForgetVar { .. }
            | Self::ForgetDevice { .. }
            | Self::Outcomes { .. }
            | Self::Seen { .. } => None,
        }
    }

    /// Its number in its session, if it is a line that has one.
    pub fn line(&self) -> Option<Sequenced> {
        match self {
            Self::Logs { line, .. } | Self::Report { line, .. } => *line,
            Self::Refused { line, .. } => Some(*line),
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

/// What the database gave to a write.
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
    /// The edit was made on an old view: nothing of it is stored.
    Conflict(Box<Conflict>),
    /// The variable is forgotten.
    Forgotten {
        /// The edit that let go of it before; `None`: nobody wanted anything of it.
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
    /// Done, and nothing to say.
    Done,
}

/// The first change of an edit that somebody else's came before.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// The change that is not made.
    pub change: Change,
    /// What is desired when the edit has its turn.
    pub current: Option<Desired>,
}

/// One variable's change, kept for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Which variable.
    pub name: VarName,
    /// What was desired before the gesture; `None` = the game's own value.
    pub old: Option<Value>,
    /// What is desired after it; `None` = the game's own value.
    pub new: Option<Value>,
    /// The revision of the gesture's last edit.
    pub revision: Revision,
    /// Who.
    pub author: String,
    /// When the gesture's last edit was saved.
    pub at: UnixMicros,
}

/// What an edit with a gesture was asked to do to one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct GestureRow {
    /// Which variable.
    pub name: VarName,
    /// What it was to be; `None`: it was to be let go.
    pub value: Option<Value>,
    /// The project's revision after the edit.
    pub revision: Revision,
    /// The variable's newest edit after it.
    pub set_by: VarRevision,
}

/// A database that keeps everything.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// "sqlite" or "postgres".
    fn kind(&self) -> &'static str;

    /// The part that is about people.
    fn access(&self) -> &AccessStore;

    /// One project.
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>>;

    /// What a game key is good for; also one that was revoked.
    async fn get_key(&self, key: Key) -> Result<Option<KeyState>>;

    /// Notes that a game has connected with a key.
    async fn touch_key(&self, key: KeyId, at: UnixMicros) -> Result<()>;

    /// The part of [`Store::load_project`] that a request about a few variables needs: these, of the devices the `max_devices`
    /// last seen, and no log.
    async fn load_vars(
        &self,
        id: ProjectId,
        names: &[VarName],
        max_devices: u32,
    ) -> Result<Option<ProjectState>> {
        let Some(mut all) = self.load_project(id, max_devices, 0).await? else { return Ok(None) };
        all.vars.retain(|var| names.contains(&var.name));
        all.removed.clear();
        Ok(Some(all))
    }

    /// The names of devices that are not there any more; their log lines are.
    async fn list_forgotten(&self, project: ProjectId) -> Result<Vec<(DeviceId, String)>>;

    /// Everything the live state starts from: of the devices the `max_devices` last seen, of the log the
    /// newest `max_logs` lines, with [`PAGE_BYTES`] of text before the last of them.
    async fn load_project(
        &self,
        id: ProjectId,
        max_devices: u32,
        max_logs: u32,
    ) -> Result<Option<ProjectState>>;

    /// The newest history rows of a project, newest first and those of one revision by name: of all variables or one, and of
    /// those behind one of them. At most `limit`, and [`PAGE_BYTES`] of values before the last of them.
    async fn list_history(
        &self,
        project: ProjectId,
        name: Option<&VarName>,
        behind: Option<(Revision, &VarName)>,
        limit: u32,
    ) -> Result<Vec<HistoryRow>>;

    /// The edit of a person and gesture: its changes, and what it was asked to remember beside them; none if there was
    /// no such edit.
    async fn get_gesture(
        &self,
        project: ProjectId,
        author: UserId,
        gesture: Gesture,
    ) -> Result<Vec<GestureRow>>;

    /// Log lines of a project, the newest first, of those older than `before` (a line's number). At most `limit`, and
    /// [`PAGE_BYTES`] of text before the last of them.
    async fn list_logs(&self, project: ProjectId, before: Option<u64>, limit: u32) -> Result<Vec<LogLine>>;

    /// The same of those newer than `after`, the oldest first.
    async fn list_logs_after(&self, project: ProjectId, after: u64, limit: u32) -> Result<Vec<LogLine>>;

    /// Writes everything in one transaction, in order. `written` must be empty and gets one entry for each
    /// write, just before the transaction is committed: it outlives a call that is given up.
    ///
    /// # Errors
    /// Any, and [`StoreError::Restored`] when the database has another epoch. With `written` still empty
    /// nothing of the batch is stored. Otherwise ask [`Store::is_committed`].
    async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()>;

    /// Whether the commit of that ticket, the writer's last one, has happened. Waits until it can't happen any
    /// more.
    async fn is_committed(&self, ticket: &Ticket) -> Result<bool>;

    /// The epoch of the database now.
    async fn epoch(&self) -> Result<Epoch>;

    /// Makes sure that no other server has the database, where this store is opened for the only one. To be called again and
    /// again: the way to tell may break.
    ///
    /// # Errors
    /// [`StoreError::InUse`]: another one has it, and nothing is written any more. Any other error says nothing.
    async fn keep_place(&self) -> Result<()> {
        Ok(())
    }

    /// Whether the database answers, can be written to, and has room for more.
    async fn check(&self) -> Result<()>;

    /// The time by which sessions grow old; `None`: it has not begun.
    async fn session_clock(&self) -> Result<Option<SessionClock>> {
        Ok(None)
    }

    /// Sets the time by which sessions grow old.
    async fn set_session_clock(&self, _clock: SessionClock) -> Result<()> {
        Ok(())
    }

    /// Whether a game's session of that name is known.
    async fn has_session(&self, _project: ProjectId, _name: &str) -> Result<bool> {
        Ok(false)
    }

    /// Up to so many sessions of games, in the order of their numbers and behind one of them, and when the last line of each
    /// came or it was opened.
    async fn list_sessions(&self, _after: i64, _limit: u32) -> Result<Vec<(i64, UnixMicros)>> {
        Ok(Vec::new())
    }

    /// Forgets those of these sessions in which nothing came since.
    async fn forget_sessions(&self, _sessions: &[i64], _before: UnixMicros) -> Result<()> {
        Ok(())
    }

    /// What is to be cleared away next, if anything is.
    async fn find_chore(&self) -> Result<Option<Chore>> {
        Ok(None)
    }

    /// Does a part of it, in one transaction: up to so many rows or pages, and fewer when that takes longer than `within`. How
    /// long others who write had to wait for it.
    async fn do_chore(&self, _chore: &Chore, _rows: u32, _within: Duration) -> Result<Duration> {
        Ok(Duration::ZERO)
    }

    /// Closes every connection, after the last commit.
    async fn close(&self);
}
