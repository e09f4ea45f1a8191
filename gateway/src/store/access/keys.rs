//! Game keys.

use async_trait::async_trait;
use protocol::model::{AllowedOrigins, GameKey, Key, KeyId, ProjectId, UnixMicros};

use crate::store::{
    cells,
    error::{Result, StoreError},
    note::AuditRow,
    sql::row,
    sql_store::SqlStore,
};

/// A new game key.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// What it is for.
    pub name: String,
    /// Games may declare nothing with it.
    pub report_only: bool,
    /// The web pages whose games may connect with it.
    pub origins: AllowedOrigins,
    /// Who makes it.
    pub created_by: Option<String>,
    /// Now.
    pub created_at: UnixMicros,
}

/// What a game key permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Its number.
    pub id: KeyId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// From when on it is rejected.
    pub expires_at: Option<UnixMicros>,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// Games may declare nothing with it.
    pub report_only: bool,
    /// The web pages whose games may connect with it.
    pub origins: AllowedOrigins,
}

/// Game keys as connections of games need them.
#[async_trait]
pub trait KeyStates: Send + Sync {
    /// What a game key permits; also of one that was revoked.
    async fn get_key(&self, key: Key) -> Result<Option<KeyState>>;

    /// Notes that a game connected with a key.
    async fn touch_key(&self, key: KeyId, at: UnixMicros) -> Result<()>;
}

/// Game keys as people manage them.
#[async_trait]
pub trait Keys: Send + Sync {
    /// The keys of a project, the oldest first.
    async fn list_keys(&self, project: ProjectId) -> Result<Vec<GameKey>>;

    /// Creates another key. The key that it `replaces` expires at the given time, or earlier if it does so already.
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

    /// Sets whether games may declare variables with a key. Returns the key unless there is none or it was revoked.
    async fn set_report_only(
        &self,
        project: ProjectId,
        key: KeyId,
        report_only: bool,
        note: AuditRow,
    ) -> Result<Option<GameKey>>;

    /// Sets the web pages whose games may connect with a key. Returns the key unless there is none or it was revoked.
    async fn set_origins(
        &self,
        project: ProjectId,
        key: KeyId,
        origins: &AllowedOrigins,
        note: AuditRow,
    ) -> Result<Option<GameKey>>;

    /// Revokes a key. Returns the key unless there is none or it was revoked before.
    async fn revoke_key(
        &self,
        project: ProjectId,
        key: KeyId,
        at: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<Key>>;
}

row! {
    struct KeyRecord {
        id: i64,
        key: String,
        name: String,
        created_at: i64,
        created_by: Option<String>,
        last_used_at: Option<i64>,
        expires_at: Option<i64>,
        revoked_at: Option<i64>,
        report_only: i64,
        origins: String,
    } -> GameKey {
        Ok(GameKey {
            id: KeyId(id),
            key: cells::key(&key)?,
            name,
            report_only: report_only != 0,
            origins: cells::origins(&origins)?,
            created_at: UnixMicros(created_at),
            created_by,
            last_used_at: last_used_at.map(UnixMicros),
            expires_at: expires_at.map(UnixMicros),
            revoked_at: revoked_at.map(UnixMicros),
        })
    }
}

/// A statement with the columns of a [`KeyRecord`] in it or at its end.
macro_rules! key_columns {
    ($before:literal $(, $behind:literal)?) => {
        concat!(
            $before,
            " id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at, report_only, origins "
            $(, $behind)?
        )
    };
}

row! {
    struct KeyStateRecord {
        id: i64,
        project_id: i64,
        expires_at: Option<i64>,
        revoked_at: Option<i64>,
        report_only: i64,
        origins: String,
    } -> KeyState {
        Ok(KeyState {
            id: KeyId(id),
            project: ProjectId(project_id),
            expires_at: expires_at.map(UnixMicros),
            is_revoked: revoked_at.is_some(),
            report_only: report_only != 0,
            origins: cells::origins(&origins)?,
        })
    }
}

#[async_trait]
impl KeyStates for SqlStore {
    async fn get_key(&self, key: Key) -> Result<Option<KeyState>> {
        let sql = "SELECT id, project_id, expires_at, revoked_at, report_only, origins FROM game_keys WHERE key = $1";
        self.read(sql).bind(key.as_str()).read::<KeyStateRecord>().await
    }

