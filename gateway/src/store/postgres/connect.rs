//! Connections that are in no pool.

use std::{str::FromStr, time::Duration};

use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

use crate::store::error::{Result, StoreError};

/// How long the server gets to answer when observerio starts.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to connect to the database of a `postgres://` URL.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions> {
    Ok(PgConnectOptions::from_str(url)?.application_name("observerio").disable_statement_logging())
}

/// A connection for a backup, without limits on how long a statement may take.
pub(in crate::store) async fn connect_for_copy(url: &str) -> Result<PgConnection> {
    connect(&options_of(url)?).await
}

/// Connects within [`CONNECT_TIMEOUT`]. Statements may take longer: a schema step of a large database does.
pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    match timeout(CONNECT_TIMEOUT, options.connect()).await {
        Ok(connected) => Ok(connected?),
        Err(_) => Err(StoreError::TimedOut),
    }
}
