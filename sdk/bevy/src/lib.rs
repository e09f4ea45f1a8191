//! Fields of Bevy's resources and components that people tune while the game runs.
//!
//! ```
//! use bevy_app::App;
//! use bevy_ecs::prelude::*;
//! use bevy_reflect::Reflect;
//! use observerio_bevy::{ObserverioPlugin, ReflectTune, Settings, Unit};
//!
//! #[derive(Resource, Reflect)]
//! #[reflect(Resource, Tune)]
//! struct Boss {
//!     #[reflect(@0.0..=20.0_f32, @Unit("m/s"))]
//!     speed: f32,
//! }
//!
//! let settings = Settings::new("0123456789ab".parse()?).device("my-laptop").app("1.0");
//! let mut app = App::new();
//! app.add_plugins(ObserverioPlugin::new(settings, "127.0.0.1:6667"));
//! app.register_type::<Boss>().insert_resource(Boss { speed: 2.5 });
//! app.update(); // `Boss.speed` is a variable
//! # Ok::<(), observerio_bevy::KeyError>(())
//! ```
//!
//! `#[reflect(Tune)]` beside `Resource` or `Component` makes every field of a registered type a variable that reflection can
//! read as a number, a `bool`, a `String` or an enum without fields, also in nested structs. The [attributes](attributes) say
//! more of a field. A variable of a component is one for all entities that have it, also for those that are spawned later;
//! what people see is the value of the oldest one. When they let it go, each entity gets its own value back.
//!
//! Everything happens at the beginning of a frame, in the schedule `First`: all systems of a frame see the same values. The
//! game never waits for the network.

mod action;
pub mod attributes;
mod declare;
mod game;
mod leaf;
mod plugin;
mod tuning;

pub use action::ActionApp;
pub use attributes::{Check, Color, Group, Help, Label, Measured, Named, ReflectTune, Step, Unit};
pub use game::Observerio;
pub use observerio::{Call, Key, Level, Outcome, Settings, Stats, Value};
pub use plugin::ObserverioPlugin;

/// Why a text is no game key.
pub type KeyError = <Key as std::str::FromStr>::Err;
