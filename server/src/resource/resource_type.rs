//! The resource types of FHIR R4, <http://hl7.org/fhir/R4/resourcelist.html>.

use std::fmt;

/// The names, sorted; generated from the official package. R4 is closed, so a position never changes.
const NAMES: &str = include_str!("../../definitions/resource-types.txt");

/// A resource type that R4 defines, such as `Patient`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceType(u8);

impl ResourceType {
    /// The type called `name`; types are written exactly so, upper and lower case included.
    pub fn parse(name: &str) -> Option<ResourceType> {
        names()
            .binary_search(&name)
            .ok()
            .and_then(|index| u8::try_from(index).ok())
            .map(ResourceType)
    }

    /// The name, such as `Patient`.
    pub fn name(self) -> &'static str {
        names().get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// The number under which the database knows the type: 1 for the first in the alphabet.
    pub fn number(self) -> i16 {
        i16::from(self.0) + 1
    }

    /// The type with this [`number`](Self::number).
    pub fn from_number(number: i16) -> Option<ResourceType> {
        let index = u8::try_from(number.checked_sub(1)?).ok()?;
        (usize::from(index) < names().len()).then_some(ResourceType(index))
    }

    /// All types in alphabetical order.
    pub fn all() -> impl Iterator<Item = ResourceType> {
        (0..names().len())
            .filter_map(|index| u8::try_from(index).ok())
            .map(ResourceType)
    }
}

fn names() -> &'static [&'static str] {
    static LIST: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    LIST.get_or_init(|| NAMES.lines().collect())
}

impl fmt::Display for ResourceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Debug for ResourceType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_and_number() {
        assert_eq!(ResourceType::all().count(), 146);
        for resource_type in ResourceType::all() {
            assert_eq!(ResourceType::parse(resource_type.name()), Some(resource_type));
            assert_eq!(
                ResourceType::from_number(resource_type.number()),
                Some(resource_type)
            );
        }
        assert_eq!(ResourceType::parse("patient"), None);
        assert_eq!(ResourceType::from_number(0), None);
        assert_eq!(ResourceType::from_number(147), None);
    }
}
