//! People: their accounts, passwords and sessions.

use protocol::model::{Account, Handle, Key, Role, SessionInfo, UnixMicros, User, UserId};

use crate::{
    Action, Caller, Gateway, GatewayError, Origin, Secret,
    caller::{Credential, Deed},
    clock::{USE_NOTE_MICROS, in_microseconds},
    passwords::is_easy_to_guess,
    secrets::{digest, random_token},
    store::{Link, LinkPurpose, NewLink, NewSession, NewUser, Sessions, TokenHash},
};

const SESSION_MICROS: i64 = in_microseconds(30 * 24 * 3600);
/// How long a link to set a new password is good.
const RESET_LINK_MICROS: i64 = in_microseconds(24 * 3600);
/// Begins the tokens of sessions that were begun under TLS: one that comes in plain text was stolen.
const TLS_PREFIX: &str = "t.";
const MIN_PASSWORD_CHARS: usize = 8;
pub(crate) const MAX_PASSWORD_BYTES: usize = 1024;
const MAX_EMAIL_BYTES: usize = 254;
const MAX_AGENT_CHARS: usize = 200;

/// Somebody who just signed in. `Debug` does not show the token.
pub struct SignedIn {
    /// Who.
    pub caller: Caller,
    /// The session's token, for the cookie: 256 random bits.
    pub token: String,
    /// From when on it is worth nothing.
    pub expires_at: UnixMicros,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.caller.user).finish_non_exhaustive()
    }
}

/// Whether a session's token counts under TLS alone.
pub fn is_for_tls(token: &str) -> bool {
    token.starts_with(TLS_PREFIX)
}

pub(crate) fn check_email(email: &str) -> Result<String, GatewayError> {
    let email = email.trim().to_lowercase();
    let shaped = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    let clean = !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if shaped && clean && email.len() <= MAX_EMAIL_BYTES {
        Ok(email)
    } else {
        Err(GatewayError::Invalid("this is not an e-mail address".to_owned()))
    }
}

pub(crate) fn check_password(password: &str, email: &str) -> Result<(), GatewayError> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        let text = format!("a password must have at least {MIN_PASSWORD_CHARS} characters");
        return Err(GatewayError::Invalid(text));
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(GatewayError::Invalid(format!(
            "a password must have at most {MAX_PASSWORD_BYTES} bytes"
        )));
    }
    if is_easy_to_guess(password, email) {
        Err(GatewayError::Invalid(
            "this password is too easy to guess; choose a longer or less common one".to_owned(),
        ))
    } else {
        Ok(())
    }
}

impl Gateway {
    pub(crate) async fn begin_session(
        &self,
        user: User,
        via: &str,
        origin: &Origin,
    ) -> Result<SignedIn, GatewayError> {
        let (mut token, created_at) = (random_token(), self.inner.clock.now());
        if origin.is_encrypted {
            token.insert_str(0, TLS_PREFIX);
        }
        let expires_at = UnixMicros(created_at.0 + SESSION_MICROS);
        let token_hash = digest(&token);
        let agent = origin.agent.chars().filter(|c| !c.is_control()).take(MAX_AGENT_CHARS).collect();
        let address = origin.address_text();
        let session = NewSession { token_hash, user: user.id, created_at, expires_at, address, agent };
        let deed = Deed::new("session.begin", user.name.clone());
        let deed = deed.by_visitor(Some(&user), via, origin, created_at);
        self.inner.store.access().create_session(session, deed).await?;
        let caller = Caller { user, by: Credential::Session(token_hash), address: origin.address };
        Ok(SignedIn { caller, token, expires_at })
    }

