//! What the contract promises of a database, in few words and without the product's code: whatever lands is held
//! against it.

use std::collections::{BTreeMap, BTreeSet};

use gateway::store::{Sequenced, Write, Written};
use protocol::model::{Change, LogLine, VarRevision};

use super::{
    journal::Journal,
    tables::{Said, Tables},
    values::meant,
};

/// What a committed line brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landed {
    /// Log messages.
    Logs(Vec<String>),
    /// Values as JSON, by name.
    Values(Vec<(String, String)>),
    /// Its number only.
    Number,
}

/// Everything that was committed.
#[derive(Clone)]
pub(super) struct Model {
    journal: Journal,
    sessions: BTreeMap<i64, Session>,
    /// The number of a session, by project and name.
    names: BTreeMap<(i64, String), i64>,
    /// How many log lines each project has.
    log_lines: BTreeMap<i64, u64>,
    revisions: BTreeMap<i64, i64>,
    /// The value that each revision of a project gave to each variable; `None`: it let go of it.
    edits: BTreeMap<(i64, i64, String), Option<String>>,
    /// Values that were refused, by project and name: each is another one, and none may ever land.
    refused: BTreeSet<(i64, String, String)>,
    /// Messages of lines without a number, with how often each is there.
    loose: BTreeMap<String, u32>,
    /// What each device that is there says of variables that are there.
    said: Said,
    /// The project of each device.
    projects: BTreeMap<i64, i64>,
}

#[derive(Clone, Default)]
struct Session {
    generation: i64,
    /// The first has the number 1.
    lines: Vec<Landed>,
}

impl Model {
    pub(super) fn new(journal: Journal) -> Self {
        Self {
            journal,
            sessions: BTreeMap::new(),
            names: BTreeMap::new(),
            log_lines: BTreeMap::new(),
            revisions: BTreeMap::new(),
            edits: BTreeMap::new(),
            refused: BTreeSet::new(),
            loose: BTreeMap::new(),
            said: Said::new(),
            projects: BTreeMap::new(),
        }
    }

    /// A backup was restored: all is as it was then, but what has been refused since stays refused.
    pub(super) fn replace_by(&mut self, backup: &Self) {
        let refused = std::mem::take(&mut self.refused);
        *self = Self { refused, ..backup.clone() };
    }

    /// A batch was committed: in its order, but that devices are forgotten first, and then games connect.
    pub(super) fn land(&mut self, batch: &[Write], written: &[Written]) {
        self.check(
            batch.len() == written.len(),
            format_args!("{} outcomes for {}", written.len(), batch.len()),
        );
        self.forget_devices(batch, written);
        for (write, outcome) in batch.iter().zip(written) {
            if let (Write::Connect { project, .. }, Written::Connected { device, .. }) = (write, outcome) {
                self.said.entry(device.0).or_default();
                self.projects.insert(device.0, project.0);
            }
        }
        let mut newest: BTreeMap<i64, i64> = BTreeMap::new();
        for (write, outcome) in batch.iter().zip(written) {
            if let Write::Connect { project, session: Some(name), .. } = write
                && let Some((session, generation)) = self.connect(project.0, name, outcome)
            {
                let last = newest.insert(session, generation).unwrap_or(i64::MIN);
                self.check(generation > last, format_args!("{name}: {generation} was opened after {last}"));
            }
        }
        for (session, generation) in newest {
            let session = self.sessions.entry(session).or_default();
            let before = std::mem::replace(&mut session.generation, generation);
            self.check(generation > before, format_args!("generation {generation} after {before}"));
        }
        for (write, outcome) in batch.iter().zip(written) {
            match write {
                Write::Connect { .. }
                | Write::Outcomes { .. }
                | Write::Seen { .. }
                | Write::ForgetDevice { .. } => {}
                Write::Edit { project, changes, .. } if let Written::Conflict(conflict) = outcome => {
                    let is_asked =
                        changes.iter().any(|change| *change == conflict.change && change.base.is_some());
                    self.check(is_asked, format_args!("project {}: {conflict:?}", project.0));
                }
                Write::Edit { project, changes, .. } => {
                    let revision = self.revisions.entry(project.0).or_default();
                    *revision += 1;
                    let revision = *revision;
                    let is_next = matches!(outcome, Written::Edit { revision: given, set: Some(set) }
                        if (given.0, set.0) == (revision, revision));
                    self.check(is_next, format_args!("revision {revision} was given as {outcome:?}"));
                    for Change { name, value, .. } in changes {
                        let value = value.as_ref().map(|value| meant(&value.to_json()));
                        let name = name.as_str().to_owned();
                        let refused = value.clone().map(|value| (project.0, name.clone(), value));
                        let is_refused = refused.is_some_and(|edit| self.refused.contains(&edit));
                        self.check(!is_refused, format_args!("{name} = {value:?} was refused and is saved"));
                        self.edits.insert((project.0, revision, name), value);
                    }
                }
                Write::ForgetVar { project, name, .. } => self.forget_var(project.0, name.as_str(), outcome),
                // what counts again when a game leaves
                Write::Declare { values, note, .. } => {
                    let fits = *outcome == Written::Done && values.is_empty() && note.is_none();
                    self.check(fits, format_args!("{write:?}: {outcome:?}"));
                }
                Write::Logs { .. } | Write::Report { .. } | Write::Refused { .. } => {
                    self.line(write, outcome)
                }
            }
        }
    }

