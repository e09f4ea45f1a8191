//! API tokens.

use protocol::model::{ApiToken, ProjectId, TokenId, TokenScope, UnixMicros, User, UserId};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, TokenHash, access_rows, rows};

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

impl AccessStore {
    /// Makes an API token.
    pub async fn create_token(&self, token: NewToken, note: AuditRow) -> Result<ApiToken> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let cells = sqlx::query_as(
                "INSERT INTO api_tokens
                     (user_id, project_id, name, shown, token_hash, scope, created_at, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 RETURNING id, name, shown, scope, project_id, created_at, expires_at, last_used_at",
            )
            .bind(token.user.0)
            .bind(token.project.map(|project| project.0))
            .bind(&token.name)
            .bind(&token.shown)
            .bind(&token.token_hash[..])
            .bind(token.scope.as_str())
            .bind(token.created_at.0)
            .bind(token.expires_at.0)
            .fetch_one(&mut *tx)
            .await?;
            db.finish(tx, note).await?;
            access_rows::token(cells)
        })
    }

    /// Whose token that is, unless it has expired at `now`.
    pub async fn get_token(
        &self,
        token_hash: &TokenHash,
        now: UnixMicros,
    ) -> Result<Option<(User, ApiToken)>> {
        both!(self, db, {
            let cells: Option<access_rows::TokenCells> = sqlx::query_as(
                "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
                 FROM api_tokens WHERE token_hash = $1 AND expires_at > $2",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&db.reader)
            .await?;
            let Some(cells) = cells else { return Ok(None) };
            let token = access_rows::token(cells)?;
            let user: Option<rows::UserCells> = sqlx::query_as(
                "SELECT u.id, u.name, u.email, u.role FROM api_tokens t JOIN users u ON u.id = t.user_id
                 WHERE t.id = $1",
            )
            .bind(token.id.0)
            .fetch_optional(&db.reader)
            .await?;
            Ok(user.map(rows::user).transpose()?.map(|user| (user, token)))
        })
    }

    /// A token of an account, also an expired one.
    pub async fn get_token_of(&self, user: UserId, token: TokenId) -> Result<Option<ApiToken>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
                 FROM api_tokens WHERE user_id = $1 AND id = $2",
            )
            .bind(user.0)
            .bind(token.0)
            .fetch_optional(&db.reader)
            .await?;
            cells.map(access_rows::token).transpose()
        })
    }

    /// Notes that a token is used.
    pub async fn touch_token(&self, token: TokenId, at: UnixMicros) -> Result<()> {
        both!(self, db, {
            sqlx::query("UPDATE api_tokens SET last_used_at = $2 WHERE id = $1")
                .bind(token.0)
                .bind(at.0)
                .execute(&db.writer)
                .await?;
            Ok(())
        })
    }

    /// The tokens of an account, the newest first, expired ones too.
    pub async fn list_tokens(&self, user: UserId) -> Result<Vec<ApiToken>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
                 FROM api_tokens WHERE user_id = $1 ORDER BY id DESC",
            )
            .bind(user.0)
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::token).collect()
        })
    }

    /// Deletes a token. Returns whether there was one.
    pub async fn delete_token(&self, user: UserId, token: TokenId, note: AuditRow) -> Result<bool> {
        both!(self, db, {
            let delete = sqlx::query("DELETE FROM api_tokens WHERE user_id = $1 AND id = $2")
                .bind(user.0)
                .bind(token.0);
            Ok(db.change(delete, [], note).await? > 0)
        })
    }
}
