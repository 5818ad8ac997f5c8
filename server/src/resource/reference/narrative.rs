//! The links inside of a narrative: `href` of `a` and `src` of `img`, found without a full XHTML parser, because
//! all else of the text must stay as it was written.

use compact_str::CompactString;

/// The characters that XML writes as entities.
const ENTITIES: [(&str, &str); 5] = [
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", "\""),
    ("&apos;", "'"),
    ("&amp;", "&"),
];

/// Calls `visit` with every link of `div`, unescaped, and writes back what it changed.
pub fn for_each_link(div: &mut CompactString, visit: &mut dyn FnMut(&mut CompactString)) {
    let mut at = 0;
    while let Some(offset) = div[at..].find('<') {
        at += offset + 1;
        let attribute = match tag_name(&div[at..]) {
            "a" => "href",
            "img" => "src",
            _ => continue,
        };
        let Some((start, end)) = attribute_value(div, at, attribute) else {
            continue;
        };
        let before = unescape(&div[start..end]);
        let mut link = before.clone();
        visit(&mut link);
        if link == before {
            at = end;
        } else {
            let written = escape(&link);
            div.replace_range(start..end, &written);
            at = start + written.len();
        }
    }
}

fn tag_name(text: &str) -> &str {
    let end = text
        .find(|character: char| !character.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    &text[..end]
}

/// Where the value of `attribute` stands in the tag whose name starts at `at`; `None` when the tag has none.
fn attribute_value(text: &str, at: usize, attribute: &str) -> Option<(usize, usize)> {
    let mut position = at + tag_name(&text[at..]).len();
    loop {
        position += text[position..].len() - text[position..].trim_start().len();
        let name_length = text[position..].find(['=', '>', '<', '/', ' ', '\t', '\n', '\r'])?;
        let name = &text[position..position + name_length];
        position += name_length;
        position += text[position..].len() - text[position..].trim_start().len();
        let rest = text[position..].strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let start = text.len() - rest.len() + 1;
        let end = start + text[start..].find(quote)?;
        if name == attribute {
            return Some((start, end));
        }
        position = end + 1;
    }
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
