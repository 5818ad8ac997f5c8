//! Records as the trail can bear them. What a request brings decides neither how large its record is nor whether the
//! database takes it, for records are written together: texts have a bounded size, no U+0000, and no secrets.

use std::borrow::Cow;
use std::fmt::Write;

use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use super::AccessRecord;

/// Bytes of who asked.
const AGENT: usize = 512;
/// Bytes of what was asked.
const QUERY: usize = 2048;
/// Bytes of why it was refused.
const REASON: usize = 1024;
/// Bytes of a name, an id or an address.
const NAME: usize = 256;

/// Parameters whose values open doors; none of them is one of FHIR.
const SECRETS: [&str; 7] = [
    "access_token",
    "id_token",
    "id_token_hint",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "password",
];
/// What stands in place of a secret.
const HIDDEN: &str = "(not recorded)";
/// A shorter value is no secret, and may be part of any word.
const SHORTEST_SECRET: usize = 8;

impl AccessRecord {
    /// The same as the trail can bear it: what is too long is cut and replaced by its length and its SHA-256, U+0000 by
    /// U+2400, and values of parameters such as `access_token` are left out.
    #[must_use]
    pub fn fitted(mut self) -> AccessRecord {
        let mut secrets = Vec::new();
        if let Some(query) = &mut self.query {
            hide_in_query(query, &mut secrets);
        }
        if let Some(reason) = &mut self.reason {
            hide_in_reason(reason, &secrets);
        }
        fit(&mut self.agent, AGENT);
        fit(&mut self.interaction, NAME);
        fit(&mut self.request_id, NAME);
        for (text, limit) in [
            (&mut self.query, QUERY),
            (&mut self.reason, REASON),
            (&mut self.resource_type, NAME),
            (&mut self.resource_id, NAME),
            (&mut self.compartment, NAME),
            (&mut self.client_request_id, NAME),
            (&mut self.source, NAME),
        ] {
            if let Some(text) = text {
                fit(text, limit);
            }
        }
        self
    }
}

fn fit(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (length, hash) = (text.len(), Sha256::digest(text.as_bytes()));
        text.truncate(end);
        // Writing to a String does not fail.
        write!(text, "… ({length} bytes, SHA-256 {hash:x})").ok();
    }
    if text.contains('\0') {
        *text = text.replace('\0', "\u{2400}");
    }
}

/// Takes the values of secret parameters out of a query string or a form, and puts them into `secrets`.
fn hide_in_query(query: &mut String, secrets: &mut Vec<String>) {
    let is_secret = |part: &str| {
        let name = part.split_once('=').map_or(part, |(name, _)| name);
        let name: Cow<'_, str> = match name.contains('%') {
            true => percent_decode_str(name).decode_utf8_lossy(),
            false => Cow::Borrowed(name),
        };
        SECRETS.contains(&name.trim())
    };
    if !query.split('&').any(is_secret) {
        return;
    }
    let mut parts = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some((name, value)) if is_secret(part) => {
                secrets.push(value.to_owned());
                secrets.push(percent_decode_str(value).decode_utf8_lossy().into_owned());
                parts.push(format!("{name}={HIDDEN}"));
            }
            _ => parts.push(part.to_owned()),
        }
    }
    *query = parts.join("&");
}

/// Takes out of a message what it may repeat of a query: known `secrets`, and what follows the name of a secret
/// parameter.
fn hide_in_reason(reason: &mut String, secrets: &[String]) {
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET) {
        if reason.contains(secret.as_str()) {
            *reason = reason.replace(secret.as_str(), HIDDEN);
        }
    }
    for name in SECRETS {
        let mut from = 0;
        while let Some(found) = reason.get(from..).and_then(|rest| rest.find(name)) {
            let start = from + found + name.len();
            from = start;
            let Some(value) = reason.get(start..).and_then(|rest| rest.strip_prefix('=')) else {
                continue;
            };
            if value.starts_with(HIDDEN) {
                continue;
            }
            let length = value
                .find(|end: char| end.is_whitespace() || matches!(end, '&' | '"' | ')'))
                .unwrap_or(value.len());
            if length > 0 {
                reason.replace_range(start + 1..start + 1 + length, HIDDEN);
                from = start + 1 + HIDDEN.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(query: &str, reason: &str) -> (String, String) {
        let record = AccessRecord {
            query: Some(query.to_owned()),
            reason: Some(reason.to_owned()),
            ..AccessRecord::default()
        };
        let record = record.fitted();
        (record.query.unwrap(), record.reason.unwrap())
    }

    #[test]
    fn what_is_short_and_plain_stays_as_it_is() {
        let record = AccessRecord {
            agent: "https://login.example#ann".to_owned(),
            query: Some("name=é&_count=2".to_owned()),
            resource_id: Some("a".to_owned()),
            ..AccessRecord::default()
        };
        assert_eq!(record.clone().fitted(), record);
    }

    #[test]
    fn what_is_too_long_is_cut_and_told_by_its_hash() {
        let long = |end: &str| format!("name={}{end}", "é".repeat(40_000));
        let (query, _) = fitted(&long("a"), "");
        assert!(query.len() < QUERY + 128, "{}", query.len());
        assert!(query.starts_with("name=éé"));
        assert!(query.contains("… (80006 bytes, SHA-256 "), "{query}");
        assert_ne!(query, fitted(&long("b"), "").0, "another text has another hash");
        let record = AccessRecord {
            agent: "a".repeat(1 << 20),
            reason: Some("r".repeat(1 << 20)),
            resource_id: Some("i".repeat(1 << 20)),
            source: Some("s".repeat(1 << 20)),
            ..AccessRecord::default()
        };
        let size = format!("{:?}", record.fitted()).len();
        assert!(size < 4096, "{size}");
    }

    #[test]
    fn what_the_database_cannot_store_is_replaced() {
        assert_eq!(fitted("name=a\0b", "no\0").0, "name=a\u{2400}b");
        assert_eq!(fitted("name=a\0b", "no\0").1, "no\u{2400}");
    }

    #[test]
    fn secrets_are_not_recorded() {
        for (query, expected) in [
            (
                "access_token=eyJ.abc.def&name=x",
                "access_token=(not recorded)&name=x",
            ),
            (
                "name=x&access%5Ftoken=eyJ",
                "name=x&access%5Ftoken=(not recorded)",
            ),
            ("client_secret=s", "client_secret=(not recorded)"),
            ("name=access_token", "name=access_token"),
            ("access_token", "access_token"),
        ] {
            assert_eq!(fitted(query, "").0, expected);
        }
        let (_, reason) = fitted(
            "access_token=abcdefgh%25ijk",
            "the query cannot be read: \"abcdefgh%25ijk\", abcdefgh%ijk",
        );
        assert_eq!(
            reason,
            "the query cannot be read: \"(not recorded)\", (not recorded)"
        );
        let (_, reason) = fitted(
            "",
            "entry 3 (GET Patient?access_token=eyJ.abc&name=x): access_token=",
        );
        assert_eq!(
            reason,
            "entry 3 (GET Patient?access_token=(not recorded)&name=x): access_token="
        );
    }
}