    /// Whatever a forgotten device said is there no more.
    fn forget_devices(&mut self, batch: &[Write], written: &[Written]) {
        for (write, outcome) in batch.iter().zip(written) {
            if let Write::ForgetDevice { device, .. } = write {
                let was_there = self.said.remove(&device.0).is_some();
                let fits = was_there && *outcome == Written::Done;
                self.check(fits, format_args!("device {} is forgotten: {outcome:?}", device.0));
            }
        }
    }

    /// What people want of a variable that is forgotten is let go, under a revision of its own.
    fn forget_var(&mut self, project: i64, name: &str, outcome: &Written) {
        let newest = self.revisions.get(&project).copied().unwrap_or_default();
        let is_wanted = !self.is_let_go(project, newest, name);
        let expected = if is_wanted {
            Written::Forgotten { let_go: Some(VarRevision(newest + 1)) }
        } else {
            Written::Forgotten { let_go: None }
        };
        // somebody may have been faster
        let fits = *outcome == expected || (*outcome == Written::Done && !is_wanted);
        self.check(fits, format_args!("{name} is forgotten: {outcome:?} for {expected:?}"));
        if matches!(outcome, Written::Forgotten { .. }) {
            let of_project =
                self.said.iter_mut().filter(|(device, _)| self.projects.get(device) == Some(&project));
            of_project.for_each(|(_, said)| drop(said.remove(name)));
        }
        if is_wanted {
            self.revisions.insert(project, newest + 1);
            self.edits.insert((project, newest + 1, name.to_owned()), None);
        }
    }

    /// Of several connections of one session in a batch only the last one may hold it.
    fn connect(&mut self, project: i64, name: &str, outcome: &Written) -> Option<(i64, i64)> {
        let Written::Connected { session: Some(open), .. } = outcome else {
            self.check(false, format_args!("{name} connected and got {outcome:?}"));
            return None;
        };
        let id = *self.names.entry((project, name.to_owned())).or_insert(open.id);
        let last_seq = self.sessions.entry(id).or_default().lines.len() as u64;
        let fits = id == open.id && open.last_seq == last_seq;
        self.check(fits, format_args!("{name} is {id} at {last_seq} and was opened as {open:?}"));
        Some((id, open.generation))
    }

    fn line(&mut self, write: &Write, outcome: &Written) {
        let content = match write {
            Write::Logs { entries, .. } => Landed::Logs(entries.iter().map(|e| e.message.clone()).collect()),
            Write::Report { values, .. } => Landed::Values(
                values.iter().map(|(name, v)| (name.as_str().to_owned(), v.to_json())).collect(),
            ),
            _ => Landed::Number,
        };
        let is_stored = matches!(outcome, Written::Done | Written::Logs { .. });
        match write.line() {
            Some(line) => {
                let expected = self.expected(line);
                self.check(
                    std::mem::discriminant(&expected) == std::mem::discriminant(outcome)
                        || (expected == Written::Done && is_stored),
                    format_args!("{line:?} should be {expected:?} and is {outcome:?}"),
                );
                if is_stored && let Some(session) = self.sessions.get_mut(&line.session) {
                    session.lines.push(content.clone());
                }
            }
            None => {
                let messages = match &content {
                    Landed::Logs(messages) => &messages[..],
                    _ => &[],
                };
                for message in messages {
                    let count = self.loose.entry(message.clone()).or_default();
                    *count += 1;
                    let once = *count == 1;
                    self.check(once, format_args!("{message} is stored twice"));
                }
            }
        }
        self.number(write, outcome);
        if let (true, Write::Report { device, .. }, Landed::Values(values)) = (is_stored, write, content) {
            let said = self.said.get_mut(&device.0);
            let is_there = said.is_some();
            said.into_iter().for_each(|said| said.extend(values.clone()));
            self.check(is_there, format_args!("device {} is not there and reports", device.0));
        }
    }

