//! One request and its answer: authenticate → route → read the request → carry it out → respond. Whatever comes of
//! it, refusals and malformed requests too, is in the audit trail before the client hears of it.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;

use super::base_url;
use crate::audit::AccessRecord;
use crate::authentication::Principal;
use crate::interaction::{
    Answer, Context, Interaction, InteractionError, Request, RequestBody, capabilities, perform_recorded,
};
use crate::operation;
use crate::operation_outcome;
use crate::request::conditional_headers::ConditionalHeaders;
use crate::request::format::{FormatError, PatchFormat};
use crate::request::preference::Preference;
use crate::request::{binary, body, format, query_string, resource_body};
use crate::response::{self, Shape};
use crate::router::{self, RouteError};
use crate::state::ServerState;

/// A request on its way.
pub struct Exchange {
    state: Arc<ServerState>,
    parts: Parts,
    request_id: String,
    received: Timestamp,
    route: Result<Interaction, RouteError>,
    shape: Shape,
}

impl Exchange {
    /// A request of which only the head has arrived.
    pub fn new(state: Arc<ServerState>, parts: Parts, request_id: String) -> Exchange {
        let route = router::route(&parts.method, parts.uri.path());
        let query = parts.uri.query().unwrap_or_default();
        let shape = Shape {
            head: parts.method == Method::HEAD,
            pretty: query.split('&').any(|part| part == "_pretty=true"),
        };
        Exchange {
            state,
            parts,
            request_id,
            received: Timestamp::now(),
            route,
            shape,
        }
    }

