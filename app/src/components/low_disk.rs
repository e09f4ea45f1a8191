//! Says that the server's disk is about to fill up.

use leptos::prelude::*;

use crate::api::LowDisk;
use crate::format;

/// A notice for those who can do something about it.
#[component]
pub fn LowDiskNotice(disk: LowDisk) -> impl IntoView {
    view! {
        <p class="notice notice--error" role="status">
            {words(disk)}
        </p>
    }
    .into_any()
}

fn words(disk: LowDisk) -> String {
    let when = match disk.full_in_days {
        None => String::new(),
        Some(0) => " At the pace of the last 24 hours, it is full within a day.".to_owned(),
        Some(days) => {
            let days = usize::try_from(days).unwrap_or(usize::MAX);
            format!(" At the pace of the last 24 hours, it is full in {}.", format::count(days, "day"))
        }
    };
    let left = format::bytes(disk.free_bytes);
    format!("The server's disk has {left} left.{when} Keep less of the log, or give it more space.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_with_its_time() {
        let words = |full_in_days| words(LowDisk { free_bytes: 5_000_000, full_in_days });
        assert!(!words(None).contains("At the pace"));
        assert!(words(Some(0)).contains("within a day"));
        assert!(words(Some(1)).contains("in 1 day."));
        assert!(words(Some(4)).contains("in 4 days."));
    }
}
