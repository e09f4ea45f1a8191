//! The plugin, and the game that systems use.

use std::{
    collections::VecDeque,
    io,
    ops::Deref,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bevy_app::{App, First, Plugin};
use bevy_ecs::{
    resource::Resource,
    world::{Mut, World},
};
use observerio::{Call, Connection, Driver, Game, Level, Settings};

use crate::{
    action::{self, Actions},
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

/// The game: systems log with it, and declare more variables. It is an [`observerio::Game`] with its connection.
#[derive(Resource)]
pub struct Observerio {
    game: Game,
    /// Until it is connected.
    driver: Mutex<Option<Driver>>,
    connection: Mutex<Option<Connection>>,
    pub(crate) calls: VecDeque<Call>,
    changed: usize,
}

impl Deref for Observerio {
    type Target = Game;

    fn deref(&self) -> &Game {
        &self.game
    }
}

impl Observerio {
    fn new(settings: Settings) -> Self {
        let (game, driver) = Game::new(settings);
        let (driver, connection) = (Mutex::new(Some(driver)), Mutex::new(None));
        Self { game, driver, connection, calls: VecDeque::new(), changed: 0 }
    }

    /// Connects to `host:port`, once.
    ///
    /// # Errors
    /// The game was connected before, or the system has no thread to give.
    pub fn connect(&self, address: impl Into<String>) -> io::Result<()> {
        let driver = self.driver.lock().unwrap_or_else(PoisonError::into_inner).take();
        let driver = driver.ok_or_else(|| io::Error::other("it was connected before"))?;
        let connection = observerio::connect(driver, address)?;
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(())
    }

    /// How many variables this frame has changed.
    pub fn changed(&self) -> usize {
        self.changed
    }

    /// The oldest call of an action without a system, to be [answered](Game::answer).
    pub fn take_call(&mut self) -> Option<Call> {
        self.calls.pop_front()
    }

    /// What the frame has brought.
    pub(crate) fn next_call(&self) -> Option<Call> {
        self.game.take_call()
    }

    /// Waits until everything that was logged is stored, at most for this time; whether it is. For the end of a level.
    pub fn flush(&self, within: Duration) -> bool {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        connection.as_ref().is_some_and(|connection| connection.flush(within))
    }

    /// Disconnects; what was logged has this time to be stored. The variables keep their values.
    pub fn close(&self, within: Duration) {
        if let Some(connection) = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take() {
            connection.close(within);
        }
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
