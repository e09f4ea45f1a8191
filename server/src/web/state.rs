//! The state shared by all handlers.

use std::{net::SocketAddr, sync::Arc};

use axum::extract::FromRef;
use gateway::{Gateway, GatewayError};
use leptos::prelude::{Env, LeptosOptions};
use protocol::model::ProjectId;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    api::EditLocks,
    client::Scheme,
    device::DeviceKey,
    rates::Rates,
    readers::Readers,
    readiness::{Probe, Readiness},
};
use crate::{
    config::{MetricsAccess, PublicUrl, Registration, without_port},
    ingest::Door,
    metrics::Metrics,
};

/// The state shared by all handlers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web {
    pub(super) gateway: Gateway,
    pub(super) leptos: LeptosOptions,
    pub(super) settings: Arc<Settings>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) probe: Arc<Probe>,
    /// Rate limits.
    pub(super) rates: Arc<Rates>,
    /// Unread responses.
    pub(super) readers: Arc<Readers>,
    /// Signs the cookies of known browsers.
    pub(super) device_key: Arc<DeviceKey>,
    /// Locks for edits that scripts may repeat.
    pub(super) edits: Arc<EditLocks>,
    /// Where games in browsers come in.
    pub(super) door: Arc<Door>,
    /// Cancelled on shutdown.
    pub(super) stop: CancellationToken,
    /// WebSockets outlive the request that opened them: the server waits for these on shutdown.
    pub(super) tasks: TaskTracker,
}

/// What the settings say of this port.
pub(crate) struct WebOptions {
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) registration: Registration,
    pub(crate) metrics: MetricsAccess,
    pub(crate) is_tls_required: bool,
    /// Whether `/echo` is served.
    pub(crate) echo: bool,
    /// The project of a demo.
    pub(crate) demo: Option<ProjectId>,
    /// For each token or person.
    pub(crate) api_requests_per_second: u32,
    pub(crate) readers: Arc<Readers>,
    /// Signs the cookies of known browsers.
    pub(crate) device_key: DeviceKey,
}

/// What does not change while the server runs.
pub(super) struct Settings {
    pub(super) public_url: Option<PublicUrl>,
    pub(super) registration: Registration,
    pub(super) metrics: MetricsAccess,
    /// Whether plaintext is refused.
    pub(super) is_tls_required: bool,
    /// The game port's address.
    tcp: SocketAddr,
    /// Whether unknown host names are refused.
    pub(super) check_host: bool,
    /// Whether `/echo` is served.
    pub(super) echo: bool,
    /// The project of a demo: the one-time link leads there.
    pub(super) demo: Option<ProjectId>,
}

impl Web {
    pub(crate) fn new(
        addresses: (SocketAddr, SocketAddr),
        options: WebOptions,
        metrics: Metrics,
        door: Door,
    ) -> Self {
        let (gateway, stop, tasks) = (door.gateway.clone(), door.stop.clone(), door.tasks.clone());
        let (http, tcp) = addresses;
        let WebOptions {
            public_url,
            registration,
            metrics: metrics_access,
            is_tls_required,
            echo,
            demo,
            api_requests_per_second,
            readers,
            device_key,
        } = options;
        let is_local = http.ip().is_loopback() && tcp.ip().is_loopback();
        // another site can make its name resolve to this machine, so unknown names are refused if the known ones are sufficient
        let check_host = public_url.is_some() || is_local;
        let settings = Settings {
            public_url,
            registration,
            metrics: metrics_access,
            is_tls_required,
            tcp,
            check_host,
            echo,
            demo,
        };
        let leptos = leptos_options(http);
        let (settings, metrics) = (Arc::new(settings), Arc::new(metrics));
        let probe = Arc::new(database_probe(gateway.clone()));
        let rates = Arc::new(Rates::new(api_requests_per_second));
        let (device_key, edits, door) = (Arc::new(device_key), Arc::default(), Arc::new(door));
        Self {
            gateway,
            leptos,
            settings,
            metrics,
            probe,
            rates,
            readers,
            device_key,
            edits,
            door,
            stop,
            tasks,
        }
    }

    /// The dashboard's public origin, if known: from the settings, or else from this request.
    pub(super) fn own_origin(&self, scheme: Scheme, host: Option<String>) -> String {
        match (&self.settings.public_url, host) {
            (Some(url), _) => url.origin().to_owned(),
            (None, Some(host)) => format!("{}://{host}", scheme.as_str()),
            (None, None) => String::new(),
        }
    }

    /// The address for games, as people type it: if the port is bound to all addresses, with the host name of this request.
    pub(super) fn game_address(&self, host: Option<&str>) -> String {
        let Settings { tcp, public_url, .. } = &*self.settings;
        if !tcp.ip().is_unspecified() {
            return tcp.to_string();
        }
        let name = public_url.as_ref().map(PublicUrl::host).or(host.map(without_port)).unwrap_or("localhost");
        format!("{name}:{}", tcp.port())
    }
}

fn leptos_options(http: SocketAddr) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("observerio")
        .site_pkg_dir(format!("pkg/{}", env!("OBSERVERIO_SITE_HASH")))
        .site_addr(http)
        .env(Env::PROD)
        .build()
}

fn database_probe(gateway: Gateway) -> Probe {
    Probe::new(move || {
        let gateway = gateway.clone();
        Box::pin(async move { gateway.check().await.map_err(|error| explain(&error)) })
    })
}

/// A failed check's state, and its reason for the log.
fn explain(error: &GatewayError) -> (Readiness, String) {
    match error {
        GatewayError::Unavailable(cause) if cause.is_no_room() => (Readiness::Full, cause.to_string()),
        GatewayError::Unavailable(cause) => (Readiness::Failed, cause.to_string()),
        other => (Readiness::Failed, other.to_string()),
    }
}

impl FromRef<Web> for LeptosOptions {
    fn from_ref(web: &Web) -> Self {
        web.leptos.clone()
    }
}
