//! One-time links: invitations and resets of passwords.

use protocol::model::{Invitation, ProjectId, ProjectRole, TokenId, UnixMicros, User, UserId};

use super::{AccessStore, AuditRow, NewUser, both};
use crate::store::{Result, TokenHash, access_rows, rows};

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
    /// By which token, if a script does it for them: the link falls with it.
    pub token: Option<TokenId>,
    /// Now.
    pub created_at: UnixMicros,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

/// A one-time link that is still good.
#[derive(Clone, Debug)]
pub enum Link {
    /// An invitation.
    Invitation(Invitation),
    /// A password's reset, of this account.
    Reset(User),
}

/// Who takes an invitation.
#[derive(Clone, Debug)]
pub enum Joining {
    /// Somebody with an account.
    Known(UserId),
    /// Somebody new.
    New(NewUser),
}

impl AccessStore {
    /// Makes a one-time link.
    pub async fn create_link(&self, link: NewLink, note: AuditRow) -> Result<()> {
        both!(self, db, {
            let (project, role, user) = match link.purpose {
                LinkPurpose::Invitation { project, role } => (Some(project.0), Some(role.as_str()), None),
                LinkPurpose::Reset { user } => (None, None, Some(user.0)),
            };
            let insert = sqlx::query(
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
            .bind(link.token.map(|token| token.0));
            // here, so that dead links never pile up and nobody has to sweep; a few, so that nobody waits for many
            let sweep = sqlx::query(
                "DELETE FROM links WHERE token_hash IN
                     (SELECT token_hash FROM links WHERE expires_at <= $1 LIMIT 100)",
            )
            .bind(link.created_at.0);
            db.change(insert, [sweep], note).await.map(drop)
        })
    }

    /// What a link is good for at `now`, and whose account or which invitation it is about.
    pub async fn get_link(&self, token_hash: &TokenHash, now: UnixMicros) -> Result<Option<Link>> {
        both!(self, db, {
            let invitation: Option<access_rows::InvitationCells> = sqlx::query_as(
                "SELECT l.token_hash, l.project_id, p.name, l.role, l.note, l.created_by, l.created_at,
                     l.expires_at
                 FROM links l JOIN projects p ON p.id = l.project_id
                 WHERE l.token_hash = $1 AND l.expires_at > $2",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&db.reader)
            .await?;
            if let Some(cells) = invitation {
                return Ok(Some(Link::Invitation(access_rows::invitation(cells)?.1)));
            }
            let user = sqlx::query_as(
                "SELECT u.id, u.name, u.email, u.role FROM links l JOIN users u ON u.id = l.user_id
                 WHERE l.token_hash = $1 AND l.expires_at > $2",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&db.reader)
            .await?;
            Ok(user.map(rows::user).transpose()?.map(Link::Reset))
        })
    }

    /// The open invitations of a project with the hash of each token, the newest first.
    pub async fn list_invitations(
        &self,
        project: ProjectId,
        now: UnixMicros,
    ) -> Result<Vec<(TokenHash, Invitation)>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT l.token_hash, l.project_id, p.name, l.role, l.note, l.created_by, l.created_at,
                     l.expires_at
                 FROM links l JOIN projects p ON p.id = l.project_id
                 WHERE l.project_id = $1 AND l.expires_at > $2 ORDER BY l.created_at DESC, l.token_hash",
            )
            .bind(project.0)
            .bind(now.0)
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::invitation).collect()
        })
    }

    /// Takes a link back. Returns whether there was one.
    pub async fn delete_link(&self, token_hash: &TokenHash, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let delete = sqlx::query("DELETE FROM links WHERE token_hash = $1").bind(&token_hash[..]);
            Ok(db.change(delete, [], note).await? > 0)
        })
    }

    /// Counts a wrong password that came with an invitation, which falls with the `last`.
    pub async fn count_wrong_password(
        &self,
        token_hash: &TokenHash,
        last: i64,
        note: AuditRow,
    ) -> Result<()> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let counted: Option<(i64, i64)> = sqlx::query_as(
                "UPDATE links SET wrong_passwords = wrong_passwords + 1
                 WHERE token_hash = $1 AND project_id IS NOT NULL RETURNING wrong_passwords, project_id",
            )
            .bind(&token_hash[..])
            .fetch_optional(&mut *tx)
            .await?;
            match counted {
                Some((count, project)) if count >= last => {
                    let delete = "DELETE FROM links WHERE token_hash = $1";
                    sqlx::query(delete).bind(&token_hash[..]).execute(&mut *tx).await?;
                    let note = AuditRow { project: Some(ProjectId(project)), ..note };
                    db.finish(tx, note).await
                }
                _ => Ok(tx.commit().await?),
            }
        })
    }

    /// Spends an invitation: makes the account if it is new, and the membership; one who is a member already keeps
    /// the higher role. `None`: the link is not good any more.
    ///
    /// # Errors
    /// `EmailExists`; the link is then still good.
    pub async fn join(
        &self,
        token_hash: &TokenHash,
        who: Joining,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<(User, ProjectId)>> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let spent: Option<(i64, String)> = sqlx::query_as(
                "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND project_id IS NOT NULL
                 RETURNING project_id, role",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&mut *tx)
            .await?;
            let Some((project, role)) = spent else { return Ok(None) };
            let user = match who {
                Joining::New(user) => db.insert_user(&mut tx, &user).await?,
                Joining::Known(user) => {
                    let cells = sqlx::query_as("SELECT id, name, email, role FROM users WHERE id = $1")
                        .bind(user.0)
                        .fetch_optional(&mut *tx)
                        .await?;
                    match cells {
                        Some(cells) => rows::user(cells)?,
                        None => return Ok(None),
                    }
                }
            };
            let known: Option<String> =
                sqlx::query_scalar("SELECT role FROM members WHERE project_id = $1 AND user_id = $2")
                    .bind(project)
                    .bind(user.id.0)
                    .fetch_optional(&mut *tx)
                    .await?;
            let offered = access_rows::project_role(&role)?;
            let known = known.as_deref().map(access_rows::project_role).transpose()?;
            let role = known.map_or(offered, |known| known.max(offered));
            sqlx::query(
                "INSERT INTO members (project_id, user_id, role, added_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (project_id, user_id) DO UPDATE SET role = excluded.role",
            )
            .bind(project)
            .bind(user.id.0)
            .bind(role.as_str())
            .bind(now.0)
            .execute(&mut *tx)
            .await?;
            let note = AuditRow {
                actor_id: Some(user.id),
                actor: user.name.clone(),
                project: Some(ProjectId(project)),
                subject: user.name.clone(),
                old: known.map(|role| role.to_string()),
                new: Some(role.to_string()),
                ..note
            };
            db.finish(tx, note).await?;
            Ok(Some((user, ProjectId(project))))
        })
    }

    /// Spends a reset link: sets the password's hash and ends whatever else opens the account or was handed out by it: all
    /// sessions, tokens and invitations. `None`: the link is not good any more.
    pub async fn reset_password(
        &self,
        token_hash: &TokenHash,
        password_hash: &str,
        now: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<User>> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let spent: Option<i64> = sqlx::query_scalar(
                "DELETE FROM links WHERE token_hash = $1 AND expires_at > $2 AND user_id IS NOT NULL
                 RETURNING user_id",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&mut *tx)
            .await?;
            let Some(user) = spent else { return Ok(None) };
            let cells = sqlx::query_as(
                "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING id, name, email, role",
            )
            .bind(user)
            .bind(password_hash)
            .fetch_one(&mut *tx)
            .await?;
            for end in [
                "DELETE FROM sessions WHERE user_id = $1",
                "DELETE FROM api_tokens WHERE user_id = $1",
                "DELETE FROM links WHERE user_id = $1 OR created_by_id = $1",
            ] {
                sqlx::query(end).bind(user).execute(&mut *tx).await?;
            }
            let user = rows::user(cells)?;
            let name = user.name.clone();
            let note = AuditRow { actor_id: Some(user.id), actor: name.clone(), subject: name, ..note };
            db.finish(tx, note).await?;
            Ok(Some(user))
        })
    }
}
