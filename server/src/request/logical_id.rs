//! Logical ids: the standard's rule for those that clients choose, and how the server makes its own.
//! <http://hl7.org/fhir/R4/datatypes.html#id>

/// Whether `text` may be a logical id: 1 to 64 letters, digits, hyphens and dots.
pub fn is_logical_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// A new id: a UUID of version 7, whose beginning is the time, so that what is made together lies together in the
/// database's indexes.
pub fn new_logical_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_standards_regular_expression() {
        let longest = "a".repeat(64);
        for id in ["a", "1", "A-b.9", longest.as_str(), new_logical_id().as_str()] {
            assert!(is_logical_id(id), "{id}");
        }
        let too_long = "a".repeat(65);
        for id in ["", "a_b", "a/b", "é", "a b", "$x", too_long.as_str()] {
            assert!(!is_logical_id(id), "{id}");
        }
    }
}
