//! `observerio backup` and `observerio restore` as operators type them, beside a server that runs.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
};

use crate::support::{TestServer, soon};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::process::Command;

/// Without any variable of the machine that runs the tests; temporary files go to `tmp` in the folder.
fn program(folder: &Path, arguments: &[&str]) -> Command {
    let temporary = folder.join("tmp");
    fs::create_dir_all(&temporary).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_observerio"));
    command.env_clear().env("TMPDIR", temporary).current_dir(folder).args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(command: &mut Command) -> (Option<i32>, Vec<u8>, String) {
    let Output { status, stdout, stderr } = soon("the command to end", command.output()).await.unwrap();
    (status.code(), stdout, String::from_utf8(stderr).unwrap())
}

/// Names and modes of what lies in a folder, and the folder's own mode.
fn modes(folder: &Path) -> (u32, Vec<(String, u32)>) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let one = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), mode(&entry.path()))
    };
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(one).collect();
    all.sort();
    (mode(folder), all)
}

fn private(names: &[&str]) -> (u32, Vec<(String, u32)>) {
    (0o700, names.iter().map(|name| ((*name).to_owned(), 0o600)).collect())
}

#[tokio::test]
async fn a_backup_goes_through_standard_output_to_a_fresh_machine() {
    let server = TestServer::start().await;
    server.project().await;
    server.gateway.flush().await.unwrap();
    let (folder, url) = (tempfile::tempdir().unwrap(), server.database_url());
    let (status, copy, stderr) =
        run(program(folder.path(), &["backup", "-"]).env("DATABASE_URL", &url)).await;
    assert_eq!((status, stderr.as_str()), (Some(0), ""));
    assert!(copy.starts_with(b"SQLite format 3\0"), "{} bytes", copy.len());
    assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0, "nothing is left");
    fs::write(folder.path().join("copy.db"), copy).unwrap();

    let (status, _, stderr) =
        run(&mut program(folder.path(), &["restore", "copy.db", "--data-dir", "new/sqlite"])).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(modes(&folder.path().join("new/sqlite")), private(&["observerio.db"]));
    // into a database that is used, with files in a folder that is not there yet
    let mut restore = program(folder.path(), &["restore", "copy.db", "--data-dir", "new/kept"]);
    let (status, stdout, stderr) = run(restore.env("DATABASE_URL", &url)).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert!(String::from_utf8_lossy(&stdout).contains("new/kept/before-restore-1.db"));
    assert_eq!(modes(&folder.path().join("new/kept")), private(&["before-restore-1.db"]));
    // what can't be restored makes no folder
    let nothing = program(folder.path(), &["restore", "no.db", "--data-dir", "new/nothing"]).output().await;
    assert!(nothing.unwrap().status.code() == Some(78) && !folder.path().join("new/nothing").exists());

    // the server's own files are for nobody else either
    let (mode, files) = modes(&server.data_dir().join("data"));
    assert!(mode == 0o700 && files.iter().all(|(_, mode)| *mode == 0o600), "{mode:o} {files:?}");
}

#[tokio::test]
async fn a_terminal_is_no_place_for_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let command = format!("{} backup -", env!("CARGO_BIN_EXE_observerio"));
    let mut on_terminal = Command::new("script");
    on_terminal.args(["--quiet", "--return", "--command", &command, "/dev/null"]).stdin(Stdio::null());
    let (status, shown, stderr) = run(on_terminal.current_dir(folder.path())).await;
    let shown = String::from_utf8_lossy(&shown).into_owned();
    assert_eq!((status, stderr.as_str(), shown.lines().count()), (Some(2), "", 1), "{shown}");
    assert!(shown.contains("observerio backup - |"), "{shown}");
}

/// On SQLite nobody can hold up a copy that has begun.
#[tokio::test]
async fn a_signal_leaves_nothing_of_a_backup() {
    let server = TestServer::start().await;
    if !server.is_on_postgres() {
        return;
    }
    let mut holder = PgConnection::connect(&server.database_url()).await.unwrap();
    holder.execute("BEGIN; LOCK TABLE logs IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("to")).unwrap();
    for signal in ["-TERM", "-INT"] {
        let mut command = program(folder.path(), &["backup", "to/copy.db"]);
        let child = command.env("DATABASE_URL", server.database_url()).spawn().unwrap();
        let begun = folder.path().join("to/copy.db.part-wal");
        soon("the copy to begin", async {
            while !begun.exists() {
                tokio::task::yield_now().await;
            }
        })
        .await;
        let id = child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let output = soon("the end", child.wait_with_output()).await.unwrap();
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fs::read_dir(folder.path().join("to")).unwrap().count(), 0, "something is left");
    }
    holder.execute("ROLLBACK").await.unwrap();
}
