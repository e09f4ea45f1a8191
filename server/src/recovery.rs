//! `observerio remove-second-factor`: for an owner who has lost the app and the recovery codes. Anyone who can write to the
//! database may use it, with or without a running server.

use std::sync::Arc;

use gateway::{
    Clock,
    store::{AuditRow, SqlStore, Store, StoreError},
};

use crate::{config::Database, copies::CopyError};

/// Removes the account's second factor, ends its sessions, and returns a message for the operator.
///
/// # Errors
/// [`CopyError`].
pub async fn remove_second_factor(email: &str, database: &Database) -> Result<String, CopyError> {
    let unusable = |error: StoreError| {
        let cause = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        CopyError::Unusable(format!("{database} cannot be used: {cause}"))
    };
    let store = open(database).await?;
    let email = email.trim().to_lowercase();
    let access = store.access();
    let found = access.get_user_by_email(&email).await.map_err(unusable)?;
    let Some((user, _)) = found else {
        return Err(CopyError::Unusable(format!("{database} has no account with the e-mail {email}")));
    };
    let note = AuditRow {
        at: Clock::system().now(),
        actor_id: None,
        actor: "operator".to_owned(),
        via: "command line".to_owned(),
        address: String::new(),
        project: None,
        action: "account.second_factor",
        subject: user.name,
        old: Some("on".to_owned()),
        new: None,
    };
    let removed = access.delete_factor(user.id, None, note).await.map_err(unusable)?;
    store.close().await;
    if removed {
        Ok(format!("{email} now signs in with the password alone, and was signed out everywhere\n"))
    } else {
        Err(CopyError::Unusable(format!("{email} has no second factor")))
    }
}

async fn open(database: &Database) -> Result<Arc<dyn Store>, CopyError> {
    let opened: Result<Arc<dyn Store>, StoreError> = match database {
        // a mistyped path must not create a database
        Database::Sqlite(path) if !path.exists() => {
            return Err(CopyError::Unusable(format!("{database} does not exist")));
        }
        Database::Sqlite(path) => SqlStore::open(path).await.map(|store| Arc::new(store) as _),
        Database::Postgres(url) => SqlStore::connect(url).await.map(|store| Arc::new(store) as _),
    };
    opened.map_err(|error| match error {
        StoreError::Foreign(sentence) => CopyError::Unusable(sentence),
        other => CopyError::Unusable(format!("{database} cannot be used: {other}")),
    })
}
