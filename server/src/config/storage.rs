//! Where the data is: for the server, and for `backup` and `restore`.

use std::path::PathBuf;

use clap::Args;

use super::{
    ConfigError, Database,
    source::{Sources, filled},
};

/// As given.
#[derive(Debug, Args)]
pub(crate) struct Storage {
    /// The data directory; the server creates it if it is missing
    #[arg(long, env = "OBSERVERIO_DATA_DIR", value_name = "DIR", default_value = "./observerio-data")]
    data_dir: PathBuf,
    /// postgres://USER:PASSWORD@HOST/NAME or sqlite:PATH [default: sqlite, observerio.db in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    database_url: Option<String>,
}

impl Storage {
    /// The data directory and the database.
    pub(crate) fn check(self, sources: Sources<'_>) -> Result<(PathBuf, Database), ConfigError> {
        let database = match filled(self.database_url) {
            Some(url) => Database::parse(&url)
                .map_err(|why| sources.named("database_url", "DATABASE_URL").refuse(why))?,
            None => Database::Sqlite(self.data_dir.join("observerio.db")),
        };
        Ok((self.data_dir, database))
    }
}
