//! TLS with rustls, for both ports: certificates that can be replaced while the server runs, and connections whose first byte
//! tells whether they are encrypted.
//!
//! [`files`] reads and checks, [`certificates`] is what new handshakes get, [`transport`] is one connection.

mod certificates;
mod files;
mod transport;

pub use certificates::Certificates;
pub use files::TlsError;
pub(crate) use transport::{Offer, Refused, Transport};
