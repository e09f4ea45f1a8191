//! Both databases behind one interface, so that a statement is written and compiled once.
//!
//! Enums rather than generics: the bounds of a function that is generic over sqlx's databases are longer than the function.

use std::ops::ControlFlow;

use futures_util::TryStreamExt as _;
use serde::Serialize;
use sqlx::{
    Column as _, ColumnIndex, Database, Decode, Encode, FromRow, Pool, Postgres, Row, SqlSafeStr, Sqlite,
    Transaction, Type, pool::MaybePoolConnection, postgres::PgRow, query::Query as Bound, sqlite::SqliteRow,
};

use super::error::Result;

/// A value that either database accepts as a parameter.
pub(super) trait Parameter<'t>:
    Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres>
{
}

impl<'t, T> Parameter<'t> for T where
    T: Encode<'t, Sqlite> + Type<Sqlite> + Encode<'t, Postgres> + Type<Postgres>
{
}

/// A type that a row of either database can be read into: a struct made by [`row!`], or a tuple.
pub(super) trait Cells:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Cells for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A row that can be converted into one of the program's own types.
pub(super) trait Record: Cells {
    type Noun;

    /// # Errors
    /// [`StoreError::Damaged`](super::error::StoreError::Damaged).
    fn read(self) -> Result<Self::Noun>;
}

/// A transaction. It is rolled back unless it is committed.
pub enum Tx<'c> {
    Sqlite(Transaction<'c, Sqlite>),
    Postgres(Transaction<'c, Postgres>),
}

impl Tx<'_> {
    /// A statement that is the same in both databases.
    pub(super) fn query(&mut self, sql: impl SqlSafeStr) -> Query<'_> {
        match self {
            Self::Sqlite(tx) => Query::Sqlite(sqlx::query(sql), On::Connection(&mut **tx)),
            Self::Postgres(tx) => Query::Postgres(sqlx::query(sql), On::Connection(&mut **tx)),
        }
    }

    /// A statement that differs between the databases.
    pub(super) fn either(&mut self, sqlite: &'static str, postgres: &'static str) -> Query<'_> {
        let sql = match self {
            Self::Sqlite(_) => sqlite,
            Self::Postgres(_) => postgres,
        };
        self.query(sql)
    }

    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => Ok(tx.commit().await?),
            Self::Postgres(tx) => Ok(tx.commit().await?),
        }
    }

    pub(super) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => Ok(tx.rollback().await?),
            Self::Postgres(tx) => Ok(tx.rollback().await?),
        }
    }
}

/// A statement with its parameters, and where to run it.
#[must_use = "a query does nothing until it runs"]
pub(super) enum Query<'c> {
    Sqlite(Bound<'static, Sqlite, <Sqlite as Database>::Arguments>, On<'c, Sqlite>),
    Postgres(Bound<'static, Postgres, <Postgres as Database>::Arguments>, On<'c, Postgres>),
}

/// Where a statement runs.
pub(super) enum On<'c, DB: Database> {
    /// On any connection of a pool.
    Pool(&'c Pool<DB>),
    /// On the connection of a transaction.
    Connection(&'c mut DB::Connection),
}

impl<'c, DB: Database> On<'c, DB> {
    async fn connection(self) -> Result<MaybePoolConnection<'c, DB>> {
        Ok(match self {
            Self::Pool(pool) => MaybePoolConnection::PoolConnection(pool.acquire().await?),
            Self::Connection(connection) => MaybePoolConnection::Connection(connection),
        })
    }
}

/// Runs a query of either database on its connection.
macro_rules! run {
    ($query:expr, |$bound:ident, $connection:ident| $run:expr) => {
        match $query {
            Query::Sqlite($bound, on) => {
                let mut held = on.connection().await?;
                let $connection = &mut *held;
                $run
            }
            Query::Postgres($bound, on) => {
                let mut held = on.connection().await?;
                let $connection = &mut *held;
                $run
            }
        }
    };
}

