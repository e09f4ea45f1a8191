//! People and projects, as a page shows them.

use serde::{Deserialize, Serialize};

use crate::model::{Key, ProjectId, ProjectRole, UnixMicros, UserId};

/// What a person may do on this instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Set the instance up; sees every project.
    Owner,
    /// Sees the projects that they are a member of.
    Member,
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// What others read: the e-mail, or "owner" without one.
    pub name: String,
    /// For signing in with a password.
    pub email: Option<String>,
    /// What they may do.
    pub role: Role,
}

/// An account, as the instance's owner sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its number.
    pub id: UserId,
    /// What others read.
    pub name: String,
    /// For signing in.
    pub email: Option<String>,
    /// What they may do on this instance.
    pub role: Role,
    /// When it was made.
    pub created_at: UnixMicros,
    /// Projects of which they are a member.
    pub projects: u32,
    /// Whether it has a second factor.
    pub has_second_factor: bool,
}

/// A project with a game key, for its creator and for the store: a person who may only see a project gets a
/// [`ProjectInfo`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// A game key that its games say: of those in force the oldest.
    pub key: Key,
    /// When it was made.
    pub created_at: UnixMicros,
}

/// A project: one game and the people who tune it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectInfo {
    /// Its number.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: UnixMicros,
}

impl From<Project> for ProjectInfo {
    fn from(project: Project) -> Self {
        let Project { id, name, created_at, .. } = project;
        Self { id, name, created_at }
    }
}

/// A project in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectSummary {
    /// The project.
    pub project: ProjectInfo,
    /// What the person who asks may do in it.
    pub role: ProjectRole,
    /// Devices that ever connected.
    pub devices: u32,
    /// Devices that are connected now.
    pub online: u32,
    /// When a device was last heard of.
    pub last_seen: Option<UnixMicros>,
    /// Bytes of log that its games have stored today, since the server started.
    pub stored_today: u64,
    /// Until when no more of it is taken; `None`: it is taken.
    pub full_until: Option<UnixMicros>,
}
