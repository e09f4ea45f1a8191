//! What each port needs before it accepts.

use std::{net::SocketAddr, sync::Arc};

use gateway::Gateway;
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::Config,
    ingest::{Admission, Door, GameLimits, GamePort},
    metrics::Metrics,
    net::{PerAddress, Port},
    tls::{Certificates, Offer},
    web::{self, HttpPort},
};

/// The connections of both ports, and what is sent to people and scripts and not read yet.
pub(super) struct Ports {
    games: Arc<Port>,
    http: Arc<Port>,
    readers: Arc<web::Readers>,
}

impl Ports {
    pub(super) fn new(config: &Config) -> Self {
        let per_address = PerAddress::of_games(config.max_games, config.max_games_per_address);
        Self {
            games: Arc::new(Port::shared(config.max_games, per_address)),
            http: Arc::new(Port::new(config.max_http)),
            readers: Arc::new(web::Readers::new(config.memory.readers())),
        }
    }

    /// Where games come in; `threads` serve them.
    pub(super) fn door(
        &self,
        config: &Config,
        gateway: &Gateway,
        threads: &Handle,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Door {
        Door {
            port: Arc::clone(&self.games),
            admission: Arc::new(Admission::new(config.address_limits)),
            limits: GameLimits::new(config.game_times),
            gateway: gateway.clone(),
            threads: threads.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        }
    }

    /// What every handler can reach. `addresses`: those of the HTTP port and of the games' port.
    pub(super) async fn web(
        &self,
        config: &Config,
        addresses: (SocketAddr, SocketAddr),
        door: &Door,
    ) -> web::Web {
        let gateway = &door.gateway;
        let (games, http, readers) =
            (Arc::clone(&self.games), Arc::clone(&self.http), Arc::clone(&self.readers));
        let metrics = Metrics::new(gateway.clone(), games, http, readers, config.memory);
        let options = web::WebOptions {
            public_url: config.public_url.clone(),
            registration: config.registration,
            metrics: config.metrics.clone(),
            is_tls_required: is_tls_required(config),
            echo: config.echo,
            demo: config.demo,
            api_requests_per_second: config.api_requests_per_second,
            readers: Arc::clone(&self.readers),
            device_key: web::DeviceKey::new(&gateway.device_key().await),
        };
        web::Web::new(addresses, options, metrics, door.clone())
    }

    pub(super) fn games(
        listener: TcpListener,
        config: &Config,
        certificates: Option<Certificates>,
        door: Door,
    ) -> GamePort {
        GamePort { listener, offer: Offer::games(certificates, !is_tls_required(config)), door }
    }

    pub(super) fn http(
        self,
        listener: TcpListener,
        config: Config,
        certificates: Option<Certificates>,
    ) -> HttpPort {
        HttpPort {
            listener,
            port: self.http,
            offer: Offer::http(certificates),
            proxies: Arc::new(config.trusted_proxies),
            readers: self.readers,
            head_timeout: config.head_timeout,
            write_timeout: config.game_times.write,
            keep_alive: config.game_times.keep_alive,
        }
    }
}

fn is_tls_required(config: &Config) -> bool {
    config.tls.as_ref().is_some_and(|tls| tls.is_required)
}
