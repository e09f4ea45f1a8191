//! `OBSERVERIO_TLS*` → the TLS settings of both ports.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{
    ConfigError,
    source::{Sources, filled},
};

/// As given.
#[derive(Debug, Args)]
pub(super) struct Tls {
    /// The server's certificate chain for both ports (PEM, reloaded on SIGHUP)
    #[arg(long, env = "OBSERVERIO_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<OsString>,
    /// The certificate's private key (unencrypted PEM, reloaded on SIGHUP)
    #[arg(long, env = "OBSERVERIO_TLS_KEY", value_name = "FILE")]
    tls_key: Option<OsString>,
    /// TLS on both ports [default: optional with --tls-cert, else off]
    #[arg(long, env = "OBSERVERIO_TLS", value_name = "off|optional|required")]
    tls: Option<String>,
}

/// Whether clients may encrypt, or must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TlsMode {
    Off,
    Optional,
    Required,
}

/// How both ports speak TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// What they present.
    pub files: TlsFiles,
    /// Whether plaintext is refused.
    pub is_required: bool,
}

/// Two PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, followed by its issuers'.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Tls {
    /// `None` without TLS. The files are not read yet.
    pub(super) fn check(self, sources: Sources<'_>) -> Result<Option<TlsSettings>, ConfigError> {
        let path = |text: Option<OsString>| text.filter(|text| !text.is_empty()).map(PathBuf::from);
        let files = match (path(self.tls_cert), path(self.tls_key)) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                let source = sources.of("tls_cert");
                return Err(
                    source.refuse("also set the certificate's key, with --tls-key or OBSERVERIO_TLS_KEY")
                );
            }
            (None, Some(_)) => {
                let source = sources.of("tls_key");
                return Err(
                    source.refuse("also set the key's certificate, with --tls-cert or OBSERVERIO_TLS_CERT")
                );
            }
        };
        let source = sources.of("tls");
        let mode = filled(self.tls).map(|word| TlsMode::from_str(word.trim(), true)).transpose();
        let mode = mode.map_err(|_| source.refuse("use off, optional or required"))?;
        match (mode, files) {
            (Some(TlsMode::Off), _) | (None, None) => Ok(None),
            (Some(TlsMode::Optional | TlsMode::Required), None) => {
                let why =
                    "TLS needs a certificate; set OBSERVERIO_TLS_CERT and OBSERVERIO_TLS_KEY to its files";
                Err(source.refuse(why))
            }
            (mode, Some(files)) => {
                Ok(Some(TlsSettings { files, is_required: mode == Some(TlsMode::Required) }))
            }
        }
    }
}
