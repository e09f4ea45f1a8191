//! The tables and columns of each step of the schema. Both databases have the same ones, so they are read from an SQLite
//! database in memory after its migrations: there is no second list to maintain.

use std::collections::BTreeSet;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    error::{Result, StoreError},
    migrations,
};

/// The tables of one step.
#[derive(Debug)]
pub(super) struct Schema {
    /// In the order of their creation: a table comes after those that it refers to.
    pub(super) tables: Vec<Table>,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a column holds, or NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Text,
    Blob,
}

impl Schema {
    /// The schema after `version` steps.
    pub(super) async fn at(version: i64) -> Result<Self> {
        let mut memory =
            SqliteConnectOptions::new().in_memory(true).disable_statement_logging().connect().await?;
        let made = migrations::sqlite().run_to(version, &mut memory).await;
        made.map_err(|fault| migrations::explain("a database in memory", fault))?;
        let schema = Self::read(&mut memory).await?;
        memory.close().await?;
        Ok(schema)
    }

    async fn read(connection: &mut SqliteConnection) -> Result<Self> {
        let columns: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT t.name, c.name, c.type FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite|_%' ESCAPE '|' AND t.name <> '_sqlx_migrations'
             ORDER BY t.rowid, c.cid",
        )
        .fetch_all(connection)
        .await?;
        let mut tables: Vec<Table> = Vec::new();
        for (table, name, kind) in columns {
            let kind = Kind::parse(&kind).ok_or_else(|| {
                StoreError::Damaged(format!("{table}.{name} is of the unknown type {kind}"))
            })?;
            if tables.last().is_none_or(|last| last.name != table) {
                tables.push(Table { name: table, columns: Vec::new() });
            }
            let last = tables.last_mut().expect("one was pushed if there was none");
            last.columns.push(Column { name, kind });
        }
        Ok(Self { tables })
    }

    /// What a database with these (table, column) pairs lacks, in words; `None` if it is complete. Additional ones are ignored.
    pub(super) fn missing_from(&self, found: &[(String, String)]) -> Option<String> {
        let tables: BTreeSet<&str> = found.iter().map(|(table, _)| table.as_str()).collect();
        let columns: BTreeSet<(&str, &str)> = found.iter().map(|(t, c)| (t.as_str(), c.as_str())).collect();
        self.tables.iter().find_map(|table| {
            if !tables.contains(table.name.as_str()) {
                return Some(format!("the table {}", table.name));
            }
            let lost =
                table.columns.iter().find(|c| !columns.contains(&(table.name.as_str(), c.name.as_str())))?;
            Some(format!("the column {} of the table {}", lost.name, table.name))
        })
    }
}

impl Kind {
    fn parse(declared: &str) -> Option<Self> {
        match declared {
            "INTEGER" => Some(Self::Integer),
            "TEXT" => Some(Self::Text),
            "BLOB" => Some(Self::Blob),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(schema: &Schema) -> Vec<(String, String)> {
        let columns = |table: &Table| {
            let name = table.name.clone();
            table.columns.iter().map(move |column| (name.clone(), column.name.clone())).collect::<Vec<_>>()
        };
        schema.tables.iter().flat_map(columns).collect()
    }

    #[tokio::test]
    async fn every_step_has_a_schema_that_nothing_is_missing_from() {
        for version in migrations::sqlite().iter().map(|step| step.version) {
            let schema = Schema::at(version).await.unwrap();
            assert_eq!(schema.missing_from(&pairs(&schema)), None);
            let instance = schema.tables.iter().find(|table| table.name == "instance").unwrap();
            let epoch = instance.columns.iter().find(|column| column.name == "epoch").unwrap();
            assert_eq!(epoch.kind, Kind::Integer);
        }
    }

    #[tokio::test]
    async fn before_the_first_step_there_is_nothing() {
        assert!(Schema::at(0).await.unwrap().tables.is_empty());
    }

    #[tokio::test]
    async fn each_thing_that_is_missing_is_named() {
        let schema = Schema::at(migrations::newest()).await.unwrap();
        let all = pairs(&schema);
        for (table, column) in &all {
            let without_column: Vec<_> =
                all.iter().filter(|p| *p != &(table.clone(), column.clone())).cloned().collect();
            let without_table: Vec<_> = all.iter().filter(|(t, _)| t != table).cloned().collect();
            assert_eq!(schema.missing_from(&without_table), Some(format!("the table {table}")));
            let lost = schema.missing_from(&without_column).unwrap();
            // without its only column a table is missing too
            assert!(lost.contains(table), "{lost}");
        }
    }
}
