//! Rate limits for requests, tokens, passwords and codes.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use axum::http::HeaderValue;
use gateway::{Caller, Credential};
use protocol::model::{TokenId, UserId};
use sha2::{Digest as _, Sha256};

use super::device::{AccountDigest, Device, account_digest};
use crate::{
    clock::instant,
    rate::{Limiter, Network},
    share::{Share, Shares},
};

/// Burst of requests, in seconds' worth.
const BURST_SECONDS: u32 = 4;
/// Wrong codes of an account's second factor per hour, from any address: the sender has the password.
const MAX_BAD_CODES: u32 = 30;
const BAD_CODE_PERIOD: Duration = Duration::from_secs(3600);
/// The period for counting mistakes.
const MISTAKE_PERIOD: Duration = Duration::from_secs(5 * 60);
/// Invalid tokens from one address in that period. A valid one is always accepted: tokens can't be guessed, and others may
/// share the address.
const MAX_BAD_TOKENS: u32 = 20;
/// Wrong passwords for one account from one address in that period.
const MAX_BAD_PASSWORDS: u32 = 10;

/// Wrong passwords from one address in that period, for any account: a school's worth of typos.
const MAX_BAD_PASSWORDS_OF_ADDRESS: u32 = 100;
/// Passwords from one address that may wait to be checked: a third of a second's worth.
const MAX_WAITING_PASSWORDS: usize = 32;
/// The same for this machine itself, where a proxy may represent everyone.
const MAX_WAITING_OF_OWN_MACHINE: usize = 256;
/// The same for a known browser: a person with several pages.
const MAX_WAITING_OF_DEVICE: usize = 4;
/// When to retry if too many are waiting.
const WAITING_TIME: Duration = Duration::from_secs(2);
/// Live pages and log streams that one token or person may have open.
pub(super) const MAX_FOLLOWED: usize = 64;
/// Downloads that one token or person may have in progress.
pub(super) const MAX_DOWNLOADS: usize = 16;
/// Edits and actions per second from one person's live pages: several drags at once. Any more wait.
const PAGE_EDITS_PER_SECOND: u32 = 120;

/// The header `Retry-After`, in whole seconds: rounded up, so that nobody who obeys it comes back too early.
pub(super) fn retry_after(wait: Duration) -> HeaderValue {
    let up = u64::from(wait.subsec_nanos() > 0);
    HeaderValue::from((wait.as_secs() + up).max(1))
}

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Principal {
    Token(TokenId),
    Person(UserId),
}

/// The source of a password attempt.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    /// Only its address is known.
    Network(Network),
    /// A browser in which someone has signed in to the account before.
    Device(Device),
}

/// Recent requests and mistakes.
pub(super) struct Rates {
    requests: Limiter<Principal>,
    page_edits: Limiter<Principal>,
    followed: Shares<Principal>,
    downloads: Shares<Principal>,
    bad_tokens: Limiter<Network>,
    passwords: Limiter<(AccountDigest, Source)>,
    bad_addresses: Limiter<Network>,
    bad_codes: Limiter<UserId>,
    waiting: Shares<Source>,
}

impl From<&Caller> for Principal {
    fn from(caller: &Caller) -> Self {
        match &caller.by {
            Credential::Token { id, .. } => Self::Token(*id),
            Credential::Session(_) | Credential::Program => Self::Person(caller.user.id),
        }
    }
}

impl Rates {
    pub(super) fn new(requests_per_second: u32) -> Self {
        let per_second = |count: u32| {
            Limiter::new(count.saturating_mul(BURST_SECONDS), Duration::from_secs(BURST_SECONDS.into()))
        };
        Self {
            requests: per_second(requests_per_second),
            page_edits: per_second(PAGE_EDITS_PER_SECOND),
            followed: Shares::default(),
            downloads: Shares::default(),
            bad_tokens: Limiter::new(MAX_BAD_TOKENS, MISTAKE_PERIOD),
            passwords: Limiter::new(MAX_BAD_PASSWORDS, MISTAKE_PERIOD),
            bad_addresses: Limiter::new(MAX_BAD_PASSWORDS_OF_ADDRESS, MISTAKE_PERIOD),
            bad_codes: Limiter::new(MAX_BAD_CODES, BAD_CODE_PERIOD),
            waiting: Shares::default(),
        }
    }

