//! A network of its own for the program, with two cables into ours: one for people, one for games. That of the games can be pulled, and then both
//! ends see just silence.

use std::{net::Ipv4Addr, process::Stdio};

use tokio::process::Command;

use super::skip;

/// A network namespace. Dropping it takes it away with its cables.
pub struct Network {
    name: String,
    /// The first address of eight, which no other network uses.
    base: [u8; 4],
}

impl Network {
    /// `None`, said aloud, where that is not allowed.
    pub async fn make(story: &str) -> Option<Self> {
        let number = fastrand::u16(..);
        let network = Self {
            name: format!("obs{number}"),
            base: [10, 213 + fastrand::u8(..16), number.to_be_bytes()[0], number.to_be_bytes()[1] & !7],
        };
        if network.lay().await.is_some() {
            return Some(network);
        }
        skip(
            story,
            "no network namespace can be made here (it takes root and iproute2)",
            "OBSERVERIO_REQUIRE_NETNS",
        );
        None
    }

    async fn lay(&self) -> Option<()> {
        let name = &self.name;
        ip(&format!("netns add {name}")).await?;
        for (cable, end, outside, inside) in [("p", "P", 1, 2), ("g", "G", 5, 6)] {
            let (outside, inside) = (self.address(outside), self.address(inside));
            ip(&format!("link add {name}{cable} type veth peer name {name}{end} netns {name}")).await?;
            ip(&format!("addr add {outside}/30 dev {name}{cable}")).await?;
            ip(&format!("link set {name}{cable} up")).await?;
            ip(&format!("-n {name} addr add {inside}/30 dev {name}{end}")).await?;
            ip(&format!("-n {name} link set {name}{end} up")).await?;
        }
        ip(&format!("-n {name} link set lo up")).await
    }

    fn address(&self, number: u8) -> Ipv4Addr {
        let [a, b, c, d] = self.base;
        Ipv4Addr::new(a, b, c, d + number)
    }

    /// What a program is run by to be in it.
    pub fn wrapper(&self) -> Vec<String> {
        ["ip", "netns", "exec", &self.name].map(str::to_owned).to_vec()
    }

    /// Where the program can listen for people.
    pub fn http_host(&self) -> Ipv4Addr {
        self.address(2)
    }

    /// Where the program can listen for games.
    pub fn tcp_host(&self) -> Ipv4Addr {
        self.address(6)
    }

    /// Pulls the games' cable.
    pub async fn cut(&self) {
        ip(&format!("link set {}g down", self.name)).await.unwrap();
    }

    /// Puts it back.
    pub async fn mend(&self) {
        ip(&format!("link set {}g up", self.name)).await.unwrap();
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let gone = std::process::Command::new("ip").args(["netns", "delete", &self.name]).status();
        if !gone.is_ok_and(|status| status.success()) {
            eprintln!("the network namespace {} is still there", self.name);
        }
    }
}

async fn ip(words: &str) -> Option<()> {
    let mut command = Command::new("ip");
    command.args(words.split(' ')).stderr(Stdio::null());
    command.status().await.ok()?.success().then_some(())
}
