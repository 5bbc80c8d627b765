//! The running node: one listener for pages and API, the followers of the log, the minute's and the hour's chores.

use crate::command::demo::{self, Commune};
use crate::command::seats::Seats;
use crate::config::Config;
use crate::control;
use crate::health;
use crate::listening::{self, Tls};
use crate::node::Node;
use crate::output::{self, Output};
use crate::outside;
use anyhow::{Context, bail};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use yba_admin::Admin;
use yba_auth::Cookies;
use yba_hospital::Hospital;
use yba_print::Printer;
use yba_records::Gate;
use yba_records::audit::Signer;
use yba_rest::hooks::Feedback;
use yba_smart::Smart;
use yba_station::Station;
use yba_station::practice::{self, PRACTICE};
use yba_station::print::Prints;
use yba_station::turn::Turns;
use yba_store::Indexing;
use yba_web::{Entrance, Group, Site, SiteSettings};

/// How often the audit heads are signed.
const HEADS_EVERY: Duration = Duration::from_secs(60);
/// How often closed index rows older than a page link's life are cleared.
const CLEAR_EVERY: Duration = Duration::from_secs(60);

/// `yba serve`.
pub async fn serve(config: Config, commune: Option<Commune>) -> anyhow::Result<u8> {
    refuse_open_to_the_world(&config)?;
    refuse_clear_text_to_the_world(&config)?;
    refuse_invented_as_real(&config, commune.is_some())?;
    let node = Node::open(config)?;
    if let Some(commune) = commune {
        let (output, lines) = Output::channel();
        let shown = tokio::spawn(output::show(lines));
        let filled = demo::fill(&node, demo::commune_plan(commune, &node), &output).await;
        output.end(0);
        shown.await?;
        filled?;
    }
    serve_node(node, None).await
}

/// People who come in to a demonstration must not take it for the real thing: it is served as one, or open, or not at all.
fn refuse_invented_as_real(config: &Config, as_demonstration: bool) -> anyhow::Result<()> {
    if demo::is_demo(&config.data) && !as_demonstration && !config.open {
        bail!(
            "{} holds an invented demonstration: serve it with --demo, or choose another folder",
            config.data.display()
        );
    }
    Ok(())
}

fn refuse_open_to_the_world(config: &Config) -> anyhow::Result<()> {
    if config.open && !config.listen.is_loopback() {
        bail!(
            "--open has no authentication and only listens on a loopback address, not on {}",
            config.listen
        );
    }
    Ok(())
}

/// Passwords and records go over no network in clear text.
fn refuse_clear_text_to_the_world(config: &Config) -> anyhow::Result<()> {
    if config.tls_cert.is_none() && config.proxies.is_empty() && !config.listen.is_loopback() {
        bail!(
            "listening on {} needs TLS: give --tls-cert and --tls-key, or name the proxies in front that speak TLS in the \
             setting `proxies`",
            config.listen
        );
    }
    Ok(())
}

/// The certificate of the settings, when there is one.
fn tls(config: &Config) -> anyhow::Result<Option<Arc<Tls>>> {
    match (&config.tls_cert, &config.tls_key) {
        (Some(certificate), Some(key)) => Ok(Some(Arc::new(Tls::open(certificate, key)?))),
        (None, None) => Ok(None),
        _ => bail!("tls-cert and tls-key belong together: one of them is missing"),
    }
}

