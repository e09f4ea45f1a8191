//! People: the first one's set-up, signing in and out, and the sessions in between.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use protocol::model::{Key, Role, UnixMicros, User};
use sha2::{Digest as _, Sha256};

use crate::{
    Gateway, GatewayError,
    passwords::{hash_password, verify_password},
    store::{NewSession, NewUser, StoreError, TokenHash},
};

const SETUP_LINK_MICROS: i64 = 30 * 60 * 1_000_000;
const SESSION_MICROS: i64 = 30 * 24 * 3600 * 1_000_000;
const MIN_PASSWORD_CHARS: usize = 8;
const MAX_PASSWORD_BYTES: usize = 1024;
const MAX_EMAIL_BYTES: usize = 254;

/// A fresh token for the one-time link. `Debug` does not show it.
pub struct SetupToken(String);

impl SetupToken {
    /// The token, for the terminal of whoever starts the server.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SetupToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetupToken(…)")
    }
}

/// The one-time link that counts.
pub(crate) struct Setup {
    hash: TokenHash,
    expires_at: UnixMicros,
}

/// Somebody who just signed in. `Debug` does not show the token.
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session's token, for the cookie: 256 random bits.
    pub token: String,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user).finish_non_exhaustive()
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system always has randomness");
    bytes
}

pub(crate) fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

/// Tokens have full entropy, so a plain digest is enough and can be looked up.
fn digest(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

fn check_email(email: &str) -> Result<String, GatewayError> {
    let email = email.trim().to_lowercase();
    let shaped = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    let clean = !email.chars().any(|c| c.is_control() || c.is_whitespace());
    match shaped && clean && email.len() <= MAX_EMAIL_BYTES {
        true => Ok(email),
        false => Err(GatewayError::Invalid("this is not an e-mail address".to_owned())),
    }
}

fn check_password(password: &str) -> Result<(), GatewayError> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        let text = format!("a password has at least {MIN_PASSWORD_CHARS} characters");
        return Err(GatewayError::Invalid(text));
    }
    match password.len() <= MAX_PASSWORD_BYTES {
        true => Ok(()),
        false => Err(GatewayError::Invalid(format!("a password has at most {MAX_PASSWORD_BYTES} bytes"))),
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
            check_password(&password)?;
            Ok(Some((check_email(&email)?, password)))
        }
        _ => Err(GatewayError::Invalid("give both an e-mail and a password, or neither".to_owned())),
    }
}

impl Gateway {
    /// Whether a one-time link is needed to get in: there is no owner, or he has no password.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn needs_setup_link(&self) -> Result<bool, GatewayError> {
        let owner = self.inner.store.get_owner().await?;
        Ok(owner.is_none_or(|(_, password_hash)| password_hash.is_none()))
    }

    /// Whether the instance was set up.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn has_owner(&self) -> Result<bool, GatewayError> {
        Ok(self.inner.store.get_owner().await?.is_some())
    }

    /// A fresh token for the one-time link, good for 30 minutes and one use. An older one is worth nothing.
    pub fn issue_setup_token(&self) -> SetupToken {
        let token = random_token();
        let expires_at = UnixMicros(self.inner.clock.now().0 + SETUP_LINK_MICROS);
        *self.setup() = Some(Setup { hash: digest(&token), expires_at });
        SetupToken(token)
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
    ) -> Result<SignedIn, GatewayError> {
        let credentials = credentials(email, password)?;
        if !self.is_setup_token(token) {
            return Err(GatewayError::SetupLinkSpent);
        }
        let credentials = match credentials {
            Some((email, password)) => Some((email, hash_password(&self.inner.hashing, password).await?)),
            None => None,
        };
        // taken before the account is made, so that two clicks at once make one account
        let spent = self.setup().take_if(|setup| setup.hash == digest(token));
        let Some(spent) = spent else { return Err(GatewayError::SetupLinkSpent) };
        match self.become_owner(credentials).await {
            Ok(user) => self.begin_session(user).await,
            Err(error) => {
                self.setup().get_or_insert(spent);
                Err(error)
            }
        }
    }

    async fn become_owner(&self, credentials: Option<(String, String)>) -> Result<User, GatewayError> {
        let store = &self.inner.store;
        match (store.get_owner().await?, credentials) {
            (Some((_, Some(_))), _) => Err(GatewayError::SetupLinkSpent),
            (Some((owner, None)), None) => Ok(owner),
            (Some((owner, None)), Some((email, hash))) => {
                Ok(store.set_credentials(owner.id, &email, &hash).await?)
            }
            (None, credentials) => {
                let (email, password_hash) = credentials.unzip();
                let name = email.clone().unwrap_or_else(|| "owner".to_owned());
                let created_at = self.inner.clock.now();
                let user = NewUser { name, email, password_hash, role: Role::Owner, created_at };
                match store.create_user(user).await {
                    Err(StoreError::OwnerExists) => Err(GatewayError::SetupLinkSpent),
                    other => Ok(other?),
                }
            }
        }
    }

    /// Signs in with e-mail and password. An unknown e-mail takes as long as a wrong password.
    ///
    /// # Errors
    /// [`GatewayError::WrongPassword`], [`GatewayError::Unavailable`].
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, GatewayError> {
        // what can't be an e-mail is nobody's; Postgres would call the character zero in one a fault of its own
        let found = match check_email(email) {
            Ok(email) => self.inner.store.get_user_by_email(&email).await?,
            Err(_) => None,
        };
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let short = password.len() <= MAX_PASSWORD_BYTES;
        let right = short && verify_password(&self.inner.hashing, password.to_owned(), hash).await?;
        match user.filter(|_| right) {
            Some(user) => self.begin_session(user).await,
            None => Err(GatewayError::WrongPassword),
        }
    }

    async fn begin_session(&self, user: User) -> Result<SignedIn, GatewayError> {
        let (token, created_at) = (random_token(), self.inner.clock.now());
        let expires_at = UnixMicros(created_at.0 + SESSION_MICROS);
        let session = NewSession { token_hash: digest(&token), user: user.id, created_at, expires_at };
        self.inner.store.create_session(session).await?;
        Ok(SignedIn { user, token, expires_at })
    }

    /// Who is signed in by this token.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn authenticate(&self, token: &str) -> Result<Option<User>, GatewayError> {
        Ok(self.inner.store.get_session(&digest(token), self.inner.clock.now()).await?)
    }

    /// Ends the session of this token.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn sign_out(&self, token: &str) -> Result<(), GatewayError> {
        Ok(self.inner.store.delete_session(&digest(token)).await?)
    }

    /// Makes an account and its first project, as scripts of the original HTTP API do, and returns the
    /// project's key.
    ///
    /// # Errors
    /// [`GatewayError::EmailExists`], [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn register_user(&self, email: &str, password: &str) -> Result<Key, GatewayError> {
        let email = check_email(email)?;
        check_password(password)?;
        if self.inner.store.get_user_by_email(&email).await?.is_some() {
            return Err(GatewayError::EmailExists);
        }
        let password_hash = Some(hash_password(&self.inner.hashing, password.to_owned()).await?);
        let created_at = self.inner.clock.now();
        let name = email.clone();
        let user = NewUser { name, email: Some(email), password_hash, role: Role::Member, created_at };
        let user = self.inner.store.create_user(user).await?;
        Ok(self.create_project(&user, &user.name.chars().take(80).collect::<String>()).await?.key)
    }
}
