//! A project with a device, and short forms of what they write.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use gateway::store::{
    AuditRow, DeviceInfo, LoadRoom, NewSession, NewUser, ProjectState, Store, StoreError, Ticket, TokenHash,
    Write, Written,
};
use protocol::model::{
    Change, DeviceId, Gesture, Level, LogEntry, Project, ProjectId, Revision, Role, UnixMicros, User, UserId,
    Value, VarName, VarRevision, VarSpec, VarType,
};

pub const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);
pub const KEY: &str = "0123456789ab";
pub const MANY: u32 = 1_000_000;

pub fn later(micros: i64) -> UnixMicros {
    UnixMicros(NOW.0 + micros)
}

pub fn name(text: &str) -> VarName {
    VarName::parse(text).unwrap()
}

pub fn int(number: i64) -> Value {
    Value::Int(number.into())
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn integer() -> VarSpec {
    VarSpec::bare(VarType::Integer)
}

/// An edit was saved that changed something.
pub fn saved(revision: i64) -> Written {
    Written::Edit { revision: Revision(revision), set: Some(VarRevision(revision)) }
}

pub fn entry(message: &str) -> LogEntry {
    LogEntry { message: message.to_owned(), level: Level::Info, at: None, fields: None }
}

/// What the audit trail says of a deed, where a story does not look at it.
pub fn note(action: &'static str) -> AuditRow {
    AuditRow {
        at: NOW,
        actor_id: None,
        actor: "Ana".to_owned(),
        via: "session".to_owned(),
        address: String::new(),
        project: None,
        action,
        subject: "something".to_owned(),
        old: None,
        new: None,
    }
}

/// A session that begins at `at` and lasts for so long.
pub fn session(token_hash: TokenHash, user: UserId, at: UnixMicros, micros: i64) -> NewSession {
    let (address, agent) = ("192.0.2.7".to_owned(), "a browser".to_owned());
    NewSession { token_hash, user, created_at: at, expires_at: UnixMicros(at.0 + micros), address, agent }
}

pub async fn make_user(store: &Arc<dyn Store>, role: Role, email: Option<&str>) -> Result<User, StoreError> {
    let name = email.unwrap_or("owner").to_owned();
    let (email, password_hash) = (email.map(str::to_owned), email.map(|email| format!("hash of {email}")));
    let user = NewUser { name, email, password_hash, role, created_at: NOW };
    store.access().create_user(user, note("account.make")).await
}

pub async fn make_project(store: &Arc<dyn Store>, key: &str) -> Project {
    let note = note("project.create");
    store.access().create_project("Mr. Rescue", None, key.parse().unwrap(), NOW, note).await.unwrap()
}

pub async fn make_device(store: &Arc<dyn Store>, project: &Project, identity: &str) -> DeviceId {
    connect(store, project.id, identity, identity, NOW).await.unwrap()
}

/// The device of that identity, made if it is new.
pub async fn connect(
    store: &Arc<dyn Store>,
    project: ProjectId,
    identity: &str,
    name: &str,
    at: UnixMicros,
) -> Result<DeviceId, StoreError> {
    let device = device_info(identity, name);
    let written =
        commit(store, &[Write::Connect { gives_way: None, project, device, session: None, at }]).await?;
    match written[..] {
        [Written::Connected { device, session: None }] => Ok(device),
        ref other => panic!("{other:?}"),
    }
}

pub fn device_info(identity: &str, name: &str) -> DeviceInfo {
    let (identity, name) = (identity.to_owned(), name.to_owned());
    DeviceInfo { identity, name, about: String::new(), build: String::new(), attrs: None, applied: None }
}

/// A ticket that no commit had before.
pub fn ticket() -> Ticket {
    static NUMBER: AtomicI64 = AtomicI64::new(1);
    Ticket { writer: "a story".to_owned(), number: NUMBER.fetch_add(1, Relaxed), epoch: 1 }
}

pub async fn commit(store: &Arc<dyn Store>, batch: &[Write]) -> Result<Vec<Written>, StoreError> {
    let mut written = Vec::new();
    store.commit(&ticket(), batch, &mut written).await?;
    Ok(written)
}

pub async fn load(store: &Arc<dyn Store>, id: ProjectId) -> ProjectState {
    store.load_project(id, MANY, MANY, LoadRoom::UNLIMITED).await.unwrap().unwrap()
}

/// A project with one device, and short forms of what they write.
pub struct House {
    pub store: Arc<dyn Store>,
    pub project: Project,
    pub device: DeviceId,
}

impl House {
    pub async fn new(store: Arc<dyn Store>) -> Self {
        let project = make_project(&store, KEY).await;
        let device = make_device(&store, &project, "one").await;
        Self { store, project, device }
    }

    pub fn logs(&self, messages: &[&str]) -> Write {
        let entries = messages.iter().map(|message| entry(message)).collect();
        Write::Logs { project: self.project.id, device: self.device, received: NOW, entries, line: None }
    }

    pub fn report(&self, declared: &[(&str, VarSpec)], values: &[(&str, Value)]) -> Write {
        Write::Report {
            project: self.project.id,
            device: self.device,
            at: NOW,
            declared: declared.iter().map(|(n, spec)| (name(n), spec.clone())).collect(),
            values: values.iter().map(|(n, value)| (name(n), value.clone())).collect(),
            line: None,
        }
    }

    pub fn edit(&self, gesture: u64, changes: &[(&str, Value)]) -> Write {
        self.edit_beside(gesture, changes, &[], 0)
    }

    /// An edit that also asked for what was desired already, at that revision.
    pub fn edit_beside(
        &self,
        gesture: u64,
        changes: &[(&str, Value)],
        unchanged: &[(&str, Value)],
        seen: i64,
    ) -> Write {
        let all = |changes: &[(&str, Value)]| -> Vec<Change> {
            changes.iter().map(|(n, value)| (name(n), value.clone()).into()).collect()
        };
        let unchanged = all(unchanged).into_iter().map(|change| (change, VarRevision(seen))).collect();
        self.change(gesture, all(changes), unchanged, seen)
    }

    /// An edit that lets go of variables.
    pub fn let_go(&self, gesture: u64, names: &[&str]) -> Write {
        self.change(gesture, names.iter().map(|n| Change::let_go(name(n))).collect(), vec![], 0)
    }

    pub fn change(
        &self,
        gesture: u64,
        changes: Vec<Change>,
        unchanged: Vec<(Change, VarRevision)>,
        seen: i64,
    ) -> Write {
        Write::Edit {
            project: self.project.id,
            author: UserId(7),
            author_name: "Ana".to_owned(),
            via: "session".to_owned(),
            address: "192.0.2.7".to_owned(),
            gesture: Gesture(gesture),
            at: NOW,
            changes,
            unchanged,
            seen: Revision(seen),
        }
    }

    pub async fn commit(&self, batch: &[Write]) -> Vec<Written> {
        commit(&self.store, batch).await.unwrap()
    }

    pub async fn load(&self) -> ProjectState {
        load(&self.store, self.project.id).await
    }

    /// (name, old, new, revision) of the history, newest first.
    pub async fn history(&self) -> Vec<(String, Option<Value>, Option<Value>, i64)> {
        let rows = self.store.list_history(self.project.id, None, None, MANY).await.unwrap();
        rows.into_iter().map(|row| (row.name.to_string(), row.old, row.new, row.revision.0)).collect()
    }
}
