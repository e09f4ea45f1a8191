//! A batch of writes → as few statements as there are kinds of rows. The same for both databases, and for the one in
//! memory on which the simulation of the ingest side runs: for its sake this is public.

mod edits;
mod forget;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use indexmap::IndexMap;
use protocol::model::{DeviceId, Outcome};

use self::{edits::write_edit, forget::write_forget_var};
use super::{AuditRow, DeviceInfo, OpenSession, Result, Sequenced, StoreError, Ticket, Write, Written};

/// Devices of a project that are not there any more and keep their names; of more, those that went first lose theirs, unless
/// what they reported is still being cleared away.
const MAX_FORGOTTEN_DEVICES: i64 = 10_000;
/// So many of them in one transaction; a batch rarely forgets more.
pub(super) const DROPPED_AT_ONCE: i64 = 1_000;

/// A device that connects.
pub struct DeviceRow<'a> {
    pub project: i64,
    pub info: &'a DeviceInfo,
    pub at: i64,
}

/// A session that is opened or taken over.
pub struct SessionRow<'a> {
    pub project: i64,
    pub name: &'a str,
    pub at: i64,
}

/// A session as it is stored: id, generation, last_seq.
pub type SessionCells = (i64, i64, i64);

/// How far a session has come.
pub struct ProgressRow {
    pub session: i64,
    pub last_seq: i64,
    pub at: i64,
}

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

/// One line of a game's log, numbered.
pub struct LogRow<'a> {
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

/// One edit: all its changes have one revision, author and time.
pub struct EditRows<'a> {
    pub project: i64,
    pub author_id: i64,
    pub author: &'a str,
    pub via: &'a str,
    pub address: &'a str,
    pub gesture: i64,
    pub revision: i64,
    pub at: i64,
    pub names: Vec<&'a str>,
    /// One JSON text for each name; `None`: it is let go.
    pub values: Vec<Option<String>>,
    /// Of what is so already: the edit of each name that made it so.
    pub set_by: Vec<i64>,
}

/// The newest edit of a variable: name, value as JSON, revision, author, time; and whether the gesture that asks has made
/// it.
pub type DesiredCells = (String, Option<String>, i64, String, i64, bool);

/// Marks the variable `$2` of the project `$1` as forgotten, in both databases.
pub(super) const FORGET_VAR: &str =
    "UPDATE vars SET forgotten_at = $3, desired = NULL, desired_revision = NULL, desired_author = NULL, desired_at = NULL
     WHERE project_id = $1 AND name = $2 AND forgotten_at IS NULL";

