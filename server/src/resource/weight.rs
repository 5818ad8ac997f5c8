//! How much memory a resource takes as a tree of JSON: told from a text before it is parsed, and of a tree.

use compact_str::CompactString;

use super::json::{Json, MAXIMUM_DEPTH, Object};

const VALUE: usize = size_of::<Json>();
const MEMBER: usize = size_of::<(CompactString, Json)>();
/// A list that is not empty has room for so many items, and for twice as many each time it grows.
const SMALLEST: usize = 4;

/// How much memory, and how deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// In memory, roughly.
    pub bytes: usize,
    /// Levels of arrays and objects that are not empty: 0 for a string.
    pub depth: usize,
}

/// The weight of a tree. Its depth must be bounded.
pub fn of_tree(tree: &Json) -> Weight {
    match tree {
        Json::Null | Json::Bool(_) => leaf(VALUE),
        Json::Number(text) | Json::String(text) => leaf(VALUE + heap(text)),
        Json::Array(items) => items
            .iter()
            .fold(leaf(VALUE), |total, item| beneath(0, of_tree(item), total)),
        Json::Object(object) => of_object(object),
    }
}

/// As [`of_tree`].
pub fn of_object(object: &Object) -> Weight {
    object.iter().fold(leaf(VALUE), |total, (name, value)| {
        beneath(MEMBER - VALUE + name.len(), of_tree(value), total)
    })
}

/// The weight of a list or an object with one value more.
fn beneath(own: usize, inner: Weight, total: Weight) -> Weight {
    Weight {
        bytes: total.bytes + inner.bytes + own,
        depth: total.depth.max(inner.depth + 1),
    }
}

fn leaf(bytes: usize) -> Weight {
    Weight { bytes, depth: 0 }
}

fn heap(text: &CompactString) -> usize {
    if text.is_heap_allocated() {
        text.capacity()
    } else {
        0
    }
}

/// How many bytes of memory the tree of a JSON text takes, at most; the text itself not counted. Nothing is parsed: whether
/// the text is JSON does not matter.
pub fn of_text(text: &[u8]) -> usize {
    // Strings and numbers that are too long to be a part of their value, and the root.
    let mut total = text.len() + VALUE;
    let mut open = [(0, 0); MAXIMUM_DEPTH + 2];
    let mut depth = 0;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_string(&mut bytes),
            b'[' | b'{' => {
                let item = if *byte == b'[' { VALUE } else { MEMBER };
                depth += 1;
                match open.get_mut(depth) {
                    Some(container) => *container = (item, 1),
                    // It will not be parsed further than here.
                    None => return total + open.iter().map(|open| list(*open)).sum::<usize>(),
                }
            }
            b',' => open[depth].1 += 1,
            b']' | b'}' => {
                total += list(open[depth]);
                open[depth] = (0, 0);
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    total + open.iter().map(|open| list(*open)).sum::<usize>()
}

fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

fn list((item, length): (usize, usize)) -> usize {
    if length == 0 {
        return 0;
    }
    item * length.next_power_of_two().max(SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_text_is_never_lighter_than_its_tree() {
        for text in [
            "1",
            "[]",
            "{}",
            r#"{"a":"b","c":[1,2,3,4,5],"d":{"e":{}},"f":"\"],,[\\"}"#,
            &format!("[{}0]", "0,".repeat(1000)),
            &format!("[{}0]", "{\"\":0},".repeat(1000)),
            &format!("[{}[]]", "[[[]]],".repeat(1000)),
            &format!("[\"{}\"]", "a".repeat(1000)),
        ] {
            let of_tree = of_tree(&tree(text)).bytes;
            assert!(of_text(text.as_bytes()) >= of_tree, "{text}");
        }
    }

    #[test]
    fn tiny_values_weigh_much_and_long_ones_little() {
        let tiny = format!("[{}0]", "{\"\":0},".repeat(10_000));
        assert!(of_text(tiny.as_bytes()) > 20 * tiny.len());
        let long = format!("[\"{}\"]", "\\\"".repeat(10_000));
        assert!(of_text(long.as_bytes()) < long.len() + 1000);
    }

    #[test]
    fn what_is_not_json_has_a_weight_too() {
        for text in [
            "]]}}",
            "{,,",
            "\"",
            "\"\\",
            &"[".repeat(1000),
            &"{\"a\":".repeat(200),
        ] {
            assert!(of_text(text.as_bytes()) >= text.len(), "{text}");
        }
    }

    #[test]
    fn the_depth_is_that_of_the_deepest_value() {
        for (text, depth) in [("1", 0), ("[]", 0), ("[1]", 1), (r#"{"a":[1,{"b":2}],"c":3}"#, 3)] {
            assert_eq!(of_tree(&tree(text)).depth, depth, "{text}");
        }
    }
}
