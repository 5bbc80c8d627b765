//! The command line. Names, flags and exit codes are relied on by others: keep them.

use crate::command::{self, Work};
use crate::config::{Config, NodeFlags};
use crate::output::{self, Output};
use crate::{control, node::Node, serve};
use clap::{Args, Parser, Subcommand};
use std::net::IpAddr;
use std::path::PathBuf;
use yba_fhir::{Kind, Outcome};

#[derive(Parser)]
#[command(
    name = "yba",
    version,
    about = "One lifelong health record for each citizen, in one program",
    max_term_width = 110
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a node in the foreground
    #[command(after_help = "Example: yba serve --data /var/lib/yba --port 8080")]
    Serve(ServeArgs),
    /// Create an invented province in a new data folder and serve it in test mode
    #[command(after_help = "Example: yba demo --people 2000 --data ./thu")]
    Demo(DemoArgs),
    /// Create an invented village in a new data folder and serve it to people who learn the program by its lessons
    #[command(after_help = "Example: yba practice --data ./tap --learners 3")]
    Practice(PracticeArgs),
    /// Write the invented province as files
    #[command(after_help = "Example: yba synth --people 1000 --seed 7 --out ./gia-dinh --claims")]
    Synth(command::synth::SynthArgs),
    /// Evaluate a FHIRPath expression on a resource
    #[command(after_help = "Example: yba fhirpath \"Patient.name.given\" < patient.json")]
    Fhirpath(command::fhirpath::FhirpathArgs),
    /// Load records from files
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Write records to files
    Export {
        #[command(subcommand)]
        what: Export,
    },
    /// Verify that the node's data is sound
    #[command(
        after_help = "Example: yba check --data /var/lib/yba\n         yba check --security --data /var/lib/yba"
    )]
    Check {
        #[command(flatten)]
        node: NodeFlags,
        /// Tell instead what is not as safe as it should be, and what to do
        #[arg(long)]
        security: bool,
    },
    /// Save the node to one encrypted file
    #[command(after_help = "Example: yba backup --data /var/lib/yba --to /mnt/usb/yba-2026-11-21.bak")]
    Backup {
        #[command(flatten)]
        node: NodeFlags,
        /// The file to write; it must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Bring a node back from a backup, into an empty folder
    #[command(
        after_help = "Example: yba restore --data /var/lib/yba --from /mnt/usb/yba.bak --key ./backup.key"
    )]
    Restore(command::backup::RestoreArgs),
    /// The audit trail
    Audit {
        #[command(subcommand)]
        what: Audit,
    },
    /// The content: lists, forms, claim tables
    Content {
        #[command(subcommand)]
        what: ContentCommand,
    },
    /// Tell everything that is wrong with a FHIR resource given on standard input; exit 0 without errors, 1 with
    #[command(
        after_help = "Example: yba validate --profile https://yba.vn/fhir/StructureDefinition/vn-patient < patient.json"
    )]
    Validate(ValidateArgs),
    /// Tables out of records (SQL on FHIR v2)
    View {
        #[command(subcommand)]
        what: ViewCommand,
    },
    /// Who is who
    Mpi {
        #[command(subcommand)]
        what: Mpi,
    },
    /// Print every setting with its value and one sentence
    #[command(after_help = "Example: yba config --data /var/lib/yba")]
    Config(NodeFlags),
}

#[derive(Args)]
struct ServeArgs {
    #[command(flatten)]
    node: NodeFlags,
    #[command(flatten)]
    listen: ListenArgs,
    /// Test mode: no authentication, everyone is a named test administrator; loopback only
    #[arg(long)]
    open: bool,
    /// Fill an empty node with an invented commune to click through
    #[arg(long)]
    demo: bool,
    /// A folder whose files stand in for the content built into the program, or are added to it [default: none]
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Where notifications of subscriptions may go, such as "hook.example.vn 10.1.0.0/16" [default: nowhere]
    #[arg(long, value_name = "HOSTS")]
    subscription_hosts: Option<yba_subscription::Hosts>,
}

#[derive(Args)]
pub(crate) struct ValidateArgs {
    /// A profile that the resource must conform to, beside those it names itself
    #[arg(long, value_name = "URL")]
    pub profile: Vec<String>,
    /// A file to know as well: a StructureDefinition, ValueSet or CodeSystem, or a Bundle of several
    #[arg(long, value_name = "FILE")]
    pub load: Vec<std::path::PathBuf>,
    /// A folder of content in place of built-in files
    #[arg(long, value_name = "DIR")]
    pub content: Option<std::path::PathBuf>,
}

