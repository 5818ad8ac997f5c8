//! The place between two pages: the keys of the last match before it. It is opaque to clients, and holds no offset,
//! so that what is written meanwhile shifts nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::storage::StorageError;

/// The last match of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Whether the page wanted lies before this place (the `previous` link) or after it.
    pub backwards: bool,
    /// The match's `resource_key`, which decides between equal values.
    pub resource_key: i64,
    /// Its values of the sort keys, as the database writes them; `None` where it has none.
    pub values: Vec<Option<String>>,
}

impl Cursor {
    /// The place after all matches, from which the last page lies backwards: no key is as large, and what has no
    /// value of a sort key comes last.
    pub fn end(keys: usize) -> Cursor {
        Cursor {
            backwards: true,
            resource_key: i64::MAX,
            values: vec![None; keys],
        }
    }

    /// Whether it is [`end`](Self::end): nothing comes after it.
    pub fn is_end(&self) -> bool {
        self.resource_key == i64::MAX
    }

    /// Reads what [`write`](Self::write) wrote, for a search with these sort keys; `can_have` tells whether a key can have a
    /// value.
    ///
    /// # Errors
    /// [`StorageError::InvalidCursor`] for anything else.
    pub fn parse<K>(
        text: &str,
        keys: &[K],
        can_have: impl Fn(&K, &str) -> bool,
    ) -> Result<Cursor, StorageError> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_encoding| StorageError::InvalidCursor)?;
        let (backwards, resource_key, values): (bool, i64, Vec<Option<String>>) =
            serde_json::from_slice(&bytes).map_err(|_form| StorageError::InvalidCursor)?;
        let can_be = |(key, value): (&K, &Option<String>)| {
            value
                .as_deref()
                .is_none_or(|value| !value.contains('\0') && can_have(key, value))
        };
        if values.len() != keys.len() || !keys.iter().zip(&values).all(can_be) {
            return Err(StorageError::InvalidCursor);
        }
        Ok(Cursor {
            backwards,
            resource_key,
            values,
        })
    }

    /// The text for a link.
    pub fn write(&self) -> String {
        let place = serde_json::json!([self.backwards, self.resource_key, self.values]);
        URL_SAFE_NO_PAD.encode(place.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_went() {
        let cursor = Cursor {
            backwards: true,
            resource_key: -7,
            values: vec![Some("é\"".into()), None],
        };
        let parse =
            |text: &str, keys: &[&str]| Cursor::parse(text, keys, |key, value| value.starts_with(key));
        assert_eq!(parse(&cursor.write(), &["é", ""]).ok(), Some(cursor.clone()));
        assert!(parse(&cursor.write(), &["é"]).is_err());
        assert!(parse(&cursor.write(), &["e", ""]).is_err());
        for text in ["", "x", "W10", "%%%", "bnVsbA"] {
            assert!(
                matches!(parse(text, &[]), Err(StorageError::InvalidCursor)),
                "{text}"
            );
        }
    }
}
