//! Game keys.

use protocol::model::{GameKey, Key, KeyId, ProjectId, UnixMicros};

use super::{AccessStore, AuditRow, both};
use crate::store::{Result, StoreError, access_rows};

/// A game key that is yet to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// What it is for.
    pub name: String,
    /// Games may declare nothing with it.
    pub report_only: bool,
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
    /// Games may declare nothing with it.
    pub report_only: bool,
}

impl AccessStore {
    /// The keys of a project, the oldest first.
    pub async fn list_keys(&self, project: ProjectId) -> Result<Vec<GameKey>> {
        both!(self, db, {
            let cells = sqlx::query_as(
                "SELECT id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at, report_only
                 FROM game_keys WHERE project_id = $1 ORDER BY id",
            )
            .bind(project.0)
            .fetch_all(&db.reader)
            .await?;
            cells.into_iter().map(access_rows::key).collect()
        })
    }

    /// Makes a further key. When it `replaces` another one, that expires at the moment given, or earlier if it
    /// does so already.
    ///
    /// # Errors
    /// `KeyTaken`.
    pub async fn create_key(
        &self,
        project: ProjectId,
        key: NewKey,
        replaces: Option<(KeyId, UnixMicros)>,
        note: AuditRow,
    ) -> Result<GameKey> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let made: Option<access_rows::KeyCells> = sqlx::query_as(
                "INSERT INTO game_keys (project_id, key, name, created_at, created_by, report_only)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING
                 RETURNING id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at,
                     report_only",
            )
            .bind(project.0)
            .bind(key.key.as_str())
            .bind(&key.name)
            .bind(key.created_at.0)
            .bind(&key.created_by)
            .bind(i64::from(key.report_only))
            .fetch_optional(&mut *tx)
            .await?;
            let made = access_rows::key(made.ok_or(StoreError::KeyTaken)?)?;
            if let Some((old, expires_at)) = replaces {
                let changed = sqlx::query(
                    "UPDATE game_keys SET expires_at =
                         CASE WHEN expires_at < $3 THEN expires_at ELSE $3 END
                     WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL",
                )
                .bind(project.0)
                .bind(old.0)
                .bind(expires_at.0)
                .execute(&mut *tx)
                .await?;
                if changed.rows_affected() == 0 {
                    return Err(StoreError::Gone);
                }
            }
            db.finish(tx, note).await?;
            Ok(made)
        })
    }

    /// Says whether games may declare variables with a key. Returns it unless there is none or it was revoked.
    pub async fn set_report_only(
        &self,
        project: ProjectId,
        key: KeyId,
        report_only: bool,
        note: AuditRow,
    ) -> Result<Option<GameKey>> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let cells: Option<access_rows::KeyCells> = sqlx::query_as(
                "UPDATE game_keys SET report_only = $3 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL
                 RETURNING id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at,
                     report_only",
            )
            .bind(project.0)
            .bind(key.0)
            .bind(i64::from(report_only))
            .fetch_optional(&mut *tx)
            .await?;
            let Some(cells) = cells else { return Ok(None) };
            db.finish(tx, note).await?;
            access_rows::key(cells).map(Some)
        })
    }

    /// Revokes a key. Returns it unless there is none or it was revoked before.
    pub async fn revoke_key(
        &self,
        project: ProjectId,
        key: KeyId,
        at: UnixMicros,
        note: AuditRow,
    ) -> Result<Option<Key>> {
        both!(self, db, {
            let mut tx = db.begin_write().await?;
            let cells: Option<access_rows::KeyCells> = sqlx::query_as(
                "UPDATE game_keys SET revoked_at = $3 WHERE project_id = $1 AND id = $2 AND revoked_at IS NULL
                 RETURNING id, key, name, created_at, created_by, last_used_at, expires_at, revoked_at,
                     report_only",
            )
            .bind(project.0)
            .bind(key.0)
            .bind(at.0)
            .fetch_optional(&mut *tx)
            .await?;
            let Some(cells) = cells else { return Ok(None) };
            db.finish(tx, note).await?;
            Ok(Some(access_rows::key(cells)?.key))
        })
    }
}
