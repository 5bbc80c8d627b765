//! The embedded tables hold what was measured when they were chosen.

mod access;
mod definitions;
mod diseases;
mod units;

/// The rows of a table, each with exactly that many cells.
fn rows<const CELLS: usize>(name: &str) -> Vec<[String; CELLS]> {
    let text = yba_assets::text(name).expect("the table is embedded");
    text.lines()
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            cells.try_into().unwrap_or_else(|cells| panic!("{name}: {cells:?}"))
        })
        .collect()
}
