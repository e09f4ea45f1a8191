//! How a game becomes a device of a project.

use std::{net::IpAddr, sync::Arc};

use protocol::{
    ErrorCode, ProtocolError,
    line::Hello,
    model::{DeviceId, Key, Revision},
};

use super::{GameLine, arrival::Arrival, place::Place, pushing::Pushes, session::Session, source::Source};
use crate::{
    Gateway, GatewayError,
    live::Live,
    secrets::random_token,
    shares::KeyShare,
    store::{DeviceInfo, OpenSession, StoreError, Write, Written},
};

impl Gateway {
    /// Verifies a key and connects a game; `hello` is what it said of itself, if it did.
    ///
    /// A game that says nothing of itself is known by its peer's address and the lowest number that is
    /// free there, so that a game which reconnects is the same device again.
    ///
    /// # Errors
    /// `bad_key` when no project has the key, `revoked` when it was revoked or has been replaced, `quota` when the project has
    /// too many devices or the key too many games, [`GatewayError::Unavailable`].
    pub async fn connect_game(
        &self,
        key: Key,
        peer: IpAddr,
        hello: Option<&Hello>,
    ) -> Result<GameLine, GatewayError> {
        self.connect_game_if(key, peer, None, hello, &|| true).await
    }

    /// The same, where `may_add` says whether this peer may add a device that the project does not know, and `origin` is that
    /// of the web page in which the game runs.
    ///
    /// # Errors
    /// Those, `rate` when it may not, and `origin` when the key does not admit games of that page.
    pub async fn connect_game_if(
        &self,
        key: Key,
        peer: IpAddr,
        origin: Option<&str>,
        hello: Option<&Hello>,
        may_add: &(dyn Fn() -> bool + Sync),
    ) -> Result<GameLine, GatewayError> {
        let epoch = self.inner.epoch().number;
        let known = self.key_in_force(key, peer).await?;
        let turn_away = |error| self.turn_away(known.state.project, peer, error);
        if !known.state.origins.admits(origin) {
            return Err(turn_away(wrong_page()));
        }
        let share = KeyShare::take(&known.connected, self.inner.days.limits.games_per_key);
        let share = share.map_err(turn_away)?;
        let live = self.open_project(key, &known.state, epoch).await?;
        let held = hello.map(|hello| held_revision(hello, &live));
        let applied = hello.filter(|hello| hello.caps.rev).map(|_| held.flatten().unwrap_or(Revision(0)));
        let (place, info) = identify(&live, peer, hello, applied);
        let name = hello.filter(|hello| hello.caps.ack).map(session_name);
        let arrival = Arrival::begin(&live, &info.identity, may_add).map_err(turn_away)?;
        let (device, open) = self.register(&live, &info, name.as_deref(), &arrival).await?;
        if open.is_some_and(|open| open.is_new()) {
            live.note_session(self.now());
        }
        let session = open.zip(name).map(|(open, name)| Session::hold(&live, open, name));
        live.connect(device, &info, self.inner.clock.now());
        drop(arrival);
        let source = Source::begin(self, live, device, &known);
        let pushes = Pushes::begin(&source.live, hello, held);
        let actions = applied.is_some().then(|| source.begin_actions());
        Ok(GameLine { source, key, _share: share, place, session, pushes, actions })
    }

    /// Makes the device and opens the session, in one commit with the other games that connect now. A known device
    /// without a session costs no write.
    async fn register(
        &self,
        live: &Arc<Live>,
        info: &DeviceInfo,
        session: Option<&str>,
        arrival: &Arrival,
    ) -> Result<(DeviceId, Option<OpenSession>), GatewayError> {
        let at = self.inner.clock.now();
        if let (Some(device), None) = (arrival.known, session) {
            self.inner.writer.note_seen(live.clone(), device, at, info.applied);
            return Ok((device, None));
        }
        if arrival.known.is_none() {
            // it may have been forgotten
            self.inner.sweeper.empty(live.project.id, &info.identity).await;
        }
        let write = Write::Connect {
            project: live.project.id,
            device: info.clone(),
            session: session.map(str::to_owned),
            gives_way: arrival.gives_way,
            at,
        };
        match self.inner.writer.connect(live.clone(), write).await? {
            Written::Connected { device, session } => {
                if arrival.gives_way.is_some() {
                    self.inner.sweeper.wake();
                }
                Ok((device, session))
            }
            other => {
                let text = format!("a connection was answered by {other:?}");
                Err(GatewayError::Unavailable(StoreError::Damaged(text)))
            }
        }
    }
}

fn wrong_page() -> ProtocolError {
    ProtocolError::new(
        ErrorCode::Origin,
        "this key does not admit games of this web page; an admin can allow its origin in the settings of the project",
    )
}

/// The revision up to which a game has everything, if it is one of ours.
fn held_revision(hello: &Hello, live: &Live) -> Option<Revision> {
    let is_ours = hello.epoch.as_deref() == Some(live.epoch_name.as_str());
    hello.rev.filter(|rev| is_ours && *rev <= live.state().picture.revision())
}

/// A game that names no session gets one that ends with its connection.
fn session_name(hello: &Hello) -> String {
    hello.session.clone().unwrap_or_else(|| format!("connection:{}", random_token()))
}

/// By its own word, or by its address.
fn identify(
    live: &Arc<Live>,
    peer: IpAddr,
    hello: Option<&Hello>,
    applied: Option<Revision>,
) -> (Option<Place>, DeviceInfo) {
    let words = |hello: &Hello| {
        let words = [&hello.app, &hello.platform, &hello.sdk];
        words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" · ")
    };
    let about = hello.map(words).unwrap_or_default();
    let build = hello.and_then(|hello| hello.app.clone()).unwrap_or_default();
    let attrs = hello.and_then(|hello| hello.attrs.clone());
    match hello.and_then(|hello| hello.device.as_ref()) {
        Some(device) => {
            let name = hello.and_then(|hello| hello.name.clone());
            // not the whole id: anybody who knows it can pass for the device
            let name = name.unwrap_or_else(|| device.chars().take(8).collect());
            let identity = format!("id:{device}");
            (None, DeviceInfo { identity, name, about, build, attrs, applied })
        }
        None => {
            let place = Place::reserve(live, peer.to_canonical());
            let info = place.info();
            let name = hello.and_then(|hello| hello.name.clone()).unwrap_or(info.name);
            (Some(place), DeviceInfo { name, about, build, attrs, applied, ..info })
        }
    }
}
