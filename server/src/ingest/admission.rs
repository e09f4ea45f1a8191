//! Rate limits of the game port: connections, wrong keys, new devices and new sessions per address, and new sessions per key.
//! No sockets, no clock: time is an argument.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use protocol::model::Key;

use crate::{
    net::Refusal,
    rate::{Limiter, Network},
};

/// Burst of connections, in seconds' worth: a class of school computers starts at once.
const CONNECT_BURST_SECONDS: u32 = 10;
/// The time over which wrong keys are counted.
const BAD_KEY_PERIOD: Duration = Duration::from_secs(5 * 60);
/// The time over which new devices are counted.
const NEW_DEVICE_PERIOD: Duration = Duration::from_secs(60);
/// Burst of new sessions, in minutes' worth: a whole day's players may return at once.
const SESSION_BURST_MINUTES: u32 = 10;

/// Rate limits for one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressLimits {
    /// Connections per second, with bursts of ten seconds' worth.
    pub(crate) connects_per_second: AddressLimit,
    /// Wrong keys in five minutes.
    pub(crate) bad_keys: AddressLimit,
    /// New devices in a minute.
    pub(crate) new_devices: AddressLimit,
    /// New sessions per minute, with bursts of ten minutes' worth.
    pub(crate) new_sessions: AddressLimit,
    /// The same for all games with one key.
    pub(crate) new_sessions_per_key: u32,
}

