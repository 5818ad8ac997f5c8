//! gzip, <https://www.rfc-editor.org/rfc/rfc1952>: bodies of requests and of answers. What is unpacked is bounded. Pure.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

/// Bytes that are unpacked at once.
const PART: usize = 64 << 10;

/// How much work is put into making it small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// For what is sent once.
    Little,
    /// For what is kept and sent often.
    Much,
}

/// Why packed bytes were not unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnpackError {
    /// It would have been more than the limit.
    TooLarge,
    /// There was no room for more of it.
    NoRoom,
    /// It is not gzip, or ends too early.
    Broken(String),
}

/// `plain` as gzip.
pub fn pack(plain: &[u8], effort: Effort) -> Vec<u8> {
    let level = match effort {
        Effort::Little => Compression::fast(),
        Effort::Much => Compression::best(),
    };
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 8), level);
    // Writing to a Vec cannot fail.
    encoder.write_all(plain).ok();
    encoder.finish().unwrap_or_default()
}

/// What `packed` holds, if that is at most `limit` bytes. `room` is asked before so many bytes more are kept.
///
/// # Errors
/// [`UnpackError`].
pub fn unpack(
    packed: &[u8],
    limit: usize,
    mut room: impl FnMut(usize) -> bool,
) -> Result<Vec<u8>, UnpackError> {
    let mut plain = Vec::new();
    let mut part = vec![0; PART];
    let mut decoder = MultiGzDecoder::new(packed);
    loop {
        let length = match decoder.read(&mut part) {
            Ok(0) => return Ok(plain),
            Ok(length) => length,
            Err(error) => return Err(UnpackError::Broken(error.to_string())),
        };
        if plain.len() + length > limit {
            return Err(UnpackError::TooLarge);
        }
        if !room(length) {
            return Err(UnpackError::NoRoom);
        }
        plain.extend_from_slice(&part[..length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let plain = br#"{"resourceType":"Patient"}"#.repeat(100);
        for effort in [Effort::Little, Effort::Much] {
            let packed = pack(&plain, effort);
            assert!(packed.len() < plain.len() / 10);
            assert_eq!(unpack(&packed, plain.len(), |_| true).unwrap(), plain);
        }
        // Two members one after the other are one text.
        let twice = [pack(b"ab", Effort::Little), pack(b"c", Effort::Little)].concat();
        assert_eq!(unpack(&twice, 3, |_| true).unwrap(), b"abc");
    }

    #[test]
    fn no_more_than_the_limit_is_unpacked() {
        let packed = pack(&vec![b' '; 10 << 20], Effort::Much);
        assert!(packed.len() < 20 << 10);
        for limit in [(10 << 20) - 1, 1000] {
            assert_eq!(unpack(&packed, limit, |_| true), Err(UnpackError::TooLarge));
        }
        let mut left = 1 << 20;
        let room = |bytes: usize| {
            left = usize::saturating_sub(left, bytes);
            left > 0
        };
        assert_eq!(unpack(&packed, 10 << 20, room), Err(UnpackError::NoRoom));
    }

    #[test]
    fn what_is_no_gzip_is_refused() {
        let packed = pack(b"hello", Effort::Little);
        for broken in [&b"hello"[..], b"", &packed[..packed.len() - 3], b"\x1f\x8b\x08"] {
            assert!(
                matches!(unpack(broken, 100, |_| true), Err(UnpackError::Broken(_))),
                "{broken:?}"
            );
        }
    }
}