/// Serves an open node until SIGTERM or Ctrl C; with a number of learners, as a village for practice.
pub async fn serve_node(node: Node, learners: Option<usize>) -> anyhow::Result<u8> {
    refuse_open_to_the_world(&node.config)?;
    refuse_clear_text_to_the_world(&node.config)?;
    let tls = tls(&node.config)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = SocketAddr::new(node.config.listen, node.config.port);
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    if let Err(error) = control::listen(node.clone()) {
        eprintln!("yba: commands cannot reach this node while it runs: {error}");
    }
    // The tables that pages and operations read must exist before the first of them is asked for.
    yba_mpi::follower::prepare(&node.records).await?;
    yba_recall::follower::prepare(&node.records, &node.content).await?;
    yba_subscription::prepare(&node.records).await?;
    yba_report::follower::prepare(&node.records, node.registers.clone()).await?;
    let notifying =
        yba_subscription::Settings::new(node.config.subscription_hosts.clone().open(node.config.open));
    let (stop, stopping) = watch::channel(false);
    let put_back = notifying.put_back.clone();
    let mut chores = start_chores(&node, notifying, &stopping)?;
    let gate = Gate::open(node.records.clone(), node.content.clone(), &node.province_key).await?;
    gate.take_passkeys(&node.config.base_url);
    if let Some(provider) = outside::provider(&node.config)? {
        gate.take_outside(provider);
    }
    println!("Y Bạ đang chạy: {scheme}://{address}");
    if demo::is_demo(&node.config.data) {
        println!("Dữ liệu giả định: không phải người thật; không nhập hồ sơ thật vào thư mục này.");
    }
    if node.config.open {
        println!("CHẾ ĐỘ THỬ: không xác thực, chỉ dùng dữ liệu giả định.");
    }
    if !node.config.open {
        let here = format!("{scheme}://{address}");
        match learners {
            Some(count) => tell_learners(&node, &gate, &here, count).await?,
            None => tell_how_to_come_in(&node, &gate, &here).await?,
        }
    }
    chores.push(keep_gate(&gate, &stopping));
    if let Some(tls) = &tls {
        chores.push(tokio::spawn(tls.clone().follow(stopping.clone())));
    }
    tokio::spawn(stop_signal(stop.clone()));
    let app = app(&node, gate, put_back);
    listening::serve(listener, app, node.config.limits(), tls, stopping.clone()).await?;
    let _ = stop.send(true);
    for chore in chores {
        let _ = tokio::time::timeout(Duration::from_secs(2), chore).await;
    }
    node.records.trail().sync();
    node.records.store().close().await;
    Ok(0)
}

/// Says, once, how the first people come in: the accounts of a demonstration with new passwords, or the link that sets a
/// new node up.
async fn tell_how_to_come_in(node: &Node, gate: &Gate, here: &str) -> anyhow::Result<()> {
    if demo::is_demo(&node.config.data) {
        println!("Tài khoản thử, mật khẩu mới ở mỗi lần chạy:");
        let seats = Seats::of(node).await?;
        for (role, login, password) in gate.demonstration_at(|role| seats.at(role)).await? {
            println!("  {login}  {password}  ({})", role.title);
        }
        return Ok(());
    }
    if let Some(link) = gate.first_run().await? {
        let known = &node.config.base_url;
        let base = if known.is_empty() { here } else { known };
        println!("Chưa có tài khoản nào. Thiết lập bằng liên kết này, dùng một lần trong 24 giờ:");
        println!("  {base}/thiet-lap/{}", link.0);
    }
    Ok(())
}

/// Says where practice begins, and the accounts of those who learn, all of the station of the village.
async fn tell_learners(node: &Node, gate: &Gate, here: &str, count: usize) -> anyhow::Result<()> {
    let seat = Seats::of(node).await?.at("station-staff");
    println!("Tập làm: mở {here}{PRACTICE} và đăng nhập. Mật khẩu mới ở mỗi lần chạy:");
    for (login, password) in gate.learners(count, &seat).await? {
        println!("  {login}  {password}");
    }
    Ok(())
}

/// Clears what the gate need not remember any more.
fn keep_gate(gate: &Gate, stopping: &watch::Receiver<bool>) -> tokio::task::JoinHandle<()> {
    let gate = gate.clone();
    every(CLEAR_EVERY, stopping.clone(), move || {
        let gate = gate.clone();
        async move {
            if let Err(outcome) = gate.tidy().await {
                eprintln!("yba: {outcome}");
            }
        }
    })
}

async fn stop_signal(stop: watch::Sender<bool>) {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    let _ = stop.send(true);
}

