//! The database of a run: in memory, with the rules of the real ones, and with their faults.
//!
//! A batch is written by the product's own `batch::write`; this is what is below it. What is committed is what has
//! landed, and a model beside it, which shares nothing with the product, says whether it may land.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use gateway::store::{
    Access, Chore, Chores, Commits, Epoch, ForgetLines, ForgetOthers, GameSessions, GestureRow, History,
    HistoryRow, KeyState, KeyStates, LoadRoom, LogBlocks, LogCounts, LogTimes, Logs, Patterns, Pins,
    Policies, ProjectState, Result, Snapshots, Store, StoreError, Ticket, Write, Written, batch,
};
use protocol::model::{
    AllowedOrigins, DeviceId, Gesture, Key, KeyId, LogLine, Outcome, Project, ProjectId, Revision,
    UnixMicros, UserId, VarName, VarSpec,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    journal::Journal,
    model::Model,
    tables::{Tables, Transaction},
};

/// How likely each fault of a commit is, of 100.
#[derive(Clone, Copy)]
pub(super) struct Faults {
    pub(super) slow: u8,
    pub(super) hang: u8,
    pub(super) fail: u8,
    pub(super) cut_off: u8,
}

/// The disk: it outlives the server's process.
pub(super) struct Disk {
    state: Mutex<State>,
    journal: Journal,
}

struct State {
    rng: fastrand::Rng,
    tables: Tables,
    /// Apart from the tables, of which each transaction has a copy.
    logs: Vec<(i64, LogLine)>,
    /// Sent and not decided yet. There is one process that writes, so there is one of these.
    in_doubt: Option<InDoubt>,
    model: Model,
    faults: Option<Faults>,
    away_until: Option<Instant>,
    slow_until: Option<Instant>,
    backup: Option<Backup>,
    restores: u64,
    /// How many answers are on their way that say what is in a project, and what a key is good for.
    reading: Reading,
}

/// What was read and is not there yet.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) projects: u32,
    pub(super) keys: u32,
}

/// Everything, as it was once.
struct Backup {
    tables: Tables,
    logs: Vec<(i64, LogLine)>,
    model: Model,
}

struct InDoubt {
    transaction: Transaction,
    batch: Vec<Write>,
    written: Vec<Written>,
    due: Instant,
    happens: bool,
}

impl Disk {
    /// With so many projects, numbered from 1, and their keys.
    pub(super) fn new(rng: fastrand::Rng, journal: Journal, keys: &[Key], faults: Faults) -> Arc<Self> {
        let (tables, model) = (Tables::new(keys), Model::new(journal.clone()));
        let (logs, in_doubt, away_until, slow_until) = (Vec::new(), None, None, None);
        let (faults, backup, restores, reading) = (Some(faults), None, 0, Reading::default());
        let state = State {
            rng,
            tables,
            logs,
            in_doubt,
            model,
            faults,
            away_until,
            slow_until,
            backup,
            restores,
            reading,
        };
        Arc::new(Self { state: Mutex::new(state), journal })
    }