impl Query<'_> {
    /// Binds the next parameter.
    pub(super) fn bind<'t>(self, value: impl Parameter<'t>) -> Self {
        match self {
            Self::Sqlite(query, on) => Self::Sqlite(query.bind(value), on),
            Self::Postgres(query, on) => Self::Postgres(query.bind(value), on),
        }
    }

    /// Binds a list as the next parameter: as [`json`] in SQLite, as an array in Postgres.
    pub(super) fn bind_list<'t, T: Serialize>(self, list: &'t [T]) -> Self
    where
        &'t [T]: Encode<'t, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(query, on) => Self::Sqlite(query.bind(json(list)), on),
            Self::Postgres(query, on) => Self::Postgres(query.bind(list), on),
        }
    }

    /// Runs it. Returns the number of rows that it changed.
    pub(super) async fn run(self) -> Result<u64> {
        Ok(run!(self, |query, on| query.execute(on).await?.rows_affected()))
    }

    /// All rows.
    pub(super) async fn all<T: Cells>(self) -> Result<Vec<T>> {
        Ok(run!(self, |query, on| query.try_map(|row| T::from_row(&row)).fetch_all(on).await?))
    }

    /// Gives `take` one row after the other, until it breaks off. Whether it took all of them.
    pub(super) async fn each<T: Cells>(
        self,
        mut take: impl FnMut(T) -> Result<ControlFlow<()>>,
    ) -> Result<bool> {
        Ok(run!(self, |query, on| {
            let mut rows = query.try_map(|row| T::from_row(&row)).fetch(on);
            let mut is_whole = true;
            while let Some(row) = rows.try_next().await? {
                if take(row)?.is_break() {
                    is_whole = false;
                    break;
                }
            }
            is_whole
        }))
    }

    /// The first column of every row.
    pub(super) async fn column<T>(self) -> Result<Vec<T>>
    where
        (T,): Cells,
    {
        Ok(self.all::<(T,)>().await?.into_iter().map(|(cell,)| cell).collect())
    }

    /// The only row.
    pub(super) async fn one<T: Cells>(self) -> Result<T> {
        Ok(run!(self, |query, on| query.try_map(|row| T::from_row(&row)).fetch_one(on).await?))
    }

    /// The row, if there is one.
    pub(super) async fn find<T: Cells>(self) -> Result<Option<T>> {
        Ok(run!(self, |query, on| query.try_map(|row| T::from_row(&row)).fetch_optional(on).await?))
    }

    /// All rows, converted.
    pub(super) async fn read_all<R: Record>(self) -> Result<Vec<R::Noun>> {
        self.all::<R>().await?.into_iter().map(R::read).collect()
    }

    /// The only row, converted.
    pub(super) async fn read_one<R: Record>(self) -> Result<R::Noun> {
        self.one::<R>().await?.read()
    }

    /// The row, converted, if there is one.
    pub(super) async fn read<R: Record>(self) -> Result<Option<R::Noun>> {
        self.find::<R>().await?.map(R::read).transpose()
    }
}

/// Many rows as one parameter for SQLite, which `json_each` turns into a table, so that one prepared statement serves any
/// number of rows. `->>` returns texts and integers unchanged.
pub(super) fn json(rows: impl Serialize) -> String {
    serde_json::to_string(&rows).expect("rows of texts and integers are always JSON")
}

/// Binds many rows: in SQLite as [`json`], in Postgres as one array per column, which `UNNEST` turns into a table.
macro_rules! bind_rows {
    ($query:expr, $rows:expr, |$row:ident| $($cell:expr),+ $(,)?) => {{
        use $crate::store::sql::{Query, json};
        match $query {
            Query::Sqlite(query, on) => {
                let rows: Vec<_> = $rows.iter().map(|$row| ($($cell,)+)).collect();
                Query::Sqlite(query.bind(json(rows)), on)
            }
            Query::Postgres(query, on) => {
                Query::Postgres(query$(.bind($rows.iter().map(|$row| $cell).collect::<Vec<_>>()))+, on)
            }
        }
    }};
}
pub(super) use bind_rows;

/// A statement that differs between the databases in one part, or that ends with the condition that a column is `in` a list.
macro_rules! statement {
    ($on:expr, $head:literal, in: $list:literal $(,)?) => {
        $on.either(
            concat!($head, " IN (SELECT value FROM json_each(", $list, "))"),
            concat!($head, " = ANY(", $list, ")"),
        )
    };
    ($on:expr, $head:literal, sqlite: $sqlite:literal, postgres: $postgres:literal $(, $tail:literal)? $(,)?) => {
        $on.either(
            concat!($head, " ", $sqlite $(, " ", $tail)?),
            concat!($head, " ", $postgres $(, " ", $tail)?),
        )
    };
}
pub(super) use statement;

/// Declares a struct with a row's columns, in their order; with `-> Noun { … }` also its conversion, as a [`Record`].
macro_rules! row {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $row:ident { $($column:ident: $kind:ty),+ $(,)? } -> $noun:ty $read:block
    ) => {
        $crate::store::sql::row! { $(#[$attribute])* $visibility struct $row { $($column: $kind),+ } }

        impl $crate::store::sql::Record for $row {
            type Noun = $noun;

            #[allow(unused_variables, reason = "a column may be there for the order alone")]
            fn read(self) -> $crate::store::error::Result<$noun> {
                let Self { $($column),+ } = self;
                $read
            }
        }
    };
    ($(#[$attribute:meta])* $visibility:vis struct $row:ident { $($column:ident: $kind:ty),+ $(,)? }) => {
        $(#[$attribute])*
        $visibility struct $row {
            $($visibility $column: $kind,)+
        }

        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $row
        where
            usize: sqlx::ColumnIndex<R>,
            $($kind: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                let mut place = 0;
                $(let $column = $crate::store::sql::next_cell(row, &mut place, stringify!($column))?;)+
                Ok(Self { $($column,)+ })
            }
        }
    };
}
pub(super) use row;

/// Reads the next cell by its position, which is faster than by name. Debug builds check that the name matches.
pub(super) fn next_cell<'r, R: Row, T>(row: &'r R, place: &mut usize, name: &str) -> sqlx::Result<T>
where
    usize: ColumnIndex<R>,
    T: Decode<'r, R::Database> + Type<R::Database>,
{
    debug_assert_eq!(row.try_column(*place).map(|column| column.name()).ok(), Some(name));
    *place += 1;
    row.try_get(*place - 1)
}
