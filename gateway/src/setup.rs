//! Setting up the instance: the one-time link makes its user the owner.

use protocol::model::{Role, UnixMicros, User};

use crate::{
    Gateway, GatewayError, Origin, Secret, SignedIn,
    accounts::{check_email, check_password},
    caller::Deed,
    clock::in_microseconds,
    inner::Setup,
    secrets::{digest, random_token},
    store::{NewUser, StoreError},
};

const SETUP_LINK_MICROS: i64 = in_microseconds(30 * 60);

impl Gateway {
    /// Whether a one-time link is needed to get in: there is no owner, or the owner has no password.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn needs_setup_link(&self) -> Result<bool, GatewayError> {
        let owner = self.inner.store.access().get_owner().await?;
        Ok(owner.is_none_or(|(_, password_hash)| password_hash.is_none()))
    }

    /// Whether the instance was set up.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn has_owner(&self) -> Result<bool, GatewayError> {
        Ok(self.inner.store.access().get_owner().await?.is_some())
    }

    /// A fresh token for the one-time link, good for 30 minutes and one use. An older one is worth nothing.
    pub fn issue_setup_token(&self) -> Secret {
        let token = random_token();
        let expires_at = UnixMicros(self.inner.clock.now().0 + SETUP_LINK_MICROS);
        *self.setup() = Some(Setup { hash: digest(&token), expires_at });
        Secret(token)
    }

    /// Whether a token is the one that counts now.
    pub fn is_setup_token(&self, token: &str) -> bool {
        let now = self.inner.clock.now();
        self.setup().as_ref().is_some_and(|setup| setup.hash == digest(token) && now < setup.expires_at)
    }

    fn setup(&self) -> std::sync::MutexGuard<'_, Option<Setup>> {
        self.inner.setup.lock().expect("no holder of this lock panics")
    }

    /// Makes the owner's account, or signs in an owner without a password; the link is then spent.
    ///
    /// # Errors
    /// [`GatewayError::SetupLinkSpent`]; [`GatewayError::Invalid`], after which the link still works.
    pub async fn set_up(
        &self,
        token: &str,
        email: Option<&str>,
        password: Option<&str>,
        origin: &Origin,
    ) -> Result<SignedIn, GatewayError> {
        let credentials = credentials(email, password)?;
        if !self.is_setup_token(token) {
            return Err(GatewayError::SetupLinkSpent);
        }
        let credentials = match credentials {
            Some((email, password)) => Some((email, self.inner.hasher.hash(password).await?)),
            None => None,
        };
        // taken before the account is made, so that two clicks at once make one account
        let spent = self.setup().take_if(|setup| setup.hash == digest(token));
        let Some(spent) = spent else { return Err(GatewayError::SetupLinkSpent) };
        match self.become_owner(credentials, origin).await {
            Ok(user) => self.begin_session(user, "link", origin).await,
            Err(error) => {
                self.setup().get_or_insert(spent);
                Err(error)
            }
        }
    }

    async fn become_owner(
        &self,
        credentials: Option<(String, String)>,
        origin: &Origin,
    ) -> Result<User, GatewayError> {
        let (store, now) = (self.inner.store.access(), self.now());
        let deed = |action, name: &str| Deed::new(action, name).by_visitor(None, "link", origin, now);
        match (store.get_owner().await?, credentials) {
            (Some((_, Some(_))), _) => Err(GatewayError::SetupLinkSpent),
            (Some((owner, None)), None) => Ok(owner),
            (Some((owner, None)), Some((email, hash))) => {
                let deed = deed("account.set_up", &email);
                Ok(store.set_credentials(owner.id, &email, &hash, deed).await?)
            }
            (None, credentials) => {
                let (email, password_hash) = credentials.unzip();
                let name = email.clone().unwrap_or_else(|| "owner".to_owned());
                let deed = deed("account.set_up", &name);
                let user = NewUser { name, email, password_hash, role: Role::Owner, created_at: now };
                match store.create_user(user, deed).await {
                    Err(StoreError::OwnerExists) => Err(GatewayError::SetupLinkSpent),
                    other => Ok(other?),
                }
            }
        }
    }
}

/// E-mail and password come together or not at all; a blank field is none.
fn credentials(
    email: Option<&str>,
    password: Option<&str>,
) -> Result<Option<(String, String)>, GatewayError> {
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    match (given(email.map(str::trim)), given(password)) {
        (None, None) => Ok(None),
        (Some(email), Some(password)) => {
            let email = check_email(&email)?;
            check_password(&password, &email)?;
            Ok(Some((email, password)))
        }
        _ => Err(GatewayError::Invalid("give both an e-mail and a password, or neither".to_owned())),
    }
}
