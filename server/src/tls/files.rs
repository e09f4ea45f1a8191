//! The PEM files of a certificate and its key, read and checked.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use rustls::{
    CertificateError, RootCertStore,
    client::verify_server_cert_signed_by_trust_anchor,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

use crate::config::TlsFiles;

/// A chain has a few KiB; a larger file is something else.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Why a certificate can't be used: a sentence that names the file and says what to do, without its contents.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file can't be read.
    #[error("cannot read {path} ({variable}): {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The setting that names it.
        variable: &'static str,
        /// The operating system's error.
        cause: io::Error,
    },
    /// It is not a PEM file, or it is damaged.
    #[error(
        "{0} (OBSERVERIO_TLS_CERT) contains no certificate; use a PEM file with the server's certificate first, followed by its issuers'"
    )]
    NoCertificate(PathBuf),
    /// It contains no usable certificate.
    #[error("the certificate in {0} (OBSERVERIO_TLS_CERT) is damaged or unsupported; get a new one")]
    BadCertificate(PathBuf),
    /// It contains no private key, or an encrypted one.
    #[error("{0} (OBSERVERIO_TLS_KEY) contains no private key; use a PEM file with an unencrypted key")]
    NoKey(PathBuf),
    /// The key is damaged, or of an unsupported kind.
    #[error(
        "the private key in {0} (OBSERVERIO_TLS_KEY) is damaged or unsupported; use ECDSA, RSA or Ed25519"
    )]
    BadKey(PathBuf),
    /// The certificate and the key don't match.
    #[error(
        "the key in {key} (OBSERVERIO_TLS_KEY) does not match the certificate in {certificate} (OBSERVERIO_TLS_CERT); use a matching pair"
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
}

impl TlsError {
    /// Stable, in lower snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "unreadable",
            Self::NoCertificate(_) => "no_certificate",
            Self::BadCertificate(_) => "bad_certificate",
            Self::NoKey(_) => "no_key",
            Self::BadKey(_) => "bad_key",
            Self::Mismatch { .. } => "mismatch",
        }
    }
}

/// Reads both files and checks that they match. Clients check the rest (names, issuer); an expired certificate is worth a warning,
/// and still better than none.
pub(super) fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let TlsFiles { certificate, key } = files;
    let chain = CertificateDer::pem_slice_iter(&contents(certificate, "OBSERVERIO_TLS_CERT")?)
        .collect::<Result<Vec<_>, _>>()
        // the parser's own message quotes the file
        .map_err(|_| TlsError::NoCertificate(certificate.clone()))?;
    let Some(own) = chain.first() else { return Err(TlsError::NoCertificate(certificate.clone())) };
    let parsed =
        ParsedCertificate::try_from(own).map_err(|_| TlsError::BadCertificate(certificate.clone()))?;
    warn_of_dates(&parsed, certificate, provider);
    let secret = PrivateKeyDer::from_pem_slice(&contents(key, "OBSERVERIO_TLS_KEY")?)
        .map_err(|_| TlsError::NoKey(key.clone()))?;
    CertifiedKey::from_der(chain, secret, provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            TlsError::Mismatch { certificate: certificate.clone(), key: key.clone() }
        }
        _ => TlsError::BadKey(key.clone()),
    })
}

fn contents(path: &Path, variable: &'static str) -> Result<Vec<u8>, TlsError> {
    let unreadable = |cause| TlsError::Read { path: path.to_owned(), variable, cause };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB")))
    } else {
        Ok(bytes)
    }
}

fn warn_of_dates(certificate: &ParsedCertificate<'_>, path: &Path, provider: &CryptoProvider) {
    // a client's check, without an issuer to find: it checks the dates first
    let outcome = verify_server_cert_signed_by_trust_anchor(
        certificate,
        &RootCertStore::empty(),
        &[],
        UnixTime::now(),
        provider.signature_verification_algorithms.all,
    );
    let Err(rustls::Error::InvalidCertificate(why)) = outcome else { return };
    let file = path.display();
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            tracing::warn!(%file, "the TLS certificate has expired, so browsers and games will reject it; renew it");
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            tracing::warn!(%file, "the TLS certificate is not valid yet, so browsers and games will reject it; check the clock");
        }
        _ => {}
    }
}
