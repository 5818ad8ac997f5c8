//! The resource types that a reference may point at. <http://hl7.org/fhir/R4/references.html>

use crate::resource::ResourceType;

/// Resource types, a bit for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Targets([u64; 3]);

impl Targets {
    /// Whether `resource_type` is one of them.
    pub fn contains(self, resource_type: ResourceType) -> bool {
        let (word, bit) = Self::place(resource_type);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The types in alphabetical order.
    pub fn iter(self) -> impl Iterator<Item = ResourceType> {
        ResourceType::all().filter(move |resource_type| self.contains(*resource_type))
    }

    /// Adds a type.
    pub fn insert(&mut self, resource_type: ResourceType) {
        let (word, bit) = Self::place(resource_type);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    fn place(resource_type: ResourceType) -> (usize, u64) {
        let number = usize::from(resource_type.number().unsigned_abs());
        (number / 64, 1 << (number % 64))
    }
}
