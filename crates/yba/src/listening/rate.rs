//! How fast a source may ask: a bucket of requests for each, which fills with time. The table is bounded.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A bucket holds so many seconds' worth.
const BEGINNING_S: f64 = 10.0;
/// Most sources that are remembered. When there are more, those that are full again are forgotten; should none be, all are:
/// a crowd that large is for the network's own guards.
const SOURCES_MAX: usize = 50_000;

struct Bucket {
    left: f64,
    at: Instant,
}

pub(super) struct Rates {
    per_second: f64,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Rates {
    /// `per_second` 0 bounds nothing.
    pub fn new(per_second: u32) -> Rates {
        Rates { per_second: per_second.into(), buckets: Mutex::default() }
    }

    /// Takes one request of a source; how long it must wait, when there is none left.
    pub fn wait(&self, source: IpAddr) -> Option<Duration> {
        self.wait_at(source, Instant::now())
    }

    fn wait_at(&self, source: IpAddr, now: Instant) -> Option<Duration> {
        if self.per_second == 0.0 {
            return None;
        }
        let most = self.per_second * BEGINNING_S;
        let left = |bucket: &Bucket| {
            let since = now.saturating_duration_since(bucket.at).as_secs_f64();
            (bucket.left + since * self.per_second).min(most)
        };
        let mut buckets = self.buckets.lock().ok()?;
        if buckets.len() >= SOURCES_MAX {
            buckets.retain(|_, bucket| left(bucket) < most);
            if buckets.len() >= SOURCES_MAX {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(source)).or_insert(Bucket { left: most, at: now });
        (bucket.left, bucket.at) = (left(bucket), now);
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return None;
        }
        Some(Duration::from_secs_f64((1.0 - bucket.left) / self.per_second))
    }
}

/// Of IPv6 a customer has a /64 at least: its addresses are one source.
fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    #[test]
    fn a_source_has_ten_seconds_worth_at_once_and_then_its_rate() {
        let (rates, begun) = (Rates::new(5), Instant::now());
        let taken =
            |at: Duration| (0..1000).take_while(|_| rates.wait_at(address(1), begun + at).is_none()).count();
        assert_eq!(taken(Duration::ZERO), 50);
        assert!(rates.wait_at(address(1), begun).unwrap() <= Duration::from_millis(200));
        assert_eq!(taken(Duration::from_secs(2)), 10);
        assert!(rates.wait_at(address(2), begun).is_none(), "others are not slowed");
        assert_eq!(Rates::new(0).wait_at(address(1), begun), None);
    }

    #[test]
    fn the_table_of_sources_is_bounded() {
        let (rates, begun) = (Rates::new(5), Instant::now());
        for number in 0..2 * SOURCES_MAX as u32 {
            rates.wait_at(address(number), begun);
            assert!(rates.buckets.lock().unwrap().len() <= SOURCES_MAX);
        }
    }

    #[test]
    fn addresses_of_one_network_of_version_six_are_one_source() {
        let (rates, begun) = (Rates::new(1), Instant::now());
        let one = |tail: u128| IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) + tail));
        let free = (0..100).filter(|tail| rates.wait_at(one(*tail), begun).is_none()).count();
        assert_eq!(free, 10);
    }
}
