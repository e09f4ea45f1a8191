//! A game that is killed with `kill -9`, and started again.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use observerio::{Game, Level, Settings};
use tempfile::TempDir;

use super::{PATIENCE, server::Server, until};

/// Short ones, so that much is logged.
const FRAME: Duration = Duration::from_micros(100);
const FOLDER: &str = "OBSERVERIO_STORY_FOLDER";
const ADDRESS: &str = "OBSERVERIO_STORY_ADDRESS";

fn settings(folder: impl AsRef<Path>) -> Settings {
    let key = "0123456789ab".parse().expect("a key");
    Settings::new(key).outbox_in(folder.as_ref())
}

/// Not a story: the game of those below, in a process of its own, which logs until it is killed.
#[test]
fn a_game_that_logs_until_it_is_killed() {
    let (Ok(folder), Ok(address)) = (std::env::var(FOLDER), std::env::var(ADDRESS)) else { return };
    let (game, driver) = Game::new(settings(folder));
    let _connection = observerio::connect(driver, address).unwrap();
    for number in 0.. {
        game.log(Level::Info, &format!("entry {number}"));
        // no faster than it is taken: nothing is to be dropped
        until("room", || game.stats().waiting_bytes < 500_000);
        std::thread::sleep(FRAME);
    }
}

fn play(folder: &Path, address: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::a_game_that_logs_until_it_is_killed"])
        .env(FOLDER, folder)
        .env(ADDRESS, address)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The next start of it, which sends what there is.
fn play_to_the_end(folder: &Path, server: &Server) {
    let (game, driver) = Game::new(settings(folder));
    assert_eq!(game.stats().dropped, [0; 6]);
    let connection = observerio::connect(driver, server.address.to_string()).unwrap();
    game.log(Level::Info, "back again");
    connection.close(PATIENCE);
}

fn assert_each_once_in_order(server: &Server, least: usize) {
    let stored = server.stored.lock().unwrap();
    let messages = stored.messages();
    let expected = (0..messages.len() - 1).map(|number| format!("entry {number}"));
    let expected: Vec<String> = expected.chain(["back again".to_owned()]).collect();
    assert!(messages == expected, "{} entries, not each once and in order", messages.len());
    assert!(messages.len() > least, "{} entries of {least}", messages.len());
}

#[test]
fn what_was_sent_and_not_acknowledged_is_stored_once() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    server.stored.lock().unwrap().is_silent = true;
    let mut game = play(folder.path(), &server.address.to_string());
    until("entries", || server.stored.lock().unwrap().entries.len() > 200);
    game.kill().unwrap();
    game.wait().unwrap();
    let stored = server.stored.lock().unwrap().entries.len();
    server.stored.lock().unwrap().is_silent = false;
    play_to_the_end(folder.path(), &server);
    assert_each_once_in_order(&server, stored);
}

#[test]
fn a_game_that_is_killed_again_and_again_loses_nothing_that_was_written() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let mut seen = 0;
    for _ in 0..5 {
        let mut game = play(folder.path(), &server.address.to_string());
        until("entries", || server.stored.lock().unwrap().entries.len() > seen + 50);
        game.kill().unwrap();
        game.wait().unwrap();
        seen = server.stored.lock().unwrap().entries.len();
    }
    play_to_the_end(folder.path(), &server);
    let stored = server.stored.lock().unwrap();
    // each start counts from 0, and is stored up to where it was killed
    let mut starts = 0;
    let mut next = 0;
    for message in stored.messages() {
        if message == "entry 0" {
            (starts, next) = (starts + 1, 0);
        }
        if message != "back again" {
            assert_eq!(message, format!("entry {next}"));
            next += 1;
        }
    }
    assert_eq!((starts, stored.messages().last().copied()), (5, Some("back again")));
}

#[test]
fn what_was_logged_without_a_server_is_sent_by_the_next_start() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    // nobody listens at port 1
    let mut game = play(folder.path(), "127.0.0.1:1");
    let has_written = || {
        let files = fs::read_dir(folder.path()).unwrap();
        let outbox = files
            .flatten()
            .map(|file| file.path())
            .find(|path| path.extension().is_some_and(|end| end == "outbox"));
        outbox
            .and_then(|path| fs::read(path).ok())
            .is_some_and(|bytes| bytes.windows(9).any(|some| some == b"entry 199"))
    };
    until("the file", has_written);
    game.kill().unwrap();
    game.wait().unwrap();
    play_to_the_end(folder.path(), &server);
    assert_each_once_in_order(&server, 200);
}
