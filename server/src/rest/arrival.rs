//! A request from its head to its response: authenticate → read → carry out → respond. Whatever comes of it, refusals and
//! malformed requests too, is in the audit trail before the client hears of it.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::ConnectInfo;
use brazier_access::Principal;
use brazier_service::listen::Vouching;
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;

use super::request;
use crate::audit::AccessRecord;
use crate::budget::Spending;
use crate::exchange::{Answer, Context, Interaction, InteractionError, Request, RouteError};
use crate::interaction::{capabilities, perform_recorded};
use crate::middleware::request_id::RequestIds;
use crate::request::encoding::Encoding;
use crate::response::{self, Shape};
use crate::router;
use crate::state::ServerState;

/// A request of which only the head has arrived.
pub struct Arrival {
    state: Arc<ServerState>,
    parts: Parts,
    ids: RequestIds,
    received: Timestamp,
    route: Result<Interaction, RouteError>,
    shape: Shape,
}

impl Arrival {
    /// Routes the request by its head.
    pub fn new(state: Arc<ServerState>, parts: Parts, ids: RequestIds) -> Arrival {
        let route = router::route(&parts.method, parts.uri.path());
        let query = parts.uri.query().unwrap_or_default();
        let shape = Shape {
            head: parts.method == Method::HEAD,
            pretty: query.split('&').any(|part| part == "_pretty=true"),
            encoding: Encoding::of_answer(&parts.headers),
        };
        Arrival {
            state,
            parts,
            ids,
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

    /// Reads the body, does what is asked for and gives the response.
    pub async fn answer(self, body: Body) -> Response<Body> {
        if self.parts.method == Method::OPTIONS {
            return self.options();
        }
        let principal = match self.principal().await {
            Ok(principal) => principal,
            Err(error) => {
                let context = self.context(Principal::anonymous());
                return self.refuse(context, error, self.query()).await;
            }
        };
        let context = self.context(principal);
        let spending = match self.state.budget.open(context.principal.name()) {
            Ok(spending) => spending,
            Err(error) => return self.refuse(context, error.into(), self.query()).await,
        };
        let answer = async {
            match self.is_for_everybody() {
                true => self.capabilities(context, body).await,
                false => self.answer_to(context, body, &spending).await,
            }
        };
        spending.clone().of(answer).await
    }

    /// Whether it asks for what everybody may know, which needs no token and no place in the audit trail.
    fn is_for_everybody(&self) -> bool {
        self.route == Ok(Interaction::Capabilities)
    }

    /// Who asks, as the token tells; anonymous for what needs none.
    async fn principal(&self) -> Result<Principal, InteractionError> {
        if self.is_for_everybody() {
            return Ok(Principal::anonymous());
        }
        let principal = self.state.authenticator.authenticate(&self.parts.headers).await?;
        if let Some(vouching) = self.parts.extensions.get::<Vouching>() {
            vouching.sender_is_known();
        }
        Ok(principal)
    }

    async fn capabilities(&self, context: Context, body: Body) -> Response<Body> {
        let request = self.read(body, &mut self.query()).await;
        let answer = request.and_then(|request| capabilities(&context, &request));
        self.respond(answer, &context)
    }

    /// Answers a request of the context's principal, who has room for it.
    async fn answer_to(&self, context: Context, body: Body, spending: &Spending) -> Response<Body> {
        let mut query = self.query();
        if let Err(error) = self.authorize_head(&context) {
            return self.refuse(context, error, query).await;
        }
        let request = match self.read(body, &mut query).await {
            Ok(request) => request,
            Err(error) => return self.refuse(context, error, query).await,
        };
        let limit = self.state.settings.request_timeout;
        let work = AssertUnwindSafe(perform_recorded(&context, request)).catch_unwind();
        let failure = match tokio::time::timeout(limit, work).await {
            Ok(Ok(result)) => {
                spending.end_work();
                return response::encoding::packed(self.respond(result, &context), self.shape).await;
            }
            Ok(Err(_panic)) => InteractionError::Fault,
            Err(_elapsed) => InteractionError::Timeout {
                seconds: limit.as_secs(),
            },
        };
        self.refuse(context, failure, query).await
    }

    /// Whether the principal may do what method and path ask for. Who may not needs no body to be told so.
    fn authorize_head(&self, context: &Context) -> Result<(), InteractionError> {
        let brings_body = matches!(self.parts.method, Method::POST | Method::PUT | Method::PATCH);
        match &self.route {
            Ok(Interaction::Bundle) => context.authorize_any(),
            Ok(interaction) if brings_body => context.authorize_interaction(interaction).map(drop),
            _ => Ok(()),
        }
    }

    fn context(&self, principal: Principal) -> Context {
        let address = self.parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Context {
            state: self.state.clone(),
            storage: self.state.storage.for_request(),
            base_url: self.state.settings.base_url.clone(),
            definitions: self.state.definitions.current(),
            policy: self.state.policy.current(),
            principal,
            request_id: self.ids.own.clone(),
            client_request_id: self.ids.client.clone(),
            source: address.map(|ConnectInfo(address)| address.ip().to_string()),
            received: self.received,
        }
    }

    /// The query string, to be shared by all who need it.
    fn query(&self) -> Option<Arc<str>> {
        let query = self.parts.uri.query().filter(|query| !query.is_empty());
        query.map(Arc::from)
    }

    /// Reads the request; a form goes to the `query` as soon as it has come.
    async fn read(&self, body: Body, query: &mut Option<Arc<str>>) -> Result<Request, InteractionError> {
        let interaction = self.route.clone()?;
        let limit = self.state.settings.maximum_body;
        request::read(interaction, &self.parts, body, limit, query).await
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

    /// The response to a request that did not come to be carried out, or to its end, once the audit trail has it, if it has a
    /// place there. If the database did what was asked for all the same, the trail has that.
    async fn refuse(
        &self,
        context: Context,
        error: InteractionError,
        query: Option<Arc<str>>,
    ) -> Response<Body> {
        if self.is_for_everybody() {
            return self.respond(Err(error), &context);
        }
        self.log(&error);
        let status = error.status().as_u16();
        let record = match &self.route {
            Ok(interaction) => context.record_of(interaction, query.as_deref(), status),
            Err(_unknown) => AccessRecord {
                interaction: self.code().to_owned(),
                query: query.as_deref().map(str::to_owned),
                ..context.blank_record(status)
            },
        };
        let record = AccessRecord {
            reason: Some(error.to_string()),
            ..record
        };
        let recorded = match error {
            InteractionError::Unauthenticated(_) => context.storage.record_refusal(record).await,
            _ => context.storage.record_failure(record).await,
        };
        match recorded {
            Ok(()) => response::of_error(&error, self.shape),
            Err(unrecorded) => self.respond(Err(unrecorded.into()), &context),
        }
    }

    /// Faults are logged here, once; what clients did wrong is in the audit trail.
    fn log(&self, error: &InteractionError) {
        if error.status().is_server_error() {
            let (request_id, interaction) = (self.ids.own.as_str(), self.code());
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
