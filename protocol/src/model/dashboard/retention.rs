//! How long things are kept, and what was forgotten.

use serde::{Deserialize, Serialize};

use crate::model::{DeviceId, Level, UnixMicros};

/// What a line of the log counts beside its texts, in bytes: in a project's share of a day and in the size of its log.
pub const LOG_LINE_BYTES: u64 = 64;
/// Most pins of a project.
pub const MAX_PINS: usize = 100;
/// Longest time that anything is kept by a policy that has a limit, in days: ten years.
pub const MAX_DAYS: u16 = 3_650;
/// Shortest time for which the history of values is kept: it is the audit trail of edits, too.
pub const MIN_HISTORY_DAYS: u16 = 30;
/// Edits of each variable that stay in the history however old they are: what a revert needs, and more.
pub const KEPT_EDITS: u32 = 10;
/// Smallest size of a project's log that a policy may ask for, in bytes.
pub const MIN_LOG_BYTES: u64 = 1 << 20;

/// How long a project keeps what. Days count from when a line was received; `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionPolicy {
    /// For how many days lines of the log are kept, by level, in the order of [`Level::ALL`].
    pub log_days: [Option<u16>; 6],
    /// How large the log may become, in bytes: of texts, and [`LOG_LINE_BYTES`] a line. The oldest lines go first.
    pub log_bytes: Option<u64>,
    /// For how many days edits stay in the history. The newest [`KEPT_EDITS`] of each variable always stay.
    pub history_days: Option<u16>,
    /// For how many days it is remembered what a script asked for under a key of its own.
    pub request_days: Option<u16>,
    /// A device that was not seen for so many days is forgotten, unless a pin names it.
    pub device_days: Option<u16>,
}

impl RetentionPolicy {
    /// Everything is kept: the policy of projects that are older than policies.
    pub const KEEP_ALL: Self = Self {
        log_days: [None; 6],
        log_bytes: None,
        history_days: None,
        request_days: None,
        device_days: None,
    };

    /// What a new project begins with.
    pub const OF_NEW_PROJECTS: Self = Self {
        log_days: [Some(7), Some(7), Some(30), Some(90), Some(90), Some(90)],
        log_bytes: None,
        history_days: None,
        request_days: Some(90),
        device_days: None,
    };

    /// What is wrong with it, as a sentence that says what to do.
    ///
    /// # Errors
    /// When a number is outside of what it may be.
    pub fn check(&self) -> Result<(), String> {
        let days = |what: &str, days: Option<u16>, least: u16| match days {
            Some(days) if !(least..=MAX_DAYS).contains(&days) => {
                Err(format!("{what} are kept for {least} to {MAX_DAYS} days, or without a limit"))
            }
            _ => Ok(()),
        };
        for (level, kept) in Level::ALL.into_iter().zip(self.log_days) {
            days(&format!("{level} lines"), kept, 1)?;
        }
        days("edits in the history", self.history_days, MIN_HISTORY_DAYS)?;
        days("remembered requests", self.request_days, 1)?;
        days("devices that do not come back", self.device_days, 1)?;
        match self.log_bytes {
            Some(bytes) if bytes < MIN_LOG_BYTES || i64::try_from(bytes).is_err() => {
                Err(format!("a project's log may have {MIN_LOG_BYTES} bytes or more, or no limit"))
            }
            _ => Ok(()),
        }
    }

    /// Lines of this level that were received before this time are too old, if it is `now` now.
    pub fn too_old(&self, level: Level, now: UnixMicros) -> Option<UnixMicros> {
        self.log_days[level as usize].map(|days| days_before(days, now))
    }

    /// Whether any line of the log ever gets too old.
    pub fn ages_log(&self) -> bool {
        self.log_days.iter().any(Option::is_some)
    }
}

/// So many days before a time.
pub fn days_before(days: u16, now: UnixMicros) -> UnixMicros {
    UnixMicros(now.0.saturating_sub(i64::from(days) * DAY_MICROS))
}

const DAY_MICROS: i64 = 24 * 3600 * 1_000_000;

/// Lines of the log that are kept whatever the policy says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPin {
    /// Its number.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// The number of the first line.
    pub first_seq: u64,
    /// The number of the last line.
    pub last_seq: u64,
    /// Only lines of this device; `None`: of every one.
    pub device: Option<DeviceId>,
    /// When it was made.
    pub at: UnixMicros,
    /// Who made it.
    pub by: String,
}

impl LogPin {
    /// Whether it keeps a line.
    pub fn keeps(&self, seq: u64, device: DeviceId) -> bool {
        (self.first_seq..=self.last_seq).contains(&seq) && self.device.is_none_or(|own| own == device)
    }
}

