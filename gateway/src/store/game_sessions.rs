//! Sessions of games: which lines of theirs are stored.

use async_trait::async_trait;
use protocol::model::{ProjectId, UnixMicros};

use super::{error::Result, sql::statement, sql_store::SqlStore};

/// The clock by which sessions age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionClock {
    /// Its time.
    pub time: UnixMicros,
    /// The system's time when the two were last compared.
    pub seen: UnixMicros,
}

/// Sessions of games.
#[async_trait]
pub trait GameSessions: Send + Sync {
    /// The clock by which sessions age; `None`: it has not been started.
    async fn session_clock(&self) -> Result<Option<SessionClock>> {
        Ok(None)
    }

    /// Sets the clock by which sessions age.
    async fn set_session_clock(&self, _clock: SessionClock) -> Result<()> {
        Ok(())
    }

    /// Whether a game's session of that name is known.
    async fn has_session(&self, _project: ProjectId, _name: &str) -> Result<bool> {
        Ok(false)
    }

    /// Up to `limit` sessions with numbers above `after`, in order, each with the time of its last line or of its opening.
    async fn list_sessions(&self, _after: i64, _limit: u32) -> Result<Vec<(i64, UnixMicros)>> {
        Ok(Vec::new())
    }

    /// Deletes those of these sessions that have received nothing since.
    async fn forget_sessions(&self, _sessions: &[i64], _before: UnixMicros) -> Result<()> {
        Ok(())
    }
}

#[async_trait]
impl GameSessions for SqlStore {
    async fn session_clock(&self) -> Result<Option<SessionClock>> {
        let cells = self.read("SELECT session_time, session_clock_seen FROM instance").one().await?;
        let (Some(time), Some(seen)) = cells else { return Ok(None) };
        Ok(Some(SessionClock { time: UnixMicros(time), seen: UnixMicros(seen) }))
    }

    async fn set_session_clock(&self, clock: SessionClock) -> Result<()> {
        let sql = "UPDATE instance SET session_time = $1, session_clock_seen = $2";
        self.write(sql).bind(clock.time.0).bind(clock.seen.0).run().await?;
        Ok(())
    }

    async fn has_session(&self, project: ProjectId, name: &str) -> Result<bool> {
        let sql = "SELECT id FROM game_sessions WHERE project_id = $1 AND name = $2";
        let found: Option<(i64,)> = self.read(sql).bind(project.0).bind(name).find().await?;
        Ok(found.is_some())
    }

    /// Along the primary key: every line would have to update an index on the time.
    async fn list_sessions(&self, after: i64, limit: u32) -> Result<Vec<(i64, UnixMicros)>> {
        let sql = "SELECT id, updated_at FROM game_sessions WHERE id > $1 ORDER BY id LIMIT $2";
        let cells: Vec<(i64, i64)> = self.read(sql).bind(after).bind(i64::from(limit)).all().await?;
        Ok(cells.into_iter().map(|(id, at)| (id, UnixMicros(at))).collect())
    }

    async fn forget_sessions(&self, sessions: &[i64], before: UnixMicros) -> Result<()> {
        let delete = statement!(self, "DELETE FROM game_sessions WHERE updated_at < $1 AND id", in: "$2");
        delete.bind(before.0).bind_list(sessions).run().await?;
        self.after_step().await
    }
}