    /// What is committed now.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().expect("no holder of this lock panics");
        if state.in_doubt.as_ref().is_some_and(|commit| commit.due <= Instant::now()) {
            state.decide(&self.journal);
        }
        state
    }

    /// The process died: what was on its way has happened or never will.
    pub(super) fn crash(&self) {
        let mut state = self.state();
        state.reading = Reading::default();
        let happens = state.rng.bool();
        if let Some(commit) = &mut state.in_doubt {
            commit.happens = happens;
            state.decide(&self.journal);
        }
    }

    /// The database does not answer for a while.
    pub(super) fn go_away(&self, time: Duration) {
        self.state().away_until = Some(Instant::now() + time);
    }

    /// An operator makes a backup.
    pub(super) fn back_up(&self) {
        let mut state = self.state();
        let (tables, logs, model) = (state.tables.clone(), state.logs.clone(), state.model.clone());
        state.backup = Some(Backup { tables, logs, model });
    }

    /// An operator restores the backup, which waits for a commit that is on its way. Whether there is one.
    pub(super) fn restore(&self) -> bool {
        let mut state = self.state();
        let Some(backup) = state.backup.take() else { return false };
        state.decide(&self.journal);
        state.tables.replace_by(&backup.tables);
        state.logs.clone_from(&backup.logs);
        state.model.replace_by(&backup.model);
        state.restores += 1;
        state.backup = Some(backup);
        true
    }

    /// A project is deleted, which waits for a commit that is on its way.
    pub(super) fn delete(&self, project: i64) {
        let mut state = self.state();
        state.decide(&self.journal);
        state.tables.deleted.insert(project);
    }

    /// The key of a project is revoked, which waits for a commit that is on its way.
    pub(super) fn revoke(&self, project: i64) {
        let mut state = self.state();
        state.decide(&self.journal);
        state.tables.revoked.insert(project);
    }

    /// Whether a key of a project is worth nothing any more.
    pub(super) fn is_ended(&self, project: i64) -> bool {
        let state = self.state();
        state.tables.deleted.contains(&project) || state.tables.revoked.contains(&project)
    }

    /// Whether there is a backup.
    pub(super) fn has_backup(&self) -> bool {
        self.state().backup.is_some()
    }

    /// What is being read.
    pub(super) fn reading(&self) -> Reading {
        self.state().reading
    }

    /// The devices of a project that are there.
    pub(super) fn devices(&self, project: i64) -> Vec<i64> {
        self.state().tables.devices(project)
    }

    /// The number of a device that is there.
    pub(super) fn device(&self, project: i64, identity: &str) -> Option<i64> {
        self.state().tables.device(project, identity)
    }

    /// All that is stored of a project.
    pub(super) fn project(&self, project: i64) -> Option<ProjectState> {
        self.state().tables.load(project)
    }

    /// How often a backup was restored: what was known before counts no longer.
    pub(super) fn restores(&self) -> u64 {
        self.state().restores
    }

    /// Which history this is.
    pub(super) fn epoch_number(&self) -> i64 {
        self.state().tables.epoch
    }

    /// No faults any more.
    pub(super) fn heal(&self) {
        let mut state = self.state();
        state.faults = None;
        state.away_until = None;
        state.slow_until = None;
    }

    /// Looks at what is committed.
    pub(super) fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.state().model)
    }

    /// Somebody was told that this value is not saved.
    pub(super) fn refuse(&self, project: i64, name: &str, value: String) {
        self.state().model.refuse(project, name, value);
    }

    /// What devices did with values, by device and variable: the revision, and what became of its value.
    pub(super) fn outcomes(&self) -> BTreeMap<(i64, String), (i64, Outcome)> {
        self.state().tables.outcomes().clone()
    }

    /// What a device did with a variable's value, if it did not just take it: the revision, and what became of that.
    pub(super) fn outcome(&self, project: i64, device: &str, name: &str) -> Option<(i64, Outcome)> {
        let state = self.state();
        let device = state.tables.device(project, device)?;
        state.tables.outcomes().get(&(device, name.to_owned())).cloned()
    }

    /// A variable as it is declared.
    pub(super) fn spec(&self, project: i64, name: &str) -> Option<VarSpec> {
        self.state().tables.spec(project, name)
    }

    /// Everything takes its time for a while.
    pub(super) fn slow_down(&self, time: Duration) {
        self.state().slow_until = Some(Instant::now() + time);
    }

    /// The desired values of a project by the tables, with the revision of the newest.
    pub(super) fn desired(&self, project: i64) -> (i64, BTreeMap<String, String>) {
        self.state().tables.desired(project)
    }
}

impl State {
    /// How long one thing takes.
    fn delay(&mut self) -> Duration {
        let is_slow = self.slow_until.is_some_and(|until| until > Instant::now());
        Duration::from_millis(self.rng.u64(if is_slow { 200..2_500 } else { 0..4 }))
    }

    /// What was read has come; who began before the process died does not count.
    fn end_reading(&mut self, which: fn(&mut Reading) -> &mut u32, was_there: bool) {
        let count = which(&mut self.reading);
        *count = count.saturating_sub(u32::from(was_there));
    }

    fn decide(&mut self, journal: &Journal) {
        let Some(commit) = self.in_doubt.take() else { return };
        if !commit.happens {
            return journal.note("disk", format_args!("rolled back {} writes", commit.batch.len()));
        }
        journal.note("disk", format_args!("committed {} writes", commit.batch.len()));
        self.model.land(&commit.batch, &commit.written);
        let (deleted, revoked) =
            (std::mem::take(&mut self.tables.deleted), std::mem::take(&mut self.tables.revoked));
        self.tables = commit.transaction.tables;
        self.tables.deleted.extend(deleted);
        self.tables.revoked.extend(revoked);
        self.logs.extend(commit.transaction.logs);
        self.model.compare(&self.tables, &self.logs);
    }
}

/// The disk as one process has it open; worth nothing when the process is dead.
pub(super) struct OpenDisk {
    disk: Arc<Disk>,
    is_dead: Arc<AtomicBool>,
}

/// What becomes of one commit.
enum Fate {
    Fine,
    /// Hangs before anything is sent.
    Hangs,
    /// Fails before anything is sent.
    Fails,
    /// Is sent, and its answer does not come or comes as an error.
    CutOff,
}

