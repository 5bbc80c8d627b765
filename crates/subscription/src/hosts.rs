//! Where notifications may go at all: what is not listed is refused, for whoever may write a Subscription would else make
//! this node call any machine it can reach, those of the inner network above all.

use crate::endpoint::Endpoint;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use yba_fhir::{Kind, Outcome};

/// Most entries of the list.
const ENTRIES_MAX: usize = 200;

/// The hosts and networks of the setting `subscription-hosts`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Test mode: endpoints on this very machine are allowed, by http too.
    open: bool,
    names: Vec<Name>,
    networks: Vec<Network>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    /// `http://` was written out: clear text is meant.
    plain: bool,
    host: String,
    port: u16,
}

/// Addresses that share their first bits. IPv4 stands as IPv6 (`::ffff:0:0/96`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    first: u128,
    bits: u32,
}

impl FromStr for Hosts {
    type Err = String;

    /// Entries between spaces or commas: `hook.example.vn`, `*.example.vn`, `hook.example.vn:8443`, `http://lis.example.vn`,
    /// `10.1.2.3`, `10.1.0.0/16`.
    fn from_str(text: &str) -> Result<Hosts, String> {
        let mut hosts = Hosts { text: text.trim().to_owned(), ..Hosts::default() };
        let entries = text.split(|letter: char| letter.is_whitespace() || letter == ',');
        for (position, entry) in entries.filter(|entry| !entry.is_empty()).enumerate() {
            if position == ENTRIES_MAX {
                return Err(format!("more than {ENTRIES_MAX} hosts"));
            }
            hosts.take(entry).ok_or_else(|| format!("{entry:?} is no host, address or network"))?;
        }
        Ok(hosts)
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl Hosts {
    /// The same in test mode: this very machine may be notified too, and only there without being listed.
    pub fn open(mut self, open: bool) -> Hosts {
        self.open = open;
        self
    }

    fn take(&mut self, entry: &str) -> Option<()> {
        if let Some((address, bits)) = entry.split_once('/').filter(|(address, _)| is_address(address)) {
            let address: IpAddr = address.parse().ok()?;
            self.networks.push(Network::new(address, bits.parse().ok()?)?);
            return Some(());
        }
        let with_scheme = match entry.contains("://") {
            true => entry.to_owned(),
            false => format!("https://{}", bracketed(entry)),
        };
        // A star is no host to the parser; what follows it is.
        let (star, rest) = match with_scheme.split_once("://*.") {
            Some((scheme, rest)) => (true, format!("{scheme}://{rest}")),
            None => (false, with_scheme),
        };
        let endpoint =
            Endpoint::parse(&rest).ok().filter(|one| one.path.is_empty() && one.query.is_none())?;
        if let Some(address) = endpoint.address() {
            self.networks.push(Network::new(address, if address.is_ipv4() { 32 } else { 128 })?);
        }
        let host = if star { format!("*.{}", endpoint.host) } else { endpoint.host };
        self.names.push(Name { plain: !endpoint.tls, host, port: endpoint.port });
        Some(())
    }

    /// Refuses an endpoint that is not listed. Asked when a subscription is activated and before every notification.
    pub fn admit(&self, endpoint: &Endpoint) -> Result<(), Outcome> {
        if self.is_test(endpoint) || self.names.iter().any(|name| name.means(endpoint)) {
            return Ok(());
        }
        let host = &endpoint.host;
        let scheme = if endpoint.tls { "https" } else { "http" };
        let text = format!(
            "Máy chủ này không được gửi thông báo tới {scheme}://{host}:{}. Hãy nhờ quản trị viên thêm vào mục subscription-hosts.",
            endpoint.port
        );
        let detail = format!("{scheme}://{host}:{} is not in subscription-hosts", endpoint.port);
        Err(Outcome::new(Kind::Forbidden, "subscription-host", text, detail)
            .at("Subscription.channel.endpoint"))
    }

    /// Whether a connection may go to this address, which the endpoint's name stands for at the moment.
    pub fn admits_address(&self, endpoint: &Endpoint, address: IpAddr) -> bool {
        let address = unmapped(address);
        if address.is_loopback() {
            return self.is_test(endpoint);
        }
        if self.is_test(endpoint) {
            return false;
        }
        match Reach::of(address) {
            Reach::Public => true,
            Reach::Private => self.networks.iter().any(|network| network.has(address)),
            Reach::Never => false,
        }
    }

    fn is_test(&self, endpoint: &Endpoint) -> bool {
        let here = endpoint.host == "localhost" || endpoint.address().is_some_and(|one| one.is_loopback());
        self.open && here
    }
}

impl Name {
    fn means(&self, endpoint: &Endpoint) -> bool {
        let host = match self.host.strip_prefix('*') {
            Some(tail) => endpoint.host.len() > tail.len() && endpoint.host.ends_with(tail),
            None => endpoint.host == self.host,
        };
        host && endpoint.port == self.port && endpoint.tls != self.plain
    }
}

impl Network {
    fn new(address: IpAddr, bits: u32) -> Option<Network> {
        let (most, before) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        (bits <= most).then(|| Network { first: number(address), bits: before + bits })
    }

    fn has(self, address: IpAddr) -> bool {
        self.bits == 0 || (self.first ^ number(address)) >> (128 - self.bits) == 0
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// How far an address reaches. <https://www.iana.org/assignments/iana-ipv4-special-registry>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Public,
    /// An inner network: only when it is listed.
    Private,
    /// This machine, its link (where clouds keep their keys), nobody, everybody.
    Never,
}

impl Reach {
    fn of(address: IpAddr) -> Reach {
        match address {
            IpAddr::V4(address) => Reach::of_v4(address),
            IpAddr::V6(address) => Reach::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Reach {
        let is_shared = address.octets()[0] == 100 && address.octets()[1] & 0xc0 == 64;
        if address.is_private() || is_shared {
            return Reach::Private;
        }
        match address.octets() {
            [0 | 127 | 224..=255, ..]
            | [169, 254, ..]
            | [192, 0, 0 | 2, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Reach::Never,
            _ => Reach::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Reach {
        let parts = address.segments();
        match parts {
            // Addresses that carry an IPv4 address: it is that one which is reached.
            [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Reach::of_v4(joined(high, low)),
            [0x2002, high, low, ..] => Reach::of_v4(joined(high, low)),
            // Teredo and documentation.
            [0x2001, 0 | 0x0db8, ..] => Reach::Never,
            [first, ..] if first & 0xfe00 == 0xfc00 => Reach::Private,
            [first, ..] if first & 0xe000 == 0x2000 => Reach::Public,
            _ => Reach::Never,
        }
    }
}

fn joined(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(inner) => inner.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// An IPv6 address as an address of the web has it.
fn bracketed(entry: &str) -> String {
    match entry.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{entry}]"),
        Err(_) => entry.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(hosts: &str, open: bool, endpoint: &str) -> bool {
        let hosts = hosts.parse::<Hosts>().unwrap().open(open);
        hosts.admit(&Endpoint::parse(endpoint).unwrap()).is_ok()
    }

    #[test]
    fn only_what_is_listed_is_admitted() {
        let listed = "hook.example.vn, *.tinh.vn lis.example.vn:8443 http://may.example.vn:8080 10.1.2.3";
        let rows = [
            ("https://hook.example.vn/fhir", true),
            ("https://HOOK.example.vn/fhir", true),
            ("http://hook.example.vn/fhir", false),
            ("https://hook.example.vn:8443/", false),
            ("https://hook.example.vn.evil.test/", false),
            ("https://xhook.example.vn/", false),
            ("https://a.tinh.vn/", true),
            ("https://tinh.vn/", false),
            ("https://xtinh.vn/", false),
            ("https://lis.example.vn:8443/x", true),
            ("https://lis.example.vn/x", false),
            ("http://may.example.vn:8080/x", true),
            ("http://may.example.vn/x", false),
            ("https://may.example.vn:8080/x", false),
            ("https://10.1.2.3/", true),
            ("https://10.1.2.4/", false),
            ("https://localhost/", false),
            ("http://127.0.0.1:80/", false),
        ];
        for (endpoint, expected) in rows {
            assert_eq!(admits(listed, false, endpoint), expected, "{endpoint}");
        }
        assert!(!admits("", false, "https://example.vn/"));
    }

    #[test]
    fn test_mode_admits_this_machine_and_nothing_else() {
        for endpoint in
            ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/x", "https://127.8.8.8/"]
        {
            assert!(admits("", true, endpoint), "{endpoint}");
            assert!(!admits("127.0.0.1 localhost", false, "http://127.0.0.1:9/"), "{endpoint}");
        }
        for endpoint in ["http://10.0.0.1/", "https://example.vn/", "http://0.0.0.0/", "http://localhost.vn/"]
        {
            assert!(!admits("", true, endpoint), "{endpoint}");
        }
    }

    #[test]
    fn an_address_is_judged_by_where_it_leads() {
        let hosts: Hosts = "hook.example.vn 10.1.0.0/16 fd00:1::/32 192.168.7.7".parse().unwrap();
        let endpoint = Endpoint::parse("https://hook.example.vn").unwrap();
        let rows = [
            ("8.8.8.8", true),
            ("2400:cb00::1", true),
            ("10.1.9.9", true),
            ("::ffff:10.1.9.9", true),
            ("10.2.0.1", false),
            ("fd00:1::5", true),
            ("fd00:2::5", false),
            ("192.168.7.7", true),
            ("192.168.7.8", false),
            ("172.16.0.1", false),
            ("100.64.1.1", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::808:808", true),
            ("2002:7f00:1::", false),
            ("2002:a01:1::1", false),
            ("0.0.0.0", false),
            ("::", false),
            ("169.254.169.254", false),
            ("fe80::1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("198.18.0.1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("ff02::1", false),
        ];
        for (address, expected) in rows {
            assert_eq!(hosts.admits_address(&endpoint, address.parse().unwrap()), expected, "{address}");
        }
        // Even listed, this machine is only for test mode; there it is the only one for its own names.
        let own: Hosts = "http://localhost:80 127.0.0.0/8".parse().unwrap();
        let here = Endpoint::parse("http://localhost:80").unwrap();
        assert!(!own.admits_address(&here, "127.0.0.1".parse().unwrap()));
        let own = own.open(true);
        assert!(own.admits_address(&here, "127.0.0.1".parse().unwrap()));
        assert!(!own.admits_address(&here, "8.8.8.8".parse().unwrap()));
    }

    #[test]
    fn a_list_that_is_not_understood_is_refused() {
        for wrong in ["https://a.vn/x", "ftp://a.vn", "10.0.0.0/40", "a b@c", "::1/200", "a.vn/8", "https://"]
        {
            assert!(wrong.parse::<Hosts>().is_err(), "{wrong}");
        }
        assert!("a.vn ".repeat(200).parse::<Hosts>().is_ok());
        assert!("a.vn ".repeat(201).parse::<Hosts>().is_err());
        assert_eq!(" a.vn, ::1 ".parse::<Hosts>().unwrap().to_string(), "a.vn, ::1");
    }
}