    async fn touch_key(&self, key: KeyId, at: UnixMicros) -> Result<()> {
        let sql = "UPDATE game_keys SET last_used_at = $2 WHERE id = $1";
        self.write(sql).bind(key.0).bind(at.0).run().await?;
        Ok(())
    }
}

#[async_trait]
impl Keys for SqlStore {
    async fn list_keys(&self, project: ProjectId) -> Result<Vec<GameKey>> {
        self.read(key_columns!("SELECT", "FROM game_keys WHERE project_id = $1 ORDER BY id"))
            .bind(project.0)
            .read_all::<KeyRecord>()
            .await
    }

    async fn create_key(
        &self,
        project: ProjectId,
        key: NewKey,
        replaces: Option<(KeyId, UnixMicros)>,
        note: AuditRow,
    ) -> Result<GameKey> {
        let mut tx = self.begin_write().await?;
        let made = tx
            .query(key_columns!(
                "INSERT INTO game_keys (project_id, key, name, created_at, created_by, report_only, origins)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING RETURNING"
            ))
            .bind(project.0)
            .bind(key.key.as_str())
            .bind(&key.name)
            .bind(key.created_at.0)
            .bind(&key.created_by)
            .bind(i64::from(key.report_only))
            .bind(key.origins.to_string())
            .read::<KeyRecord>()
            .await?
            .ok_or(StoreError::KeyTaken)?;
        if let Some((old, expires_at)) = replaces {
            let changed = tx
                .query(
                    "UPDATE game_keys SET expires_at =
                         CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
                     WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL",
                )
                .bind(project.0)
                .bind(old.0)
                .bind(expires_at.0)
                .run()
                .await?;
            if changed == 0 {
                return Err(StoreError::Gone);
            }
        }
        tx.finish(note).await?;
        Ok(made)
    }

    async fn set_report_only(
        &self,
        project: ProjectId,
        key: KeyId,
        report_only: bool,
        note: AuditRow,
    ) -> Result<Option<GameKey>> {
        let set = key_columns!(
            "UPDATE game_keys SET report_only = $3
             WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING"
        );
        self.change_key(set, project, key, i64::from(report_only), note).await
    }

    async fn set_origins(
        &self,
        project: ProjectId,
        key: KeyId,
        origins: &AllowedOrigins,
        note: AuditRow,
    ) -> Result<Option<GameKey>> {
        let mut tx = self.begin_write().await?;
        let set = key_columns!(
            "UPDATE game_keys SET origins = $3
             WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING"
        );
        let set = tx.query(set).bind(project.0).bind(key.0).bind(origins.to_string());
        let set = set.read::<KeyRecord>().await?;
        if set.is_some() {
            tx.finish(note).await?;
        }
        Ok(set)
    }

    async fn revoke_key(
        &self,
        project: ProjectId,
        key: KeyId,
        at: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<Key>> {
        let revoke = key_columns!(
            "UPDATE game_keys SET revoked_at = $3
             WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING"
        );
        Ok(self.change_key(revoke, project, key, at.0, note).await?.map(|key| key.key))
    }
}

impl SqlStore {
    /// Sets one column (`$3`) of a key that is not revoked. Returns the key; `None`: there is no such key.
    async fn change_key(
        &self,
        sql: &'static str,
        project: ProjectId,
        key: KeyId,
        to: i64,
        note: AuditRow,
    ) -> Result<Option<GameKey>> {
        let mut tx = self.begin_write().await?;
        let changed = tx.query(sql).bind(project.0).bind(key.0).bind(to).read::<KeyRecord>().await?;
        if changed.is_some() {
            tx.finish(note).await?;
        }
        Ok(changed)
    }
}
