//! From a type to the variables of its fields.

use bevy_reflect::{
    Access, OffsetAccess, ParsedPath, PartialReflect, ReflectPath as _, TypeInfo,
    attributes::CustomAttributes,
};
use observerio::Game;

use crate::{
    attributes::Named,
    leaf::{self, Leaf},
};

/// Structs within structs: more is no variable.
const MAX_DEPTH: usize = 8;

/// Where a field is, and its variable.
pub(crate) struct Found {
    pub(crate) path: ParsedPath,
    pub(crate) leaf: Box<dyn Leaf>,
}

/// Declares every field of the value that can be a variable.
pub(crate) fn declare(game: &Game, value: &dyn PartialReflect) -> Vec<Found> {
    let Some(info) = value.get_represented_type_info() else { return Vec::new() };
    let named = attributes(info).and_then(|said| said.get::<Named>().copied());
    let name =
        named.map_or_else(|| info.type_path_table().short_path().to_owned(), |Named(name)| name.to_owned());
    let mut search = Search { game, value, found: Vec::new() };
    search.look_into(info, &name, &mut Vec::new());
    search.found
}

fn attributes(info: &TypeInfo) -> Option<&CustomAttributes> {
    match info {
        TypeInfo::Struct(info) => Some(info.custom_attributes()),
        TypeInfo::TupleStruct(info) => Some(info.custom_attributes()),
        _ => None,
    }
}

struct Search<'a> {
    game: &'a Game,
    value: &'a dyn PartialReflect,
    found: Vec<Found>,
}

impl Search<'_> {
    fn look_into(&mut self, info: &TypeInfo, name: &str, path: &mut Vec<Access<'static>>) {
        match info {
            TypeInfo::Struct(info) => {
                for field in info.iter() {
                    let part = field.get_attribute::<Named>().map_or(field.name(), |Named(part)| part);
                    let access = Access::Field(field.name().into());
                    self.look_at(
                        &format!("{name}.{part}"),
                        access,
                        field.custom_attributes(),
                        field.type_info(),
                        path,
                    );
                }
            }
            TypeInfo::TupleStruct(info) => {
                for field in info.iter() {
                    // around a single field the type's name says everything
                    let is_alone = info.field_len() == 1;
                    let whole = if is_alone { name.to_owned() } else { format!("{name}.{}", field.index()) };
                    let access = Access::TupleIndex(field.index());
                    self.look_at(&whole, access, field.custom_attributes(), field.type_info(), path);
                }
            }
            _ => {}
        }
    }

    fn look_at(
        &mut self,
        name: &str,
        access: Access<'static>,
        said: &CustomAttributes,
        info: Option<&TypeInfo>,
        path: &mut Vec<Access<'static>>,
    ) {
        path.push(access);
        let parsed = ParsedPath(path.iter().cloned().map(OffsetAccess::from).collect());
        let field = (&parsed).reflect_element(self.value);
        if let Some(leaf) = field.ok().and_then(|field| leaf::declare(self.game, name, field, said)) {
            self.found.push(Found { path: parsed, leaf });
        } else if let Some(info) = info.filter(|_| path.len() < MAX_DEPTH) {
            self.look_into(info, name, path);
        }
        path.pop();
    }
}
