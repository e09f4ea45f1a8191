//! The plugin for Bevy. `cargo xtask test --only bevy` builds its programs and says where they are: Bevy is too large for
//! every run.

use std::{env, io::Write as _, path::PathBuf};

use crate::builds::{Puppet, words};

fn program(name: &str) -> Puppet {
    let Some(folder) = env::var_os("OBSERVERIO_TEST_BEVY").map(PathBuf::from) else {
        let sentence = b"\nSKIPPED Bevy: `cargo xtask test --only bevy` runs it\n";
        std::io::stderr().write_all(sentence).unwrap();
        return None;
    };
    words(&[], &folder.join(name))
}

pub fn puppet() -> Puppet {
    program("puppet")
}

pub fn example() -> Puppet {
    program("boss")
}
