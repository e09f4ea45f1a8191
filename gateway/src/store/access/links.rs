//! One-time links: invitations and resets of passwords.

use async_trait::async_trait;
use protocol::model::{Invitation, ProjectId, ProjectRole, TokenId, UnixMicros, User, UserId};

use super::{
    accounts::{NewUser, insert_user},
    user_record::UserRecord,
};
use crate::store::{
    cells::{self, TokenHash, handle},
    error::Result,
    note::AuditRow,
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// What a one-time link is for.
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

/// A new one-time link.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Of the token in the link.
    pub token_hash: TokenHash,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// For whom, in people's words.
    pub note: String,
    /// Who makes it.
    pub created_by: User,
    /// The API token, if a script creates it: deleting the token deletes the link.
    pub token: Option<TokenId>,
    /// Now.
    pub created_at: UnixMicros,
    /// When it expires.
    pub expires_at: UnixMicros,
}

/// A one-time link that is still valid.
#[derive(Clone, Debug)]
pub enum Link {
    /// An invitation.
    Invitation(Invitation),
    /// A password reset for this account.
    Reset(User),
}

/// Who accepts an invitation.
#[derive(Clone, Debug)]
pub enum Joining {
    /// Somebody with an account.
    Known(UserId),
    /// Somebody new.
    New(NewUser),
}

/// One-time links.
#[async_trait]
pub trait Links: Send + Sync {
    /// Makes a one-time link.
    async fn create_link(&self, link: NewLink, note: AuditRow) -> Result<()>;

    /// The invitation or the account that a link is for, if it is valid at `now`.
    async fn get_link(&self, token: &TokenHash, now: UnixMicros) -> Result<Option<Link>>;

    /// The open invitations of a project with the hash of each token, the newest first.
    async fn list_invitations(
        &self,
        project: ProjectId,
        now: UnixMicros,
    ) -> Result<Vec<(TokenHash, Invitation)>>;

    /// Withdraws a link. Returns whether there was one.
    async fn delete_link(&self, token: &TokenHash, note: AuditRow) -> Result<bool>;

    /// Counts a wrong password for an invitation, which is deleted with the `last` one.
    async fn count_wrong_password(&self, token: &TokenHash, last: i64, note: AuditRow) -> Result<()>;

