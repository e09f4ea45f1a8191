//! The rows of the database, and what each statement of a batch does with them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use gateway::store::{
    AuditRow, LeftOut, ProjectState, Result, StoreError, StoredDevice, StoredVar,
    batch::{
        DeclaredRow, DesiredRow, DeviceRow, Devices, EditRow, Edits, LogRow, Logs, MadeDevice, Marks,
        OpenedSession, OutcomeRow, Outcomes, ProgressRow, ReportedRow, SeenRow, SessionRow, Sessions,
        StoredSession, Vars,
    },
};
use protocol::model::{
    Applied, Desired, Device, DeviceId, Key, Level, LogLine, Outcome, Project, ProjectId, Reported, Revision,
    UnixMicros, Value, VarName, VarRevision, VarSpec,
};

use super::values::meant;

/// A log line that begins like this is one that the database refuses.
pub(super) const POISON: &str = "poison";

/// Rows by their keys.
#[derive(Clone, Default)]
pub(super) struct Tables {
    projects: BTreeMap<i64, ProjectRow>,
    devices: BTreeMap<(i64, String), Device>,
    sessions: BTreeMap<(i64, String), StoredSession>,
    vars: BTreeMap<(i64, String), VarRow>,
    /// The newest edit of a variable that let go of it.
    let_go: BTreeMap<(i64, String), Desired>,
    /// By device and variable.
    reported: BTreeMap<(i64, String), (Value, i64)>,
    /// By device and variable: the revision, and what became of its value.
    outcomes: BTreeMap<(i64, String), (i64, Outcome)>,
    writers: BTreeMap<String, i64>,
    /// Which history this is.
    pub(super) epoch: i64,
    pub(super) deleted: BTreeSet<i64>,
    /// Projects whose key is revoked.
    pub(super) revoked: BTreeSet<i64>,
    /// Devices that are not there any more.
    forgotten: BTreeSet<i64>,
    /// Those of which something is left.
    to_empty: BTreeSet<i64>,
}

/// What devices say, by device and variable.
pub(super) type Said = BTreeMap<i64, BTreeMap<String, String>>;

#[derive(Clone)]
struct ProjectRow {
    key: Key,
    revision: i64,
    log_seq: i64,
}

#[derive(Clone)]
struct VarRow {
    position: usize,
    spec: String,
    declared_by: i64,
    desired: Option<Desired>,
    /// The author and the gesture that have set `desired`.
    set_by: (i64, i64),
    /// It is not there any more, but something of it is left.
    is_forgotten: bool,
}

impl Tables {
    pub(super) fn new(keys: &[Key]) -> Self {
        let row = |key: &Key| ProjectRow { key: *key, revision: 0, log_seq: 0 };
        Self { projects: (1..).zip(keys.iter().map(row)).collect(), epoch: 1, ..Self::default() }
    }

    /// What is in a backup, in place of all this; the marks of writers stay.
    pub(super) fn replace_by(&mut self, backup: &Self) {
        let (writers, epoch) = (std::mem::take(&mut self.writers), self.epoch + 1);
        *self = Self { writers, epoch, ..backup.clone() };
    }

    pub(super) fn project(&self, id: i64) -> Option<Project> {
        let key = self.projects.get(&id).filter(|_| !self.deleted.contains(&id))?.key;
        let name = format!("project {id}");
        Some(Project { id: ProjectId(id), name, key, created_at: UnixMicros(0) })
    }

    pub(super) fn project_of(&self, key: Key) -> Option<Project> {
        let (id, _) = self.projects.iter().find(|(_, row)| row.key == key)?;
        self.project(*id)
    }

    pub(super) fn last_commit(&self, writer: &str) -> Option<i64> {
        self.writers.get(writer).copied()
    }

    /// A variable that is there.
    fn var(&self, project: i64, name: &str) -> Option<&VarRow> {
        self.vars.get(&(project, name.to_owned())).filter(|row| !row.is_forgotten)
    }

    /// The devices of a project that are there.
    pub(super) fn devices(&self, project: i64) -> Vec<i64> {
        let of_project = self.devices.iter().filter(|((of, _), _)| *of == project);
        let ids = of_project.map(|(_, device)| device.id.0);
        ids.filter(|id| !self.forgotten.contains(id)).collect()
    }

