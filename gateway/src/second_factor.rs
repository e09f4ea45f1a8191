//! The second factor: codes by time (RFC 6238, TOTP) from an app that everybody has, and recovery codes for when it is lost.

use std::fmt::Write as _;

use protocol::model::{ProjectId, UnixMicros, User, UserId};
use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Builder, Secret as TotpSecret, Totp};

use crate::{
    Action, Caller, Gateway, GatewayError, Origin,
    caller::{Credential, Deed},
    secrets::{digest, random},
    store::{Factor, TokenHash},
};

/// What apps show beside the account.
const ISSUER: &str = "observerio";
/// Recovery codes of an account.
const RECOVERY_CODES: usize = 10;
/// Nobody guesses 120 bits, so a plain digest of them is enough.
const RECOVERY_BYTES: usize = 15;
/// What somebody may send as a code.
const MAX_CODE_BYTES: usize = 64;

/// A second factor that was begun: what an app needs to know. `Debug` does not show it.
#[derive(Clone)]
pub struct Enrolment {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The side of its picture, in modules.
    pub size: u32,
    /// The dark modules of its picture (a QR code), as the `d` of an SVG path.
    pub picture: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

/// Whether somebody has a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorState {
    /// Since when it is asked for.
    pub since: UnixMicros,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

/// Codes of that secret: SHA-1, 6 digits, 30 seconds, which is all that most apps know. One step of a clock to either side
/// counts.
fn totp(secret: &[u8], account: &str) -> Result<Totp, GatewayError> {
    let made = Builder::new()
        .with_secret(secret.to_vec())
        // no part of the address in which it stands may hold one
        .with_account_name(account.replace(':', " "))
        .with_issuer(Some(ISSUER))
        .build();
    made.map_err(|_| GatewayError::Invalid("this account has no name that an app could show".to_owned()))
}

/// The picture of a text.
fn picture(text: &str) -> Result<(u32, String), GatewayError> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).map_err(|_| {
        GatewayError::Invalid("the name of this account is too long for a QR code".to_owned())
    })?;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            // it fails for lack of memory only
            _ = write!(path, "M{x} {y}h1v1h-1z");
        }
    }
    Ok((code.size().unsigned_abs(), path))
}

/// Fresh recovery codes, as people read them.
fn recovery_codes() -> Vec<String> {
    let code = || {
        let letters = TotpSecret::from(random::<RECOVERY_BYTES>().to_vec()).to_base32().to_lowercase();
        let groups: Vec<&str> = (0..letters.len()).step_by(4).map(|at| &letters[at..at + 4]).collect();
        groups.join("-")
    };
    (0..RECOVERY_CODES).map(|_| code()).collect()
}

/// A code without what people put between its parts.
fn plain(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_lowercase()
}

fn digests(codes: &[String]) -> Vec<TokenHash> {
    codes.iter().map(|code| digest(&plain(code))).collect()
}

impl Gateway {
    fn seconds(&self) -> u64 {
        u64::try_from(self.now().0 / 1_000_000).unwrap_or_default()
    }

