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
//! The feature `tls` encrypts (`connect_tls` in place of [`connect`]). The features `log` and `tracing` take what a game logs with the crates of these names.
//!
//! With the feature `constants` every variable is the value that stands in the code, and nothing of this crate is left in the
//! program: for the game that players get.
//!
//! [`session`] is the conversation, without a socket and without a clock. [`Driver`] carries bytes for a game that has no
//! thread to spare; [`connect`] is a thread with a TCP socket around it.
#![deny(missing_docs)]

/// The code of the page for games in Rust.
#[cfg(doctest)]
#[doc = include_str!("../../docs/sdk-rust.md")]
struct Guide;

#[cfg(any(feature = "log", feature = "tracing"))]
mod adapters;
#[cfg(feature = "constants")]
mod constants;
mod macros;
mod stats;

#[cfg(not(feature = "constants"))]
mod checksum;
#[cfg(not(feature = "constants"))]
mod disk;
#[cfg(not(feature = "constants"))]
mod driver;
#[cfg(not(feature = "constants"))]
mod game;
#[cfg(not(feature = "constants"))]
mod names;
#[cfg(not(feature = "constants"))]
pub mod session;
#[cfg(not(feature = "constants"))]
mod settings;
#[cfg(not(feature = "constants"))]
mod thread;
#[cfg(all(feature = "tls", not(feature = "constants")))]
mod tls;

#[cfg(feature = "log")]
pub use adapters::Logger;
#[cfg(feature = "tracing")]
pub use adapters::TracingLayer;
#[cfg(feature = "constants")]
pub use constants::*;
#[cfg(feature = "derive")]
pub use observerio_derive::Tune;
pub use protocol::model::{Level, Outcome, Value};
pub use stats::Stats;

#[cfg(not(feature = "constants"))]
pub use live::*;

/// Everything that the feature `constants` replaces.
#[cfg(not(feature = "constants"))]
mod live {
    pub use crate::{
        driver::Driver,
        game::{Declaration, Game, Scalar, Tunable, Tune, Tuned, Var},
        session::Call,
        settings::Settings,
        thread::{Connection, connect, connect_through},
    };
    pub use protocol::model::Key;

    #[doc(hidden)]
    pub use crate::game::Place;
    #[cfg(feature = "tls")]
    pub use crate::tls::{connect_tls, connect_tls_with};
}
