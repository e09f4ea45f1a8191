//! The crate `tracing`.

use std::{error::Error, fmt::Debug};

use protocol::model::{Level, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    layer::{Context, Layer},
    registry::LookupSpan,
};

use super::{Entry, float, integer, take};
use crate::Game;

/// Sends the events of the crate `tracing`: message, level, target, place in the code, the names of the spans around it,
/// and its fields.
///
/// ```
/// # use observerio::{Game, Settings};
/// # let (game, driver) = Game::new(Settings::new("0123456789ab".parse()?));
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// tracing::subscriber::set_global_default(tracing_subscriber::registry().with(game.tracing_layer()))?;
/// tracing::info!(hp = 30, "boss spawned");
/// # drop(driver);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It never waits, and never takes what is logged while it takes an event. Filter it with the layer's own `with_filter`.
#[derive(Clone)]
pub struct TracingLayer {
    game: Game,
}

impl Game {
    /// For the crate `tracing`.
    pub fn tracing_layer(&self) -> TracingLayer {
        TracingLayer { game: self.clone() }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for TracingLayer {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if cfg!(feature = "constants") {
            return;
        }
        take(|| {
            let metadata = event.metadata();
            let level = level(*metadata.level());
            let mut entry = Entry::new(level, metadata.target(), metadata.file(), metadata.line());
            let spans = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root());
            let spans: Vec<&str> = spans.map(|span| span.name()).collect();
            if !spans.is_empty() {
                entry.add("span", Value::Text(spans.join(":")));
            }
            event.record(&mut Fields(&mut entry));
            entry.send(&self.game);
        });
    }
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

struct Fields<'a>(&'a mut Entry);

impl Fields<'_> {
    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(message)) => self.0.message = message,
            ("message", value) => self.0.message = value.to_string(),
            (name, value) => self.0.add(name, value),
        }
    }
}

impl Visit for Fields<'_> {
    fn record_i64(&mut self, field: &Field, number: i64) {
        self.add(field, integer(number.into()));
    }

    fn record_u64(&mut self, field: &Field, number: u64) {
        self.add(field, integer(number.into()));
    }

    fn record_i128(&mut self, field: &Field, number: i128) {
        self.add(field, integer(number));
    }

    fn record_u128(&mut self, field: &Field, number: u128) {
        let value = i128::try_from(number).map_or_else(|_| Value::Text(number.to_string()), integer);
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, number: f64) {
        self.add(field, float(number));
    }

    fn record_bool(&mut self, field: &Field, is: bool) {
        self.add(field, Value::Bool(is));
    }

    fn record_str(&mut self, field: &Field, text: &str) {
        self.add(field, Value::Text(text.to_owned()));
    }

    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        self.add(field, Value::Text(error.to_string()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, Value::Text(format!("{value:?}")));
    }
}
