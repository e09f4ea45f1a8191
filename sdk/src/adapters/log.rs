//! The crate `log`.

use log::{
    LevelFilter, Log, Metadata, Record,
    kv::{Error, Key, Value as LogValue, VisitSource},
};
use protocol::model::{Level, Value};

use super::{Entry, float, integer, take};
use crate::Game;

/// Sends what is logged with the crate `log`: message, level, target, place in the code, and key-value pairs as fields.
///
/// ```
/// # use observerio::{Game, Settings};
/// # let (game, driver) = Game::new(Settings::new("0123456789ab".parse()?));
/// log::set_boxed_logger(Box::new(game.logger()))?;
/// log::set_max_level(log::LevelFilter::Info);
/// log::info!(hp = 30; "boss spawned");
/// # drop(driver);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It never waits, and never takes what is logged while it takes an entry. To log elsewhere too, call it from a logger of
/// your own.
#[derive(Clone)]
pub struct Logger {
    game: Game,
    most: LevelFilter,
}

impl Game {
    /// For the crate `log`: takes every level.
    pub fn logger(&self) -> Logger {
        Logger { game: self.clone(), most: LevelFilter::Trace }
    }
}

impl Logger {
    /// Takes this level and what matters more.
    pub fn up_to(mut self, most: LevelFilter) -> Self {
        self.most = most;
        self
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !cfg!(feature = "constants") && metadata.level() <= self.most
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            take(|| {
                let level = level(record.level());
                let mut entry = Entry::new(level, record.target(), record.file(), record.line());
                entry.message = record.args().to_string();
                // it fails only if our own visitor does
                let _ = record.key_values().visit(&mut Fields(&mut entry));
                entry.send(&self.game);
            });
        }
    }

    fn flush(&self) {}
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug => Level::Debug,
        log::Level::Trace => Level::Trace,
    }
}

struct Fields<'a>(&'a mut Entry);

impl<'kvs> VisitSource<'kvs> for Fields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: LogValue<'kvs>) -> Result<(), Error> {
        let value = if let Some(number) = value.to_i128() {
            integer(number)
        } else if let Some(number) = value.to_f64() {
            float(number)
        } else if let Some(is) = value.to_bool() {
            Value::Bool(is)
        } else {
            Value::Text(value.to_string())
        };
        self.0.add(key.as_str(), value);
        Ok(())
    }
}
