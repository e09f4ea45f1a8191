//! All that is stored, read from the database itself, beside the server.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqliteConnection};

/// Every row of every table as text.
pub type Contents = BTreeMap<String, Vec<String>>;

/// Reads the database of this URL, but for the server's own notes: how often it has written, as a check whether it can
/// makes it try, and its clock, which its clean-ups begin and wind.
pub async fn contents(url: &str) -> Contents {
    let mut contents =
        if url.starts_with("postgres") { of_postgres(url).await } else { of_sqlite(url).await };
    for own in ["writers", "instance"] {
        contents.remove(own).expect("that table is there");
    }
    contents
}

async fn of_sqlite(url: &str) -> Contents {
    let mut database = SqliteConnection::connect(url).await.unwrap();
    let mut contents = Contents::new();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'";
    for row in database.fetch_all(tables).await.unwrap() {
        let table: String = row.get(0);
        let columns = format!("SELECT name FROM pragma_table_info('{table}')");
        let columns = database.fetch_all(AssertSqlSafe(columns)).await.unwrap();
        let columns: Vec<String> =
            columns.iter().map(|row| format!("quote({})", row.get::<String, _>(0))).collect();
        let rows = format!("SELECT {} FROM {table}", columns.join(" || ',' || "));
        contents.insert(table, texts(database.fetch_all(AssertSqlSafe(rows)).await.unwrap()));
    }
    contents
}

async fn of_postgres(url: &str) -> Contents {
    let mut database = PgConnection::connect(url).await.unwrap();
    let mut contents = Contents::new();
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    for row in database.fetch_all(tables).await.unwrap() {
        let table: String = row.get(0);
        let rows = format!("SELECT t::text FROM {table} t");
        contents.insert(table, texts(database.fetch_all(AssertSqlSafe(rows)).await.unwrap()));
    }
    contents
}

fn texts<R>(rows: Vec<R>) -> Vec<String>
where
    R: sqlx::Row,
    usize: sqlx::ColumnIndex<R>,
    for<'r> String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    let mut texts: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    texts.sort_unstable();
    texts
}