    /// Whether the caller has a second factor.
    ///
    /// # Errors
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn get_second_factor(&self, caller: &Caller) -> Result<Option<FactorState>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let factor = self.inner.store.access().get_factor(caller.user.id).await?;
        Ok(factor.and_then(|factor| {
            let recovery_codes = u32::try_from(factor.recovery_codes).unwrap_or_default();
            factor.confirmed_at.map(|since| FactorState { since, recovery_codes })
        }))
    }

    /// Begins one: it is asked for once a code of it has come.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] for an account without a password, or with a second factor;
    /// [`GatewayError::ConfirmationNeeded`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn begin_second_factor(&self, caller: &Caller) -> Result<Enrolment, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        self.require_confirmation(caller).await?;
        let access = self.inner.store.access();
        let (_, password) = access.get_user(caller.user.id).await?.ok_or(GatewayError::NotFound)?;
        if password.is_none() {
            let text =
                "this account has no password yet; restart the server and set one with its set-up link";
            return Err(GatewayError::Invalid(text.to_owned()));
        }
        let secret = random::<20>();
        let enrolment = enrolment(&secret, &caller.user)?;
        if access.begin_factor(caller.user.id, &secret, self.now()).await? {
            Ok(enrolment)
        } else {
            Err(already())
        }
    }

    /// The one that was begun, to be shown again; `None`: there is none.
    ///
    /// # Errors
    /// [`GatewayError::ConfirmationNeeded`], [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn get_enrolment(&self, caller: &Caller) -> Result<Option<Enrolment>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        self.require_confirmation(caller).await?;
        let begun = self.inner.store.access().get_factor(caller.user.id).await?;
        let begun = begun.filter(|factor| factor.confirmed_at.is_none());
        begun.map(|factor| enrolment(&factor.secret, &caller.user)).transpose()
    }

    /// Has the one that was begun asked for from now on, by its first code, and ends the other sessions of the account.
    /// Returns its recovery codes, which are never shown again.
    ///
    /// # Errors
    /// [`GatewayError::WrongCode`], [`GatewayError::Invalid`] when none was begun, [`GatewayError::Forbidden`] for a token,
    /// [`GatewayError::Unavailable`].
    pub async fn confirm_second_factor(
        &self,
        caller: &Caller,
        code: &str,
    ) -> Result<Vec<String>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        let access = self.inner.store.access();
        let begun = access.get_factor(caller.user.id).await?;
        let Some(Factor { secret, confirmed_at: None, .. }) = begun else {
            return Err(GatewayError::Invalid("no second factor is being set up; start again".to_owned()));
        };
        let step = self.step_of(&secret, &caller.user, code)?.ok_or(GatewayError::WrongCode)?;
        let codes = recovery_codes();
        let deed =
            Deed::new("account.second_factor", caller.user.name.clone()).to("on").by(caller, self.now());
        let kept = own_session(caller);
        let digests = digests(&codes);
        let confirming = access.confirm_factor(caller.user.id, &secret, step, &digests, kept, deed);
        if self.change_rights(confirming).await? { Ok(codes) } else { Err(already()) }
    }

    /// Other recovery codes in place of those that are left.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] without a second factor, [`GatewayError::ConfirmationNeeded`],
    /// [`GatewayError::Forbidden`] for a token, [`GatewayError::Unavailable`].
    pub async fn replace_recovery_codes(&self, caller: &Caller) -> Result<Vec<String>, GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        self.require_confirmation(caller).await?;
        let codes = recovery_codes();
        let deed = Deed::new("account.recovery_codes", caller.user.name.clone()).by(caller, self.now());
        let access = self.inner.store.access();
        if access.replace_recovery_codes(caller.user.id, &digests(&codes), deed).await? {
            Ok(codes)
        } else {
            Err(GatewayError::Invalid("this account has no second factor".to_owned()))
        }
    }

    /// Removes one's own, and ends the other sessions of the account.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] without one, [`GatewayError::ConfirmationNeeded`], [`GatewayError::Forbidden`] for a token,
    /// [`GatewayError::Unavailable`].
    pub async fn remove_second_factor(&self, caller: &Caller) -> Result<(), GatewayError> {
        self.authorise(caller, Action::ManageOwnAccount)?;
        self.delete_factor_of(caller, &caller.user, own_session(caller)).await
    }

    /// Removes somebody else's, who has lost the app and the recovery codes, and ends all their sessions.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`] without one, [`GatewayError::ConfirmationNeeded`], [`GatewayError::Forbidden`] but for the
    /// owner, [`GatewayError::Unavailable`].
    pub async fn remove_second_factor_of(&self, caller: &Caller, user: UserId) -> Result<(), GatewayError> {
        self.authorise_on_instance(caller, Action::ManageAccounts).await?;
        let (user, _) = self.inner.store.access().get_user(user).await?.ok_or(GatewayError::NotFound)?;
        self.delete_factor_of(caller, &user, None).await
    }

    async fn delete_factor_of(
        &self,
        caller: &Caller,
        user: &User,
        kept: Option<&TokenHash>,
    ) -> Result<(), GatewayError> {
        self.require_confirmation(caller).await?;
        let deed = Deed::new("account.second_factor", user.name.clone()).from("on").by(caller, self.now());
        let removed =
            self.change_rights(self.inner.store.access().delete_factor(user.id, kept, deed)).await?;
        if removed { Ok(()) } else { Err(GatewayError::NotFound) }
    }

    fn step_of(&self, secret: &[u8], user: &User, code: &str) -> Result<Option<i64>, GatewayError> {
        let code = plain(code);
        let is_one = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
        let step = totp(secret, &user.name)?.check(&code, self.seconds()).filter(|_| is_one);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// Whether that is a code of the account's app, or a recovery code of it, that was not taken yet; it is then.
    pub(crate) async fn take_code(
        &self,
        user: &User,
        factor: &Factor,
        code: &str,
        origin: &Origin,
    ) -> Result<bool, GatewayError> {
        if code.len() > MAX_CODE_BYTES {
            return Ok(false);
        }
        let access = self.inner.store.access();
        if let Some(step) = self.step_of(&factor.secret, user, code)? {
            return Ok(access.take_step(user.id, step).await?);
        }
        let deed = Deed::new("account.recovery_code", user.name.clone());
        let deed = deed.by_visitor(Some(user), "password", origin, self.now());
        Ok(access.take_recovery_code(user.id, &digest(&plain(code)), deed).await?)
    }

    /// Whether people without a second factor are kept out of a project.
    ///
    /// # Errors
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn is_guarded(&self, caller: &Caller, project: ProjectId) -> Result<bool, GatewayError> {
        self.authorise_in(caller, Action::ReadProject, project).await?;
        Ok(self.guarded().await?.contains(&project))
    }

    /// Keeps people without a second factor out of a project, or lets them in again. Tokens go on: a script has no app.
    ///
    /// # Errors
    /// [`GatewayError::Invalid`] when the caller would lock themselves out, [`GatewayError::ConfirmationNeeded`] to let people in,
    /// [`GatewayError::NotFound`], [`GatewayError::Forbidden`], [`GatewayError::Unavailable`].
    pub async fn guard_project(
        &self,
        caller: &Caller,
        project: ProjectId,
        guarded: bool,
    ) -> Result<(), GatewayError> {
        self.authorise_in(caller, Action::ManageMembers, project).await?;
        if guarded && !self.has_second_factor(caller.user.id).await? {
            let text = "set up your own second factor first; otherwise this would lock you out, too";
            return Err(GatewayError::Invalid(text.to_owned()));
        }
        if !guarded {
            self.require_confirmation(caller).await?;
        }
        let word = |guarded| if guarded { "required" } else { "not required" };
        let deed = Deed::new("project.second_factor", self.project_name(project).await?);
        let deed = deed.in_project(project).from(word(!guarded)).to(word(guarded)).by(caller, self.now());
        // it may be so already
        self.change_rights(self.inner.store.access().guard_project(project, guarded, deed)).await.map(drop)
    }
}

