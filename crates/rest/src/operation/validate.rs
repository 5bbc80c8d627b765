//! `$validate`: what is right and wrong about a resource, without keeping it.
//! <https://hl7.org/fhir/R4/resource-operation-validate.html>

use super::{Call, answer};
use crate::answer::Answer;
use crate::create::same_kind;
use yba_fhir::outcome::operation_outcome;
use yba_fhir::{Kind, Outcome, Resource};

/// Judges the resource that was sent or, when none was, the one that the address names. The answer is 200 with an
/// OperationOutcome whatever the verdict, as the specification asks.
pub async fn run(call: Call) -> Result<Answer, Outcome> {
    let arguments = &call.arguments;
    arguments.only(&["resource", "mode", "profile"])?;
    let mode = Mode::of(arguments.text("mode")?.as_deref())?;
    let resource = match (arguments.resource("resource")?, call.target.id.is_empty()) {
        (Some(tree), _) => same_kind(Resource::from_parsed(tree.clone())?, &call.target.kind)?,
        (None, true) => return Err(nothing_to_judge()),
        (None, false) => {
            let records = call.api.records();
            let version = records.read(&call.asked.ctx, &call.target.kind, &call.target.id).await?;
            Resource::parse(&version.body)?
        }
    };
    if mode == Mode::Update {
        same_id(&resource, &call.target.id)?;
    }
    let validator = call.api.records().rules().await?;
    let profiles = arguments.texts("profile");
    if let Some(unknown) = profiles.iter().find(|url| validator.profiles().get(url).is_none()) {
        return Err(unknown_profile(unknown));
    }
    let findings = validator.check_against(resource.tree(), &profiles);
    answer(&operation_outcome(&findings.issues))
}

/// What is to be done with the resource. <https://hl7.org/fhir/R4/valueset-resource-validation-mode.html>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing, or it is to be created or matched against profiles: the content counts.
    Content,
    Update,
}

impl Mode {
    fn of(text: Option<&str>) -> Result<Mode, Outcome> {
        match text {
            None | Some("create" | "profile") => Ok(Mode::Content),
            Some("update") => Ok(Mode::Update),
            Some(other) => {
                let other: String = other.chars().take(64).collect();
                let text = format!("mode là create, update hoặc profile, không phải “{other}”.");
                Err(Outcome::invalid("validate-mode", text, format!("mode {other:?} is not supported"))
                    .at("mode"))
            }
        }
    }
}

fn same_id(resource: &Resource, id: &str) -> Result<(), Outcome> {
    match resource.id() {
        Some(own) if id.is_empty() || own == id => Ok(()),
        own => {
            let text = format!("Khi cập nhật, id trong nội dung phải là id trong địa chỉ ({id}).");
            let detail = format!("mode=update needs the id of the address, {id:?}, not {own:?}");
            Err(Outcome::invalid("id-mismatch", text, detail).at("resource.id"))
        }
    }
}

fn unknown_profile(url: &str) -> Outcome {
    let url: String = url.chars().take(200).collect();
    let text = format!("Máy chủ không có hồ sơ {url}.");
    Outcome::new(Kind::NotFound, "profile-unknown", text, format!("profile {url:?} is not known here"))
        .at("profile")
}

fn nothing_to_judge() -> Outcome {
    let text = "Hãy gửi tài nguyên cần kiểm tra: trong thân yêu cầu, hoặc trong tham số resource.";
    Outcome::invalid("resource-missing", text, "there is no resource to validate").at("resource")
}
