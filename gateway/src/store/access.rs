//! People and what they may do: accounts, sessions, members, links, keys, tokens, the audit trail.
//!
//! What changes something writes its audit row in the same transaction; when there is nothing to change, none.

use async_trait::async_trait;
use protocol::model::{
    Account, ApiToken, AuditCursor, AuditEntry, GameKey, Invitation, Key, KeyId, Member, Project, ProjectId,
    ProjectRole, ProjectSummary, Role, SessionInfo, TokenId, TokenScope, UnixMicros, User, UserId,
};

use super::{Result, TokenHash};

/// An account that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What others read.
    pub name: String,
    /// Lower-case e-mail.
    pub email: Option<String>,
    /// argon2id in PHC form.
    pub password_hash: Option<String>,
    /// What he may do.
    pub role: Role,
    /// Now.
    pub created_at: UnixMicros,
}

/// A session that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Of the token in the cookie.
    pub token_hash: TokenHash,
    /// Who signed in.
    pub user: UserId,
    /// Now.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
    /// From where; may be empty.
    pub address: String,
    /// The browser; may be empty.
    pub agent: String,
}

/// What a one-time link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// To become a member.
    Invitation {
        /// Of which project.
        project: ProjectId,
        /// As what.
        role: ProjectRole,
    },
    /// To set a new password.
    Reset {
        /// Of which account.
        user: UserId,
    },
}

/// A one-time link that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Of the token in the link.
    pub token_hash: TokenHash,
    /// What it is good for.
    pub purpose: LinkPurpose,
    /// For whom, in people's words.
    pub note: String,
    /// Who makes it.
    pub created_by: User,
    /// Now.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

/// Who takes an invitation.
#[derive(Clone, Debug)]
pub enum Joining {
    /// Somebody with an account.
    Known(UserId),
    /// Somebody new.
    New(NewUser),
}

/// A game key that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// What it is for.
    pub name: String,
    /// Who makes it.
    pub created_by: Option<String>,
    /// Now.
    pub created_at: UnixMicros,
}

/// What a game key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Its number.
    pub id: KeyId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// From when on it is refused.
    pub expires_at: Option<UnixMicros>,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

/// An API token that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Of the secret.
    pub token_hash: TokenHash,
    /// The secret's first characters.
    pub shown: String,
    /// For whom it acts.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The one project that it is for.
    pub project: Option<ProjectId>,
    /// Now.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

/// A row of the audit trail that is yet to be written.
#[derive(Clone, Debug)]
pub struct AuditRow {
    /// Now.
    pub at: UnixMicros,
    /// Who, if there is an account.
    pub actor_id: Option<UserId>,
    /// His name, kept when the account goes.
    pub actor: String,
    /// By what.
    pub via: String,
    /// From where; may be empty.
    pub address: String,
    /// In which project.
    pub project: Option<ProjectId>,
    /// What: a stable code.
    pub action: &'static str,
    /// To what.
    pub subject: String,
    /// What it was.
    pub old: Option<String>,
    /// What it is now.
    pub new: Option<String>,
}

