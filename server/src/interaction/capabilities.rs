//! capabilities: what this server can do. <http://hl7.org/fhir/R4/http.html#capabilities>

use crate::budget::Spending;
use crate::exchange::{Answer, AnswerBody, Context, InteractionError, Request};
use crate::resource::ResourceType;
use crate::summary::Subset;

/// Bytes that a statement takes, by itself and in an answer.
const STATEMENT: usize = 1536 << 10;

/// 200 with the CapabilityStatement; everybody may ask for it.
///
/// # Errors
/// For a `mode` that we do not have.
pub fn capabilities(context: &Context, request: &Request) -> Result<Answer, InteractionError> {
    match request.parameter("mode") {
        None | Some("" | "full" | "normative") => {}
        Some(mode) => {
            return Err(InteractionError::Parameter {
                name: "mode".to_owned(),
                value: mode.to_owned(),
                expected: "write full or normative; there is no statement of terminology capabilities",
            });
        }
    }
    Spending::current().hold(STATEMENT)?;
    let subset = Subset::of_parameters(&request.parameters)?;
    let json = context.state.capability_statement.write(
        &context.definitions,
        &context.base_url,
        &context.state.settings,
    );
    let body = match ResourceType::parse("CapabilityStatement") {
        Some(resource_type) => subset.cut(context.definitions.structures(), resource_type, json)?,
        None => json,
    };
    Ok(Answer {
        body: AnswerBody::Resource(body),
        ..Answer::new(http::StatusCode::OK)
    })
}
