//! What C may do wrong.

mod disk;

use std::{
    ffi::{CStr, CString, c_char},
    ptr::{null, null_mut},
};

use crate::{
    action::{obs_answer, obs_call_args, obs_call_name, obs_declare_action, obs_fail, obs_poll_action},
    connection::{obs_close, obs_connect, obs_connect_tls, obs_flush},
    failure::{obs_last_error, obs_status, status},
    game::{
        obs_frame, obs_game, obs_game_free, obs_game_new, obs_get_stats, obs_server_error, obs_settings,
        obs_stats,
    },
    kind::obs_var,
    log::{obs_level, obs_log, obs_log_fields},
    spec::obs_spec,
    value::{obs_field, obs_kind, obs_value},
    variable::*,
};

const NOT_UTF8: &CStr = c"\xff\xfe";

fn last_error() -> String {
    // SAFETY: it is a text of this thread, and no call fails while it is read
    unsafe { CStr::from_ptr(obs_last_error()) }.to_str().unwrap().to_owned()
}

fn settings(key: &CStr) -> obs_settings {
    obs_settings {
        key: key.as_ptr(),
        device: null(),
        name: null(),
        app: null(),
        platform: null(),
        outbox_bytes: 0,
        report_ms: 0,
        values_in: null(),
        outbox_in: null(),
    }
}

fn no_spec() -> obs_spec {
    obs_spec {
        label: null(),
        help: null(),
        unit: null(),
        group: null(),
        source: null(),
        has_range: false,
        min: 0.0,
        max: 0.0,
        min_int: 0,
        max_int: 0,
        step: 0.0,
        options: null(),
        option_count: 0,
        check: None,
        context: null_mut(),
    }
}

/// Nothing of it is what a new game says.
fn other_stats() -> obs_stats {
    obs_stats {
        is_connected: true,
        is_original: true,
        stored: 1,
        dropped: [1; 6],
        refused: 1,
        waiting_bytes: 1,
        revision: 1,
        disk_errors: 77,
    }
}

/// A game that is freed in the end.
struct TestGame(*mut obs_game);

impl TestGame {
    fn new() -> Self {
        Self::with(settings(c"0123456789ab"))
    }

    fn with(settings: obs_settings) -> Self {
        let mut game = null_mut();
        // SAFETY: both are valid
        assert_eq!(unsafe { obs_game_new(&raw const settings, &raw mut game) }, obs_status::Ok);
        Self(game)
    }

    fn int(&self, name: &CStr, own: i64) -> *mut obs_var {
        let mut var = null_mut();
        // SAFETY: all are valid or may be null
        let done = unsafe { obs_declare_int(self.0, name.as_ptr(), own, null(), &raw mut var) };
        assert_eq!(done, obs_status::Ok, "{}", last_error());
        var
    }
}

impl Drop for TestGame {
    fn drop(&mut self) {
        // SAFETY: it is freed once
        unsafe { obs_game_free(self.0) };
    }
}

#[test]
fn null_is_answered_and_named() {
    let mut var = null_mut();
    let mut call = null_mut();
    let (mut connection, mut made) = (null_mut(), null_mut());
    let keyless = obs_settings { key: null(), ..settings(c"") };
    let game = TestGame::new();
    // SAFETY: null is what is tried; all else is valid
    let answers = unsafe {
        [
            (obs_game_new(null(), &raw mut made), "settings"),
            (obs_game_new(null(), null_mut()), "game"),
            (obs_game_new(&raw const keyless, &raw mut made), "key"),
            (obs_declare_int(null_mut(), c"a".as_ptr(), 1, null(), &raw mut var), "game"),
            (obs_declare_int(game.0, null(), 1, null(), &raw mut var), "name"),
            (obs_declare_int(game.0, c"a".as_ptr(), 1, null(), null_mut()), "var"),
            (obs_declare_text(game.0, c"a".as_ptr(), null(), null(), &raw mut var), "own"),
            (obs_set_int(null_mut(), 1), "var"),
            (obs_set_text(null_mut(), null()), "value"),
            (obs_connect(null_mut(), c"a:1".as_ptr(), &raw mut connection), "game"),
            (obs_connect(game.0, null(), &raw mut connection), "address"),
            (obs_connect(game.0, c"a:1".as_ptr(), null_mut()), "connection"),
            (obs_connect_tls(null_mut(), c"a:1".as_ptr(), &raw mut connection), "game"),
            (obs_flush(null(), 1), "connection"),
            (obs_log(null(), 2, c"a".as_ptr()), "game"),
            (obs_log(game.0, 2, null()), "message"),
            (obs_log_fields(game.0, 2, c"a".as_ptr(), null(), 1), "fields"),
            (obs_get_stats(game.0, null_mut()), "stats"),
            (obs_declare_action(game.0, null(), null()), "name"),
            (obs_poll_action(game.0, null_mut()), "call"),
            (obs_poll_action(null_mut(), &raw mut call), "game"),
            (obs_answer(null_mut(), null()), "call"),
            (obs_fail(null_mut(), c"a".as_ptr()), "call"),
        ]
    };
    assert!(answers.iter().all(|(answer, _)| *answer == obs_status::Null), "{answers:?}");
    // SAFETY: null is what is tried
    assert_eq!(unsafe { obs_set_int(null_mut(), 1) }, obs_status::Null);
    assert_eq!(last_error(), "var is NULL");
    // SAFETY: null is what is tried
    let values = unsafe { (obs_get_int(null()), obs_get_double(null()), obs_get_bool(null())) };
    assert_eq!(values, (0, 0.0, false));
    // SAFETY: null is what is tried
    let numbers = unsafe { (obs_get_text(null(), null_mut(), 0), obs_frame(null_mut())) };
    assert_eq!(numbers, (i64::from(obs_status::Null as i32), obs_status::Null as i32));
    // SAFETY: null is what is tried
    assert!(unsafe { obs_call_name(null()) }.is_null() && unsafe { obs_call_args(null()) }.is_null());
    // SAFETY: nothing is freed, and nothing closed
    unsafe { obs_game_free(null_mut()) };
    // SAFETY: as above
    assert_eq!(unsafe { obs_close(null_mut(), 0) }, obs_status::Ok);
}

