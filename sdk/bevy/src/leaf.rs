//! A field that is a variable: one type of Rust each.

use std::ops::RangeInclusive;

use bevy_reflect::{
    PartialReflect, Reflect, ReflectMut, ReflectRef, TypeInfo, TypePath,
    attributes::CustomAttributes,
    enums::{DynamicEnum, DynamicVariant},
};
use observerio::{Declaration, Game, Scalar, Value, Var};

use crate::attributes::{Check, Color, Group, Help, Label, Measured, Step, Unit};

/// A variable, and how its value gets into a field.
pub(crate) trait Leaf: Send + Sync {
    /// The value in force.
    fn value(&self) -> Value;

    /// The game's own value from now on.
    fn set(&self, own: &Value);

    /// What the field has; `None` for a number that is not finite.
    fn read(&self, field: &dyn PartialReflect) -> Option<Value>;

    /// Gives the field this value.
    fn write(&self, field: &mut dyn PartialReflect, value: &Value);
}

/// Declares the variable of a field, if a variable can have its type.
pub(crate) fn declare(
    game: &Game,
    name: &str,
    field: &dyn PartialReflect,
    said: &CustomAttributes,
) -> Option<Box<dyn Leaf>> {
    macro_rules! scalars {
        ($($type:ty),+) => {$(
            if let Some(own) = field.try_downcast_ref::<$type>() {
                return Some(Box::new(Simple(number(game, name, *own, said))));
            }
        )+};
    }
    scalars!(f32, f64, i8, i16, i32, i64, u8, u16, u32, u64);
    if let Some(own) = field.try_downcast_ref::<bool>() {
        return Some(Box::new(Simple(describe(game.var(name, *own), said).declare())));
    }
    if let Some(own) = field.try_downcast_ref::<String>() {
        let is_color = said.contains::<Color>();
        let text = if is_color { game.color(name, own) } else { game.text(name, own) };
        return Some(Box::new(describe(text, said).declare()));
    }
    let (ReflectRef::Enum(own), Some(TypeInfo::Enum(info))) =
        (field.reflect_ref(), field.get_represented_type_info())
    else {
        return None;
    };
    let has_fields =
        |name: &&str| info.variant(name).is_none_or(|variant| variant.as_unit_variant().is_err());
    if info.variant_names().iter().any(has_fields) {
        return None;
    }
    let text = game.text(name, own.variant_name()).options(info.variant_names().iter().copied());
    Some(Box::new(Choice(describe(text, said).declare())))
}

fn number<T: Scalar + Reflect + TypePath + PartialOrd>(
    game: &Game,
    name: &str,
    own: T,
    said: &CustomAttributes,
) -> Var<T> {
    let mut declaration =
        if said.contains::<Measured>() { game.measurement(name, own) } else { game.var(name, own) };
    if let Some(range) = said.get::<RangeInclusive<T>>() {
        declaration = declaration.range(range.clone());
    }
    if let Some(Step(step)) = said.get() {
        declaration = declaration.step(*step);
    }
    describe(declaration, said).declare()
}

fn describe<'a, T>(mut declaration: Declaration<'a, T>, said: &CustomAttributes) -> Declaration<'a, T> {
    if let Some(Unit(unit)) = said.get() {
        declaration = declaration.unit(unit);
    }
    if let Some(Group(group)) = said.get() {
        declaration = declaration.group(group);
    }
    if let Some(Label(label)) = said.get() {
        declaration = declaration.label(label);
    }
    if let Some(Help(help)) = said.get() {
        declaration = declaration.help(help);
    }
    if let Some(Check(check)) = said.get() {
        declaration = declaration.judge(*check);
    }
    declaration
}

/// A number, or on and off.
struct Simple<T>(Var<T>);

impl<T: Scalar + Reflect> Leaf for Simple<T> {
    fn value(&self) -> Value {
        self.0.get().to_value()
    }

    fn set(&self, own: &Value) {
        if let Some(own) = T::from_value(own) {
            self.0.set(own);
        }
    }

    fn read(&self, field: &dyn PartialReflect) -> Option<Value> {
        let value = field.try_downcast_ref::<T>()?.to_value();
        // what is not finite can't be told, and would never equal itself
        Some(value).filter(|value| !matches!(value, Value::Float(number) if !number.is_finite()))
    }

    fn write(&self, field: &mut dyn PartialReflect, value: &Value) {
        if let (Some(field), Some(value)) = (field.try_downcast_mut::<T>(), T::from_value(value)) {
            *field = value;
        }
    }
}

impl Leaf for Var<String> {
    fn value(&self) -> Value {
        Value::Text(self.get().to_string())
    }

    fn set(&self, own: &Value) {
        if let Value::Text(own) = own {
            Var::<String>::set(self, own);
        }
    }

    fn read(&self, field: &dyn PartialReflect) -> Option<Value> {
        field.try_downcast_ref::<String>().cloned().map(Value::Text)
    }

    fn write(&self, field: &mut dyn PartialReflect, value: &Value) {
        if let (Some(field), Value::Text(value)) = (field.try_downcast_mut::<String>(), value) {
            field.clone_from(value);
        }
    }
}

/// An enum without fields: its variants are the options.
struct Choice(Var<String>);

impl Leaf for Choice {
    fn value(&self) -> Value {
        self.0.value()
    }

    fn set(&self, own: &Value) {
        Leaf::set(&self.0, own);
    }

    fn read(&self, field: &dyn PartialReflect) -> Option<Value> {
        match field.reflect_ref() {
            ReflectRef::Enum(field) => Some(Value::Text(field.variant_name().to_owned())),
            _ => None,
        }
    }

    fn write(&self, field: &mut dyn PartialReflect, value: &Value) {
        if let (ReflectMut::Enum(field), Value::Text(variant)) = (field.reflect_mut(), value) {
            field.apply(&DynamicEnum::new(variant.as_str(), DynamicVariant::Unit));
        }
    }
}
