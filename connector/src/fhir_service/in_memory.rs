//! A FHIR service in memory that starts empty: what `map` writes to, so that it shows what `run` would write.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::HeaderValue;
use indexmap::IndexMap;

use super::{FhirError, FhirService, Identifier, Precondition, Stored, Updated};
use crate::json::{Json, read_fhir_resource};

/// The service's name; it is the only one there is.
const NAME: &str = "in memory";

/// Holds what has been written to it, and nothing else.
#[derive(Default)]
pub struct InMemoryFhirService {
    content: Mutex<Content>,
}

#[derive(Default)]
struct Content {
    /// Resources by type and id, in the order in which they were made.
    resources: IndexMap<(String, String), Versioned>,
    /// Ids by type and identifier.
    by_identifier: HashMap<(String, String), Vec<String>>,
}

struct Versioned {
    version: u64,
    resource: Json,
}

impl InMemoryFhirService {
    /// The resources of a type, in the order in which they were made.
    pub fn resources(&self, resource_type: &str) -> Vec<Json> {
        self.with(|content| {
            let of_type = content
                .resources
                .iter()
                .filter(|((found, _), _)| found == resource_type);
            of_type.map(|(_, stored)| stored.resource.clone()).collect()
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut Content) -> T) -> T {
        look(&mut self.content.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl FhirService for InMemoryFhirService {
    fn name(&self) -> &str {
        NAME
    }

    fn base(&self) -> Option<&str> {
        None
    }

    async fn read(&self, resource_type: &str, id: &str) -> Result<Option<Stored>, FhirError> {
        Ok(self.with(|content| content.read(resource_type, id)))
    }

    async fn find(&self, resource_type: &str, identifier: Identifier<'_>) -> Result<Vec<Json>, FhirError> {
        Ok(self.with(|content| content.find(resource_type, identifier)))
    }

    async fn update(
        &self,
        resource_type: &str,
        id: &str,
        resource: &Json,
        precondition: Precondition,
    ) -> Result<Updated, FhirError> {
        // Kept as it comes back from a service that it was sent to as text.
        let resource = read_fhir_resource(&resource.to_string()).map_err(|error| FhirError::Refused {
            destination: NAME.to_owned(),
            status: 400,
            diagnostics: error.to_string(),
        })?;
        Ok(self.with(|content| content.update(resource_type, id, resource, &precondition)))
    }
}

impl Content {
    fn read(&self, resource_type: &str, id: &str) -> Option<Stored> {
        let stored = self.resources.get(&key(resource_type, id))?;
        Some(Stored {
            resource: stored.resource.clone(),
            version: Some(HeaderValue::from(stored.version)),
        })
    }

    fn find(&self, resource_type: &str, identifier: Identifier<'_>) -> Vec<Json> {
        let ids = self.by_identifier.get(&key(resource_type, identifier.value));
        let found = ids.into_iter().flatten();
        found
            .filter_map(|id| self.resources.get(&key(resource_type, id)))
            .filter(|stored| has_identifier(&stored.resource, identifier))
            .map(|stored| stored.resource.clone())
            .collect()
    }

    fn update(
        &mut self,
        resource_type: &str,
        id: &str,
        resource: Json,
        precondition: &Precondition,
    ) -> Updated {
        let current = self.resources.get(&key(resource_type, id));
        let holds = match precondition {
            Precondition::Absent => current.is_none(),
            Precondition::Version(None) => true,
            Precondition::Version(Some(version)) => {
                current.is_some_and(|current| HeaderValue::from(current.version) == *version)
            }
        };
        if !holds {
            return Updated::Conflict;
        }
        let version = current.map_or(0, |current| current.version) + 1;
        let before = current.map(|current| identifiers(&current.resource));
        for value in before.unwrap_or_default() {
            if let Some(ids) = self.by_identifier.get_mut(&key(resource_type, &value)) {
                ids.retain(|known| known != id);
            }
        }
        for value in identifiers(&resource) {
            let ids = self.by_identifier.entry(key(resource_type, &value)).or_default();
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        self.resources
            .insert(key(resource_type, id), Versioned { version, resource });
        Updated::Stored
    }
}

fn key(resource_type: &str, value: &str) -> (String, String) {
    (resource_type.to_owned(), value.to_owned())
}

/// Has the resource this identifier, in its system if that is given?
fn has_identifier(resource: &Json, wanted: Identifier<'_>) -> bool {
    let identifiers = resource.member("identifier").map(Json::elements);
    let text = |identifier: &Json, name: &str| {
        identifier
            .member(name)
            .and_then(Json::as_text)
            .map(ToOwned::to_owned)
    };
    identifiers.unwrap_or_default().iter().any(|identifier| {
        let system = text(identifier, "system");
        text(identifier, "value").as_deref() == Some(wanted.value)
            && wanted
                .system
                .is_none_or(|wanted| system.as_deref() == Some(wanted))
    })
}

/// The values of a resource's identifiers.
fn identifiers(resource: &Json) -> Vec<String> {
    let identifiers = resource.member("identifier").map(Json::elements);
    let values = identifiers.unwrap_or_default().iter();
    values
        .filter_map(|identifier| identifier.member("value")?.as_text())
        .map(ToOwned::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(identifier: &str) -> Json {
        read_fhir_resource(&format!(
            r#"{{"resourceType":"Device","identifier":[{{"value":"{identifier}"}}]}}"#
        ))
        .unwrap()
    }

    #[tokio::test]
    async fn updates_take_place_only_where_their_precondition_holds() {
        let service = InMemoryFhirService::default();
        let update = async |identifier: &str, precondition: Precondition| {
            let device = device(identifier);
            service
                .update("Device", "d", &device, precondition)
                .await
                .unwrap()
        };
        assert!(service.read("Device", "d").await.unwrap().is_none());
        let version = || Precondition::Version(Some(HeaderValue::from(1_u64)));
        assert_eq!(update("a", version()).await, Updated::Conflict);
        assert_eq!(update("a", Precondition::Absent).await, Updated::Stored);
        assert_eq!(update("b", Precondition::Absent).await, Updated::Conflict);
        let stored = service.read("Device", "d").await.unwrap().unwrap();
        assert_eq!(stored.resource, device("a"));
        assert_eq!(
            update("b", Precondition::Version(stored.version)).await,
            Updated::Stored
        );
        assert_eq!(update("c", version()).await, Updated::Conflict);
        assert_eq!(update("d", Precondition::Version(None)).await, Updated::Stored);
    }

    #[tokio::test]
    async fn resources_are_found_by_what_identifies_them_now() {
        let service = InMemoryFhirService::default();
        let by = |value| Identifier { system: None, value };
        let found =
            async |identifier: &'static str| service.find("Device", by(identifier)).await.unwrap().len();
        for (id, identifier) in [("1", "a"), ("2", "a"), ("3", "b")] {
            service
                .update("Device", id, &device(identifier), Precondition::Absent)
                .await
                .unwrap();
        }
        assert_eq!((found("a").await, found("b").await, found("c").await), (2, 1, 0));
        service
            .update("Device", "2", &device("b"), Precondition::Version(None))
            .await
            .unwrap();
        assert_eq!((found("a").await, found("b").await), (1, 2));
        assert!(service.find("Patient", by("a")).await.unwrap().is_empty());
        assert_eq!(service.resources("Device").len(), 3);
        let in_system = Identifier {
            system: Some("urn:serial"),
            value: "b",
        };
        assert!(service.find("Device", in_system).await.unwrap().is_empty());
    }
}
