//! Medians, percentiles, and two contenders in turns.

use anyhow::Result;

/// The median; 0 for no values.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that the given part of all values does not exceed (nearest rank); 0 for no values.
pub fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

/// Our figure and the raw one, with how far rounds lay apart.
#[derive(Debug, Clone, Default)]
pub struct Pair {
    pub ours: Vec<f64>,
    pub raw: Vec<f64>,
}

impl Pair {
    pub fn ours(&self) -> f64 {
        median(&self.ours)
    }

    pub fn raw(&self) -> f64 {
        median(&self.raw)
    }
}

/// Runs both in turns; who begins changes with every round.
pub fn in_turns(
    rounds: usize,
    mut ours: impl FnMut() -> Result<f64>,
    mut raw: impl FnMut() -> Result<f64>,
) -> Result<Pair> {
    let mut pair = Pair::default();
    for round in 0..rounds {
        if round % 2 == 0 {
            pair.ours.push(ours()?);
            pair.raw.push(raw()?);
        } else {
            pair.raw.push(raw()?);
            pair.ours.push(ours()?);
        }
    }
    Ok(pair)
}
