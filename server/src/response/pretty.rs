//! `_pretty=true`: JSON text → the same, with line breaks and indentation, part by part: it may be a hundred times as long. It
//! works on the text, so numbers keep their digits and nothing is parsed.

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes of a part, roughly.
const PART: usize = 32 << 10;

/// A JSON text, indented by two spaces a level; its parts.
#[derive(Debug)]
pub struct Pretty {
    compact: Bytes,
    place: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
    is_done: bool,
}

impl Pretty {
    /// Indents `compact`.
    pub fn new(compact: Bytes) -> Pretty {
        Pretty {
            compact,
            place: 0,
            depth: 0,
            in_string: false,
            escaped: false,
            is_done: false,
        }
    }

    fn step(&mut self, byte: u8, out: &mut BytesMut) {
        if self.in_string {
            out.put_u8(byte);
            self.in_string = self.escaped || byte != b'"';
            self.escaped = !self.escaped && byte == b'\\';
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                out.put_u8(byte);
            }
            b'{' | b'[' => {
                out.put_u8(byte);
                match self.compact.get(self.place) {
                    Some(end @ (b'}' | b']')) => {
                        out.put_u8(*end);
                        self.place += 1;
                    }
                    _ => {
                        self.depth += 1;
                        self.new_line(out);
                    }
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.new_line(out);
                out.put_u8(byte);
            }
            b',' => {
                out.put_u8(byte);
                self.new_line(out);
            }
            b':' => out.put_slice(b": "),
            _ => out.put_u8(byte),
        }
    }

    fn new_line(&self, out: &mut BytesMut) {
        out.put_u8(b'\n');
        out.put_bytes(b' ', 2 * self.depth);
    }
}

impl Iterator for Pretty {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.is_done {
            return None;
        }
        let mut out = BytesMut::with_capacity(PART + 256);
        while out.len() < PART {
            let Some(byte) = self.compact.get(self.place).copied() else {
                out.put_u8(b'\n');
                self.is_done = true;
                break;
            };
            self.place += 1;
            self.step(byte, &mut out);
        }
        Some(out.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(compact: &str) -> String {
        let parts: Vec<Bytes> = Pretty::new(Bytes::copy_from_slice(compact.as_bytes())).collect();
        String::from_utf8(parts.concat()).unwrap()
    }

    #[test]
    fn indents_and_leaves_strings_alone() {
        let compact = r#"{"a":[1.10,{"b":"x,\"{}: [\\"}],"c":{},"d":[],"é":"ü"}"#;
        let expected = "{\n  \"a\": [\n    1.10,\n    {\n      \"b\": \"x,\\\"{}: [\\\\\"\n    }\n  ],\n  \"c\": {},\n  \"d\": [],\n  \"é\": \"ü\"\n}\n";
        assert_eq!(print(compact), expected);
    }

    #[test]
    fn what_becomes_long_comes_in_parts() {
        let compact = format!("{}{}1{}", "[".repeat(90), "1,".repeat(10_000), "]".repeat(90));
        let parts: Vec<Bytes> = Pretty::new(Bytes::from(compact.clone())).collect();
        assert!(parts.len() > 10 && parts.iter().all(|part| part.len() <= PART + 256));
        let text = String::from_utf8(parts.concat()).unwrap();
        assert!(text.len() > 50 * compact.len());
        let again: String = text.split_whitespace().collect();
        assert_eq!(again, compact);
    }
}
