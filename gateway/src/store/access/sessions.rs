//! Sessions: who is signed in.

use protocol::model::{SessionInfo, UnixMicros, User, UserId};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, TokenHash, access_rows, rows};

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

impl AccessStore {
    /// Begins a session.
    pub async fn create_session(&self, session: NewSession, note: AuditRow) -> Result<()> {
        both!(self, db, {
            let insert = sqlx::query(
                "INSERT INTO sessions
                     (token_hash, user_id, created_at, last_used_at, confirmed_at, expires_at, address, agent)
                 VALUES ($1, $2, $3, $3, $3, $4, $5, $6)",
            )
            .bind(&session.token_hash[..])
            .bind(session.user.0)
            .bind(session.created_at.0)
            .bind(session.expires_at.0)
            .bind(&session.address)
            .bind(&session.agent);
            // here, so that dead sessions never pile up and nobody has to sweep; a few, or who signs in first after a holiday
            // would wait for all of them
            let sweep = sqlx::query(
                "DELETE FROM sessions WHERE token_hash IN
                     (SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT 100)",
            )
            .bind(session.created_at.0);
            db.change(insert, [sweep], note).await.map(drop)
        })
    }

    /// The key by which this instance knows browsers again; `fresh` becomes it when there is none.
    pub async fn device_key(&self, fresh: &[u8]) -> Result<Vec<u8>> {
        both!(self, db, {
            let read = "SELECT device_key FROM instance";
            let known: Option<Vec<u8>> = sqlx::query_scalar(read).fetch_one(&db.reader).await?;
            if let Some(known) = known {
                return Ok(known);
            }
            let set = "UPDATE instance SET device_key = $1 WHERE device_key IS NULL";
            sqlx::query(set).bind(fresh).execute(&db.writer).await?;
            Ok(sqlx::query_scalar(read).fetch_one(&db.writer).await?)
        })
    }

    /// Who is signed in by this token, unless it has expired at `now`, and when that was last noted as used.
    pub async fn get_session(
        &self,
        token_hash: &TokenHash,
        now: UnixMicros,
    ) -> Result<Option<(User, UnixMicros)>> {
        both!(self, db, {
            let cells: Option<(i64, String, Option<String>, String, i64)> = sqlx::query_as(
                "SELECT u.id, u.name, u.email, u.role, s.last_used_at
                 FROM sessions s JOIN users u ON u.id = s.user_id
                 WHERE s.token_hash = $1 AND s.expires_at > $2",
            )
            .bind(&token_hash[..])
            .bind(now.0)
            .fetch_optional(&db.reader)
            .await?;
            let user =
                |(id, name, email, role, used)| Ok((rows::user((id, name, email, role))?, UnixMicros(used)));
            cells.map(user).transpose()
        })
    }

    /// Notes that a session is used, unless it is known that it was later than `unless_since`.
    pub async fn touch_session(
        &self,
        token_hash: &TokenHash,
        at: UnixMicros,
        unless_since: UnixMicros,
    ) -> Result<()> {
        both!(self, db, {
            let sql = "UPDATE sessions SET last_used_at = $2 WHERE token_hash = $1 AND last_used_at <= $3";
            sqlx::query(sql)
                .bind(&token_hash[..])
                .bind(at.0)
                .bind(unless_since.0)
                .execute(&db.writer)
                .await?;
            Ok(())
        })
    }

    /// When whoever is signed in by this token last proved who they are; `None`: there is no such session.
    pub async fn get_confirmed_at(&self, token_hash: &TokenHash) -> Result<Option<UnixMicros>> {
        both!(self, db, {
            let sql = "SELECT confirmed_at FROM sessions WHERE token_hash = $1";
            let at = sqlx::query_scalar(sql).bind(&token_hash[..]).fetch_optional(&db.reader).await?;
            Ok(at.map(UnixMicros))
        })
    }

    /// Notes that whoever is signed in by this token has proved again who they are. Returns whether there is such a session.
    pub async fn confirm_session(
        &self,
        token_hash: &TokenHash,
        at: UnixMicros,
        note: AuditRow,
    ) -> Result<bool> {
        both!(self, db, {
            let sql = "UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1";
            let confirm = sqlx::query(sql).bind(&token_hash[..]).bind(at.0);
            Ok(db.change(confirm, [], note).await? > 0)
        })
    }

    /// The sessions of an account with the hash of each token, the newest first.
    pub async fn list_sessions(
        &self,
        user: UserId,
        now: UnixMicros,
    ) -> Result<Vec<(TokenHash, SessionInfo)>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT token_hash, created_at, last_used_at, expires_at, address, agent FROM sessions
                 WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, token_hash",
            )
            .bind(user.0)
            .bind(now.0)
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::session).collect()
        })
    }

    /// Ends sessions of an account: the one of that token, or every one but that.
    pub async fn delete_sessions(&self, user: UserId, which: Sessions<'_>, note: AuditRow) -> Result<u64> {
        both!(self, db, {
            let (sql, hash): (&'static str, &[u8]) = match which {
                Sessions::One(hash) => ("DELETE FROM sessions WHERE user_id = $1 AND token_hash = $2", hash),
                Sessions::Others(hash) => {
                    ("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", hash)
                }
                // no hash is empty
                Sessions::All => ("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", &[]),
            };
            db.change(sqlx::query(sql).bind(user.0).bind(hash), [], note).await
        })
    }
}