/// The statements of one transaction, each over many rows. Every slice is free of duplicates.
#[async_trait]
pub trait Statements: Send {
    /// Notes the number of the writer's commit, and returns the epoch of the database.
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64>;
    /// Marks devices as forgotten: what they reported is there no more, their names, which log lines need, are.
    async fn forget_devices(&mut self, devices: &[i64], at: i64) -> Result<()>;
    /// Takes away what is left of what these devices reported before they were forgotten: they come back.
    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()>;
    /// Of a project's forgotten devices only so many stay, those that were forgotten last.
    async fn drop_forgotten(&mut self, project: i64, most: i64) -> Result<()>;
    /// Makes devices or renews what they say of themselves, also of those that were forgotten; returns (id, project, identity).
    async fn upsert_devices(&mut self, rows: &[DeviceRow<'_>]) -> Result<Vec<(i64, i64, String)>>;
    /// Opens sessions, each with its next generation; returns (project, name) and the session.
    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<(i64, String, SessionCells)>>;
    /// The sessions that exist.
    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<SessionCells>>;
    /// Sets how far sessions have come.
    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()>;
    /// Sets what devices did with values, but not with those of variables that were forgotten meanwhile.
    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()>;
    /// Takes back what (device, name) did.
    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()>;
    /// The project of each device that exists.
    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>>;
    /// Which of these projects exist. Until the transaction ends nobody else writes to them.
    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>>;
    /// Adds to each project's log number and returns (project, its new number).
    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>>;
    /// Appends log lines.
    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()>;
    /// Takes away those of these variables that were forgotten, with what is left of them: they are declared anew.
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()>;
    /// Declares variables; the new ones come last, in the order of `rows`.
    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()>;
    /// Sets reported values.
    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()>;
    /// The newest edits of these variables of a project, as the gesture of an author sees them.
    async fn desired(
        &mut self,
        project: i64,
        author: i64,
        gesture: i64,
        names: &[&str],
    ) -> Result<Vec<DesiredCells>>;
    /// Adds 1 to the project's revision and returns it.
    async fn next_revision(&mut self, project: i64) -> Result<i64>;
    /// Makes or extends the history rows of a gesture, and returns how many. A new one takes its old
    /// value from the variable.
    async fn upsert_history(&mut self, edit: &EditRows<'_>) -> Result<u64>;
    /// Keeps under a gesture what was asked and desired already.
    async fn remember_unchanged(&mut self, edit: &EditRows<'_>) -> Result<()>;
    /// Sets desired values, or takes them away, and returns how many.
    async fn set_desired(&mut self, edit: &EditRows<'_>) -> Result<u64>;
    /// Notes that the newest edit of these variables let go of them.
    async fn note_let_go(&mut self, edit: &EditRows<'_>, names: &[&str]) -> Result<()>;
    /// Marks a variable as forgotten, with what devices say of it, but not its history; whether it was there.
    async fn forget_var(&mut self, project: i64, name: &str, at: i64) -> Result<bool>;
    /// Adds a row to the audit trail.
    async fn note(&mut self, note: &AuditRow) -> Result<()>;
    /// Sets when devices were last seen, and how far they are where that is known: (id, at, applied).
    async fn touch_devices(&mut self, seen: &[(i64, i64, Option<i64>)]) -> Result<()>;
}

/// Writes a batch with the outcome of executing it write by write, but that games connect first.
///
/// Logs and "seen" touch nothing that the others read, so they go in one piece. Reports are merged up to the
/// next edit, because an edit needs its variables declared.
pub async fn write(sql: &mut impl Statements, ticket: &Ticket, batch: &[Write]) -> Result<Vec<Written>> {
    if sql.mark(&ticket.writer, ticket.number).await? != ticket.epoch {
        return Err(StoreError::Restored);
    }
    lock_targets(sql, batch).await?;
    let mut written = vec![Written::Done; batch.len()];
    forget_devices(sql, batch).await?;
    connect(sql, batch, &mut written).await?;
    admit(sql, batch, &mut written).await?;
    let is_admitted = |written: &Written| *written == Written::Done;
    write_logs(sql, batch, &mut written).await?;
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
    write_outcomes(sql, batch).await?;
    touch(sql, batch).await?;
    Ok(written)
}

/// Forgets devices by a person's wish, and those in whose place new ones come. First: one that comes back in this very batch
/// is there then.
async fn forget_devices(sql: &mut impl Statements, batch: &[Write]) -> Result<()> {
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
        sql.drop_forgotten(*project, MAX_FORGOTTEN_DEVICES).await?;
    }
    Ok(())
}

/// Makes devices and opens sessions.
async fn connect(sql: &mut impl Statements, batch: &[Write], written: &mut [Written]) -> Result<()> {
    // maps: a batch may hold several connections of one device or session, and a statement takes each row once
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
        made.iter().map(|(id, project, identity)| ((*project, identity.as_str()), *id)).collect();
    let (rows, mut left): (Vec<_>, HashMap<_, _>) =
        sessions.into_iter().map(|(key, (row, times))| (row, (key, times))).unzip();
    let opened = if rows.is_empty() { Vec::new() } else { sql.open_sessions(&rows).await? };
    let opened: HashMap<(i64, &str), SessionCells> =
        opened.iter().map(|(project, name, cells)| ((*project, name.as_str()), *cells)).collect();
    for (write, outcome) in batch.iter().zip(written) {
        let Write::Connect { project, device, session, .. } = write else { continue };
        let id =
            ids.get(&(project.0, device.identity.as_str())).ok_or_else(|| missing("project", project.0))?;
        let session = match session {
            None => None,
            Some(name) => {
                let key = (project.0, name.as_str());
                let (id, newest, last_seq) =
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

/// Decides which sequenced lines are stored: each once, in order, and only those of the session's newest
/// connection. The numbers are committed together with the rows of the lines.
async fn admit(sql: &mut impl Statements, batch: &[Write], written: &mut [Written]) -> Result<()> {
    let ids: BTreeSet<i64> = batch.iter().filter_map(|write| Some(write.line()?.session)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stored = sql.sessions(&ids.into_iter().collect::<Vec<_>>()).await?;
    let mut sessions: HashMap<i64, SessionCells> = stored.into_iter().map(|cells| (cells.0, cells)).collect();
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for (write, outcome) in batch.iter().zip(written) {
        let Some(line) = write.line() else { continue };
        *outcome = match sessions.get_mut(&line.session) {
            Some(session) => decide(session, line),
            None => Written::TakenOver,
        };
        if let (Written::Done, Some(at)) = (&*outcome, write.received()) {
            moved.insert(line.session, at.0);
        }
    }
    let progress = |(session, at): (i64, i64)| ProgressRow { session, last_seq: sessions[&session].2, at };
    let rows: Vec<ProgressRow> = moved.into_iter().map(progress).collect();
    if rows.is_empty() { Ok(()) } else { sql.advance_sessions(&rows).await }
}

/// Whether one line is the next of its session; then it counts.
fn decide((_, generation, last_seq): &mut SessionCells, line: Sequenced) -> Written {
    if line.generation != *generation {
        return Written::TakenOver;
    }
    match line.seq.cast_signed() {
        seq if seq <= *last_seq => Written::Repeated,
        seq if seq > *last_seq + 1 => Written::Gap,
        seq => {
            *last_seq = seq;
            Written::Done
        }
    }
}

/// The newest outcome of each device and variable.
async fn write_outcomes(sql: &mut impl Statements, batch: &[Write]) -> Result<()> {
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

async fn touch(sql: &mut impl Statements, batch: &[Write]) -> Result<()> {
    // a map: of several times the last one counts
    let mut seen: BTreeMap<i64, (i64, Option<i64>)> = BTreeMap::new();
    for write in batch {
        let Write::Seen { device, at, applied } = write else { continue };
        let known = seen.get(&device.0).and_then(|(_, applied)| *applied);
        seen.insert(device.0, (at.0, applied.map(|revision| revision.0).or(known)));
    }
    let rows: Vec<_> = seen.into_iter().map(|(device, (at, applied))| (device, at, applied)).collect();
    if rows.is_empty() { Ok(()) } else { sql.touch_devices(&rows).await }
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
    match projects.iter().all(|project| found.contains(project)) {
        true => Ok(()),
        // deleted while this was on its way
        false => Err(StoreError::Gone),
    }
}

fn missing(noun: &str, id: i64) -> StoreError {
    StoreError::Damaged(format!("a write names the {noun} {id}, which is not there"))
}

async fn write_logs(sql: &mut impl Statements, batch: &[Write], written: &mut [Written]) -> Result<()> {
    let mut counts: BTreeMap<i64, i64> = BTreeMap::new();
    for (write, outcome) in batch.iter().zip(&*written) {
        if let (Write::Logs { project, entries, .. }, Written::Done) = (write, outcome) {
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
        let (Write::Logs { project, device, received, entries, .. }, Written::Done) = (write, &*outcome)
        else {
            continue;
        };
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

/// Reports, merged to the newest of each variable.
#[derive(Default)]
struct Reports<'a> {
    declared: IndexMap<(i64, &'a str), DeclaredRow<'a>>,
    values: HashMap<(i64, &'a str), ReportedRow<'a>>,
}

impl<'a> Reports<'a> {
    fn add(&mut self, write: &'a Write) -> Result<()> {
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

    async fn write(self, sql: &mut impl Statements) -> Result<()> {
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
