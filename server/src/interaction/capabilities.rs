//! capabilities: what this server can do. <http://hl7.org/fhir/R4/http.html#capabilities>

use crate::budget::Spending;
use crate::exchange::{Answer, AnswerBody, Context, InteractionError, Request};
use crate::resource::ResourceType;
use crate::summary::Subset;

/// Bytes that a statement takes in an answer: a part of it, or, as an entry of a Bundle, a copy.
const STATEMENT: usize = 768 << 10;

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
    let state = &context.state;
    let kept = state
        .capability_statement
        .text(&context.definitions, &state.settings);
    let body = match ResourceType::parse("CapabilityStatement") {
        Some(resource_type) if !subset.is_whole() => {
            let structures = context.definitions.structures();
            AnswerBody::Resource(subset.cut(structures, resource_type, kept.text().to_owned())?)
        }
        _ => AnswerBody::Kept(kept),
    };
    Ok(Answer {
        body,
        ..Answer::new(http::StatusCode::OK)
    })
}