#[test]
fn what_is_not_utf8_is_answered_and_named() {
    let game = TestGame::new();
    let mut var = null_mut();
    let bad = NOT_UTF8.as_ptr();
    let spec = obs_spec { unit: bad, ..no_spec() };
    let options = [c"easy".as_ptr(), bad];
    let choice = obs_spec { options: options.as_ptr(), option_count: 2, ..no_spec() };
    let field = obs_field { name: bad, value: obs_value::NONE };
    // SAFETY: every pointer is valid, and every text ends
    let answers = unsafe {
        [
            (obs_declare_int(game.0, bad, 1, null(), &raw mut var), "name is not UTF-8"),
            (obs_declare_int(game.0, c"a".as_ptr(), 1, &raw const spec, &raw mut var), "unit is not UTF-8"),
            (
                obs_declare_text(game.0, c"a".as_ptr(), c"".as_ptr(), &raw const choice, &raw mut var),
                "an option is not UTF-8",
            ),
            (obs_log(game.0, 2, bad), "message is not UTF-8"),
            (
                obs_log_fields(game.0, 2, c"a".as_ptr(), &raw const field, 1),
                "the name of a field is not UTF-8",
            ),
        ]
    };
    assert!(answers.iter().all(|(answer, _)| *answer == obs_status::Utf8), "{answers:?}");
    assert_eq!(last_error(), answers[4].1);
    assert!(var.is_null());
}

#[test]
fn what_can_not_be_is_answered_with_a_sentence() {
    let game = TestGame::new();
    let (mut var, mut connection) = (null_mut(), null_mut());
    let name = c"a".as_ptr();
    let upside_down = obs_spec { has_range: true, min_int: 2, max_int: 1, ..no_spec() };
    let no_number = obs_value { kind: obs_kind::Double as i32, number: f64::NAN, ..obs_value::NONE };
    let field = |value| obs_field { name, value };
    let (kindless, nan) = (field(obs_value { kind: 9, ..obs_value::NONE }), field(no_number));
    let mut other = null_mut();
    let short_key = settings(c"short");
    let spaced = CString::new("a\tb").unwrap();
    let refused = |answer: obs_status, sentence: &str| {
        assert_eq!((answer, &*last_error()), (obs_status::Invalid, sentence));
    };
    // SAFETY: every pointer is valid or may be null
    unsafe {
        refused(
            obs_game_new(&raw const short_key, &raw mut other),
            "key: a game key has 12 printable characters",
        );
        refused(
            obs_declare_int(game.0, name, 1, &raw const upside_down, &raw mut var),
            "the smallest value of a range is larger than its largest",
        );
        refused(obs_declare_double(game.0, name, f64::NAN, null(), &raw mut var), "own is not finite");
        refused(obs_measure_double(game.0, name, f64::INFINITY, null(), &raw mut var), "first is not finite");
        refused(obs_log(game.0, 6, name), "level: there is none of this number");
        refused(
            obs_log_fields(game.0, obs_level::Info as i32, name, &raw const kindless, 1),
            "there is no kind 9 of values",
        );
        refused(
            obs_log_fields(game.0, obs_level::Info as i32, name, &raw const nan, 1),
            "a number is not finite",
        );
        for address in [c"localhost", c":6667", c"localhost:0", c"localhost:70000"] {
            refused(
                obs_connect(game.0, address.as_ptr(), &raw mut connection),
                "address: it is host:port, such as 127.0.0.1:6667",
            );
        }
    }
    // SAFETY: as above
    let answer = unsafe { obs_declare_int(game.0, spaced.as_ptr(), 1, null(), &raw mut var) };
    assert_eq!(answer, obs_status::Invalid);
    assert!(last_error().starts_with("name: "), "{}", last_error());
    assert!(other.is_null() && var.is_null() && connection.is_null());
}

