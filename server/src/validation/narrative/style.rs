//! The `style` attribute: txt-1 lets a narrative have it. What it says stays within the narrative: it loads nothing, runs
//! nothing, and covers nothing of the page around it.

use super::url;

const STYLE: &str = "plain styles: no url() but of a data:image, no position, expression(), behavior, binding, comments or escapes";

/// Functions that only compute a value.
const FUNCTIONS: [&str; 5] = ["rgb", "rgba", "hsl", "hsla", "calc"];

/// Properties that run something, or put the narrative over what is beside it.
const FORBIDDEN: [&str; 3] = ["position", "behavior", "-moz-binding"];

/// Checks the text of a `style` attribute.
pub fn check(text: &str) -> Result<(), &'static str> {
    // Escapes, comments and character references would let one word be read as another.
    if text.contains(['\\', '@', '<', '{', '}']) || text.contains("/*") || has_hidden(text) {
        return Err(STYLE);
    }
    let mut rest = text;
    let mut without_functions = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('(') {
        let (argument, after) = after.split_once(')').ok_or(STYLE)?;
        let name = last_word(before).to_ascii_lowercase();
        let is_plain = FUNCTIONS.contains(&name.as_str()) && !argument.contains('(');
        let is_image = name == "url" && url::is_image(argument.trim().trim_matches(['"', '\'']));
        if !is_plain && !is_image {
            return Err(STYLE);
        }
        without_functions.push_str(before);
        rest = after;
    }
    without_functions.push_str(rest);
    let is_forbidden = |declaration: &str| {
        let property = declaration.split(':').next().unwrap_or_default().trim();
        FORBIDDEN.iter().any(|name| property.eq_ignore_ascii_case(name))
    };
    if without_functions.split(';').any(is_forbidden) {
        return Err(STYLE);
    }
    Ok(())
}

/// Whether a character reference stands for anything but a quote or an ampersand.
fn has_hidden(text: &str) -> bool {
    let is_plain = |after: &str| {
        ["quot;", "apos;", "amp;", "#34;", "#39;"]
            .iter()
            .any(|name| after.starts_with(name))
    };
    !text.split('&').skip(1).all(is_plain)
}

fn last_word(text: &str) -> &str {
    let is_part = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let start = text.rfind(|character| !is_part(character)).map_or(0, |index| {
        index + text[index..].chars().next().map_or(1, char::len_utf8)
    });
    &text[start..]
}
