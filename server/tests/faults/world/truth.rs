//! What is really in the database, read from it directly, beside the server.

use std::collections::HashMap;

use protocol::model::ProjectId;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, SqliteConnection,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};

use super::{
    designer::{Edit, Outcome, VARIABLE},
    game::{Dialect, Game},
    load::{KEY, Load},
    server::Server,
    soon,
};

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// The truth about one project, read on as it grows.
pub struct Truth {
    database: Database,
    pub project: ProjectId,
    /// The last log line that was read.
    read: i64,
    sessions: HashMap<String, Stored>,
}

/// What is stored of one game.
#[derive(Debug, Default)]
struct Stored {
    /// The entry that was read last.
    last: u64,
    /// Where entries are missing: the one before them, and their last one.
    gaps: Vec<[u64; 2]>,
}

impl Truth {
    /// Opens the server's database; the project of [`KEY`] must exist.
    pub async fn open(server: &Server) -> Self {
        let mut database = Database::open(server).await;
        let sql = format!("SELECT project_id, key FROM game_keys WHERE key = '{KEY}'");
        let project = ProjectId(database.query(&sql).await[0].0);
        Self { database, project, read: 0, sessions: HashMap::new() }
    }

    /// The same after the server's database was away.
    pub async fn reopen(&mut self, server: &Server) {
        self.database = Database::open(server).await;
    }

    /// Reads on, and demands of every game: what it was told is stored is there, nothing is there twice or in
    /// another order, nothing that it did not send. May run while the games play on.
    pub async fn check(&mut self, load: &Load) {
        // before the reading: what is acked later may be missing there; what is sent later may be there
        let acked: Vec<(u64, u64)> = load
            .games
            .iter()
            .map(|game| {
                let tally = game.tally();
                (tally.acked, tally.acked_counter)
            })
            .collect();
        self.read_on().await;
        for (game, acked) in load.games.iter().zip(acked) {
            self.check_game(game, acked).await;
        }
    }

    async fn read_on(&mut self) {
        let (project, read) = (self.project.0, self.read);
        let sql = format!(
            "SELECT seq, message FROM logs WHERE project_id = {project} AND seq > {read} ORDER BY seq"
        );
        for (seq, message) in self.database.query(&sql).await {
            assert_eq!(seq, self.read + 1, "the numbers of the log have a gap, before {message:?}");
            self.read = seq;
            self.see(&message);
        }
    }

    fn see(&mut self, message: &str) {
        let (name, number) = message.rsplit_once(' ').expect("a name and a number");
        let number: u64 = number.parse().expect("a number");
        let stored = self.sessions.entry(name.to_owned()).or_default();
        assert!(number > stored.last, "{name}: entry {number} is stored after {}", stored.last);
        if number > stored.last + 1 {
            assert!(name.starts_with("old-"), "{name}: {number} is stored after {}", stored.last);
            stored.gaps.push([stored.last, number - 1]);
        }
        stored.last = number;
    }

    async fn check_game(&mut self, game: &Game, (acked, acked_counter): (u64, u64)) {
        let name = &game.settings.name;
        let stored = self.sessions.entry(name.clone()).or_default();
        let last = stored.last;
        {
            let tally = game.tally();
            assert!(last <= tally.sent, "{name}: {last} is stored, but only {} were sent", tally.sent);
            for end in stored.gaps.drain(..).flatten().chain([last]).filter(|end| *end > 0) {
                assert!(tally.line_ends.contains(&end), "{name}: a line is stored in part, to {end}");
            }
        }
        if game.settings.dialect == Dialect::Original {
            return;
        }
        assert!(last >= acked, "{name}: entry {acked} was acked, but only {last} are stored");
        let reported = self.reported(name).await;
        let made = game.tally().made;
        assert!(
            (acked_counter..=made).contains(&reported),
            "{name}: a counter of {acked_counter} was acked, but {reported} is stored"
        );
    }

    async fn reported(&mut self, device: &str) -> u64 {
        let sql = format!(
            "SELECT r.device_id, r.value FROM reported r JOIN devices d ON d.id = r.device_id
             WHERE r.project_id = {} AND r.name = 'counter' AND d.name = '{device}'",
            self.project.0
        );
        let rows = self.database.query(&sql).await;
        assert!(rows.len() <= 1, "{device} is {} devices", rows.len());
        rows.first().map_or(0, |(_, value)| value.parse().unwrap())
    }

