//! What `#[reflect(@…)]` says of a field. A range is one, too: `#[reflect(@0.0..=20.0_f32)]`, of the field's own type.

use bevy_reflect::{FromType, Reflect};
use observerio::{Outcome, Value};

/// `#[reflect(Tune)]`: the fields of this type are variables.
#[derive(Clone, Copy, Debug)]
pub struct ReflectTune;

impl<T> FromType<T> for ReflectTune {
    fn from_type() -> Self {
        Self
    }
}

/// On a type: the beginning of its variables' names, in place of the type's own. On a field: the last part of the name.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Named(pub &'static str);

/// Such as `m/s`.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Unit(pub &'static str);

/// A path of headings, such as `enemy/boss`.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Group(pub &'static str);

/// What people read in place of the name.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Label(pub &'static str);

/// A sentence for the tooltip.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Help(pub &'static str);

/// The step of arrow keys and sliders; above 0.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Step(pub f64);

/// A number that the game measures: shown, never edited.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Measured;

/// A `String` that is a colour in any CSS notation.
#[derive(Clone, Copy, Debug, Reflect)]
pub struct Color;

/// The game's own look at a value that people want, before it is taken.
#[derive(Clone, Copy, Debug, Reflect)]
#[reflect(opaque)]
pub struct Check(pub fn(&Value) -> Outcome);
