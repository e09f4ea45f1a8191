//! A project of a run: a key, a variable, people who look at it.

use anyhow::Context as _;
use protocol::model::{Key, ProjectId};

use crate::{client::Version2, crowd::Crowd, dashboard::Dashboard, http, server::Server, stored::Stored};

/// A project with the variable that dashboards edit.
pub(crate) struct Project {
    pub(crate) key: Key,
    pub(crate) id: ProjectId,
}

impl Project {
    /// Registers a key and has a game declare the variable, which leaves again.
    pub(crate) async fn create(server: &Server, stored: &mut Stored, number: u32) -> anyhow::Result<Self> {
        let key = Key::parse(format!("bench{number:07}").as_bytes())?;
        http::register_key(&server.http, key.as_str()).await?;
        let id = stored.project_id(key.as_str()).await?;
        let founder = Version2::new(u32::MAX - number, key, 1).declaring();
        let mut crowd = Crowd::gather(&server.games, vec![founder])?;
        crowd.ready().await?;
        crowd.leave().await?;
        Ok(Self { key, id })
    }

    /// Somebody opens its page.
    pub(crate) async fn watch(&self, server: &Server, cookie: &str) -> anyhow::Result<Dashboard> {
        let mut dashboard = Dashboard::open(&server.http, cookie).await?;
        dashboard.subscribe(self.id).await?.context("the project is gone")?;
        Ok(dashboard)
    }
}
