//! A Bundle posted to the base URL: read, and carried out as a batch or as a transaction.
//! <http://hl7.org/fhir/R4/http.html#transaction>

use futures::FutureExt;
use futures::future::BoxFuture;

use super::prepare::apart;
use super::{batch, transaction};
use crate::budget::Spending;
use crate::bundle::entry_request::{self, BundleKind};
use crate::exchange::{Answer, Context, InteractionError, Request, RequestBody};
use crate::long_work::LARGE;
use crate::request::resource_body::{self, ResourceBodyError};
use crate::resource::{Object, ResourceType};

/// Bytes that an entry holds while it is carried out, and when it is answered, beside the resource.
const ENTRY: usize = 1536;

/// 200 with the answers of the entries. Boxed, because an entry is an interaction as this one is.
pub fn bundle(context: &Context, request: Request) -> BoxFuture<'_, Result<Answer, InteractionError>> {
    async move {
        let resource_type = ResourceType::parse("Bundle").ok_or(InteractionError::Fault)?;
        let definitions = context.definitions.clone();
        let read = move |text: &[u8]| {
            let mut bundle = resource_body::parse(text, resource_type)?;
            entry_request::check_structure(&definitions, &mut bundle)?;
            Ok::<Object, InteractionError>(bundle)
        };
        let bundle = match request.body {
            RequestBody::Text(text) if text.len() > LARGE => apart(move || read(&text)).await??,
            RequestBody::Text(text) => read(&text)?,
            RequestBody::Resource(bundle) => bundle,
            RequestBody::Nothing => return Err(ResourceBodyError::Empty("Bundle".to_owned()).into()),
        };
        let kind = entry_request::kind(&bundle)?;
        let entries =
            entry_request::entries(bundle, &context.base_url, request.preference, context.state.route)?;
        Spending::current().hold(entries.len().saturating_mul(ENTRY))?;
        match kind {
            BundleKind::Batch => batch::batch(context, entries).await,
            BundleKind::Transaction => transaction::transaction(context, entries).await,
        }
    }
    .boxed()
}
