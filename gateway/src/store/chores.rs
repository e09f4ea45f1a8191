//! Deleting what is left of deleted projects and forgotten devices and variables. It can be millions of rows, so the request
//! only sets a mark; the rows are deleted in small steps. The mark stays until the last row is gone, so a stop in between
//! loses nothing.

use std::time::Duration;

use async_trait::async_trait;
use protocol::model::ProjectId;
use sqlx::AssertSqlSafe;

use super::{budget::Budget, error::Result, sql::Tx, sql_store::SqlStore};

/// Something to delete. The cost of a row, and so the number of rows per step, depends on its [kind](Chore::kind).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chore {
    /// What these forgotten devices reported.
    ForgottenDevices(Vec<i64>),
    /// A forgotten variable of a project, with its values.
    ForgottenVar {
        /// Of which project.
        project: i64,
        /// Its name.
        name: String,
    },
    /// These devices of a deleted project, with what they reported.
    DeletedDevices(Vec<i64>),
    /// Other rows of a deleted project.
    DeletedRows {
        /// Which project.
        project: i64,
        /// In which table.
        table: &'static str,
    },
    /// A deleted project of which nothing else is left.
    DeletedProject(i64),
}

impl Chore {
    /// What it is about.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ForgottenDevices(_) | Self::DeletedDevices(_) => "devices",
            Self::ForgottenVar { .. } => "values of a variable",
            Self::DeletedRows { table, .. } => table,
            Self::DeletedProject(_) => "projects",
        }
    }
}

/// Deleting in steps.
#[async_trait]
pub trait Chores: Send + Sync {
    /// The next chore, if there is one.
    async fn find_chore(&self) -> Result<Option<Chore>>;

    /// What is left to delete of a forgotten device, if anything is.
    async fn find_forgotten(&self, _project: ProjectId, _identity: &str) -> Result<Option<Chore>> {
        Ok(None)
    }

    /// Does a part of it in one transaction: up to `rows` rows, or fewer if that takes longer than `within`. Returns
    /// how long other writers had to wait.
    async fn do_chore(&self, chore: &Chore, rows: u32, within: Duration) -> Result<Duration>;
}

#[async_trait]
impl Chores for SqlStore {
    async fn find_chore(&self) -> Result<Option<Chore>> {
        let devices: Vec<i64> = self.read(FORGOTTEN_DEVICES).column().await?;
        if !devices.is_empty() {
            return Ok(Some(Chore::ForgottenDevices(devices)));
        }
        if let Some((project, name)) = self.read(FORGOTTEN_VAR).find().await? {
            return Ok(Some(Chore::ForgottenVar { project, name }));
        }
        if let (Some(project),) = self.read(DELETED_PROJECT).one().await? {
            return self.find_rest(project).await.map(Some);
        }
        Ok(None)
    }

    async fn find_forgotten(&self, project: ProjectId, identity: &str) -> Result<Option<Chore>> {
        let device: Option<(i64,)> =
            self.read(FORGOTTEN_DEVICE).bind(project.0).bind(identity).find().await?;
        Ok(device.map(|(device,)| Chore::ForgottenDevices(vec![device])))
    }

    async fn do_chore(&self, chore: &Chore, rows: u32, within: Duration) -> Result<Duration> {
        let mut tx = self.begin_write().await?;
        // from here on other writers wait
        let mut budget = Budget::new(rows, within);
        for piece in chore.pieces(self.engine.kind()) {
            if !piece.run(&mut tx, &mut budget).await? {
                break;
            }
        }
        tx.commit().await?;
        let blocked = budget.elapsed();
        self.after_step().await?;
        Ok(blocked)
    }
}

impl SqlStore {
    /// The next chore of a deleted project.
    async fn find_rest(&self, project: i64) -> Result<Chore> {
        let devices: Vec<i64> = self.read(DEVICES).bind(project).column().await?;
        if !devices.is_empty() {
            return Ok(Chore::DeletedDevices(devices));
        }
        for table in OF_PROJECTS {
            let any = AssertSqlSafe(format!("SELECT 1 FROM {table} WHERE project_id = $1 LIMIT 1"));
            if self.read(any).bind(project).find::<(i32,)>().await?.is_some() {
                return Ok(Chore::DeletedRows { project, table });
            }
        }
        Ok(Chore::DeletedProject(project))
    }
}

