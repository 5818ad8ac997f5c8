//! Escaping in values, <http://hl7.org/fhir/R4/search.html#escaping>: a backslash takes the meaning from
//! `,`, `|`, `$` and itself.

use compact_str::CompactString;

/// The parts of `value` between the `separator`s that have their meaning; still escaped.
pub fn split(value: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    value.split(move |letter| {
        let separates = letter == separator && !escaped;
        escaped = letter == '\\' && !escaped;
        separates
    })
}

/// `text` as a value that means it: its commas, bars, dollars and backslashes are its own.
pub fn escape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_special(letter) {
            value.push('\\');
        }
        value.push(letter);
    }
    value
}

fn is_special(letter: char) -> bool {
    matches!(letter, ',' | '|' | '$' | '\\')
}

/// The text that is meant. A backslash before any other letter stands for itself.
pub fn unescape(value: &str) -> CompactString {
    let mut text = CompactString::with_capacity(value.len());
    let mut letters = value.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letters.next_if(|next| letter == '\\' && is_special(*next));
        text.push(escaped.unwrap_or(letter));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(value: &str) -> Vec<&str> {
        split(value, ',').collect()
    }

    #[test]
    fn splits_where_the_separator_is_not_escaped() {
        assert_eq!(parts(r"a,b\,c,d"), ["a", r"b\,c", "d"]);
        assert_eq!(parts(r"a\\,b"), [r"a\\", "b"]);
        assert_eq!(parts(r"\,"), [r"\,"]);
        assert_eq!(parts(",,"), ["", "", ""]);
    }

    #[test]
    fn unescapes_only_what_may_be_escaped() {
        assert_eq!(unescape(r"a\,b\|c\$d\\e\f\"), r"a,b|c$d\e\f\");
    }

    #[test]
    fn what_is_escaped_is_one_value_and_means_the_text() {
        let text = r"a,b|c$d\e\,";
        assert_eq!(escape(text), r"a\,b\|c\$d\\e\\\,");
        assert_eq!(parts(&escape(text)).len(), 1);
        assert_eq!(unescape(&escape(text)), text);
    }
}
