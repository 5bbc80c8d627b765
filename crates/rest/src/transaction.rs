//! FHIR batch and transaction: `POST [base]`. <https://hl7.org/fhir/R4/http.html#transaction>
//!
//! A transaction is one call of the door: all of it or nothing. Its reads run after the commit and answer each for
//! itself (a read that finds nothing answers 404 in its entry; what could be known to be wrong beforehand has refused
//! the bundle). A batch is as many calls as it has entries, some at a time, in no order.

use crate::address;
use crate::answer::{Answer, Content, Reply, outcome_bytes, shown, status};
use crate::api::Api;
use crate::asked::{Asked, Return};
use crate::body::Body;
use crate::bundle::{Answered, Writer};
use crate::create::nothing_done;
use crate::entry::{self, Entry, Get, in_entry, of_entry};
use crate::history;
use crate::read::unless_known;
use axum::extract::State;
use axum::http::StatusCode;
use bytes::Bytes;
use futures_util::StreamExt;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use yba_fhir::json::{JsonContainerTrait, JsonValueTrait, Value, str_at};
use yba_fhir::{Kind, Outcome};
use yba_records::{Change, Ctx, Knowledge};

/// Most entries of one bundle.
pub const ENTRIES_MAX: usize = 5000;
/// Most bytes that the reads of one bundle may answer in all.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// How many entries of a batch are at work at once.
const AT_ONCE: usize = 16;
/// Most problems that one refusal lists.
const PROBLEMS_MAX: usize = 50;

/// Does a transaction or batch and answers with the bundle of what came of each entry, in their order.
pub async fn handle(State(api): State<Api>, asked: Asked, body: Body) -> Reply {
    asked.only_parameters(&[])?;
    asked.only_conditions(&[])?;
    let bundle = body.resource().await?;
    if bundle.kind() != "Bundle" {
        let text = format!("Địa chỉ này nhận Bundle; {} gửi tới /fhir/{}.", bundle.kind(), bundle.kind());
        return Err(Outcome::invalid("not-a-bundle", text, "a Bundle is expected here")
            .at("resourceType")
            .into());
    }
    let tree = bundle.into_tree();
    let is_transaction = match str_at(&tree, &["type"]) {
        Some("transaction") => true,
        Some("batch") => false,
        _ => {
            let text = "Bundle.type phải là transaction hoặc batch.";
            return Err(Outcome::invalid("bundle-type", text, "Bundle.type must be transaction or batch")
                .at("Bundle.type")
                .into());
        }
    };
    let entries = entries_of(&tree)?;
    let names = entry::names(&entries)?;
    let world = api.records().world(&asked.base, &entry::asked_pairs(&entries)).await?;
    let work = Work {
        api,
        ctx: asked.ctx,
        base: asked.base,
        wanted: asked.wanted.unwrap_or(Return::Minimal),
        answered_bytes: AtomicUsize::new(0),
    };
    let answer = match is_transaction {
        true => work.transaction(&entries, &names, &world).await?,
        false => work.batch(&entries, &names, &world).await,
    };
    Ok(Answer::json(answer))
}

fn entries_of(tree: &Value) -> Result<Vec<&Value>, Outcome> {
    let entries: Vec<&Value> = match tree.get("entry") {
        None => Vec::new(),
        Some(list) => match list.as_array() {
            Some(array) if array.len() > ENTRIES_MAX => return Err(too_many(array.len())),
            Some(array) => array.iter().collect(),
            None => {
                let text = "Bundle.entry phải là một danh sách.";
                let detail = "Bundle.entry must be an array";
                return Err(Outcome::invalid("bundle-entry", text, detail).at("Bundle.entry"));
            }
        },
    };
    Ok(entries)
}

fn too_many(count: usize) -> Outcome {
    let text = format!("Bundle có {count} mục, tối đa {ENTRIES_MAX}. Hãy chia thành nhiều bundle.");
    let detail = format!("{count} entries exceed the limit of {ENTRIES_MAX}");
    Outcome::new(Kind::TooLarge, "bundle-too-large", text, detail).at("Bundle.entry")
}

