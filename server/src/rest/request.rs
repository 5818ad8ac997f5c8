//! Head and body of an HTTP request → the request that handlers take: parameters, conditions, preferences, and a body in
//! a format that we speak.

use std::sync::Arc;

use axum::body::Body;
use http::Method;
use http::request::Parts;

use crate::exchange::{Interaction, InteractionError, Request, RequestBody};
use crate::long_work::beside_others;
use crate::request::conditional_headers::ConditionalHeaders;
use crate::request::encoding::Encoding;
use crate::request::format::PatchFormat;
use crate::request::preference::Preference;
use crate::request::{binary, body, format, parameters_resource, query_string, resource_body};

/// Bytes that the form of a search may have: what a URL could hold, many times.
const MAXIMUM_FORM: usize = 1 << 20;

/// The request for `interaction`; its body may have `limit` bytes. `query` is the query string, to which a form or the input of an
/// operation is added once it has come, whatever becomes of the request.
///
/// # Errors
/// When a part of it cannot be read, or the body does not arrive.
pub async fn read(
    interaction: Interaction,
    parts: &Parts,
    body: Body,
    limit: usize,
    query: &mut Option<Arc<str>>,
) -> Result<Request, InteractionError> {
    let headers = &parts.headers;
    let mut parameters = query_string::parse(query.as_deref().unwrap_or_default())?;
    let asked_format = parameters
        .iter()
        .find(|(name, _)| name == "_format")
        .map(|(_, value)| value.as_str());
    let wants_content =
        asked_format.is_none() && reads_binary(&interaction) && format::wants_content(headers);
    if !wants_content {
        format::check_answer(asked_format, headers)?;
    }
    let conditions = ConditionalHeaders::of(headers)?;
    let preference = Preference::of(headers);
    let encoding = || Encoding::of_body(headers);
    let content_type = binary::content_type(headers).filter(|_| writes_binary(&interaction));
    let body = match (&parts.method, content_type) {
        (&Method::POST, _) if interaction.is_search() => {
            format::check_form_body(headers)?;
            let form = body::receive(headers, encoding()?, body, limit.min(MAXIMUM_FORM)).await?;
            let form = query_string::form_text(&form)?;
            *query = match query.take() {
                Some(query) if !form.is_empty() => Some(format!("{query}&{form}").into()),
                Some(query) => Some(query),
                None => (!form.is_empty()).then(|| form.as_str().into()),
            };
            parameters.extend(query_string::parse(form.trim_end())?);
            RequestBody::Nothing
        }
        (&Method::PATCH, _) => {
            // Before the body, which may be large, and again with it.
            format::check_patch_body(headers, &[])?;
            let text = body::receive(headers, encoding()?, body, limit).await?;
            match format::check_patch_body(headers, &text)? {
                PatchFormat::JsonPatch => RequestBody::Text(text),
                PatchFormat::Resource => {
                    RequestBody::Resource(beside_others(text.len(), || resource_body::parse_any(&text))?)
                }
            }
        }
        (&Method::POST, _) if interaction.operation().is_some() => {
            format::check_resource_body(headers)?;
            input(&body::receive(headers, encoding()?, body, limit).await?, query)?
        }
        (&Method::POST | &Method::PUT, Some(media_type)) => {
            let content = body::receive(headers, encoding()?, body, limit).await?;
            let of_content = || binary::of_content(media_type, &content, headers, interaction.id());
            let resource = beside_others(content.len(), of_content);
            RequestBody::Resource(resource)
        }
        (&Method::POST | &Method::PUT, None) => {
            format::check_resource_body(headers)?;
            RequestBody::Text(body::receive(headers, encoding()?, body, limit).await?)
        }
        _ => RequestBody::Nothing,
    };
    Ok(Request {
        interaction,
        query: query.clone(),
        parameters,
        conditions,
        preference,
        wants_content,
        body,
    })
}

/// The input of an operation. Its simple values are added to the `query`, for the audit trail.
fn input(text: &[u8], query: &mut Option<Arc<str>>) -> Result<RequestBody, InteractionError> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(RequestBody::Nothing);
    }
    let resource = beside_others(text.len(), || resource_body::parse_any(text))?;
    let before = query.take().map(|query| query.to_string());
    *query = parameters_resource::recorded(&resource, before).map(Arc::from);
    Ok(RequestBody::Resource(resource))
}

/// Whether one Binary is read, whose content may be asked for in its own format.
fn reads_binary(interaction: &Interaction) -> bool {
    match interaction {
        Interaction::Read(resource_type, _) | Interaction::Vread(resource_type, ..) => {
            resource_type.name() == "Binary"
        }
        _ => false,
    }
}

/// Whether a Binary is written, which may be sent as what it holds.
fn writes_binary(interaction: &Interaction) -> bool {
    match interaction {
        Interaction::Create(resource_type) | Interaction::Update(resource_type, _) => {
            resource_type.name() == "Binary"
        }
        _ => false,
    }
}
