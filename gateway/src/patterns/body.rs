//! What is counted of a pattern: by time, by device and by build, each of them bounded.

use std::collections::{BTreeMap, BTreeSet};

use protocol::model::{DeviceId, UnixMicros};
use serde::{Deserialize, Serialize};

/// Length of the small slots.
pub(super) const HOUR: i64 = 3_600_000_000;
/// Length of the large slots.
pub(super) const DAY: i64 = 24 * HOUR;
/// Hours before the last one that are counted each for themselves: a week, and the day that a bar may begin in.
const HOURS: i64 = 8 * 24;
/// Days that are counted; what is older is forgotten.
const MAX_DAYS: usize = 400;
/// Devices that are counted.
const MAX_DEVICES: usize = 256;
/// Builds that are remembered: those that were seen last.
const MAX_BUILDS: usize = 8;

/// A few kilobytes at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Body {
    /// Lines by the hour since 1970.
    hours: BTreeMap<i64, u64>,
    /// Lines of earlier hours, by the day since 1970.
    days: BTreeMap<i64, u64>,
    devices: BTreeSet<i64>,
    has_more_devices: bool,
    /// With the time at which each was seen last.
    builds: BTreeMap<String, i64>,
    has_more_builds: bool,
    /// A line came from a device whose build at that time is not known.
    has_unknown_build: bool,
}