/// Pages at `/`, FHIR at `/fhir`, and the three addresses for those who watch the node.
fn app(node: &Node, gate: Gate, put_back: Arc<Notify>) -> Router {
    let cookies = Cookies { secure: node.config.is_https() };
    let settings = SiteSettings {
        open: node.config.open,
        node: node.config.name.clone(),
        source_url: node.config.source_url.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
        who: node.config.open.then(|| "Quản trị viên thử nghiệm".into()),
        run: node.records.store().identity().incarnation.clone(),
        gallery: node.config.open,
    };
    let entrance = (!node.config.open).then(|| Entrance { gate: gate.clone(), cookies });
    let mut menu = vec![yba_hospital::menu(), yba_station::menu()];
    // Only where nobody is real: elsewhere these addresses are of no page.
    let is_practice = demo::is_demo(&node.config.data);
    if is_practice {
        menu.push(Group { title: "Làng giả định", entries: vec![practice::entry()] });
    }
    if entrance.is_some() {
        let mut group = yba_admin::menu();
        group.entries.push(yba_smart::entry());
        menu.push(group);
    }
    let is_closed = entrance.is_some();
    let site = Site::with_entrance(settings, menu, entrance);
    let mut rooms = yba_hospital::routes(Hospital {
        site: site.clone(),
        records: node.records.clone(),
        content: node.content.clone(),
    });
    let station = Station {
        site: site.clone(),
        records: node.records.clone(),
        content: node.content.clone(),
        registers: node.registers.clone(),
        forms: node.forms.clone(),
        rules: node.rules.clone(),
        prints: prints(node),
        turns: Turns::default(),
    };
    if is_practice {
        site.practise_at(practice::BAR);
        rooms = rooms.merge(practice::routes(station.clone()));
    }
    rooms = rooms.merge(yba_station::routes(station));
    let mut for_apps = Router::new();
    if is_closed {
        let (site, gate, base_url) = (site.clone(), gate.clone(), node.config.base_url.clone());
        let (records, content) = (node.records.clone(), node.content.clone());
        let health = health::look(node, &gate);
        let smart = Smart {
            site: site.clone(),
            gate: gate.clone(),
            records: records.clone(),
            base_url: base_url.clone(),
        };
        rooms = rooms.merge(yba_admin::routes(Admin {
            site,
            gate,
            records,
            content,
            forms: node.forms.clone(),
            health,
            base_url,
        }));
        rooms = rooms.merge(yba_smart::pages(smart.clone()));
        for_apps = yba_smart::api(smart);
    }
    let feedback = Arc::new(Feedback::default());
    let api = yba_rest::Settings {
        open: node.config.open,
        base: api_base(&node.config.base_url),
        run: node.records.store().identity().incarnation.clone(),
        views: node.views.clone(),
        origins: node.config.origins.clone(),
        gate: is_closed.then_some(gate),
        cookies,
        put_back,
        rules: node.rules.clone(),
        feedback: feedback.clone(),
    };
    let watched = node.clone();
    let metrics = node.clone();
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(move || ready(watched.clone())))
        .route("/metrics", get(move || measures(metrics.clone(), feedback.clone())))
        .merge(for_apps)
        .merge(yba_rest::router(node.records.clone(), api))
        .merge(yba_web::shell(site, rooms))
}

/// What prints: this program sets each sheet in a process of its own.
fn prints(node: &Node) -> Prints {
    let library = yba_print::Library::of(&node.content);
    // Not by its path: the file may have been replaced under the running node.
    Prints::new(library, Printer::apart("/proc/self/exe".into(), &[yba_print::child::COMMAND]))
}

/// Where the API begins, when the node's own address is known.
fn api_base(base_url: &str) -> String {
    if base_url.is_empty() { String::new() } else { format!("{base_url}/fhir") }
}

/// Ready when the log can be read.
async fn ready(node: Node) -> (StatusCode, &'static str) {
    match yba_mpi::follower::lag(&node.records).await {
        Ok(_) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    }
}