    /// The interaction's code; `unknown` when there is none.
    pub fn code(&self) -> &'static str {
        let codes = self.route.as_ref().map(Interaction::codes).unwrap_or_default();
        codes.first().copied().unwrap_or("unknown")
    }

    /// What the response looks like.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The response.
    pub async fn answer(self, body: Body) -> Response<Body> {
        if self.parts.method == Method::OPTIONS {
            return self.options();
        }
        if self.route == Ok(Interaction::Capabilities) {
            return self.capabilities(body).await;
        }
        let principal = match self.state.authenticator.authenticate(&self.parts.headers).await {
            Ok(principal) => principal,
            Err(error) => {
                return self
                    .refuse(self.context(Principal::anonymous()), error.into())
                    .await;
            }
        };
        let context = self.context(principal);
        let request = match self.read_request(body).await {
            Ok(request) => request,
            Err(error) => return self.refuse(context, error).await,
        };
        let limit = self.state.settings.request_timeout;
        let work = AssertUnwindSafe(perform_recorded(&context, request)).catch_unwind();
        let failure = match tokio::time::timeout(limit, work).await {
            Ok(Ok(result)) => return self.respond(result, &context),
            Ok(Err(_panic)) => InteractionError::Fault,
            Err(_elapsed) => InteractionError::Timeout {
                seconds: limit.as_secs(),
            },
        };
        self.refuse(context, failure).await
    }

    /// What everybody may know needs no token and no place in the audit trail.
    async fn capabilities(&self, body: Body) -> Response<Body> {
        let context = self.context(Principal::anonymous());
        let answer = self
            .read_request(body)
            .await
            .and_then(|request| capabilities(&context, &request));
        self.respond(answer, &context)
    }

    fn context(&self, principal: Principal) -> Context {
        let address = self.parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Context {
            state: self.state.clone(),
            base_url: base_url::of(&self.parts, self.state.settings.base_url.as_deref()),
            definitions: self.state.definitions.current(),
            policy: self.state.policy.current(),
            principal,
            request_id: self.request_id.clone(),
            source: address.map(|ConnectInfo(address)| address.ip().to_string()),
            received: self.received,
        }
    }

    async fn read_request(&self, body: Body) -> Result<Request, InteractionError> {
        let interaction = self.route.clone()?;
        let headers = &self.parts.headers;
        let mut query = self
            .parts
            .uri
            .query()
            .filter(|query| !query.is_empty())
            .map(str::to_owned);
        let mut parameters = query_string::parse(query.as_deref().unwrap_or_default())?;
        let asked_format = parameters
            .iter()
            .find(|(name, _)| name == "_format")
            .map(|(_, value)| value.as_str());
        let wants_content =
            asked_format.is_none() && binary::is_read(&interaction) && !format::names_json(headers);
        let accept = match format::check_answer(asked_format, headers) {
            Ok(()) if wants_content => Some(format::ANYTHING.to_owned()),
            Err(FormatError::NotAcceptable(accept)) if wants_content => Some(accept),
            checked => checked.map(|()| None)?,
        };
        let conditions = ConditionalHeaders::of(headers)?;
        let preference = Preference::of(headers);
        let limit = self.state.settings.maximum_body;
        let content_type = binary::content_type(&interaction, headers);
        let is_operation = matches!(interaction, Interaction::Everything(_));
        let body = match (&self.parts.method, content_type) {
            (&Method::POST, _) if interaction.is_search() && !is_operation => {
                format::check_form_body(headers)?;
                let form = body::receive(headers, body, limit).await?;
                let form = query_string::form_text(&form)?;
                parameters.extend(query_string::parse(form.trim_end())?);
                query = Some(query.map_or_else(|| form.clone(), |query| format!("{query}&{form}")));
                RequestBody::Nothing
            }
            (&Method::POST, _) if is_operation => {
                format::check_resource_body(headers)?;
                let text = body::receive(headers, body, limit).await?;
                parameters.extend(operation::parameters::read(&text)?);
                RequestBody::Nothing
            }
            (&Method::PATCH, _) => {
                // Before the body, which may be large, and again with it.
                format::check_patch_body(headers, &[])?;
                let text = body::receive(headers, body, limit).await?;
                match format::check_patch_body(headers, &text)? {
                    PatchFormat::JsonPatch => RequestBody::Text(text),
                    PatchFormat::Resource => RequestBody::Resource(resource_body::parse_any(&text)?),
                }
            }
            (&Method::POST | &Method::PUT, Some(media_type)) => {
                let content = body::receive(headers, body, limit).await?;
                let resource = binary::of_content(media_type, &content, headers, interaction.id());
                RequestBody::Resource(resource)
            }
            (&Method::POST | &Method::PUT, None) => {
                format::check_resource_body(headers)?;
                RequestBody::Text(body::receive(headers, body, limit).await?)
            }
            _ => RequestBody::Nothing,
        };
        Ok(Request {
            interaction,
            query,
            parameters,
            conditions,
            preference,
            accept,
            body,
        })
    }

    fn respond(&self, result: Result<Answer, InteractionError>, context: &Context) -> Response<Body> {
        match result {
            Ok(answer) => response::of_answer(answer, &context.base_url, self.shape),
            Err(error) => {
                self.log(&error);
                response::of_error(&error, self.shape)
            }
        }
    }

    /// The response to a request that did not come to be carried out, once the audit trail has it.
    async fn refuse(&self, context: Context, error: InteractionError) -> Response<Body> {
        self.log(&error);
        let interaction = self.route.as_ref().ok();
        let record = AccessRecord {
            interaction: self.code().to_owned(),
            resource_type: interaction
                .and_then(Interaction::resource_type)
                .map(|name| name.name().to_owned()),
            resource_id: interaction.and_then(Interaction::id).map(str::to_owned),
            query: self.parts.uri.query().map(str::to_owned),
            reason: Some(error.to_string()),
            ..context.blank_record(operation_outcome::status(&error).as_u16())
        };
        match self.state.storage.record_access(record).await {
            Ok(()) => response::of_error(&error, self.shape),
            Err(unrecorded) => self.respond(Err(unrecorded.into()), &context),
        }
    }

    /// Faults are logged here, once; what clients did wrong is in the audit trail.
    fn log(&self, error: &InteractionError) {
        if operation_outcome::status(error).is_server_error() {
            let (request_id, interaction) = (self.request_id.as_str(), self.code());
            tracing::error!(request_id, interaction, %error, "failed to answer a request");
        }
    }

    fn options(&self) -> Response<Body> {
        match router::methods(self.parts.uri.path()) {
            Err(error) => response::of_error(&error.into(), self.shape),
            Ok(methods) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::NO_CONTENT;
                let allowed = format!("{}, OPTIONS", methods.join(", "));
                if let Ok(value) = HeaderValue::from_str(&allowed) {
                    response.headers_mut().insert(header::ALLOW, value);
                }
                response
            }
        }
    }
}
