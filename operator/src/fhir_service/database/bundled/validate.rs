//! `spec.database.bundled` → Bundled. The schema has checked every field by itself; what is added is what the later
//! stages need to know of the FhirService.

use std::collections::BTreeMap;

use brazier_crds::{fhir_service::BundledDatabase, resources::Resources};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{
    dereference::Found,
    names::Names,
    settings::{Check, Settings},
};
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
    /// Processor and memory of each member, as they are in force.
    pub resources: Resources,
    /// PostgreSQL settings of the user, as they are in force.
    pub parameters: BTreeMap<String, String>,
    /// What the spec asks for instead.
    pub wanted: Settings,
    /// Whether that can be had.
    pub check: Check,
    /// Whether there are settings with which the members can start.
    pub can_start: bool,
    /// Image of the members.
    pub image: String,
    /// `imagePullPolicy`.
    pub pull_policy: &'static str,
}

/// Takes over what the spec says, and of the settings those that are known to be good: until PostgreSQL has been asked
/// about others, and when it does not take them, those of before stay in force.
pub fn validate(
    owner: &Owner,
    spec: BundledDatabase,
    suspended: bool,
    images: &Images,
    found: &Found,
) -> Bundled {
    let wanted = Settings::of(&spec);
    let BundledDatabase {
        instances, storage, ..
    } = spec;
    let check = wanted.check(found.in_force.as_ref(), found.answer.as_ref(), &storage.size);
    let in_force = if check == Check::Passed {
        Some(wanted.clone())
    } else {
        found.in_force.clone()
    };
    let can_start = in_force.is_some();
    let Settings {
        parameters,
        resources,
    } = in_force.unwrap_or_default();
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
        wanted,
        check,
        can_start,
        image: images.database.clone(),
        pull_policy: images.pull_policy,
    }
}
