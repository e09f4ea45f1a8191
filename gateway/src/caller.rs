//! Who is asking, and by what.

use std::net::IpAddr;

use protocol::model::{ProjectId, TokenId, TokenScope, User};

use crate::store::{AuditRow, TokenHash};

/// Somebody who proved who they are, and how. What they may do, [`crate::Action`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub user: User,
    /// By what.
    pub by: Credential,
    /// From which address, for the audit trail; `None` where that is not known.
    pub address: Option<IpAddr>,
}

/// What proved who is asking.
#[derive(Clone, PartialEq, Eq)]
pub enum Credential {
    /// A session: a person at a dashboard.
    Session(TokenHash),
    /// An API token: a script that acts for a person.
    Token {
        /// Its number.
        id: TokenId,
        /// What it is for.
        name: String,
        /// What it may do at most.
        scope: TokenScope,
        /// The one project that it is for.
        project: Option<ProjectId>,
    },
    /// The program itself, or one that holds a gateway inside; nothing was proved.
    Program,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.word())
    }
}

impl Credential {
    /// For the audit trail.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Session(_) => "session".to_owned(),
            Self::Token { name, .. } => format!("token {name}"),
            Self::Program => "script".to_owned(),
        }
    }
}

impl From<User> for Caller {
    /// For programs that hold a gateway inside, and for tests: the holder of the [`User`] answers for it.
    fn from(user: User) -> Self {
        Self { user, by: Credential::Program, address: None }
    }
}

/// Where a request comes from, for the audit trail and the list of sessions.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address.
    pub address: Option<IpAddr>,
    /// The browser, in its own words.
    pub agent: String,
    /// Whether nobody on the way reads it.
    pub is_encrypted: bool,
}

impl Origin {
    pub(crate) fn address_text(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

impl Caller {
    pub(crate) fn address_text(&self) -> String {
        self.address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
    }
}

/// A secret that is shown once: `Debug` does not.
pub struct Secret(pub(crate) String);

impl Secret {
    /// The secret, for the person it was made for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What happened to what, for the audit trail.
pub(crate) struct Deed {
    pub(crate) project: Option<ProjectId>,
    pub(crate) action: &'static str,
    pub(crate) subject: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

impl Deed {
    pub(crate) fn new(action: &'static str, subject: impl Into<String>) -> Self {
        Self { project: None, action, subject: subject.into(), old: None, new: None }
    }

    pub(crate) fn in_project(self, project: ProjectId) -> Self {
        Self { project: Some(project), ..self }
    }

    pub(crate) fn from(self, old: impl Into<String>) -> Self {
        Self { old: Some(old.into()), ..self }
    }

    pub(crate) fn to(self, new: impl Into<String>) -> Self {
        Self { new: Some(new.into()), ..self }
    }

    /// Done by somebody who is known.
    pub(crate) fn by(self, caller: &Caller, at: protocol::model::UnixMicros) -> AuditRow {
        let Self { project, action, subject, old, new } = self;
        AuditRow {
            at,
            actor_id: Some(caller.user.id),
            actor: caller.user.name.clone(),
            via: caller.by.word(),
            address: caller.address_text(),
            project,
            action,
            subject,
            old,
            new,
        }
    }

    /// Done by somebody who came with a link or a password; the store fills in who, where that is only known then.
    pub(crate) fn by_visitor(
        self,
        user: Option<&User>,
        via: &str,
        origin: &Origin,
        at: protocol::model::UnixMicros,
    ) -> AuditRow {
        let Self { project, action, subject, old, new } = self;
        AuditRow {
            at,
            actor_id: user.map(|user| user.id),
            actor: user.map_or_else(|| "somebody".to_owned(), |user| user.name.clone()),
            via: via.to_owned(),
            address: origin.address_text(),
            project,
            action,
            subject,
            old,
            new,
        }
    }
}
