//! Encrypted connections.

use std::{io, net::TcpStream, sync::Arc, time::Duration};

use observerio::{Game, Level, Settings, connect_tls, connect_tls_with};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use super::{PATIENCE, server::Server, until};

fn start() -> (Server, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream: TcpStream| {
        let connection = ServerConnection::new(Arc::clone(&config)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    };
    (Server::behind(wrap), certificate)
}

fn trusting(certificate: Option<CertificateDer<'static>>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificate);
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn game() -> (Game, observerio::Driver) {
    Game::new(Settings::new("0123456789ab".parse().unwrap()))
}

#[test]
fn what_is_logged_arrives_through_tls() {
    let (server, certificate) = start();
    let (game, driver) = game();
    let address = format!("localhost:{}", server.address.port());
    let connection = connect_tls_with(driver, address, trusting(Some(certificate))).unwrap();
    for number in 0..1_000 {
        game.log(Level::Info, &format!("{number} {}", "x".repeat(500)));
    }
    connection.close(PATIENCE);
    assert_eq!(server.stored.lock().unwrap().entries.len(), 1_000, "{:?}", game.stats());
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_with_the_reason() {
    let (server, _certificate) = start();
    let (game, driver) = game();
    let address = format!("localhost:{}", server.address.port());
    let connection = connect_tls_with(driver, address, trusting(None)).unwrap();
    let is_said = || game.stats().last_failure.is_some_and(|why| why.contains("certificate"));
    until("the reason", is_said);
    assert!(!game.stats().is_connected);
    connection.close(Duration::ZERO);
}

#[test]
fn an_address_without_a_host_is_refused_at_once() {
    for odd in ["", "6667", ":6667", "two words:6667"] {
        let why = connect_tls(game().1, odd).err().unwrap().to_string();
        assert!(why.contains("no host:port") && why.contains("play.example.com:6667"), "{why}");
    }
}
