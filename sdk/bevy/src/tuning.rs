//! What people want gets into fields, and what the game sets gets to people.

use std::collections::HashMap;

use bevy_ecs::{
    entity::Entity,
    query::{QueryBuilder, QueryState},
    reflect::{AppTypeRegistry, ReflectComponent},
    resource::Resource,
    world::World,
};
use bevy_reflect::{ParsedPath, PartialReflect, ReflectPath as _};
use observerio::{Game, Level, Value};

use crate::{
    attributes::ReflectTune,
    declare::{Found, declare},
    leaf::Leaf,
};

/// All types with `#[reflect(Tune)]` that were registered before the first frame.
#[derive(Resource, Default)]
pub(crate) struct Tuning {
    types: Option<Vec<Tuned>>,
}

impl Tuning {
    /// What the game has set since the last frame is its own value.
    pub(crate) fn notice(&mut self, world: &mut World, game: &Game) {
        for tuned in self.types.get_or_insert_with(|| find(world, game)) {
            tuned.notice(world, game);
        }
    }

    /// Gives fields what people want now.
    pub(crate) fn apply(&mut self, world: &mut World) {
        self.types.iter_mut().flatten().for_each(|tuned| tuned.apply(world));
    }
}

fn find(world: &mut World, game: &Game) -> Vec<Tuned> {
    let registry = world.resource::<AppTypeRegistry>().clone();
    let registry = registry.read();
    let mut found = Vec::new();
    for registration in registry.iter().filter(|registration| registration.contains::<ReflectTune>()) {
        let path = registration.type_info().type_path();
        let Some(reflect) = registration.data::<ReflectComponent>() else {
            game.log(
                Level::Warn,
                &format!("{path} has Tune, but is reflected neither as Resource nor as Component"),
            );
            continue;
        };
        let id = reflect.register_component(world);
        if !world.components().get_info(id).is_some_and(|info| info.mutable()) {
            game.log(Level::Warn, &format!("{path} has Tune, but is immutable"));
            continue;
        }
        let holders = QueryBuilder::<Entity>::new(world).with_id(id).build();
        found.push(Tuned { reflect: reflect.clone(), holders, fields: None });
    }
    found
}

struct Tuned {
    reflect: ReflectComponent,
    /// A resource has one.
    holders: QueryState<Entity>,
    /// `None`: no entity has it yet.
    fields: Option<Vec<Field>>,
}

struct Field {
    path: ParsedPath,
    leaf: Box<dyn Leaf>,
    /// The oldest entity's value, as far as the game knows.
    in_force: Value,
    /// The game's own; another one is in force only if people want that.
    own: Value,
    /// What entities had before they got what people want.
    before: HashMap<Entity, Value>,
}

impl Tuned {
    fn notice(&mut self, world: &World, game: &Game) {
        let Some(oldest) = self.holders.iter(world).min() else { return };
        let Some(value) = self.reflect.reflect(world.entity(oldest)) else { return };
        let fields = self.fields.get_or_insert_with(|| {
            let found = declare(game, value.as_partial_reflect()).into_iter();
            found.filter_map(|found| Field::new(found, value.as_partial_reflect())).collect()
        });
        for field in fields {
            let element = field.path.reflect_element(value.as_partial_reflect());
            let Some(now) = element.ok().and_then(|element| field.leaf.read(element)) else { continue };
            if now != field.in_force && !field.is_new(oldest) {
                field.leaf.set(&now);
                (field.in_force, field.own) = (now.clone(), now);
                field.before.clear();
            }
        }
    }

    fn apply(&mut self, world: &mut World) {
        let Some(fields) = &mut self.fields else { return };
        for field in fields {
            let wanted = field.leaf.value();
            let is_news = wanted != field.in_force;
            field.in_force = wanted;
            let is_tuned = field.in_force != field.own;
            if !is_tuned && !is_news {
                continue;
            }
            field.before.retain(|entity, _| world.get_entity(*entity).is_ok());
            for entity in self.holders.iter(world).collect::<Vec<_>>() {
                if is_news || field.is_new(entity) {
                    field.give(world, &self.reflect, entity, is_tuned);
                }
            }
        }
    }
}

impl Field {
    /// A variable may begin with what people wanted at the last start: that is news for the field.
    fn new(Found { path, leaf }: Found, value: &dyn PartialReflect) -> Option<Self> {
        let own = leaf.read(path.reflect_element(value).ok()?)?;
        Some(Self { path, leaf, in_force: own.clone(), own, before: HashMap::new() })
    }

    /// Whether people want something that this entity has not got yet.
    fn is_new(&self, entity: Entity) -> bool {
        self.in_force != self.own && !self.before.contains_key(&entity)
    }

    /// What people want, or the entity's own value again.
    fn give(&mut self, world: &mut World, reflect: &ReflectComponent, entity: Entity, is_tuned: bool) {
        let Ok(entity_mut) = world.get_entity_mut(entity) else { return };
        let Some(mut value) = reflect.reflect_mut(entity_mut) else { return };
        let element = self.path.reflect_element_mut(value.as_partial_reflect_mut());
        let Ok(element) = element else { return };
        if is_tuned {
            if let Some(before) = self.leaf.read(element) {
                self.before.entry(entity).or_insert(before);
            }
            self.leaf.write(element, &self.in_force);
        } else {
            let own = self.before.remove(&entity).unwrap_or_else(|| self.in_force.clone());
            self.leaf.write(element, &own);
        }
    }
}
