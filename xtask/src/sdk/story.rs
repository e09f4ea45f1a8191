//! Tries a library out.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::platform::{Platform, Player};
use crate::counts::Counts;
use crate::{setup, shell};

/// Calls the module as a program of C does.
const NODE: &str = r"
const bytes = require('fs').readFileSync(process.argv[1]);
WebAssembly.instantiate(bytes, {}).then(({ instance }) => {
    const version = instance.exports.obs_version();
    if (!instance.exports.obs_is_compatible(version)) throw new Error('version ' + version);
});
";

/// wine 8 lacks a library that Rust's standard library draws random numbers from: this is it.
const RANDOM: &str = "
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
    return SystemFunction036(buffer, (ULONG)length);
}
";

/// How it was tried out.
pub(super) fn play(platform: &Platform, place: &Path) -> Result<String> {
    match platform.player {
        Player::Node => {
            let module = place.join(platform.files[0]);
            shell::run(shell::program("node", &["-e", NODE]).arg(&module))?;
            Ok("loaded and called by Node.js".to_owned())
        }
        Player::Puppet { compiler, linked, runner } => {
            let workshop = shell::target_dir().join("sdk/workshop").join(platform.name);
            fs::create_dir_all(&workshop)?;
            let puppet = compile(compiler, linked, place, &workshop)?;
            if platform.target.contains("windows") {
                furnish_wine(platform, place, &workshop)?;
            }
            let words = runner.iter().copied().chain([utf8(&puppet)?]).collect::<Vec<_>>();
            let stories = play_stories(&words, &workshop)?;
            let how = runner.first().map_or("natively", |runner| runner.rsplit('/').next().unwrap_or(runner));
            Ok(format!("{stories} tests of the stories in C, {how}"))
        }
    }
}

fn compile(compiler: &[&str], linked: &[&str], place: &Path, workshop: &Path) -> Result<PathBuf> {
    let puppet = workshop.join("puppet.exe");
    let mut words = Vec::new();
    for word in compiler {
        match *word {
            "{zig}" => words.extend(setup::zig()?.words),
            word => words.push(word.to_owned()),
        }
    }
    let (program, arguments) = words.split_first().context("a compiler has a name")?;
    let mut cc = shell::program(program, &[]);
    cc.args(arguments).args(["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O1", "-Isdk/c/include"]);
    cc.arg("sdk/c/stories/puppet.c").arg("-o").arg(&puppet);
    cc.arg(format!("-L{}", utf8(place)?)).args(linked).arg(format!("-Wl,-rpath,{}", utf8(place)?));
    shell::run(&mut cc)?;
    Ok(puppet)
}

/// Windows looks for libraries beside the program.
fn furnish_wine(platform: &Platform, place: &Path, workshop: &Path) -> Result<()> {
    let library = platform.files[0];
    fs::copy(place.join(library), workshop.join(library))?;
    let source = workshop.join("random.c");
    fs::write(&source, RANDOM)?;
    let mut cc = shell::program("x86_64-w64-mingw32-gcc", &["-shared"]);
    cc.arg(&source).arg("-o").arg(workshop.join("bcryptprimitives.dll")).arg("-ladvapi32");
    shell::run(&mut cc)
}

/// How many tests passed: all of them.
fn play_stories(words: &[&str], workshop: &Path) -> Result<u64> {
    let mut cargo = shell::cargo(&["test", "--test", "bindings", "--", "c::"]);
    cargo.env("OBSERVERIO_PUPPET_C", words.join("\n"));
    cargo.env("WINEPREFIX", workshop.join("wine")).env("WINEDEBUG", "-all");
    let mut counts = Counts::default();
    let passed = shell::run_watched(&mut cargo, |line| counts.see_cargo(line))?;
    if !passed || counts.passed == 0 {
        bail!("{} stories failed", counts.failed.max(1));
    }
    Ok(counts.passed)
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().context("the repository's path is not UTF-8")
}
