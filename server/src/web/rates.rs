//! How often scripts may ask, and how often anybody may be wrong about a token or a password.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use gateway::{Caller, Credential};
use protocol::model::{TokenId, UserId};
use sha2::{Digest as _, Sha256};

use crate::rate::{Limiter, Network};

/// So many seconds' worth of requests may come at once.
const BURST_SECONDS: u32 = 4;
/// The time over which mistakes are counted.
const MISTAKE_PERIOD: Duration = Duration::from_secs(5 * 60);
/// Wrong tokens of one address in that time. A right one is always taken: it can't be guessed, and others may share the
/// address.
const MAX_BAD_TOKENS: u32 = 20;
/// Wrong passwords of one account from one address in that time.
const MAX_BAD_PASSWORDS: u32 = 10;

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Asker {
    Token(TokenId),
    Person(UserId),
}

/// Of an e-mail, whether or not anybody has it.
type AccountDigest = [u8; 16];

/// Who has asked and who was wrong lately.
pub(super) struct Rates {
    requests: Limiter<Asker>,
    bad_tokens: Limiter<Network>,
    passwords: Limiter<(AccountDigest, Network)>,
}

impl Rates {
    pub(super) fn new(requests_per_second: u32) -> Self {
        let burst = requests_per_second.saturating_mul(BURST_SECONDS);
        Self {
            requests: Limiter::new(burst, Duration::from_secs(BURST_SECONDS.into())),
            bad_tokens: Limiter::new(MAX_BAD_TOKENS, MISTAKE_PERIOD),
            passwords: Limiter::new(MAX_BAD_PASSWORDS, MISTAKE_PERIOD),
        }
    }

    /// Notes a request to the API.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn request(&self, caller: &Caller) -> Result<(), Duration> {
        let asker = match &caller.by {
            Credential::Token { id, .. } => Asker::Token(*id),
            Credential::Session(_) | Credential::Program => Asker::Person(caller.user.id),
        };
        self.requests.take(asker, Instant::now())
    }

    /// Notes a wrong token.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn bad_token(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        self.bad_tokens.take(network(address), Instant::now())
    }

    /// Begins to try a password: it counts as wrong until [`Try::was_right`]. Of tries that come at once, no more are let
    /// through than of those that come one by one.
    ///
    /// # Errors
    /// How long to wait; also for whoever has the right password, or he could be told by that.
    pub(super) fn password(&self, account: &str, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        let digest = Sha256::digest(account.trim().to_lowercase());
        self.attempt(*digest.first_chunk().expect("a SHA-256 has 32 bytes"), address)
    }

    /// The same for a link that sets a new password.
    ///
    /// # Errors
    /// How long to wait.
    pub(super) fn link(&self, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        // the digest of no e-mail, as far as anybody can tell
        self.attempt([0; 16], address)
    }

    fn attempt(&self, account: AccountDigest, address: Option<IpAddr>) -> Result<Try<'_>, Duration> {
        let key = (account, network(address));
        self.passwords.take(key, Instant::now())?;
        Ok(Try { rates: self, key })
    }
}

/// A password that is being tried.
#[must_use]
pub(super) struct Try<'a> {
    rates: &'a Rates,
    key: (AccountDigest, Network),
}

impl Try<'_> {
    /// It does not count.
    pub(super) fn was_right(self) {
        self.rates.passwords.give_back(&self.key);
    }
}

/// Those whose address nobody knows count as one.
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
    fn right_passwords_do_not_count() {
        let rates = Rates::new(50);
        for _ in 0..100 {
            rates.password("ann@example.org", None).unwrap().was_right();
        }
    }
}