/// Tables of what devices report. A few devices may have many rows, so they are deleted device by device, in the order of
/// the table.
const OF_DEVICES: [&str; 2] = ["reported", "outcomes"];
/// The other tables with rows of a project. They come after its devices, because values refer to variables.
const OF_PROJECTS: [&str; 11] = [
    "log_times",
    "log_levels",
    "log_pattern_marks",
    "log_patterns",
    "log_blocks",
    "logs",
    "edits",
    "unchanged_edits",
    "let_go",
    "game_sessions",
    "vars",
];

/// Blocks of the log that one statement deletes.
const BLOCKS: u32 = 8;

/// Short tables, most of which give access to a project; their rows are deleted at once.
pub(super) const ENDS: [&str; 7] = [
    "DELETE FROM members WHERE project_id = $1",
    "DELETE FROM game_keys WHERE project_id = $1",
    "DELETE FROM api_tokens WHERE project_id = $1",
    "DELETE FROM links WHERE project_id = $1",
    "DELETE FROM log_pins WHERE project_id = $1",
    "DELETE FROM retention WHERE project_id = $1",
    "DELETE FROM saved_searches WHERE project_id = $1",
];

const FORGOTTEN_DEVICES: &str = "SELECT id FROM devices WHERE to_empty IS NOT NULL LIMIT 100";
const FORGOTTEN_DEVICE: &str =
    "SELECT id FROM devices WHERE project_id = $1 AND identity = $2 AND to_empty IS NOT NULL";
const FORGOTTEN_VAR: &str = "SELECT project_id, name FROM vars WHERE forgotten_at IS NOT NULL LIMIT 1";
const DELETED_PROJECT: &str = "SELECT min(id) FROM projects WHERE deleted_at IS NOT NULL";
const DEVICES: &str = "SELECT id FROM devices WHERE project_id = $1 LIMIT 100";

/// A statement of a chore.
struct Piece<'a> {
    sql: String,
    /// `$1`: a project or a device.
    of: i64,
    /// Deletes up to `$2` rows; otherwise the only one.
    is_part: bool,
    /// The variable, as the last parameter.
    name: Option<&'a str>,
}

impl Piece<'_> {
    fn part(of: i64, sql: String) -> Self {
        Self { sql, of, is_part: true, name: None }
    }

    fn last(of: i64, sql: &str) -> Self {
        Self { sql: sql.to_owned(), of, is_part: false, name: None }
    }

    /// Runs it until it finds no more rows. Returns whether there is time for the next piece.
    async fn run(&self, tx: &mut Tx<'_>, budget: &mut Budget) -> Result<bool> {
        loop {
            let Some(part) = budget.part() else { return Ok(false) };
            let mut query = tx.query(AssertSqlSafe(self.sql.clone())).bind(self.of);
            if self.is_part {
                query = query.bind(part);
            }
            if let Some(name) = self.name {
                query = query.bind(name);
            }
            let gone = query.run().await?;
            budget.take(gone);
            if !self.is_part || gone < part.cast_unsigned() {
                return Ok(true);
            }
        }
    }
}

