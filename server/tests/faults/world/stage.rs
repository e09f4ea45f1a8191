//! A server with one project, games that play and somebody who edits: what most stories begin and end with.

use std::time::Duration;

use serde_json::{Value as Json, json};

use tokio::time::timeout;

use super::{
    designer::{Designer, Edit, Page, VARIABLE},
    load::{KEY, Load},
    server::Server,
    soon,
    truth::Truth,
};
use crate::support::http::Browser;

/// All of it.
pub struct Stage {
    pub server: Server,
    pub owner: Browser,
    pub load: Load,
    pub designer: Designer,
    pub truth: Truth,
}

impl Stage {
    /// Sets it up and waits until everybody is at work.
    pub async fn set(server: Server, acknowledged: usize, original: usize) -> Self {
        let owner = server.owner().await;
        server.register(KEY).await;
        let truth = Truth::open(&server).await;
        let load = Load::start(&server, acknowledged, original);
        let designer = Designer::start(&owner, truth.project);
        let mut stage = Self { server, owner, load, designer, truth };
        stage.all_at_work().await;
        stage
    }

    /// Every game is in sync, lines get through, and an edit was saved.
    pub async fn all_at_work(&mut self) {
        self.load.all_in_sync().await;
        self.load.more_lines(100).await;
        self.designer.saves().await;
    }

    /// Everybody carries on for so long; ends at once when a game is cut off.
    pub async fn carry_on(&mut self, duration: Duration) {
        let before = self.load.sum(|tally| tally.disconnects);
        let cut_off = timeout(duration, self.load.games[0].cut_off()).await;
        let after = self.load.sum(|tally| tally.disconnects);
        assert!(cut_off.is_err() && after == before, "{} games were cut off", after - before);
    }

    /// Lets everybody finish, and demands that everything is where it belongs: in the database, in the games, on the page.
    pub async fn finish(self) -> Finished {
        let Self { server: _server, owner, mut load, designer, mut truth } = self;
        let edits = designer.finish().await;
        load.come_to_rest().await;
        let (revision, desired) = truth.desired().await;
        let desired = json!(desired);
        load.until("the newest values", |tally| {
            let has_value = tally.values.get(VARIABLE).unwrap_or(&Json::Null) == &desired;
            has_value && (tally.epoch.is_none() || tally.revision == revision)
        })
        .await;
        soon("the page to show what is stored", same_log(&owner, &mut truth, &load)).await;
        truth.check_edits(&edits).await;
        truth.check_integrity().await;
        load.assert_honest();
        let page = soon("the page", Page::open(&owner, truth.project)).await.expect("a snapshot");
        let shown = page.snapshot.vars.iter().find(|var| var.name.as_str() == VARIABLE);
        let shown = shown.and_then(|var| var.desired.as_ref()?.value.as_ref()).map(|value| value.to_json());
        assert_eq!(shown, desired.as_i64().map(|value| value.to_string()), "the page shows another value");
        assert_eq!(
            u64::try_from(page.snapshot.revision.0).unwrap(),
            revision,
            "the page shows another revision"
        );
        Finished { load, edits, log_lines: truth.log_lines() }
    }
}

/// Original games do not hear when their last line is stored; it is soon.
async fn same_log(owner: &Browser, truth: &mut Truth, load: &Load) {
    loop {
        truth.check(load).await;
        let page = Page::open(owner, truth.project).await.expect("a snapshot");
        let shown = page.snapshot.logs.last().map_or(0, |line| line.seq);
        if i64::try_from(shown).unwrap() == truth.log_lines() {
            return;
        }
    }
}

/// What is left, for the figures.
pub struct Finished {
    pub load: Load,
    pub edits: Vec<Edit>,
    pub log_lines: i64,
}
