//! Data for the pages of a project's settings, and the audit trail.

use leptos::prelude::*;
use protocol::model::{
    AuditEntry, GameKey, Invitation, Member, ProjectId, ProjectRole, Schema, UnixMicros, User,
};
use serde::{Deserialize, Serialize};
use server_fn::codec::Postcard;

use super::{AppError, Reply};
#[cfg(feature = "ssr")]
use super::{app_error, authorise, now, reply};
#[cfg(feature = "ssr")]
use crate::format;

/// Entries of the audit trail on one page.
#[cfg(feature = "ssr")]
const SHOWN_ENTRIES: usize = 50;
/// Characters of a value on the page.
#[cfg(feature = "ssr")]
const SHOWN_CHARS: usize = 200;

/// What every page of a project's settings begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectHead {
    /// Who is signed in.
    pub user: User,
    /// The project.
    pub id: ProjectId,
    /// Its name.
    pub name: String,
    /// Their role in it.
    pub role: ProjectRole,
    /// Whether they have to confirm their password before anything that can't be undone.
    pub asks_password: bool,
}

/// The settings proper.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsPage {
    /// Which project.
    pub head: ProjectHead,
    /// Whether people without a second factor are kept out.
    pub is_guarded: bool,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// Who is in a project.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersPage {
    /// Which project.
    pub head: ProjectHead,
    /// By name.
    pub members: Vec<Member>,
    /// Pending ones, for those who may invite.
    pub invitations: Vec<Invitation>,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// The keys with which games connect to a project.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysPage {
    /// Which project.
    pub head: ProjectHead,
    /// The oldest first, revoked ones too.
    pub keys: Vec<GameKey>,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// A project's declarations, and which wait for consent.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaPage {
    /// Which project.
    pub head: ProjectHead,
    /// Whether it is frozen, and what waits.
    pub schema: Schema,
    /// The server's clock.
    pub now: UnixMicros,
    /// How a form on the page was answered.
    pub reply: Reply,
}

/// A request for a part of the audit trail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditQuery {
    /// One project, or the whole instance.
    pub project: Option<ProjectId>,
    /// The cursor of the part before.
    pub after: Option<String>,
    /// Only people whose name contains this.
    pub person: String,
    /// Only actions whose code starts with this, such as `member`.
    pub action: String,
}

/// A part of the audit trail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPart {
    /// Who is signed in.
    pub user: User,
    /// Which project; `None`: the whole instance.
    pub head: Option<ProjectHead>,
    /// The newest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next, older part starts; `None`: there is none.
    pub next: Option<String>,
}

#[cfg(feature = "ssr")]
pub(super) async fn head(
    (caller, gateway): &(gateway::Caller, gateway::Gateway),
    action: gateway::Action,
    id: ProjectId,
) -> Result<ProjectHead, AppError> {
    let role = gateway.authorise_in(caller, action, id).await.map_err(app_error)?;
    // the owner may see every project, but not every number is one
    let project = gateway.get_project(caller, id).await.map_err(app_error)?;
    let asks_password = gateway.asks_password(caller).await.map_err(app_error)?;
    Ok(ProjectHead { user: caller.user.clone(), id, name: project.name, role, asks_password })
}

/// The settings proper.
#[server(input = Postcard, output = Postcard)]
pub async fn get_settings(project: ProjectId) -> Result<SettingsPage, AppError> {
    let asking = authorise()?;
    let head = head(&asking, gateway::Action::RenameProject, project).await?;
    let is_guarded = asking.1.is_guarded(&asking.0, project).await.map_err(app_error)?;
    Ok(SettingsPage { head, is_guarded, reply: reply() })
}

/// Who is in a project, and who is invited.
#[server(input = Postcard, output = Postcard)]
pub async fn list_members(project: ProjectId) -> Result<MembersPage, AppError> {
    let asking = authorise()?;
    let head = head(&asking, gateway::Action::ReadProject, project).await?;
    let (caller, gateway) = asking;
    let members = gateway.list_members(&caller, project).await.map_err(app_error)?;
    let invitations = match head.role {
        ProjectRole::Admin => gateway.list_invitations(&caller, project).await.map_err(app_error)?,
        ProjectRole::Viewer | ProjectRole::Designer => Vec::new(),
    };
    Ok(MembersPage { head, members, invitations, now: now(), reply: reply() })
}

/// The keys with which games connect to a project.
#[server(input = Postcard, output = Postcard)]
pub async fn list_keys(project: ProjectId) -> Result<KeysPage, AppError> {
    let asking = authorise()?;
    let head = head(&asking, gateway::Action::ReadKeys, project).await?;
    let (caller, gateway) = asking;
    let keys = gateway.list_keys(&caller, project).await.map_err(app_error)?;
    Ok(KeysPage { head, keys, now: now(), reply: reply() })
}

/// A project's declarations, and which wait for consent.
#[server(input = Postcard, output = Postcard)]
pub async fn get_schema(project: ProjectId) -> Result<SchemaPage, AppError> {
    let asking = authorise()?;
    let head = head(&asking, gateway::Action::ManageSchema, project).await?;
    let (caller, gateway) = asking;
    let schema = gateway.get_schema(&caller, project).await.map_err(app_error)?;
    Ok(SchemaPage { head, schema, now: now(), reply: reply() })
}

/// A value can be as long as a whole message; an export has all of it.
#[cfg(feature = "ssr")]
fn shortened(entry: AuditEntry) -> AuditEntry {
    let shorten = |text: String| format::shortened(&text, SHOWN_CHARS).into_owned();
    AuditEntry { old: entry.old.map(shorten), new: entry.new.map(shorten), ..entry }
}

/// A part of the audit trail.
#[server(input = Postcard, output = Postcard)]
pub async fn list_audit(query: AuditQuery) -> Result<AuditPart, AppError> {
    let asking = authorise()?;
    let head = match query.project {
        Some(id) => Some(head(&asking, gateway::Action::ReadAudit, id).await?),
        None => None,
    };
    let (caller, gateway) = asking;
    // an address that was typed by hand begins at the newest
    let after = query.after.as_deref().and_then(|cursor| cursor.parse().ok());
    let filter = gateway::AuditFilter { person: query.person, action: query.action };
    let found = gateway.search_audit(&caller, query.project, &filter, after, SHOWN_ENTRIES);
    let found = found.await.map_err(app_error)?;
    let entries = found.entries.into_iter().map(shortened).collect();
    let next = found.next.map(|cursor| cursor.to_string());
    Ok(AuditPart { user: caller.user, head, entries, next })
}