    /// What devices that are there say of variables that are there.
    pub(super) fn said(&self) -> Said {
        let mut said = Said::new();
        for ((project, _), device) in &self.devices {
            let id = device.id.0;
            if self.forgotten.contains(&id) {
                continue;
            }
            let of_device = self.reported.range((id, String::new())..(id + 1, String::new()));
            let there = of_device.filter(|((_, name), _)| self.var(*project, name).is_some());
            said.insert(id, there.map(|((_, name), (value, _))| (name.clone(), value.to_json())).collect());
        }
        said
    }

    /// Takes away up to so many rows of what is left of devices and variables that were forgotten. Whether there was any.
    pub(super) fn sweep(&mut self, rows: usize) -> bool {
        if let Some(device) = self.to_empty.first().copied() {
            if self.empty(rows, |(of, _)| *of == device) {
                self.to_empty.remove(&device);
            }
            return true;
        }
        let Some(key) = self.vars.iter().find(|(_, row)| row.is_forgotten).map(|(key, _)| key.clone()) else {
            return false;
        };
        let devices = self.ids(key.0);
        if self.empty(rows, |(device, name)| devices.contains(device) && *name == key.1) {
            self.vars.remove(&key);
        }
        true
    }

    /// The number of a forgotten device of which something is left.
    pub(super) fn forgotten(&self, project: i64, identity: &str) -> Option<i64> {
        let id = self.devices.get(&(project, identity.to_owned()))?.id.0;
        self.to_empty.contains(&id).then_some(id)
    }

    /// The numbers of all devices of a project, also of those that are not there any more.
    fn ids(&self, project: i64) -> BTreeSet<i64> {
        self.devices.iter().filter(|((of, _), _)| *of == project).map(|(_, device)| device.id.0).collect()
    }

    /// Takes away up to so many of these rows; whether that was all.
    fn empty(&mut self, rows: usize, which: impl Fn(&(i64, String)) -> bool) -> bool {
        let keys = self.reported.keys().chain(self.outcomes.keys());
        let some: Vec<(i64, String)> = keys.filter(|key| which(key)).take(rows).cloned().collect();
        for key in &some {
            self.reported.remove(key);
            self.outcomes.remove(key);
        }
        some.len() < rows
    }

    /// What devices did with values, where they did not just take them.
    pub(super) fn outcomes(&self) -> &BTreeMap<(i64, String), (i64, Outcome)> {
        &self.outcomes
    }

    /// The number of a device that is there.
    pub(super) fn device(&self, project: i64, identity: &str) -> Option<i64> {
        let id = self.devices.get(&(project, identity.to_owned()))?.id.0;
        (!self.forgotten.contains(&id)).then_some(id)
    }

    /// A variable as it is declared.
    pub(super) fn spec(&self, project: i64, name: &str) -> Option<VarSpec> {
        let row = self.var(project, name)?;
        Some(serde_json::from_str(&row.spec).expect("it was one"))
    }

    /// The `last_seq` of every session, by its number.
    pub(super) fn progress(&self) -> BTreeMap<i64, u64> {
        self.sessions.values().map(|session| (session.id, session.last_seq.cast_unsigned())).collect()
    }

    /// The newest revision of a project, and what its desired values mean.
    pub(super) fn desired(&self, project: i64) -> (i64, BTreeMap<String, String>) {
        let of_project = self.vars.iter().filter(|((id, _), row)| *id == project && !row.is_forgotten);
        let value = |((_, name), row): (&(i64, String), &VarRow)| {
            Some((name.clone(), meant(&row.desired.as_ref()?.value.as_ref()?.to_json())))
        };
        (self.projects[&project].revision, of_project.filter_map(value).collect())
    }

