//! A batch of writes → as few statements as there are kinds of rows. The same for both databases.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use indexmap::IndexMap;
use protocol::model::{Revision, VarName};

use super::{Result, StoreError, Write, Written};

/// One line of a game's log, numbered.
pub(super) struct LogRow<'a> {
    pub project: i64,
    pub seq: i64,
    pub device: i64,
    pub at: i64,
    pub received: i64,
    pub level: i32,
    pub message: &'a str,
    pub fields: Option<&'a str>,
}

/// A declaration; `spec` is JSON.
pub(super) struct DeclaredRow<'a> {
    pub project: i64,
    pub name: &'a str,
    pub spec: String,
}

/// A value as a device reports it; `value` is JSON.
pub(super) struct ReportedRow<'a> {
    pub device: i64,
    pub project: i64,
    pub name: &'a str,
    pub value: String,
    pub at: i64,
}

/// One edit: all its changes have one revision, author and time.
pub(super) struct EditRows<'a> {
    pub project: i64,
    pub author_id: i64,
    pub author: &'a str,
    pub gesture: i64,
    pub revision: i64,
    pub at: i64,
    pub names: Vec<&'a str>,
    /// One JSON text for each name.
    pub values: Vec<String>,
}

/// The statements of one transaction, each over many rows. Every slice is free of duplicates.
#[async_trait]
pub(super) trait Statements: Send {
    /// The project of each device that exists.
    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>>;
    /// Which of these projects exist. Until the transaction ends nobody else writes to them.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>>;
    /// Adds to each project's log number and returns (project, its new number).
    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>>;
    /// Appends log lines.
    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()>;
    /// Declares variables; the new ones come last, in the order of `rows`.
    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()>;
    /// Sets reported values.
    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()>;
    /// Adds 1 to the project's revision and returns it.
    async fn next_revision(&mut self, project: i64) -> Result<i64>;
    /// Makes or extends the history rows of a gesture, and returns how many. A new one takes its old
    /// value from the variable.
    async fn upsert_history(&mut self, edit: &EditRows<'_>) -> Result<u64>;
    /// Sets desired values and returns how many.
    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64>;
    /// Sets when devices were last seen.
    async fn touch_devices(&mut self, seen: &[(i64, i64)]) -> Result<()>;
}

/// Writes a batch with the outcome of executing it write by write.
///
/// Logs and "seen" touch nothing that the others read, so they go in one piece. Reports are merged up to the
/// next edit, because an edit needs its variables declared.
pub(super) async fn write(sql: &mut impl Statements, batch: &[Write]) -> Result<Vec<Written>> {
    lock_targets(sql, batch).await?;
    let mut written = vec![Written::Done; batch.len()];
    write_logs(sql, batch, &mut written).await?;
    let mut reports = Reports::default();
    for (write, outcome) in batch.iter().zip(&mut written) {
        match write {
            Write::Report { .. } => reports.add(write)?,
            Write::Edit { .. } => {
                std::mem::take(&mut reports).write(sql).await?;
                *outcome = Written::Edit { revision: write_edit(sql, write).await? };
            }
            Write::Logs { .. } | Write::Seen { .. } => {}
        }
    }
    reports.write(sql).await?;
    // a map: of several times the last one counts
    let seen: BTreeMap<i64, i64> = batch
        .iter()
        .filter_map(|write| match write {
            Write::Seen { device, at } => Some((device.0, at.0)),
            _ => None,
        })
        .collect();
    if !seen.is_empty() {
        sql.touch_devices(&seen.into_iter().collect::<Vec<_>>()).await?;
    }
    Ok(written)
}

/// Checks that every project and device exists and that they belong together, and locks the projects: two
/// batches that touch the same ones wait for each other instead of colliding.
async fn lock_targets(sql: &mut impl Statements, batch: &[Write]) -> Result<()> {
    let mut projects = BTreeSet::new();
    let mut devices: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for write in batch {
        match write {
            Write::Logs { project, device, .. } | Write::Report { project, device, .. } => {
                let known = devices.entry(device.0).or_default().get_or_insert(project.0);
                if *known != project.0 {
                    return Err(missing("device", device.0));
                }
            }
            Write::Edit { project, .. } => {
                projects.insert(project.0);
            }
            Write::Seen { device, .. } => {
                devices.entry(device.0).or_default();
            }
        }
    }
    if !devices.is_empty() {
        let ids: Vec<i64> = devices.keys().copied().collect();
        let found: HashMap<i64, i64> = sql.device_projects(&ids).await?.into_iter().collect();
        for (device, expected) in devices {
            match (found.get(&device), expected) {
                (Some(project), None) => projects.insert(*project),
                (Some(project), Some(expected)) if *project == expected => projects.insert(expected),
                _ => return Err(missing("device", device)),
            };
        }
    }
    let projects: Vec<i64> = projects.into_iter().collect();
    let found: BTreeSet<i64> = sql.lock_projects(&projects).await?.into_iter().collect();
    match projects.iter().find(|project| !found.contains(project)) {
        Some(project) => Err(missing("project", *project)),
        None => Ok(()),
    }
}

fn missing(noun: &str, id: i64) -> StoreError {
    StoreError::Damaged(format!("a write names the {noun} {id}, which is not there"))
}

async fn write_logs(sql: &mut impl Statements, batch: &[Write], written: &mut [Written]) -> Result<()> {
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for write in batch {
        if let Write::Logs { project, entries, .. } = write {
            *counts.entry(project.0).or_default() += entries.len() as i64;
        }
    }
    if counts.is_empty() {
        return Ok(());
    }
    let pairs: Vec<(i64, i64)> = counts.iter().map(|(project, count)| (*project, *count)).collect();
    let last = sql.take_log_numbers(&pairs).await?;
    // from the last number given back to the next one to give
    let mut next: HashMap<i64, i64> =
        last.into_iter().map(|(project, last)| (project, last - counts[&project] + 1)).collect();

    let mut rows = Vec::new();
    for (write, outcome) in batch.iter().zip(written) {
        let Write::Logs { project, device, received, entries } = write else { continue };
        let next = next.get_mut(&project.0).ok_or_else(|| missing("project", project.0))?;
        *outcome = Written::Logs { first_seq: next.cast_unsigned() };
        rows.extend(entries.iter().zip(*next..).map(|(entry, seq)| LogRow {
            project: project.0,
            seq,
            device: device.0,
            at: entry.at.unwrap_or(*received).0,
            received: received.0,
            level: entry.level as i32,
            message: &entry.message,
            fields: entry.fields.as_deref(),
        }));
        *next += entries.len() as i64;
    }
    if rows.is_empty() { Ok(()) } else { sql.insert_logs(&rows).await }
}

async fn write_edit(sql: &mut impl Statements, write: &Write) -> Result<Revision> {
    let Write::Edit { project, author, author_name, gesture, at, changes } = write else {
        unreachable!("the caller matched an edit")
    };
    // of two values for one variable the last one counts
    let merged: IndexMap<&VarName, _> = changes.iter().map(|(name, value)| (name, value)).collect();
    let edit = EditRows {
        project: project.0,
        author_id: author.0,
        author: author_name,
        // a bit pattern: databases have no unsigned 64-bit integers
        gesture: gesture.0.cast_signed(),
        revision: sql.next_revision(project.0).await?,
        at: at.0,
        names: merged.keys().map(|name| name.as_str()).collect(),
        values: merged.values().map(|value| value.to_json()).collect(),
    };
    // the history first: it takes the old values from where the new ones go
    let kept = sql.upsert_history(&edit).await?;
    let set = sql.set_desired(&edit).await?;
    let wanted = edit.names.len() as u64;
    if kept != wanted || set != wanted {
        return Err(StoreError::Damaged("an edit names a variable that is not there".to_owned()));
    }
    Ok(Revision(edit.revision))
}

/// Reports, merged to the newest of each variable.
#[derive(Default)]
struct Reports<'a> {
    declared: IndexMap<(i64, &'a str), DeclaredRow<'a>>,
    values: HashMap<(i64, &'a str), ReportedRow<'a>>,
}

impl<'a> Reports<'a> {
    fn add(&mut self, write: &'a Write) -> Result<()> {
        let Write::Report { project, device, at, declared, values } = write else {
            unreachable!("the caller matched a report")
        };
        for (name, spec) in declared {
            let name = name.as_str();
            let spec = serde_json::to_string(spec)
                .map_err(|fault| StoreError::Damaged(format!("a declaration is not JSON: {fault}")))?;
            self.declared.insert((project.0, name), DeclaredRow { project: project.0, name, spec });
        }
        for (name, value) in values {
            let name = name.as_str();
            let value = value.to_json();
            let row = ReportedRow { device: device.0, project: project.0, name, value, at: at.0 };
            self.values.insert((device.0, name), row);
        }
        Ok(())
    }

    async fn write(self, sql: &mut impl Statements) -> Result<()> {
        if !self.declared.is_empty() {
            let rows: Vec<_> = self.declared.into_values().collect();
            sql.upsert_vars(&rows).await?;
        }
        if !self.values.is_empty() {
            let rows: Vec<_> = self.values.into_values().collect();
            sql.upsert_reported(&rows).await?;
        }
        Ok(())
    }
}
