//! Whether a library is what its platform promises, told by its bytes, whatever their format.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::platform::Platform;
use crate::shell;

/// It names every function of the header, and needs no newer system than promised.
pub(super) fn check(platform: &Platform, file: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let header = fs::read_to_string(shell::root().join("sdk/c/include/observerio.h"))?;
    let names = names(&bytes);
    let missing: Vec<&str> =
        functions(&header).into_iter().filter(|name| !names.contains(name.as_bytes())).collect();
    if !missing.is_empty() {
        bail!("{} lacks {}", shell::relative(file), missing.join(", "));
    }
    let is_shared = file.extension().is_some_and(|end| end == "so");
    if let Some(promised) = platform.glibc.filter(|_| is_shared)
        && let Some(needed) = newest_glibc(&bytes)
        && needed > version(promised)
    {
        bail!("{} needs glibc {}.{}, not only {promised}", shell::relative(file), needed.0, needed.1);
    }
    Ok(())
}

/// The functions that a header declares.
fn functions(header: &str) -> Vec<&str> {
    let code = header.lines().filter(|line| !line.trim_start().starts_with("//") && !line.starts_with('#'));
    let calls = code.flat_map(|line| line.match_indices('(').map(move |(end, _)| &line[..end]));
    let names = calls.map(|before| &before[before.rfind(|c| !is_in_name(c)).map_or(0, |at| at + 1)..]);
    names.filter(|name| name.starts_with("obs_")).collect()
}

fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// All names of ours that stand there, in whatever table: formats put an underscore or a word before them.
fn names(bytes: &[u8]) -> BTreeSet<&[u8]> {
    const START: &[u8] = b"obs_";
    let words = bytes.split(|byte| !is_in_name(char::from(*byte))).filter(|word| word.len() > START.len());
    words
        .filter_map(|word| Some(&word[word.windows(START.len()).position(|some| some == START)?..]))
        .collect()
}

/// The newest version of glibc among the versions of symbols, such as `GLIBC_2.17`.
fn newest_glibc(bytes: &[u8]) -> Option<(u32, u32)> {
    const WORD: &[u8] = b"GLIBC_";
    let starts = bytes.windows(WORD.len()).enumerate().filter(|(_, some)| *some == WORD);
    let versions = starts.map(|(at, _)| {
        let rest = bytes[at + WORD.len()..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.');
        version(&rest.map(|byte| char::from(*byte)).collect::<String>())
    });
    versions.max()
}

fn version(text: &str) -> (u32, u32) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_declares_functions() {
        let header = "// obs_comment(a)\n#define OBS_X() obs_macro(1)\ntypedef int (*obs_check)(void *a);\n\
                      bool obs_one(int a);\nenum obs_status obs_two(struct obs_game *game,\n  size_t size);\n";
        assert_eq!(functions(header), ["obs_one", "obs_two"]);
    }

    #[test]
    fn the_real_header_declares_many() {
        let header = fs::read_to_string(shell::root().join("sdk/c/include/observerio.h")).unwrap();
        let functions = functions(&header);
        for name in ["obs_version", "obs_game_new", "obs_get_text", "obs_log_fields"] {
            assert!(functions.contains(&name), "{name} is not among {functions:?}");
        }
    }

    #[test]
    fn names_are_whole_in_every_format() {
        let found = names(b"\0obs_log\0_obs_frame\0__imp_obs_close\0\x0bobs_version\x00mobs\0");
        let expected: [&[u8]; 4] = [b"obs_close", b"obs_frame", b"obs_log", b"obs_version"];
        assert!(found.iter().eq(&expected), "{found:?}");
        assert!(!names(b"\0obs_log_fields\0").contains(&b"obs_log"[..]));
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(newest_glibc(b"GLIBC_2.2.5\0GLIBC_2.17\0GLIBC_2.4\0"), Some((2, 17)));
        assert_eq!(newest_glibc(b"nothing"), None);
    }
}
