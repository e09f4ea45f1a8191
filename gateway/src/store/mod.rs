//! Where everything is kept: SQLite in a file, or Postgres. All SQL is in this folder.
//!
//! Both pass the same stories (`tests/store.rs`). Reads are plain methods. What games and designers
//! produce in numbers goes through [`Store::commit`], many writes in one transaction.

mod batch;
mod migrations;
mod postgres;
mod rows;
mod shared;
mod sqlite;

use async_trait::async_trait;
use protocol::{
    live::{Desired, Device, Gesture, LogLine, Reported},
    model::{
        DeviceId, Key, LogEntry, Project, ProjectId, ProjectSummary, Revision, Role, UnixMicros, User,
        UserId, Value, VarName, VarSpec,
    },
};

pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

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
    /// A row that this program did not write.
    #[error("damaged row: {0}")]
    Damaged(String),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    TimedOut,
    /// The database did not answer, or refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// The outcome of a store's method.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A session's or a link's token as it is stored: its SHA-256.
pub type TokenHash = [u8; 32];

/// An account that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What others read.
    pub name: String,
    /// Lower-case e-mail.
    pub email: Option<String>,
    /// argon2id in PHC form.
    pub password_hash: Option<String>,
    /// What he may do.
    pub role: Role,
    /// Now.
    pub created_at: UnixMicros,
}

/// A session that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Of the token in the cookie.
    pub token_hash: TokenHash,
    /// Who signed in.
    pub user: UserId,
    /// Now.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

/// What the live state of a project starts from.
#[derive(Clone, Debug)]
pub struct ProjectState {
    /// The project.
    pub project: Project,
    /// The newest revision.
    pub revision: Revision,
    /// In the order in which they were first seen; all offline.
    pub devices: Vec<StoredDevice>,
    /// In the order in which they were first declared.
    pub vars: Vec<StoredVar>,
    /// The newest log lines, oldest first.
    pub logs: Vec<LogLine>,
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
    /// What people want it to be.
    pub desired: Option<Desired>,
    /// What each device last said it is.
    pub reported: Vec<Reported>,
}

/// One write of a batch.
#[derive(Clone, Debug)]
pub enum Write {
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
    },
    /// An edit of a person.
    Edit {
        /// Of which project.
        project: ProjectId,
        /// Who edits.
        author: UserId,
        /// His name, kept with the history even when the account goes.
        author_name: String,
        /// Edits of one gesture and variable share one history row, which keeps the oldest old value.
        gesture: Gesture,
        /// When.
        at: UnixMicros,
        /// Variables that exist, with their new desired values.
        changes: Vec<(VarName, Value)>,
    },
    /// A device was there.
    Seen {
        /// Which.
        device: DeviceId,
        /// When.
        at: UnixMicros,
    },
}

impl Write {
    /// How many records it holds, for the size of batches.
    pub fn records(&self) -> usize {
        match self {
            Self::Logs { entries, .. } => entries.len(),
            Self::Report { declared, values, .. } => declared.len() + values.len(),
            Self::Edit { changes, .. } => changes.len(),
            Self::Seen { .. } => 1,
        }
    }
}

/// What the database gave to a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The `seq` of the first entry; the others follow without gaps.
    Logs {
        /// That number; the first line of a project has 1.
        first_seq: u64,
    },
    /// The project's revision after the edit.
    Edit {
        /// +1 for every edit of the project.
        revision: Revision,
    },
    /// Done, and nothing to say.
    Done,
}

/// One variable's change, kept for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryRow {
    /// Which variable.
    pub name: VarName,
    /// What was desired before the gesture; `None` = the game's own value.
    pub old: Option<Value>,
    /// What is desired after it.
    pub new: Value,
    /// The revision of the gesture's last edit.
    pub revision: Revision,
    /// Who.
    pub author: String,
    /// When the gesture's last edit was saved.
    pub at: UnixMicros,
}

/// A database that keeps everything.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// "sqlite" or "postgres".
    fn kind(&self) -> &'static str;

    /// The instance's owner with his password's hash; `None` until the instance is set up.
    async fn get_owner(&self) -> Result<Option<(User, Option<String>)>>;

    /// Makes an account. The first [`Role::Owner`] is the only one.
    ///
    /// # Errors
    /// [`StoreError::EmailExists`], [`StoreError::OwnerExists`].
    async fn create_user(&self, user: NewUser) -> Result<User>;

    /// The account of a lower-case e-mail, with its password's hash.
    async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>>;

    /// Gives an account an e-mail, which becomes its name, and a password's hash.
    ///
    /// # Errors
    /// [`StoreError::EmailExists`].
    async fn set_credentials(&self, user: UserId, email: &str, password_hash: &str) -> Result<User>;

    /// Begins a session.
    async fn create_session(&self, session: NewSession) -> Result<()>;

    /// Who is signed in by this token, unless it has expired at `now`.
    async fn get_session(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<User>>;

    /// Ends a session. One that does not exist is no error.
    async fn delete_session(&self, token_hash: &TokenHash) -> Result<()>;

    /// Makes a project with its first game key, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::KeyTaken`]; then nothing is made.
    async fn create_project(
        &self,
        name: &str,
        owner: Option<UserId>,
        key: Key,
        created_at: UnixMicros,
    ) -> Result<Project>;

    /// The projects of an owner, or every project for `None`; the newest first. `online` is 0 everywhere.
    async fn list_projects(&self, owner: Option<UserId>) -> Result<Vec<ProjectSummary>>;

    /// One project.
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>>;

    /// The project that a game key belongs to.
    async fn get_project_by_key(&self, key: Key) -> Result<Option<Project>>;

    /// The device of that identity, made if it is new, with `name` and `last_seen = at`.
    async fn ensure_device(
        &self,
        project: ProjectId,
        identity: &str,
        name: &str,
        at: UnixMicros,
    ) -> Result<Device>;

    /// Everything the live state starts from: of the devices the `max_devices` last seen, of the log the
    /// newest `max_logs` lines.
    async fn load_project(
        &self,
        id: ProjectId,
        max_devices: u32,
        max_logs: u32,
    ) -> Result<Option<ProjectState>>;

    /// The newest history rows of a project, newest first.
    async fn list_history(&self, project: ProjectId, limit: u32) -> Result<Vec<HistoryRow>>;

    /// Writes everything in one transaction, in order. The outcome has one entry for each write.
    ///
    /// # Errors
    /// Any: then nothing of the batch is stored.
    async fn commit(&self, batch: &[Write]) -> Result<Vec<Written>>;

    /// Whether the database answers and can be written to.
    async fn check(&self) -> Result<()>;

    /// Closes every connection, after the last commit.
    async fn close(&self);
}