    /// Uses up an invitation: creates the account if it is new, and the membership; someone who is a member already keeps the
    /// higher role. `None`: the link is no longer valid.
    ///
    /// # Errors
    /// `EmailExists`; the link then stays valid.
    async fn join(
        &self,
        token: &TokenHash,
        who: Joining,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<(User, ProjectId)>>;

    /// Uses up a reset link: sets the password's hash and deletes all sessions and tokens of the account and all invitations from
    /// it. `None`: the link is no longer valid.
    async fn reset_password(
        &self,
        token: &TokenHash,
        password_hash: &str,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<User>>;
}

row! {
    struct InvitationRecord {
        token_hash: Vec<u8>,
        project_id: i64,
        project_name: String,
        role: String,
        note: String,
        created_by: String,
        created_at: i64,
        expires_at: i64,
    } -> (TokenHash, Invitation) {
        let hash = cells::token_hash(token_hash)?;
        let invitation = Invitation {
            id: handle(&hash),
            project: ProjectId(project_id),
            project_name,
            role: cells::project_role(&role)?,
            note,
            invited_by: created_by,
            created_at: UnixMicros(created_at),
            expires_at: UnixMicros(expires_at),
        };
        Ok((hash, invitation))
    }
}

/// A statement that reads invitations that are valid at `$2`.
macro_rules! invitations_where {
    ($condition:literal) => {
        concat!(
            "SELECT l.token_hash, l.project_id, p.name AS project_name, l.role, l.note, l.created_by, l.created_at,
                 l.expires_at
             FROM links l JOIN projects p ON p.id = l.project_id WHERE l.expires_at > $2 AND ",
            $condition
        )
    };
}

#[async_trait]
impl Links for SqlStore {
    async fn create_link(&self, link: NewLink, note: AuditRow) -> Result<()> {
        let (project, role, user) = match link.purpose {
            LinkPurpose::Invitation { project, role } => (Some(project.0), Some(role.as_str()), None),
            LinkPurpose::Reset { user } => (None, None, Some(user.0)),
        };
        let mut tx = self.begin_write().await?;
        tx.query(
            "INSERT INTO links (token_hash, project_id, role, user_id, note, created_by_id, created_by,
                 created_at, expires_at, token_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&link.token_hash[..])
        .bind(project)
        .bind(role)
        .bind(user)
        .bind(&link.note)
        .bind(link.created_by.id.0)
        .bind(&link.created_by.name)
        .bind(link.created_at.0)
        .bind(link.expires_at.0)
        .bind(link.token.map(|token| token.0))
        .run()
        .await?;
        // here, so that expired links never pile up; a few at a time, so that nobody has to wait
        tx.query(
            "DELETE FROM links WHERE token_hash IN (SELECT token_hash FROM links WHERE expires_at <= $1 LIMIT 100)",
        )
        .bind(link.created_at.0)
        .run()
        .await?;
        tx.finish(note).await
    }

    async fn get_link(&self, token: &TokenHash, now: UnixMicros) -> Result<Option<Link>> {
        let invitation = self.read(invitations_where!("l.token_hash = $1")).bind(&token[..]).bind(now.0);
        if let Some((_, invitation)) = invitation.read::<InvitationRecord>().await? {
            return Ok(Some(Link::Invitation(invitation)));
        }
        let user = self
            .read(
                "SELECT u.id, u.name, u.email, u.role FROM links l JOIN users u ON u.id = l.user_id
                 WHERE l.token_hash = $1 AND l.expires_at > $2",
            )
            .bind(&token[..])
            .bind(now.0)
            .read::<UserRecord>()
            .await?;
        Ok(user.map(Link::Reset))
    }

    async fn list_invitations(
        &self,
        project: ProjectId,
        now: UnixMicros,
    ) -> Result<Vec<(TokenHash, Invitation)>> {
        self.read(invitations_where!("l.project_id = $1 ORDER BY l.created_at DESC, l.token_hash"))
            .bind(project.0)
            .bind(now.0)
            .read_all::<InvitationRecord>()
            .await
    }

    async fn delete_link(&self, token: &TokenHash, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let deleted = tx.query(DELETE).bind(&token[..]).run().await?;
        tx.finish_if(deleted, note).await
    }

    async fn count_wrong_password(&self, token: &TokenHash, last: i64, note: AuditRow) -> Result<()> {
        let mut tx = self.begin_write().await?;
        let count = tx.query(
            "UPDATE links SET wrong_passwords = wrong_passwords + 1
             WHERE token_hash = $1 AND project_id IS NOT NULL RETURNING wrong_passwords, project_id",
        );
        let counted: Option<(i64, i64)> = count.bind(&token[..]).find().await?;
        match counted {
            Some((count, project)) if count >= last => {
                tx.query(DELETE).bind(&token[..]).run().await?;
                tx.finish(AuditRow { project: Some(ProjectId(project)), ..note }).await
            }
            _ => tx.commit().await,
        }
    }

    async fn join(
        &self,
        token: &TokenHash,
        who: Joining,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<(User, ProjectId)>> {
        let mut tx = self.begin_write().await?;
        let spend = tx.query(
            "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND project_id IS NOT NULL
             RETURNING project_id, role",
        );
        let spent: Option<(i64, String)> = spend.bind(&token[..]).bind(now.0).find().await?;
        let Some((project, role)) = spent else { return Ok(None) };
        let (project, offered) = (ProjectId(project), cells::project_role(&role)?);
        let user = match who {
            Joining::New(user) => Some(insert_user(&mut tx, &user).await?),
            Joining::Known(user) => {
                let known = tx.query("SELECT id, name, email, role FROM users WHERE id = $1");
                known.bind(user.0).read::<UserRecord>().await?
            }
        };
        let Some(user) = user else { return Ok(None) };
        let (known, role) = add_member(&mut tx, project, &user, offered, now).await?;
        let note = AuditRow {
            actor_id: Some(user.id),
            actor: user.name.clone(),
            project: Some(project),
            subject: user.name.clone(),
            old: known.map(|role| role.to_string()),
            new: Some(role.to_string()),
            ..note
        };
        tx.finish(note).await?;
        Ok(Some((user, project)))
    }

    async fn reset_password(
        &self,
        token: &TokenHash,
        password_hash: &str,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<User>> {
        let mut tx = self.begin_write().await?;
        let spend = tx.query(
            "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND user_id IS NOT NULL
             RETURNING user_id",
        );
        let spent: Option<(i64,)> = spend.bind(&token[..]).bind(now.0).find().await?;
        let Some((id,)) = spent else { return Ok(None) };
        let set =
            tx.query("UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING id, name, email, role");
        let user = set.bind(id).bind(password_hash).read_one::<UserRecord>().await?;
        for end in [
            "DELETE FROM sessions WHERE user_id = $1",
            "DELETE FROM api_tokens WHERE user_id = $1",
            "DELETE FROM links WHERE user_id = $1 OR created_by_id = $1",
        ] {
            tx.query(end).bind(id).run().await?;
        }
        let name = user.name.clone();
        tx.finish(AuditRow { actor_id: Some(user.id), actor: name.clone(), subject: name, ..note }).await?;
        Ok(Some(user))
    }
}

const DELETE: &str = "DELETE FROM links WHERE token_hash = $1";

/// Adds a member or raises their role. Returns the role before and after.
async fn add_member(
    tx: &mut Tx<'_>,
    project: ProjectId,
    user: &User,
    offered: ProjectRole,
    now: UnixMicros,
) -> Result<(Option<ProjectRole>, ProjectRole)> {
    let known = tx.query("SELECT role FROM members WHERE project_id = $1 AND user_id = $2");
    let known: Option<(String,)> = known.bind(project.0).bind(user.id.0).find().await?;
    let known = known.map(|(role,)| cells::project_role(&role)).transpose()?;
    let role = known.map_or(offered, |known| known.max(offered));
    tx.query(
        "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
    )
    .bind(project.0)
    .bind(user.id.0)
    .bind(role.as_str())
    .bind(now.0)
    .run()
    .await?;
    Ok((known, role))
}
