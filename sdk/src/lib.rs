//! The game's side of observerio: variables that people tune while the game runs, and its log.
//!
//! ```
//! use observerio::{Game, Level, Settings};
//!
//! let settings = Settings::new("0123456789ab".parse()?).device("ana-laptop").app("1.4.2");
//! let (game, driver) = Game::new(settings);
//! let speed = game.var("boss.speed", 2.5).range(0.0..=10.0).unit("m/s").group("enemy/boss").declare();
//! let fps = game.measurement("fps", 0.0).declare();
//! game.action("boss.spawn", |_| Ok(None));
//!
//! // a thread of its own, for as long as `connection` lives
//! let connection = observerio::connect(driver, "127.0.0.1:6667")?;
//! for _ in 0..3 {
//!     game.frame(); // what people want is applied here, all of it together
//!     fps.set(60.0);
//!     assert_eq!(speed.get(), 2.5); // an atomic load
//! }
//! game.log(Level::Info, "boss spawned");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The game never waits for the network. Without a server its variables have the values of the code; what it logs waits in
//! bounded memory, from which the least important goes first, and is counted. Lines are sent until the server has
//! acknowledged them. A server of the original grammar is taken as one.
//!
//! The feature `tls` encrypts ([`connect_tls`] in place of [`connect`]). The features `log` and `tracing` take what a game logs with the crates of these names.
//!
//! [`session`] is the conversation, without a socket and without a clock. [`Driver`] carries bytes for a game that has no
//! thread to spare; [`connect`] is a thread with a TCP socket around it.
#![deny(missing_docs)]

#[cfg(any(feature = "log", feature = "tracing"))]
mod adapters;
mod checksum;
mod disk;
mod driver;
mod game;
mod macros;
pub mod session;
mod settings;
mod thread;
#[cfg(feature = "tls")]
mod tls;

#[cfg(feature = "log")]
pub use adapters::Logger;
#[cfg(feature = "tracing")]
pub use adapters::TracingLayer;
pub use driver::Driver;
#[doc(hidden)]
pub use game::Place;
pub use game::{Declaration, Game, Scalar, Tunable, Tune, Tuned, Var};
#[cfg(feature = "derive")]
pub use observerio_derive::Tune;
pub use protocol::model::{Key, Level, Outcome, Value};
pub use session::{Call, Stats};
pub use settings::Settings;
pub use thread::{Connection, connect, connect_through};
#[cfg(feature = "tls")]
pub use tls::{connect_tls, connect_tls_with};
