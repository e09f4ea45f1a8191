//! Many games at once.

use std::time::Duration;

use tokio::sync::watch;

use super::{
    game::{Dialect, Game, Order, Settings, Tally},
    server::Server,
    soon,
};

/// Every story has one project.
pub const KEY: &str = "fault-story!";
/// Log entries of a game that may be unacknowledged.
const WINDOW: u64 = 32;
/// Games of these stories have none but the one server: they need not be quick to call it dead.
const PATIENCE: Duration = Duration::from_secs(10);

/// Games that play against one server.
pub struct Load {
    pub games: Vec<Game>,
    lines: watch::Receiver<u64>,
}

impl Load {
    /// So many games of version 2, and so many original ones. The project must exist.
    pub fn start(server: &Server, acknowledged: usize, original: usize) -> Self {
        let acknowledged = (0..acknowledged).map(|n| (Dialect::Acknowledged, format!("new-{n}")));
        let original = (0..original).map(|n| (Dialect::Original, format!("old-{n}")));
        Self::start_games(acknowledged.chain(original).map(|(dialect, name)| Settings {
            server: server.tcp,
            key: KEY.to_owned(),
            name,
            dialect,
            window: WINDOW,
            patience: PATIENCE,
        }))
    }

    /// These games.
    pub fn start_games(games: impl Iterator<Item = Settings>) -> Self {
        let (counter, lines) = watch::channel(0);
        Self { games: games.map(|settings| Game::start(settings, counter.clone())).collect(), lines }
    }

    /// Waits until all games together have sent so many log lines more.
    pub async fn more_lines(&mut self, count: u64) {
        let target = *self.lines.borrow() + count;
        soon("more lines", self.lines.wait_for(|lines| *lines >= target)).await.unwrap();
    }

    /// Waits until every game's tally is as wanted.
    pub async fn until(&mut self, what: &str, mut wanted: impl FnMut(&Tally) -> bool) {
        for game in &mut self.games {
            game.until(what, &mut wanted).await;
        }
    }

    /// Waits until every game has its `OK` again and is in sync.
    pub async fn all_in_sync(&mut self) {
        self.until("being in sync", |tally| tally.in_sync).await;
    }

    /// Waits until no game gets anything more through.
    pub async fn all_held_up(&mut self) {
        for game in &mut self.games {
            game.until_held_up().await;
        }
    }

    pub fn order(&self, order: Order) {
        self.games.iter().for_each(|game| game.order(order));
    }

    /// Waits until every line that was ever sent is acknowledged. Original games just stop.
    pub async fn come_to_rest(&mut self) {
        self.order(Order::Rest);
        for game in &mut self.games {
            if game.settings.dialect == Dialect::Acknowledged {
                game.until("the last ack", |tally| tally.acked == tally.made).await;
            }
        }
    }

    /// The sum over all games.
    pub fn sum(&self, of: impl Fn(&Tally) -> u64) -> u64 {
        self.games.iter().map(|game| of(&game.tally())).sum()
    }

    /// That no game saw what must never be, and none of its lines was refused for good.
    pub fn assert_honest(&self) {
        for game in &self.games {
            let tally = game.tally();
            let name = &game.settings.name;
            assert!(tally.violations.is_empty(), "{name}: {:?}", tally.violations);
            assert!(tally.refused.is_empty(), "{name}: {:?}", tally.refused);
            assert!(tally.most_fulls <= 1, "{name}: {} full sets on one connection", tally.most_fulls);
        }
    }
}
