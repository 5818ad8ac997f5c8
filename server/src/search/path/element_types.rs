//! Which elements the standard's types have, and of which types they are. An expression says
//! `Observation.value`; only the definitions tell that its JSON member is `valueQuantity`, `valueString`, …

/// Generated from the official package; its generator describes the lines.
const LINES: &str = include_str!("../../../definitions/element-types.tsv");

/// The elements of all types. Borrows the definitions that are part of the program; nothing is copied.
#[derive(Debug)]
pub struct ElementTypes {
    /// Path of a type or of an element that has elements of its own, and the elements, sorted by path.
    lines: Vec<(&'static str, &'static str)>,
}

/// One possible type of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElementChoice {
    /// The type's name, or the path of an element that has elements of its own.
    pub type_name: &'static str,
    /// The one system whose codes the element may hold.
    pub system: Option<&'static str>,
    /// Whether the type's name is part of the JSON member's name (`value[x]`).
    pub named_by_type: bool,
}

impl ElementTypes {
    /// The elements of R4.
    pub fn r4() -> ElementTypes {
        ElementTypes {
            lines: LINES
                .lines()
                .map(|line| line.split_once('\t').unwrap_or((line, "")))
                .collect(),
        }
    }

    /// The types that element `name` of the type or element `path` may have; empty when there is no such element.
    pub fn choices(&self, path: &str, name: &str) -> Vec<ElementChoice> {
        let bases: &[&str] = match path.as_bytes() {
            // Every type but the primitive ones starts with a capital; what is not a resource inherits
            // from Element. Names do not clash, so that all bases can be tried.
            _ if self.elements(path).is_none() => &[],
            _ => &["DomainResource", "Resource", "BackboneElement", "Element"],
        };
        std::iter::once(path)
            .chain(bases.iter().copied())
            .find_map(|path| self.own_choices(path, name))
            .unwrap_or_default()
    }

    fn own_choices(&self, path: &str, name: &str) -> Option<Vec<ElementChoice>> {
        let (path, elements) = self.elements(path)?;
        for element in elements.split('\t') {
            let (member, types) = element.split_once(' ')?;
            let plain = member.strip_suffix("[x]");
            if plain.unwrap_or(member) == name {
                let named_by_type = plain.is_some();
                let choice = |type_name| self.choice(path, name, type_name, named_by_type);
                return Some(types.split(',').filter_map(choice).collect());
            }
        }
        None
    }

    fn choice(
        &self,
        path: &str,
        name: &str,
        type_name: &'static str,
        named_by_type: bool,
    ) -> Option<ElementChoice> {
        let (type_name, system) = if type_name == "." {
            (self.elements(&format!("{path}.{name}"))?.0, None)
        } else if let Some(elsewhere) = type_name.strip_prefix('#') {
            (elsewhere, None)
        } else if let Some(system) = type_name.strip_prefix("code=") {
            ("code", Some(system))
        } else {
            (type_name, None)
        };
        Some(ElementChoice {
            type_name,
            system,
            named_by_type,
        })
    }

    fn elements(&self, path: &str) -> Option<(&'static str, &'static str)> {
        let index = self.lines.binary_search_by(|(key, _)| (*key).cmp(path)).ok()?;
        self.lines.get(index).copied()
    }
}

/// The types of elements, as far as indexing tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElementType {
    /// `boolean`
    Boolean,
    /// `code`, with the one system that its value set is made of.
    Code(Option<&'static str>),
    /// `string`, `markdown`, `id`
    Text,
    /// `uri`, `url`, `oid`, `uuid`
    Uri,
    /// `canonical`
    Canonical,
    /// `date`, `dateTime`, `instant`
    DateTime,
    /// `integer`, `positiveInt`, `unsignedInt`, `decimal`
    Number,
    /// `Coding`
    Coding,
    /// `CodeableConcept`
    CodeableConcept,
    /// `Identifier`
    Identifier,
    /// `ContactPoint`
    ContactPoint,
    /// `HumanName`
    HumanName,
    /// `Address`
    Address,
    /// `Reference`
    Reference,
    /// `Period`
    Period,
    /// `Timing`
    Timing,
    /// `Quantity`, and its kin `Age`, `Count`, `Distance`, `Duration`
    Quantity,
    /// `Money`
    Money,
    /// `Range`
    Range,
    /// `SampledData`
    SampledData,
    /// A whole resource inside another one.
    Resource,
    /// Any other type, or an element that has elements of its own.
    Other,
}

impl ElementType {
    /// What `choice` is to indexing.
    pub fn of(choice: &ElementChoice) -> ElementType {
        match choice.type_name {
            "boolean" => ElementType::Boolean,
            "code" => ElementType::Code(choice.system),
            "string" | "markdown" | "id" => ElementType::Text,
            "uri" | "url" | "oid" | "uuid" => ElementType::Uri,
            "canonical" => ElementType::Canonical,
            "date" | "dateTime" | "instant" => ElementType::DateTime,
            "integer" | "positiveInt" | "unsignedInt" | "decimal" => ElementType::Number,
            "Coding" => ElementType::Coding,
            "CodeableConcept" => ElementType::CodeableConcept,
            "Identifier" => ElementType::Identifier,
            "ContactPoint" => ElementType::ContactPoint,
            "HumanName" => ElementType::HumanName,
            "Address" => ElementType::Address,
            "Reference" => ElementType::Reference,
            "Period" => ElementType::Period,
            "Timing" => ElementType::Timing,
            "Quantity" | "Age" | "Count" | "Distance" | "Duration" => ElementType::Quantity,
            "Money" => ElementType::Money,
            "Range" => ElementType::Range,
            "SampledData" => ElementType::SampledData,
            "Resource" => ElementType::Resource,
            _ => ElementType::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str, name: &str) -> Vec<&'static str> {
        let choices = ElementTypes::r4().choices(path, name);
        choices.iter().map(|choice| choice.type_name).collect()
    }

    #[test]
    fn knows_plain_chosen_nested_inherited_and_recursive_elements() {
        assert_eq!(names("Patient", "name"), ["HumanName"]);
        assert_eq!(names("Patient", "deceased"), ["boolean", "dateTime"]);
        assert_eq!(names("Observation", "component"), ["Observation.component"]);
        assert_eq!(names("Patient", "meta"), ["Meta"]);
        assert_eq!(names("Patient.contact", "extension"), ["Extension"]);
        assert_eq!(names("Questionnaire.item", "item"), ["Questionnaire.item"]);
        assert!(names("Patient", "nothing").is_empty());
        assert!(names("Nothing", "id").is_empty());
    }

    #[test]
    fn knows_the_system_of_a_code_that_has_one() {
        let gender = ElementTypes::r4().choices("Patient", "gender");
        assert_eq!(
            gender[0].system,
            Some("http://hl7.org/fhir/administrative-gender")
        );
    }
}
