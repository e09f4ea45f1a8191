//! Certificates made for one story, and clients that trust them.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::soon;

/// A certificate for this machine and its key.
pub struct Identity {
    pub certificate_pem: String,
    pub key_pem: String,
    certificate: CertificateDer<'static>,
}

impl Identity {
    pub fn new() -> Self {
        Self::make(&["localhost", "127.0.0.1"], 4096, IsCa::NoCa)
    }

    /// One for these names.
    pub fn named(names: &[&str]) -> Self {
        Self::make(names, 4096, IsCa::NoCa)
    }

    /// One that nobody may use any more.
    pub fn expired() -> Self {
        Self::make(&["localhost", "127.0.0.1"], 2001, IsCa::NoCa)
    }

    /// One that is an authority's too, as `openssl req -x509` makes them.
    pub fn of_authority(names: &[&str], until_year: i32) -> Self {
        Self::make(names, until_year, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    fn make(names: &[&str], until_year: i32, is_ca: IsCa) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        // subject and issuer are the same, and so are their keys' identifiers
        params.use_authority_key_identifier_extension = is_ca != IsCa::NoCa;
        params.is_ca = is_ca;
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(until_year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            certificate: certificate.der().clone(),
        }
    }

    /// Writes `cert.pem` and `key.pem`, and gives the flags that name them.
    pub fn write(&self, folder: &Path) -> [String; 4] {
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, &self.certificate_pem).unwrap();
        std::fs::write(&key, &self.key_pem).unwrap();
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        ["--tls-cert".to_owned(), text(&certificate), "--tls-key".to_owned(), text(&key)]
    }

    /// A client that trusts this certificate and no other.
    pub fn client(&self) -> Arc<ClientConfig> {
        Arc::new(self.client_config(rustls::ALL_VERSIONS))
    }

    /// The same, that speaks those versions only.
    pub fn client_config(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        client_config(roots, versions)
    }
}

/// Connects and shakes hands.
pub async fn connect(address: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let stream = soon("a connection", TcpStream::connect(address)).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::from(address.ip());
    soon("the handshake", TlsConnector::from(Arc::clone(tls)).connect(name, stream)).await
}

/// Shakes hands with somebody of that name.
pub async fn shake_hands(
    stream: TcpStream,
    host: &'static str,
    tls: &Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host).unwrap();
    soon("the handshake", TlsConnector::from(Arc::clone(tls)).connect(name, stream)).await
}

/// A client that trusts what this PEM file holds.
pub fn client_of(pem: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(pem).unwrap()).unwrap();
    Arc::new(client_config(roots, rustls::ALL_VERSIONS))
}

fn client_config(
    roots: RootCertStore,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}
