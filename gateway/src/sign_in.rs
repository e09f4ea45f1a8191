//! Signing in: the password, and then, for accounts with a second factor, a code.

use protocol::model::UserId;

use crate::{
    Gateway, GatewayError, Origin, Secret, SignedIn,
    accounts::{MAX_PASSWORD_BYTES, check_email},
    secrets::{digest, random},
    store::Factor,
};

/// What a right password leads to.
#[derive(Debug)]
pub enum SignIn {
    /// They are signed in.
    Done(SignedIn),
    /// The account has a second factor. The secret stands for the right password: for five minutes, five codes and one session.
    CodeNeeded(Secret),
}

impl Gateway {
    /// The key by which browsers are known again in which somebody has signed in. While the database takes nothing it is one
    /// that is forgotten at the next start.
    pub async fn device_key(&self) -> [u8; 32] {
        let fresh = random::<32>();
        let stored = self.inner.store.access().device_key(&fresh).await;
        match stored {
            Ok(key) => key.try_into().unwrap_or(fresh),
            Err(error) => {
                tracing::debug!(%error, "known browsers can't be recognised right now");
                fresh
            }
        }
    }

    /// Takes e-mail and password. An unknown e-mail takes as long as a wrong password.
    ///
    /// # Errors
    /// [`GatewayError::WrongPassword`], [`GatewayError::Busy`], [`GatewayError::Unavailable`].
    pub async fn begin_sign_in(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<SignIn, GatewayError> {
        let access = self.inner.store.access();
        // what can't be an e-mail is nobody's; Postgres would call the character zero in one a fault of its own
        let found = match check_email(email) {
            Ok(email) => access.get_user_by_email(&email).await?,
            Err(_) => None,
        };
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let short = password.len() <= MAX_PASSWORD_BYTES;
        let right = short && self.inner.hasher.verify(password.to_owned(), hash).await?;
        let user = user.filter(|_| right).ok_or(GatewayError::WrongPassword)?;
        match self.factor_of(user.id).await? {
            Some(_) => Ok(SignIn::CodeNeeded(Secret(self.inner.sign_ins.begin(user.id, self.now())))),
            None => Ok(SignIn::Done(self.begin_session(user, "password", origin).await?)),
        }
    }

    /// Signs in with e-mail and password alone.
    ///
    /// # Errors
    /// [`GatewayError::CodeNeeded`] for an account with a second factor; those of [`Self::begin_sign_in`].
    pub async fn sign_in(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<SignedIn, GatewayError> {
        match self.begin_sign_in(email, password, origin).await? {
            SignIn::Done(signed_in) => Ok(signed_in),
            SignIn::CodeNeeded(_) => Err(GatewayError::CodeNeeded),
        }
    }

    /// Who has given the password that a secret of [`SignIn::CodeNeeded`] stands for; `None`: it stands for none (any more).
    pub fn get_begun(&self, begun: &str) -> Option<UserId> {
        self.inner.sign_ins.user_of(&digest(begun), self.now())
    }

    /// Signs in with the code of the app, or a recovery code, after [`SignIn::CodeNeeded`]. Each is taken once.
    ///
    /// # Errors
    /// [`GatewayError::WrongCode`], after which another may be tried; [`GatewayError::SignInExpired`],
    /// [`GatewayError::Unavailable`].
    pub async fn finish_sign_in(
        &self,
        begun: &str,
        code: &str,
        origin: &Origin,
    ) -> Result<SignedIn, GatewayError> {
        let (hash, access) = (digest(begun), self.inner.store.access());
        let user = self.inner.sign_ins.try_code(&hash, self.now()).ok_or(GatewayError::SignInExpired)?;
        let (user, _) = access.get_user(user).await?.ok_or(GatewayError::SignInExpired)?;
        // the second factor may have been removed since
        if let Some(factor) = self.factor_of(user.id).await?
            && !self.take_code(&user, &factor, code, origin).await?
        {
            return Err(GatewayError::WrongCode);
        }
        if self.inner.sign_ins.end(&hash) {
            self.begin_session(user, "password and code", origin).await
        } else {
            Err(GatewayError::SignInExpired)
        }
    }

    /// The second factor of an account, if it is asked for.
    pub(crate) async fn factor_of(&self, user: UserId) -> Result<Option<Factor>, GatewayError> {
        let factor = self.inner.store.access().get_factor(user).await?;
        Ok(factor.filter(|factor| factor.confirmed_at.is_some()))
    }
}
