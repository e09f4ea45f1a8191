//! What the live state of a project starts from.

mod fitting;
mod records;
mod state;

use std::{collections::HashMap, ops::ControlFlow};

use async_trait::async_trait;
use protocol::model::{Desired, DeviceId, Project, ProjectId, Revision, VarName};

pub(crate) use self::fitting::ENTRY_BYTES;
pub use self::{
    fitting::LoadRoom,
    state::{LeftOut, ProjectState, SaidRange, StoredDevice, StoredVar},
};
use self::{
    fitting::{read_fitting, vars_where},
    records::{
        AppliedRecord, DeviceRecord, HeadRecord, ProjectRecord, RemovedRecord, ReportedRecord, VarRecord,
    },
};
use super::{
    error::Result,
    logs::{OLDER, read_page},
    sql::{Record as _, Tx},
    sql_store::SqlStore,
};

/// What is read of a project when it is opened.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// One project.
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>>;

    /// Everything the live state starts from: the `max_devices` most recently seen devices, and the newest `max_logs` log lines,
    /// with at most [`PAGE_BYTES`](super::PAGE_BYTES) of text before the last one. Of declarations and values, the longest are
    /// left out if there is no room for all.
    async fn load_project(
        &self,
        id: ProjectId,
        max_devices: u32,
        max_logs: u32,
        room: LoadRoom,
    ) -> Result<Option<ProjectState>>;

    /// The part of [`Snapshots::load_project`] that a request for a few variables needs: these, the `max_devices` most recently
    /// seen devices with what they say of the variables, from one on, and no log.
    async fn load_vars(
        &self,
        id: ProjectId,
        names: &[VarName],
        max_devices: u32,
        _said: SaidRange,
    ) -> Result<Option<ProjectState>> {
        let all = self.load_project(id, max_devices, 0, LoadRoom::UNLIMITED).await?;
        let Some(mut all) = all else { return Ok(None) };
        all.vars.retain(|var| names.contains(&var.name));
        all.removed.clear();
        Ok(Some(all))
    }

    /// Forgotten devices with their names, which log lines still show.
    async fn list_forgotten(&self, project: ProjectId) -> Result<Vec<(DeviceId, String)>>;
}

#[async_trait]
impl Snapshots for SqlStore {
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>> {
        self.read(
            "SELECT p.id, p.name,
                 (SELECT key FROM game_keys k WHERE k.project_id = p.id
                  ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END,
                      CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END, created_at, id LIMIT 1) AS key,
                 p.created_at
             FROM projects p WHERE p.id = $1 AND p.deleted_at IS NULL",
        )
        .bind(id.0)
        .read::<ProjectRecord>()
        .await
    }

    async fn load_project(
        &self,
        id: ProjectId,
        max_devices: u32,
        max_logs: u32,
        room: LoadRoom,
    ) -> Result<Option<ProjectState>> {
        let Some(project) = self.get_project(id).await? else { return Ok(None) };
        let mut tx = self.begin_read().await?;
        let mut state = read_head(&mut tx, project, max_devices).await?;
        (state.vars, state.left_out) = read_fitting(&mut tx, id, max_devices, room).await?;
        state.removed = read_removed(&mut tx, id).await?;
        state.logs = read_page(tx.query(OLDER), id, i64::MAX, max_logs).await?;
        state.logs.reverse();
        state.gone = read_gone(&mut tx, id, max_logs).await?;
        tx.commit().await?;
        Ok(Some(state))
    }

    async fn load_vars(
        &self,
        id: ProjectId,
        names: &[VarName],
        max_devices: u32,
        said: SaidRange,
    ) -> Result<Option<ProjectState>> {
        let Some(project) = self.get_project(id).await? else { return Ok(None) };
        let mut tx = self.begin_read().await?;
        let mut state = read_head(&mut tx, project, max_devices).await?;
        let (mut reported, mut applied): (Vec<ReportedRecord>, Vec<AppliedRecord>) = Default::default();
        for name in names {
            let var = tx.query(vars_where!("AND v.name = $2")).bind(id.0).bind(name.as_str());
            state.vars.extend(var.read::<VarRecord>().await?);
            if state.devices.is_empty() {
                continue;
            }
            let mut bytes = said.bytes;
            let values = tx.query(
                "SELECT device_id, name, value, at FROM reported
                 WHERE project_id = $1 AND name = $2 AND device_id >= $3 ORDER BY device_id",
            );
            let add = |record: ReportedRecord| {
                let flow = take(&mut bytes, record.value.len());
                reported.push(record);
                Ok(flow)
            };
            values.bind(id.0).bind(name.as_str()).bind(said.from.0).each(add).await?;
            let mut bytes = said.bytes;
            let outcomes = tx.query(
                "SELECT device_id, name, revision, status, value, reason FROM outcomes
                 WHERE project_id = $1 AND name = $2 AND device_id >= $3 ORDER BY device_id",
            );
            let add = |record: AppliedRecord| {
                let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
                let flow = take(&mut bytes, text(&record.value) + text(&record.reason));
                applied.push(record);
                Ok(flow)
            };
            outcomes.bind(id.0).bind(name.as_str()).bind(said.from.0).each(add).await?;
        }
        tx.commit().await?;
        let is_known =
            |device| state.devices.binary_search_by_key(&DeviceId(device), |d| d.device.id).is_ok();
        reported.retain(|record| is_known(record.device_id));
        applied.retain(|record| is_known(record.device_id));
        add_said(&mut state.vars, reported, applied)?;
        Ok(Some(state))
    }

