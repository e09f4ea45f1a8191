//! The documents about security name tests: each of them exists.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders of the repository that have tests.
const ROOTS: [&str; 7] = ["app/", "client/", "end2end/", "fuzz/", "gateway/", "protocol/", "server/"];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// What stands in backticks.
fn code(row: &str) -> impl Iterator<Item = &str> {
    row.split('`').skip(1).step_by(2)
}

/// A test's function is named in several words; fields and settings have fewer.
fn is_test(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    name.split('_').count() >= 3 && name.split('_').all(is_word)
}

/// The file, or all files of the folder.
fn files(path: &Path) -> Vec<PathBuf> {
    match fs::read_dir(path) {
        Ok(entries) => entries.flat_map(|entry| files(&entry.unwrap().path())).collect(),
        Err(_) => vec![path.to_owned()],
    }
}

/// What is wrong with a row, and how many paths it names.
fn check(row: &str) -> (Vec<String>, usize) {
    let root = repository();
    let paths: Vec<&str> = code(row).filter(|text| ROOTS.iter().any(|root| text.starts_with(root))).collect();
    let mut wrong: Vec<String> =
        paths.iter().filter(|path| !root.join(path).exists()).map(|path| format!("no {path}")).collect();
    let files: Vec<PathBuf> = paths.iter().flat_map(|path| files(&root.join(path))).collect();
    let has = |name: &str| {
        let function = format!("fn {name}(");
        files.iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.contains(&function)))
    };
    let lost = code(row).filter(|name| is_test(name) && !has(name));
    wrong.extend(lost.map(|name| format!("no {name} in {paths:?}")));
    (wrong, paths.len())
}

fn rows(document: &str, after: &str) -> Vec<String> {
    let text = fs::read_to_string(repository().join(document)).unwrap();
    let (_, table) = text.split_once(after).unwrap();
    table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| |"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_threat_has_a_test_that_exists() {
    let rows = rows("docs/security.md", "## Threats and their tests\n");
    assert!(rows.len() > 10, "{}", rows.len());
    for row in rows.iter().filter(|row| !row.starts_with("| who |")) {
        let (wrong, paths) = check(row);
        assert!(wrong.is_empty() && paths > 0, "{row}\n{wrong:?}");
    }
}

#[test]
fn every_test_of_the_verification_standard_exists() {
    let rows = rows("docs/asvs.md", "## V1 ");
    let (mut named, mut wrong) = (0, Vec::new());
    for row in &rows {
        let (of_row, paths) = check(row);
        named += paths;
        wrong.extend(of_row);
    }
    assert!(rows.len() > 80 && named > 80, "{} rows name {named} paths", rows.len());
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn what_does_not_exist_is_found() {
    let file = "server/tests/stories/documents.rs";
    let lost = format!("| x | met | `what_{}_exists` in `{file}` |", "never");
    assert_eq!(check(&lost).0.len(), 1);
    assert_eq!(check("| x | `server/tests/stories/nothing.rs` |").0, ["no server/tests/stories/nothing.rs"]);
    assert_eq!(check(&format!("| x | `what_does_not_exist_is_found` in `{file}` |")), (Vec::new(), 1));
}
