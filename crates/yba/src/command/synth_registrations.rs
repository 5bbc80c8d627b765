//! Registrations of the invented province as files for `yba mpi link`: with numbers and without any, and which column
//! means what.

use std::path::Path;
use yba_synth::{Dirt, Plan, Registration, Spoiling, registrations};

const MEANING: &str = r#"# Which column means what, for yba mpi link.
id = ["ma_cskcb", "ma_bn"]
name = "ho_ten"
sex = "gioi_tinh"
birth = "ngay_sinh"
identity = "so_cccd"
insurance = "ma_the"
phone = "dien_thoai"
address = "dia_chi"
commune = "ma_xa"
mother = "ho_ten_me"
truth = "nguoi"
"#;

/// Writes `registrations.csv`, `registrations-without-numbers.csv` and `registrations.toml`, twice as dirty as claim
/// files; answers how many registrations.
pub fn write(plan: &Plan, out: &Path) -> anyhow::Result<usize> {
    std::fs::write(out.join("registrations.toml"), MEANING)?;
    write_one(plan, false, &out.join("registrations-without-numbers.csv"))?;
    write_one(plan, true, &out.join("registrations.csv"))
}

fn write_one(plan: &Plan, with_numbers: bool, path: &Path) -> anyhow::Result<usize> {
    let mut csv = csv::Writer::from_path(path)?;
    csv.write_record(Registration::COLUMNS)?;
    let mut written = 0;
    for one in registrations(plan, Dirt::default().doubled(), Spoiling::default().doubled(), with_numbers) {
        csv.write_record(one.fields())?;
        written += 1;
    }
    csv.flush()?;
    Ok(written)
}
