//! `OBSERVERIO_TRUSTED_PROXIES` → the proxies that are trusted to say where a request comes from.

use std::net::IpAddr;

use ipnet::IpNet;

/// More networks than this are a mistake.
const MAX_NETWORKS: usize = 256;

/// Networks of trusted proxies; empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Parses addresses and networks separated by commas, such as `127.0.0.1, 10.0.0.0/8, fd00::/8`.
    ///
    /// # Errors
    /// A sentence that names the first invalid one.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.len() > MAX_NETWORKS {
            return Err(format!("list at most {MAX_NETWORKS} networks; a larger network can cover several"));
        }
        words.into_iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    /// Whether the proxy with this address is trusted. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn network(word: &str) -> Result<IpNet, String> {
    let network = match word.parse::<IpAddr>() {
        Ok(address) => Some(IpNet::from(address.to_canonical())),
        Err(_) => word.parse::<IpNet>().ok(),
    };
    match network {
        // it would trust anyone's headers
        Some(network) if network.prefix_len() == 0 => {
            Err(format!("`{network}` includes every address; list only your proxies"))
        }
        Some(network) => Ok(network),
        None => Err(format!(
            "`{}` is not a network; use addresses or networks separated by commas, such as 127.0.0.1,10.0.0.0/8",
            word.escape_debug()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(list: &str, address: &str) -> bool {
        TrustedProxies::parse(list).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn addresses_and_networks_are_read() {
        assert!(contains("127.0.0.1", "127.0.0.1") && !contains("127.0.0.1", "127.0.0.2"));
        assert!(contains(" 10.0.0.0/8 ,fd00::/8", "10.1.2.3") && contains("10.0.0.0/8,fd00::/8", "fd12::1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0") && !contains("fd00::/8", "fe80::1"));
        // a dual-stack socket shows IPv4 peers as IPv6
        assert!(contains("10.0.0.0/8", "::ffff:10.0.0.1") && contains("::ffff:10.0.0.1", "10.0.0.1"));
        assert!(TrustedProxies::parse(" , ").unwrap().is_empty());
        assert!(!TrustedProxies::parse("::1").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_network_is_named() {
        for (list, named) in [
            ("proxy.example.org", "proxy.example.org"),
            ("127.0.0.1, 10.0.0.0/33", "10.0.0.0/33"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert!(TrustedProxies::parse(list).unwrap_err().contains(named), "{list}");
        }
        let many = "10.0.0.1,".repeat(MAX_NETWORKS + 1);
        assert!(TrustedProxies::parse(&many).unwrap_err().contains("256"));
    }
}
