//! What would be left behind without an operator: objects of ours that nobody would look after, and that could not be
//! deleted, since the operator lets them go.

use brazier_crds::{FhirService, IotConnector};
use kube::{
    Api, Client, ResourceExt,
    api::{ListParams, PartialObjectMeta},
};

use crate::request::{self, RequestError};

/// The FhirServices and IotConnectors of all namespaces, a line for each.
///
/// # Errors
/// If they cannot be listed.
pub async fn left(client: &Client) -> Result<Vec<String>, RequestError> {
    let mut left = Vec::new();
    let services: Api<FhirService> = Api::all(client.clone());
    let connectors: Api<IotConnector> = Api::all(client.clone());
    left.extend(names(
        "FhirService",
        services.list_metadata(&ListParams::default()).await,
    )?);
    left.extend(names(
        "IotConnector",
        connectors.list_metadata(&ListParams::default()).await,
    )?);
    Ok(left)
}

fn names<K>(
    kind: &str,
    answer: kube::Result<kube::core::ObjectList<PartialObjectMeta<K>>>,
) -> Result<Vec<String>, RequestError>
where
    K: kube::Resource<DynamicType = ()> + Clone,
{
    match answer {
        Ok(list) => Ok(list
            .items
            .iter()
            .map(|one| {
                format!(
                    "{kind} {}/{}",
                    one.namespace().unwrap_or_default(),
                    one.name_any()
                )
            })
            .collect()),
        // The definitions are not there, and so is nothing that they define.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
        Err(error) => Err(request::read(format!("objects of kind {kind}"))(error)),
    }
}
