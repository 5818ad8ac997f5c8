//! How a resource is written into its row, and read back without being parsed.
//!
//! The row knows type, id, version and time, so `content` holds only what follows them in the JSON text:
//! the rest of `meta`, then the other members as they were sent. Reading back is decompression and
//! concatenation. The database can therefore number and date a version that it stores in one round trip.

use std::cell::RefCell;
use std::sync::LazyLock;

use jiff::Timestamp;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe;

use crate::long_work::beside_others;
use crate::resource::json::{Json, write_string};
use crate::resource::{Object, ResourceType};

/// `encoding` of a row without content: a deletion.
pub const NO_CONTENT: i16 = 0;
/// `encoding`: zstd with [`DICTIONARY_1`]. Another dictionary is another number; this one can never change.
const ZSTD_DICTIONARY_1: i16 = 1;

/// Bytes of the longest tail of which [`IS_SHORT`] says that it is short.
pub const SHORT: usize = (1 << 15) - 1;

/// SQL: whether `content` is written as this version does, and is a tail of [`SHORT`] bytes at most. A zstd frame says so in its head
/// (<https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1>): the fifth byte is 32 before a length of one byte, or 96 before
/// one of two bytes, the second of which counts 256 each, and 256 are added. More is never fetched of what is stored apart.
pub const IS_SHORT: &str = "CASE WHEN encoding = 1 THEN
     CASE get_byte(substr(content, 5, 3), 0)
         WHEN 32 THEN true WHEN 96 THEN get_byte(substr(content, 5, 3), 2) < 127 ELSE false END
     ELSE false END";

/// Trained by the generator on the official examples: the words that FHIR's JSON repeats.
const DICTIONARY_1: &[u8] = include_bytes!("../../../definitions/content-dictionary-1.zstd");
const LEVEL: i32 = 3;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY_1, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY_1));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// A `content` that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("the stored content of a resource cannot be read: {0}")]
pub struct ContentError(String);

/// The JSON text that follows `"lastUpdated":"…"`.
pub fn tail(resource: &Object) -> String {
    let mut text = String::with_capacity(1024);
    if let Some(Json::Object(meta)) = resource.get("meta") {
        for (name, value) in meta
            .iter()
            .filter(|(name, _)| !matches!(*name, "versionId" | "lastUpdated"))
        {
            member(name, value, &mut text);
        }
    }
    text.push('}');
    for (name, value) in resource
        .iter()
        .filter(|(name, _)| !matches!(*name, "resourceType" | "id" | "meta"))
    {
        member(name, value, &mut text);
    }
    text.push('}');
    text
}

/// The whole resource as JSON text.
pub fn assemble(resource_type: ResourceType, id: &str, version: i32, at: Timestamp, tail: &str) -> String {
    let mut text = String::with_capacity(tail.len() + id.len() + 128);
    text.push_str("{\"resourceType\":\"");
    text.push_str(resource_type.name());
    text.push_str("\",\"id\":");
    write_string(id, &mut text);
    text.push_str(",\"meta\":{\"versionId\":\"");
    text.push_str(&version.to_string());
    text.push_str("\",\"lastUpdated\":\"");
    text.push_str(&format!("{at:.3}"));
    text.push('"');
    text.push_str(tail);
    text
}

/// Compresses a tail; the number says how.
///
/// # Errors
/// When zstd refuses, which only a lack of memory brings about.
pub fn encode(tail: &str) -> Result<(i16, Vec<u8>), ContentError> {
    beside_others(tail.len(), || compressed(tail))
}

fn compressed(tail: &str) -> Result<(i16, Vec<u8>), ContentError> {
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            let mut compressor = Compressor::with_prepared_dictionary(&ENCODER).map_err(cause)?;
            compressor.include_dictid(false).map_err(cause)?;
            *slot = Some(compressor);
        }
        let compressor = slot
            .as_mut()
            .ok_or_else(|| ContentError("no compressor".into()))?;
        Ok((
            ZSTD_DICTIONARY_1,
            compressor.compress(tail.as_bytes()).map_err(cause)?,
        ))
    })
}

