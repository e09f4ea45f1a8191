//! The operating system's figures of this process. Only Linux provides them without `unsafe`.

/// What this process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process {
    pub(crate) resident_bytes: u64,
    pub(crate) open_files: u64,
    /// The soft limit; 0 when there is none.
    pub(crate) max_files: u64,
    pub(crate) cpu_seconds: f64,
    /// Since 1970.
    pub(crate) started_at_seconds: f64,
}

impl Process {
    /// `None` if the operating system does not provide it.
    #[cfg(target_os = "linux")]
    pub(crate) fn read() -> Option<Self> {
        use procfs::process::{LimitValue, Process};

        let process = Process::myself().ok()?;
        let stat = process.stat().ok()?;
        let ticks_per_second = procfs::ticks_per_second() as f64;
        let max_files = match process.limits().ok()?.max_open_files.soft_limit {
            LimitValue::Value(count) => count,
            LimitValue::Unlimited => 0,
        };
        Some(Self {
            resident_bytes: stat.rss * procfs::page_size(),
            open_files: process.fd_count().ok()? as u64,
            max_files,
            cpu_seconds: (stat.utime + stat.stime) as f64 / ticks_per_second,
            started_at_seconds: procfs::boot_time_secs().ok()? as f64
                + stat.starttime as f64 / ticks_per_second,
        })
    }

    /// `None` if the operating system does not provide it.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn read() -> Option<Self> {
        None
    }
}
