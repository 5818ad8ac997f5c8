//! Query strings and forms ↔ names and values. <https://url.spec.whatwg.org/#application/x-www-form-urlencoded>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is escaped in a query that we write; `,` `|` `:` `$` `/` stay as people read them.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b':')
    .remove(b'$')
    .remove(b'/')
    .remove(b'*');

/// Why a text is not a query string.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum QueryStringError {
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("\"{0}\" has a % that is not followed by two hexadecimal digits; write %25 for a percent sign")]
    BrokenEscape(String),
    /// The escaped bytes are no UTF-8.
    #[error("\"{0}\" is not UTF-8 once it is unescaped")]
    NotUtf8(String),
    /// U+0000, which no FHIR string may hold.
    #[error("\"{0}\" holds the character U+0000")]
    NulCharacter(String),
}

/// The names and values of a query string or of a form body, in order. Parts without a name and parts without a
/// value are kept with an empty one; empty parts (`a=1&&b=2`) are left out.
///
/// # Errors
/// [`QueryStringError`] with the part that cannot be read.
pub fn parse(query: &str) -> Result<Vec<(String, String)>, QueryStringError> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((unescape(name, true)?, unescape(value, true)?))
        })
        .collect()
}

/// The text of a form body.
///
/// # Errors
/// When it is not UTF-8.
pub fn form_text(body: &[u8]) -> Result<String, QueryStringError> {
    match std::str::from_utf8(body) {
        Ok(text) => Ok(text.trim_end().to_owned()),
        Err(_invalid) => Err(QueryStringError::NotUtf8("the form".to_owned())),
    }
}

/// Undoes percent escapes; `+` means a space in queries and forms, not in paths.
///
/// # Errors
/// As [`parse`].
pub fn unescape(text: &str, plus_is_space: bool) -> Result<String, QueryStringError> {
    let bytes = text.as_bytes();
    let broken = |index: usize| {
        let digits = bytes.get(index + 1..index + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if bytes
        .iter()
        .enumerate()
        .any(|(index, byte)| *byte == b'%' && broken(index))
    {
        return Err(QueryStringError::BrokenEscape(text.to_owned()));
    }
    let plain = if plus_is_space && text.contains('+') {
        text.replace('+', " ")
    } else {
        text.to_owned()
    };
    let decoded = match percent_decode_str(&plain).decode_utf8() {
        Ok(decoded) => decoded.into_owned(),
        Err(_invalid) => return Err(QueryStringError::NotUtf8(text.to_owned())),
    };
    if decoded.contains('\0') {
        return Err(QueryStringError::NulCharacter(text.to_owned()));
    }
    Ok(decoded)
}

/// Appends `name=value` to a URL that has a `?` already when `first` is false.
pub fn append(url: &mut String, first: &mut bool, name: &str, value: &str) {
    url.push(if std::mem::take(first) { '?' } else { '&' });
    write(url, name, value);
}

/// Adds `name=value` to a query string, which may be empty.
pub fn add(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    write(query, name, value);
}

fn write(text: &mut String, name: &str, value: &str) {
    text.extend(utf8_percent_encode(name, ESCAPED));
    text.push('=');
    text.extend(utf8_percent_encode(value, ESCAPED));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &str) -> Vec<(String, String)> {
        parse(query).unwrap()
    }

    #[test]
    fn says_what_is_wrong_with_a_query() {
        for query in ["name=100%", "name=%zz", "name=%4", "na%me=1"] {
            assert!(
                matches!(parse(query), Err(QueryStringError::BrokenEscape(_))),
                "{query}"
            );
        }
        assert_eq!(parse("name=%ff"), Err(QueryStringError::NotUtf8("%ff".into())));
        assert_eq!(
            parse("name=a%00b"),
            Err(QueryStringError::NulCharacter("a%00b".into()))
        );
    }

    #[test]
    fn reads_names_values_and_repeats() {
        let expected = [("name", "J ü+"), ("a:exact", "x=y"), ("", "v"), ("empty", "")];
        let expected: Vec<_> = expected
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(pairs("name=J+%C3%BC%2B&&a%3Aexact=x=y&=v&empty"), expected);
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn what_is_appended_is_read_back() {
        let mut url = String::from("http://h/Patient");
        let mut first = true;
        append(&mut url, &mut first, "code", "http://loinc.org|1234-5,a b&c=ü");
        append(&mut url, &mut first, "_count", "2");
        assert_eq!(
            url,
            "http://h/Patient?code=http://loinc.org%7C1234-5,a%20b%26c%3D%C3%BC&_count=2"
        );
        let (_, query) = url.split_once('?').unwrap();
        assert_eq!(pairs(query)[0].1, "http://loinc.org|1234-5,a b&c=ü");
    }
}
