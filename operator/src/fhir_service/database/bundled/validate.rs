//! `spec.database.bundled` → Bundled. The schema has checked every field by itself; what is added is what the later
//! stages need to know of the FhirService.

use std::collections::BTreeMap;

use brazier_crds::{fhir_service::BundledDatabase, resources::Resources};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::names::Names;
use crate::{image::Images, manifest::Owner};

/// A bundled database that can be built.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundled {
    /// The FhirService as the owner of objects.
    pub owner: Owner,
    /// Names of those objects.
    pub names: Names,
    /// Members that were asked for.
    pub instances: i32,
    /// Members that run; none while suspended.
    pub members: i32,
    /// Whether everything is stopped.
    pub suspended: bool,
    /// Size of each volume.
    pub size: Quantity,
    /// Who makes the volumes.
    pub storage_class_name: Option<String>,
    /// Processor and memory of each member.
    pub resources: Resources,
    /// PostgreSQL settings of the user.
    pub parameters: BTreeMap<String, String>,
    /// Image of the members.
    pub image: String,
    /// `imagePullPolicy`.
    pub pull_policy: &'static str,
}

/// Takes over what the spec says.
pub fn validate(owner: &Owner, spec: BundledDatabase, suspended: bool, images: &Images) -> Bundled {
    let BundledDatabase {
        instances,
        storage,
        resources,
        parameters,
    } = spec;
    Bundled {
        owner: owner.clone(),
        names: Names::of(owner),
        instances,
        members: if suspended { 0 } else { instances },
        suspended,
        size: storage.size,
        storage_class_name: storage.storage_class_name,
        resources,
        parameters,
        image: images.database.clone(),
        pull_policy: images.pull_policy,
    }
}
