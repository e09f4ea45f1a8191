//! Which version this is.

use crate::failure::otherwise;

const VERSION: u32 = {
    let (major, minor) = (env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"));
    number(major) << 16 | number(minor) << 8 | number(env!("CARGO_PKG_VERSION_PATCH"))
};

/// `str::parse` is not const.
const fn number(digits: &str) -> u32 {
    let (digits, mut at, mut number) = (digits.as_bytes(), 0, 0);
    while at < digits.len() {
        number = 10 * number + (digits[at] - b'0') as u32;
        at += 1;
    }
    number
}

/// The version of the library that runs, written as `OBS_VERSION` is: major << 16 | minor << 8 | patch.
/// Any thread, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn obs_version() -> u32 {
    otherwise(|_| 0, || Ok(VERSION))
}

/// Whether the library that runs offers what a header of this version declares: `OBS_IS_COMPATIBLE()` asks for yours.
/// Before 1.0, that is the same minor version and no smaller patch; from 1.0 on, the same major version and no smaller minor.
/// Any thread, at any time.
#[unsafe(no_mangle)]
pub extern "C" fn obs_is_compatible(header_version: u32) -> bool {
    otherwise(|_| false, || Ok(is_compatible(VERSION, header_version)))
}

fn is_compatible(library: u32, header: u32) -> bool {
    // before 1.0 the minor version counts as the major one does later
    let breaking = |version: u32| if version >> 16 == 0 { (0, version >> 8) } else { (version >> 16, 0) };
    breaking(library) == breaking(header) && library >= header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_serves_the_headers_before_it_that_promise_the_same() {
        for (library, header, expected) in [
            (0x00_01_00, 0x00_01_00, true),
            (0x00_01_05, 0x00_01_02, true),
            (0x00_01_02, 0x00_01_05, false),
            (0x00_02_00, 0x00_01_00, false),
            (0x01_03_00, 0x01_02_07, true),
            (0x01_02_07, 0x01_03_00, false),
            (0x02_00_00, 0x01_00_00, false),
            (0x01_00_00, 0x00_01_00, false),
        ] {
            assert_eq!(is_compatible(library, header), expected, "{library:#x} {header:#x}");
        }
    }
}