#[derive(Args)]
struct ListenArgs {
    /// Port [default: 8080]
    #[arg(long)]
    port: Option<u16>,
    /// Address [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    listen: Option<IpAddr>,
    /// Certificate chain (PEM): the node speaks TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[derive(Args)]
struct DemoArgs {
    #[command(flatten)]
    node: NodeFlags,
    #[command(flatten)]
    listen: ListenArgs,
    #[command(flatten)]
    plan: command::synth::PlanArgs,
    /// Only create the data, do not serve it
    #[arg(long)]
    no_serve: bool,
}

#[derive(Args)]
struct PracticeArgs {
    /// Data folder of the village; a new one is a fresh village [default: ./yba-tap]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    listen: ListenArgs,
    /// How many people learn at once, each with an account
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=30))]
    learners: u8,
    /// Shift the node's clock (tests)
    #[arg(long, value_name = "SECONDS", hide = true, allow_hyphen_values = true)]
    clock_offset: Option<i64>,
}

#[derive(Subcommand)]
enum Import {
    /// FHIR files: NDJSON or bundles; safe to repeat, goes on where it was interrupted
    #[command(after_help = "Example: yba import fhir ./ndjson --data /var/lib/yba")]
    Fhir {
        #[command(flatten)]
        node: NodeFlags,
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Insurance claim files (QĐ 4210, 4750, 3176, 1931): one file, folder or zip; safe to repeat
    #[command(after_help = "Example: yba import bhyt ./ho-so-thang-10 --data /var/lib/yba")]
    Bhyt {
        #[command(flatten)]
        node: NodeFlags,
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Where refused visits go, to be mended and fed again [default: ./tu-choi]
        #[arg(long, value_name = "DIR")]
        rejects: Option<PathBuf>,
    },
    /// A spreadsheet of the Ministry or of a facility, as an edition of a code list in the content folder
    #[command(
        after_help = "Example: yba import codes icd-10-vn ./icd10.xlsx --from 2026-07-01 --out ./noi-dung --dry-run"
    )]
    Codes(command::import_codes::CodesArgs),
}

