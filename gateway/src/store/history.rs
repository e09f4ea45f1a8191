//! How what is long is read: the log, and the history of values, of all variables and of one, each along an index of its own. Asked
//! in one statement, neither database sees that a name was given, and all edits of the project would be looked at.
//!
//! Each statement returns one [`page`](super::page): at most `$3` rows, and `$4` bytes before the last of them.

use super::page::page;

/// Text of a page, in bytes, before its last row.
pub const PAGE_BYTES: usize = 256 * 1024;

/// Lines of the project `$1` with a number below `$2`, newest first.
pub(super) const LOGS: &str = page!(
    "seq, device_id, at, received, level, message, fields",
    "logs WHERE project_id = $1 AND seq < $2",
    "seq",
    "seq DESC",
    "octet_length(message) + coalesce(octet_length(fields), 0)",
    "$3",
    "$4"
);

/// The same above `$2`, oldest first.
pub(super) const LOGS_AFTER: &str = page!(
    "seq, device_id, at, received, level, message, fields",
    "logs WHERE project_id = $1 AND seq > $2",
    "seq",
    "seq",
    "octet_length(message) + coalesce(octet_length(fields), 0)",
    "$3",
    "$4"
);

/// Of the project `$1`, behind the change of the variable `$5` by the revision `$2`, newest first.
pub(super) const OF_ALL: &str = page!(
    "name, old, new, revision, author, at",
    "edits WHERE project_id = $1 AND revision <= $2 AND (revision < $2 OR name > $5)",
    "revision, name",
    "revision DESC, name",
    "coalesce(octet_length(old), 0) + coalesce(octet_length(new), 0)",
    "$3",
    "$4"
);

/// Of the variable `$5`, older than the revision `$2`.
pub(super) const OF_ONE: &str = page!(
    "name, old, new, revision, author, at",
    "edits WHERE project_id = $1 AND name = $5 AND revision < $2",
    "revision",
    "revision DESC",
    "coalesce(octet_length(old), 0) + coalesce(octet_length(new), 0)",
    "$3",
    "$4"
);

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};

    use super::{super::migrations, *};

    async fn plan(connection: &mut SqliteConnection, sql: &str) -> Vec<String> {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(connection).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }

    #[tokio::test]
    async fn a_part_of_the_history_is_a_range_of_an_index() {
        let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
        migrations::sqlite().run(&mut memory).await.unwrap();
        for (sql, table, index) in [
            (OF_ONE, "edits", "INDEX edits_of_var (project_id=? AND name=? AND revision<?)"),
            (OF_ALL, "edits", "INDEX edits_newest (project_id=? AND revision<?)"),
            (LOGS, "logs", "PRIMARY KEY (project_id=? AND seq<?)"),
            (LOGS_AFTER, "logs", "PRIMARY KEY (project_id=? AND seq>?)"),
        ] {
            let steps = plan(&mut memory, sql).await;
            let reads: Vec<&String> = steps.iter().filter(|step| step.contains(table)).collect();
            // once to count, once to read
            assert_eq!(reads, [&format!("SEARCH {table} USING {index}"); 2], "{steps:?}");
        }
    }
}
