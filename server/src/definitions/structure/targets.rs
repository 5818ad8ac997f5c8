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

    /// Whether it is none.
    pub fn is_empty(self) -> bool {
        self.0 == [0; 3]
    }

    /// How many they are.
    pub fn len(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Those that are also among `others`.
    pub fn among(self, others: Targets) -> Targets {
        let [first, second, third] = self.0;
        let [of_first, of_second, of_third] = others.0;
        Targets([first & of_first, second & of_second, third & of_third])
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

impl FromIterator<ResourceType> for Targets {
    fn from_iter<T: IntoIterator<Item = ResourceType>>(resource_types: T) -> Self {
        let mut targets = Targets::default();
        for resource_type in resource_types {
            targets.insert(resource_type);
        }
        targets
    }
}
