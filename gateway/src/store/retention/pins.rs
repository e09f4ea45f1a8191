//! Pins: lines of the log that no policy removes.

use async_trait::async_trait;
use protocol::model::{DeviceId, LogPin, ProjectId, UnixMicros};

use crate::store::{
    error::{Result, damaged},
    note::AuditRow,
    sql::row,
    sql_store::SqlStore,
};

/// Pins of projects.
#[async_trait]
pub trait Pins: Send + Sync {
    /// The pins of a project, oldest first.
    async fn list_pins(&self, _project: ProjectId) -> Result<Vec<LogPin>> {
        Ok(Vec::new())
    }

    /// Makes a pin, whose number is ignored, and returns its number; `None`: the project has `most` already, or is gone.
    async fn add_pin(
        &self,
        _project: ProjectId,
        _pin: &LogPin,
        _most: usize,
        _note: AuditRow,
    ) -> Result<Option<i64>> {
        Ok(None)
    }

    /// Removes a pin. Returns whether there was one.
    async fn remove_pin(&self, _project: ProjectId, _pin: i64, _note: AuditRow) -> Result<bool> {
        Ok(false)
    }
}

row! {
    struct PinRecord {
        id: i64,
        name: String,
        first_seq: i64,
        last_seq: i64,
        device_id: Option<i64>,
        created_at: i64,
        created_by: String,
    } -> LogPin {
        let number = |cell: i64| u64::try_from(cell).map_err(|_| damaged("a pin has a negative number"));
        let (first_seq, last_seq) = (number(first_seq)?, number(last_seq)?);
        let (device, at) = (device_id.map(DeviceId), UnixMicros(created_at));
        Ok(LogPin { id, name, first_seq, last_seq, device, at, by: created_by })
    }
}

const ADD: &str =
    "INSERT INTO log_pins (project_id, name, first_seq, last_seq, device_id, created_at, created_by)
     SELECT id, $2, $3, $4, $5, $6, $7 FROM projects
     WHERE id = $1 AND deleted_at IS NULL AND (SELECT count(*) FROM log_pins WHERE project_id = $1) < $8
     RETURNING id";

#[async_trait]
impl Pins for SqlStore {
    async fn list_pins(&self, project: ProjectId) -> Result<Vec<LogPin>> {
        let sql = "SELECT id, name, first_seq, last_seq, device_id, created_at, created_by FROM log_pins
                   WHERE project_id = $1 ORDER BY id";
        self.read(sql).bind(project.0).read_all::<PinRecord>().await
    }

    async fn add_pin(
        &self,
        project: ProjectId,
        pin: &LogPin,
        most: usize,
        note: AuditRow,
    ) -> Result<Option<i64>> {
        let mut tx = self.begin_write().await?;
        let cell = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
        let add = tx.query(ADD).bind(project.0).bind(&pin.name);
        let add = add.bind(cell(pin.first_seq)).bind(cell(pin.last_seq)).bind(pin.device.map(|id| id.0));
        let add = add.bind(pin.at.0).bind(&pin.by).bind(most as i64);
        let Some((id,)) = add.find::<(i64,)>().await? else { return Ok(None) };
        tx.finish(note).await?;
        Ok(Some(id))
    }

    async fn remove_pin(&self, project: ProjectId, pin: i64, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let remove = tx.query("DELETE FROM log_pins WHERE project_id = $1 AND id = $2");
        let removed = remove.bind(project.0).bind(pin).run().await?;
        tx.finish_if(removed, note).await
    }
}
