//! What fits an index row: long codes, URIs and texts are shortened, references written as text. Pure.

use sha2::{Digest, Sha256};

use crate::search::index::ReferenceTarget;

/// Characters of a folded string that are compared by prefix.
pub const STRING_PREFIX: usize = 256;
/// Bytes of a code, URI or id that an index row takes; a longer one is cut and a digest put in place of its end.
pub const LONGEST_KEY: usize = 512;
const KEPT_OF_LONG_KEY: usize = 440;

/// A key that fits an index row: itself, or its beginning and a digest of the whole.
pub fn key(text: &str) -> String {
    if text.len() <= LONGEST_KEY {
        return text.to_owned();
    }
    let mut end = KEPT_OF_LONG_KEY;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let digest = Sha256::digest(text.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}#{digest}", &text[..end])
}

/// The part of a folded string that is compared by prefix.
pub fn string_prefix(folded: &str) -> &str {
    folded
        .char_indices()
        .nth(STRING_PREFIX)
        .map_or(folded, |(end, _)| &folded[..end])
}

/// Number and key of what a reference points at.
pub fn reference_key(target: &ReferenceTarget) -> (i16, String) {
    match target {
        ReferenceTarget::Local {
            resource_type, id, ..
        } => (resource_type.number(), key(id)),
        ReferenceTarget::Url { url, .. } => (0, key(url)),
    }
}

/// A reference as the text of a composite's component.
pub fn reference_text(target: &ReferenceTarget) -> String {
    match target {
        ReferenceTarget::Local {
            resource_type, id, ..
        } => key(&format!("{resource_type}/{id}")),
        ReferenceTarget::Url { url, .. } => key(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_keys_stay_distinct_and_short() {
        let one = key(&"é".repeat(400));
        let other = key(&format!("{}x", "é".repeat(400)));
        assert_ne!(one, other);
        assert!(one.len() <= LONGEST_KEY && other.len() <= LONGEST_KEY);
        assert_eq!(key("short"), "short");
    }
}
