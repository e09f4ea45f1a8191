//! How often one address may connect, be wrong about keys, and add devices. No sockets, and no clock: time is an argument.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::{
    net::Refusal,
    rate::{Limiter, Network},
};

/// A class of school computers behind one address starts at once: so many seconds' worth of connections may.
const CONNECT_BURST_SECONDS: u32 = 10;
/// The time over which wrong keys are counted.
const BAD_KEY_PERIOD: Duration = Duration::from_secs(5 * 60);
/// The time over which new devices are counted.
const NEW_DEVICE_PERIOD: Duration = Duration::from_secs(60);

/// How often one address may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressLimits {
    /// Connections in a second; ten seconds' worth may come at once.
    pub(crate) connects_per_second: AddressLimit,
    /// Wrong keys in five minutes.
    pub(crate) bad_keys: AddressLimit,
    /// New devices in a minute.
    pub(crate) new_devices: AddressLimit,
}

impl Default for AddressLimits {
    /// Room for a school or an office with hundreds of games behind one address, which all come back at once.
    fn default() -> Self {
        let limit = AddressLimit { count: 100, for_own_machine: false };
        Self {
            connects_per_second: limit,
            bad_keys: limit,
            new_devices: AddressLimit { count: 500, ..limit },
        }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressLimit {
    /// 1 or more.
    pub(crate) count: u32,
    /// Whether it is for this machine's own addresses too, behind which a proxy may speak for everybody.
    pub(crate) for_own_machine: bool,
}

/// Who has connected and who was wrong lately.
pub(crate) struct Admission {
    connects: AddressLimiter,
    bad_keys: AddressLimiter,
    new_devices: AddressLimiter,
}

impl Admission {
    pub(crate) fn new(limits: AddressLimits) -> Self {
        let connects = limits.connects_per_second;
        let burst = connects.count.saturating_mul(CONNECT_BURST_SECONDS);
        let burst_time = Duration::from_secs(CONNECT_BURST_SECONDS.into());
        Self {
            connects: AddressLimiter::new(burst, burst_time, connects.for_own_machine),
            bad_keys: AddressLimiter::new(
                limits.bad_keys.count,
                BAD_KEY_PERIOD,
                limits.bad_keys.for_own_machine,
            ),
            new_devices: AddressLimiter::new(
                limits.new_devices.count,
                NEW_DEVICE_PERIOD,
                limits.new_devices.for_own_machine,
            ),
        }
    }

    /// Notes a connection.
    ///
    /// # Errors
    /// [`Refusal::Rate`] when the address connects too often; that attempt does not count.
    pub(crate) fn admit(&self, address: IpAddr, now: Instant) -> Result<(), Refusal> {
        match self.connects.take(address, now) {
            true => Ok(()),
            false => Err(Refusal::Rate),
        }
    }

    /// Notes a wrong key. Whether the address may go on; otherwise its connection is closed. Others of the same
    /// address, with keys that are right, are left alone.
    pub(crate) fn bad_key(&self, address: IpAddr, now: Instant) -> bool {
        self.bad_keys.take(address, now)
    }

    /// Notes a device that no project has yet. Whether the address may add it; devices that are known come and go as they
    /// like.
    pub(crate) fn new_device(&self, address: IpAddr, now: Instant) -> bool {
        self.new_devices.take(address, now)
    }
}

/// A limiter that this machine's own addresses may be free of.
struct AddressLimiter {
    taken: Limiter<Network>,
    for_own_machine: bool,
}

impl AddressLimiter {
    fn new(count: u32, period: Duration, for_own_machine: bool) -> Self {
        Self { taken: Limiter::new(count, period), for_own_machine }
    }

    fn take(&self, address: IpAddr, now: Instant) -> bool {
        let is_free = !self.for_own_machine && address.to_canonical().is_loopback();
        is_free || self.taken.take(address.into(), now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(count: u32) -> AddressLimit {
        AddressLimit { count, for_own_machine: true }
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
    fn this_machine_is_limited_only_if_somebody_says_so() {
        let now = Instant::now();
        let free = Admission::new(AddressLimits::default());
        for own in ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"].map(address) {
            assert_eq!(admitted(&free, own, 1_000, now), 1_000);
            assert!((0..1_000).all(|_| free.bad_key(own, now)));
            assert!((0..1_000).all(|_| free.new_device(own, now)));
            assert_eq!(admitted(&admission(1, 1), own, 1_000, now), 10);
        }
        assert_eq!(admitted(&free, address("192.0.2.1"), 10_000, now), 1_000);
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