impl OpenDisk {
    pub(super) fn new(disk: &Arc<Disk>) -> (Self, Arc<AtomicBool>) {
        let is_dead = Arc::new(AtomicBool::new(false));
        (Self { disk: Arc::clone(disk), is_dead: Arc::clone(&is_dead) }, is_dead)
    }

    /// A dead process does nothing more.
    async fn live(&self) {
        if self.is_dead.load(Relaxed) {
            pending::<()>().await;
        }
    }

    /// Gets through to the database, unless it is away.
    async fn reach(&self) -> Result<()> {
        self.live().await;
        let (delay, away_until) = {
            let mut state = self.disk.state();
            let delay = state.delay();
            let away_until = state.away_until.filter(|until| *until > Instant::now());
            // refused at once, or not answered at all
            (delay, away_until.map(|until| (until, state.rng.bool())))
        };
        match away_until {
            None => sleep(delay).await,
            Some((_, true)) => return Err(StoreError::TimedOut),
            Some((until, false)) => {
                sleep_until(until).await;
                return Err(StoreError::TimedOut);
            }
        }
        self.live().await;
        Ok(())
    }

    fn fate(&self) -> (Fate, Duration) {
        let mut state = self.disk.state();
        let Some(faults) = state.faults else { return (Fate::Fine, Duration::from_millis(2)) };
        let slow = state.rng.u8(0..100) < faults.slow;
        let millis = if slow { state.rng.u64(100..3_000) } else { state.rng.u64(0..10) };
        let mut dice = state.rng.u8(0..100);
        for (share, fate) in
            [(faults.hang, Fate::Hangs), (faults.fail, Fate::Fails), (faults.cut_off, Fate::CutOff)]
        {
            if dice < share {
                return (fate, Duration::from_millis(millis));
            }
            dice -= share;
        }
        (Fate::Fine, Duration::from_millis(millis))
    }

    /// Sends the commit; it is decided later.
    fn send(
        &self,
        transaction: Transaction,
        batch: &[Write],
        written: &[Written],
        due: Instant,
        happens: bool,
    ) {
        let mut state = self.disk.state();
        let in_doubt = state.in_doubt.is_some();
        self.disk.journal.check(!in_doubt, "disk", format_args!("a commit while another one is in doubt"));
        let (batch, written) = (batch.to_vec(), written.to_vec());
        state.in_doubt = Some(InDoubt { transaction, batch, written, due, happens });
    }
}

#[async_trait]
impl Store for OpenDisk {
    fn kind(&self) -> &'static str {
        "memory"
    }

    fn access(&self) -> &dyn Access {
        unreachable!("there are no people in a run")
    }

    async fn close(&self) {}
}

#[async_trait]
impl Commits for OpenDisk {
    async fn commit(&self, ticket: &Ticket, batch: &[Write], written: &mut Vec<Written>) -> Result<()> {
        self.reach().await?;
        let (fate, delay) = self.fate();
        match fate {
            Fate::Hangs => pending().await,
            Fate::Fails => return Err(StoreError::TimedOut),
            Fate::Fine | Fate::CutOff => {}
        }
        let mut transaction = Transaction::new(self.disk.state().tables.clone());
        let outcome = batch::write(&mut transaction, ticket, batch).await?;
        sleep(delay).await;
        self.live().await;
        if self.disk.state().tables.epoch != transaction.tables.epoch {
            return Err(StoreError::Restored);
        }
        *written = outcome;
        let now = Instant::now();
        if matches!(fate, Fate::Fine) {
            let due = now + Duration::from_millis(1);
            self.send(transaction, batch, written, due, true);
            sleep_until(due).await;
            drop(self.disk.state()); // it is due
            self.live().await;
            return Ok(());
        }
        let (late, happens, answer) = {
            let mut state = self.disk.state();
            (state.rng.u64(0..9_000), state.rng.bool(), state.rng.bool().then(|| state.rng.u64(0..4_000)))
        };
        self.send(transaction, batch, written, now + Duration::from_millis(late), happens);
        let Some(answer) = answer else { return pending().await };
        sleep(Duration::from_millis(answer)).await;
        self.live().await;
        Err(StoreError::TimedOut)
    }

    async fn is_committed(&self, ticket: &Ticket) -> Result<bool> {
        self.reach().await?;
        let due = self.disk.state().in_doubt.as_ref().map(|commit| commit.due);
        if let Some(due) = due {
            sleep_until(due).await;
        }
        self.live().await;
        Ok(self.disk.state().tables.last_commit(&ticket.writer) == Some(ticket.number))
    }

