//! Resources inside of a resource, as far as its references lead to them: contained ones (`#id`), and the first entry of a document
//! or a message. A chain is a condition on them as on others. <http://hl7.org/fhir/R4/references.html#contained>,
//! <http://hl7.org/fhir/R4/search.html#contained>

use super::extract::extract_own;
use super::{ContainedEntries, ContainedLink, IndexEntries, ReferenceTarget};
use crate::definitions::path::Program;
use crate::definitions::search_parameter::{ParameterId, Registry};
use crate::resource::{Json, Object, ResourceType};

/// How many resources inside of one are searched; further ones are not.
const MOST: usize = 127;

/// A resource that may refer to contained ones.
#[derive(Clone, Copy)]
struct Holder<'resource> {
    number: i16,
    resource_type: ResourceType,
    resource: &'resource Object,
    /// What contains the resources that it refers to.
    scope: &'resource Object,
}

/// The resources inside of one.
struct Inside<'a, 'resource> {
    registry: &'a Registry,
    /// The one that contains the others, and those.
    holders: Vec<Holder<'resource>>,
}

/// Adds to the entries of a resource those of the resources inside of it that its references lead to, over others or not.
pub(super) fn extract(
    registry: &Registry,
    resource_type: ResourceType,
    resource: &Object,
    entries: &mut IndexEntries,
) {
    let holds_resources = || {
        registry
            .of(resource_type)
            .any(|parameter| parameter.holds_resource)
    };
    if resource.get("contained").is_none() && (resource.get("entry").is_none() || !holds_resources()) {
        return;
    }
    let container = Holder {
        number: 0,
        resource_type,
        resource,
        scope: resource,
    };
    let mut inside = Inside {
        registry,
        holders: vec![container],
    };
    let mut links = inside.links(container, entries);
    let mut next = 1;
    while let Some(holder) = inside.holders.get(next).copied() {
        let own = extract_own(registry, holder.resource_type, holder.resource, holder.scope);
        links.append(&mut inside.links(holder, &own));
        entries.contained.push(ContainedEntries {
            number: holder.number,
            entries: own,
        });
        next += 1;
    }
    entries.contained_links = links;
}

impl<'resource> Inside<'_, 'resource> {
    /// The links from `holder`, which has these entries. What they lead to becomes one of the holders.
    fn links(&mut self, holder: Holder<'resource>, entries: &IndexEntries) -> Vec<ContainedLink> {
        let mut links = Vec::new();
        for entry in &entries.references {
            if let ReferenceTarget::Url { url, .. } = &entry.target
                && let Some(id) = url.strip_prefix('#')
                && let Some(resource) = contained(holder.scope, id)
            {
                links.extend(self.link(holder, entry.parameter, resource, holder.scope));
            }
        }
        let registry = self.registry;
        for (parameter, indexing) in registry.indexing(holder.resource_type) {
            let Program::Elements(paths) = &indexing.program else {
                continue;
            };
            if !parameter.holds_resource {
                continue;
            }
            for path in paths {
                path.each_in(holder.scope, holder.resource, &mut |element| {
                    let found = element.as_object().filter(|resource| {
                        let resource_type = type_of(resource);
                        resource_type.is_some_and(|one| parameter.targets.contains(one))
                    });
                    if let Some(resource) = found {
                        links.extend(self.link(holder, parameter.id, resource, resource));
                    }
                });
            }
        }
        links.dedup();
        links
    }

    fn link(
        &mut self,
        holder: Holder<'resource>,
        parameter: ParameterId,
        resource: &'resource Object,
        scope: &'resource Object,
    ) -> Option<ContainedLink> {
        let resource_type = type_of(resource)?;
        let known = self
            .holders
            .iter()
            .find(|one| std::ptr::eq(one.resource, resource));
        let number = match known {
            Some(known) => known.number,
            None if self.holders.len() > MOST => return None,
            None => {
                let number = i16::try_from(self.holders.len()).ok()?;
                self.holders.push(Holder {
                    number,
                    resource_type,
                    resource,
                    scope,
                });
                number
            }
        };
        Some(ContainedLink {
            holder: holder.number,
            parameter,
            resource_type,
            number,
        })
    }
}

/// The resource that `scope` contains under this id.
fn contained<'resource>(scope: &'resource Object, id: &str) -> Option<&'resource Object> {
    let contained = scope.get("contained")?.as_array()?;
    let mut resources = contained.iter().filter_map(Json::as_object);
    resources.find(|resource| resource.get("id").and_then(Json::as_str) == Some(id))
}

fn type_of(resource: &Object) -> Option<ResourceType> {
    ResourceType::parse(resource.get("resourceType")?.as_str()?)
}
