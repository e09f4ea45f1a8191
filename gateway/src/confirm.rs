//! The password again: before what outlives a session, or can't be undone, a signed-in person proves once more who they
//! are. So a browser that somebody left open, or a cookie that was stolen, is good for less.

use protocol::model::UnixMicros;

use crate::{
    Caller, Gateway, GatewayError,
    accounts::MAX_PASSWORD_BYTES,
    caller::{Credential, Deed},
    clock::in_microseconds,
    store::TokenHash,
};

/// How long a proof counts.
const CONFIRMED_MICROS: i64 = in_microseconds(10 * 60);

impl Gateway {
    /// Whether the caller must give their password again before they make a token or a reset link, remove a member, revoke
    /// a key, or delete a project or an account. Tokens have no password; an account without one can't be asked for it.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn asks_password(&self, caller: &Caller) -> Result<bool, GatewayError> {
        let Credential::Session(session) = &caller.by else { return Ok(false) };
        if self.is_confirmed(session).await? {
            return Ok(false);
        }
        let found = self.inner.store.access().get_user(caller.user.id).await?;
        Ok(found.is_none_or(|(_, password_hash)| password_hash.is_some()))
    }

    async fn is_confirmed(&self, session: &TokenHash) -> Result<bool, GatewayError> {
        let Some(UnixMicros(at)) = self.inner.store.access().get_confirmed_at(session).await? else {
            return Ok(false);
        };
        // a moment that is still to come was noted by a clock that was wrong
        Ok((0..CONFIRMED_MICROS).contains(&(self.now().0 - at)))
    }

    /// What [`Self::asks_password`] says, as a refusal.
    pub(crate) async fn require_confirmation(&self, caller: &Caller) -> Result<(), GatewayError> {
        if self.asks_password(caller).await? { Err(GatewayError::ConfirmationNeeded) } else { Ok(()) }
    }

    /// Takes the password again; it counts for ten minutes, in this session alone.
    ///
    /// # Errors
    /// [`GatewayError::WrongPassword`], [`GatewayError::Forbidden`] without a session,
    /// [`GatewayError::NotFound`] when the session has just ended, [`GatewayError::Busy`],
    /// [`GatewayError::Unavailable`].
    pub async fn confirm(&self, caller: &Caller, password: &str) -> Result<(), GatewayError> {
        let Credential::Session(session) = &caller.by else { return Err(GatewayError::Forbidden) };
        if !self.is_own_password(caller, password).await? {
            return Err(GatewayError::WrongPassword);
        }
        let now = self.now();
        let deed = Deed::new("session.confirm", caller.user.name.clone()).by(caller, now);
        if self.inner.store.access().confirm_session(session, now, deed).await? {
            Ok(())
        } else {
            Err(GatewayError::NotFound)
        }
    }

    /// Whether that is the caller's password.
    pub(crate) async fn is_own_password(
        &self,
        caller: &Caller,
        password: &str,
    ) -> Result<bool, GatewayError> {
        let found = self.inner.store.access().get_user(caller.user.id).await?;
        let hash = found.and_then(|(_, hash)| hash);
        let is_short = password.len() <= MAX_PASSWORD_BYTES;
        Ok(is_short && self.inner.hasher.verify(password.to_owned(), hash).await?)
    }
}
