//! Browsers in which someone has signed in before. Each has a cookie that says so for that account, signed by this instance. It
//! grants no access, but its failed attempts are counted separately, so others who guess from the same address, or behind the
//! same proxy, can't lock its owner out. OWASP calls these device cookies.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use gateway::{Caller, Credential};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Included in the signature, so that the key can be used for other purposes, too.
const PURPOSE: &[u8] = b"observerio device";

/// The digest of an e-mail address, whether or not it has an account.
pub(super) type AccountDigest = [u8; 16];

/// A known browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Device([u8; 16]);

/// The key that signs.
pub(crate) struct DeviceKey(Hmac<Sha256>);

/// The digest of an e-mail address as typed.
pub(super) fn account_digest(email: &str) -> AccountDigest {
    let digest = Sha256::digest(email.trim().to_lowercase());
    *digest.first_chunk().expect("a SHA-256 has 32 bytes")
}

impl DeviceKey {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::new_from_slice(key).expect("a key of any length will do"))
    }

    fn mac(&self, account: &AccountDigest, device: &Device) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in [PURPOSE, account, &device.0] {
            mac.update(part);
        }
        mac
    }

    /// The cookie for a browser in which someone has just signed in to the account.
    pub(super) fn issue(&self, account: &AccountDigest) -> String {
        let mut device = Device([0; 16]);
        getrandom::fill(&mut device.0).expect("the operating system always has randomness");
        let signature = self.mac(account, &device).finalize().into_bytes();
        URL_SAFE_NO_PAD.encode([&device.0[..], &signature].concat())
    }

    /// The browser of a cookie; `None` if it was not issued for this account.
    pub(super) fn read(&self, account: &AccountDigest, kept: &str) -> Option<Device> {
        let bytes = URL_SAFE_NO_PAD.decode(kept).ok()?;
        let (device, signature) = bytes.split_first_chunk()?;
        let device = Device(*device);
        self.mac(account, &device).verify_slice(signature).ok().map(|()| device)
    }
}

impl Device {
    /// The browser of a session, which is known, too.
    pub(super) fn of_session(caller: &Caller) -> Option<Self> {
        match &caller.by {
            Credential::Session(hash) => hash.first_chunk().copied().map(Self),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_the_account_that_signed_in_there() {
        let key = DeviceKey::new(&[7; 32]);
        let (ann, ben) = (account_digest(" Ann@Example.org"), account_digest("ben@example.org"));
        let kept = key.issue(&ann);
        let device = key.read(&account_digest("ann@example.org"), &kept);
        assert!(device.is_some());
        assert_eq!(key.read(&ann, &kept), device);
        assert_ne!(key.read(&ann, &key.issue(&ann)), device, "each is one of its own");
        assert_eq!(key.read(&ben, &kept), None);
        assert_eq!(DeviceKey::new(&[8; 32]).read(&ann, &kept), None);
    }

    #[test]
    fn nobody_makes_one_up() {
        let key = DeviceKey::new(&[7; 32]);
        let ann = account_digest("ann@example.org");
        let kept = key.issue(&ann);
        let bytes = URL_SAFE_NO_PAD.decode(&kept).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(key.read(&ann, &URL_SAFE_NO_PAD.encode(changed)), None, "byte {at}");
        }
        for wrong in ["", "x", "=", &kept[..kept.len() - 2], &format!("{kept}AA"), &"A".repeat(64)] {
            assert_eq!(key.read(&ann, wrong), None, "{wrong}");
        }
    }
}
