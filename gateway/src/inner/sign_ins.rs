//! Who is signing in: between the password and the code.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use protocol::model::{UnixMicros, UserId};

use crate::{
    clock::in_microseconds,
    secrets::{digest, random_token},
    store::TokenHash,
};

/// How long somebody may take between the password and the code.
const PATIENCE_MICROS: i64 = in_microseconds(5 * 60);
/// Wrong codes after one right password.
const MAX_WRONG_CODES: u32 = 5;
/// People who are between the two; each has given a right password.
const MAX_BEGUN: usize = 4096;

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

    pub(crate) fn begin(&self, user: UserId, now: UnixMicros) -> String {
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

    pub(crate) fn user_of(&self, begun: &TokenHash, now: UnixMicros) -> Option<UserId> {
        let all = self.all();
        let begun = all.get(begun).filter(|begun| now < begun.expires_at)?;
        (begun.wrong_codes < MAX_WRONG_CODES).then_some(begun.user)
    }

    /// Counts a code as wrong before it is looked at: of those that come at once no more are looked at.
    pub(crate) fn try_code(&self, begun: &TokenHash, now: UnixMicros) -> Option<UserId> {
        let user = self.user_of(begun, now)?;
        self.all().get_mut(begun)?.wrong_codes += 1;
        Some(user)
    }

    /// Whether it was still there.
    pub(crate) fn end(&self, begun: &TokenHash) -> bool {
        self.all().remove(begun).is_some()
    }

    /// The password by which they began counts no more.
    pub(crate) fn forget(&self, user: UserId) {
        self.all().retain(|_, begun| begun.user != user);
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
