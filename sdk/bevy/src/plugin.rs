//! The plugin.

use bevy_app::{App, First, Plugin};
use bevy_ecs::world::{Mut, World};
use observerio::{Level, Settings};

use crate::{
    action::{self, Actions},
    game::Observerio,
    tuning::Tuning,
};

/// Connects a game, and makes fields of its resources and components tunable.
pub struct ObserverioPlugin {
    settings: Settings,
    address: Option<String>,
}

impl ObserverioPlugin {
    /// Connects to a server's game port, `host:port`, and reconnects whenever necessary.
    pub fn new(settings: Settings, address: impl Into<String>) -> Self {
        Self { settings, address: Some(address.into()) }
    }

    /// Connects to nothing until [`Observerio::connect`].
    pub fn offline(settings: Settings) -> Self {
        Self { settings, address: None }
    }
}

impl Plugin for ObserverioPlugin {
    fn build(&self, app: &mut App) {
        let game = Observerio::new(self.settings.clone());
        if let Some(address) = &self.address
            && let Err(why) = game.connect(address.clone())
        {
            game.log(Level::Error, &format!("the game is not connected: {why}"));
        }
        app.insert_resource(game).init_resource::<Actions>().init_resource::<Tuning>();
        app.add_systems(First, frame);
    }
}

/// The boundary between two frames.
fn frame(world: &mut World) {
    let game = world.resource::<Observerio>().game.clone();
    world.resource_scope(|world, mut tuning: Mut<Tuning>| {
        tuning.notice(world, &game);
        world.resource_mut::<Observerio>().changed = game.frame();
        tuning.apply(world);
    });
    action::run(world);
}
