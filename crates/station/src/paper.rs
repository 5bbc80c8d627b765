//! A form of content within the room: filled in from the record on behalf of whoever fills it in, kept while they type, drawn with
//! what the room adds to it.

use crate::reminders::{self, Beside};
use crate::{Station, own_facility, typing};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use yba_care::advise::{self, Reasons};
use yba_care::birth::{self, Birth};
use yba_care::death::Death;
use yba_care::interview;
use yba_care::visit::{self, Visit};
use yba_fhir::json::{self, Value, json};
use yba_fhir::resource::is_id;
use yba_fhir::{Kind, Outcome};
use yba_forms::library::Edition;
use yba_forms::page::{self, Look};
use yba_forms::{Choices, Filling, OfTerminology, Setting, Step};
use yba_records::{Change, Ctx, Query, Records, Version};
use yba_rules::{Case, Moment, Verdict};
use yba_store::search::query::decode_pairs;
use yba_ui::form::hidden;
use yba_web::encoded;

/// The field of a posted form that tells it from others: no linkId has a `~`.
const FORM_ID: &str = "~phieu";
/// The question of a birth's form for the number of its certificate.
const CERTIFICATE: &str = "certificate";
/// The id of the form on its page.
const FORM: &str = "phieu";
/// Longest id that a form may bring.
const FORM_ID_MAX: usize = 64;
/// Most questions that one form asks of the record.
const QUERIES_MAX: usize = 20;

/// A form of a person.
pub(crate) struct Paper<'p> {
    pub station: &'p Station,
    pub ctx: &'p Ctx,
    pub edition: &'p Edition,
    /// Id of the Patient.
    pub patient: &'p str,
    /// What it is for: the slug of a programme, or of the form.
    pub about: &'p str,
    /// Where it is posted; `/nhap`, `/bo-nhap` and `/goi-y/…` below are for what is being typed.
    pub action: String,
    /// Its one main button.
    pub verb: &'p str,
    /// Whether it is a visit, of which the rules of content are asked.
    pub reminds: bool,
    /// What it is opened with beside the person: names of its `launchContext`, and resources.
    pub with: Vec<(&'static str, Value)>,
}

/// A form that was being typed.
struct Unsent {
    fields: Vec<(String, String)>,
    /// The id of the form.
    form: String,
    /// When it was kept; milliseconds since 1970 UTC.
    ms: i64,
}

/// What the room knows of a visit that is written down by a form.
pub(crate) struct About<'a> {
    /// Why the person comes.
    pub reason: &'a str,
    /// The `code` of the diagnosis, when the form does not bring it.
    pub diagnosis: Option<&'a Value>,
    /// Appointments that are kept by this visit.
    pub expected: &'a [Value],
}

/// What a form that is sound becomes.
pub(crate) enum Deed<'a> {
    Visit(&'a About<'a>),
    /// Answers alone, without a visit, of somebody with these diagnoses.
    Answers(&'a [Value]),
    /// Of a woman with these births before; a child who lives gets this temporary code.
    Birth {
        earlier: &'a [Value],
        facility: Option<&'a str>,
        code: Option<String>,
    },
    /// Of somebody with these appointments to come, and this of a death already.
    Death {
        expected: &'a [Value],
        standing: &'a [Value],
    },
}

/// A deed with all that its verb asks.
enum Act<'a> {
    Visit(Visit<'a>, &'a [Value]),
    Answers(Visit<'a>, &'a [Value]),
    Birth(Birth<'a>),
    Death(Death<'a>),
}

impl Act<'_> {
    /// Whether this very form was written down before, and stands.
    async fn is_written(&self, records: &Records, ctx: &Ctx) -> Result<bool, Outcome> {
        match self {
            Act::Visit(visit, _) => visit::is_written(records, ctx, visit).await,
            Act::Answers(asked, _) => interview::is_written(records, ctx, asked).await,
            Act::Birth(birth) => birth::is_written(records, ctx, &birth.id()).await,
            Act::Death(death) => birth::is_written(records, ctx, &death.id()).await,
        }
    }

    /// What elsewhere in the records stands against it.
    async fn stands_against(
        &self,
        records: &Records,
        ctx: &Ctx,
        fields: &[(String, String)],
    ) -> Result<Option<Outcome>, Outcome> {
        let Act::Birth(_) = self else { return Ok(None) };
        let number = fields.iter().find(|(name, _)| name == CERTIFICATE).map_or("", |(_, text)| text.trim());
        let is_taken = !number.is_empty() && birth::is_numbered(records, ctx, number).await?;
        Ok(is_taken.then(|| {
            let text = format!("Số giấy chứng sinh {number} đã cấp cho một trẻ khác. Hãy xem lại số.");
            Outcome::new(Kind::Conflict, "certificate", text, "the certificate is given already")
        }))
    }

    fn plan(&self, filling: &Filling<'_>, setting: &Setting) -> Result<Vec<Change>, Outcome> {
        match self {
            Act::Visit(visit, expected) => visit::plan(visit, filling, setting, expected),
            Act::Answers(asked, diagnoses) => interview::plan(asked, filling, setting, diagnoses),
            Act::Birth(birth) => birth.plan(filling, setting),
            Act::Death(death) => death.plan(filling, setting),
        }
    }
}

