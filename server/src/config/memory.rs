//! The memory limit, and how it is divided.

use std::fs;

use gateway::Budgets;

use super::{ConfigError, size, source::Source};

const MIB: usize = 1024 * 1024;
/// The smallest limit that works.
const MIN_BYTES: usize = 192 * MIB;
/// Memory of the idle program, with the database's caches and two password checks.
const PROGRAM_BYTES: usize = 64 * MIB;
/// The rest is divided into this many parts. One of them is spare: for copies in transit, and for freed memory that was not
/// returned yet.
const PARTS: usize = 8;
/// More waiting lines than this would take too long to write; they are better left with the games.
const MAX_LINES_BYTES: usize = 32 * MIB;
/// Nobody reads more than this at once.
const MAX_READERS_BYTES: usize = 512 * MIB;
const MAX_UNREAD_BYTES: usize = 512 * MIB;
const MAX_OUTGOING_BYTES: usize = 512 * MIB;

/// A ceiling, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(usize);

impl Memory {
    /// As given: a number with a unit; or half of what this machine, or the control group, has.
    pub(super) fn check(text: Option<&str>, source: &Source) -> Result<Self, ConfigError> {
        let Some(text) = text else { return Ok(Self::of_machine()) };
        match size::parse(text).and_then(|bytes| usize::try_from(bytes).ok()) {
            Some(bytes) if bytes >= MIN_BYTES => Ok(Self(bytes)),
            Some(_) => {
                Err(source
                    .refuse(format!("use {}M or more; the server can't work with less", MIN_BYTES / MIB)))
            }
            None => Err(source.refuse("use a number of bytes with a unit, such as 512M or 4G")),
        }
    }

    fn of_machine() -> Self {
        let known = [total_of_machine(), limit_of_group()].into_iter().flatten().min();
        // assume a small machine if the operating system does not say
        let total = known.unwrap_or(2048 * MIB);
        Self((total / 2).max(MIN_BYTES))
    }

    /// In bytes.
    pub fn bytes(self) -> usize {
        self.0
    }

    fn part(self) -> usize {
        (self.0 - PROGRAM_BYTES) / PARTS
    }

    /// The gateway's budgets: lines from games, projects in memory, and what was not sent yet.
    pub(crate) fn budgets(self) -> Budgets {
        Budgets {
            lines: self.part().min(MAX_LINES_BYTES),
            unread: self.part().min(MAX_UNREAD_BYTES),
            projects: 2 * self.part(),
            outgoing: self.part().min(MAX_OUTGOING_BYTES),
        }
    }

    /// The budget for unread responses.
    pub(crate) fn readers(self) -> usize {
        (2 * self.part()).min(MAX_READERS_BYTES)
    }
}

/// From Linux's `/proc/meminfo`.
fn total_of_machine() -> Option<usize> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()? * 1024)
}

/// The lowest limit of the process's control groups (version 2), or its own group's limit (version 1).
fn limit_of_group() -> Option<usize> {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let path = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    let mut limits: Vec<usize> = Vec::new();
    let mut folder = std::path::PathBuf::from(format!("/sys/fs/cgroup{path}"));
    while folder.starts_with("/sys/fs/cgroup") {
        limits.extend(limit_in(&folder.join("memory.max")));
        if !folder.pop() {
            break;
        }
    }
    limits.extend(limit_in("/sys/fs/cgroup/memory/memory.limit_in_bytes".as_ref()));
    limits.into_iter().min()
}

/// `None` also for the word `max`.
fn limit_in(file: &std::path::Path) -> Option<usize> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        for mib in [192, 256, 1024, 65_536] {
            let memory = Memory(mib * MIB);
            let Budgets { lines, unread, projects, outgoing } = memory.budgets();
            let sum = PROGRAM_BYTES + lines + unread + projects + outgoing + memory.readers();
            assert!(sum <= memory.bytes() - memory.part(), "{mib}");
        }
    }

    #[test]
    fn the_default_is_a_share_of_the_machine() {
        let memory = Memory::of_machine();
        assert!(memory.bytes() >= MIN_BYTES);
        if let Some(total) = total_of_machine() {
            assert!(memory.bytes() <= (total / 2).max(MIN_BYTES));
        }
    }
}
