//! Encrypted connections, with rustls.

use std::{io, net::TcpStream, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, StreamOwned,
    crypto::ring,
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::{
    Driver,
    thread::{Connection, connect_through, open},
};

/// What the game asks for in the handshake: then a proxy can tell it from a browser.
const PROTOCOL: &[u8] = b"observerio";

/// As [`connect`](crate::connect), encrypted; the server's certificate must be good for the host of the address, in the eyes
/// of the operating system.
///
/// # Errors
/// The system has no certificates to judge by, or no thread to give; or the address is no `host:port`.
pub fn connect_tls(driver: Driver, address: impl Into<String>) -> io::Result<Connection> {
    let versions = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12]);
    let builder = versions.and_then(|builder| builder.with_platform_verifier()).map_err(io::Error::other)?;
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    connect_tls_with(driver, address, Arc::new(config))
}

/// As [`connect_tls`], with other certificates to trust, or with one of the game's own.
///
/// # Errors
/// The system has no thread to give; or the address is no `host:port`.
pub fn connect_tls_with(
    driver: Driver,
    address: impl Into<String>,
    config: Arc<ClientConfig>,
) -> io::Result<Connection> {
    let address = address.into();
    let host = host_of(&address)?;
    connect_through(driver, move || {
        let connection =
            ClientConnection::new(Arc::clone(&config), host.clone()).map_err(io::Error::other)?;
        Ok(StreamOwned::<_, TcpStream>::new(connection, open(&address)?))
    })
}

fn host_of(address: &str) -> io::Result<ServerName<'static>> {
    let host = address.rsplit_once(':').map(|(host, _)| host.trim_start_matches('[').trim_end_matches(']'));
    let host = host.and_then(|host| ServerName::try_from(host.to_owned()).ok());
    host.ok_or_else(|| {
        let why = format!("`{address}` is no host:port, such as play.example.com:6667");
        io::Error::new(io::ErrorKind::InvalidInput, why)
    })
}
