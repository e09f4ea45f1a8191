//! The truth about what is stored: read from the database itself, not from the server that is measured.

use std::collections::HashMap;

use anyhow::{Context as _, bail, ensure};
use futures_util::TryStreamExt as _;
use protocol::model::ProjectId;
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{client::Promised, record::Record, server::Server};

/// A connection of its own to the server's database.
pub(crate) enum Stored {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Stored {
    pub(crate) async fn open(server: &Server) -> anyhow::Result<Self> {
        Ok(match server.database_url() {
            Some(url) => Self::Postgres(PgConnection::connect(url).await?),
            None => {
                let options = SqliteConnectOptions::new().filename(server.sqlite_file());
                Self::Sqlite(SqliteConnection::connect_with(&options).await?)
            }
        })
    }

    /// How many log entries of the key's project are committed: one small read, whatever their number.
    pub(crate) async fn log_count(&mut self, key: &str) -> anyhow::Result<u64> {
        const SQL: &str =
            "SELECT p.log_seq FROM projects p JOIN game_keys k ON k.project_id = p.id WHERE k.key = $1";
        Ok(u64::try_from(self.number(SQL, Some(key)).await?)?)
    }

    /// The key's project.
    pub(crate) async fn project_id(&mut self, key: &str) -> anyhow::Result<ProjectId> {
        const SQL: &str = "SELECT project_id FROM game_keys WHERE key = $1";
        Ok(ProjectId(self.number(SQL, Some(key)).await?))
    }

    /// How many values of variables are stored, over all devices.
    pub(crate) async fn reported_count(&mut self) -> anyhow::Result<u64> {
        Ok(u64::try_from(self.number("SELECT count(*) FROM reported", None).await?)?)
    }

    async fn number(&mut self, sql: &'static str, key: Option<&str>) -> anyhow::Result<i64> {
        Ok(match self {
            Self::Sqlite(connection) => match key {
                Some(key) => sqlx::query_scalar(sql).bind(key).fetch_one(connection).await?,
                None => sqlx::query_scalar(sql).fetch_one(connection).await?,
            },
            Self::Postgres(connection) => match key {
                Some(key) => sqlx::query_scalar(sql).bind(key).fetch_one(connection).await?,
                None => sqlx::query_scalar(sql).fetch_one(connection).await?,
            },
        })
    }

    /// Reads every log entry and compares; returns how many there are.
    ///
    /// # Errors
    /// An acknowledged entry is missing, is there twice or in the wrong place, or one is there that nobody
    /// sent.
    pub(crate) async fn verify(&mut self, promised: &[Promised]) -> anyhow::Result<u64> {
        const SQL: &str = "SELECT message FROM logs ORDER BY project_id, seq";
        let mut ledger = Ledger::new(promised);
        match self {
            Self::Sqlite(connection) => {
                let mut rows = sqlx::query(SQL).fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    ledger.enter(row.try_get(0)?)?;
                }
            }
            Self::Postgres(connection) => {
                let mut rows = sqlx::query(SQL).fetch(connection);
                while let Some(row) = rows.try_next().await? {
                    ledger.enter(row.try_get(0)?)?;
                }
            }
        }
        ledger.close()
    }
}

/// Compares entries, in the order in which they are stored, with what was promised about them.
struct Ledger {
    accounts: HashMap<u32, Account>,
    entries: u64,
}

struct Account {
    promised: Promised,
    last: u64,
}

impl Ledger {
    fn new(promised: &[Promised]) -> Self {
        let account = |promised: &Promised| (promised.client, Account { promised: *promised, last: 0 });
        Self { accounts: promised.iter().map(account).collect(), entries: 0 }
    }

    fn enter(&mut self, message: &str) -> anyhow::Result<()> {
        let Some(Record { client, number }) = Record::parse(message) else {
            bail!("an entry is stored that nobody sent: {message}")
        };
        let account = self.accounts.get_mut(&client).context("an entry of an unknown client is stored")?;
        let (last, Promised { said, gaps, .. }) = (account.last, account.promised);
        ensure!(number <= said, "client {client} said {said} entries, and entry {number} is stored");
        ensure!(number > last, "client {client}: entry {number} is stored behind entry {last}");
        ensure!(gaps || number == last + 1, "client {client}: entry {} is missing", last + 1);
        account.last = number;
        self.entries += 1;
        Ok(())
    }

    fn close(self) -> anyhow::Result<u64> {
        for Account { promised: Promised { client, acknowledged, .. }, last } in self.accounts.into_values() {
            ensure!(
                last >= acknowledged,
                "client {client}: {acknowledged} entries were acknowledged, and {last} are stored"
            );
        }
        Ok(self.entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(gaps: bool, numbers: &[u64]) -> Result<u64, String> {
        let promised = Promised { client: 1, acknowledged: 2, said: 4, gaps };
        let mut ledger = Ledger::new(&[promised]);
        let check = numbers.iter().try_for_each(|number| ledger.enter(&format!("bench 1 {number} …")));
        check.and_then(|()| ledger.close()).map_err(|error| error.to_string())
    }

    #[test]
    fn acknowledged_entries_are_there_once_and_in_order() {
        assert_eq!(check(false, &[1, 2]), Ok(2));
        // said and not acknowledged: there or not
        assert_eq!(check(false, &[1, 2, 3, 4]), Ok(4));
        for (numbers, why) in [
            (&[1][..], "2 entries were acknowledged, and 1 are stored"),
            (&[1, 3], "entry 2 is missing"),
            (&[1, 2, 2], "entry 2 is stored behind entry 2"),
            (&[2, 1], "entry 1 is missing"),
            (&[1, 2, 3, 4, 5], "said 4 entries, and entry 5 is stored"),
        ] {
            assert!(check(false, numbers).unwrap_err().contains(why), "{numbers:?}");
        }
    }

    #[test]
    fn without_acknowledgements_entries_may_be_missing_but_not_come_twice() {
        assert_eq!(check(true, &[2, 4]), Ok(2));
        assert!(check(true, &[1, 2, 2]).is_err());
        assert!(check(true, &[1, 3, 2]).is_err());
    }

    #[test]
    fn a_stranger_is_noticed() {
        let mut ledger = Ledger::new(&[]);
        assert!(ledger.enter("bench 1 1 …").is_err());
        assert!(ledger.enter("hello").is_err());
    }
}