/// What became of a form that was sent.
pub(crate) enum Sent {
    Written,
    /// To be drawn again: with what is wrong with it, or because somebody asked for it.
    Again {
        sheet: Markup,
        is_refused: bool,
    },
    /// The door did not take it.
    Refused {
        sheet: Markup,
        why: Outcome,
    },
}

impl Paper<'_> {
    /// Takes a form that was sent and writes the visit down, once however often it is sent.
    pub async fn sent(
        &self,
        patient: &Value,
        fields: &[(String, String)],
        about: &About<'_>,
    ) -> Result<Sent, Outcome> {
        self.done(patient, fields, &Deed::Visit(about)).await
    }

    /// The same for whatever a form becomes.
    pub async fn done(
        &self,
        patient: &Value,
        fields: &[(String, String)],
        deed: &Deed<'_>,
    ) -> Result<Sent, Outcome> {
        let (records, ctx) = (&self.station.records, self.ctx);
        let (setting, form) = (self.setting(patient).await?, form_id(self.station, fields));
        let terminology = records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: setting.today() };
        let filling = self.edition.form.take(&setting, &choices, fields)?;
        let (facility, examiner) = (own_facility(), yba_web::visit::name());
        let (author, now_ms) = (ctx.agent.name(), setting.now_ms());
        let (facility, examiner) = (facility.as_deref(), examiner.as_deref());
        let act = match deed {
            Deed::Visit(about) => {
                let diagnosis = about.diagnosis;
                let visit = Visit { diagnosis, facility, examiner, ..self.visit(&form, about.reason) };
                Act::Visit(visit, about.expected)
            }
            Deed::Answers(diagnoses) => {
                Act::Answers(Visit { facility, examiner, ..self.visit(&form, "") }, diagnoses)
            }
            Deed::Birth { earlier, facility, code } => Act::Birth(Birth {
                mother: patient,
                earlier,
                facility: *facility,
                code: code.clone(),
                author: &author,
                form: &form,
                now_ms,
            }),
            Deed::Death { expected, standing } => {
                Act::Death(Death { person: patient, expected, standing, facility, form: &form, now_ms })
            }
        };
        let reasons = reminders::reasons(fields);
        let verdict = match &act {
            Act::Visit(visit, _) => self.verdict(patient, &filling, &setting, visit).await?,
            Act::Answers(..) | Act::Birth(_) | Act::Death(_) => Verdict::default(),
        };
        let again = |form: &str| {
            let sheet = self.drawn(form, "", &choices, |look| page::page(&filling, look));
            let asks = filling.step == Step::Save;
            Beside { verdict: &verdict, reasons: &reasons, asks, form: FORM }.around(&sheet)
        };
        if !filling.is_sound() {
            return Ok(Sent::Again { sheet: again(&form), is_refused: filling.step == Step::Save });
        }
        if act.is_written(records, ctx).await? {
            return Ok(Sent::Written);
        }
        if let Some(why) = act.stands_against(records, ctx, fields).await? {
            return Ok(Sent::Refused { sheet: again(&form), why });
        }
        if !advise::unanswered(&verdict, &reasons).is_empty() {
            return Ok(Sent::Again { sheet: again(&form), is_refused: true });
        }
        let mut changes = match act.plan(&filling, &setting) {
            Ok(changes) => changes,
            Err(fault) if fault.kind == Kind::Fault => return Err(fault),
            Err(why) => return Ok(Sent::Refused { sheet: again(&form), why }),
        };
        if let Act::Visit(visit, _) = &act {
            changes.extend(self.kept(&verdict, &reasons, visit)?);
        }
        match records.transact(ctx, changes).await {
            Ok(_) => {
                // Kept any longer it would only be found to be written.
                self.forget().await.ok();
                Ok(Sent::Written)
            }
            // The same form, sent twice at once.
            Err(_) if act.is_written(records, ctx).await? => Ok(Sent::Written),
            // What it is in conflict with was taken back: sent again, it is another form.
            Err(why) if why.kind == Kind::Conflict => {
                Ok(Sent::Refused { sheet: again(&records.fresh_id()), why })
            }
            Err(why) => Ok(Sent::Refused { sheet: again(&form), why }),
        }
    }

    /// What the rules say of a visit as it stands, half filled in as it may be.
    async fn verdict(
        &self,
        patient: &Value,
        filling: &Filling<'_>,
        setting: &Setting,
        visit: &Visit<'_>,
    ) -> Result<Verdict, Outcome> {
        if !self.reminds {
            return Ok(Verdict::default());
        }
        // What cannot be made of a half form yet is told when it is sent.
        let Ok(entered) = visit::drafted(visit, filling, setting) else { return Ok(Verdict::default()) };
        let now_ms = setting.now_ms();
        let case = Case { moment: Moment::Visit, now_ms, patient, entered: &entered, beside: &[] };
        advise::advise(&self.station.records, self.ctx, &self.station.rules, &case).await
    }

    /// The reasons for which the visit is written although a rule stops it.
    fn kept(&self, verdict: &Verdict, reasons: &Reasons, visit: &Visit<'_>) -> Result<Vec<Change>, Outcome> {
        let id = visit.id();
        let about = [format!("Encounter/{id}")];
        let (patient, by, now_ms) = (visit.patient, visit.examiner, visit.now_ms);
        advise::kept(verdict, reasons, &advise::Act { patient, about: &about, id: &id, by, now_ms })
    }

    /// What surrounds the form, with what the record answers to its questions.
    async fn setting(&self, patient: &Value) -> Result<Setting, Outcome> {
        let records = &self.station.records;
        let mut setting = Setting::new(records.store().clock().now_ms()).with("patient", patient.clone());
        for (name, resource) in &self.with {
            setting = setting.with(name, resource.clone());
        }
        for _ in 0..QUERIES_MAX {
            let Some(query) = self.edition.form.next_query(&setting) else { break };
            let found = match found(records, self.ctx, &query.address).await {
                // What the caller may not see is left for them to type.
                Err(outcome) if matches!(outcome.kind, Kind::Forbidden | Kind::NotFound | Kind::Gone) => None,
                found => Some(found?),
            };
            setting.answer(query, found);
        }
        Ok(setting)
    }

    /// Draws with the room's look; `form` is the form's id, `kept` what is said of a draft.
    fn drawn<T>(
        &self,
        form: &str,
        kept: &str,
        choices: &dyn Choices,
        draw: impl FnOnce(&Look<'_>) -> T,
    ) -> T {
        let action = &self.action;
        draw(&Look {
            action,
            verb: self.verb,
            key: None,
            offers: Some(&format!("{action}/goi-y")),
            choices,
            uncertain: self.edition.uncertain.as_deref(),
            moves: Some(&format!("{action}/nhap")),
            kept,
            fields: html! { (hidden(FORM_ID, form)) },
        })
    }

    /// The form as it opens: as the caller was typing it, or fresh.
    pub async fn opened(&self, patient: &Value) -> Result<Markup, Outcome> {
        let (setting, form) = (self.setting(patient).await?, &self.edition.form);
        let terminology = self.station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: setting.today() };
        let Some(unsent) = self.unsent().await? else {
            let (filling, fresh) = (form.begin(&setting), self.station.records.fresh_id());
            let drawn = self.drawn(&fresh, "", &choices, |look| page::page(&filling, look));
            // Nothing is entered yet.
            let (verdict, reasons) = (Verdict::default(), Reasons::new());
            return Ok(
                Beside { verdict: &verdict, reasons: &reasons, asks: false, form: FORM }.around(&drawn)
            );
        };
        let (filling, kept) = (form.resume(&setting, &choices, &unsent.fields)?, kept_words(unsent.ms));
        let drawn = self.drawn(&unsent.form, &kept, &choices, |look| page::page(&filling, look));
        let verdict = self.verdict(patient, &filling, &setting, &self.visit(&unsent.form, "")).await?;
        let reasons = reminders::reasons(&unsent.fields);
        let drawn = Beside { verdict: &verdict, reasons: &reasons, asks: false, form: FORM }.around(&drawn);
        Ok(html! { (typing::resumed(&self.action, &yba_fhir::date::instant(unsent.ms))) (drawn) })
    }

    /// Keeps what is being typed; answers what it moves on the page.
    pub async fn keep(&self, patient: &Value, fields: &[(String, String)]) -> Result<Markup, Outcome> {
        let (setting, form) = (self.setting(patient).await?, form_id(self.station, fields));
        let terminology = self.station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: setting.today() };
        let filling = self.edition.form.resume(&setting, &choices, fields)?;
        let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name), encoded(value));
        let text = fields.iter().map(pair).collect::<Vec<_>>().join("&");
        let ms = self.station.records.keep_draft(self.ctx, &self.key(), &text).await?;
        let moved = self.drawn(&form, &kept_words(ms), &choices, |look| page::moved(&filling, look, fields));
        let verdict = self.verdict(patient, &filling, &setting, &self.visit(&form, "")).await?;
        let reasons = reminders::reasons(fields);
        let beside = Beside { verdict: &verdict, reasons: &reasons, asks: false, form: FORM };
        Ok(html! { (moved) (beside.moved(fields)) })
    }

    /// Forgets what was being typed.
    pub async fn forget(&self) -> Result<(), Outcome> {
        self.station.records.drop_draft(self.ctx, &self.key()).await
    }

    /// What fits into a field while somebody types.
    pub fn offered(&self, field: &str, fields: &[(String, String)]) -> Markup {
        let terminology = self.station.records.terminology_now();
        let choices = OfTerminology { terminology: &terminology, on: self.station.today() };
        yba_ui::form::offers(&page::offers(&self.edition.form, &choices, field, fields))
    }

    /// The visit that this form is, of which the room says more.
    fn visit<'v>(&'v self, form: &'v str, reason: &'v str) -> Visit<'v> {
        let now_ms = self.station.records.store().clock().now_ms();
        Visit {
            patient: self.patient,
            about: self.about,
            reason,
            diagnosis: None,
            facility: None,
            examiner: None,
            form,
            now_ms,
        }
    }

    fn key(&self) -> String {
        format!("{}/{}", self.about, self.patient)
    }

    /// What the caller was typing and has not sent; what was sent already is forgotten.
    async fn unsent(&self) -> Result<Option<Unsent>, Outcome> {
        let records = &self.station.records;
        let Some(draft) = records.draft(self.ctx, &self.key()).await? else { return Ok(None) };
        let fields = decode_pairs(&draft.text);
        let form = form_id(self.station, &fields);
        let sent = self.visit(&form, "");
        if visit::is_written(records, self.ctx, &sent).await?
            || interview::is_written(records, self.ctx, &sent).await?
        {
            self.forget().await?;
            return Ok(None);
        }
        Ok(Some(Unsent { fields, form, ms: draft.ms }))
    }
}