    /// Demands of every edit: if it was saved, it is in the history under its revision; if it was refused, it is not.
    pub async fn check_edits(&mut self, edits: &[Edit]) {
        let sql = format!(
            "SELECT revision, new FROM edits WHERE project_id = {} AND name = '{VARIABLE}' ORDER BY revision",
            self.project.0
        );
        let history = self.database.query(&sql).await;
        let mut revisions: HashMap<i64, i64> = HashMap::new();
        for (revision, value) in &history {
            let value = value.parse().unwrap();
            assert_eq!(revisions.insert(value, *revision), None, "{value} is in the history twice");
            assert!(edits.iter().any(|edit| edit.value == value), "nobody has set {value}");
        }
        for edit in edits {
            let stored = revisions.get(&edit.value).map(|revision| u64::try_from(*revision).unwrap());
            match &edit.outcome {
                Outcome::Saved { revision } => assert_eq!(stored, Some(*revision), "{edit:?}"),
                // the database was asked for its outcome and did not say it in time
                Outcome::Refused { code, .. } if code == "undecided" => {}
                Outcome::Refused { .. } => assert_eq!(stored, None, "{edit:?}"),
                Outcome::Unknown => {}
            }
        }
        let in_order = history.windows(2).all(|two| two[0].0 < two[1].0);
        assert!(in_order, "two edits have one revision: {history:?}");
    }

    /// The newest revision and the value that people want.
    pub async fn desired(&mut self) -> (u64, Option<i64>) {
        let project = self.project.0;
        let sql = format!("SELECT revision, '' FROM projects WHERE id = {project}");
        let revision = u64::try_from(self.database.query(&sql).await[0].0).unwrap();
        let sql = format!(
            "SELECT desired_revision, desired FROM vars WHERE project_id = {project} AND name = '{VARIABLE}' AND desired IS NOT NULL"
        );
        let desired = self.database.query(&sql).await;
        (revision, desired.first().map(|(_, value)| value.parse().unwrap()))
    }

    /// All log messages, in the order of their numbers, in which none is missing.
    pub async fn messages(&mut self) -> Vec<String> {
        let sql = format!("SELECT seq, message FROM logs WHERE project_id = {} ORDER BY seq", self.project.0);
        let rows = self.database.query(&sql).await;
        let is_whole = (1..).zip(&rows).all(|(number, (seq, _))| *seq == number);
        assert!(is_whole, "the numbers of the log have a gap");
        rows.into_iter().map(|(_, message)| message).collect()
    }

    /// How many log lines are stored, as far as they were read.
    pub fn log_lines(&self) -> i64 {
        self.read
    }

    /// That the database itself is whole.
    pub async fn check_integrity(&mut self) {
        self.database.check_integrity().await;
    }
}

impl Database {
    async fn open(server: &Server) -> Self {
        match server.database_url() {
            None => {
                let file = server.data_dir().join("observerio.db");
                let options = SqliteConnectOptions::new().filename(file).read_only(true);
                Self::Sqlite(soon("the database to open", options.connect()).await.unwrap())
            }
            Some(url) => {
                let options: PgConnectOptions = url.parse().unwrap();
                let options = options.application_name("the truth");
                Self::Postgres(soon("the database to open", options.connect()).await.unwrap())
            }
        }
    }

    /// Rows of a number and a text.
    async fn query(&mut self, sql: &str) -> Vec<(i64, String)> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => {
                soon("rows", sqlx::query_as(sql).fetch_all(connection)).await.unwrap()
            }
            Self::Postgres(connection) => {
                soon("rows", sqlx::query_as(sql).fetch_all(connection)).await.unwrap()
            }
        }
    }

    async fn check_integrity(&mut self) {
        let Self::Sqlite(connection) = self else { return };
        connection.ping().await.unwrap();
        let found = self.query("SELECT 0, integrity_check FROM pragma_integrity_check").await;
        assert_eq!(found, [(0, "ok".to_owned())]);
        let orphans = self.query("SELECT 0, \"table\" FROM pragma_foreign_key_check").await;
        assert!(orphans.is_empty(), "{orphans:?}");
    }
}