#[derive(Subcommand)]
enum Export {
    /// Everything as NDJSON, a file per type
    #[command(after_help = "Example: yba export fhir --out ./ndjson --data /var/lib/yba")]
    Fhir {
        #[command(flatten)]
        node: NodeFlags,
        /// Folder to write; it must not exist or be empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
enum Audit {
    /// Check that no entry was changed or removed; exit 0 when the trail is whole
    #[command(after_help = "Example: yba audit verify --data /var/lib/yba --head /mnt/usb/heads.txt")]
    Verify {
        #[command(flatten)]
        node: NodeFlags,
        /// A head that was kept elsewhere, as `yba audit head` printed it, or a file of such lines; finds a cut-off tail
        #[arg(long, value_name = "LINE|FILE")]
        head: Vec<String>,
    },
    /// Print a signed head of the trail, to be kept elsewhere
    #[command(after_help = "Example: yba audit head --data /var/lib/yba >> /mnt/usb/heads.txt")]
    Head(NodeFlags),
}

#[derive(Subcommand)]
enum ContentCommand {
    /// Load all content, run every example, report every problem with file and line
    #[command(after_help = "Example: yba content check ./content")]
    Check {
        /// A folder that stands in for built-in content
        dir: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum ViewCommand {
    /// Print the rows of a view: of {"view", "resources"} on standard input, or, with --view, of a node's records
    #[command(
        after_help = "Example: yba view run < view-and-resources.json\n         yba view run --view lab-results --format csv --data /var/lib/yba > ket-qua.csv"
    )]
    Run(command::view::ViewArgs),
}

#[derive(Subcommand)]
enum Mpi {
    /// Link the rows of one or two CSV files: pairs with weights and reasons
    #[command(after_help = command::mpi_link::EXAMPLE)]
    Link(command::mpi_link::LinkArgs),
}

/// Runs what the command line asks; answers the exit code.
pub async fn run() -> u8 {
    let command = Cli::parse().command;
    match dispatch(command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("yba: {error:#}");
            3
        }
    }
}

async fn dispatch(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Serve(args) => {
            let mut config = Config::load(&args.node)?;
            args.listen.apply(&mut config);
            config.open |= args.open;
            config.content = args.content.or(config.content);
            config.subscription_hosts = args.subscription_hosts.unwrap_or(config.subscription_hosts);
            serve::serve(config, if args.demo { Some(command::demo::COMMUNE) } else { None }).await
        }
        Command::Demo(args) => {
            let mut config = Config::load(&args.node)?;
            args.listen.apply(&mut config);
            config.open = true;
            command::demo::run(config, args.plan.plan()?, !args.no_serve).await
        }
        Command::Practice(args) => {
            // Not the folder that everything else means: real records must not be near.
            let data = args.data.unwrap_or_else(|| "yba-tap".into());
            let flags = NodeFlags { data: Some(data), database: None, clock_offset: args.clock_offset };
            let mut config = Config::load(&flags)?;
            args.listen.apply(&mut config);
            (config.open, config.database) = (false, None);
            command::demo::practise(config, usize::from(args.learners)).await
        }
        Command::Validate(args) => Ok(command::validate::run(&args, std::io::stdin().lock())),
        Command::Synth(args) => command::synth::run(&args),
        Command::Fhirpath(args) => command::fhirpath::run(&args),
        Command::Import { what: Import::Fhir { node, paths } } => {
            on_node(&node, Work::ImportFhir { paths: absolute(paths)? }).await
        }
        Command::Import { what: Import::Bhyt { node, paths, rejects } } => {
            let rejects = std::path::absolute(rejects.unwrap_or_else(|| "tu-choi".into()))?;
            on_node(&node, Work::ImportBhyt { paths: absolute(paths)?, rejects }).await
        }
        Command::Import { what: Import::Codes(args) } => command::import_codes::run(&args),
        Command::Export { what: Export::Fhir { node, out } } => {
            on_node(&node, Work::ExportFhir { out: std::path::absolute(out)? }).await
        }
        Command::Check { node, security } => {
            on_node(&node, if security { Work::CheckSecurity } else { Work::Check }).await
        }
        Command::Backup { node, to } => on_node(&node, Work::Backup { to: std::path::absolute(to)? }).await,
        Command::Restore(args) => command::backup::restore(&args).await,
        Command::Audit { what: Audit::Verify { node, head } } => {
            on_node(&node, Work::AuditVerify { kept: kept_heads(&head)? }).await
        }
        Command::Audit { what: Audit::Head(node) } => on_node(&node, Work::AuditHead).await,
        Command::Content { what: ContentCommand::Check { dir } } => {
            Ok(command::content::check(dir.as_deref()))
        }
        Command::View { what: ViewCommand::Run(args) } => match &args.view {
            None => command::view::over_input(&args),
            Some(view) => {
                let out = args.out.as_ref().map(std::path::absolute).transpose()?;
                let view = command::view::Meant::of(view)?;
                on_node(&args.node, Work::ViewRun { view, format: args.format, out }).await
            }
        },
        Command::Mpi { what: Mpi::Link(args) } => command::mpi_link::run(&args),
        Command::Config(node) => {
            for setting in Config::load(&node)?.settings() {
                println!("{} = {:?}\n    {}", setting.name, setting.value, setting.sentence);
            }
            Ok(0)
        }
    }
}

impl ListenArgs {
    fn apply(&self, config: &mut Config) {
        config.port = self.port.unwrap_or(config.port);
        config.listen = self.listen.unwrap_or(config.listen);
        config.tls_cert = self.tls_cert.clone().or(config.tls_cert.take());
        config.tls_key = self.tls_key.clone().or(config.tls_key.take());
    }
}

/// The running node does the work if there is one; else this program opens the node and does it.
async fn on_node(flags: &NodeFlags, work: Work) -> anyhow::Result<u8> {
    let config = Config::load(flags)?;
    if let Some(code) = control::ask(&config, &work).await {
        return Ok(code);
    }
    if !work.may_create() && config.database.is_none() && !config.data.join("yba.db").exists() {
        anyhow::bail!("there is no node in {}; name its folder with --data", config.data.display());
    }
    let node = Node::open(config)?;
    let (output, lines) = Output::channel();
    let shown = tokio::spawn(output::show(lines));
    let code = work.run(&node, &output).await;
    output.end(code);
    shown.await?;
    node.records.store().close().await;
    Ok(code)
}

/// Lines of heads: given as such, or in files.
fn kept_heads(given: &[String]) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    for one in given {
        // A line has several words; no file that anyone would name has as many.
        match one.split_whitespace().count() > 3 {
            true => lines.push(one.clone()),
            false => {
                let text = std::fs::read_to_string(one).map_err(|error| anyhow::anyhow!("{one}: {error}"))?;
                lines.extend(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
            }
        }
    }
    Ok(lines)
}

fn absolute(paths: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    Ok(paths.into_iter().map(std::path::absolute).collect::<Result<_, _>>()?)
}

/// The exit code of a refusal: 1 when the answer is "no", 3 when the work could not be done.
pub fn exit_code(outcome: &Outcome) -> u8 {
    match outcome.kind {
        Kind::Fault | Kind::Unavailable => 3,
        _ => 1,
    }
}
