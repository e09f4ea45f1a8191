//! The feature `constants`: the same names, and nothing behind them. Every variable is the value that stands in the code,
//! nothing is logged and nobody is connected; a compiler that looks through it leaves nothing of it in the program.

use std::{
    io::{self, Read, Write},
    marker::PhantomData,
    ops::RangeInclusive,
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use crate::{Level, Outcome, Stats, Value};

/// A project's key: any text, because nobody is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key;

impl FromStr for Key {
    type Err = std::convert::Infallible;

    #[inline(always)]
    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Ok(Self)
    }
}

/// A type that variables have.
pub trait Scalar: Copy + Send + Sync + 'static {}

macro_rules! scalars {
    ($($type:ident),+) => {$(
        impl Scalar for $type {}
    )+};
}

scalars!(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64);

/// Nothing of it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings;

macro_rules! settings {
    ($($(#[$doc:meta])+ $name:ident: $type:ty),+ $(,)?) => {
        impl Settings {
            /// Settings that nothing comes of.
            #[inline(always)]
            pub fn new(_: Key) -> Self {
                Self
            }

            $(
                $(#[$doc])+
                #[inline(always)]
                pub fn $name(self, _: $type) -> Self {
                    self
                }
            )+
        }
    };
}

settings! {
    /// Without effect.
    session: u128,
    /// Without effect.
    device: impl Into<String>,
    /// Without effect.
    name: impl Into<String>,
    /// Without effect.
    app: impl Into<String>,
    /// Without effect.
    platform: impl Into<String>,
    /// Without effect.
    outbox_bytes: usize,
    /// Without effect.
    report_every: Duration,
    /// Without effect.
    measure_every: Duration,
    /// Without effect.
    values_in: impl Into<PathBuf>,
    /// Without effect.
    outbox_in: impl Into<PathBuf>,
}

/// A game that nobody looks into.
#[derive(Clone)]
pub struct Game;

impl Game {
    /// A game, and what would connect it.
    #[inline(always)]
    pub fn new(_: Settings) -> (Self, Driver) {
        (Self, Driver)
    }

    /// The value.
    #[inline(always)]
    pub fn var<'a, T: Scalar>(&'a self, _: &'a str, own: T) -> Declaration<'a, T> {
        Declaration { own, of: PhantomData }
    }

    /// The text.
    #[inline(always)]
    pub fn text<'a>(&'a self, _: &'a str, own: &str) -> Declaration<'a, String> {
        Declaration { own: own.to_owned(), of: PhantomData }
    }

    /// The text.
    #[inline(always)]
    pub fn color<'a>(&'a self, name: &'a str, own: &str) -> Declaration<'a, String> {
        self.text(name, own)
    }

    /// Nobody can press it.
    #[inline(always)]
    pub fn button<'a>(&'a self, _: &'a str) -> Declaration<'a, ()> {
        Declaration { own: (), of: PhantomData }
    }

    /// Nobody has pressed one.
    #[inline(always)]
    pub fn take_call(&self) -> Option<Call> {
        None
    }

    /// Without effect.
    #[inline(always)]
    pub fn answer(&self, _: u64, _: Result<Option<String>, String>) {}

    /// Nobody is shown it.
    #[inline(always)]
    pub fn measurement<'a, T: Scalar>(&'a self, name: &'a str, first: T) -> Declaration<'a, T> {
        self.var(name, first)
    }

    /// Nobody can press it.
    #[inline(always)]
    pub fn action(
        &self,
        _: &str,
        _: impl FnMut(Option<&str>) -> Result<Option<String>, String> + Send + 'static,
    ) {
    }

    /// Without effect.
    #[inline(always)]
    pub fn log(&self, _: Level, _: &str) {}

    /// Without effect.
    #[inline(always)]
    pub fn log_with(&self, _: Level, _: &str, _: &[(&str, Value)]) {}

    /// Without effect.
    #[inline(always)]
    pub fn mark(&self, _: &str, _: &str) {}

    /// Nothing changes between frames: 0.
    #[inline(always)]
    pub fn frame(&self) -> usize {
        0
    }

    /// Nothing happened.
    #[inline(always)]
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Without effect.
    #[inline(always)]
    pub fn install(&self) -> bool {
        true
    }

    /// Its fields stay what they are.
    #[inline(always)]
    pub fn tune<T: Tune>(&self, _: &T) -> Tuned<T> {
        Tuned { of: PhantomData }
    }
}

/// There is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {}

/// A value that stands in the code.
#[derive(Clone)]
pub struct Var<T> {
    own: T,
}

impl<T: Scalar> Var<T> {
    /// The value that stands in the code.
    #[inline(always)]
    pub fn get(&self) -> T {
        self.own
    }

    /// Without effect.
    #[inline(always)]
    pub fn set(&self, _: T) {}
}

impl Var<String> {
    /// The text that stands in the code.
    #[inline(always)]
    pub fn get(&self) -> Arc<str> {
        self.own.as_str().into()
    }

    /// Without effect.
    #[inline(always)]
    pub fn set(&self, _: &str) {}
}

/// A variable on its way to being its value.
#[must_use = "a variable is there when it is declared"]
pub struct Declaration<'a, T> {
    own: T,
    of: PhantomData<&'a ()>,
}

impl<T: Scalar> Declaration<'_, T> {
    /// Without effect.
    #[inline(always)]
    pub fn range(self, _: RangeInclusive<T>) -> Self {
        self
    }

    /// Without effect.
    #[inline(always)]
    pub fn step(self, _: f64) -> Self {
        self
    }
}

impl Declaration<'_, String> {
    /// Without effect.
    #[inline(always)]
    pub fn options<'b>(self, _: impl IntoIterator<Item = &'b str>) -> Self {
        self
    }
}