    /// Counts a request to the API.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn request(&self, caller: &Caller) -> Result<(), Duration> {
        self.requests.take(caller.into(), Instant::now())
    }

    /// One more of [`MAX_FOLLOWED`], or `None`.
    pub(super) fn follow(&self, caller: &Caller) -> Option<Share<Principal>> {
        self.followed.take(caller.into(), MAX_FOLLOWED)
    }

    /// One more of [`MAX_DOWNLOADS`], or `None`.
    pub(super) fn download(&self, caller: &Caller) -> Option<Share<Principal>> {
        self.downloads.take(caller.into(), MAX_DOWNLOADS)
    }

    /// Waits until a live page may send one more edit. Refusing it would lose the last value of a fast drag.
    pub(super) async fn page_edit(&self, caller: &Caller) {
        while let Err(wait) = self.page_edits.take(caller.into(), instant()) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Counts an invalid token.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn bad_token(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        self.bad_tokens.take(network(address), Instant::now())
    }

    /// Starts a password attempt, which counts as wrong until [`Try::was_right`]. So simultaneous attempts are limited like
    /// consecutive ones.
    ///
    /// # Errors
    /// How long to wait. This also applies to a correct password, which would otherwise be recognisable.
    pub(super) fn password(&self, account: &str, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        self.attempt(account_digest(account), address)
    }

    /// The same where the browser may be a known one.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn sign_in(
        &self,
        account: &str,
        device: Option<Device>,
        address: Option<IpAddr>,
    ) -> Result<Try<'_>, Duration> {
        match device {
            Some(device) => self.password_at(account, device),
            None => self.password(account, address),
        }
    }

    /// The same in a browser in which that account was signed in before: whatever others try, from the same address or
    /// another, does not count against it.
    fn password_at(&self, account: &str, device: Device) -> Result<Try<'_>, Duration> {
        let source = Source::Device(device);
        let waiting = self.waiting.take(source, MAX_WAITING_OF_DEVICE).ok_or(WAITING_TIME)?;
        let key = (account_digest(account), source);
        self.passwords.take(key, Instant::now())?;
        Ok(Try { rates: self, key, counted: None, _waiting: waiting })
    }

    /// The password again of somebody who is signed in.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn own_password(&self, caller: &Caller) -> Result<Try<'_>, Duration> {
        let account = caller.user.email.as_deref().unwrap_or_default();
        self.sign_in(account, Device::of_session(caller), caller.address)
    }

    /// The same for a link that sets a new password.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn link(&self, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        // not the digest of any e-mail address, as far as anyone can tell
        self.attempt([0; 16], address)
    }

    /// The same for the code of a second factor, which is short.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn code(&self, user: UserId, address: Option<IpAddr>) -> Result<CodeTry<'_>, Duration> {
        self.bad_codes.take(user, Instant::now())?;
        let digest = Sha256::digest(format!("code {user}"));
        match self.attempt(*digest.first_chunk().expect("a SHA-256 has 32 bytes"), address) {
            Ok(attempt) => Ok(CodeTry { user, attempt }),
            Err(wait) => {
                self.bad_codes.give_back(&user);
                Err(wait)
            }
        }
    }

    fn attempt(&self, account: AccountDigest, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        let is_own = address.is_some_and(|address| address.to_canonical().is_loopback());
        let most = if is_own { MAX_WAITING_OF_OWN_MACHINE } else { MAX_WAITING_PASSWORDS };
        let (address, now) = (network(address), Instant::now());
        let source = Source::Network(address);
        let waiting = self.waiting.take(source, most).ok_or(WAITING_TIME)?;
        // an unlisted proxy would represent everyone
        let counted = (!is_own).then_some(address);
        counted.map(|address| self.bad_addresses.take(address, now)).transpose()?;
        let attempt = Try { rates: self, key: (account, source), counted, _waiting: waiting };
        match self.passwords.take(attempt.key, now) {
            Ok(()) => Ok(attempt),
            Err(wait) => {
                // it is not checked, so it says nothing about the address
                attempt.give_back_address();
                Err(wait)
            }
        }
    }
}