    async fn epoch(&self) -> Result<Epoch> {
        self.reach().await?;
        Ok(Epoch { instance: "simulation".to_owned(), number: self.disk.state().tables.epoch })
    }

    async fn check(&self) -> Result<()> {
        self.reach().await
    }
}

#[async_trait]
impl Chores for OpenDisk {
    async fn find_chore(&self) -> Result<Option<Chore>> {
        self.live().await;
        // most of the time there is nothing, and chance is left as it was
        if !self.disk.state().tables.clone().sweep(1) {
            return Ok(None);
        }
        self.reach().await?;
        Ok(Some(Chore::ForgottenDevices(Vec::new())))
    }

    async fn find_forgotten(&self, project: ProjectId, identity: &str) -> Result<Option<Chore>> {
        self.live().await;
        let Some(device) = self.disk.state().tables.forgotten(project.0, identity) else { return Ok(None) };
        self.reach().await?;
        Ok(Some(Chore::ForgottenDevices(vec![device])))
    }

    /// Whatever comes first: a commit that is on its way may take it back, and then it comes again.
    async fn do_chore(&self, _: &Chore, rows: u32, _: Duration) -> Result<Duration> {
        self.reach().await?;
        self.disk.state().tables.sweep(rows.min(2) as usize);
        Ok(Duration::from_millis(1))
    }
}

#[async_trait]
impl KeyStates for OpenDisk {
    async fn get_key(&self, key: Key) -> Result<Option<KeyState>> {
        self.reach().await?;
        let (known, delay) = {
            let mut state = self.disk.state();
            let project = state.tables.project_of(key);
            let known = project.map(|project| KeyState {
                id: KeyId(project.id.0),
                project: project.id,
                expires_at: None,
                is_revoked: state.tables.revoked.contains(&project.id.0),
                report_only: false,
                origins: AllowedOrigins::default(),
            });
            state.reading.keys += u32::from(known.is_some());
            (known, state.delay())
        };
        // what it read gets old on its way
        sleep(delay).await;
        self.disk.state().end_reading(|reading| &mut reading.keys, known.is_some());
        Ok(known)
    }

    async fn touch_key(&self, _: KeyId, _: UnixMicros) -> Result<()> {
        // nobody reads it in a run
        Ok(())
    }
}

#[async_trait]
impl Snapshots for OpenDisk {
    async fn get_project(&self, id: ProjectId) -> Result<Option<Project>> {
        self.reach().await?;
        Ok(self.disk.state().tables.project(id.0))
    }

    async fn load_project(
        &self,
        id: ProjectId,
        _: u32,
        max_logs: u32,
        _: LoadRoom,
    ) -> Result<Option<ProjectState>> {
        self.reach().await?;
        let (loaded, delay) = {
            let mut state = self.disk.state();
            let Some(mut loaded) = state.tables.load(id.0) else { return Ok(None) };
            let of_project = state.logs.iter().filter(|(project, _)| *project == id.0);
            let newest = of_project.rev().take(max_logs as usize);
            loaded.logs = newest.map(|(_, line)| line.clone()).collect();
            loaded.logs.reverse();
            state.reading.projects += 1;
            (loaded, state.delay())
        };
        // what it read gets old on its way
        sleep(delay).await;
        self.disk.state().end_reading(|reading| &mut reading.projects, true);
        Ok(Some(loaded))
    }

    async fn list_forgotten(&self, _: ProjectId) -> Result<Vec<(DeviceId, String)>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl History for OpenDisk {
    async fn list_history(
        &self,
        _: ProjectId,
        _: Option<&VarName>,
        _: Option<(Revision, &VarName)>,
        _: u32,
    ) -> Result<Vec<HistoryRow>> {
        unreachable!("nobody reads the history in a run")
    }

    async fn get_gesture(&self, _: ProjectId, _: UserId, _: Gesture) -> Result<Vec<GestureRow>> {
        unreachable!("nobody repeats an edit in a run")
    }
}

#[async_trait]
impl Logs for OpenDisk {
    async fn list_logs(&self, _: ProjectId, _: Option<u64>, _: u32) -> Result<Vec<LogLine>> {
        unreachable!("nobody searches the log in a run")
    }

    async fn list_logs_after(&self, _: ProjectId, _: u64, _: u32) -> Result<Vec<LogLine>> {
        unreachable!("nobody searches the log in a run")
    }
}

impl GameSessions for OpenDisk {}

impl LogBlocks for OpenDisk {}

impl LogTimes for OpenDisk {}

impl ForgetLines for OpenDisk {}

impl ForgetOthers for OpenDisk {}

impl LogCounts for OpenDisk {}

impl Pins for OpenDisk {}

impl Policies for OpenDisk {}

impl Patterns for OpenDisk {}
