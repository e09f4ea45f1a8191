//! How the history of values is read: of all variables and of one, each along an index of its own. Asked in one statement,
//! neither database sees that a name was given, and all edits of the project would be looked at.

/// Of the project `$1`, older than the revision `$2`, at most `$3` rows, newest first.
pub(super) const OF_ALL: &str = "SELECT name, old, new, revision, author, at FROM edits
     WHERE project_id = $1 AND revision < $2 ORDER BY revision DESC, name LIMIT $3";

/// The same of the variable `$4`.
pub(super) const OF_ONE: &str = "SELECT name, old, new, revision, author, at FROM edits
     WHERE project_id = $1 AND name = $4 AND revision < $2 ORDER BY revision DESC LIMIT $3";

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
        let of_one = plan(&mut memory, OF_ONE).await;
        assert_eq!(
            of_one,
            ["SEARCH edits USING INDEX edits_of_var (project_id=? AND name=? AND revision<?)"]
        );
        let of_all = plan(&mut memory, OF_ALL).await;
        assert_eq!(of_all[0], "SEARCH edits USING INDEX edits_newest (project_id=? AND revision<?)");
    }
}