/// One bundle at work.
struct Work {
    api: Api,
    ctx: Ctx,
    base: String,
    wanted: Return,
    answered_bytes: AtomicUsize,
}

/// What came of an entry, and whether it was a read.
struct Came {
    answer: Result<Answer, Outcome>,
    is_read: bool,
}

impl Work {
    async fn transaction(
        &self,
        entries: &[&Value],
        names: &HashSet<String>,
        world: &Knowledge,
    ) -> Result<Bytes, Outcome> {
        let entries = self.understood(entries, names, world)?;
        entry::refuse_twice(&entries)?;
        let mut came: Vec<Option<Came>> = entries.iter().map(|_| None).collect();
        let (mut writes, mut reads) = (Vec::new(), Vec::new());
        for (position, entry) in entries.into_iter().enumerate() {
            match entry {
                Entry::Write { method, change, .. } => writes.push((method, position, *change)),
                Entry::Get(get) => reads.push((position, get)),
            }
        }
        writes.sort_by_key(|(method, position, _)| (*method, *position));
        let positions: Vec<usize> = writes.iter().map(|(_, position, _)| *position).collect();
        let changes: Vec<Change> = writes.into_iter().map(|(_, _, change)| change).collect();
        if !changes.is_empty() {
            let done = match self.api.records().transact(&self.ctx, changes).await {
                Ok(done) => done,
                Err(refused) => return Err(located(refused, &positions)),
            };
            for (position, done) in positions.iter().zip(done) {
                let answer = Ok(Answer::written(done, &self.base, self.wanted));
                came[*position] = Some(Came { answer, is_read: false });
            }
        }
        // What one transaction reads is of one moment.
        let moment = Some(self.api.records().moment());
        for (position, get) in reads {
            let answer = self.get(get, moment).await.map_err(|refused| of_entry(refused, position, ""));
            came[position] = Some(Came { answer, is_read: true });
        }
        let came = came
            .into_iter()
            .map(|one| one.unwrap_or_else(|| Came { answer: Err(nothing_done()), is_read: false }))
            .collect();
        Ok(self.bundle("transaction-response", came))
    }

    async fn batch(self, entries: &[&Value], names: &HashSet<String>, world: &Knowledge) -> Bytes {
        let parsed: Vec<(usize, Result<Entry, Outcome>)> = entries
            .iter()
            .enumerate()
            .map(|(position, entry)| (position, entry::parse(entry, position, &self.base, names, world)))
            .collect();
        let work = Arc::new(self);
        let came = futures_util::stream::iter(parsed)
            .map(|(position, entry)| one_of_batch(work.clone(), position, entry))
            .buffered(AT_ONCE)
            .collect()
            .await;
        work.bundle("batch-response", came)
    }

    /// All entries, or everything that is wrong with them.
    fn understood(
        &self,
        entries: &[&Value],
        names: &HashSet<String>,
        world: &Knowledge,
    ) -> Result<Vec<Entry>, Outcome> {
        let (mut understood, mut problems) = (Vec::with_capacity(entries.len()), None::<Outcome>);
        for (position, entry) in entries.iter().enumerate() {
            match (entry::parse(entry, position, &self.base, names, world), &mut problems) {
                (Ok(entry), _) => understood.push(entry),
                (Err(first), None) => problems = Some(first),
                (Err(next), Some(all)) if all.issues.len() < PROBLEMS_MAX => all.issues.extend(next.issues),
                (Err(_), Some(_)) => {}
            }
        }
        match problems {
            None => Ok(understood),
            // Several kinds of problems in one bundle are one bad request.
            Some(all) if all.issues.len() > 1 => Err(Outcome { kind: Kind::Invalid, ..all }),
            Some(one) => Err(one),
        }
    }