#[test]
fn a_variable_of_another_type_is_not_touched() {
    let game = TestGame::new();
    let lives = game.int(c"lives", 3);
    // SAFETY: the variable is valid
    assert_eq!(unsafe { obs_set_double(lives, 2.5) }, obs_status::Type);
    assert_eq!(last_error(), "the variable is an integer, not a double");
    // SAFETY: as above
    assert_eq!((unsafe { obs_get_double(lives) }, unsafe { obs_get_int(lives) }), (0.0, 3));
}

#[test]
fn a_name_gives_the_same_variable_again() {
    let game = TestGame::new();
    assert_eq!(game.int(c"lives", 3), game.int(c"lives", 4));
    assert_ne!(game.int(c"lives", 3), game.int(c"deaths", 3));
}

#[test]
fn a_text_is_cut_between_characters_and_always_ends() {
    let game = TestGame::new();
    let mut var = null_mut();
    let (name, own) = (c"title".as_ptr(), c"für Ana".as_ptr());
    // SAFETY: every pointer is valid
    assert_eq!(unsafe { obs_declare_text(game.0, name, own, null(), &raw mut var) }, obs_status::Ok);
    for (size, expected) in [(1, ""), (2, "f"), (3, "f"), (4, "fü"), (9, "für Ana"), (16, "für Ana")] {
        let mut buffer = [0x7f as c_char; 16];
        // SAFETY: the buffer is as long as it says, or longer
        assert_eq!(unsafe { obs_get_text(var, buffer.as_mut_ptr(), size) }, 8);
        // SAFETY: it ends with a zero byte, as is tested
        assert_eq!(unsafe { CStr::from_ptr(buffer.as_ptr()) }.to_str().unwrap(), expected);
        assert!(buffer[size..].iter().all(|byte| *byte == 0x7f), "beyond {size}");
    }
    // SAFETY: no byte is asked for
    assert_eq!(unsafe { obs_get_text(var, null_mut(), 0) }, 8);
}

#[test]
fn a_game_is_connected_once() {
    let game = TestGame::new();
    let (mut first, mut second) = (null_mut(), null_mut());
    // nobody listens on port 1
    let address = c"127.0.0.1:1".as_ptr();
    // SAFETY: every pointer is valid
    assert_eq!(unsafe { obs_connect(game.0, address, &raw mut first) }, obs_status::Ok);
    // SAFETY: as above
    assert_eq!(unsafe { obs_connect(game.0, address, &raw mut second) }, obs_status::State);
    assert!(second.is_null());
    // SAFETY: as above
    assert_eq!(unsafe { obs_close(first, 0) }, obs_status::Ok);
}

#[cfg(not(feature = "tls"))]
#[test]
fn a_library_without_tls_says_so_and_can_still_connect() {
    let game = TestGame::new();
    let mut connection = null_mut();
    let address = c"127.0.0.1:1".as_ptr();
    // SAFETY: every pointer is valid
    assert_eq!(unsafe { obs_connect_tls(game.0, address, &raw mut connection) }, obs_status::State);
    assert_eq!(last_error(), "this library was built without TLS");
    assert!(connection.is_null());
    // SAFETY: as above
    assert_eq!(unsafe { obs_connect(game.0, address, &raw mut connection) }, obs_status::Ok);
    // SAFETY: as above
    assert_eq!(unsafe { obs_close(connection, 0) }, obs_status::Ok);
}

#[test]
fn without_a_server_the_game_counts_what_waits() {
    let game = TestGame::new();
    let mut stats = other_stats();
    let mut error = [0x7f as c_char; 4];
    // SAFETY: every pointer is valid
    unsafe {
        assert_eq!(obs_frame(game.0), 0);
        assert_eq!(obs_get_stats(game.0, &raw mut stats), obs_status::Ok);
        assert_eq!(obs_server_error(game.0, error.as_mut_ptr(), 4), 0);
    }
    assert_eq!(error[0], 0);
    let obs_stats { is_connected, stored, dropped, revision, .. } = stats;
    assert_eq!((is_connected, stored, dropped, revision), (false, 0, [0; 6], 0));
}

#[test]
fn a_panic_ends_in_the_library() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = status(|| panic!("on purpose"));
    std::panic::set_hook(hook);
    assert_eq!((answer, &*last_error()), (obs_status::Panic, "the library panicked"));
}

#[test]
fn another_thread_has_its_own_last_error() {
    // SAFETY: null is what is tried
    unsafe { obs_set_int(null_mut(), 1) };
    assert_eq!(std::thread::spawn(last_error).join().unwrap(), "");
    assert_eq!(last_error(), "var is NULL");
}