/// Numbers in the Prometheus text form; none tells anything about a person.
async fn measures(node: Node, feedback: Arc<Feedback>) -> ([(header::HeaderName, &'static str); 1], String) {
    let store = node.records.store();
    let head = store.head_t();
    let lag = yba_mpi::follower::lag(&node.records).await.unwrap_or(head);
    let recalling = yba_recall::follower::lag(&node.records).await.unwrap_or(head);
    let telling = yba_subscription::lag(&node.records).await.unwrap_or(head);
    let registering = yba_report::follower::lag(&node.records).await.unwrap_or(head);
    let indexing = *store.indexing().borrow();
    let behind = indexing.total - indexing.done;
    let (reads, _) = node.records.trail().end();
    let text = format!(
        "# TYPE yba_log_position gauge\nyba_log_position {head}\n\
         # TYPE yba_index_behind gauge\nyba_index_behind {behind}\n\
         # TYPE yba_follower_lag gauge\nyba_follower_lag{{follower=\"mpi\"}} {lag}\n\
         yba_follower_lag{{follower=\"recall\"}} {recalling}\n\
         yba_follower_lag{{follower=\"subscription\"}} {telling}\n\
         yba_follower_lag{{follower=\"report\"}} {registering}\n\
         # TYPE yba_audit_reads counter\nyba_audit_reads {reads}\n{}",
        feedback.measures()
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}

/// The followers and the chores, each ended by `stopping`.
fn start_chores(
    node: &Node,
    notifying: yba_subscription::Settings,
    stopping: &watch::Receiver<bool>,
) -> anyhow::Result<Vec<tokio::task::JoinHandle<()>>> {
    let signer = Signer::load(node.records.trail().folder())?;
    let (heads, clearing) = (node.clone(), node.clone());
    let sign = every(HEADS_EVERY, stopping.clone(), move || {
        let (node, signer) = (heads.clone(), signer.clone());
        async move {
            if let Err(outcome) = node.records.sign_heads(&signer).await {
                eprintln!("yba: {outcome}");
            }
        }
    });
    let clear = every(CLEAR_EVERY, stopping.clone(), move || {
        let node = clearing.clone();
        async move {
            if let Err(outcome) = node.records.store().tidy().await {
                eprintln!("yba: {outcome}");
            }
        }
    });
    let linking = tokio::spawn(yba_mpi::follower::run(node.records.clone(), stopping.clone()));
    let recalling =
        tokio::spawn(yba_recall::follower::run(node.records.clone(), node.content.clone(), stopping.clone()));
    let telling = tokio::spawn(yba_subscription::run(node.records.clone(), notifying, stopping.clone()));
    let (records, registers) = (node.records.clone(), node.registers.clone());
    let registering = tokio::spawn(yba_report::follower::run(records, registers, stopping.clone()));
    tokio::spawn(tell_indexing(node.records.store().indexing()));
    let speaking = tokio::spawn(yba_records::overlay::follow(node.records.clone(), stopping.clone()));
    Ok(vec![sign, clear, linking, recalling, registering, telling, speaking])
}

/// Says how far the search index is, after an upgrade that makes it anew.
async fn tell_indexing(mut indexing: watch::Receiver<Indexing>) {
    let mut told = None;
    loop {
        let at = *indexing.borrow_and_update();
        let tenth = at.done * 10 / at.total.max(1);
        match at.is_done() {
            true if told.is_none() => return,
            true => return eprintln!("yba: the search index is made anew"),
            false if told != Some(tenth) => {
                eprintln!("yba: making the search index anew: {} % done", tenth * 10);
                told = Some(tenth);
            }
            false => {}
        }
        if indexing.changed().await.is_err() {
            return;
        }
    }
}

/// Does a chore at every interval, and once more at the end.
fn every<F, Done>(
    interval: Duration,
    mut stopping: watch::Receiver<bool>,
    mut chore: F,
) -> tokio::task::JoinHandle<()>
where
    F: FnMut() -> Done + Send + 'static,
    Done: Future<Output = ()> + Send,
{
    tokio::spawn(async move {
        loop {
            let stop = tokio::time::timeout(interval, stopping.wait_for(|stop| *stop)).await.is_ok();
            chore().await;
            if stop {
                return;
            }
        }
    })
}
