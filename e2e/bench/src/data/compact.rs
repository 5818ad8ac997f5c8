//! JSON without insignificant whitespace. Synthea writes for human eyes; a client sends no spaces. Order of
//! members and digits of numbers stay as they are, which reading into values and writing again would not promise.

/// Removes the whitespace between the tokens of a JSON text.
pub fn compact(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    // Alternates between what is outside of strings and one whole string.
    while let Some(start) = rest.find('"') {
        result.extend(rest[..start].split_ascii_whitespace());
        let length = string_length(&rest[start..]);
        result.push_str(&rest[start..start + length]);
        rest = &rest[start + length..];
    }
    result.extend(rest.split_ascii_whitespace());
    result
}

/// The length of the string that `text` starts with, both quotation marks included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (position, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::compact;

    #[test]
    fn only_the_space_between_tokens_goes() {
        assert_eq!(
            compact("{\n  \"a b\" : [ 1.50, \"x \\\" y\", \"\\\\\" ],\r\n\t\"c\": { }\n}\n"),
            r#"{"a b":[1.50,"x \" y","\\"],"c":{}}"#
        );
    }
}
