//! People and what they may do: accounts, sessions, projects, members, links, keys, tokens, the audit trail.
//!
//! What changes something writes its audit row in the same transaction; when there is nothing to change, none. Each
//! file has one noun: what is made of it, and its methods with their SQL, which both databases read the same way.

mod accounts;
mod audit;
mod factors;
mod keys;
mod links;
mod members;
mod projects;
mod sessions;
mod tokens;

use sqlx::{Database, Pool, Postgres, Sqlite, Transaction};

use super::Result;

pub use accounts::NewUser;
pub use audit::AuditRow;
pub use factors::Factor;
pub use keys::{KeyState, NewKey};
pub use links::{Joining, Link, LinkPurpose, NewLink};
pub use sessions::{NewSession, Sessions};
pub use tokens::NewToken;

/// The part of a database that is about people.
pub enum AccessStore {
    /// Of SQLite.
    Sqlite(Pools<Sqlite>),
    /// Of Postgres.
    Postgres(Pools<Postgres>),
}

/// The connections to a database.
pub struct Pools<DB: Database> {
    pub(super) reader: Pool<DB>,
    pub(super) writer: Pool<DB>,
    /// The statement that begins a transaction which must not fail later because another one writes.
    pub(super) begin_write: &'static str,
}

impl<DB: Database> Pools<DB> {
    async fn begin_write(&self) -> Result<Transaction<'static, DB>> {
        Ok(self.writer.begin_with(self.begin_write).await?)
    }
}

/// The value of an expression that is compiled for either database, with `$db` for its pools. Why it is a macro, says
/// `shared.rs`.
macro_rules! both {
    ($access:expr, $db:ident, $body:expr) => {
        match $access {
            AccessStore::Sqlite($db) => $body,
            AccessStore::Postgres($db) => $body,
        }
    };
}
use both;
