//! The Bundle that a search answers with. <http://hl7.org/fhir/R4/search.html#return>

use jiff::Timestamp;

use super::writer::BundleWriter;
use crate::definitions::structure::Structures;
use crate::operation_outcome;
use crate::storage::{SearchPage, StoredResource};
use crate::summary::{Subset, SubsetError};

/// What a page is made of, beside its resources.
pub struct Searchset<'a> {
    /// What resources are made of.
    pub structures: &'a Structures,
    /// The base URL, for `fullUrl`.
    pub base_url: &'a str,
    /// When the search was made.
    pub moment: Timestamp,
    /// `Bundle.link`
    pub links: Vec<(&'static str, String)>,
    /// What part of each resource is asked for.
    pub subset: Subset,
    /// What the client should know about its search.
    pub warnings: Vec<String>,
}

impl Searchset<'_> {
    /// The JSON text of the Bundle.
    ///
    /// # Errors
    /// When a stored resource cannot be cut down.
    pub fn write(self, page: SearchPage) -> Result<String, SubsetError> {
        let capacity = page.bytes() + 256 * (page.matches.len() + page.included.len());
        let mut bundle = BundleWriter::new("searchset", self.moment, capacity);
        if let Some(total) = page.total {
            bundle.total(total);
        }
        bundle.links(&self.links);
        for resource in page.matches {
            self.entry(&mut bundle, resource, "match", &self.subset)?;
        }
        let of_included = self.subset.of_included();
        for resource in page.included {
            self.entry(&mut bundle, resource, "include", &of_included)?;
        }
        if !self.warnings.is_empty() {
            bundle.entry(|entry| {
                entry.json("resource", &operation_outcome::warnings(&self.warnings));
                entry.object("search", |search| search.text("mode", "outcome"));
            });
        }
        Ok(bundle.finish())
    }

    fn entry(
        &self,
        bundle: &mut BundleWriter,
        resource: StoredResource,
        mode: &str,
        subset: &Subset,
    ) -> Result<(), SubsetError> {
        let StoredResource {
            resource_type,
            id,
            json,
            ..
        } = resource;
        let json = subset.cut(self.structures, resource_type, json)?;
        bundle.entry(|entry| {
            entry.full_url(self.base_url, resource_type.name(), &id);
            entry.json("resource", &json);
            entry.object("search", |search| search.text("mode", mode));
        });
        Ok(())
    }
}
