//! People and what they may do: accounts, sessions, projects, members, links, keys, tokens, saved searches, the audit trail.
//!
//! A change writes its row of the audit trail in the same transaction; if there is nothing to change, it writes none. Each
//! file has one noun: its trait, its rows, and its SQL.

mod accounts;
mod audit;
mod factors;
mod keys;
mod links;
mod members;
mod projects;
mod searches;
mod sessions;
mod tokens;
mod user_record;

pub use accounts::{Accounts, NewUser};
pub use audit::AuditTrail;
pub use factors::{Factor, Factors};
pub use keys::{KeyState, KeyStates, Keys, NewKey};
pub use links::{Joining, Link, LinkPurpose, Links, NewLink};
pub use members::Members;
pub use projects::Projects;
pub use searches::{NewSearch, Searches};
pub use sessions::{NewSession, Sessions, UserSessions};
pub use tokens::{NewToken, Tokens};

/// The part of a store that is about people.
pub trait Access:
    Accounts + AuditTrail + Factors + Keys + Links + Members + Projects + Searches + Tokens + UserSessions
{
}

impl<T> Access for T where
    T: Accounts + AuditTrail + Factors + Keys + Links + Members + Projects + Searches + Tokens + UserSessions
{
}
