//! Certificates made for one story, and clients that trust them.

use std::{io, net::SocketAddr, path::Path, sync::Arc};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
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
        Self::make(4096)
    }

    /// One that nobody may use any more.
    pub fn expired() -> Self {
        Self::make(2001)
    }

    fn make(until_year: i32) -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
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
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// Connects and shakes hands.
pub async fn connect(address: SocketAddr, tls: &Arc<ClientConfig>) -> io::Result<TlsStream<TcpStream>> {
    let stream = soon("a connection", TcpStream::connect(address)).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::from(address.ip());
    soon("the handshake", TlsConnector::from(Arc::clone(tls)).connect(name, stream)).await
}
