//! Two values next to each other with nothing between them, as in `add(a b)`. The crate reads a missing comma as a comma; the
//! language has none to spare. The text has been parsed before: quotes are closed, brackets match.

/// Finds the first value that follows another one directly; its place in characters, counted from 1.
pub(super) fn value_after_value(text: &str) -> Option<usize> {
    let characters: Vec<char> = text.chars().collect();
    let mut before = Before::Operator;
    let mut at = 0;
    while let Some(&character) = characters.get(at) {
        let next = characters.get(at + 1).copied();
        let begins_value = match character {
            '\'' | '"' | '`' | '@' | '*' | '{' | '(' => true,
            '&' => next != Some('&'),
            '!' => next != Some('='),
            other => other == '_' || other.is_ascii_alphanumeric(),
        };
        let is_call = character == '(' && before == Before::Name;
        if begins_value && before != Before::Operator && !is_call {
            return Some(at + 1);
        }
        let (length, after) = match character {
            '\'' | '"' | '`' => (quoted_length(&characters, at), Before::Value),
            '@' | '*' | ')' | ']' | '}' => (1, Before::Value),
            '&' | '!' if !begins_value => (2, Before::Operator),
            '_' | 'a'..='z' | 'A'..='Z' | '0'..='9' => (word_length(&characters, at), Before::Name),
            white if white.is_whitespace() => (1, before),
            _ => (1, Before::Operator),
        };
        before = after;
        at += length;
    }
    None
}

/// What the characters so far end with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Operator,
    Value,
    Name,
}

fn quoted_length(characters: &[char], from: usize) -> usize {
    let quote = characters.get(from);
    let mut at = from + 1;
    while at < characters.len() && characters.get(at) != quote {
        at += if characters.get(at) == Some(&'\\') { 2 } else { 1 };
    }
    at + 1 - from
}

fn word_length(characters: &[char], from: usize) -> usize {
    let of_word = |character: &&char| **character == '_' || character.is_ascii_alphanumeric();
    characters.iter().skip(from).take_while(of_word).count()
}
