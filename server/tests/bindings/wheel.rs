//! A wheel of the Python package: built, installed into an empty environment, and played from there.

use std::{env, fs, io::Write as _, path::Path, process::Command};

use crate::builds::{Puppet, has, library, repository, run, shown, text, words, workshop};

/// The puppet with the package that the commands of the page install, and nothing of the repository.
fn puppet() -> Puppet {
    if env::var_os("OBSERVERIO_REQUIRE_BINDINGS").is_none() {
        std::io::stderr().write_all(b"\nSKIPPED the wheel: pip would fetch setuptools from PyPI\n").unwrap();
        return None;
    }
    has("Python", &["python3"]).then(|| {
        let place = workshop().join("wheel");
        if place.exists() {
            fs::remove_dir_all(&place).unwrap();
        }
        copy(&repository().join("sdk/python"), &place.join("sdk/python"));
        let here = [("target/sdk", text(library()))];
        for command in &shown("docs/sdk-python.md", "cp target", here) {
            run(Command::new("sh").args(["-c", command]).current_dir(&place));
        }
        let made: Vec<_> = fs::read_dir(place.join("dist")).unwrap().map(|entry| entry.unwrap()).collect();
        let name = made[0].file_name().into_string().unwrap();
        let serves_one_platform = name.contains("-py3-none-") && !name.ends_with("-any.whl");
        assert!(made.len() == 1 && serves_one_platform, "{made:?}");
        let python = text(&place.join("venv/bin/python"));
        let bare = ["env", "-u", "PYTHONPATH", "-u", "OBSERVERIO_LIBRARY", &python, "-X", "dev"];
        words(&bare, &repository().join("sdk/python/stories/puppet.py"))
    })?
}

/// What belongs to the package, and not what earlier builds left.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (name, path) = entry.map(|entry| (entry.file_name(), entry.path())).unwrap();
        let is_left = |word: &str| name.to_string_lossy().contains(word);
        if path.is_dir() && !["__pycache__", "egg-info", "build"].iter().any(|word| is_left(word)) {
            copy(&path, &to.join(name));
        } else if path.is_file() && !is_left("libobserverio") {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_wheel_has_the_library_inside() {
    crate::story::play("edit", puppet(), crate::builds::Line::Tcp).await;
}
