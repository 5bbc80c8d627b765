//! The builder's own tool: `cargo xtask <command>`.
//!
//! Knows how to fetch, build, try and measure the house. It does not know what stands inside the crates, and it
//! depends on none of them that need the assets it makes. Start reading at `Command`.

mod assets;
mod bench;
mod cargo;
mod demo;
mod system;
mod test;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, tries and measures Y Bạ", max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Install missing system packages with apt-get (also when CI is set)
    #[arg(long, global = true)]
    yes: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch third-party files and compile them into the folder that the build embeds
    #[command(
        after_help = "Example: cargo xtask assets --yes\nYBA_ASSETS names the folder (default target/assets)"
    )]
    Assets,
    /// Set everything up, create an invented province and serve it
    #[command(after_help = "Example: cargo xtask demo -- --people 500")]
    Demo {
        /// Passed on to `yba demo`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Set everything up and run all tests
    #[command(after_help = "Example: cargo xtask test -- -p yba-store")]
    Test {
        /// Also what takes long: many crash rounds, large properties
        #[arg(long)]
        deep: bool,
        /// Passed on to `cargo test`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Measure speed and size beside raw baselines of the same engines (up to 12 minutes)
    #[command(after_help = "Example: cargo xtask bench --only ingest --write")]
    Bench {
        /// Only this topic: parse, ingest, claims, reads, searches, operations, people, startup; may be given again
        #[arg(long, value_name = "TOPIC")]
        only: Vec<String>,
        /// How it grows from 100,000 to 1,500,000 resources, and nothing else (half an hour)
        #[arg(long)]
        deep: bool,
        /// Put the figures into docs/performance.md
        #[arg(long)]
        write: bool,
    },
    /// Check floors, forgotten notes and file lengths
    Tidy,
}

/// Exit codes: 0 success, 1 the answer is no, 2 wrong usage (clap), 3 could not run.
fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Assets => assets::run(cli.yes),
        Command::Demo { arguments } => demo::run(cli.yes, &arguments),
        Command::Test { deep, arguments } => test::run_all(cli.yes, deep, &arguments),
        Command::Bench { mut only, deep, write } => {
            only.extend(deep.then(|| "growth".to_owned()));
            bench::run(cli.yes, &only, write)
        }
        Command::Tidy => tidy::check(&cargo::root()).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::from(3)
    })
}
