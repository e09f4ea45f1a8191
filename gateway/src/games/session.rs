//! The session of a game's connection: its numbered lines are stored once, and receipts tell what became of them.

use std::sync::Arc;

use protocol::ErrorCode;

use super::source::Numbered;
use crate::{
    live::Live,
    receipts::{Receipts, Settled},
    store::{OpenSession, Sequenced},
};

/// A session that a connection holds.
pub(super) struct Session {
    name: String,
    pub(super) open: OpenSession,
    receipts: Arc<Receipts>,
}

impl Session {
    /// Takes the session from the connection that held it on this server.
    pub(super) fn hold(live: &Arc<Live>, open: OpenSession, name: String) -> Self {
        let receipts = Arc::new(Receipts::new(open.last_seq));
        if let Some(older) = live.state().connections.sessions.hold(name.clone(), open, &receipts) {
            older.end(ErrorCode::TakenOver);
        }
        Self { name, open, receipts }
    }

    pub(super) fn release(&self, live: &Live) {
        live.state().connections.sessions.release(&self.name, &self.receipts);
    }

    /// A line with this number.
    pub(super) fn line(&self, seq: u64) -> Numbered {
        let OpenSession { id, generation, .. } = self.open;
        let line = Sequenced { session: id, generation, seq };
        Numbered { line, receipts: Arc::clone(&self.receipts) }
    }

    pub(super) async fn settled(&self) -> Settled {
        self.receipts.next().await
    }
}