fn enrolment(secret: &[u8], user: &User) -> Result<Enrolment, GatewayError> {
    let totp = totp(secret, &user.name)?;
    let address = totp.to_url().map_err(|_| GatewayError::Invalid("this account has no name".to_owned()))?;
    let (size, picture) = picture(&address)?;
    Ok(Enrolment { secret: totp.secret().to_base32(), size, picture })
}

fn already() -> GatewayError {
    GatewayError::Invalid("this account has a second factor already".to_owned())
}

fn own_session(caller: &Caller) -> Option<&TokenHash> {
    match &caller.by {
        Credential::Session(own) => Some(own),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recovery_codes_can_be_typed_and_are_unlike_each_other() {
        let codes = recovery_codes();
        assert_eq!(codes.len(), 10);
        for code in &codes {
            assert_eq!(code.len(), 29, "{code}");
            assert!(
                code.chars().all(|c| c == '-' || c.is_ascii_lowercase() || ('2'..='7').contains(&c)),
                "{code}"
            );
            assert_eq!(plain(&code.to_uppercase().replace('-', " ")), plain(code));
        }
        let unlike: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(unlike.len(), 10);
    }

    #[test]
    fn an_app_is_told_who_and_where() {
        let user = User {
            id: UserId(1),
            name: "ann@example.org".to_owned(),
            email: None,
            role: protocol::model::Role::Member,
        };
        let secret = *b"12345678901234567890";
        let shown = enrolment(&secret, &user).unwrap();
        assert_eq!(shown.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(!format!("{shown:?}").contains(&shown.secret));
        assert!(shown.size >= 21 && shown.picture.starts_with("M0 0h1v1h-1z"), "{}", shown.picture);
        let address = totp(&secret, &user.name).unwrap().to_url().unwrap();
        let expected =
            format!("otpauth://totp/observerio:ann%40example.org?secret={}&issuer=observerio", shown.secret);
        assert_eq!(address, expected);
    }

    /// The examples of RFC 6238, appendix B, of which six digits count here.
    #[test]
    fn codes_are_those_of_the_standard() {
        let totp = totp(b"12345678901234567890", "ann").unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.check(code, seconds), Some(seconds / 30), "{code}");
            assert_eq!(totp.check(code, seconds + 30), Some(seconds / 30), "a clock may be late");
            assert_eq!(totp.check(code, seconds + 90), None);
        }
    }
}
