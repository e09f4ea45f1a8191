//! Who the game is, and how much it may take.

use std::{
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    time::Duration,
};

use protocol::{limits, model::Key};

/// What a session needs to know. Everything but the key has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The project's key.
    pub(crate) key: Key,
    pub(crate) device: Option<String>,
    pub(crate) session: u128,
    pub(crate) name: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) outbox_bytes: usize,
    pub(crate) report_every: Duration,
    pub(crate) measure_every: Duration,
    pub(crate) values_in: Option<PathBuf>,
    pub(crate) outbox_in: Option<PathBuf>,
}

impl Settings {
    /// A game with this key.
    pub fn new(key: Key) -> Self {
        // the standard library's own randomness, which it draws from the system
        let random = || u128::from(RandomState::new().hash_one(0));
        Self {
            key,
            device: None,
            session: random() << 64 | random(),
            name: None,
            app: None,
            platform: Some(std::env::consts::OS.to_owned()),
            outbox_bytes: 1024 * 1024,
            report_every: Duration::from_millis(100),
            measure_every: Duration::from_micros(16_667),
            values_in: None,
            outbox_in: None,
        }
    }

    /// Names this start of the game, and seeds its waiting times. Default: random.
    pub fn session(mut self, session: u128) -> Self {
        self.session = session;
        self
    }

    /// What stays the same for one installation of the game, at most 128 bytes: by it people know a device again.
    pub fn device(mut self, device: impl Into<String>) -> Self {
        self.device = short(device.into());
        self
    }

    /// What people read in place of the device, such as "Ana's phone".
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = short(name.into());
        self
    }

    /// The game's own version.
    pub fn app(mut self, version: impl Into<String>) -> Self {
        self.app = short(version.into());
        self
    }

    /// Such as "android 15".
    pub fn platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = short(platform.into());
        self
    }

    /// How much log may wait to be stored, in bytes. Default: 1 MiB.
    pub fn outbox_bytes(mut self, bytes: usize) -> Self {
        self.outbox_bytes = bytes;
        self
    }

    /// Values that change are told at most so often. Default: every 100 ms.
    pub fn report_every(mut self, time: Duration) -> Self {
        self.report_every = time;
        self
    }

    /// Measurements that change are told at most so often. Default: 60 times a second.
    pub fn measure_every(mut self, time: Duration) -> Self {
        self.measure_every = time;
        self
    }

    /// Keeps the values that people set and the game took in a file of this folder, which is created if need be: a start
    /// without a server begins with them instead of those of the code. Default: nowhere.
    ///
    /// [`Game::new`](crate::Game::new) reads the file, and the owner of the driver writes it, at most once a second. A file
    /// that can't be read or written is [counted](crate::Stats::disk_errors), and the game goes on without it.
    pub fn values_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.values_in = Some(folder.into());
        self
    }

    /// Keeps what is not stored yet in a file of this folder, too, which is created if need be: what a killed game had
    /// logged a few milliseconds before is sent by its next start, and stored once. Default: in memory only.
    ///
    /// The next start continues the session of the one before, whatever [`Settings::session`] says. Of two processes that
    /// run at the same time only the first one has the file. It takes about twice [`Settings::outbox_bytes`]. What was just
    /// logged when the power fails may be lost, or stored twice.
    pub fn outbox_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.outbox_in = Some(folder.into());
        self
    }

    pub(crate) fn seed(&self) -> u64 {
        (self.session ^ (self.session >> 64)) as u64
    }
}

/// What a server takes: without control characters, and not too long.
fn short(mut text: String) -> Option<String> {
    text.retain(|c| !c.is_control());
    text.truncate(text.floor_char_boundary(limits::MAX_HELLO_TEXT_BYTES));
    Some(text).filter(|text| !text.trim().is_empty())
}
