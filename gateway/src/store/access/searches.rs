//! Searches of the log that people keep.

use async_trait::async_trait;
use protocol::model::{ProjectId, SavedSearch, UnixMicros, UserId};

use crate::store::{error::Result, sql::row, sql_store::SqlStore};

/// A search that somebody keeps.
#[derive(Clone, Debug)]
pub struct NewSearch {
    /// Of which project's log.
    pub project: ProjectId,
    /// Whose it is.
    pub user: UserId,
    /// What it is called.
    pub name: String,
    /// The query string of the log page.
    pub search: String,
    /// Whether everybody in the project has it.
    pub is_shared: bool,
    /// Now.
    pub created_at: UnixMicros,
}

/// Searches of the log that people keep.
#[async_trait]
pub trait Searches: Send + Sync {
    /// Keeps a search, in place of one of the same person with the same name.
    async fn save_search(&self, search: NewSearch) -> Result<()>;

    /// A person's own searches of a project's log, and those that others share, by name.
    async fn list_searches(&self, project: ProjectId, user: UserId) -> Result<Vec<SavedSearch>>;

    /// Deletes a search: of this person, or, for `None`, a shared one of anybody. Returns whether there was one.
    async fn delete_search(&self, project: ProjectId, id: i64, user: Option<UserId>) -> Result<bool>;
}

row! {
    struct SearchRecord {
        id: i64,
        name: String,
        search: String,
        is_shared: i64,
        author: String,
        is_own: i64,
    } -> SavedSearch {
        Ok(SavedSearch { id, name, search, is_shared: is_shared != 0, author, is_own: is_own != 0 })
    }
}

#[async_trait]
impl Searches for SqlStore {
    async fn save_search(&self, new: NewSearch) -> Result<()> {
        let sql = "INSERT INTO saved_searches (project_id, user_id, name, search, is_shared, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (project_id, user_id, name)
             DO UPDATE SET search = excluded.search, is_shared = excluded.is_shared";
        self.write(sql)
            .bind(new.project.0)
            .bind(new.user.0)
            .bind(&new.name)
            .bind(&new.search)
            .bind(i64::from(new.is_shared))
            .bind(new.created_at.0)
            .run()
            .await?;
        Ok(())
    }

    async fn list_searches(&self, project: ProjectId, user: UserId) -> Result<Vec<SavedSearch>> {
        self.read(
            "SELECT s.id, s.name, s.search, s.is_shared, u.name AS author,
                 CAST(CASE WHEN s.user_id = $2 THEN 1 ELSE 0 END AS BIGINT) AS is_own
             FROM saved_searches s JOIN users u ON u.id = s.user_id
             WHERE s.project_id = $1 AND (s.user_id = $2 OR s.is_shared = 1) ORDER BY s.name, s.id",
        )
        .bind(project.0)
        .bind(user.0)
        .read_all::<SearchRecord>()
        .await
    }

    async fn delete_search(&self, project: ProjectId, id: i64, user: Option<UserId>) -> Result<bool> {
        let sql = "DELETE FROM saved_searches WHERE project_id = $1 AND id = $2
             AND (user_id = $3 OR ($3 IS NULL AND is_shared = 1))";
        let deleted = self.write(sql).bind(project.0).bind(id).bind(user.map(|user| user.0)).run().await?;
        Ok(deleted > 0)
    }
}
