//! Numbers that are tuned where they stand, and structs whose fields are.

use std::sync::{Arc, OnceLock};

use super::{Declaration, Game, Scalar, Slot, Var};

static INSTALLED: OnceLock<Game> = OnceLock::new();

impl Game {
    /// Makes it the game of this process, whose variables [`tune!`](crate::tune!) declares. The first one stays: returns
    /// whether it is this one.
    pub fn install(&self) -> bool {
        Arc::ptr_eq(&INSTALLED.get_or_init(|| self.clone()).shared, &self.shared)
    }

    /// Declares each field of a struct; [`derive(Tune)`](derive@crate::Tune) says how. Its values are the game's own.
    pub fn tune<T: Tune>(&self, of: &T) -> Tuned<T> {
        Tuned { vars: of.declare(self) }
    }
}

/// A struct whose fields are variables: to be [derived](derive@crate::Tune).
pub trait Tune {
    /// The variables of its fields.
    type Vars;

    /// Declares each field, with the value that it has.
    fn declare(&self, game: &Game) -> Self::Vars;

    /// Gives each field the value in force.
    fn read(&mut self, vars: &Self::Vars);
}

/// The variables of a struct.
pub struct Tuned<T: Tune> {
    vars: T::Vars,
}

impl<T: Tune> Tuned<T> {
    /// Gives each field the value in force: once a frame, after [`Game::frame`].
    pub fn update(&self, of: &mut T) {
        of.read(&self.vars);
    }
}

/// A type that a field of a tuned struct may have: numbers, `bool` and `String`.
pub trait Tunable: Sized {
    /// A variable with this value as the game's own.
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self>;

    /// Takes the value in force.
    fn read(&mut self, var: &Var<Self>);
}

impl<T: Scalar> Tunable for T {
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self> {
        game.var(name, *self)
    }

    fn read(&mut self, var: &Var<Self>) {
        *self = var.get();
    }
}

impl Tunable for String {
    fn declaration<'a>(&self, game: &'a Game, name: &'a str) -> Declaration<'a, Self> {
        game.text(name, self)
    }

    fn read(&mut self, var: &Var<Self>) {
        let text = var.get();
        if **self != *text {
            text.as_ref().clone_into(self);
        }
    }
}

/// What [`tune!`](crate::tune!) keeps of a place in the code.
#[doc(hidden)]
pub struct Place(OnceLock<Arc<Slot>>);

impl Place {
    #[expect(clippy::new_without_default, reason = "it is made where constants are")]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value in force; before a game is installed, the code's own.
    #[inline]
    pub fn read<T: Scalar>(&self, own: T, declare: impl FnOnce(&Game, T) -> Var<T>) -> T {
        match self.0.get() {
            // a place in generic code may have been declared with another type
            Some(slot) => slot.get().unwrap_or(own),
            None => {
                self.declare(|game| declare(game, own).slot).map_or(own, |slot| slot.get().unwrap_or(own))
            }
        }
    }

    /// As [`Place::read`], of text.
    pub fn read_text(&self, own: &str, declare: impl FnOnce(&Game, &str) -> Var<String>) -> Arc<str> {
        let slot = self.0.get().or_else(|| self.declare(|game| declare(game, own).slot));
        slot.map_or_else(|| own.into(), |slot| slot.text())
    }

    #[cold]
    fn declare(&self, declare: impl FnOnce(&Game) -> Arc<Slot>) -> Option<&Arc<Slot>> {
        let game = INSTALLED.get()?;
        Some(self.0.get_or_init(|| declare(game)))
    }
}