impl Body {
    /// From what was stored; `None`: it is not readable.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    pub(super) fn write(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a vector has room")
    }

    /// Counts a line.
    pub(super) fn add(&mut self, received: UnixMicros, device: DeviceId, build: Option<&str>) {
        let hour = received.0.div_euclid(HOUR);
        *self.hours.entry(hour).or_default() += 1;
        if !self.devices.contains(&device.0) {
            if self.devices.len() < MAX_DEVICES {
                self.devices.insert(device.0);
            } else {
                self.has_more_devices = true;
            }
        }
        match build {
            Some(build) => self.add_build(build, received.0),
            None => self.has_unknown_build = true,
        }
        self.roll_up();
    }

    fn add_build(&mut self, build: &str, received: i64) {
        match self.builds.get_mut(build) {
            Some(last) => *last = received.max(*last),
            None => {
                self.builds.insert(build.to_owned(), received);
            }
        }
        if self.builds.len() > MAX_BUILDS {
            let oldest = self.builds.iter().min_by_key(|(_, last)| **last).map(|(build, _)| build.clone());
            self.builds.remove(&oldest.unwrap_or_default());
            self.has_more_builds = true;
        }
    }

    /// Makes days of hours that are long past.
    fn roll_up(&mut self) {
        let last = self.hours.last_key_value().map_or(0, |(hour, _)| *hour);
        while let Some((hour, count)) = self.hours.pop_first() {
            if hour >= last - HOURS {
                self.hours.insert(hour, count);
                break;
            }
            *self.days.entry((hour * HOUR).div_euclid(DAY)).or_default() += count;
        }
        while self.days.len() > MAX_DAYS {
            self.days.pop_first();
        }
    }

    /// When each slot begins, and its lines.
    pub(super) fn slots(&self) -> impl Iterator<Item = (UnixMicros, u64)> {
        let days = self.days.iter().map(|(day, count)| (UnixMicros(day * DAY), *count));
        days.chain(self.hours.iter().map(|(hour, count)| (UnixMicros(hour * HOUR), *count)))
    }

    /// All lines.
    pub(super) fn count(&self) -> u64 {
        self.slots().map(|(_, count)| count).sum()
    }

    /// Forgets the lines of days before the one that has this time.
    pub(super) fn forget_before(&mut self, oldest: UnixMicros) {
        let day = oldest.0.div_euclid(DAY);
        self.days = self.days.split_off(&day);
        self.hours = self.hours.split_off(&(day * DAY / HOUR));
    }

    pub(super) fn devices(&self) -> (usize, bool) {
        (self.devices.len(), self.has_more_devices)
    }

    /// The one that was seen last first.
    pub(super) fn builds(&self) -> Vec<String> {
        let mut builds: Vec<_> = self.builds.iter().collect();
        builds.sort_by_key(|(_, last)| std::cmp::Reverse(**last));
        builds.into_iter().map(|(build, _)| build.clone()).collect()
    }

    /// Whether every line came from this build.
    pub(super) fn is_of(&self, build: &str) -> bool {
        let is_alone = !self.has_more_builds && !self.has_unknown_build && self.builds.len() == 1;
        is_alone && self.builds.contains_key(build)
    }

    /// Takes over who sent lines that another one counts; the counts stay.
    pub(super) fn learn_senders(&mut self, other: Self) {
        let Self { devices, has_more_devices, builds, has_more_builds, has_unknown_build, .. } = other;
        (self.devices, self.has_more_devices) = (devices, has_more_devices);
        (self.builds, self.has_more_builds, self.has_unknown_build) =
            (builds, has_more_builds, has_unknown_build);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In the middle of that hour of that day.
    fn at(day: i64, hour: i64) -> UnixMicros {
        UnixMicros(day * DAY + hour * HOUR + HOUR / 2)
    }

    fn body(lines: &[(i64, i64)]) -> Body {
        let mut body = Body::default();
        for (day, hour) in lines {
            body.add(at(*day, *hour), DeviceId(1), None);
        }
        body
    }

    #[test]
    fn old_hours_become_days_and_nothing_is_lost() {
        let lines: Vec<(i64, i64)> = (0..30).flat_map(|day| (0..24).map(move |hour| (day, hour))).collect();
        let body = body(&lines);
        assert_eq!(body.count(), 720);
        let slots: Vec<_> = body.slots().collect();
        // days 0 to 20 are whole, day 21 has one hour that is too long ago, and the rest are hours
        assert_eq!(slots[0], (UnixMicros(0), 24));
        assert_eq!(slots[21], (UnixMicros(21 * DAY), 23));
        assert_eq!(slots[22], (UnixMicros(21 * DAY + 23 * HOUR), 1));
        assert_eq!(slots.len(), 22 + 193);
    }

    #[test]
    fn a_line_of_long_ago_that_comes_late_is_counted_in_its_day() {
        let body = body(&[(30, 5), (3, 7), (30, 6)]);
        let slots: Vec<_> = body.slots().map(|(start, count)| (start.0 / HOUR, count)).collect();
        assert_eq!(slots, [(3 * 24, 1), (30 * 24 + 5, 1), (30 * 24 + 6, 1)]);
    }

    #[test]
    fn what_is_forgotten_is_whole_days() {
        let mut body = body(&[(1, 1), (20, 3), (20, 9), (21, 0)]);
        body.forget_before(at(20, 8));
        assert_eq!(body.count(), 3);
        body.forget_before(at(21, 0));
        assert_eq!(body.count(), 1);
        body.forget_before(at(22, 0));
        assert_eq!(body.count(), 0);
    }

    #[test]
    fn a_body_is_bounded_and_comes_back_from_its_bytes() {
        let mut body = Body::default();
        for n in 0..3_000 {
            let build = format!("{n:0>128}");
            body.add(at(n, n % 24), DeviceId(i64::MAX - n), Some(&build));
            body.add(at(n, n % 23), DeviceId(i64::MAX - n), None);
        }
        let bytes = body.write();
        assert!(bytes.len() < 8_000, "{}", bytes.len());
        assert_eq!(Body::read(&bytes), Some(body.clone()));
        assert_eq!((body.devices(), body.builds().len()), ((MAX_DEVICES, true), MAX_BUILDS));
        assert_eq!(body.builds()[0], format!("{:0>128}", 2_999));
        assert_eq!(Body::read(b"\xff"), None);
    }

    #[test]
    fn it_is_of_a_build_that_alone_sent_it() {
        let mut body = Body::default();
        assert!(!body.is_of("2"));
        body.add(at(1, 1), DeviceId(1), Some("2"));
        assert!(body.is_of("2") && !body.is_of("1"));
        let mut with_another = body.clone();
        with_another.add(at(1, 2), DeviceId(1), Some("1"));
        assert!(!with_another.is_of("2"));
        body.add(at(1, 2), DeviceId(1), None);
        assert!(!body.is_of("2"), "nobody knows");
    }
}
