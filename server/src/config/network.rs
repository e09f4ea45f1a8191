//! The server's addresses, and its proxies.

use std::net::SocketAddr;

use clap::Args;

use super::{
    ConfigError, PublicUrl, TrustedProxies, address,
    source::{Source, Sources, filled},
};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Network {
    /// Address for browsers and scripts (port 0 picks a free port)
    #[arg(long, env = "OBSERVERIO_HTTP", value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    http: String,
    /// Address for games (port 0 picks a free port)
    #[arg(long, env = "OBSERVERIO_TCP", value_name = "HOST:PORT", default_value = "127.0.0.1:6667")]
    tcp: String,
    /// The dashboard's public address, such as https://tune.example.org, if it differs from --http
    #[arg(long, env = "OBSERVERIO_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted, such as 127.0.0.1,10.0.0.0/8
    #[arg(long, env = "OBSERVERIO_TRUSTED_PROXIES", value_name = "CIDR,…")]
    trusted_proxies: Option<String>,
}

/// Checked.
pub(super) struct CheckedNetwork {
    pub(super) http: SocketAddr,
    pub(super) tcp: SocketAddr,
    pub(super) public_url: Option<PublicUrl>,
    pub(super) trusted_proxies: TrustedProxies,
}

impl Network {
    pub(super) fn check(self, sources: Sources<'_>) -> Result<CheckedNetwork, ConfigError> {
        let address = |text: &str, source: Source| address::parse(text).map_err(|why| source.refuse(why));
        let http = address(&self.http, sources.of("http"))?;
        let tcp = address(&self.tcp, sources.of("tcp"))?;
        let public_url = filled(self.public_url).map(|url| PublicUrl::parse(&url)).transpose();
        let public_url = public_url.map_err(|why| sources.of("public_url").refuse(why))?;
        let trusted_proxies = TrustedProxies::parse(&self.trusted_proxies.unwrap_or_default());
        let trusted_proxies = trusted_proxies.map_err(|why| sources.of("trusted_proxies").refuse(why))?;
        Ok(CheckedNetwork { http, tcp, public_url, trusted_proxies })
    }
}

impl CheckedNetwork {
    /// Whether the server is reachable from this machine alone: both ports on loopback, and no sign of a proxy.
    pub(super) fn is_private(&self) -> bool {
        let is_local = self.http.ip().is_loopback() && self.tcp.ip().is_loopback();
        is_local && self.public_url.is_none() && self.trusted_proxies.is_empty()
    }
}
