//! Finds the asset folder, and nothing else: no network, no parsing.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-env-changed=YBA_ASSETS");
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    let root = here.ancestors().nth(2).expect("crates/assets lies in a workspace");
    let chosen = std::env::var_os("YBA_ASSETS").filter(|value| !value.is_empty());
    let index =
        root.join(chosen.map_or_else(|| PathBuf::from("target/assets"), PathBuf::from)).join("index.rs");
    println!("cargo::rerun-if-changed={}", index.display());
    if index.is_file() {
        println!("cargo::rustc-env=YBA_ASSETS_INDEX={}", index.display());
    } else {
        let folder = index.parent().unwrap_or(root).display();
        println!("cargo::error=there are no assets in {folder}: run `cargo xtask assets` first");
    }
}
