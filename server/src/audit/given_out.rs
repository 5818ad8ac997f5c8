//! Which versions of which resources an access gave out, as short as they can be named.

/// Bytes that name one version: the key of its resource and its number, most significant bytes first.
const BYTES: usize = 8 + 4;

/// The versions that an access gave out, in the order of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GivenOut(Vec<u8>);

impl GivenOut {
    /// Those with these keys of resources and numbers.
    pub fn of(versions: impl Iterator<Item = (i64, i32)>) -> GivenOut {
        let mut bytes = Vec::with_capacity(versions.size_hint().0 * BYTES);
        for (resource_key, version) in versions {
            bytes.extend_from_slice(&resource_key.to_be_bytes());
            bytes.extend_from_slice(&version.to_be_bytes());
        }
        GivenOut(bytes)
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        u32::try_from(self.0.len() / BYTES).unwrap_or(u32::MAX)
    }

    /// What the audit trail keeps; `None` when there are none.
    pub fn bytes(&self) -> Option<&[u8]> {
        (!self.0.is_empty()).then_some(self.0.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_takes_twelve_bytes() {
        assert_eq!(GivenOut::default().bytes(), None);
        let given_out = GivenOut::of([(1 << 48 | 7, 2), (-1, 1)].into_iter());
        assert_eq!(given_out.count(), 2);
        assert_eq!(
            given_out.bytes(),
            Some(
                &[
                    0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 2, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1
                ][..]
            )
        );
    }
}
