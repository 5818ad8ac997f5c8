//! `$validate`: what is wrong with a resource, without storing it. <http://hl7.org/fhir/R4/resource-operation-validate.html>

use brazier_access::DataAction;
use futures::FutureExt;
use http::StatusCode;

use crate::exchange::operation::{Input, Level, Operation, Reach, ResourceTypes};
use crate::exchange::{Answer, AnswerBody, Context, InteractionError, Request, RequestBody};
use crate::long_work::beside_others;
use crate::operation_outcome;
use crate::request::resource_body::{self, ResourceBodyError};
use crate::resource::{Json, Object, weight};
use crate::retrieval::{found, visible};
use crate::validation::{self, Issue, IssueCode, Severity, validate_profile};

/// `[type]/$validate` and `[type]/[id]/$validate`; the latter needs no resource but the stored one.
pub static VALIDATE: Operation = Operation {
    code: "validate",
    url: "http://hl7.org/fhir/OperationDefinition/Resource-validate",
    levels: &[(Level::Type, Input::Resource), (Level::Instance, Input::Simple)],
    resource: ResourceTypes::All,
    affects_state: false,
    data_action: DataAction::Validate,
    reach: Reach::Type,
    perform: |context, request, _| validate(context, request).boxed(),
};

/// What is asked for.
#[derive(Debug, Default)]
struct Arguments {
    resource: Option<Object>,
    mode: Option<String>,
    profile: Option<String>,
}

/// 200 with an OperationOutcome, whatever it says; 400 when there is nothing of that type to validate.
async fn validate(context: &Context, request: Request) -> Result<Answer, InteractionError> {
    let resource_type = request
        .interaction
        .resource_type()
        .ok_or(InteractionError::Fault)?;
    let id = request.interaction.id().map(str::to_owned);
    let id = id.as_deref();
    let size = match &request.body {
        RequestBody::Resource(resource) => weight::of_object(resource).bytes,
        RequestBody::Nothing | RequestBody::Text(_) => 0,
    };
    let Arguments {
        resource,
        mode,
        profile,
    } = arguments(request)?;
    let resource = match (resource, id) {
        (Some(resource), _) => resource,
        (None, Some(id)) => {
            context.authorize(DataAction::Read, resource_type)?;
            let stored = found(context.storage.read(resource_type, id).await?, resource_type, id)?;
            let stored = visible(context, DataAction::Read, stored)?;
            resource_body::parse(stored.json.as_bytes(), resource_type)?
        }
        (None, None) => return Err(ResourceBodyError::Empty(resource_type.name().to_owned()).into()),
    };
    resource_body::check_type(&resource, resource_type)?;
    let mut issues = match mode.as_deref() {
        None | Some("create" | "update" | "profile") => {
            let validate = || validation::validate(&context.definitions, resource_type, &resource);
            beside_others(size, validate)
        }
        // Any resource may be deleted.
        Some("delete") => Vec::new(),
        Some(mode) => {
            return Err(InteractionError::Parameter {
                name: "mode".to_owned(),
                value: mode.to_owned(),
                expected: "write create, update, delete or profile",
            });
        }
    };
    let is_delete = mode.as_deref() == Some("delete");
    let sent = resource.get("id").and_then(Json::as_str);
    if mode.as_deref() == Some("update") && id.is_some() && sent != id {
        issues.push(issue(
            Severity::Error,
            IssueCode::Value,
            format!("{resource_type}.id"),
            "must be the id of the URL",
        ));
    }
    let own_profile = format!("http://hl7.org/fhir/StructureDefinition/{resource_type}");
    if let Some(profile) = profile.filter(|profile| *profile != own_profile)
        && (is_delete
            || !validate_profile(
                &context.definitions,
                &profile,
                resource_type,
                &resource,
                &mut issues,
            ))
    {
        issues.push(issue(
            Severity::Warning,
            IssueCode::Invalid,
            resource_type.name().to_owned(),
            &format!("the profile {profile} was not checked; only the rules of the type were"),
        ));
    }
    let json = operation_outcome::of_validation(&issues);
    Ok(Answer {
        body: AnswerBody::Resource(json),
        ..Answer::new(StatusCode::OK)
    })
}

fn issue(severity: Severity, code: IssueCode, expression: String, diagnostics: &str) -> Issue {
    Issue {
        severity,
        code,
        expression,
        diagnostics: diagnostics.to_owned(),
        by_profile: false,
    }
}

/// The resource itself, or Parameters that hold it; what the query says goes for what they do not.
fn arguments(request: Request) -> Result<Arguments, InteractionError> {
    let parameter = |name: &str| request.parameter(name).map(str::to_owned);
    let mut arguments = Arguments {
        resource: None,
        mode: parameter("mode"),
        profile: parameter("profile"),
    };
    let body = match request.body {
        RequestBody::Resource(resource) => resource,
        // The input of an operation is read as it comes.
        RequestBody::Nothing | RequestBody::Text(_) => return Ok(arguments),
    };
    let is_wrapped = body.get("resourceType").and_then(Json::as_str) == Some("Parameters");
    if !is_wrapped {
        arguments.resource = Some(body);
        return Ok(arguments);
    }
    let parts = body.get("parameter").and_then(Json::as_array).unwrap_or_default();
    for part in parts {
        let text = || {
            ["valueCode", "valueUri", "valueString", "valueCanonical"]
                .iter()
                .find_map(|member| part.get(member)?.as_str())
                .map(str::to_owned)
        };
        match part.get("name").and_then(Json::as_str) {
            Some("resource") => arguments.resource = part.get("resource").and_then(Json::as_object).cloned(),
            Some("mode") => arguments.mode = text(),
            Some("profile") => arguments.profile = text(),
            _ => {}
        }
    }
    Ok(arguments)
}
