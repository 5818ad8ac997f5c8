//! Structures and value sets that are added to those of the standard: each addition gives a new element model that shares
//! what is unchanged with the one before.

use compact_str::CompactString;

use super::definition::StructureDefinition;
use super::definition_error::StructureDefinitionError;
use super::{
    Kind, Primitive, Structure, StructureId, Structures, Targets, ValueSet, ValueSetError, derivation,
    uri_names,
};
use crate::resource::Object;

/// The start of the URLs of the standard's structures; the type's name follows.
const STRUCTURES: &str = "http://hl7.org/fhir/StructureDefinition/";

impl Structures {
    /// These structures and those that `definition` makes. What is here stays under its ids.
    ///
    /// # Errors
    /// When the definition cannot be used; each error says what to write instead.
    pub fn with(&self, definition: &StructureDefinition) -> Result<Structures, StructureDefinitionError> {
        let mut extended = self.clone();
        match derivation::add(&mut extended, definition) {
            Ok(()) => Ok(extended),
            Err(problem) => Err(StructureDefinitionError {
                url: definition.url.clone(),
                problem,
            }),
        }
    }

    /// These structures and a value set, which required bindings of structures that are added later may name.
    ///
    /// # Errors
    /// When there is one of its URL.
    pub fn with_value_set(&self, value_set: ValueSet) -> Result<Structures, ValueSetError> {
        let url = value_set.url();
        if self.place_of_value_set(&url).is_some() {
            return Err(ValueSetError::UrlTaken(url));
        }
        if u16::try_from(self.value_sets.len()).is_err() {
            return Err(ValueSetError::TooMany(url));
        }
        let mut extended = self.clone();
        extended.value_sets.push(value_set);
        Ok(extended)
    }

    /// Whether there are more than the standard's.
    pub fn has_additions(&self) -> bool {
        !self.urls.is_empty()
    }

    /// The profile of a URL, with or without a version after a bar, which was added.
    pub fn profile(&self, url: &str) -> Option<&Structure> {
        let url = url.split('|').next().unwrap_or(url);
        self.structure(*self.urls.get(url)?)
    }

    /// The structure of an extension whose definition was added, if `object`, which is of the structure `id`, is one.
    pub fn of_extension(&self, id: StructureId, object: &Object) -> Option<&Structure> {
        if self.urls.is_empty() || self.names.get("Extension") != Some(&id) {
            return None;
        }
        let defined = self.profile(object.get("url")?.as_str()?)?;
        (defined.name == "Extension").then_some(defined)
    }

    /// The structure that a URL stands for: a type of the standard, or what was added.
    pub(super) fn by_url(&self, url: &str) -> Option<StructureId> {
        let of_standard = url.strip_prefix(STRUCTURES).and_then(|name| self.names.get(name));
        of_standard.or_else(|| self.urls.get(url)).copied()
    }

    /// What values of the type called `name` are.
    pub(super) fn kind_of(&self, name: &str) -> Option<Kind> {
        match Primitive::parse(name) {
            Some(primitive) => Some(Kind::Primitive(primitive)),
            None if name == "Resource" => Some(Kind::Resource),
            None => self.names.get(name).copied().map(Kind::Structure),
        }
    }

    /// Takes in a structure, under its name when that is new. `None` when there are as many as ids can tell apart.
    pub(super) fn push(&mut self, structure: Structure, new_name: Option<&str>) -> Option<StructureId> {
        let id = StructureId(u16::try_from(self.all.len()).ok()?);
        if let Some(name) = new_name {
            self.names.insert(CompactString::from(name), id);
        }
        self.uri_names.extend(uri_names(&structure).cloned());
        self.all.push(structure);
        Some(id)
    }

    /// Where these targets stand; the same ones are kept once. `None` when there are as many as ids can tell apart.
    pub(super) fn place_of_targets(&mut self, targets: Targets) -> Option<u16> {
        let place = self.targets.iter().position(|other| *other == targets);
        let place = place.unwrap_or_else(|| {
            self.targets.push(targets);
            self.targets.len() - 1
        });
        u16::try_from(place).ok()
    }

    /// Where the value set of a URL stands.
    pub(super) fn place_of_value_set(&self, url: &str) -> Option<u16> {
        let url = url.split('|').next().unwrap_or(url);
        let is_it = |value_set: &ValueSet| value_set.is_of_url(url);
        u16::try_from(self.value_sets.iter().position(is_it)?).ok()
    }
}
