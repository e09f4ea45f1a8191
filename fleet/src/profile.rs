//! Who plays: which kind of device it is, which build it runs, and how it is doing.

use fastrand::Rng;

/// How a device is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// One player, few events.
    Calm,
    /// Many players who come and go.
    Busy,
    /// Crashes now and then, and returns.
    Shaky,
}

/// A kind of device.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) name: &'static str,
    /// What people call such a device.
    noun: &'static str,
    /// Time for an empty frame, in milliseconds.
    pub(crate) base_ms: f64,
    /// Time for each enemy, in milliseconds.
    pub(crate) enemy_ms: f64,
    /// The display's frames per second.
    pub(crate) refresh: f64,
    /// Whether it has a small graphics processor, which limits quality and resolution.
    pub(crate) is_mobile: bool,
}

static PLATFORMS: [Platform; 6] = [
    Platform::new("windows 11", "desktop", (4.0, 0.18), 120.0, false),
    Platform::new("android 15", "phone", (11.0, 0.55), 60.0, true),
    Platform::new("ios 18", "tablet", (9.0, 0.4), 60.0, true),
    Platform::new("steamos 3", "handheld", (8.0, 0.35), 60.0, false),
    Platform::new("linux", "workstation", (5.0, 0.2), 144.0, false),
    Platform::new("playstation 5", "console", (7.0, 0.25), 60.0, false),
];

const OWNERS: [&str; 8] = ["QA", "Studio", "Playtest", "Art", "Level design", "Lobby", "Audio", "Support"];

/// The older build is on most devices.
const BUILDS: [&str; 4] = [OLD_BUILD, OLD_BUILD, "1.5.0-rc1", "1.5.0-dev"];

/// The build that lacks what newer ones have.
pub(crate) const OLD_BUILD: &str = "1.4.2";

const MOODS: [Mood; 6] = [Mood::Calm, Mood::Busy, Mood::Calm, Mood::Calm, Mood::Shaky, Mood::Busy];

/// One device of the fleet.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The same for one index, so that a server recognises the device.
    pub(crate) device: String,
    pub(crate) name: String,
    pub(crate) platform: &'static Platform,
    pub(crate) build: &'static str,
    pub(crate) mood: Mood,
}

impl Platform {
    const fn new(
        name: &'static str,
        noun: &'static str,
        (base_ms, enemy_ms): (f64, f64),
        refresh: f64,
        is_mobile: bool,
    ) -> Self {
        Self { name, noun, base_ms, enemy_ms, refresh, is_mobile }
    }
}

impl Profile {
    /// The device with this index, from 0. Kinds and moods take turns, so that a small fleet has all of them.
    pub(crate) fn choose(index: usize, rng: &mut Rng) -> Self {
        let platform = &PLATFORMS[index % PLATFORMS.len()];
        let round = index / PLATFORMS.len();
        let owner = OWNERS[(index + round) % OWNERS.len()];
        let number = index / OWNERS.len() + 1;
        Self {
            device: format!("demo-{:03}", index + 1),
            name: format!("{owner} {} {number}", platform.noun),
            platform,
            build: BUILDS[rng.usize(..BUILDS.len())],
            // the moods move on by one each round, so that phones are not the only busy ones
            mood: MOODS[(index + round) % MOODS.len()],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::MAX_DEVICES;

    #[test]
    fn a_dozen_devices_have_every_kind_and_every_mood() {
        let profile: Vec<Profile> =
            (0..12).map(|index| Profile::choose(index, &mut Rng::with_seed(1))).collect();
        let platforms: BTreeSet<_> = profile.iter().map(|profile| profile.platform.name).collect();
        assert_eq!(platforms.len(), PLATFORMS.len());
        for mood in [Mood::Calm, Mood::Busy, Mood::Shaky] {
            assert!(profile.iter().any(|profile| profile.mood == mood), "{mood:?}");
        }
    }

    #[test]
    fn no_two_devices_are_the_same() {
        let mut rng = Rng::with_seed(3);
        let profile: Vec<Profile> = (0..MAX_DEVICES).map(|index| Profile::choose(index, &mut rng)).collect();
        let devices: BTreeSet<_> = profile.iter().map(|profile| &profile.device).collect();
        let names: BTreeSet<_> = profile.iter().map(|profile| &profile.name).collect();
        assert_eq!((devices.len(), names.len()), (MAX_DEVICES, MAX_DEVICES));
    }
}
