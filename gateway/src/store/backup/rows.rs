//! Rows of one table from one database into the other, a few at a time.

use std::future::ready;

use futures_util::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, ColumnIndex, Decode, Executor as _, PgConnection, QueryBuilder, Row, SqliteConnection,
    Type,
};

use crate::store::{
    error::Result,
    schema::{Column, Kind, Table},
};

/// Rows per INSERT: a message may be 64 KiB.
const CHUNK_ROWS: usize = 64;

/// A cell of any column; NULL of its kind.
enum Cell {
    Integer(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
}

/// The names of its columns, for SQL.
pub(super) fn columns(table: &Table) -> String {
    table.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn cells<'r, R: Row>(row: &'r R, table: &Table) -> sqlx::Result<Vec<Cell>>
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let cell = |(place, column): (usize, &Column)| {
        Ok(match column.kind {
            Kind::Integer => Cell::Integer(row.try_get(place)?),
            Kind::Text => Cell::Text(row.try_get(place)?),
            Kind::Blob => Cell::Blob(row.try_get(place)?),
        })
    };
    table.columns.iter().enumerate().map(cell).collect()
}

/// Inserts what a statement reads. A macro, because the bounds of a function over both databases are longer than its body.
macro_rules! copy {
    ($table:expr, $source:expr, $read:expr, $target:expr, $insert:expr) => {
        let rows = sqlx::query(AssertSqlSafe($read)).fetch($source);
        let mut chunks = rows.and_then(|row| ready(cells(&row, $table))).try_chunks(CHUNK_ROWS);
        while let Some(chunk) = chunks.try_next().await.map_err(|failed| failed.1)? {
            let mut sql = QueryBuilder::new($insert.as_str());
            sql.push_values(chunk, |mut row, cells: Vec<Cell>| {
                for cell in cells {
                    match cell {
                        Cell::Integer(cell) => row.push_bind(cell),
                        Cell::Text(cell) => row.push_bind(cell),
                        Cell::Blob(cell) => row.push_bind(cell),
                    };
                }
            });
            sql.build().persistent(false).execute(&mut *$target).await?;
        }
    };
}

pub(super) async fn from_postgres(
    source: &mut PgConnection,
    target: &mut SqliteConnection,
    table: &Table,
) -> Result<()> {
    // some columns are smaller integers in Postgres
    let cast = |column: &Column| match column.kind {
        Kind::Integer => format!("{}::bigint", column.name),
        Kind::Text | Kind::Blob => column.name.clone(),
    };
    let list = table.columns.iter().map(cast).collect::<Vec<_>>().join(", ");
    let read = format!("SELECT {list} FROM {}", table.name);
    let insert = format!("INSERT INTO {} ({}) ", table.name, columns(table));
    copy!(table, source, read, target, insert);
    Ok(())
}

pub(super) async fn to_postgres(
    source: &mut SqliteConnection,
    target: &mut PgConnection,
    table: &Table,
) -> Result<()> {
    let read = format!("SELECT {} FROM {}", columns(table), table.name);
    // ids are kept, also those that the database would generate
    let insert = format!("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE ", table.name, columns(table));
    copy!(table, source, read, target, insert);
    count_on(target, table).await
}

/// Continues generated ids after the existing ones.
async fn count_on(target: &mut PgConnection, table: &Table) -> Result<()> {
    let name = &table.name;
    let counts: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = current_schema()
             AND table_name = $1 AND column_name = 'id' AND is_identity = 'YES')",
    )
    .bind(name)
    .fetch_one(&mut *target)
    .await?;
    if counts {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{name}', 'id'), coalesce(max(id), 0) + 1, false) FROM {name}"
        );
        target.execute(AssertSqlSafe(sql)).await?;
    }
    Ok(())
}
