//! Variables of a batch: declarations, and values that devices report.

use std::collections::HashMap;

use async_trait::async_trait;
use indexmap::IndexMap;

use crate::store::{
    error::{Result, StoreError},
    sql::{Tx, bind_rows, statement},
    write::Write,
};

/// A declaration; `spec` is JSON.
pub struct DeclaredRow<'a> {
    pub project: i64,
    pub name: &'a str,
    pub spec: String,
    /// By which device.
    pub device: i64,
}

/// A value as a device reports it; `value` is JSON.
pub struct ReportedRow<'a> {
    pub device: i64,
    pub project: i64,
    pub name: &'a str,
    pub value: String,
    pub at: i64,
}

/// Statements on variables.
#[async_trait]
pub trait Vars: Send {
    /// Deletes those of these variables that were forgotten, with what is left of them, because they are declared again.
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()>;
    /// Declares variables; new ones come last, in the order of `rows`.
    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()>;
    /// Sets reported values.
    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()>;
    /// Marks a variable as forgotten, with what devices report of it but without its history. Returns whether there was one.
    async fn forget_var(&mut self, project: i64, name: &str, at: i64) -> Result<bool>;
}

/// Reports, merged into the newest of each variable.
#[derive(Default)]
pub(super) struct Reports<'a> {
    declared: IndexMap<(i64, &'a str), DeclaredRow<'a>>,
    values: HashMap<(i64, &'a str), ReportedRow<'a>>,
}

impl<'a> Reports<'a> {
    pub(super) fn add(&mut self, write: &'a Write) -> Result<()> {
        let (Write::Report { project, device, at, declared, values, .. }
        | Write::Declare { project, device, at, declared, values, .. }) = write
        else {
            unreachable!("the caller matched a report")
        };
        for (name, spec) in declared {
            let name = name.as_str();
            let spec = serde_json::to_string(spec)
                .map_err(|fault| StoreError::Damaged(format!("a declaration is not JSON: {fault}")))?;
            let row = DeclaredRow { project: project.0, name, spec, device: device.0 };
            self.declared.insert((project.0, name), row);
        }
        for (name, value) in values {
            let name = name.as_str();
            let value = value.to_json();
            let row = ReportedRow { device: device.0, project: project.0, name, value, at: at.0 };
            self.values.insert((device.0, name), row);
        }
        Ok(())
    }

    pub(super) async fn write(self, sql: &mut impl Vars) -> Result<()> {
        if !self.declared.is_empty() {
            let rows: Vec<_> = self.declared.into_values().collect();
            sql.drop_forgotten_vars(&rows).await?;
            sql.upsert_vars(&rows).await?;
        }
        if !self.values.is_empty() {
            let rows: Vec<_> = self.values.into_values().collect();
            sql.upsert_reported(&rows).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Vars for Tx<'_> {
    /// Rows that refer to them go with them.
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        let drop = statement!(
            self,
            "DELETE FROM vars",
            sqlite: "WHERE forgotten_at IS NOT NULL
                         AND (project_id, name) IN (SELECT value->>0, value->>1 FROM json_each($1))",
            postgres: "USING UNNEST($1::bigint[], $2::text[]) AS c (project_id, name)
                       WHERE vars.project_id = c.project_id AND vars.name = c.name AND vars.forgotten_at IS NOT NULL",
        );
        bind_rows!(drop, rows, |r| r.project, r.name).run().await?;
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        // in SQLite "WHERE true" keeps ON CONFLICT from being read as a join's ON
        let upsert = statement!(
            self,
            "INSERT INTO vars (project_id, name, position, spec, declared_by)",
            sqlite: "SELECT c.value->>0, c.value->>1,
                         coalesce((SELECT max(position) FROM vars v WHERE v.project_id = (c.value->>0)), 0) + c.key + 1,
                         c.value->>2, c.value->>3
                     FROM json_each($1) AS c WHERE true",
            postgres: "SELECT c.project_id, c.name,
                         coalesce((SELECT max(position) FROM vars v WHERE v.project_id = c.project_id), 0) + c.n,
                         c.spec, c.device
                       FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::bigint[])
                         WITH ORDINALITY AS c (project_id, name, spec, device, n)",
            "ON CONFLICT (project_id, name)
             DO UPDATE SET spec = excluded.spec, declared_by = excluded.declared_by",
        );
        bind_rows!(upsert, rows, |r| r.project, r.name, r.spec.as_str(), r.device).run().await?;
        Ok(())
    }

    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()> {
        let upsert = statement!(
            self,
            "INSERT INTO reported (device_id, project_id, name, value, at)",
            sqlite: "SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each($1) WHERE true",
            postgres: "SELECT * FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])",
            "ON CONFLICT (device_id, name) DO UPDATE SET value = excluded.value, at = excluded.at",
        );
        bind_rows!(upsert, rows, |r| r.device, r.project, r.name, r.value.as_str(), r.at).run().await?;
        Ok(())
    }

    async fn forget_var(&mut self, project: i64, name: &str, at: i64) -> Result<bool> {
        let forget = self.query(
            "UPDATE vars SET forgotten_at = $3, desired = NULL, desired_revision = NULL, desired_author = NULL,
                 desired_at = NULL
             WHERE project_id = $1 AND name = $2 AND forgotten_at IS NULL",
        );
        Ok(forget.bind(project).bind(name).bind(at).run().await? > 0)
    }
}
