//! API tokens: secrets by which scripts act for a person.

use std::net::IpAddr;

use protocol::model::{ApiToken, ProjectId, TokenId, TokenScope, UnixMicros, UserId};

use crate::{
    Action, Caller, Gateway, GatewayError, Secret,
    caller::{Credential, Deed},
    clock::{USE_NOTE_MICROS, in_microseconds},
    secrets::{digest, random_token},
    store::NewToken,
    text::named,
};

/// What every token begins with, so that it is recognised wherever it turns up.
pub const TOKEN_PREFIX: &str = "obs_";
/// Characters of a token that lists show.
const SHOWN_CHARS: usize = 8;
/// Tokens of one account.
const MAX_TOKENS: usize = 100;
/// The longest life of a token, in days.
pub const MAX_TOKEN_DAYS: u32 = 366;

impl Gateway {
    /// Makes a token that acts for the caller, in all their projects or in one. The secret is never shown again.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`], [`GatewayError::NotFound`] for a project that is not theirs,
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::ConfirmationNeeded`], [`GatewayError::Unavailable`].
    pub async fn create_token(
        &self,
        caller: &Caller,
        name: &str,
        scope: TokenScope,
        project: Option<ProjectId>,
        days: u32,
    ) -> Result<(Secret, ApiToken), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        if let Some(project) = project {
            self.authorise_in(caller, Action::ReadProject, project).await?;
            self.project_name(project).await?;
        }
        self.require_confirmation(caller).await?;
        let name = named(name, "a token")?;
        if !(1..=MAX_TOKEN_DAYS).contains(&days) {
            let text = format!("a token is valid for 1 to {MAX_TOKEN_DAYS} days");
            return Err(GatewayError::Invalid(text));
        }
        let access = self.inner.store.access();
        if access.list_tokens(caller.user.id).await?.len() >= MAX_TOKENS {
            let text = format!("an account has at most {MAX_TOKENS} tokens; delete some first");
            return Err(GatewayError::Invalid(text));
        }
        let (secret, now) = (format!("{TOKEN_PREFIX}{}", random_token()), self.now());
        let token = NewToken {
            token_hash: digest(&secret),
            shown: format!("{}…", &secret[..SHOWN_CHARS]),
            user: caller.user.id,
            name: name.clone(),
            scope,
            project,
            created_at: now,
            expires_at: UnixMicros(now.0 + in_microseconds(i64::from(days) * 24 * 3600)),
        };
        let deed = Deed { project, ..Deed::new("token.create", name).to(scope.as_str()) };
        let token = access.create_token(token, deed.by(caller, now)).await?;
        Ok((Secret(secret), token))
    }

    /// The caller's tokens, the newest first, expired ones too.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Vec<ApiToken>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        Ok(self.inner.store.access().list_tokens(caller.user.id).await?)
    }

    /// The token by which somebody asks; `None` when they ask by something else.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn get_own_token(&self, caller: &Caller) -> Result<Option<ApiToken>, GatewayError> {
        let Credential::Token { id, .. } = &caller.by else { return Ok(None) };
        Ok(self.inner.store.access().get_token_of(caller.user.id, *id).await?)
    }

    /// Deletes one of the caller's tokens; connections that it opened are closed at once.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn delete_token(&self, caller: &Caller, id: TokenId) -> Result<(), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let access = self.inner.store.access();
        let token = access.get_token_of(caller.user.id, id).await?.ok_or(GatewayError::NotFound)?;
        let deed = Deed { project: token.project, ..Deed::new("token.delete", token.name) };
        let deed = deed.from(token.scope.as_str()).by(caller, self.now());
        let deleted = self.change_rights(access.delete_token(caller.user.id, id, deed)).await?;
        if deleted { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    /// For whom a script acts that sent this token from that address.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn authenticate_token(
        &self,
        secret: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<Caller>, GatewayError> {
        if !secret.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let now = self.now();
        let found = self.inner.store.access().get_token(&digest(secret), now).await?;
        let Some((user, token)) = found else { return Ok(None) };
        if token.last_used_at.is_none_or(|used| now.0 - used.0 >= USE_NOTE_MICROS) {
            let (gateway, id) = (self.clone(), token.id);
            // nobody waits for a note
            tokio::spawn(async move { gateway.inner.store.access().touch_token(id, now).await });
        }
        let ApiToken { id, name, scope, project, .. } = token;
        Ok(Some(Caller { user, by: Credential::Token { id, name, scope, project }, address }))
    }

    pub(crate) async fn token_of(
        &self,
        user: UserId,
        id: TokenId,
        address: Option<IpAddr>,
    ) -> Result<Option<Caller>, GatewayError> {
        let (access, now) = (self.inner.store.access(), self.now());
        let token = access.get_token_of(user, id).await?.filter(|token| now < token.expires_at);
        let Some(token) = token else { return Ok(None) };
        let Some((user, _)) = access.get_user(user).await? else { return Ok(None) };
        let ApiToken { id, name, scope, project, .. } = token;
        Ok(Some(Caller { user, by: Credential::Token { id, name, scope, project }, address }))
    }
}
