//! What games log with already.

use std::fmt;

use log::Log as _;
use observerio::{Game, Level, Settings, Value};
use tracing_subscriber::layer::SubscriberExt as _;

use super::{PATIENCE, server::Server};

/// Message, level and fields of what a server stores of a game that does this.
fn stored(play: impl FnOnce(&Game)) -> Vec<(String, Level, String)> {
    let server = Server::start();
    let (game, driver) = Game::new(Settings::new("0123456789ab".parse().unwrap()));
    play(&game);
    observerio::connect(driver, server.address.to_string()).unwrap().close(PATIENCE);
    let stored = server.stored.lock().unwrap();
    let entries = stored.entries.iter();
    entries
        .map(|entry| (entry.message.clone(), entry.level, entry.fields.clone().unwrap_or_default()))
        .collect()
}

/// Logs while it is written.
struct Talkative<'a>(&'a dyn Fn());

impl fmt::Display for Talkative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)();
        f.write_str("talkative")
    }
}

impl fmt::Debug for Talkative<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[test]
fn the_crate_log_is_taken_with_levels_and_fields() {
    let stored = stored(|game| {
        let logger = game.logger().up_to(log::LevelFilter::Debug);
        let say = |level: log::Level, message: fmt::Arguments<'_>| {
            let pairs = [("hp", log::kv::Value::from(30)), ("level", log::kv::Value::from("castle"))];
            let record = log::Record::builder()
                .level(level)
                .target("game::boss")
                .file(Some("src/boss.rs"))
                .line(Some(41))
                .key_values(&pairs)
                .args(message)
                .build();
            logger.log(&record);
        };
        for level in log::Level::iter() {
            say(level, format_args!("at {level}"));
        }
        let nested = || say(log::Level::Error, format_args!("while another entry is written"));
        say(log::Level::Info, format_args!("{}", Talkative(&nested)));
        say(log::Level::Warn, format_args!("after it"));
    });
    let levels: Vec<_> = stored.iter().map(|(message, level, _)| (message.as_str(), *level)).collect();
    let expected = [
        ("at ERROR", Level::Error),
        ("at WARN", Level::Warn),
        ("at INFO", Level::Info),
        ("at DEBUG", Level::Debug),
        ("talkative", Level::Info),
        ("after it", Level::Warn),
    ];
    assert_eq!(levels, expected);
    let fields = r#"{"hp":30,"level_":"castle","source":"src/boss.rs:41","target":"game::boss"}"#;
    assert_eq!(stored[0].2, fields);
}

#[test]
fn the_crate_tracing_is_taken_with_levels_spans_and_fields() {
    let stored = stored(|game| {
        let subscriber = tracing_subscriber::registry().with(game.tracing_layer());
        tracing::subscriber::with_default(subscriber, || {
            let fight = tracing::info_span!("fight", boss = "dragon");
            let _fight = fight.entered();
            tracing::warn!(
                hp = 30u64,
                ratio = 0.5,
                far = f64::INFINITY,
                alive = true,
                name = "Öl",
                "spawned"
            );
            tracing::trace!(big = i128::MAX, error = %std::fmt::Error);
            let nested = || tracing::error!("while another event is written");
            tracing::debug!(what = ?Talkative(&nested), "after {}", 1);
        });
    });
    let plain: Vec<_> = stored.iter().map(|(message, level, _)| (message.as_str(), *level)).collect();
    assert_eq!(plain, [("spawned", Level::Warn), ("", Level::Trace), ("after 1", Level::Debug)]);
    let said =
        |place: usize, field: &str| assert!(stored[place].2.contains(field), "{field}: {}", stored[place].2);
    for field in [
        r#""hp":30"#,
        r#""ratio":0.5"#,
        r#""far":"inf""#,
        r#""alive":true"#,
        r#""name":"Öl""#,
        r#""span":"fight""#,
        r#""target":"stories::logging""#,
        r#"logging.rs:"#,
    ] {
        said(0, field);
    }
    said(1, r#""big":"170141183460469231731687303715884105727""#);
    said(1, r#""error":"an error occurred when formatting an argument""#);
    said(2, r#""what":"talkative""#);
}

#[test]
fn a_mark_is_an_entry_with_a_short_word() {
    let stored = stored(|game| {
        game.mark("fun", "the jump over the lava");
        game.mark(&"ä".repeat(40), "long");
        game.log_with(Level::Info, "odd", &[("timestamp", Value::Text("yesterday".to_owned()))]);
    });
    assert_eq!(stored[0].2, r#"{"mark":"fun"}"#);
    assert_eq!(stored[1].2, format!(r#"{{"mark":"{}"}}"#, "ä".repeat(16)));
    assert_eq!(stored[2].2, r#"{"timestamp_":"yesterday"}"#);
}
