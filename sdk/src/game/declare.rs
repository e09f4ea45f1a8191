//! Declaring variables.

use std::{marker::PhantomData, ops::RangeInclusive, sync::Arc};

use protocol::model::{Bound, Outcome, Value, VarOption, VarSpec, VarType};

use super::{
    Game,
    slot::{Cell, Check, Scalar, Slot},
};

/// A variable that people tune, or a measurement. Copies share one value.
pub struct Var<T> {
    pub(super) slot: Arc<Slot>,
    of: PhantomData<T>,
}

impl<T> Clone for Var<T> {
    fn clone(&self) -> Self {
        Self { slot: Arc::clone(&self.slot), of: PhantomData }
    }
}

impl<T: Scalar> Var<T> {
    /// The value in force: an atomic load.
    pub fn get(&self) -> T {
        T::from_bits(self.slot.bits())
    }

    /// The game's own value from now on, in force until people want another one.
    pub fn set(&self, value: T) {
        self.slot.set_bits(value.to_bits());
    }
}

impl Var<String> {
    /// The value in force.
    pub fn get(&self) -> Arc<str> {
        self.slot.text()
    }

    /// The game's own value from now on, in force until people want another one.
    pub fn set(&self, value: &str) {
        self.slot.set_text(value);
    }
}

/// A variable that is being declared. Nothing is said of it before [`declare`](Declaration::declare).
#[must_use = "a variable is there when it is declared"]
pub struct Declaration<'a, T> {
    game: &'a Game,
    name: &'a str,
    spec: VarSpec,
    cell: Cell,
    check: Option<Check>,
    of: PhantomData<T>,
}

impl<'a, T: Scalar> Declaration<'a, T> {
    fn of(game: &'a Game, name: &'a str, own: T) -> Self {
        let spec = VarSpec { default: Some(own.to_value()), ..VarSpec::bare(T::TYPE) };
        Self { game, name, spec, cell: Cell::of(own), check: None, of: PhantomData }
    }

    fn measured(self) -> Self {
        Self { spec: VarSpec { default: None, readonly: true, ..self.spec }, ..self }
    }

    /// What is outside is clamped to it, and people are told.
    pub fn range(mut self, range: RangeInclusive<T>) -> Self {
        (self.spec.min, self.spec.max) = (bound(*range.start()), bound(*range.end()));
        self
    }

    /// The step of arrow keys and sliders; above 0.
    pub fn step(mut self, step: f64) -> Self {
        self.spec.step = Some(step);
        self
    }
}

impl<'a> Declaration<'a, String> {
    fn of_text(game: &'a Game, name: &'a str, own: &str, var_type: VarType) -> Self {
        let spec = VarSpec { default: Some(Value::Text(own.to_owned())), ..VarSpec::bare(var_type) };
        Self { game, name, spec, cell: Cell::of_text(own), check: None, of: PhantomData }
    }

    /// It is one of these.
    pub fn options<'b>(mut self, options: impl IntoIterator<Item = &'b str>) -> Self {
        self.spec.var_type = VarType::Enum;
        let option = |text: &str| VarOption { label: text.to_owned(), value: Value::Text(text.to_owned()) };
        self.spec.options = options.into_iter().map(option).collect();
        self
    }
}

impl<'a> Declaration<'a, ()> {
    fn of_button(game: &'a Game, name: &'a str) -> Self {
        let spec = VarSpec::bare(VarType::Action);
        Self { game, name, spec, cell: Cell::Nothing, check: None, of: PhantomData }
    }
}

impl<T> Declaration<'_, T> {
    /// Such as `m/s`.
    pub fn unit(mut self, unit: &str) -> Self {
        self.spec.unit = Some(unit.to_owned());
        self
    }

    /// Path of headings, such as `enemy/boss`.
    pub fn group(mut self, group: &str) -> Self {
        self.spec.group = Some(group.to_owned());
        self
    }

    /// What people read in place of the name.
    pub fn label(mut self, label: &str) -> Self {
        self.spec.label = Some(label.to_owned());
        self
    }

    /// A sentence for the tooltip.
    pub fn help(mut self, help: &str) -> Self {
        self.spec.help = Some(help.to_owned());
        self
    }

    /// Where it is declared, such as `src/boss.rs:41`.
    pub fn source(mut self, source: &str) -> Self {
        self.spec.source = Some(source.to_owned());
        self
    }

    /// Looks at a value in [`Game::frame`], before it is taken; with the reason, for people, it is rejected.
    pub fn check(self, check: impl Fn(&Value) -> Result<(), String> + Send + Sync + 'static) -> Self {
        self.judge(move |value| match check(value) {
            Ok(()) => Outcome::Applied,
            Err(reason) => Outcome::Rejected { reason: Some(reason) },
        })
    }

    /// As [`check`](Self::check), for a game that may also take another value in its place.
    pub fn judge(mut self, judge: impl Fn(&Value) -> Outcome + Send + Sync + 'static) -> Self {
        self.check = Some(Box::new(judge));
        self
    }

    /// Declares it. Whoever declares a name of the same type again gets the same variable. With a name that can't be one
    /// (blank, longer than 128 bytes, with control characters) it is the game's own, and the log says so.
    pub fn declare(self) -> Var<T> {
        let Self { game, name, spec, cell, check, .. } = self;
        Var { slot: game.add(name, spec, cell, check), of: PhantomData }
    }
}

impl Game {
    /// A variable that people tune, with the value that it has in the code.
    pub fn var<'a, T: Scalar>(&'a self, name: &'a str, own: T) -> Declaration<'a, T> {
        Declaration::of(self, name, own)
    }

    /// As [`Game::var`], of text.
    pub fn text<'a>(&'a self, name: &'a str, own: &str) -> Declaration<'a, String> {
        Declaration::of_text(self, name, own, VarType::String)
    }

    /// As [`Game::text`], of a colour in one of the ways of CSS, such as `#ff8844`.
    pub fn color<'a>(&'a self, name: &'a str, own: &str) -> Declaration<'a, String> {
        Declaration::of_text(self, name, own, VarType::Color)
    }

    /// Something that the game measures, such as frames a second: shown, never edited. [Set](Var::set) it as often as you like.
    pub fn measurement<'a, T: Scalar>(&'a self, name: &'a str, first: T) -> Declaration<'a, T> {
        Declaration::of(self, name, first).measured()
    }

    /// A button for a game that looks itself whether somebody has pressed it: see [`Game::take_call`].
    pub fn button<'a>(&'a self, name: &'a str) -> Declaration<'a, ()> {
        Declaration::of_button(self, name)
    }
}

fn bound<T: Scalar>(number: T) -> Option<Bound> {
    match number.to_value() {
        Value::Int(number) => Some(Bound::Int(number)),
        Value::Float(number) => Some(Bound::Float(number)),
        _ => None,
    }
}