    /// What the contract says of a line with a number.
    fn expected(&self, line: Sequenced) -> Written {
        let Some(session) = self.sessions.get(&line.session) else { return Written::TakenOver };
        let next = session.lines.len() as u64 + 1;
        match () {
            () if line.generation != session.generation => Written::TakenOver,
            () if line.seq < next => Written::Repeated,
            () if line.seq > next => Written::Gap,
            () => Written::Done,
        }
    }

    /// Log lines of a project are numbered without gaps.
    fn number(&mut self, write: &Write, outcome: &Written) {
        if let (Write::Logs { project, entries, .. }, Written::Logs { first_seq }) = (write, outcome) {
            let count = self.log_lines.entry(project.0).or_default();
            let next = *count + 1;
            *count += entries.len() as u64;
            self.check(*first_seq == next, format_args!("log line {next} was given the number {first_seq}"));
        }
    }

    /// What is in the tables must be the same.
    pub(super) fn compare(&self, tables: &Tables, logs: &[(i64, LogLine)]) {
        let progress: BTreeMap<i64, u64> =
            self.sessions.iter().map(|(id, session)| (*id, session.lines.len() as u64)).collect();
        let stored = tables.progress();
        self.check(stored == progress, format_args!("sessions are at {progress:?} and stored as {stored:?}"));
        let said = tables.said();
        self.check(said == self.said, format_args!("devices say {:?} and {said:?} is stored", self.said));
        let count = self.log_lines.values().sum::<u64>();
        self.check(logs.len() as u64 == count, format_args!("{count} log lines, {} stored", logs.len()));
    }

    fn check(&self, holds: bool, what: std::fmt::Arguments<'_>) {
        self.journal.check(holds, "model", what);
    }

    /// What a session's lines brought, in their order.
    pub(super) fn lines(&self, project: i64, session: &str) -> &[Landed] {
        let id = self.names.get(&(project, session.to_owned()));
        id.and_then(|id| self.sessions.get(id)).map_or(&[], |session| &session.lines)
    }

    /// How many log lines a project has.
    pub(super) fn log_lines(&self, project: i64) -> u64 {
        self.log_lines.get(&project).copied().unwrap_or_default()
    }

    /// How often a line without a number is stored.
    pub(super) fn count(&self, message: &str) -> u32 {
        self.loose.get(message).copied().unwrap_or_default()
    }

    /// Somebody was told that this value is not saved.
    pub(super) fn refuse(&mut self, project: i64, name: &str, value: String) {
        let is_saved = self.edits.iter().any(|((of, _, edited), saved)| {
            (*of, edited.as_str(), saved.as_deref()) == (project, name, Some(&value))
        });
        self.check(!is_saved, format_args!("{name} = {value} is saved and was refused"));
        self.refused.insert((project, name.to_owned(), value));
    }

    /// What a revision made of a variable, if it is one of its edits; inside, `None`: it let go of it.
    pub(super) fn edit(&self, project: i64, revision: i64, name: &str) -> Option<Option<&str>> {
        self.edits.get(&(project, revision, name.to_owned())).map(Option::as_deref)
    }

    /// The newest edit of a variable, and what it wants; `None` inside: it let go of it.
    pub(super) fn newest_edit(&self, project: i64, name: &str) -> Option<(i64, Option<&str>)> {
        let edits = self.edits.range((project, 0, String::new())..(project + 1, 0, String::new()));
        let mut of_name = edits.rev().filter(|((_, _, edited), _)| edited == name);
        of_name.next().map(|((_, revision, _), value)| (*revision, value.as_deref()))
    }

    /// The newest revision of a project.
    pub(super) fn revision(&self, project: i64) -> i64 {
        self.revisions.get(&project).copied().unwrap_or_default()
    }

    /// Whether nobody wants anything of a variable at a revision of its project.
    pub(super) fn is_let_go(&self, project: i64, revision: i64, name: &str) -> bool {
        let edits = self.edits.range((project, 0, String::new())..=(project, revision, name.to_owned()));
        let newest = edits.rev().find(|((_, _, edited), _)| edited == name);
        newest.is_none_or(|(_, value)| value.is_none())
    }
}