/// What the rules say of a visit that was just written: whoever types fast has not seen it.
pub(crate) async fn said_of(
    station: &Station,
    ctx: &Ctx,
    patient: &Value,
    encounter: &str,
) -> Result<Markup, Outcome> {
    let entered = advise::written(&station.records, ctx, encounter).await?;
    let now_ms = station.records.store().clock().now_ms();
    let case = Case { moment: Moment::Visit, now_ms, patient, entered: &entered, beside: &[] };
    let verdict = advise::advise(&station.records, ctx, &station.rules, &case).await?;
    Ok(reminders::after(&verdict))
}

/// The page of a form that was refused says so by its status as well.
pub(crate) fn refused_if(is_refused: bool, mut page: Response) -> Response {
    if is_refused {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    page
}

/// The id that a posted form brings; one that is none gets a new one.
fn form_id(station: &Station, fields: &[(String, String)]) -> String {
    let brought = fields.iter().find(|(key, _)| key == FORM_ID).map(|(_, value)| value.trim());
    match brought.filter(|id| is_id(id) && id.len() <= FORM_ID_MAX) {
        Some(id) => id.to_owned(),
        None => station.records.fresh_id(),
    }
}

/// `Đã lưu nháp 09:41`
pub(crate) fn kept_words(ms: i64) -> String {
    let at = yba_ui::format::date_time(&yba_fhir::date::instant(ms));
    format!("Đã lưu nháp {}", at.split(' ').nth(1).unwrap_or_default())
}

/// `Observation?patient=1&code=…` or `Patient/1`.
async fn found(records: &Records, ctx: &Ctx, address: &str) -> Result<Value, Outcome> {
    let Some((kind, query)) = address.split_once('?') else {
        let (kind, id) = address.split_once('/').unwrap_or((address, ""));
        return records.read(ctx, kind, id).await.map(|version| version.tree());
    };
    let found = records.search(ctx, &Query::parse_string(kind, query)?, None).await?;
    let mut entries = json::Array::new();
    for tree in found.matches.iter().map(Version::tree) {
        entries.push(json!({"resource": tree}));
    }
    Ok(json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
}