    async fn get(&self, get: Get, moment: Option<i64>) -> Result<Answer, Outcome> {
        if self.answered_bytes.load(Ordering::Relaxed) > ANSWER_BYTES_MAX {
            let text = "Các mục GET trong bundle trả về quá nhiều dữ liệu. Hãy gửi riêng từng yêu cầu.";
            let detail = format!("the reads of this bundle answer more than {ANSWER_BYTES_MAX} bytes");
            return Err(Outcome::new(Kind::TooMany, "bundle-answer-too-large", text, detail));
        }
        let records = self.api.records();
        let answer = match get {
            Get::Read { target, if_none_match } => {
                let (kind, id) = (&target.kind, &target.id);
                let version = match moment {
                    Some(moment) => records.read_at(&self.ctx, kind, id, moment).await?,
                    None => records.read(&self.ctx, kind, id).await?,
                };
                unless_known(version, if_none_match.as_deref(), None)
            }
            Get::Vread { target } => {
                Answer::record(records.vread(&self.ctx, &target.kind, &target.id, &target.version).await?)
            }
            Get::History { target, pairs } => {
                history::page(&self.api, &self.ctx, &self.base, &target, &pairs).await?
            }
            Get::Search(search) => search.run_at(&self.api, &self.ctx, &self.base, moment).await?,
        };
        self.answered_bytes.fetch_add(answer.body().len(), Ordering::Relaxed);
        Ok(answer)
    }

    fn bundle(&self, kind: &str, came: Vec<Came>) -> Bytes {
        let bytes =
            came.iter().map(|one| 300 + one.answer.as_ref().map_or(500, |answer| answer.body().len()));
        let mut bundle = Writer::new(kind, None, &[], None, bytes.sum());
        for one in came {
            match one.answer {
                Ok(answer) => self.answered(&mut bundle, &answer, one.is_read),
                Err(refused) => {
                    let refused = shown(refused, &self.ctx.request_id);
                    let outcome = outcome_bytes(&refused);
                    let status = status_line(status(&refused));
                    bundle.answered(&Answered { status, outcome: Some(&outcome), ..Answered::default() });
                }
            }
        }
        bundle.finish()
    }

    fn answered(&self, bundle: &mut Writer, answer: &Answer, is_read: bool) {
        let body = answer.body();
        let body = (!body.is_empty()).then_some(&*body);
        // What a write says in JSON of our own is an OperationOutcome; what a read says so is a bundle.
        let is_outcome = !is_read && matches!(answer.content, Content::Json(_));
        let is_record = matches!(answer.content, Content::Stored);
        let version = answer.version.as_ref();
        bundle.answered(&Answered {
            full_url: version.filter(|_| is_record).map(|version| address::of_record(&self.base, version)),
            resource: body.filter(|_| !is_outcome),
            status: status_line(answer.status),
            location: answer.location.as_deref(),
            version,
            outcome: body.filter(|_| is_outcome),
        });
    }
}

/// The refusal of a transaction in terms of its entries: `positions` are those of the changes.
fn located(mut refused: Outcome, positions: &[usize]) -> Outcome {
    for issue in &mut refused.issues {
        if let Some(position) = issue.position.and_then(|change| positions.get(change)) {
            in_entry(issue, *position, "");
        }
    }
    refused
}

async fn one_of_batch(work: Arc<Work>, position: usize, entry: Result<Entry, Outcome>) -> Came {
    let (answer, is_read) = match entry {
        Err(refused) => return Came { answer: Err(refused), is_read: false },
        Ok(Entry::Get(get)) => (work.get(get, None).await, true),
        Ok(Entry::Write { change, .. }) => {
            let done = work.api.records().transact(&work.ctx, vec![*change]).await;
            let done = done.and_then(|done| done.into_iter().next().ok_or_else(nothing_done));
            (done.map(|done| Answer::written(done, &work.base, work.wanted)), false)
        }
    };
    Came { answer: answer.map_err(|refused| of_entry(refused, position, "")), is_read }
}

fn status_line(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
}