/// The part of a database that is about people.
#[async_trait]
pub trait AccessStore: Send + Sync + 'static {
    /// The instance's owner with his password's hash; `None` until the instance is set up.
    async fn get_owner(&self) -> Result<Option<(User, Option<String>)>>;

    /// Makes an account. The first [`Role::Owner`] is the only one. A note that names no account is by the new one.
    ///
    /// # Errors
    /// `EmailExists`, `OwnerExists`.
    async fn create_user(&self, user: NewUser, note: AuditRow) -> Result<User>;

    /// An account with its password's hash.
    async fn get_user(&self, user: UserId) -> Result<Option<(User, Option<String>)>>;

    /// The account of a lower-case e-mail, with its password's hash.
    async fn get_user_by_email(&self, email: &str) -> Result<Option<(User, Option<String>)>>;

    /// Every account, the oldest first.
    async fn list_accounts(&self) -> Result<Vec<Account>>;

    /// Gives an account an e-mail, which becomes its name, and a password's hash. A note that names no account is by
    /// this one.
    ///
    /// # Errors
    /// `EmailExists`.
    async fn set_credentials(
        &self,
        user: UserId,
        email: &str,
        password_hash: &str,
        note: AuditRow,
    ) -> Result<User>;

    /// Sets a password's hash, and ends every session and every reset link of the account but the session `except`.
    async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        except: Option<&TokenHash>,
        note: AuditRow,
    ) -> Result<bool>;

    /// Deletes an account with its sessions, tokens and memberships; never the owner's.
    async fn delete_user(&self, user: UserId, note: AuditRow) -> Result<bool>;

    /// Begins a session.
    async fn create_session(&self, session: NewSession, note: AuditRow) -> Result<()>;

    /// Who is signed in by this token, unless it has expired at `now`, and when that was last noted as used.
    async fn get_session(
        &self,
        token_hash: &TokenHash,
        now: UnixMicros,
    ) -> Result<Option<(User, UnixMicros)>>;

    /// Notes that a session is used.
    async fn touch_session(&self, token_hash: &TokenHash, at: UnixMicros) -> Result<()>;

    /// The sessions of an account with the hash of each token, the newest first.
    async fn list_sessions(&self, user: UserId, now: UnixMicros) -> Result<Vec<(TokenHash, SessionInfo)>>;

    /// Ends sessions of an account: the one of that token, or every one but that.
    async fn delete_sessions(&self, user: UserId, which: Sessions<'_>, note: AuditRow) -> Result<u64>;

    /// Makes a project with its first game key. `owner` becomes its first admin.
    ///
    /// # Errors
    /// `KeyTaken`; then nothing is made.
    async fn create_project(
        &self,
        name: &str,
        owner: Option<UserId>,
        key: Key,
        created_at: UnixMicros,
        note: AuditRow,
    ) -> Result<Project>;

    /// The projects of a member, or every project for `None` (with the role admin); the newest first. `online` is
    /// 0 everywhere.
    async fn list_projects(&self, member: Option<UserId>) -> Result<Vec<ProjectSummary>>;

    /// Renames a project.
    async fn rename_project(&self, project: ProjectId, name: &str, note: AuditRow) -> Result<bool>;

    /// Deletes a project with everything in it but its log lines, which [`AccessStore::delete_logs`] takes away
    /// piece by piece.
    async fn delete_project(&self, project: ProjectId, note: AuditRow) -> Result<bool>;

    /// Deletes up to `limit` log lines of a project that is gone; returns how many.
    async fn delete_logs(&self, project: ProjectId, limit: u32) -> Result<u64>;

    /// What a person is in which projects.
    async fn list_memberships(&self, user: UserId) -> Result<Vec<(ProjectId, ProjectRole)>>;

    /// The members of a project, by name.
    async fn list_members(&self, project: ProjectId) -> Result<Vec<Member>>;

    /// Changes what a member may do; the open invitations of one who is no admin any more are taken back. Returns
    /// whether he is one.
    async fn set_member_role(
        &self,
        project: ProjectId,
        user: UserId,
        role: ProjectRole,
        note: AuditRow,
    ) -> Result<bool>;

    /// Removes a member, and his tokens for this project alone. Returns whether he was one.
    async fn remove_member(&self, project: ProjectId, user: UserId, note: AuditRow) -> Result<bool>;

    /// Makes a one-time link.
    async fn create_link(&self, link: NewLink, note: AuditRow) -> Result<()>;

    /// What a link is good for at `now`, and whose account or which invitation it is about.
    async fn get_link(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<Link>>;

    /// The open invitations of a project with the hash of each token, the newest first.
    async fn list_invitations(
        &self,
        project: ProjectId,
        now: UnixMicros,
    ) -> Result<Vec<(TokenHash, Invitation)>>;

    /// Takes a link back. Returns whether there was one.
    async fn delete_link(&self, token_hash: &TokenHash, note: AuditRow) -> Result<bool>;

    /// Spends an invitation: makes the account if it is new, and the membership; one who is a member already keeps
    /// the higher role. `None`: the link is not good any more.
    ///
    /// # Errors
    /// `EmailExists`; the link is then still good.
    async fn join(
        &self,
        token_hash: &TokenHash,
        who: Joining,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<(User, ProjectId)>>;

    /// Spends a reset link: sets the password's hash and ends all sessions. `None`: the link is not good any more.
    async fn reset_password(
        &self,
        token_hash: &TokenHash,
        password_hash: &str,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<User>>;

    /// The keys of a project, the oldest first.
    async fn list_keys(&self, project: ProjectId) -> Result<Vec<GameKey>>;

    /// Makes a further key. When it `replaces` another one, that expires at the moment given, or earlier if it
    /// does so already.
    ///
    /// # Errors
    /// `KeyTaken`.
    async fn create_key(
        &self,
        project: ProjectId,
        key: NewKey,
        replaces: Option<(KeyId, UnixMicros)>,
        note: AuditRow,
    ) -> Result<GameKey>;

    /// Revokes a key. Returns it unless there is none or it was revoked before.
    async fn revoke_key(
        &self,
        project: ProjectId,
        key: KeyId,
        at: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<Key>>;

    /// Makes an API token.
    async fn create_token(&self, token: NewToken, note: AuditRow) -> Result<ApiToken>;

    /// Whose token that is, unless it has expired at `now`.
    async fn get_token(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<(User, ApiToken)>>;

    /// Notes that a token is used.
    async fn touch_token(&self, token: TokenId, at: UnixMicros) -> Result<()>;

    /// The tokens of an account, the newest first, expired ones too.
    async fn list_tokens(&self, user: UserId) -> Result<Vec<ApiToken>>;

    /// Deletes a token. Returns whether there was one.
    async fn delete_token(&self, user: UserId, token: TokenId, note: AuditRow) -> Result<bool>;

    /// Writes an audit row that no change goes with.
    async fn record(&self, note: AuditRow) -> Result<()>;

    /// The newest audit entries behind a cursor, newest first: of one project together with its edits of values, or
    /// of all projects and the instance without them.
    async fn list_audit(
        &self,
        project: Option<ProjectId>,
        after: Option<&AuditCursor>,
        limit: u32,
    ) -> Result<Vec<(AuditCursor, AuditEntry)>>;
}

/// Some sessions of an account.
#[derive(Clone, Copy, Debug)]
pub enum Sessions<'a> {
    /// That of this token.
    One(&'a TokenHash),
    /// All but that of this token.
    Others(&'a TokenHash),
    /// All.
    All,
}

/// A one-time link that is still good.
#[derive(Clone, Debug)]
pub enum Link {
    /// An invitation.
    Invitation(Invitation),
    /// A password's reset, of this account.
    Reset(User),
}
