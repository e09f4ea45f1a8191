//! Errors of the store.

/// An error of the store.
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
    /// What was to be changed does not exist any more.
    #[error("it is gone")]
    Gone,
    /// A row that this program did not write.
    #[error("damaged row: {0}")]
    Damaged(String),
    /// A backup was restored into the database while it was in use: what is in memory is no longer valid.
    #[error("a backup was restored")]
    Restored,
    /// The disk is full, or can't be written to.
    #[error("there is no room to store anything: {0}")]
    NoRoom(std::io::Error),
    /// Another server uses the database, so this one must not.
    #[error("{0}")]
    InUse(String),
    /// The database did not answer in time.
    #[error("the database did not answer in time")]
    TimedOut,
    /// The database did not answer, or refused the statement.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// Whether a retry may succeed: the database is unreachable, hangs or is full. Otherwise it refused the statement.
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

/// Whether an error code is about the state of the database rather than the statement.
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

/// A row that this program did not write.
pub(super) fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(what.to_owned())
}

/// A write refers to something that does not exist.
pub(super) fn missing(noun: &str, id: i64) -> StoreError {
    StoreError::Damaged(format!("a write names the {noun} {id}, which is not there"))
}
