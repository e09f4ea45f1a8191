//! Godot without a window: the addon speaks the protocol itself, without the library.

use std::{path::Path, process::Command};

use crate::builds::{Puppet, has, repository, shown, text, words, workshop};

/// Where Godot writes what it keeps of a project, and a language that it knows.
fn environment() -> Vec<String> {
    let folder = workshop().join("godot");
    std::fs::create_dir_all(folder.join("godot")).unwrap();
    let folder = text(&folder);
    let homes = ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"];
    let homes = homes.iter().map(|name| format!("{name}={folder}"));
    ["env".to_owned(), "LANG=en_US.UTF-8".to_owned()].into_iter().chain(homes).collect()
}

fn project() -> String {
    text(&repository().join("sdk/godot"))
}

fn is_here() -> bool {
    has("Godot", &["godot3-server", "python3"])
}

pub fn puppet() -> Puppet {
    is_here().then(|| {
        let stage = text(&repository().join("sdk/godot/stories/stage.py"));
        let godot = ["python3", &stage, "godot3-server", "--path", &project(), "-s"].map(str::to_owned);
        let all: Vec<String> = environment().into_iter().chain(godot).collect();
        words(&all.iter().map(String::as_str).collect::<Vec<_>>(), Path::new("stories/puppet.gd"))
    })?
}

/// The project's scene, started by the command of the page. Godot says its version first.
pub fn example() -> Puppet {
    is_here().then(|| {
        let here = [("sdk/godot", project()), ("YOUR_KEY", "$0 --address=$1".to_owned())];
        let [command] = shown("docs/sdk-godot.md", "godot3-server ", here).try_into().expect("one command");
        let script = format!("{command} | grep '^the boss'");
        environment().into_iter().chain(["sh".to_owned(), "-c".to_owned(), script]).collect()
    })
}

/// Runs a script of the project that ends with 1 when it finds a fault.
fn passes(script: &str) {
    if is_here() {
        let all = environment();
        let mut godot = Command::new(&all[0]);
        godot.args(&all[1..]).args(["godot3-server", "--path", &project(), "-s", script]);
        let output = godot.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("SCRIPT ERROR"), "{script}: {said}");
    }
}

#[test]
fn numbers_and_json_keep_their_digits() {
    passes("stories/digits.gd");
}

#[test]
fn the_parts_of_the_addon_do_what_no_story_tells() {
    passes("stories/units.gd");
}