    pub(super) fn load(&self, id: i64) -> Option<ProjectState> {
        let project = self.project(id)?;
        let (gone, of_project): (Vec<_>, Vec<_>) = self
            .devices
            .iter()
            .filter(|((project, _), _)| *project == id)
            .partition(|(_, device)| self.forgotten.contains(&device.id.0));
        let gone = gone.into_iter().map(|(_, device)| (device.id, device.name.clone())).collect();
        let mut devices: Vec<StoredDevice> = of_project
            .into_iter()
            .map(|((_, identity), device)| StoredDevice {
                identity: identity.clone(),
                device: device.clone(),
            })
            .collect();
        devices.sort_by_key(|stored| stored.device.id);
        let mut vars: Vec<(usize, StoredVar)> = Vec::new();
        for ((_, name), row) in
            self.vars.iter().filter(|((project, _), row)| *project == id && !row.is_forgotten)
        {
            let reported = devices.iter().filter_map(|stored| {
                let device = stored.device.id;
                let (value, at) = self.reported.get(&(device.0, name.clone()))?;
                Some(Reported { device, value: value.clone(), at: UnixMicros(*at) })
            });
            let var = StoredVar {
                name: VarName::parse(name).expect("it was one"),
                spec: serde_json::from_str(&row.spec).expect("it was one"),
                declared_by: Some(DeviceId(row.declared_by)),
                desired: row.desired.clone().or_else(|| self.let_go.get(&(id, name.clone())).cloned()),
                reported: reported.collect(),
                applied: self.applied(&devices, name),
            };
            vars.push((row.position, var));
        }
        vars.sort_by_key(|(position, _)| *position);
        let vars = vars.into_iter().map(|(_, var)| var).collect();
        let revision = Revision(self.projects[&id].revision);
        let is_gone = |(key, _): &(&(i64, String), _)| key.0 == id && self.var(id, &key.1).is_none();
        let removed = self.let_go.iter().filter(is_gone);
        let removed =
            removed.map(|((_, name), edit)| (VarName::parse(name).expect("it was one"), edit.clone()));
        let (removed, logs) = (removed.collect(), Vec::new());
        let (is_frozen, left_out) = (false, LeftOut::default());
        Some(ProjectState { project, revision, is_frozen, devices, vars, removed, logs, gone, left_out })
    }
}

impl Tables {
    /// What devices did with a variable's values, where they did not just take them.
    fn applied(&self, devices: &[StoredDevice], name: &str) -> Vec<Applied> {
        let mark = |stored: &StoredDevice| {
            let device = stored.device.id;
            let (revision, outcome) = self.outcomes.get(&(device.0, name.to_owned()))?;
            let (revision, outcome) = (VarRevision(*revision), outcome.clone());
            Some(Applied { device, revision, outcome, round_trip_micros: None })
        };
        devices.iter().filter_map(mark).collect()
    }
}

/// A transaction: a copy of the tables, and the log lines that it appends.
pub(super) struct Transaction {
    pub(super) tables: Tables,
    pub(super) logs: Vec<(i64, LogLine)>,
}

impl Transaction {
    pub(super) fn new(tables: Tables) -> Self {
        Self { tables, logs: Vec::new() }
    }
}

fn refused(why: &str) -> StoreError {
    StoreError::Damaged(why.to_owned())
}

#[async_trait]
impl Marks for Transaction {
    async fn mark(&mut self, writer: &str, number: i64) -> Result<i64> {
        self.tables.writers.insert(writer.to_owned(), number);
        Ok(self.tables.epoch)
    }

    async fn lock_projects(&mut self, projects: &[i64]) -> Result<Vec<i64>> {
        let is_here = |id: &&i64| projects.contains(id) && !self.tables.deleted.contains(id);
        Ok(self.tables.projects.keys().filter(is_here).copied().collect())
    }

    async fn note(&mut self, _: &AuditRow) -> Result<()> {
        // nobody reads the audit trail in a run
        Ok(())
    }
}

#[async_trait]
impl Devices for Transaction {
    async fn forget_devices(&mut self, devices: &[i64], _: i64) -> Result<()> {
        self.tables.forgotten.extend(devices);
        self.tables.to_empty.extend(devices);
        Ok(())
    }