    /// Who is signed in by this token, which came from that address.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn authenticate(
        &self,
        token: &str,
        address: Option<std::net::IpAddr>,
    ) -> Result<Option<Caller>, GatewayError> {
        let session = digest(token);
        let Some((caller, last_used_at)) = self.session_of(session, address).await? else { return Ok(None) };
        if self.now().0 - last_used_at.0 >= USE_NOTE_MICROS {
            self.note_session_use(session);
        }
        Ok(Some(caller))
    }

    /// The same caller as they are now: their session or token may have ended, their account may have changed. To ask this is
    /// no use of a session.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn renew(&self, caller: &Caller) -> Result<Option<Caller>, GatewayError> {
        match &caller.by {
            Credential::Session(hash) => {
                Ok(self.session_of(*hash, caller.address).await?.map(|(caller, _)| caller))
            }
            Credential::Token { id, .. } => self.token_of(caller.user.id, *id, caller.address).await,
            Credential::Program => Ok(Some(caller.clone())),
        }
    }

    async fn session_of(
        &self,
        hash: TokenHash,
        address: Option<std::net::IpAddr>,
    ) -> Result<Option<(Caller, UnixMicros)>, GatewayError> {
        let found = self.inner.store.access().get_session(&hash, self.now()).await?;
        let found = found.filter(|(_, last_used_at)| !self.is_idle(*last_used_at));
        Ok(found.map(|(user, at)| (Caller { user, by: Credential::Session(hash), address }, at)))
    }

    /// Ends the session by which somebody asks.
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), GatewayError> {
        let Credential::Session(hash) = &caller.by else { return Ok(()) };
        self.end_sessions(caller, Sessions::One(hash), "session.end").await.map(drop)
    }

    /// Ends every session of the caller, the current one too.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn sign_out_everywhere(&self, caller: &Caller) -> Result<(), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        self.end_sessions(caller, Sessions::All, "session.end_all").await.map(drop)
    }

    /// The places where the caller is signed in, the newest first.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn list_sessions(&self, caller: &Caller) -> Result<Vec<SessionInfo>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let found = self.inner.store.access().list_sessions(caller.user.id, self.now()).await?;
        let own = |hash: &TokenHash| matches!(&caller.by, Credential::Session(own) if own == hash);
        let found = found.into_iter().filter(|(_, info)| !self.is_idle(info.last_used_at));
        Ok(found.map(|(hash, info)| SessionInfo { is_current: own(&hash), ..info }).collect())
    }

    /// Ends one of the caller's sessions.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn end_session(&self, caller: &Caller, id: &Handle) -> Result<(), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let found = self.inner.store.access().list_sessions(caller.user.id, self.now()).await?;
        let hash = found.into_iter().find(|(_, info)| info.id == *id).map(|(hash, _)| hash);
        let hash = hash.ok_or(GatewayError::NotFound)?;
        match self.end_sessions(caller, Sessions::One(&hash), "session.end").await? {
            0 => Err(GatewayError::NotFound),
            _ => Ok(()),
        }
    }

    async fn end_sessions(
        &self,
        caller: &Caller,
        which: Sessions<'_>,
        action: &'static str,
    ) -> Result<u64, GatewayError> {
        let deed = Deed::new(action, caller.user.name.clone()).by(caller, self.now());
        self.change_rights(self.inner.store.access().delete_sessions(caller.user.id, which, deed)).await
    }

    /// Sets another password, and ends the caller's other sessions; with `and_tokens` also their API tokens, and the
    /// invitations that they made.
    ///
    /// # Errors
    /// [`GatewayError::WrongPassword`], [`GatewayError::Invalid`], [`GatewayError::Forbidden`] for a token,
    /// [`GatewayError::Unavailable`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
        and_tokens: bool,
    ) -> Result<(), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let email = caller.user.email.as_deref().unwrap_or_default();
        if email.is_empty() {
            let text =
                "this account has no e-mail to sign in with; restart the server and use its set-up link";
            return Err(GatewayError::Invalid(text.to_owned()));
        }
        check_password(new, email)?;
        if !self.is_own_password(caller, current).await? {
            return Err(GatewayError::WrongPassword);
        }
        let access = self.inner.store.access();
        let hash = self.inner.hasher.hash(new.to_owned()).await?;
        let deed = Deed::new("account.password", caller.user.name.clone()).by(caller, self.now());
        let kept = match &caller.by {
            Credential::Session(own) => Some(own),
            _ => None,
        };
        let changed =
            self.change_rights(access.set_password(caller.user.id, &hash, kept, and_tokens, deed)).await;
        self.inner.sign_ins.forget(caller.user.id);
        if changed? { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    /// Every account, the oldest first.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`] but for the owner, [`GatewayError::Unavailable`].
    pub async fn list_accounts(&self, caller: &Caller) -> Result<Vec<Account>, GatewayError> {
        self.authorise_on_instance(caller, Action::ManageAccounts).await?;
        Ok(self.inner.store.access().list_accounts().await?)
    }

    /// Makes a link by which somebody sets a new password, good for a day and for one use.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`] but for the owner, [`GatewayError::ConfirmationNeeded`],
    /// [`GatewayError::Unavailable`].
    pub async fn issue_reset_link(&self, caller: &Caller, user: UserId) -> Result<Secret, GatewayError> {
        self.authorise_on_instance(caller, Action::ManageAccounts).await?;
        self.require_confirmation(caller).await?;
        let access = self.inner.store.access();
        let (user, _) = access.get_user(user).await?.ok_or(GatewayError::NotFound)?;
        let (token, now) = (random_token(), self.now());
        let link = NewLink {
            token_hash: digest(&token),
            purpose: LinkPurpose::Reset { user: user.id },
            note: String::new(),
            created_by: caller.user.clone(),
            token: None,
            created_at: now,
            expires_at: UnixMicros(now.0 + RESET_LINK_MICROS),
        };
        access.create_link(link, Deed::new("account.reset_link", user.name).by(caller, now)).await?;
        Ok(Secret(token))
    }

    /// Whose password a link resets; `None` when the link is not good (any more).
    ///
    /// # Errors
    /// [`GatewayError::Unavailable`].
    pub async fn get_reset(&self, token: &str) -> Result<Option<User>, GatewayError> {
        match self.inner.store.access().get_link(&digest(token), self.now()).await? {
            Some(Link::Reset(user)) => Ok(Some(user)),
            _ => Ok(None),
        }
    }

    /// Sets a new password by a link, ends every session of the account, deletes its API tokens and takes back the
    /// invitations that it made, and signs in.
    ///
    /// # Errors
    /// [`GatewayError::CodeNeeded`] when all that is done but for signing in, which takes the second factor;
    /// [`GatewayError::LinkSpent`]; [`GatewayError::Invalid`], after which the link still works;
    /// [`GatewayError::Unavailable`].
    pub async fn reset_password(
        &self,
        token: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<SignedIn, GatewayError> {
        let user = self.get_reset(token).await?.ok_or(GatewayError::LinkSpent)?;
        check_password(password, user.email.as_deref().unwrap_or_default())?;
        let hash = self.inner.hasher.hash(password.to_owned()).await?;
        let now = self.now();
        let deed = Deed::new("account.password", user.name).by_visitor(None, "link", origin, now);
        let (access, link) = (self.inner.store.access(), digest(token));
        let reset = self.change_rights(access.reset_password(&link, &hash, now, deed)).await?;
        let user = reset.ok_or(GatewayError::LinkSpent)?;
        self.inner.sign_ins.forget(user.id);
        match self.factor_of(user.id).await? {
            // who reads the link may not have the app
            Some(_) => Err(GatewayError::CodeNeeded),
            None => self.begin_session(user, "link", origin).await,
        }
    }

    /// Deletes an account with its sessions, tokens and memberships. What it did stays in histories.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] also for the owner's own, [`GatewayError::Forbidden`] but for the owner,
    /// [`GatewayError::ConfirmationNeeded`], [`GatewayError::Unavailable`].
    pub async fn delete_account(&self, caller: &Caller, user: UserId) -> Result<(), GatewayError> {
        self.authorise_on_instance(caller, Action::ManageAccounts).await?;
        self.require_confirmation(caller).await?;
        let access = self.inner.store.access();
        let (found, _) = access.get_user(user).await?.ok_or(GatewayError::NotFound)?;
        let deed = Deed::new("account.delete", found.name).by(caller, self.now());
        if self.change_rights(access.delete_user(user, deed)).await? {
            Ok(())
        } else {
            Err(GatewayError::NotFound)
        }
    }

    /// Makes an account and its first project, as scripts of the original HTTP API do, and returns the
    /// project's key.
    ///
    /// # Errors
    /// [`GatewayError::EmailExists`], [`GatewayError::Invalid`], [`GatewayError::Unavailable`].
    pub async fn register_user(
        &self,
        email: &str,
        password: &str,
        origin: &Origin,
    ) -> Result<Key, GatewayError> {
        let email = check_email(email)?;
        check_password(password, &email)?;
        let access = self.inner.store.access();
        if access.get_user_by_email(&email).await?.is_some() {
            return Err(GatewayError::EmailExists);
        }
        let password_hash = Some(self.inner.hasher.hash(password.to_owned()).await?);
        let created_at = self.inner.clock.now();
        let name = email.clone();
        let deed = Deed::new("account.register", name.clone()).by_visitor(None, "script", origin, created_at);
        let user = NewUser { name, email: Some(email), password_hash, role: Role::Member, created_at };
        let user = access.create_user(user, deed).await?;
        let name = user.name.chars().take(80).collect::<String>();
        let caller = Caller { address: origin.address, ..user.into() };
        Ok(self.create_project(&caller, &name).await?.key)
    }
}
