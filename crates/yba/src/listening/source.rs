//! Whom a request is from: the peer, or, behind a proxy that is known, whom the proxy names. Nobody else is believed.

use axum::http::HeaderMap;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex};

/// Proxies in front of the node: addresses and networks. This machine itself always counts as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

/// Most addresses of a chain of proxies that are looked at.
const CHAIN_MAX: usize = 16;

impl Proxies {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.0.iter().any(|network| network.holds(address))
    }
}

impl Network {
    fn holds(self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, of: u8| {
            let spare = u32::from(of - self.bits);
            one.checked_shr(spare).unwrap_or(0) == other.checked_shr(spare).unwrap_or(0)
        };
        match (self.address, address) {
            (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
            _ => false,
        }
    }
}

impl FromStr for Proxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Proxies, String> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        let network = |word: &str| {
            let (address, bits) = word.split_once('/').unwrap_or((word, ""));
            let wrong = || format!("{word:?} is neither an address nor a network such as 10.1.0.0/16");
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = if bits.is_empty() { most } else { bits.parse().map_err(|_| wrong())? };
            match (1..=most).contains(&bits) {
                true => Ok(Network { address, bits }),
                false => Err(wrong()),
            }
        };
        words.map(network).collect::<Result<_, _>>().map(Proxies)
    }
}

impl fmt::Display for Proxies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(|one| format!("{}/{}", one.address, one.bits)).collect();
        out.write_str(&words.join(" "))
    }
}

/// What the headers of proxies say.
pub(super) struct Forwarded {
    chain: Vec<String>,
    pub https: bool,
}

impl Forwarded {
    /// The nearest address of the chain that is no proxy of ours; what stands before it anybody may have written.
    pub fn source(&self, proxies: &Proxies) -> Option<IpAddr> {
        for word in self.chain.iter().rev().take(CHAIN_MAX) {
            let address = word.parse::<IpAddr>().ok()?.to_canonical();
            if !proxies.holds(address) {
                return Some(address);
            }
        }
        None
    }
}

/// Takes what proxies say out of the headers, so that nothing further in believes it by itself.
pub(super) fn take_forwarded(headers: &mut HeaderMap) -> Forwarded {
    let words = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).map(|word| word.trim().to_owned()).collect()
    };
    let (chain, scheme) = (words("x-forwarded-for"), words("x-forwarded-proto"));
    for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip"] {
        headers.remove(name);
    }
    Forwarded { chain, https: scheme.last().is_some_and(|scheme| scheme == "https") }
}

/// How many connections each source has.
pub(super) struct Connections {
    of: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// One connection that counts; it counts no more when this goes.
pub(super) struct Counted {
    of: Arc<Mutex<HashMap<IpAddr, usize>>>,
    source: Option<IpAddr>,
}

impl Connections {
    pub fn new(max: usize) -> Connections {
        Connections { of: Arc::default(), max }
    }

    /// Counts a connection of a source; none when it has as many as it may. Proxies speak for many and are not counted.
    pub fn enter(&self, peer: IpAddr, proxies: &Proxies) -> Option<Counted> {
        if proxies.holds(peer) {
            return Some(Counted { of: self.of.clone(), source: None });
        }
        let mut of = self.of.lock().ok()?;
        let count = of.entry(peer).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Counted { of: self.of.clone(), source: Some(peer) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let (Some(source), Ok(mut of)) = (self.source, self.of.lock()) else { return };
        match of.get_mut(&source) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(of.remove(&source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn networks_hold_what_is_within_and_slips_are_named() {
        let proxies: Proxies = "10.1.0.0/16, 192.168.1.7 fd00::/8".parse().unwrap();
        for (inside, is) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("192.168.1.7", true),
            ("192.168.1.8", false),
            ("fd12::1", true),
            ("2001::1", false),
            ("127.0.0.1", true),
            ("::1", true),
            ("::ffff:10.1.2.3", true),
        ] {
            assert_eq!(proxies.holds(address(inside)), is, "{inside}");
        }
        for slip in ["10.1", "10.0.0.0/0", "10.0.0.0/33", "a.vn", "10.0.0.1/x"] {
            assert!(slip.parse::<Proxies>().unwrap_err().contains(slip), "{slip}");
        }
    }

    #[test]
    fn only_the_nearest_stranger_of_a_chain_is_the_source() {
        let proxies: Proxies = "10.0.0.0/8".parse().unwrap();
        for (chain, source) in [
            ("203.0.113.7", Some("203.0.113.7")),
            ("1.1.1.1, 203.0.113.7, 10.0.0.2", Some("203.0.113.7")),
            ("10.0.0.2", None),
            ("'; DROP", None),
            ("203.0.113.7, nonsense", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", chain.parse().unwrap());
            headers.insert("x-forwarded-proto", "https".parse().unwrap());
            let told = take_forwarded(&mut headers);
            assert_eq!(told.source(&proxies), source.map(address), "{chain}");
            assert!(told.https && headers.is_empty());
        }
    }

    #[test]
    fn a_source_has_only_so_many_connections_and_gets_them_back() {
        let (connections, none) = (Connections::new(2), Proxies::default());
        let (one, two) = (address("10.0.0.1"), address("10.0.0.2"));
        let first = connections.enter(one, &none);
        let second = connections.enter(one, &none);
        assert!(first.is_some() && second.is_some() && connections.enter(one, &none).is_none());
        assert!(connections.enter(two, &none).is_some(), "another source has its own");
        drop(first);
        assert!(connections.enter(one, &none).is_some());
        drop(second);
        assert!(connections.of.lock().unwrap().is_empty(), "nothing is kept of who is gone");
    }
}
