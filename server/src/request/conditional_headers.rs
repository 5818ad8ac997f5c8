//! The headers that make an interaction depend on what is stored: as HTTP headers, or as the members of a Bundle
//! entry's `request`. <http://hl7.org/fhir/R4/http.html#concurrency>, <http://hl7.org/fhir/R4/http.html#cread>

use http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;

use crate::resource::Object;

/// What must hold before the interaction is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConditionalHeaders {
    /// `If-Match`
    pub if_match: Option<EntityTag>,
    /// `If-None-Match`; several tags may be listed.
    pub if_none_match: Vec<EntityTag>,
    /// `If-Modified-Since`
    pub if_modified_since: Option<Timestamp>,
    /// `If-None-Exist`: the criteria of a conditional create.
    pub if_none_exist: Option<String>,
}

/// An entity tag, as far as we have any use for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityTag {
    /// `*`: any version.
    Any,
    /// `W/"3"`: this version.
    Version(i32),
    /// A tag that no version of ours has.
    Foreign,
}

/// A header whose value cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the header {name} is \"{value}\"; {expected}")]
pub struct HeaderError {
    /// Name of the header, such as `If-Match`.
    pub name: &'static str,
    /// What it held.
    pub value: String,
    /// What to write instead.
    pub expected: &'static str,
}

const ONE_TAG: &str = "write one version as an entity tag, such as W/\"3\"";
const PLAIN_TEXT: &str = "write it once, in ASCII, with other characters percent-escaped";

impl ConditionalHeaders {
    /// Reads the headers of a request.
    ///
    /// # Errors
    /// [`HeaderError`] for an `If-Match` that is no entity tag, and for an `If-None-Exist` that stands twice or is
    /// not ASCII. Conditions on reading only save work: as HTTP has it, they are left out when they cannot be read.
    pub fn of(headers: &HeaderMap) -> Result<ConditionalHeaders, HeaderError> {
        if !["if-match", "if-none-match", "if-modified-since", "if-none-exist"]
            .iter()
            .any(|name| headers.contains_key(*name))
        {
            return Ok(ConditionalHeaders::default());
        }
        let if_match = single(headers, "If-Match")?;
        let if_none_match: Vec<&str> = headers
            .get_all("if-none-match")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let if_modified_since = headers
            .get("if-modified-since")
            .and_then(|value| value.to_str().ok());
        Ok(ConditionalHeaders {
            if_match: if_match.map(parse_if_match).transpose()?,
            if_none_match: if_none_match.iter().flat_map(|value| tags(value)).collect(),
            if_modified_since: if_modified_since.and_then(http_date),
            if_none_exist: single(headers, "If-None-Exist")?.map(str::to_owned),
        })
    }

    /// Reads `Bundle.entry.request`.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_entry(request: &Object) -> Result<ConditionalHeaders, HeaderError> {
        let text = |name: &str| request.get(name).and_then(|value| value.as_str());
        Ok(ConditionalHeaders {
            if_match: text("ifMatch").map(parse_if_match).transpose()?,
            if_none_match: text("ifNoneMatch").map(tags).unwrap_or_default(),
            if_modified_since: text("ifModifiedSince").and_then(|instant| instant.parse().ok()),
            if_none_exist: text("ifNoneExist").map(str::to_owned),
        })
    }
}

fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, HeaderError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let expected = if name == "If-Match" { ONE_TAG } else { PLAIN_TEXT };
    let text = String::from_utf8_lossy(value.as_bytes());
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        _ => Err(HeaderError {
            name,
            value: text.into_owned(),
            expected,
        }),
    }
}

fn parse_if_match(text: &str) -> Result<EntityTag, HeaderError> {
    tag(text.trim()).ok_or_else(|| HeaderError {
        name: "If-Match",
        value: text.to_owned(),
        expected: ONE_TAG,
    })
}

fn tags(text: &str) -> Vec<EntityTag> {
    text.split(',').filter_map(|part| tag(part.trim())).collect()
}

/// `*`, `W/"3"`, `"3"`; clients also send the bare number.
fn tag(text: &str) -> Option<EntityTag> {
    if text == "*" {
        return Some(EntityTag::Any);
    }
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let opaque = match text.strip_prefix("W/").unwrap_or(text).strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None if is_number => text,
        None => return None,
    };
    if opaque.contains('"') || opaque.is_empty() {
        return None;
    }
    let version = opaque
        .parse()
        .ok()
        .filter(|version| *version > 0 && !opaque.starts_with(['0', '+']));
    Some(version.map_or(EntityTag::Foreign, EntityTag::Version))
}

/// The three forms of <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7>: today's, and the two that are obsolete and must
/// be taken all the same.
fn http_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parser = DateTimeParser::new().relaxed_weekday(true);
    let obsolete = || {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .iter()
            .find_map(|form| DateTime::strptime(form, text).ok())
    };
    let in_utc = |moment: DateTime| Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp());
    parser.parse_timestamp(text).ok().or_else(|| in_utc(obsolete()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &'static str, value: &'static str) -> Result<ConditionalHeaders, HeaderError> {
        let mut headers = HeaderMap::new();
        headers.insert(name, http::HeaderValue::from_static(value));
        ConditionalHeaders::of(&headers)
    }

    #[test]
    fn an_if_match_that_is_no_entity_tag_is_refused() {
        for value in ["abc", "W/1", "\"1", "W/\"1\", W/\"2\"", "", "W/\"\"", "\"1\"x"] {
            let mut headers = HeaderMap::new();
            headers.insert("if-match", value.parse().unwrap());
            let error = ConditionalHeaders::of(&headers).unwrap_err();
            assert_eq!(error.expected, ONE_TAG, "{value}");
        }
    }

    #[test]
    fn reads_entity_tags() {
        let tag = |value| of("if-match", value).unwrap().if_match.unwrap();
        assert_eq!(tag("W/\"3\""), EntityTag::Version(3));
        assert_eq!(tag("\"3\""), EntityTag::Version(3));
        assert_eq!(tag("3"), EntityTag::Version(3));
        assert_eq!(tag("*"), EntityTag::Any);
        for foreign in [
            "W/\"abc\"",
            "W/\"03\"",
            "W/\"99999999999999999999\"",
            "W/\"0\"",
            "W/\"-1\"",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("if-match", foreign.parse().unwrap());
            assert_eq!(
                ConditionalHeaders::of(&headers).unwrap().if_match,
                Some(EntityTag::Foreign),
                "{foreign}"
            );
        }
        let several = of("if-none-match", "W/\"1\", nonsense, \"2\"")
            .unwrap()
            .if_none_match;
        assert_eq!(several, [EntityTag::Version(1), EntityTag::Version(2)]);
    }

    #[test]
    fn reads_http_dates_and_leaves_out_others() {
        let since = |value| of("if-modified-since", value).unwrap().if_modified_since;
        for date in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(
                since(date),
                Some("1994-11-06T08:49:37Z".parse().unwrap()),
                "{date}"
            );
        }
        assert_eq!(
            since("Tue Dec 15 23:00:00 2026"),
            Some("2026-12-15T23:00:00Z".parse().unwrap())
        );
        assert_eq!(since("yesterday"), None);
    }
}