impl Chore {
    /// The statements, in order; each runs until it finds no more rows.
    ///
    /// What was forgotten may come back at any moment, so each of them checks the mark.
    fn pieces(&self, kind: &str) -> Vec<Piece<'_>> {
        match self {
            Self::ForgottenDevices(devices) => {
                let is_marked = "EXISTS (SELECT 1 FROM devices WHERE id = $1 AND to_empty IS NOT NULL)";
                let (rows, last) = (
                    format!("device_id = $1 AND {is_marked}"),
                    "UPDATE devices SET to_empty = NULL WHERE id = $1",
                );
                devices.iter().flat_map(|device| of_device(*device, &rows, last, kind)).collect()
            }
            Self::DeletedDevices(devices) => {
                let (rows, last) = ("device_id = $1", "DELETE FROM devices WHERE id = $1");
                devices.iter().flat_map(|device| of_device(*device, rows, last, kind)).collect()
            }
            Self::ForgottenVar { project, name } => {
                let is_marked = "EXISTS (SELECT 1 FROM vars WHERE project_id = $1 AND name = $3 AND forgotten_at IS NOT NULL)";
                let rows = format!("project_id = $1 AND name = $3 AND {is_marked}");
                let values = OF_DEVICES.iter().map(|table| Piece::part(*project, some(table, &rows, kind)));
                let last =
                    "DELETE FROM vars WHERE project_id = $1 AND name = $2 AND forgotten_at IS NOT NULL";
                let all = values.chain([Piece::last(*project, last)]);
                all.map(|piece| Piece { name: Some(name), ..piece }).collect()
            }
            Self::DeletedRows { project, table } => {
                let sql = match (*table, kind) {
                    // along its key: in SQLite the table has no rowid
                    ("logs", _) => "DELETE FROM logs WHERE project_id = $1 AND seq <=
                         (SELECT max(seq) FROM (SELECT seq FROM logs WHERE project_id = $1 ORDER BY seq LIMIT $2) oldest)"
                        .to_owned(),
                    ("log_levels", _) => "DELETE FROM log_levels WHERE project_id = $1 AND first_seq <=
                         (SELECT max(first_seq) FROM
                              (SELECT first_seq FROM log_levels WHERE project_id = $1 ORDER BY first_seq LIMIT $2) oldest)"
                        .to_owned(),
                    // some hundred kilobytes each: a few, and then it is looked for again
                    ("log_times" | "log_blocks", _) => format!("DELETE FROM {table} WHERE project_id = $1 AND $2 > 0
                         AND first_seq IN (SELECT first_seq FROM {table} WHERE project_id = $1 ORDER BY first_seq LIMIT {BLOCKS})"),
                    // no rowid in SQLite either
                    ("let_go", _) => "DELETE FROM let_go WHERE project_id = $1
                         AND name IN (SELECT name FROM let_go WHERE project_id = $1 LIMIT $2)"
                        .to_owned(),
                    // in the order of the table: each of its many indexes has another one
                    ("edits", _) => some(table, "project_id = $1 ORDER BY revision", kind),
                    _ => some(table, "project_id = $1", kind),
                };
                vec![Piece::part(*project, sql)]
            }
            Self::DeletedProject(project) => {
                vec![Piece::last(*project, "DELETE FROM projects WHERE id = $1 AND deleted_at IS NOT NULL")]
            }
        }
    }
}

/// What a device reported, table by table, and then the statement that clears its mark.
fn of_device<'a>(device: i64, rows: &str, last: &str, kind: &str) -> Vec<Piece<'a>> {
    let values = OF_DEVICES.iter().map(|table| Piece::part(device, some(table, rows, kind)));
    values.chain([Piece::last(device, last)]).collect()
}

/// Deletes up to `$2` rows.
fn some(table: &str, rows: &str, kind: &str) -> String {
    match kind {
        "sqlite" => {
            format!("DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {rows} LIMIT $2)")
        }
        _ => format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM {table} WHERE {rows} LIMIT $2))"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{migrations, schema::Schema},
        *,
    };

    /// Tables that refer to projects and outlive them.
    const KEPT: &[&str] = &["audit"];

    #[tokio::test]
    async fn every_table_of_a_project_is_swept() {
        let schema = Schema::at(migrations::newest()).await.unwrap();
        for table in schema.tables {
            let is_of_project = table.columns.iter().any(|column| column.name == "project_id");
            let ends_at_once = format!("DELETE FROM {} WHERE project_id = $1", table.name);
            let swept = [&OF_DEVICES[..], &["devices"], &OF_PROJECTS, KEPT].concat();
            let is_known = swept.contains(&table.name.as_str()) || ENDS.contains(&ends_at_once.as_str());
            assert_eq!(is_known, is_of_project, "what becomes of {}?", table.name);
        }
    }
}
