//! The links inside of a narrative: `href` of `a` and `src` of `img`, found without a full XHTML parser, because
//! all else of the text must stay as it was written.

use std::ops::Range;

use compact_str::CompactString;

/// The characters that XML writes as entities.
const ENTITIES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&apos;", "'"),
    ("&amp;", "&"),
];

/// Calls `visit` with every link of `div`, unescaped, and writes back what it changed. It goes over the text once,
/// however many links there are.
pub fn for_each_link(div: &mut CompactString, visit: &mut dyn FnMut(&mut CompactString)) {
    let mut written = String::new();
    // What of `div` is in `written` already, and how far it has been looked at.
    let (mut copied, mut at) = (0, 0);
    while let Some(offset) = div[at..].find('<') {
        at += offset + 1;
        let attribute = match tag_name(&div[at..]) {
            "a" => "href",
            "img" => "src",
            _ => continue,
        };
        let place = match attribute_value(div, at, attribute) {
            Ok(place) => place,
            Err(end) => {
                at = end;
                continue;
            }
        };
        at = place.end;
        let before = unescape(&div[place.clone()]);
        let mut link = before.clone();
        visit(&mut link);
        if link != before {
            written.push_str(&div[copied..place.start]);
            written.push_str(&escape(&link));
            copied = place.end;
        }
    }
    if copied > 0 {
        written.push_str(&div[copied..]);
        *div = CompactString::from(written);
    }
}

fn tag_name(text: &str) -> &str {
    let end = text
        .find(|character: char| !character.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    &text[..end]
}

/// Where the value of `attribute` stands in the tag whose name starts at `at`; where the tag's attributes end when it
/// has none.
fn attribute_value(text: &str, at: usize, attribute: &str) -> Result<Range<usize>, usize> {
    let mut position = at + tag_name(&text[at..]).len();
    while let Some((name, place)) = next_attribute(text, position) {
        if name == attribute {
            return Ok(place);
        }
        position = place.end + 1;
    }
    Err(position)
}

/// Name and place of the value of the attribute at `position`.
fn next_attribute(text: &str, position: usize) -> Option<(&str, Range<usize>)> {
    let rest = text[position..].trim_start();
    let (name, rest) = rest.split_at(rest.find(['=', '>', '<', '/', ' ', '\t', '\n', '\r'])?);
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let start = text.len() - rest.len() + 1;
    let end = start + text[start..].find(quote)?;
    Some((name, start..end))
}

fn unescape(text: &str) -> CompactString {
    let mut plain = CompactString::from(text);
    if plain.contains('&') {
        for (entity, character) in ENTITIES {
            plain = plain.replace(entity, character).into();
        }
    }
    plain
}

fn escape(text: &str) -> CompactString {
    let mut escaped = CompactString::from(text);
    for (entity, character) in ENTITIES.iter().rev() {
        if escaped.contains(character) {
            escaped = escaped.replace(character, entity).into();
        }
    }
    escaped
}
