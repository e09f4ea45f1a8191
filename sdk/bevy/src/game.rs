//! The game that systems use.

use std::{
    collections::VecDeque,
    io,
    ops::Deref,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bevy_ecs::resource::Resource;
use observerio::{Call, Connection, Driver, Game, Settings};

/// The game: systems log with it, and declare more variables. It is an [`observerio::Game`] with its connection.
#[derive(Resource)]
pub struct Observerio {
    pub(crate) game: Game,
    /// Until it is connected.
    driver: Mutex<Option<Driver>>,
    connection: Mutex<Option<Connection>>,
    pub(crate) calls: VecDeque<Call>,
    pub(crate) changed: usize,
}

impl Deref for Observerio {
    type Target = Game;

    fn deref(&self) -> &Game {
        &self.game
    }
}

impl Observerio {
    pub(crate) fn new(settings: Settings) -> Self {
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
