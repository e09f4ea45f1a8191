//! What devices did with desired values that they did not simply apply.

use std::collections::BTreeMap;

use async_trait::async_trait;
use protocol::model::Outcome;

use crate::store::{
    error::Result,
    sql::{Tx, bind_rows, statement},
    write::Write,
};

/// What a device did with a desired value.
pub struct OutcomeRow<'a> {
    pub device: i64,
    pub project: i64,
    pub name: &'a str,
    pub revision: i64,
    pub status: &'static str,
    pub value: Option<String>,
    pub reason: Option<&'a str>,
}

/// Statements on outcomes.
#[async_trait]
pub trait Outcomes: Send {
    /// Sets outcomes, except for variables that were forgotten in the meantime.
    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()>;
    /// Deletes the outcomes of these (device, name) pairs.
    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()>;
}

/// Sets the newest outcome of each device and variable.
pub(super) async fn set(sql: &mut impl Outcomes, batch: &[Write]) -> Result<()> {
    let mut set: BTreeMap<(i64, &str), Option<OutcomeRow<'_>>> = BTreeMap::new();
    for write in batch {
        let Write::Outcomes { project, device, outcomes } = write else { continue };
        for (name, revision, outcome) in outcomes {
            let (status, value, reason) = match outcome {
                Outcome::Applied => {
                    set.insert((device.0, name.as_str()), None);
                    continue;
                }
                Outcome::Clamped { value, reason } => {
                    ("clamped", value.as_ref().map(|v| v.to_json()), reason)
                }
                Outcome::Rejected { reason } => ("rejected", None, reason),
            };
            let row = OutcomeRow {
                device: device.0,
                project: project.0,
                name: name.as_str(),
                revision: revision.0,
                status,
                value,
                reason: reason.as_deref(),
            };
            set.insert((device.0, name.as_str()), Some(row));
        }
    }
    let gone: Vec<(i64, &str)> = set.iter().filter(|(_, row)| row.is_none()).map(|(key, _)| *key).collect();
    let rows: Vec<OutcomeRow<'_>> = set.into_values().flatten().collect();
    if !gone.is_empty() {
        sql.delete_outcomes(&gone).await?;
    }
    if rows.is_empty() { Ok(()) } else { sql.upsert_outcomes(&rows).await }
}

#[async_trait]
impl Outcomes for Tx<'_> {
    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()> {
        let upsert = statement!(
            self,
            "INSERT INTO outcomes (device_id, project_id, name, revision, status, value, reason)",
            sqlite: "SELECT c.value->>0, v.project_id, v.name, c.value->>3, c.value->>4, c.value->>5, c.value->>6
                     FROM json_each($1) AS c
                     CROSS JOIN vars v ON v.project_id = (c.value->>1) AND v.name = (c.value->>2)",
            postgres: "SELECT c.* FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[],
                         $6::text[], $7::text[]) AS c (device_id, project_id, name, revision, status, value, reason)
                       JOIN vars v ON v.project_id = c.project_id AND v.name = c.name",
            "WHERE v.forgotten_at IS NULL
             ON CONFLICT (device_id, name) DO UPDATE SET revision = excluded.revision, status = excluded.status,
                 value = excluded.value, reason = excluded.reason",
        );
        let upsert = bind_rows!(
            upsert,
            rows,
            |r| r.device,
            r.project,
            r.name,
            r.revision,
            r.status,
            r.value.as_deref(),
            r.reason,
        );
        upsert.run().await?;
        Ok(())
    }

    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()> {
        let delete = statement!(
            self,
            "DELETE FROM outcomes",
            sqlite: "WHERE (device_id, name) IN (SELECT value->>0, value->>1 FROM json_each($1))",
            postgres: "USING UNNEST($1::bigint[], $2::text[]) AS c (device_id, name)
                       WHERE outcomes.device_id = c.device_id AND outcomes.name = c.name",
        );
        bind_rows!(delete, rows, |r| r.0, r.1).run().await?;
        Ok(())
    }
}
