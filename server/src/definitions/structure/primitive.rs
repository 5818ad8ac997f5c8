//! The primitive types, <http://hl7.org/fhir/R4/datatypes.html#primitive>.

/// A primitive type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the standard's")]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

/// All of them with their names.
const NAMES: [(Primitive, &str); 20] = [
    (Primitive::Base64Binary, "base64Binary"),
    (Primitive::Boolean, "boolean"),
    (Primitive::Canonical, "canonical"),
    (Primitive::Code, "code"),
    (Primitive::Date, "date"),
    (Primitive::DateTime, "dateTime"),
    (Primitive::Decimal, "decimal"),
    (Primitive::Id, "id"),
    (Primitive::Instant, "instant"),
    (Primitive::Integer, "integer"),
    (Primitive::Markdown, "markdown"),
    (Primitive::Oid, "oid"),
    (Primitive::PositiveInt, "positiveInt"),
    (Primitive::String, "string"),
    (Primitive::Time, "time"),
    (Primitive::UnsignedInt, "unsignedInt"),
    (Primitive::Uri, "uri"),
    (Primitive::Url, "url"),
    (Primitive::Uuid, "uuid"),
    (Primitive::Xhtml, "xhtml"),
];

impl Primitive {
    /// The type called `name`, such as `dateTime`.
    pub fn parse(name: &str) -> Option<Primitive> {
        // Every other type starts with a capital.
        if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
            return None;
        }
        NAMES
            .iter()
            .find(|(_, own)| *own == name)
            .map(|(primitive, _)| *primitive)
    }

    /// The name, such as `dateTime`.
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(primitive, _)| *primitive == self)
            .map_or("", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for (primitive, name) in NAMES {
            assert_eq!(Primitive::parse(name), Some(primitive));
            assert_eq!(primitive.name(), name);
        }
        assert_eq!(Primitive::parse("Code"), None);
        assert_eq!(Primitive::parse("nothing"), None);
    }
}
