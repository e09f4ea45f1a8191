//! Devices: those that connect, those that are forgotten, and when they were last seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use indexmap::IndexMap;
use protocol::model::DeviceId;

use super::{
    marks::Marks,
    sessions::{SessionRow, Sessions, StoredSession},
};
use crate::store::{
    error::{Result, missing},
    sql::{Tx, bind_rows, row, statement},
    write::{DeviceInfo, OpenSession, Write, Written},
};

/// Forgotten devices per project whose names are kept. Beyond that the oldest are deleted, unless what they reported is still
/// being deleted.
const MAX_FORGOTTEN: i64 = 10_000;
/// How many of them one transaction deletes; a batch rarely forgets more.
const DROPPED_AT_ONCE: i64 = 1_000;

/// A device that connects.
pub struct DeviceRow<'a> {
    pub project: i64,
    pub info: &'a DeviceInfo,
    pub at: i64,
}

row! {
    /// A device that was created or updated.
    pub struct MadeDevice { id: i64, project_id: i64, identity: String }
}

/// When a device was last seen, and the newest revision it has applied, if known.
pub struct SeenRow {
    pub device: i64,
    pub at: i64,
    pub applied: Option<i64>,
}

/// The statements over devices.
#[async_trait]
pub trait Devices: Send {
    /// Marks devices as forgotten: what they reported is no longer listed; their names stay, because log lines need them.
    async fn forget_devices(&mut self, devices: &[i64], at: i64) -> Result<()>;
    /// Deletes what is left of these devices' reports from before they were forgotten, because they come back.
    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()>;
    /// Deletes all but the `most` most recently forgotten devices of a project.
    async fn drop_forgotten(&mut self, project: i64, most: i64) -> Result<()>;
    /// Creates devices or updates what they say about themselves; forgotten ones come back.
    async fn upsert_devices(&mut self, rows: &[DeviceRow<'_>]) -> Result<Vec<MadeDevice>>;
    /// The project of each device that exists.
    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>>;
    /// Sets when devices were last seen, and what they have applied.
    async fn touch_devices(&mut self, rows: &[SeenRow]) -> Result<()>;
}

/// Forgets devices, by a person's request or because new ones replace them. This comes first, so that a device that comes back
/// in the same batch is kept.
pub(super) async fn forget(sql: &mut (impl Devices + Marks), batch: &[Write]) -> Result<()> {
    let (mut devices, mut projects) = (BTreeSet::new(), BTreeMap::new());
    for write in batch {
        match write {
            Write::Connect { project, gives_way: Some(gives_way), at, .. } => {
                devices.insert(gives_way.0);
                projects.insert(project.0, at.0);
            }
            Write::ForgetDevice { project, device, note, .. } => {
                devices.insert(device.0);
                projects.insert(project.0, note.at.0);
                sql.note(note).await?;
            }
            _ => {}
        }
    }
    let Some(newest) = projects.values().max() else { return Ok(()) };
    sql.forget_devices(&devices.into_iter().collect::<Vec<_>>(), *newest).await?;
    for project in projects.keys() {
        sql.drop_forgotten(*project, MAX_FORGOTTEN).await?;
    }
    Ok(())
}

/// Creates devices and opens sessions.
pub(super) async fn connect(
    sql: &mut (impl Devices + Sessions),
    batch: &[Write],
    written: &mut [Written],
) -> Result<()> {
    // maps: a batch may hold several connections of one device or session, and a statement accepts each row once
    let mut devices: IndexMap<(i64, &str), DeviceRow<'_>> = IndexMap::new();
    let mut sessions: IndexMap<(i64, &str), (SessionRow<'_>, i64)> = IndexMap::new();
    for write in batch {
        let Write::Connect { project, device, session, at, .. } = write else { continue };
        let row = DeviceRow { project: project.0, info: device, at: at.0 };
        devices.insert((project.0, device.identity.as_str()), row);
        if let Some(name) = session {
            let row = SessionRow { project: project.0, name, at: at.0 };
            let times = sessions.get(&(project.0, name.as_str())).map_or(0, |(_, times)| *times);
            sessions.insert((project.0, name), (row, times + 1));
        }
    }
    if devices.is_empty() {
        return Ok(());
    }
    let rows: Vec<DeviceRow<'_>> = devices.into_values().collect();
    sql.empty_forgotten(&rows).await?;
    let made = sql.upsert_devices(&rows).await?;
    let ids: HashMap<(i64, &str), i64> =
        made.iter().map(|made| ((made.project_id, made.identity.as_str()), made.id)).collect();
    let (rows, mut left): (Vec<_>, HashMap<_, _>) =
        sessions.into_iter().map(|(key, (row, times))| (row, (key, times))).unzip();
    let opened = if rows.is_empty() { Vec::new() } else { sql.open_sessions(&rows).await? };
    let opened: HashMap<(i64, &str), StoredSession> =
        opened.iter().map(|opened| ((opened.project_id, opened.name.as_str()), opened.session())).collect();
    for (write, outcome) in batch.iter().zip(written) {
        let Write::Connect { project, device, session, .. } = write else { continue };
        let id =
            ids.get(&(project.0, device.identity.as_str())).ok_or_else(|| missing("project", project.0))?;
        let session = match session {
            None => None,
            Some(name) => {
                let key = (project.0, name.as_str());
                let StoredSession { id, generation: newest, last_seq } =
                    *opened.get(&key).ok_or_else(|| missing("project", project.0))?;
                // of several connections of this batch only the last one holds the session
                let times = left.get_mut(&key).expect("each was counted above");
                *times -= 1;
                Some(OpenSession { id, generation: newest - *times, last_seq: last_seq.cast_unsigned() })
            }
        };
        *outcome = Written::Connected { device: DeviceId(*id), session };
    }
    Ok(())
}

/// Notes when devices were last seen.
pub(super) async fn touch(sql: &mut impl Devices, batch: &[Write]) -> Result<()> {
    // a map: the last of several times counts
    let mut seen: BTreeMap<i64, (i64, Option<i64>)> = BTreeMap::new();
    for write in batch {
        let Write::Seen { device, at, applied } = write else { continue };
        let known = seen.get(&device.0).and_then(|(_, applied)| *applied);
        seen.insert(device.0, (at.0, applied.map(|revision| revision.0).or(known)));
    }
    let row = |(device, (at, applied))| SeenRow { device, at, applied };
    let rows: Vec<SeenRow> = seen.into_iter().map(row).collect();
    if rows.is_empty() { Ok(()) } else { sql.touch_devices(&rows).await }
}

#[async_trait]
impl Devices for Tx<'_> {
    async fn forget_devices(&mut self, devices: &[i64], at: i64) -> Result<()> {
        let forget =
            statement!(self, "UPDATE devices SET forgotten_at = $1, to_empty = $1 WHERE id", in: "$2");
        forget.bind(at).bind_list(devices).run().await?;
        Ok(())
    }

    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()> {
        let known = statement!(
            self,
            "SELECT d.id FROM devices d",
            sqlite: "WHERE d.to_empty IS NOT NULL
                         AND (d.project_id, d.identity) IN (SELECT value->>0, value->>1 FROM json_each($1))",
            postgres: "JOIN UNNEST($1::bigint[], $2::text[]) AS c (project_id, identity)
                           ON d.project_id = c.project_id AND d.identity = c.identity
                       WHERE d.to_empty IS NOT NULL",
        );
        let known = bind_rows!(known, rows, |r| r.project, r.info.identity.as_str());
        let devices: Vec<i64> = known.column().await?;
        if devices.is_empty() {
            return Ok(());
        }
        let reported = statement!(self, "DELETE FROM reported WHERE device_id", in: "$1");
        reported.bind_list(&devices).run().await?;
        let outcomes = statement!(self, "DELETE FROM outcomes WHERE device_id", in: "$1");
        outcomes.bind_list(&devices).run().await?;
        Ok(())
    }

    async fn drop_forgotten(&mut self, project: i64, most: i64) -> Result<()> {
        let drop = self.query(
            "DELETE FROM devices WHERE to_empty IS NULL AND id IN
                 (SELECT id FROM devices WHERE project_id = $1 AND forgotten_at IS NOT NULL
                  ORDER BY forgotten_at DESC, id DESC LIMIT $3 OFFSET $2)",
        );
        drop.bind(project).bind(most).bind(DROPPED_AT_ONCE).run().await?;
        Ok(())
    }

    async fn upsert_devices(&mut self, rows: &[DeviceRow<'_>]) -> Result<Vec<MadeDevice>> {
        let upsert = statement!(
            self,
            "INSERT INTO devices
                 (project_id, identity, name, about, attrs, applied, build, first_seen, last_seen, build_since)",
            sqlite: "SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
                         value->>7, value->>7, value->>7
                     FROM json_each($1) WHERE true",
            postgres: "SELECT c.*, c.at, c.at FROM UNNEST($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[],
                         $6::bigint[], $7::text[], $8::bigint[])
                         AS c (project_id, identity, name, about, attrs, applied, build, at)",
            "ON CONFLICT (project_id, identity) DO UPDATE SET name = excluded.name, about = excluded.about,
                 attrs = excluded.attrs, applied = excluded.applied, last_seen = excluded.last_seen,
                 forgotten_at = NULL, to_empty = NULL, build = excluded.build, build_since =
                     CASE devices.build WHEN excluded.build THEN devices.build_since ELSE excluded.build_since END
             RETURNING id, project_id, identity",
        );
        let upsert = bind_rows!(
            upsert,
            rows,
            |r| r.project,
            r.info.identity.as_str(),
            r.info.name.as_str(),
            r.info.about.as_str(),
            r.info.attrs.as_deref(),
            r.info.applied.map(|revision| revision.0),
            r.info.build.as_str(),
            r.at,
        );
        upsert.all().await
    }

    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let select = statement!(self, "SELECT id, project_id FROM devices WHERE id", in: "$1");
        select.bind_list(devices).all().await
    }

    async fn touch_devices(&mut self, rows: &[SeenRow]) -> Result<()> {
        let touch = statement!(
            self,
            "UPDATE devices SET",
            sqlite: "last_seen = (c.value->>1), applied = coalesce(c.value->>2, applied)
                     FROM json_each($1) AS c WHERE devices.id = (c.value->>0)",
            postgres: "last_seen = c.at, applied = coalesce(c.applied, devices.applied)
                       FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS c (id, at, applied)
                       WHERE devices.id = c.id",
        );
        bind_rows!(touch, rows, |r| r.device, r.at, r.applied).run().await?;
        Ok(())
    }
}
