//! What is left of deleted projects and of forgotten devices and variables. It can be millions of rows, so who deletes only
//! marks; the rows go piece by piece, and a stop in between loses nothing: the mark stays until the last one is gone.

use std::time::Duration;

use tokio::time::Instant;

/// A part of what is to be cleared away. What a row of it costs, and so how many go at once, differs between
/// [`Chore::kind`]s.
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
    /// Space of a file that rows have left.
    Space,
}

impl Chore {
    /// What it is about.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ForgottenDevices(_) | Self::DeletedDevices(_) => "devices",
            Self::ForgottenVar { .. } => "values of a variable",
            Self::DeletedRows { table, .. } => table,
            Self::DeletedProject(_) => "projects",
            Self::Space => "space",
        }
    }
}

/// What devices said: few devices may have much of it, so it goes device by device, in the order in which it lies in the
/// table.
const OF_DEVICES: [&str; 2] = ["reported", "outcomes"];
/// The other tables with the rows of a project, which go after its devices: values refer to variables.
const OF_PROJECTS: [&str; 6] = ["logs", "edits", "unchanged_edits", "let_go", "game_sessions", "vars"];

/// What leads to a project: tables that are short, and end with it at once.
pub(super) const ENDS: [&str; 4] = [
    "DELETE FROM members WHERE project_id = $1",
    "DELETE FROM game_keys WHERE project_id = $1",
    "DELETE FROM api_tokens WHERE project_id = $1",
    "DELETE FROM links WHERE project_id = $1",
];

pub(super) const FORGOTTEN_DEVICES: &str = "SELECT id FROM devices WHERE to_empty IS NOT NULL LIMIT 100";
pub(super) const FORGOTTEN_VAR: &str =
    "SELECT project_id, name FROM vars WHERE forgotten_at IS NOT NULL LIMIT 1";
pub(super) const DELETED_PROJECT: &str = "SELECT min(id) FROM projects WHERE deleted_at IS NOT NULL";
pub(super) const DEVICES: &str = "SELECT id FROM devices WHERE project_id = $1 LIMIT 100";

/// Rows of one statement: between two of them it is looked whether there is time for more.
const PART: u32 = 200;

/// Each table with the rows of a project, and a statement that finds any of them in it.
pub(super) fn any_rows() -> impl Iterator<Item = (&'static str, String)> {
    OF_PROJECTS.iter().map(|table| (*table, format!("SELECT 1 FROM {table} WHERE project_id = $1 LIMIT 1")))
}

/// A statement of a chore.
pub(super) struct Piece<'a> {
    pub(super) sql: String,
    /// `$1`: a project or a device.
    pub(super) of: i64,
    /// Takes up to `$2` rows; otherwise all there are, which is one.
    pub(super) is_part: bool,
    /// The variable that comes last.
    pub(super) name: Option<&'a str>,
}

impl Piece<'_> {
    fn part(of: i64, sql: String) -> Self {
        Self { sql, of, is_part: true, name: None }
    }

    fn last(of: i64, sql: &str) -> Self {
        Self { sql: sql.to_owned(), of, is_part: false, name: None }
    }
}

impl Chore {
    /// Statements to be run in this order, each until it finds nothing more.
    ///
    /// What is forgotten may come back at any moment, so each of them looks for the mark.
    pub(super) fn pieces(&self, kind: &str) -> Vec<Piece<'_>> {
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
                    // numbered without gaps, and in SQLite its rows have no other address
                    ("logs", _) => "DELETE FROM logs WHERE project_id = $1
                         AND seq < $2 + (SELECT min(seq) FROM logs WHERE project_id = $1)"
                        .to_owned(),
                    // in SQLite its rows have no other address either
                    ("let_go", _) => "DELETE FROM let_go WHERE project_id = $1
                         AND name IN (SELECT name FROM let_go WHERE project_id = $1 LIMIT $2)"
                        .to_owned(),
                    // as they lie in the table: each of many indexes has another order
                    ("edits", _) => some(table, "project_id = $1 ORDER BY revision", kind),
                    _ => some(table, "project_id = $1", kind),
                };
                vec![Piece::part(*project, sql)]
            }
            Self::DeletedProject(project) => {
                vec![Piece::last(*project, "DELETE FROM projects WHERE id = $1 AND deleted_at IS NOT NULL")]
            }
            Self::Space => Vec::new(),
        }
    }
}

/// What a device said, table by table, and then the word that it is done.
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

/// How much one transaction may do.
pub(super) struct Budget {
    left: u32,
    begun: Instant,
    within: Duration,
}

impl Budget {
    /// Its time begins now.
    pub(super) fn new(rows: u32, within: Duration) -> Self {
        Self { left: rows, begun: Instant::now(), within }
    }

    /// How many rows the next statement may take, if any.
    pub(super) fn part(&self) -> Option<i64> {
        let has_time = self.elapsed() < self.within;
        (self.left > 0 && has_time).then(|| i64::from(self.left.min(PART)))
    }

    /// A statement took so many; one that finds nothing costs as well.
    pub(super) fn take(&mut self, rows: u64) {
        self.left = self.left.saturating_sub(u32::try_from(rows.max(1)).unwrap_or(u32::MAX));
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{migrations, schema::Schema},
        *,
    };

    /// Tables that name projects and outlive them.
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

    #[tokio::test(start_paused = true)]
    async fn a_step_ends_with_its_rows_or_its_time() {
        let mut budget = Budget::new(PART + 10, Duration::from_millis(15));
        assert_eq!(budget.part(), Some(i64::from(PART)));
        budget.take(u64::from(PART));
        assert_eq!(budget.part(), Some(10));
        // nothing found, nine times
        (0..9).for_each(|_| budget.take(0));
        assert_eq!(budget.part(), Some(1));
        tokio::time::advance(Duration::from_millis(15)).await;
        assert_eq!(budget.part(), None);
        assert_eq!(Budget::new(0, Duration::MAX).part(), None);
    }
}
