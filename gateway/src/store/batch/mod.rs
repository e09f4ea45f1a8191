//! Writes a batch with one statement per kind of row. The same code serves both databases and the one in memory that the
//! simulation of games uses; it is public for the simulation's sake.

mod devices;
mod edits;
mod forget;
mod logs;
mod marks;
mod outcomes;
mod sessions;
mod vars;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use self::{
    devices::{DeviceRow, Devices, MadeDevice, SeenRow},
    edits::{DesiredRow, EditRow, EditedRow, Edits},
    logs::{LogRow, Logs},
    marks::Marks,
    outcomes::{OutcomeRow, Outcomes},
    sessions::{OpenedSession, ProgressRow, SessionRow, Sessions, StoredSession},
    vars::{DeclaredRow, ReportedRow, Vars},
};
use self::{edits::write_edit, forget::write_forget_var, vars::Reports};
use super::{
    error::{Result, StoreError, missing},
    write::{Ticket, Write, Written},
};

/// The statements of one transaction, each on many rows. No slice has duplicates.
pub trait Statements: Devices + Edits + Logs + Marks + Outcomes + Sessions + Vars {}

impl<T: Devices + Edits + Logs + Marks + Outcomes + Sessions + Vars> Statements for T {}

/// Writes a batch. The result is the same as that of the single writes in order, except that games connect first.
///
/// No other write reads logs and "seen", so each of them is written in one piece. Reports are merged up to the next edit,
/// because an edit needs its variables declared.
pub async fn write(sql: &mut impl Statements, ticket: &Ticket, batch: &[Write]) -> Result<Vec<Written>> {
    if sql.mark(&ticket.writer, ticket.number).await? != ticket.epoch {
        return Err(StoreError::Restored);
    }
    lock_targets(sql, batch).await?;
    let mut written = vec![Written::Done; batch.len()];
    devices::forget(sql, batch).await?;
    devices::connect(sql, batch, &mut written).await?;
    sessions::admit(sql, batch, &mut written).await?;
    let is_admitted = |written: &Written| *written == Written::Done;
    logs::append(sql, batch, &mut written).await?;
    let mut reports = Reports::default();
    for (write, outcome) in batch.iter().zip(&mut written) {
        match write {
            Write::Report { .. } if is_admitted(outcome) => reports.add(write)?,
            Write::Declare { note, .. } => {
                reports.add(write)?;
                if let Some(note) = note {
                    sql.note(note).await?;
                }
            }
            Write::Edit { .. } => {
                std::mem::take(&mut reports).write(sql).await?;
                *outcome = write_edit(sql, write).await?;
            }
            Write::ForgetVar { .. } => {
                std::mem::take(&mut reports).write(sql).await?;
                *outcome = write_forget_var(sql, write).await?;
            }
            Write::Report { .. }
            | Write::Connect { .. }
            | Write::ForgetDevice { .. }
            | Write::Logs { .. }
            | Write::Refused { .. }
            | Write::Outcomes { .. }
            | Write::Seen { .. } => {}
        }
    }
    reports.write(sql).await?;
    outcomes::set(sql, batch).await?;
    devices::touch(sql, batch).await?;
    Ok(written)
}

/// Checks that every project and device exists and that they belong together, and locks the projects: two
/// batches that touch the same ones wait for each other instead of colliding.
async fn lock_targets(sql: &mut impl Statements, batch: &[Write]) -> Result<()> {
    let mut projects = BTreeSet::new();
    let mut devices: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for write in batch {
        match write {
            Write::Logs { project, device, .. }
            | Write::Report { project, device, .. }
            | Write::Declare { project, device, .. }
            | Write::ForgetDevice { project, device, .. }
            | Write::Outcomes { project, device, .. } => {
                let known = devices.entry(device.0).or_default().get_or_insert(project.0);
                if *known != project.0 {
                    return Err(missing("device", device.0));
                }
            }
            Write::Connect { project, .. }
            | Write::Edit { project, .. }
            | Write::ForgetVar { project, .. }
            | Write::Refused { project, .. } => {
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
    let are_here = projects.iter().all(|project| found.contains(project));
    // otherwise one was deleted in the meantime
    if are_here { Ok(()) } else { Err(StoreError::Gone) }
}
