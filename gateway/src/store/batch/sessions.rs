//! Sessions of games: which lines of a batch count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;

use crate::store::{
    error::Result,
    sql::{Tx, bind_rows, row, statement},
    write::{Sequenced, Write, Written},
};

/// A session that is opened or taken over.
pub struct SessionRow<'a> {
    pub project: i64,
    pub name: &'a str,
    pub at: i64,
}

row! {
    /// A session that is open now.
    pub struct OpenedSession { project_id: i64, name: String, id: i64, generation: i64, last_seq: i64 }
}

impl OpenedSession {
    pub(super) fn session(&self) -> StoredSession {
        StoredSession { id: self.id, generation: self.generation, last_seq: self.last_seq }
    }
}

row! {
    /// A session as it is stored.
    #[derive(Clone, Copy)]
    pub struct StoredSession { id: i64, generation: i64, last_seq: i64 }
}

/// The last line of a session.
pub struct ProgressRow {
    pub session: i64,
    pub last_seq: i64,
    pub at: i64,
}

/// Statements on sessions.
#[async_trait]
pub trait Sessions: Send {
    /// Opens sessions, each with its next generation.
    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<OpenedSession>>;
    /// The sessions that exist.
    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<StoredSession>>;
    /// Sets the last lines of sessions.
    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()>;
}

/// Decides which numbered lines are stored: each once, in order, and only from the session's newest connection. The numbers
/// are committed together with the rows of the lines.
pub(super) async fn admit(sql: &mut impl Sessions, batch: &[Write], written: &mut [Written]) -> Result<()> {
    let ids: BTreeSet<i64> = batch.iter().filter_map(|write| Some(write.line()?.session)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stored = sql.sessions(&ids.into_iter().collect::<Vec<_>>()).await?;
    let mut sessions: HashMap<i64, StoredSession> =
        stored.into_iter().map(|session| (session.id, session)).collect();
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for (write, outcome) in batch.iter().zip(written) {
        let Some(line) = write.line() else { continue };
        *outcome = match sessions.get_mut(&line.session) {
            Some(session) => decide(session, line),
            None => Written::TakenOver,
        };
        if let (Written::Done, Some(at)) = (&*outcome, write.received()) {
            moved.insert(line.session, at.0);
        }
    }
    let progress =
        |(session, at): (i64, i64)| ProgressRow { session, last_seq: sessions[&session].last_seq, at };
    let rows: Vec<ProgressRow> = moved.into_iter().map(progress).collect();
    if rows.is_empty() { Ok(()) } else { sql.advance_sessions(&rows).await }
}

/// Whether a line is the next one of its session; if so, counts it.
fn decide(session: &mut StoredSession, line: Sequenced) -> Written {
    if line.generation != session.generation {
        return Written::TakenOver;
    }
    match line.seq.cast_signed() {
        seq if seq <= session.last_seq => Written::Repeated,
        seq if seq > session.last_seq + 1 => Written::Gap,
        seq => {
            session.last_seq = seq;
            Written::Done
        }
    }
}

#[async_trait]
impl Sessions for Tx<'_> {
    async fn open_sessions(&mut self, rows: &[SessionRow<'_>]) -> Result<Vec<OpenedSession>> {
        let open = statement!(
            self,
            "INSERT INTO game_sessions (project_id, name, updated_at)",
            sqlite: "SELECT value->>0, value->>1, value->>2 FROM json_each($1) WHERE true",
            postgres: "SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::bigint[])",
            "ON CONFLICT (project_id, name)
             DO UPDATE SET generation = game_sessions.generation + 1, updated_at = excluded.updated_at
             RETURNING project_id, name, id, generation, last_seq",
        );
        bind_rows!(open, rows, |r| r.project, r.name, r.at).all().await
    }

    async fn sessions(&mut self, ids: &[i64]) -> Result<Vec<StoredSession>> {
        let select =
            statement!(self, "SELECT id, generation, last_seq FROM game_sessions WHERE id", in: "$1");
        select.bind_list(ids).all().await
    }

    async fn advance_sessions(&mut self, rows: &[ProgressRow]) -> Result<()> {
        let advance = statement!(
            self,
            "UPDATE game_sessions SET",
            sqlite: "last_seq = (c.value->>1), updated_at = (c.value->>2)
                     FROM json_each($1) AS c WHERE game_sessions.id = (c.value->>0)",
            postgres: "last_seq = c.last_seq, updated_at = c.at
                       FROM UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS c (id, last_seq, at)
                       WHERE game_sessions.id = c.id",
        );
        bind_rows!(advance, rows, |r| r.session, r.last_seq, r.at).run().await?;
        Ok(())
    }
}
