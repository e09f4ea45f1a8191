//! Which project a key opens, and whether the key is in force.

use std::{net::IpAddr, sync::Arc};

use protocol::{ErrorCode, ProtocolError, line::Hello, model::Key};

use crate::{
    Gateway, GatewayError,
    inner::KnownKey,
    live::Live,
    store::{KeyState, StoreError},
};

impl Gateway {
    /// Of a thousand games with one key that come at once, one asks the database.
    pub(super) async fn key_in_force(&self, key: Key, peer: IpAddr) -> Result<KnownKey, GatewayError> {
        let known = match self.inner.keys.get(key) {
            Some(known) => known,
            None => {
                let _asking = self.inner.keys.asking.lock().await;
                loop {
                    match self.inner.keys.get(key) {
                        Some(known) => break known,
                        None => self.ask_for_key(key, peer).await?,
                    }
                }
            }
        };
        if known.state.expires_at.is_some_and(|end| end <= self.now()) {
            return Err(self.turn_away(known.state.project, peer, revoked()));
        }
        Ok(known)
    }

    /// Reads a key, to be known from now on unless keys have changed since.
    async fn ask_for_key(&self, key: Key, peer: IpAddr) -> Result<(), GatewayError> {
        let version = self.inner.keys.version();
        let Some(state) = self.inner.store.get_key(key).await? else {
            return Err(ProtocolError::new(ErrorCode::BadKey, "no project has this key").into());
        };
        if state.is_revoked {
            return Err(self.turn_away(state.project, peer, revoked()));
        }
        self.inner.keys.publish(version, key, state);
        Ok(())
    }

    /// The project that a key opens, if that is of the epoch in which the key was found: in another one it may belong to
    /// another project.
    pub(super) async fn open_project(
        &self,
        key: Key,
        state: &KeyState,
        epoch: i64,
    ) -> Result<Arc<Live>, GatewayError> {
        let live = self.load(state.project).await?;
        if live.epoch != epoch {
            return Err(GatewayError::Unavailable(StoreError::Restored));
        }
        self.note_key_use(key, state.id);
        Ok(live)
    }

    /// Whether a game goes on with a session that was begun before. Asks the database.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn knows_session(&self, key: Key, hello: &Hello) -> Result<bool, GatewayError> {
        match (self.inner.keys.get(key), &hello.session) {
            (Some(known), Some(session)) => {
                Ok(self.inner.store.has_session(known.state.project, session).await?)
            }
            _ => Ok(false),
        }
    }

    /// Whether a key is known to be good, without asking the database.
    pub fn is_known_key(&self, key: Key) -> bool {
        self.inner.keys.get(key).is_some()
    }
}

pub(super) fn revoked() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::Revoked,
        "this key is no longer valid; ask the project's admin for another one",
    )
}
