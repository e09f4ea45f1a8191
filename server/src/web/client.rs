//! Who asks, and through what: the address and the scheme of a request, also behind proxies.

use std::net::IpAddr;

/// Where the request comes from. In the extensions of every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);
