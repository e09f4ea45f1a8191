//! Folders that games keep things in.

use std::path::Path;

use super::*;
use crate::game::obs_disk_error;

fn in_c(path: &Path) -> CString {
    CString::new(path.to_str().unwrap()).unwrap()
}

/// What the library's thread has counted once it has run.
fn counted(game: &TestGame) -> (u64, String) {
    let (mut stats, mut connection, mut text) = (other_stats(), null_mut(), [0x7f as c_char; 256]);
    // SAFETY: every pointer is valid; nobody listens on port 1, and nothing has to be stored
    unsafe {
        assert_eq!(obs_connect(game.0, c"127.0.0.1:1".as_ptr(), &raw mut connection), obs_status::Ok);
        assert_eq!(obs_flush(connection, 10_000), obs_status::Ok);
        assert_eq!(obs_get_stats(game.0, &raw mut stats), obs_status::Ok);
        assert!(obs_disk_error(game.0, text.as_mut_ptr(), text.len()) >= 0);
        assert_eq!(obs_close(connection, 0), obs_status::Ok);
    }
    // SAFETY: the library has ended it
    let text = unsafe { CStr::from_ptr(text.as_ptr()) };
    (stats.disk_errors, text.to_str().unwrap().to_owned())
}

#[test]
fn a_folder_is_created_and_used() {
    let parent = tempfile::TempDir::new().unwrap();
    let folder = parent.path().join("saves/observerio");
    let path = in_c(&folder);
    let game = TestGame::with(obs_settings { outbox_in: path.as_ptr(), ..settings(c"0123456789ab") });
    assert_eq!(counted(&game), (0, String::new()));
    let has_outbox = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .any(|file| file.path().extension().is_some_and(|end| end == "outbox"));
    assert!(has_outbox, "no outbox in the folder");
}

#[test]
fn a_folder_that_can_not_be_is_counted_and_the_game_continues() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = in_c(file.path());
    let game = TestGame::with(obs_settings {
        values_in: path.as_ptr(),
        outbox_in: path.as_ptr(),
        ..settings(c"0123456789ab")
    });
    let (errors, last) = counted(&game);
    assert!(errors >= 2 && last.starts_with("observerio-"), "{errors}: {last}");
}

#[test]
fn a_folder_without_a_name_is_refused() {
    let empty = c"".as_ptr();
    for (settings, what) in [
        (obs_settings { values_in: empty, ..settings(c"0123456789ab") }, "values_in"),
        (obs_settings { outbox_in: empty, ..settings(c"0123456789ab") }, "outbox_in"),
    ] {
        let mut game = null_mut();
        // SAFETY: every pointer is valid
        let answer = unsafe { obs_game_new(&raw const settings, &raw mut game) };
        assert_eq!(answer, obs_status::Invalid);
        assert_eq!(last_error(), format!("{what} is empty: it is the path of a folder, or NULL"));
        assert!(game.is_null());
    }
}