impl Default for AddressLimits {
    /// Enough for a school or an office with hundreds of games behind one address that all reconnect at once. This machine gets
    /// much more, because a proxy there may represent everyone, but must not bypass all limits.
    fn default() -> Self {
        Self {
            connects_per_second: AddressLimit { count: 100, own_machine: 5_000 },
            bad_keys: AddressLimit { count: 100, own_machine: 10_000 },
            new_devices: AddressLimit { count: 500, own_machine: 50_000 },
            new_sessions: AddressLimit { count: 500, own_machine: 5_000 },
            new_sessions_per_key: 10_000,
        }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressLimit {
    /// 1 or more.
    pub(crate) count: u32,
    /// The same for each of this machine's own addresses.
    pub(crate) own_machine: u32,
}

impl AddressLimit {
    /// The same for every address.
    pub(crate) fn of_all(count: u32) -> Self {
        Self { count, own_machine: count }
    }

    fn times(self, factor: u32) -> Self {
        let Self { count, own_machine } = self;
        Self { count: count.saturating_mul(factor), own_machine: own_machine.saturating_mul(factor) }
    }
}

/// Recent connections, wrong keys, new devices and sessions.
pub(crate) struct Admission {
    connects: AddressLimiter,
    bad_keys: AddressLimiter,
    new_devices: AddressLimiter,
    new_sessions: AddressLimiter,
    new_sessions_of_keys: Limiter<Key>,
}

impl Admission {
    pub(crate) fn new(limits: AddressLimits) -> Self {
        let burst = limits.connects_per_second.times(CONNECT_BURST_SECONDS);
        let burst_time = Duration::from_secs(CONNECT_BURST_SECONDS.into());
        let sessions = limits.new_sessions.times(SESSION_BURST_MINUTES);
        let session_time = Duration::from_secs(60 * u64::from(SESSION_BURST_MINUTES));
        let of_keys = limits.new_sessions_per_key.saturating_mul(SESSION_BURST_MINUTES);
        Self {
            connects: AddressLimiter::new(burst, burst_time),
            bad_keys: AddressLimiter::new(limits.bad_keys, BAD_KEY_PERIOD),
            new_devices: AddressLimiter::new(limits.new_devices, NEW_DEVICE_PERIOD),
            new_sessions: AddressLimiter::new(sessions, session_time),
            new_sessions_of_keys: Limiter::new(of_keys, session_time),
        }
    }

    /// Notes a connection.
    ///
    /// # Errors
    /// [`Refusal::Rate`] if the address connects too often; this attempt does not count.
    pub(crate) fn admit(&self, address: IpAddr, now: Instant) -> Result<(), Refusal> {
        if self.connects.take(address, now) { Ok(()) } else { Err(Refusal::Rate) }
    }

    /// Counts a wrong key. Returns whether the connection may continue. Connections from the same address with valid keys are not
    /// affected.
    pub(crate) fn bad_key(&self, address: IpAddr, now: Instant) -> bool {
        self.bad_keys.take(address, now)
    }

    /// Counts a new device. Returns whether the address may add it. Known devices are not limited.
    pub(crate) fn new_device(&self, address: IpAddr, now: Instant) -> bool {
        self.new_devices.take(address, now)
    }

    /// Counts a session that may be new. Returns whether the address, and the key if it is known, may start one. If the session
    /// turns out to be known, [give it back](Admission::known_session).
    pub(crate) fn new_session(&self, address: IpAddr, key: Option<Key>, now: Instant) -> bool {
        if !self.new_sessions.take(address, now) {
            return false;
        }
        let of_key = key.is_none_or(|key| self.new_sessions_of_keys.take(key, now).is_ok());
        if !of_key {
            self.known_session(address, None);
        }
        of_key
    }

    /// Counts a new session for a key that was not known before.
    pub(crate) fn note_session_of(&self, key: Key, now: Instant) {
        // one too many costs nobody anything but the next one
        let _may_be_full = self.new_sessions_of_keys.take(key, now);
    }

    /// Gives a session back: it was not new, or was not started.
    pub(crate) fn known_session(&self, address: IpAddr, key: Option<Key>) {
        self.new_sessions.of(address).give_back(&address.into());
        if let Some(key) = key {
            self.new_sessions_of_keys.give_back(&key);
        }
    }
}

/// A limiter with higher limits for this machine's own addresses.
struct AddressLimiter {
    others: Limiter<Network>,
    own_machine: Limiter<Network>,
}

impl AddressLimiter {
    fn new(limit: AddressLimit, period: Duration) -> Self {
        let AddressLimit { count, own_machine } = limit;
        Self { others: Limiter::new(count, period), own_machine: Limiter::new(own_machine, period) }
    }

    fn take(&self, address: IpAddr, now: Instant) -> bool {
        self.of(address).take(address.into(), now).is_ok()
    }

    fn of(&self, address: IpAddr) -> &Limiter<Network> {
        if address.to_canonical().is_loopback() { &self.own_machine } else { &self.others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(count: u32) -> AddressLimit {
        AddressLimit::of_all(count)
    }

    fn admission(connects_per_second: u32, bad_keys: u32) -> Admission {
        Admission::new(AddressLimits {
            connects_per_second: limit(connects_per_second),
            bad_keys: limit(bad_keys),
            ..AddressLimits::default()
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn admitted(admission: &Admission, from: IpAddr, tries: u32, now: Instant) -> u32 {
        (0..tries).map(|_| u32::from(admission.admit(from, now).is_ok())).sum()
    }

    #[test]
    fn ten_seconds_worth_may_come_at_once_and_one_more_may_not() {
        let (school, now) = (address("192.0.2.1"), Instant::now());
        for per_second in [1, 7, 100, 10_000] {
            let admission = admission(per_second, 1);
            assert_eq!(admitted(&admission, school, per_second * 10, now), per_second * 10);
            assert_eq!(admission.admit(school, now), Err(Refusal::Rate));
            // who is next door is not concerned
            assert_eq!(admission.admit(address("192.0.2.2"), now), Ok(()));
        }
    }

    #[test]
    fn an_address_gets_as_many_a_second_as_the_limit_says() {
        let (admission, school, start) = (admission(50, 1), address("192.0.2.1"), Instant::now());
        assert_eq!(admitted(&admission, school, 10_000, start), 500);
        for second in 1..20 {
            let now = start + Duration::from_secs(second);
            assert_eq!(admitted(&admission, school, 1_000, now), 50, "in second {second}");
        }
        // and a rest fills it again, but not beyond the burst
        let later = start + Duration::from_secs(3_600);
        assert_eq!(admitted(&admission, school, 10_000, later), 500);
    }

    #[test]
    fn refused_tries_do_not_put_off_the_next() {
        let (admission, school, start) = (admission(1, 1), address("192.0.2.1"), Instant::now());
        assert_eq!(admitted(&admission, school, 100_000, start), 10);
        assert_eq!(admission.admit(school, start + Duration::from_millis(999)), Err(Refusal::Rate));
        assert_eq!(admission.admit(school, start + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn wrong_keys_are_counted_over_five_minutes_and_by_themselves() {
        let (admission, peer, start) = (admission(1, 100), address("192.0.2.1"), Instant::now());
        assert!((0..100).all(|_| admission.bad_key(peer, start)));
        assert!(!admission.bad_key(peer, start));
        assert_eq!(admission.admit(peer, start), Ok(()));
        assert!(!admission.bad_key(peer, start + Duration::from_millis(2_999)));
        assert!(admission.bad_key(peer, start + Duration::from_secs(3)));
        let later = start + BAD_KEY_PERIOD + Duration::from_secs(3);
        assert!((0..100).all(|_| admission.bad_key(peer, later)));
        assert!(!admission.bad_key(peer, later));
    }

    #[test]
    fn new_devices_are_counted_over_a_minute_and_by_themselves() {
        let new_devices = limit(60);
        let admission = Admission::new(AddressLimits { new_devices, ..AddressLimits::default() });
        let (school, start) = (address("192.0.2.1"), Instant::now());
        assert!((0..60).all(|_| admission.new_device(school, start)));
        assert!(!admission.new_device(school, start));
        assert!(admission.new_device(address("192.0.2.2"), start));
        assert_eq!(admission.admit(school, start), Ok(()));
        assert!(!admission.new_device(school, start + Duration::from_millis(999)));
        assert!(admission.new_device(school, start + Duration::from_secs(1)));
        let later = start + 2 * NEW_DEVICE_PERIOD;
        assert!((0..60).all(|_| admission.new_device(school, later)));
        assert!(!admission.new_device(school, later));
    }

    #[test]
    fn an_ipv6_network_is_one_address_and_ipv4_is_ipv4_in_every_spelling() {
        let now = Instant::now();
        for (one, same, other) in [
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::1"),
            ("192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ] {
            let admission = admission(1, 1);
            assert_eq!(admitted(&admission, address(one), 10, now), 10);
            assert_eq!(admission.admit(address(same), now), Err(Refusal::Rate), "{one} {same}");
            assert_eq!(admission.admit(address(other), now), Ok(()), "{one} {other}");
        }
    }

    #[test]
    fn a_session_that_is_known_costs_nothing_and_a_key_has_its_own_share() {
        let now = Instant::now();
        let admission = Admission::new(AddressLimits {
            new_sessions: limit(3),
            new_sessions_per_key: 4,
            ..AddressLimits::default()
        });
        let (here, there) = (address("192.0.2.1"), address("192.0.2.2"));
        let keys = ["0123456789ab", "ba9876543210"].map(|key| Some(key.parse().unwrap()));
        let begun = |from, key, tries| {
            (0..tries).map(|_| u32::from(admission.new_session(from, key, now))).sum::<u32>()
        };
        for _ in 0..1_000 {
            assert!(admission.new_session(here, keys[0], now));
            admission.known_session(here, keys[0]);
        }
        assert_eq!(begun(here, keys[0], 1_000), 30, "ten minutes' worth at once");
        // who comes from elsewhere has what is left of the key's, and what the key is refused is not taken from the address
        assert_eq!(begun(there, keys[0], 1_000), 10);
        assert_eq!(begun(there, keys[1], 1_000), 20);
        let later = now + Duration::from_secs(20);
        assert!(admission.new_session(here, keys[1], later) && !admission.new_session(here, keys[1], later));
    }

    #[test]
    fn this_machine_has_more_than_others_unless_somebody_says_otherwise() {
        let now = Instant::now();
        let free = Admission::new(AddressLimits::default());
        for own in ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"].map(address) {
            assert_eq!(admitted(&free, own, 1_000, now), 1_000);
            assert!((0..1_000).all(|_| free.bad_key(own, now)));
            assert!((0..1_000).all(|_| free.new_device(own, now)));
            assert_eq!(admitted(&admission(1, 1), own, 1_000, now), 10);
        }
        assert_eq!(admitted(&free, address("192.0.2.1"), 10_000, now), 1_000);
        assert_eq!(admitted(&free, address("127.0.0.2"), 100_000, now), 50_000);
    }

    #[test]
    fn a_clock_that_stands_still_or_jumps_back_refuses_nobody_for_long() {
        let (admission, school) = (admission(1, 1), address("192.0.2.1"));
        let now = Instant::now() + Duration::from_secs(60);
        assert_eq!(admitted(&admission, school, 100, now), 10);
        assert_eq!(admission.admit(school, now - Duration::from_secs(30)), Err(Refusal::Rate));
        assert_eq!(admission.admit(school, now + Duration::from_secs(1)), Ok(()));
    }
}
