//! The TLS certificate of both ports, and how it is replaced while the server runs.

use std::sync::{Arc, RwLock};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use super::{TlsError, files};
use crate::config::TlsFiles;

/// Browsers only use HTTP/2 over TLS, and don't need it. HTTP/1.1 has one request at a time, so the connection limit also limits
/// requests.
const HTTP: &[u8] = b"http/1.1";
/// A client that requests a protocol must request this one on the game port: browsers, which always request web protocols, are
/// rejected in the handshake, so no page can make them talk to the game port under the host's name (the ALPACA attack).
const GAMES: &[u8] = b"observerio";

/// The current certificate. Cheap to clone; all clones change together.
#[derive(Clone)]
pub struct Certificates {
    files: Arc<TlsFiles>,
    current: Arc<RwLock<Configs>>,
}

struct Configs {
    http: Arc<ServerConfig>,
    games: Arc<ServerConfig>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`] when they can't be used.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let configs = Configs::read(&files)?;
        Ok(Self { files: Arc::new(files), current: Arc::new(RwLock::new(configs)) })
    }

    /// Reloads the files for new handshakes; connections are not affected. If the files can't be used, this is logged, and the current
    /// certificate stays.
    pub async fn reload(&self) {
        let this = self.clone();
        let outcome = tokio::task::spawn_blocking(move || this.exchange()).await;
        match outcome.expect("reading files does not panic") {
            Ok(()) => {
                tracing::info!(file = %self.files.certificate.display(), "reloaded the TLS certificate")
            }
            Err(error) => {
                tracing::error!(code = error.code(), "the TLS certificate was not reloaded: {error}");
            }
        }
    }

    fn exchange(&self) -> Result<(), TlsError> {
        let configs = Configs::read(&self.files)?;
        *self.current.write().expect("no holder of this lock panics") = configs;
        Ok(())
    }

    pub(super) fn for_http(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().expect("no holder of this lock panics").http)
    }

    pub(super) fn for_games(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().expect("no holder of this lock panics").games)
    }
}

impl Configs {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        // passed explicitly instead of installed for the process, which fails if two libraries do it
        let provider = Arc::new(ring::default_provider());
        let key = files::read(files, &provider)?;
        Ok(Self { http: config(&provider, &key, HTTP), games: config(&provider, &key, GAMES) })
    }
}

fn config(provider: &Arc<CryptoProvider>, key: &CertifiedKey, protocol: &[u8]) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has cipher suites for both")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())));
    config.alpn_protocols = vec![protocol.to_vec()];
    Arc::new(config)
}