macro_rules! texts {
    ($($name:ident),+) => {
        impl<T> Declaration<'_, T> {
            $(
                /// Without effect.
                #[inline(always)]
                pub fn $name(self, _: &str) -> Self {
                    self
                }
            )+

            /// Without effect.
            #[inline(always)]
            pub fn check(self, _: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
                self
            }

            /// Without effect.
            #[inline(always)]
            pub fn judge(self, _: impl Fn(&Value) -> Outcome + Send + Sync + 'static) -> Self {
                self
            }

            /// The value that stands in the code.
            #[inline(always)]
            pub fn declare(self) -> Var<T> {
                Var { own: self.own }
            }
        }
    };
}

texts!(unit, group, label, help, source);

/// A struct whose fields would be variables: to be [derived](derive@crate::Tune).
pub trait Tune {
    /// The variables of its fields.
    type Vars;

    /// Not called.
    fn declare(&self, game: &Game) -> Self::Vars;

    /// Not called.
    fn read(&mut self, vars: &Self::Vars);
}

/// Nothing.
pub struct Tuned<T: Tune> {
    of: PhantomData<T>,
}

impl<T: Tune> Tuned<T> {
    /// Without effect.
    #[inline(always)]
    pub fn update(&self, _: &mut T) {}
}

/// A type that a field of a tuned struct may have.
pub trait Tunable: Sized {
    /// Not called.
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self>;

    /// Not called.
    fn read(&mut self, var: &Var<Self>);
}

impl<T: Scalar> Tunable for T {
    #[inline(always)]
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self> {
        game.var(name, *self)
    }

    #[inline(always)]
    fn read(&mut self, _: &Var<Self>) {}
}

impl Tunable for String {
    #[inline(always)]
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self> {
        game.text(name, self)
    }

    #[inline(always)]
    fn read(&mut self, _: &Var<Self>) {}
}

/// Carries nothing.
pub struct Driver;

impl Driver {
    /// Never.
    #[inline(always)]
    pub fn connects_at(&self) -> Option<Duration> {
        None
    }

    /// Without effect.
    #[inline(always)]
    pub fn connected(&mut self, _: Duration) {}

    /// Without effect.
    #[inline(always)]
    pub fn disconnected(&mut self, _: Duration) {}

    /// Without effect.
    #[inline(always)]
    pub fn failed(&mut self, _: &io::Error, _: Duration) {}

    /// Nothing waits.
    #[inline(always)]
    pub fn is_settled(&mut self) -> bool {
        true
    }

    /// Reads nothing and writes nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn poll(&mut self, _: &mut (impl Read + Write), _: Duration) -> io::Result<()> {
        Ok(())
    }
}

/// There is none.
pub struct Connection;

impl Connection {
    /// Nothing waits.
    #[inline(always)]
    pub fn flush(&self, _: Duration) -> bool {
        true
    }

    /// At once.
    #[inline(always)]
    pub fn close(self, _: Duration) {}
}

/// Connects nobody.
///
/// # Errors
/// None.
#[inline(always)]
pub fn connect(_: Driver, _: impl Into<String>) -> io::Result<Connection> {
    Ok(Connection)
}

/// Connects nobody.
///
/// # Errors
/// None.
#[inline(always)]
pub fn connect_through<S: Read + Write>(
    _: Driver,
    _: impl Fn() -> io::Result<S> + Send + 'static,
) -> io::Result<Connection> {
    Ok(Connection)
}

/// Connects nobody.
///
/// # Errors
/// None.
#[cfg(feature = "tls")]
#[inline(always)]
pub fn connect_tls(_: Driver, _: impl Into<String>) -> io::Result<Connection> {
    Ok(Connection)
}

/// Connects nobody.
///
/// # Errors
/// None.
#[cfg(feature = "tls")]
#[inline(always)]
pub fn connect_tls_with(
    _: Driver,
    _: impl Into<String>,
    _: Arc<rustls::ClientConfig>,
) -> io::Result<Connection> {
    Ok(Connection)
}
