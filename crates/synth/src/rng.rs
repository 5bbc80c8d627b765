//! Chance, repeatable: one small generator whose streams are named by what they decide.
//!
//! SplitMix64 (Steele, Lea, Flood 2014; public domain reference). No floating point, so that every
//! machine draws the same province. A stream forked by name and number does not move when another
//! part of the province draws more or fewer numbers.

/// A stream of pseudo-random numbers. Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Rng {
        Rng(mix(seed ^ 0x5962_4173_796e_7468))
    }

    /// An independent stream for `what` number `n`; `self` does not advance.
    pub fn fork(&self, what: &str, n: u64) -> Rng {
        let mut state = self.0;
        for byte in what.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Rng(mix(state ^ mix(n.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..n`; 0 when `n` is 0. Bias is below 2^-32 for the small `n` used here.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number in `first..=last`; `first` when the span is empty.
    pub fn between(&mut self, first: i64, last: i64) -> i64 {
        if last <= first {
            return first;
        }
        first + self.below((last - first + 1) as u64) as i64
    }

    /// True in `parts` of 10,000 draws.
    pub fn chance(&mut self, parts: u32) -> bool {
        self.below(10_000) < u64::from(parts)
    }

    /// One of a non-empty slice.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// An index drawn by weight; 0 when all weights are 0.
    pub fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> usize {
        let total: u64 = weights.clone().map(u64::from).sum();
        let mut left = self.below(total);
        for (index, weight) in weights.enumerate() {
            if left < u64::from(weight) {
                return index;
            }
            left -= u64::from(weight);
        }
        0
    }

    /// A bell-shaped whole number around `mean`; about two thirds lie within `spread`.
    ///
    /// The sum of six uniform draws, so no value lies beyond about 4.2 spreads.
    pub fn bell(&mut self, mean: i64, spread: i64) -> i64 {
        let sum: i64 = (0..6).map(|_| self.below(2001) as i64 - 1000).sum();
        // Six uniforms on ±1000 have a standard deviation of 1414.
        mean + sum * spread / 1414
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_and_its_forks_differ() {
        let (mut a, mut b) = (Rng::new(7), Rng::new(7));
        assert_eq!(
            (0..9).map(|_| a.next()).collect::<Vec<_>>(),
            (0..9).map(|_| b.next()).collect::<Vec<_>>()
        );
        assert_ne!(a.fork("visit", 1).next(), a.fork("visit", 2).next());
        assert_ne!(a.fork("visit", 1).next(), a.fork("dirt", 1).next());
        assert_ne!(Rng::new(7).next(), Rng::new(8).next());
    }

    #[test]
    fn chances_come_out_as_declared() {
        let mut rng = Rng::new(1);
        let hits = (0..100_000).filter(|_| rng.chance(1500)).count();
        assert!((14_500..15_500).contains(&hits), "{hits}");
        let mean: i64 = (0..10_000).map(|_| rng.bell(500, 50)).sum::<i64>() / 10_000;
        assert!((495..505).contains(&mean), "{mean}");
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::new(3);
        let ones = (0..40_000).filter(|_| rng.weighted([3, 1, 0].into_iter()) == 1).count();
        assert!((9_500..10_500).contains(&ones), "{ones}");
    }
}
