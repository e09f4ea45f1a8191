//! Buttons that run systems.

use std::collections::HashMap;

use bevy_app::App;
use bevy_ecs::{
    resource::Resource,
    system::{In, IntoSystem, SystemId},
    world::World,
};
use observerio::Call;

use crate::game::Observerio;

/// What an action takes: its arguments as JSON, if there are any. And gives: a result as JSON, or nothing, or why it failed.
type Run = SystemId<In<Option<String>>, Result<Option<String>, String>>;

/// Calls that wait for a game that takes them itself; beyond that, the oldest fails.
const MAX_CALLS: usize = 64;

/// The systems of actions, by name.
#[derive(Resource, Default)]
pub(crate) struct Actions(HashMap<String, Run>);

/// Declares actions.
pub trait ActionApp {
    /// A button: the system runs when somebody presses it, at the beginning of the next frame. Its input is the arguments as
    /// JSON, if there are any; its output is the result as JSON, or nothing, or why it failed.
    ///
    /// # Panics
    /// There is no [`ObserverioPlugin`](crate::ObserverioPlugin) yet.
    fn add_observerio_action<M>(
        &mut self,
        name: &str,
        run: impl IntoSystem<In<Option<String>>, Result<Option<String>, String>, M> + 'static,
    ) -> &mut Self;
}

impl ActionApp for App {
    fn add_observerio_action<M>(
        &mut self,
        name: &str,
        run: impl IntoSystem<In<Option<String>>, Result<Option<String>, String>, M> + 'static,
    ) -> &mut Self {
        let system = self.world_mut().register_system(run);
        self.world_mut().resource_mut::<Actions>().0.insert(name.to_owned(), system);
        self.world().resource::<Observerio>().button(name).declare();
        self
    }
}

/// Runs what people have pressed; what has no system waits for the game to take it.
pub(crate) fn run(world: &mut World) {
    while let Some(call) = world.resource::<Observerio>().next_call() {
        match world.resource::<Actions>().0.get(call.name.as_str()).copied() {
            Some(system) => answer(world, &call, system),
            None => wait(world, call),
        }
    }
}

fn answer(world: &mut World, call: &Call, system: Run) {
    let result = world.run_system_with(system, call.args.clone());
    let result = result.unwrap_or_else(|why| Err(format!("the game could not run it: {why}")));
    world.resource::<Observerio>().answer(call.id, result);
}

fn wait(world: &mut World, call: Call) {
    let mut game = world.resource_mut::<Observerio>();
    if game.calls.len() == MAX_CALLS
        && let Some(oldest) = game.calls.pop_front()
    {
        game.answer(oldest.id, Err("the game has too many actions to run".to_owned()));
    }
    game.calls.push_back(call);
}