    async fn empty_forgotten(&mut self, rows: &[DeviceRow<'_>]) -> Result<()> {
        for row in rows {
            let known = self.tables.devices.get(&(row.project, row.info.identity.clone()));
            if let Some(id) = known.map(|device| device.id.0)
                && self.tables.to_empty.contains(&id)
            {
                self.tables.empty(usize::MAX, |(of, _)| *of == id);
            }
        }
        Ok(())
    }

    async fn drop_forgotten(&mut self, _: i64, _: i64) -> Result<()> {
        // so many are never forgotten in a run
        Ok(())
    }

    async fn upsert_devices(&mut self, rows: &[DeviceRow<'_>]) -> Result<Vec<MadeDevice>> {
        let mut made = Vec::new();
        for row in rows {
            let next = DeviceId(self.tables.devices.len() as i64 + 1);
            let key = (row.project, row.info.identity.clone());
            let known = self.tables.devices.get(&key).map(|device| device.id);
            let device = Device {
                id: known.unwrap_or(next),
                name: row.info.name.clone(),
                online: false,
                since: UnixMicros(row.at),
                last_seen: UnixMicros(row.at),
                about: row.info.about.clone(),
                acknowledges: row.info.applied.is_some(),
                applied: row.info.applied.unwrap_or(Revision(0)),
            };
            self.tables.forgotten.remove(&device.id.0);
            self.tables.to_empty.remove(&device.id.0);
            let identity = row.info.identity.clone();
            made.push(MadeDevice { id: device.id.0, project_id: row.project, identity });
            self.tables.devices.insert(key, device);
        }
        Ok(made)
    }

    async fn device_projects(&mut self, devices: &[i64]) -> Result<Vec<(i64, i64)>> {
        let rows = self.tables.devices.iter().map(|((project, _), device)| (device.id.0, *project));
        Ok(rows.filter(|(device, _)| devices.contains(device)).collect())
    }

    async fn touch_devices(&mut self, rows: &[SeenRow]) -> Result<()> {
        for row in rows {
            let Some(device) = self.tables.devices.values_mut().find(|device| device.id.0 == row.device)
            else {
                continue;
            };
            device.last_seen = UnixMicros(row.at);
            device.applied = row.applied.map_or(device.applied, Revision);
        }
        Ok(())
    }
}

#[async_trait]
impl Sessions for Transaction {
    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<OpenedSession>> {
        let mut opened = Vec::new();
        for row in rows {
            let next = self.tables.sessions.len() as i64 + 1;
            let (project_id, name) = (row.project, row.name.to_owned());
            let fresh = StoredSession { id: next, generation: 0, last_seq: 0 };
            let session = self.tables.sessions.entry((project_id, name.clone())).or_insert(fresh);
            session.generation += 1;
            let StoredSession { id, generation, last_seq } = *session;
            opened.push(OpenedSession { project_id, name, id, generation, last_seq });
        }
        Ok(opened)
    }

    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<StoredSession>> {
        Ok(self.tables.sessions.values().filter(|session| ids.contains(&session.id)).copied().collect())
    }

    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()> {
        for row in rows {
            let session = self.tables.sessions.values_mut().find(|session| session.id == row.session);
            session.ok_or_else(|| refused("no such session"))?.last_seq = row.last_seq;
        }
        Ok(())
    }
}

#[async_trait]
impl Logs for Transaction {
    async fn take_log_numbers(&mut self, counts: &[(i64, i64)]) -> Result<Vec<(i64, i64)>> {
        let mut taken = Vec::new();
        for (project, count) in counts {
            let row = self.tables.projects.get_mut(project).ok_or_else(|| refused("no such project"))?;
            row.log_seq += count;
            taken.push((*project, row.log_seq));
        }
        Ok(taken)
    }

    async fn insert_logs(&mut self, rows: &[LogRow<'_>]) -> Result<()> {
        for row in rows {
            if row.message.starts_with(POISON) {
                return Err(refused("a log line that the database does not take"));
            }
            let line = LogLine {
                seq: row.seq.cast_unsigned(),
                device: DeviceId(row.device),
                at: UnixMicros(row.at),
                received: UnixMicros(row.received),
                level: Level::from_number(row.level.into()).ok_or_else(|| refused("no such level"))?,
                message: row.message.to_owned(),
                fields: row.fields.map(str::to_owned),
            };
            self.logs.push((row.project, line));
        }
        Ok(())
    }
}

#[async_trait]
impl Vars for Transaction {
    async fn drop_forgotten_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        for row in rows {
            let key = (row.project, row.name.to_owned());
            if self.tables.vars.get(&key).is_some_and(|var| var.is_forgotten) {
                let devices = self.tables.ids(row.project);
                self.tables.empty(usize::MAX, |(device, name)| devices.contains(device) && name == row.name);
                self.tables.vars.remove(&key);
            }
        }
        Ok(())
    }

    async fn upsert_vars(&mut self, rows: &[DeclaredRow<'_>]) -> Result<()> {
        for row in rows {
            // behind all others, of which some may have been forgotten
            let position = self.tables.vars.values().map(|var| var.position + 1).max().unwrap_or_default();
            let fresh = VarRow {
                position,
                spec: String::new(),
                declared_by: 0,
                desired: None,
                set_by: (0, 0),
                is_forgotten: false,
            };
            let var = self.tables.vars.entry((row.project, row.name.to_owned())).or_insert(fresh);
            var.spec.clone_from(&row.spec);
            var.declared_by = row.device;
        }
        Ok(())
    }

    async fn upsert_reported(&mut self, rows: &[ReportedRow<'_>]) -> Result<()> {
        for row in rows {
            if self.tables.var(row.project, row.name).is_none() {
                return Err(refused("a value of an unknown variable"));
            }
            let value = Value::parse_json(&row.value).ok_or_else(|| refused("not a value"))?;
            self.tables.reported.insert((row.device, row.name.to_owned()), (value, row.at));
        }
        Ok(())
    }

    async fn forget_var(&mut self, project: i64, name: &str, _: i64) -> Result<bool> {
        let var = self.tables.vars.get_mut(&(project, name.to_owned())).filter(|var| !var.is_forgotten);
        let Some(var) = var else { return Ok(false) };
        (var.is_forgotten, var.desired) = (true, None);
        Ok(true)
    }
}

#[async_trait]
impl Outcomes for Transaction {
    async fn upsert_outcomes(&mut self, rows: &[OutcomeRow<'_>]) -> Result<()> {
        for row in rows {
            // forgotten since
            if self.tables.var(row.project, row.name).is_none() {
                continue;
            }
            let reason = row.reason.map(str::to_owned);
            let outcome = match row.status {
                "clamped" => {
                    Outcome::Clamped { value: row.value.as_deref().and_then(Value::parse_json), reason }
                }
                _ => Outcome::Rejected { reason },
            };
            self.tables.outcomes.insert((row.device, row.name.to_owned()), (row.revision, outcome));
        }
        Ok(())
    }

    async fn delete_outcomes(&mut self, rows: &[(i64, &str)]) -> Result<()> {
        for (device, name) in rows {
            self.tables.outcomes.remove(&(*device, (*name).to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl Edits for Transaction {
    async fn desired(
        &mut self,
        project: i64,
        author: i64,
        gesture: i64,
        names: &[&str],
    ) -> Result<Vec<DesiredRow>> {
        let cells = |name: &&str| {
            let key = (project, (*name).to_owned());
            let row = self.tables.var(project, name)?;
            let newest = row.desired.as_ref().or_else(|| self.tables.let_go.get(&key));
            let Desired { value, revision, author: by, at } = newest?.clone();
            Some(DesiredRow {
                name: (*name).to_owned(),
                value: value.map(|value| value.to_json()),
                revision: revision.0,
                author: by,
                at: at.0,
                is_own: row.set_by == (author, gesture),
            })
        };
        Ok(names.iter().filter_map(cells).collect())
    }

    async fn next_revision(&mut self, project: i64) -> Result<i64> {
        let row = self.tables.projects.get_mut(&project).ok_or_else(|| refused("no such project"))?;
        row.revision += 1;
        Ok(row.revision)
    }

    async fn upsert_history(&mut self, edit: &EditRow<'_>) -> Result<u64> {
        Ok(edit.changes.len() as u64)
    }

    async fn remember_unchanged(&mut self, _: &EditRow<'_>) -> Result<()> {
        unreachable!("nobody repeats an edit in a run")
    }

    async fn set_desired(&mut self, edit: &EditRow<'_>) -> Result<u64> {
        let mut set = 0;
        for change in &edit.changes {
            let var = self.tables.vars.get_mut(&(edit.project, change.name.to_owned()));
            let Some(var) = var.filter(|var| !var.is_forgotten) else { continue };
            let parse = |json| Value::parse_json(json).ok_or_else(|| refused("not a value"));
            var.desired = Some(Desired {
                value: change.value.as_deref().map(parse).transpose()?,
                revision: VarRevision(edit.revision),
                author: edit.author.to_owned(),
                at: UnixMicros(edit.at),
            });
            var.set_by = (edit.author_id, edit.gesture);
            set += 1;
        }
        Ok(set)
    }

    async fn note_let_go(&mut self, edit: &EditRow<'_>, names: &[&str]) -> Result<()> {
        for name in names {
            let newest = Desired {
                value: None,
                revision: VarRevision(edit.revision),
                author: edit.author.to_owned(),
                at: UnixMicros(edit.at),
            };
            self.tables.let_go.insert((edit.project, (*name).to_owned()), newest);
        }
        Ok(())
    }
}
