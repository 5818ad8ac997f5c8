//! The elements of a JSON array as bytes, for an array that cannot be read as text because somewhere in it are bytes that are not UTF-8.
//! What JSON is made of (brackets, quotes, commas) is ASCII, and never part of another character.

/// The elements of the array, at most that many. Nothing if it is no array.
pub(super) fn elements(array: &[u8], most: usize) -> Option<Vec<&[u8]>> {
    let inner = array.trim_ascii().strip_prefix(b"[")?.strip_suffix(b"]")?;
    if inner.trim_ascii().is_empty() {
        return Some(Vec::new());
    }
    let mut scan = Scan::default();
    let mut elements = Vec::new();
    let mut from = 0;
    for (at, byte) in inner.iter().enumerate() {
        if scan.ends_element(*byte)? {
            elements.push(inner.get(from..at)?.trim_ascii());
            from = at + 1;
        }
        if elements.len() == most {
            return Some(elements);
        }
    }
    elements.push(inner.get(from..)?.trim_ascii());
    let complete = scan.open == 0 && !scan.in_text && elements.iter().all(|element| !element.is_empty());
    complete.then_some(elements)
}

/// Where the scan is.
#[derive(Default)]
struct Scan {
    open: usize,
    in_text: bool,
    escaped: bool,
}

impl Scan {
    /// Takes a byte; is it a comma between two elements? Nothing if a bracket closes that was never opened.
    fn ends_element(&mut self, byte: u8) -> Option<bool> {
        if self.in_text {
            self.in_text = self.escaped || byte != b'"';
            self.escaped = byte == b'\\' && !self.escaped;
            return Some(false);
        }
        match byte {
            b'"' => self.in_text = true,
            b'[' | b'{' => self.open += 1,
            b']' | b'}' => self.open = self.open.checked_sub(1)?,
            b',' => return Some(self.open == 0),
            _ => {}
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_elements_only_between_them() {
        let array = b" [ {\"a\":[1,2],\"b\":\",\\\"],\xff\"} ,5,\"x,\\\\\" ] ";
        let wanted: [&[u8]; 3] = [b"{\"a\":[1,2],\"b\":\",\\\"],\xff\"}", b"5", b"\"x,\\\\\""];
        assert_eq!(elements(array, 9).unwrap(), wanted);
        assert_eq!(elements(array, 2).unwrap(), wanted[..2]);
        assert_eq!(elements(b"[]", 9).unwrap(), Vec::<&[u8]>::new());
        for text in ["", "{}", "[", "[1,]", "[,1]", "[1,,2]", "[1]]", "[{]", "[\"]"] {
            assert_eq!(elements(text.as_bytes(), 9), None, "{text}");
        }
    }
}
