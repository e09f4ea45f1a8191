//! API tokens.

use async_trait::async_trait;
use protocol::model::{ApiToken, ProjectId, TokenId, TokenScope, UnixMicros, User, UserId};

use super::user_record::UserRecord;
use crate::store::{
    cells::TokenHash,
    error::{Result, damaged},
    note::AuditRow,
    sql::row,
    sql_store::SqlStore,
};

/// A new API token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Of the secret.
    pub token_hash: TokenHash,
    /// The secret's first characters.
    pub shown: String,
    /// Whose it is.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The one project that it is for.
    pub project: Option<ProjectId>,
    /// Now.
    pub created_at: UnixMicros,
    /// When it expires.
    pub expires_at: UnixMicros,
}

/// API tokens.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Creates an API token.
    async fn create_token(&self, token: NewToken, note: AuditRow) -> Result<ApiToken>;

    /// A token and its owner, unless it has expired at `now`.
    async fn get_token(&self, hash: &TokenHash, now: UnixMicros) -> Result<Option<(User, ApiToken)>>;

    /// A token of an account, also an expired one.
    async fn get_token_of(&self, user: UserId, token: TokenId) -> Result<Option<ApiToken>>;

    /// Notes the use of a token.
    async fn touch_token(&self, token: TokenId, at: UnixMicros) -> Result<()>;

    /// The tokens of an account, newest first, including expired ones.
    async fn list_tokens(&self, user: UserId) -> Result<Vec<ApiToken>>;

    /// Deletes a token. Returns whether there was one.
    async fn delete_token(&self, user: UserId, token: TokenId, note: AuditRow) -> Result<bool>;
}

row! {
    struct TokenRecord {
        id: i64,
        name: String,
        shown: String,
        scope: String,
        project_id: Option<i64>,
        created_at: i64,
        expires_at: i64,
        last_used_at: Option<i64>,
    } -> ApiToken {
        Ok(ApiToken {
            id: TokenId(id),
            name,
            shown,
            scope: scope.parse().map_err(|_| damaged("a token has an unknown scope"))?,
            project: project_id.map(ProjectId),
            created_at: UnixMicros(created_at),
            expires_at: UnixMicros(expires_at),
            last_used_at: last_used_at.map(UnixMicros),
        })
    }
}

/// A statement that reads tokens.
macro_rules! tokens_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, name, shown, scope, project_id, created_at, expires_at, last_used_at
             FROM api_tokens WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl Tokens for SqlStore {
    async fn create_token(&self, token: NewToken, note: AuditRow) -> Result<ApiToken> {
        let mut tx = self.begin_write().await?;
        let made = tx
            .query(
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
            .read_one::<TokenRecord>()
            .await?;
        tx.finish(note).await?;
        Ok(made)
    }

    async fn get_token(&self, hash: &TokenHash, now: UnixMicros) -> Result<Option<(User, ApiToken)>> {
        let by_hash = self.read(tokens_where!("token_hash = $1 AND expires_at > $2"));
        let Some(token) = by_hash.bind(&hash[..]).bind(now.0).read::<TokenRecord>().await? else {
            return Ok(None);
        };
        let user = self
            .read(
                "SELECT u.id, u.name, u.email, u.role FROM api_tokens t JOIN users u ON u.id = t.user_id
                 WHERE t.id = $1",
            )
            .bind(token.id.0)
            .read::<UserRecord>()
            .await?;
        Ok(user.map(|user| (user, token)))
    }

    async fn get_token_of(&self, user: UserId, token: TokenId) -> Result<Option<ApiToken>> {
        let by_id = self.read(tokens_where!("user_id = $1 AND id = $2"));
        by_id.bind(user.0).bind(token.0).read::<TokenRecord>().await
    }

    async fn touch_token(&self, token: TokenId, at: UnixMicros) -> Result<()> {
        let sql = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
        self.write(sql).bind(token.0).bind(at.0).run().await?;
        Ok(())
    }

    async fn list_tokens(&self, user: UserId) -> Result<Vec<ApiToken>> {
        let of_user = self.read(tokens_where!("user_id = $1 ORDER BY id DESC"));
        of_user.bind(user.0).read_all::<TokenRecord>().await
    }

    async fn delete_token(&self, user: UserId, token: TokenId, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let delete = tx.query("DELETE FROM api_tokens WHERE user_id = $1 AND id = $2");
        let deleted = delete.bind(user.0).bind(token.0).run().await?;
        tx.finish_if(deleted, note).await
    }
}
