//! C#, compiled and run by Mono: the package that .NET and Unity compile from its sources.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::builds::{Puppet, has, library, repository, run, shown, text, words, workshop};

/// The package with these sources beside it.
fn compile(name: &str, sources: &[&str]) -> PathBuf {
    let program = workshop().join(name);
    let mut mcs = Command::new("mcs");
    mcs.args(["-langversion:7.2", "-unsafe", "-warn:4", "-warnaserror"]);
    mcs.arg(format!("-out:{}", text(&program))).args(package());
    mcs.args(sources.iter().map(|source| repository().join(source)));
    run(&mut mcs);
    program
}

/// The sources that Unity compiles, too.
fn package() -> Vec<PathBuf> {
    let folder = fs::read_dir(repository().join("sdk/csharp/Runtime")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "cs")).collect()
}

/// What runs it, with the library where the runtime looks for it.
fn mono(program: &Path) -> Puppet {
    let folder = format!("LD_LIBRARY_PATH={}", text(library()));
    words(&["env", &folder, "mono", "--debug"], program)
}

fn built(name: &str, sources: &[&str]) -> Puppet {
    has("C#", &["mcs", "mono"]).then(|| mono(&compile(name, sources)))?
}

pub fn puppet() -> Puppet {
    static PUPPET: OnceLock<Puppet> = OnceLock::new();
    PUPPET.get_or_init(|| built("puppet.exe", &["sdk/csharp/stories/Puppet.cs"])).clone()
}

/// The example, compiled and run by the commands of the page.
pub fn example() -> Puppet {
    if !has("C#", &["mcs", "mono"]) {
        return None;
    }
    let here = [("boss.exe", text(&workshop().join("boss.exe"))), ("target/sdk", text(library()))];
    let [compile, start] = shown("docs/sdk-csharp.md", "mcs ", here).try_into().expect("two commands");
    run(Command::new("sh").args(["-c", &compile]).current_dir(repository()));
    let words = start.split(' ').filter(|word| *word != "YOUR_KEY").map(str::to_owned);
    Some(["env".to_owned()].into_iter().chain(words).collect())
}

/// The sample that Unity offers, with something in place of the engine.
pub fn sample() -> Puppet {
    built("sample.exe", &["sdk/csharp/Samples~/Boss/Boss.cs", "sdk/csharp/stories/UnityEngine.cs"])
}

#[test]
fn the_package_refuses_nonsense_and_makes_no_garbage() {
    if let Some(words) = built("units.exe", &["sdk/csharp/stories/Units.cs"]) {
        run(Command::new(&words[0]).args(&words[1..]));
    }
}