    async fn list_forgotten(&self, project: ProjectId) -> Result<Vec<(DeviceId, String)>> {
        let sql = "SELECT id, name FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL";
        Ok(named_devices(self.read(sql).bind(project.0).all().await?))
    }
}

/// Breaks off behind the one that is more than is left.
fn take(left: &mut usize, bytes: usize) -> ControlFlow<()> {
    match left.checked_sub(bytes) {
        Some(less) => {
            *left = less;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    }
}

/// The project and its devices, without variables and log.
async fn read_head(tx: &mut Tx<'_>, project: Project, max_devices: u32) -> Result<ProjectState> {
    let head = tx.query("SELECT revision, frozen FROM projects WHERE id = $1").bind(project.id.0);
    let HeadRecord { revision, frozen } = head.one().await?;
    let devices = tx.query(
        "SELECT identity, id, name, last_seen, about, applied FROM devices
         WHERE project_id = $1 AND forgotten_at IS NULL ORDER BY last_seen DESC, id DESC LIMIT $2",
    );
    let devices = devices.bind(project.id.0).bind(i64::from(max_devices));
    let mut devices = devices.read_all::<DeviceRecord>().await?;
    // ids are in the order in which devices were first seen
    devices.sort_by_key(|stored| stored.device.id);
    Ok(ProjectState {
        project,
        revision: Revision(revision),
        is_frozen: frozen != 0,
        devices,
        vars: Vec::new(),
        removed: Vec::new(),
        logs: Vec::new(),
        gone: Vec::new(),
        left_out: LeftOut::default(),
    })
}

/// Variables that are gone and had been released.
async fn read_removed(tx: &mut Tx<'_>, project: ProjectId) -> Result<Vec<(VarName, Desired)>> {
    tx.query(
        "SELECT name, revision, author, at FROM let_go l WHERE project_id = $1
             AND NOT EXISTS (SELECT 1 FROM vars v WHERE v.project_id = l.project_id AND v.name = l.name
                 AND v.forgotten_at IS NULL)
         ORDER BY name",
    )
    .bind(project.0)
    .read_all::<RemovedRecord>()
    .await
}

/// Forgotten devices that wrote some of the newest `max_logs` lines.
async fn read_gone(tx: &mut Tx<'_>, project: ProjectId, max_logs: u32) -> Result<Vec<(DeviceId, String)>> {
    let gone = tx.query(
        "SELECT id, name FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL AND id IN
             (SELECT device_id FROM logs WHERE project_id = $1 ORDER BY seq DESC LIMIT $2)",
    );
    Ok(named_devices(gone.bind(project.0).bind(i64::from(max_logs)).all().await?))
}

fn named_devices(cells: Vec<(i64, String)>) -> Vec<(DeviceId, String)> {
    cells.into_iter().map(|(id, name)| (DeviceId(id), name)).collect()
}

/// Adds to each variable what devices reported and did.
fn add_said(
    vars: &mut [StoredVar],
    reported: Vec<ReportedRecord>,
    applied: Vec<AppliedRecord>,
) -> Result<()> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(vars.len());
    places.extend(vars.iter().enumerate().map(|(place, var)| (var.name.as_str().to_owned(), place)));
    for record in reported {
        if let Some(place) = places.get(&record.name) {
            vars[*place].reported.push(record.read()?);
        }
    }
    for record in applied {
        if let Some(place) = places.get(&record.name) {
            vars[*place].applied.push(record.read()?);
        }
    }
    Ok(())
}
