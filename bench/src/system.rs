//! What Linux tells about processes and the network; elsewhere nothing is known.

use std::{fs, time::Duration};

use tokio::time::sleep_until;

use crate::answers::Window;

/// Resident memory of a process in KiB.
pub(crate) fn resident_kib(process: u32) -> Option<u64> {
    status_kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmRSS:")
}

/// The most that [`resident_kib`] has ever been.
pub(crate) fn peak_resident_kib(process: u32) -> Option<u64> {
    status_kib(&fs::read_to_string(format!("/proc/{process}/status")).ok()?, "VmHWM:")
}

fn status_kib(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Processor time that a process has used on all cores so far.
pub(crate) fn processor_time(process: u32) -> Option<Duration> {
    processor_time_of(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Fields 14 and 15 count hundredths of a second: `USER_HZ` is 100 on every machine that Linux runs on today.
fn processor_time_of(stat: &str) -> Option<Duration> {
    // the second field is the program's name in brackets, which may hold blanks
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(Duration::from_millis(10 * (user + system)))
}

/// Waits for the end of the window and returns how many cores each process used within it.
pub(crate) async fn busy_cores(window: Window, processes: [Option<u32>; 2]) -> [Option<f64>; 2] {
    let time = || processes.map(|process| processor_time(process?));
    sleep_until(window.from.into()).await;
    let before = time();
    sleep_until(window.until.into()).await;
    let after = time();
    [0, 1].map(|i| Some(after[i]?.checked_sub(before[i]?)?.as_secs_f64() / window.seconds()))
}

/// How many connections this machine's listeners have turned away since it started, because the queue of
/// those that wait for `accept` was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListenQueue {
    pub(crate) overflows: u64,
    pub(crate) drops: u64,
}

impl ListenQueue {
    pub(crate) fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/net/netstat").ok()?)
    }

    /// Each group of counters is two lines: `TcpExt: name name …` and `TcpExt: value value …`.
    fn parse(netstat: &str) -> Option<Self> {
        let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
        let (names, values) = (lines.next()?, lines.next()?);
        let counter = |wanted| {
            let place = names.split_whitespace().position(|name| name == wanted)?;
            values.split_whitespace().nth(place)?.parse().ok()
        };
        Some(Self { overflows: counter("ListenOverflows")?, drops: counter("ListenDrops")? })
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { overflows: self.overflows - before.overflows, drops: self.drops - before.drops }
    }
}

/// Lets everything else on this machine go before the calling thread: `steps` of 19.
#[cfg(target_os = "linux")]
pub(crate) fn stand_back(steps: u8) {
    // here a priority is a thread's, elsewhere it would be the process's; lowering it is always allowed
    let _ = rustix::process::nice(steps.into());
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn stand_back(_: u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_by_name() {
        let netstat = "TcpExt: SyncookiesSent ListenOverflows ListenDrops TW\nTcpExt: 1 20 30 4\nIpExt: InNoRoutes\nIpExt: 9\n";
        assert_eq!(ListenQueue::parse(netstat), Some(ListenQueue { overflows: 20, drops: 30 }));
        assert_eq!(ListenQueue::parse("TcpExt: TW\nTcpExt: 4\n"), None);
        let before = ListenQueue { overflows: 15, drops: 30 };
        let after = ListenQueue { overflows: 20, drops: 30 };
        assert_eq!(after.since(before), ListenQueue { overflows: 5, drops: 0 });
    }

    #[test]
    fn processor_time_is_that_of_user_and_system() {
        let stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194304 2060 0 0 0 150 50 7 8 20 0 4 0 1000 1 2 3";
        assert_eq!(processor_time_of(stat), Some(Duration::from_secs(2)));
        assert_eq!(processor_time_of("4242 (a) S 1"), None);
        assert!(processor_time(std::process::id()).is_some() || cfg!(not(target_os = "linux")));
    }

    #[test]
    fn memory_is_read_in_kib() {
        let status = "Name:\tobserverio\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!(status_kib(status, "VmRSS:"), Some(1024));
        assert_eq!(status_kib(status, "VmHWM:"), Some(2048));
        assert_eq!(status_kib(status, "VmSwap:"), None);
    }
}
