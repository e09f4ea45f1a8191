//! What a process holds, as Linux tells it.

use std::fs;

/// The memory of a process that runs.
pub struct Memory(pub u32);

impl Memory {
    /// Bytes that it holds now.
    pub fn resident_bytes(&self) -> u64 {
        self.bytes("VmRSS:")
    }

    /// The most that it held since [`Self::forget_peak`].
    pub fn peak_resident_bytes(&self) -> u64 {
        self.bytes("VmHWM:")
    }

    /// Begins the peak anew.
    pub fn forget_peak(&self) {
        fs::write(format!("/proc/{}/clear_refs", self.0), "5").unwrap();
    }

    fn bytes(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        let kib: u64 = line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap();
        kib * 1024
    }
}
