//! Sessions: who is signed in.

use async_trait::async_trait;
use protocol::model::{SessionInfo, UnixMicros, User, UserId};

use super::user_record::UserRecord;
use crate::store::{
    cells::{self, TokenHash, handle},
    error::Result,
    note::AuditRow,
    sql::{Tx, row},
    sql_store::SqlStore,
};

/// A new session.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Of the token in the cookie.
    pub token_hash: TokenHash,
    /// Who signed in.
    pub user: UserId,
    /// Now.
    pub created_at: UnixMicros,
    /// When it expires.
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

/// Sessions of people.
#[async_trait]
pub trait UserSessions: Send + Sync {
    /// Creates a session.
    async fn create_session(&self, session: NewSession, note: AuditRow) -> Result<()>;

    /// The key by which this instance recognises browsers; `fresh` becomes it if there is none yet.
    async fn device_key(&self, fresh: &[u8]) -> Result<Vec<u8>>;

    /// Who is signed in with this token, unless it has expired at `now`, and when its last use was noted.
    async fn get_session(&self, token: &TokenHash, now: UnixMicros) -> Result<Option<(User, UnixMicros)>>;

    /// Notes the use of a session, unless a use after `unless_since` is noted already.
    async fn touch_session(&self, token: &TokenHash, at: UnixMicros, unless_since: UnixMicros) -> Result<()>;

    /// When the person with this token last confirmed their identity; `None`: there is no such session.
    async fn get_confirmed_at(&self, token: &TokenHash) -> Result<Option<UnixMicros>>;

    /// Notes that the person with this token has confirmed their identity again. Returns whether there is such a session.
    async fn confirm_session(&self, token: &TokenHash, at: UnixMicros, note: AuditRow) -> Result<bool>;

    /// The sessions of an account with the hash of each token, the newest first.
    async fn list_sessions(&self, user: UserId, now: UnixMicros) -> Result<Vec<(TokenHash, SessionInfo)>>;

    /// Ends sessions of an account. Returns how many.
    async fn delete_sessions(&self, user: UserId, which: Sessions<'_>, note: AuditRow) -> Result<u64>;
}

row! {
    struct SignedInRecord {
        id: i64,
        name: String,
        email: Option<String>,
        role: String,
        last_used_at: i64,
    } -> (User, UnixMicros) {
        Ok((UserRecord { id, name, email, role }.read()?, UnixMicros(last_used_at)))
    }
}

row! {
    struct SessionRecord {
        token_hash: Vec<u8>,
        created_at: i64,
        last_used_at: i64,
        expires_at: i64,
        address: String,
        agent: String,
    } -> (TokenHash, SessionInfo) {
        let hash = cells::token_hash(token_hash)?;
        let info = SessionInfo {
            id: handle(&hash),
            created_at: UnixMicros(created_at),
            last_used_at: UnixMicros(last_used_at),
            expires_at: UnixMicros(expires_at),
            address,
            agent,
            is_current: false,
        };
        Ok((hash, info))
    }
}

#[async_trait]
impl UserSessions for SqlStore {
    async fn create_session(&self, session: NewSession, note: AuditRow) -> Result<()> {
        let mut tx = self.begin_write().await?;
        tx.query(
            "INSERT INTO sessions
                 (token_hash, user_id, created_at, last_used_at, confirmed_at, expires_at, address, agent)
             VALUES ($1, $2, $3, $3, $3, $4, $5, $6)",
        )
        .bind(&session.token_hash[..])
        .bind(session.user.0)
        .bind(session.created_at.0)
        .bind(session.expires_at.0)
        .bind(&session.address)
        .bind(&session.agent)
        .run()
        .await?;
        // here, so that expired sessions never pile up; a few at a time, or the first to sign in after a holiday would wait for
        // all of them
        tx.query(
            "DELETE FROM sessions WHERE token_hash IN
                 (SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT 100)",
        )
        .bind(session.created_at.0)
        .run()
        .await?;
        tx.finish(note).await
    }

    async fn device_key(&self, fresh: &[u8]) -> Result<Vec<u8>> {
        let read = "SELECT device_key FROM instance";
        if let (Some(known),) = self.read(read).one().await? {
            return Ok(known);
        }
        let set = "UPDATE instance SET device_key = $1 WHERE device_key IS NULL";
        self.write(set).bind(fresh).run().await?;
        let (known,) = self.write(read).one().await?;
        Ok(known)
    }

    async fn get_session(&self, token: &TokenHash, now: UnixMicros) -> Result<Option<(User, UnixMicros)>> {
        self.read(
            "SELECT u.id, u.name, u.email, u.role, s.last_used_at
             FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.token_hash = $1 AND s.expires_at > $2",
        )
        .bind(&token[..])
        .bind(now.0)
        .read::<SignedInRecord>()
        .await
    }

    async fn touch_session(&self, token: &TokenHash, at: UnixMicros, unless_since: UnixMicros) -> Result<()> {
        let sql = "UPDATE sessions SET last_used_at = $2 WHERE token_hash = $1 AND last_used_at <= $3";
        self.write(sql).bind(&token[..]).bind(at.0).bind(unless_since.0).run().await?;
        Ok(())
    }

    async fn get_confirmed_at(&self, token: &TokenHash) -> Result<Option<UnixMicros>> {
        let sql = "SELECT confirmed_at FROM sessions WHERE token_hash = $1";
        let found: Option<(i64,)> = self.read(sql).bind(&token[..]).find().await?;
        Ok(found.map(|(at,)| UnixMicros(at)))
    }

    async fn confirm_session(&self, token: &TokenHash, at: UnixMicros, note: AuditRow) -> Result<bool> {
        let mut tx = self.begin_write().await?;
        let confirm = tx.query("UPDATE sessions SET confirmed_at = $2 WHERE token_hash = $1");
        let confirmed = confirm.bind(&token[..]).bind(at.0).run().await?;
        tx.finish_if(confirmed, note).await
    }

    async fn list_sessions(&self, user: UserId, now: UnixMicros) -> Result<Vec<(TokenHash, SessionInfo)>> {
        self.read(
            "SELECT token_hash, created_at, last_used_at, expires_at, address, agent FROM sessions
             WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, token_hash",
        )
        .bind(user.0)
        .bind(now.0)
        .read_all::<SessionRecord>()
        .await
    }

    async fn delete_sessions(&self, user: UserId, which: Sessions<'_>, note: AuditRow) -> Result<u64> {
        let mut tx = self.begin_write().await?;
        let ended = match which {
            Sessions::One(token) => {
                let end = tx.query("DELETE FROM sessions WHERE user_id = $1 AND token_hash = $2");
                end.bind(user.0).bind(&token[..]).run().await?
            }
            Sessions::Others(token) => end_sessions(&mut tx, user, Some(token)).await?,
            Sessions::All => end_sessions(&mut tx, user, None).await?,
        };
        tx.finish_if(ended, note).await?;
        Ok(ended)
    }
}

/// Ends every session of an account but that of the token `except`. Returns how many.
pub(super) async fn end_sessions(tx: &mut Tx<'_>, user: UserId, except: Option<&TokenHash>) -> Result<u64> {
    // no hash is empty
    let kept: &[u8] = except.map_or(&[], |token| token);
    let end = tx.query("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2");
    end.bind(user.0).bind(kept).run().await
}
