//! Signing in: the password, and then, for whoever has a second factor, a code.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use protocol::model::{UnixMicros, UserId};

use crate::{
    Gateway, GatewayError, Origin, Secret, SignedIn,
    accounts::{MAX_PASSWORD_BYTES, check_email},
    clock::in_microseconds,
    secrets::{digest, random, random_token},
    store::{Factor, TokenHash},
};

/// How long somebody may take between the password and the code.
const PATIENCE_MICROS: i64 = in_microseconds(5 * 60);
/// Wrong codes after one right password.
const MAX_WRONG_CODES: u32 = 5;
/// People who are between the two; each has given a right password.
const MAX_BEGUN: usize = 4096;

/// What a right password leads to.
#[derive(Debug)]
pub enum SignIn {
    /// They are signed in.
    Done(SignedIn),
    /// The account has a second factor. The secret stands for the right password: for five minutes, five codes and one session.
    CodeNeeded(Secret),
}

/// Somebody who has given the password and not yet the code.
struct Begun {
    user: UserId,
    expires_at: UnixMicros,
    wrong_codes: u32,
}

/// Those who are between the two.
#[derive(Default)]
pub(crate) struct SignIns(Mutex<HashMap<TokenHash, Begun>>);

impl SignIns {
    fn all(&self) -> MutexGuard<'_, HashMap<TokenHash, Begun>> {
        self.0.lock().expect("no holder of this lock panics")
    }

    fn begin(&self, user: UserId, now: UnixMicros) -> String {
        let mut all = self.all();
        all.retain(|_, begun| now < begun.expires_at);
        if all.len() >= MAX_BEGUN
            && let Some(oldest) = all.iter().min_by_key(|(_, begun)| begun.expires_at).map(|(hash, _)| *hash)
        {
            all.remove(&oldest);
        }
        let secret = random_token();
        let expires_at = UnixMicros(now.0 + PATIENCE_MICROS);
        all.insert(digest(&secret), Begun { user, expires_at, wrong_codes: 0 });
        secret
    }

    fn user_of(&self, begun: &TokenHash, now: UnixMicros) -> Option<UserId> {
        let all = self.all();
        let begun = all.get(begun).filter(|begun| now < begun.expires_at)?;
        (begun.wrong_codes < MAX_WRONG_CODES).then_some(begun.user)
    }

    /// Counts a code as wrong before it is looked at: of those that come at once no more are looked at.
    fn try_code(&self, begun: &TokenHash, now: UnixMicros) -> Option<UserId> {
        let user = self.user_of(begun, now)?;
        self.all().get_mut(begun)?.wrong_codes += 1;
        Some(user)
    }

    /// Whether it was still there.
    fn end(&self, begun: &TokenHash) -> bool {
        self.all().remove(begun).is_some()
    }

    /// The password by which they began counts no more.
    pub(crate) fn forget(&self, user: UserId) {
        self.all().retain(|_, begun| begun.user != user);
    }
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
                tracing::debug!(%error, "browsers that are known can't be known again now");
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
        // whose second factor was removed meanwhile needs none
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMicros = UnixMicros(1_790_000_000_000_000);

    fn later(micros: i64) -> UnixMicros {
        UnixMicros(NOW.0 + micros)
    }

    #[test]
    fn five_codes_may_be_wrong_and_five_minutes_pass() {
        let sign_ins = SignIns::default();
        let hash = digest(&sign_ins.begin(UserId(7), NOW));
        for _ in 0..MAX_WRONG_CODES {
            assert_eq!(sign_ins.try_code(&hash, later(PATIENCE_MICROS - 1)), Some(UserId(7)));
        }
        assert_eq!(sign_ins.try_code(&hash, NOW), None);
        let hash = digest(&sign_ins.begin(UserId(7), NOW));
        assert_eq!(sign_ins.user_of(&hash, later(PATIENCE_MICROS)), None);
        assert!(sign_ins.end(&hash) && !sign_ins.end(&hash), "one session for each");
    }

    #[test]
    fn those_who_have_begun_are_bounded_and_the_oldest_gives_way() {
        let sign_ins = SignIns::default();
        let first = digest(&sign_ins.begin(UserId(0), NOW));
        for n in 1..=MAX_BEGUN {
            sign_ins.begin(UserId(n as i64), later(1));
        }
        assert_eq!(sign_ins.all().len(), MAX_BEGUN);
        assert_eq!(sign_ins.user_of(&first, later(1)), None);
        sign_ins.forget(UserId(1));
        assert_eq!(sign_ins.all().len(), MAX_BEGUN - 1);
        sign_ins.begin(UserId(0), later(PATIENCE_MICROS + 1));
        assert_eq!(sign_ins.all().len(), 1, "what has expired goes");
    }
}