/// A password attempt in progress.
#[must_use]
pub(super) struct Try<'a> {
    rates: &'a Rates,
    key: (AccountDigest, Source),
    counted: Option<Network>,
    _waiting: Share<Source>,
}

impl Try<'_> {
    /// It does not count.
    pub(super) fn was_right(self) {
        self.rates.passwords.give_back(&self.key);
        self.give_back_address();
    }

    fn give_back_address(&self) {
        if let Some(address) = &self.counted {
            self.rates.bad_addresses.give_back(address);
        }
    }
}

/// A code attempt in progress.
#[must_use]
pub(super) struct CodeTry<'a> {
    user: UserId,
    attempt: Try<'a>,
}

impl CodeTry<'_> {
    /// It does not count.
    pub(super) fn was_right(self) {
        self.attempt.rates.bad_codes.give_back(&self.user);
        self.attempt.was_right();
    }
}

/// All unknown addresses count as one.
fn network(address: Option<IpAddr>) -> Network {
    address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_wrong_passwords_are_enough_for_an_account_and_an_address() {
        let rates = Rates::new(50);
        let (here, there) = (Some(IpAddr::from([192, 0, 2, 1])), Some(IpAddr::from([192, 0, 2, 2])));
        for _ in 0..10 {
            assert!(rates.password("ann@example.org", here).is_ok());
        }
        assert!(rates.password(" Ann@Example.org ", here).is_err());
        assert!(rates.password("ann@example.org", there).is_ok());
        assert!(rates.password("bob@example.org", here).is_ok());
    }

    #[test]
    fn an_address_that_makes_up_names_is_stopped() {
        let rates = Rates::new(50);
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        let tried = (0..1_000).filter(|n| rates.password(&format!("{n}@example.org"), here).is_ok()).count();
        assert_eq!(tried, 100);
        assert!(rates.password("ann@example.org", Some(IpAddr::from([192, 0, 2, 2]))).is_ok());
    }

    #[test]
    fn who_asks_for_all_turns_at_once_waits() {
        let rates = Rates::new(50);
        let here = Some(IpAddr::from([192, 0, 2, 1]));
        let mut tries: Vec<_> = (0..32).map(|n| rates.password(&format!("{n}@a"), here).unwrap()).collect();
        assert_eq!(rates.password("ann@example.org", here).map(drop), Err(WAITING_TIME));
        tries.pop();
        assert!(rates.password("ann@example.org", here).is_ok());
    }

    #[test]
    fn codes_of_one_account_are_counted_wherever_they_come_from() {
        let rates = Rates::new(50);
        let from = |n: u8| Some(IpAddr::from([192, 0, 2, n]));
        let tried = |user, n| rates.code(UserId(user), from(n)).is_ok();
        assert_eq!((0..20).filter(|_| tried(7, 1)).count(), 10, "from one address");
        assert_eq!((2..100).filter(|n| tried(7, *n)).count(), 20, "from all");
        assert!(tried(8, 1));
        for _ in 0..100 {
            rates.code(UserId(9), None).unwrap().was_right();
        }
    }

    #[test]
    fn right_passwords_do_not_count() {
        let rates = Rates::new(50);
        for _ in 0..100 {
            rates.password("ann@example.org", None).unwrap().was_right();
        }
    }
}