/// How long the tail is that was compressed.
///
/// # Errors
/// When the bytes do not say.
pub fn length(content: &[u8]) -> Result<usize, ContentError> {
    match zstd_safe::get_frame_content_size(content) {
        Ok(Some(length)) => usize::try_from(length).map_err(|error| ContentError(error.to_string())),
        _ => Err(ContentError("its length is not given".into())),
    }
}

/// Reads a tail back.
///
/// # Errors
/// When the encoding is unknown (a newer server wrote it) or the bytes are damaged.
pub fn decode(encoding: i16, content: &[u8]) -> Result<String, ContentError> {
    if encoding != ZSTD_DICTIONARY_1 {
        return Err(ContentError(format!(
            "encoding {encoding} is not known to this version of the server"
        )));
    }
    let length = length(content)?;
    let bytes = DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = Some(Decompressor::with_prepared_dictionary(&DECODER).map_err(cause)?);
        }
        let decompressor = slot
            .as_mut()
            .ok_or_else(|| ContentError("no decompressor".into()))?;
        decompressor.decompress(content, length).map_err(cause)
    })?;
    String::from_utf8(bytes).map_err(|error| ContentError(error.to_string()))
}

fn member(name: &str, value: &Json, text: &mut String) {
    text.push(',');
    write_string(name, text);
    text.push(':');
    value.write(text);
}

fn cause(error: std::io::Error) -> ContentError {
    ContentError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object {
        match Json::parse(text.as_bytes()).unwrap() {
            Json::Object(object) => object,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_comes_back_is_what_was_sent_with_the_servers_own_id_version_and_time() {
        let sent = object(
            r#"{"resourceType":"Patient","meta":{"lastUpdated":"1999-01-01T00:00:00Z","versionId":"9","tag":[{"code":"a"}]},
                "id":"mine","active":true,"multipleBirthInteger":2}"#,
        );
        let (encoding, content) = encode(&tail(&sent)).unwrap();
        let patient = ResourceType::parse("Patient").unwrap();
        let at: Timestamp = "2026-11-23T08:00:00.12Z".parse().unwrap();
        assert_eq!(
            assemble(patient, "p1", 3, at, &decode(encoding, &content).unwrap()),
            concat!(
                r#"{"resourceType":"Patient","id":"p1","meta":{"versionId":"3","lastUpdated":"2026-11-23T08:00:00.120Z","#,
                r#""tag":[{"code":"a"}]},"active":true,"multipleBirthInteger":2}"#
            )
        );
    }

    #[test]
    fn a_resource_without_meta_or_members_is_whole_json() {
        let text = assemble(
            ResourceType::parse("Basic").unwrap(),
            "b",
            1,
            Timestamp::UNIX_EPOCH,
            &tail(&object(r#"{"resourceType":"Basic"}"#)),
        );
        assert_eq!(
            text,
            r#"{"resourceType":"Basic","id":"b","meta":{"versionId":"1","lastUpdated":"1970-01-01T00:00:00.000Z"}}"#
        );
    }

    /// [`IS_SHORT`] goes by these bytes.
    #[test]
    fn the_head_of_what_is_written_tells_its_length() {
        for length in [2, 255, 256, 257, 1000, SHORT, SHORT + 1, 65_791, 65_792, 1 << 20] {
            let (encoding, content) = encode(&"a".repeat(length)).unwrap();
            assert_eq!(encoding, 1);
            let is_short = match content[4] {
                32 => true,
                96 => content[6] < 127,
                _ => false,
            };
            assert_eq!(is_short, length <= SHORT, "{length}: {:?}", &content[..8]);
        }
    }

    #[test]
    fn damage_is_an_error() {
        assert!(decode(7, b"x").is_err());
        assert!(decode(ZSTD_DICTIONARY_1, b"not zstd").is_err());
        let (encoding, mut content) = encode("}}").unwrap();
        content.truncate(content.len() - 1);
        assert!(decode(encoding, &content).is_err());
    }
}
