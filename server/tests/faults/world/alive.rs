//! A good game and a good designer while others misbehave: how long does an edit take from the one to the other?

use std::time::{Duration, Instant};

use protocol::model::ProjectId;
use serde_json::json;
use tokio::sync::watch;

use super::{
    designer::{Outcome, Page, VARIABLE},
    game::{Dialect, Game, Order, Settings},
    load::KEY,
    server::Server,
    truth::Truth,
};
use crate::support::http::Browser;

/// How long an edit may take all the while.
pub const EDIT_LIMIT: Duration = Duration::from_millis(250);

/// The two of them.
pub struct Alive {
    game: Game,
    owner: Browser,
    page: Page,
    project: ProjectId,
    value: i64,
    took: Vec<Duration>,
}

impl Alive {
    /// The server must be fresh.
    pub async fn begin(server: &Server) -> Self {
        let owner = server.owner().await;
        server.register(KEY).await;
        let project = Truth::open(server).await.project;
        let settings = Settings {
            server: server.tcp,
            key: KEY.to_owned(),
            name: "good".to_owned(),
            dialect: Dialect::Acknowledged,
            window: 8,
            patience: Duration::from_secs(10),
        };
        let mut game = Game::start(settings, watch::Sender::new(0));
        game.until("its first lines", |tally| tally.acked > 0).await;
        game.order(Order::Rest);
        let mut page = Page::open(&owner, project).await.unwrap();
        page.until_known(VARIABLE).await;
        Self { game, owner, page, project, value: 0, took: Vec::new() }
    }

    /// Edits again and again until `attack` is over; gives what that gave. Every edit must arrive in time.
    pub async fn during<T>(&mut self, attack: impl Future<Output = T>) -> T {
        let mut attack = std::pin::pin!(attack);
        let over = loop {
            tokio::select! {
                over = &mut attack => break over,
                () = self.edit() => {}
            }
        };
        // an attack that is cut off at once leaves no time for one
        if self.took.is_empty() {
            self.edit().await;
        }
        over
    }

    /// For others who edit beside it.
    pub async fn another_page(&self) -> Page {
        Page::open(&self.owner, self.project).await.unwrap()
    }

    async fn edit(&mut self) {
        self.value += 1;
        let (value, begun) = (self.value, Instant::now());
        let outcome = self.page.edit(value).await;
        assert!(matches!(outcome, Some(Outcome::Saved { .. })), "{outcome:?}");
        self.game.until("an edit", |tally| tally.values.get(VARIABLE) == Some(&json!(value))).await;
        self.took.push(begun.elapsed());
    }

    /// The figures so far: how many edits, and the slowest. It must have been in time.
    pub fn report(&self) -> String {
        let slowest = self.took.iter().max().expect("edits were made");
        assert!(*slowest <= EDIT_LIMIT, "an edit took {slowest:?}");
        format!("{} edits in that time, the slowest took {slowest:?}", self.took.len())
    }
}
