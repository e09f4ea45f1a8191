//! Pages of rows that may be long: limited by rows and by bytes, in the statement that reads them.

/// Limit of a page's text, in bytes, without its last row.
pub const PAGE_BYTES: usize = 256 * 1024;

/// The statement of a page: its columns, `FROM` and `WHERE`, what its order is made of, the order, and the size of a row in
/// bytes; then the places of the most rows, and of the bytes that those before the last one may have together. A page has one
/// row at least. Sizes are summed without reading the texts.
macro_rules! page {
    ($columns:literal, $from:literal, $keys:literal, $order:literal, $bytes:literal, $rows:literal, $most:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            $from,
            " ORDER BY ",
            $order,
            " LIMIT (SELECT count(*) FROM
                 (SELECT sum(bytes) OVER (ORDER BY ",
            $order,
            ") - bytes AS newer FROM
                      (SELECT ",
            $keys,
            ", ",
            $bytes,
            " AS bytes FROM ",
            $from,
            " ORDER BY ",
            $order,
            " LIMIT ",
            $rows,
            ") page)
                 pages WHERE newer < ",
            $most,
            ")"
        )
    };
}

pub(super) use page;

/// Checks that SQLite reads a page of a table along an index, and nothing else of it.
#[cfg(test)]
pub(super) async fn assert_reads_along(sql: &str, table: &str, index: &str) {
    use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

    let mut memory = SqliteConnectOptions::new().in_memory(true).connect().await.unwrap();
    super::migrations::sqlite().run(&mut memory).await.unwrap();
    let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(&mut memory).await.unwrap();
    let reads: Vec<&str> =
        steps.iter().map(|(.., step)| step.as_str()).filter(|step| step.contains(table)).collect();
    // once to count, once to read
    let search = format!("SEARCH {table} USING {index}");
    assert_eq!(reads, [search.as_str(); 2], "{steps:?}");
}
