//! The row of a person, which several nouns read.

use protocol::model::{Role, User, UserId};

use crate::store::{error::damaged, sql::row};

row! {
    /// An account.
    pub(super) struct UserRecord { id: i64, name: String, email: Option<String>, role: String } -> User {
        let role = match role.as_str() {
            "owner" => Role::Owner,
            "member" => Role::Member,
            _ => return Err(damaged("a user has an unknown role")),
        };
        Ok(User { id: UserId(id), name, email, role })
    }
}
