//! Who may do what, as pages and the HTTP API show it: members, invitations, keys, tokens, sessions, the audit trail.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::AllowedOrigins;
use crate::model::{Key, KeyId, ProjectId, TokenId, UnixMicros, UserId};

/// A word that stands for a variant, the same in the database, in the HTTP API and in forms.
macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// In lower snake case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }

        impl FromStr for $type {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(UnknownWord { known: &[$($word),+] }) }
            }
        }
    };
}

/// A word is none of those that have a meaning here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    known: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "say one of {}", self.known.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

/// What a member may do in a project. Each can do what those before it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectRole {
    /// Sees values, devices, log and history.
    Viewer,
    /// Sets values and runs actions.
    Designer,
    /// Manages keys and members, reads the audit trail, deletes the project.
    Admin,
}

words!(ProjectRole { Viewer = "viewer", Designer = "designer", Admin = "admin" });

/// What an API token may do, at most: never more than the person it belongs to. Each can do what those before it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Reads.
    Read,
    /// Sets values and runs actions.
    Write,
    /// Manages projects, keys and members.
    Admin,
}

words!(TokenScope { Read = "read", Write = "write", Admin = "admin" });

/// A member of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Whose account.
    pub user: UserId,
    /// What others read.
    pub name: String,
    /// For signing in.
    pub email: Option<String>,
    /// What they may do.
    pub role: ProjectRole,
    /// Since when.
    pub added_at: UnixMicros,
}

/// Names an invitation or a session among those of one project or person: 16 hexadecimal digits. It is no secret
/// and gives no access.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Handle(pub String);

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An invitation that has not been accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Names it in lists.
    pub id: Handle,
    /// To which project.
    pub project: ProjectId,
    /// Its name.
    pub project_name: String,
    /// What the new member may do.
    pub role: ProjectRole,
    /// For whom it is meant, in the words of who invites; may be empty.
    pub note: String,
    /// Who invites.
    pub invited_by: String,
    /// When it was made.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

/// A game key of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameKey {
    /// Its number: the key itself never stands in an address.
    pub id: KeyId,
    /// The key.
    pub key: Key,
    /// What it is for, in people's words.
    pub name: String,
    /// Games may report values, log and answer with it, and declare nothing.
    pub report_only: bool,
    /// The web pages whose games may connect with it.
    pub origins: AllowedOrigins,
    /// When it was made.
    pub created_at: UnixMicros,
    /// Who made it; `None`: without signing in.
    pub created_by: Option<String>,
    /// When a game last connected with it; exact to a minute.
    pub last_used_at: Option<UnixMicros>,
    /// From when on games are refused: it was replaced by another one.
    pub expires_at: Option<UnixMicros>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMicros>,
}

impl GameKey {
    /// Whether games may connect with it.
    pub fn is_in_force(&self, now: UnixMicros) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A secret API token, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiToken {
    /// Its number.
    pub id: TokenId,
    /// What it is for, in people's words.
    pub name: String,
    /// Its first characters, such as `obs_3f9a…`.
    pub shown: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The one project that it is for; `None`: all that its person has.
    pub project: Option<ProjectId>,
    /// When it was made.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
    /// When it was last used; exact to a minute.
    pub last_used_at: Option<UnixMicros>,
}

/// A place where a person is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Names it in lists.
    pub id: Handle,
    /// When they signed in.
    pub created_at: UnixMicros,
    /// When it was last used; exact to a minute.
    pub last_used_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
    /// From where they signed in; empty when that is not known.
    pub address: String,
    /// The browser, in its own words; may be empty.
    pub agent: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// Something that somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: UnixMicros,
    /// Who: a name for people.
    pub actor: String,
    /// By what: `session`, `token NAME`, `link`, `script`.
    pub by: String,
    /// From which address; empty when that is not known.
    pub address: String,
    /// In which project; `None`: on the instance.
    pub project: Option<ProjectId>,
    /// What: a stable code such as `member.role` or `value.edit`.
    pub action: String,
    /// To what: a name for people.
    pub subject: String,
    /// What it was before.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

/// A part of the audit trail, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Where the next, older part begins; `None`: there is none.
    pub next: Option<AuditCursor>,
}

/// A place in the audit trail, the last entry of a part. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCursor {
    /// When the entry happened.
    pub at: UnixMicros,
    /// Whether it is an edit of a value.
    pub is_edit: bool,
    /// Which one: an edit's revision, or else a number of its own.
    pub number: i64,
    /// Of several values of one revision, which.
    pub name: String,
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.at.0, i32::from(self.is_edit), self.number, self.name)
    }
}

impl FromStr for AuditCursor {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        const REFUSED: UnknownWord = UnknownWord { known: &["the cursors that an answer gave as its next"] };
        let mut parts = text.splitn(4, '.');
        let mut part = || parts.next().ok_or(REFUSED);
        let at = UnixMicros(part()?.parse().map_err(|_| REFUSED)?);
        let is_edit = match part()? {
            "0" => false,
            "1" => true,
            _ => return Err(REFUSED),
        };
        let number = part()?.parse().map_err(|_| REFUSED)?;
        Ok(Self { at, is_edit, number, name: part()?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for role in ProjectRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
        }
        for scope in TokenScope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(*scope));
        }
        let refused = "owner".parse::<ProjectRole>().unwrap_err();
        assert_eq!(refused.to_string(), "say one of viewer, designer, admin");
    }

    #[test]
    fn roles_and_scopes_grow() {
        assert!(ProjectRole::Viewer < ProjectRole::Designer && ProjectRole::Designer < ProjectRole::Admin);
        assert!(TokenScope::Read < TokenScope::Write && TokenScope::Write < TokenScope::Admin);
    }

    #[test]
    fn a_cursor_survives_an_address() {
        let cursor = AuditCursor { at: UnixMicros(-5), is_edit: true, number: 7, name: "boss.hp".to_owned() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "1.2.3.x", "1.0.x.", "x.0.1."] {
            assert!(bad.parse::<AuditCursor>().is_err(), "{bad}");
        }
    }
}