/// Lines of the log that a policy has removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgotten {
    /// All that were ever removed.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When lines were last removed.
    pub at: UnixMicros,
    /// How many lines were removed then.
    pub last_lines: u64,
}

/// How much there is of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSize {
    /// Lines.
    pub lines: u64,
    /// Bytes of their texts, and [`LOG_LINE_BYTES`] for each.
    pub bytes: u64,
    /// When the oldest of them was received; `None`: there are none.
    pub oldest: Option<UnixMicros>,
}

/// What a policy would remove of a log now, told from what is counted of it in blocks of some thousand lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionEstimate {
    /// Lines that would go.
    pub removed_lines: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// What would stay.
    pub kept: LogSize,
    /// Lines that are not counted yet: nothing is said about them. They stay or go by the same rule.
    pub uncounted_lines: u64,
}

/// How long a project keeps what, and what was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Its policy.
    pub policy: RetentionPolicy,
    /// The pins, oldest first.
    pub pins: Vec<LogPin>,
    /// What was forgotten of its log.
    pub forgotten: Option<Forgotten>,
    /// What is there of its log.
    pub log: LogSize,
    /// How large the logs of all projects may become together, in bytes, if the operator has set it.
    pub instance_bytes: Option<u64>,
}

/// The beginning of a log, and why older lines are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogBeginning {
    /// Number of the oldest line, and when it was received; `None`: there is none.
    pub oldest: Option<(u64, UnixMicros)>,
    /// What was removed; `None`: nothing.
    pub forgotten: Option<Forgotten>,
    /// By which policy.
    pub policy: RetentionPolicy,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_what_is_wrong_with_it() {
        assert_eq!(RetentionPolicy::KEEP_ALL.check(), Ok(()));
        assert_eq!(RetentionPolicy::OF_NEW_PROJECTS.check(), Ok(()));
        let with_debug = |days| RetentionPolicy {
            log_days: [None, Some(days), None, None, None, None],
            ..RetentionPolicy::KEEP_ALL
        };
        assert_eq!(with_debug(1).check().and(with_debug(MAX_DAYS).check()), Ok(()));
        for days in [0, MAX_DAYS + 1] {
            assert_eq!(
                with_debug(days).check().unwrap_err(),
                "debug lines are kept for 1 to 3650 days, or without a limit"
            );
        }
        let history = |days| RetentionPolicy { history_days: Some(days), ..RetentionPolicy::KEEP_ALL };
        assert_eq!(history(MIN_HISTORY_DAYS).check(), Ok(()));
        assert!(history(MIN_HISTORY_DAYS - 1).check().unwrap_err().contains("30 to 3650 days"));
        let sized = |bytes| RetentionPolicy { log_bytes: Some(bytes), ..RetentionPolicy::KEEP_ALL };
        assert_eq!(sized(MIN_LOG_BYTES).check(), Ok(()));
        assert!(sized(MIN_LOG_BYTES - 1).check().is_err() && sized(u64::MAX).check().is_err());
    }

    #[test]
    fn a_line_is_too_old_by_its_level() {
        let day = 24 * 3600 * 1_000_000;
        let now = UnixMicros(100 * day);
        let policy = RetentionPolicy {
            log_days: [None, Some(1), None, None, Some(90), None],
            ..RetentionPolicy::KEEP_ALL
        };
        assert_eq!(policy.too_old(Level::Debug, now), Some(UnixMicros(99 * day)));
        assert_eq!(policy.too_old(Level::Error, now), Some(UnixMicros(10 * day)));
        assert_eq!(policy.too_old(Level::Info, now), None);
        assert!(policy.ages_log() && !RetentionPolicy::KEEP_ALL.ages_log());
    }

    #[test]
    fn what_a_later_version_adds_does_not_keep_a_policy_from_being_read() {
        let read: RetentionPolicy = serde_json::from_str(r#"{"request_days":5,"new":1}"#).unwrap();
        assert_eq!(read, RetentionPolicy { request_days: Some(5), ..RetentionPolicy::KEEP_ALL });
    }

    #[test]
    fn a_pin_keeps_its_lines_and_no_others() {
        let pin = |device| LogPin {
            id: 1,
            name: "crash".to_owned(),
            first_seq: 5,
            last_seq: 7,
            device,
            at: UnixMicros(0),
            by: "Ana".to_owned(),
        };
        let kept = |pin: &LogPin| (4..=8).filter(|seq| pin.keeps(*seq, DeviceId(1))).collect::<Vec<_>>();
        assert_eq!(kept(&pin(None)), [5, 6, 7]);
        assert_eq!(kept(&pin(Some(DeviceId(1)))), [5, 6, 7]);
        assert_eq!(kept(&pin(Some(DeviceId(2)))), [0; 0]);
    }
}
