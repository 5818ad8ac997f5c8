//! What a Rust file names of its own crate: the paths of its imports and expressions, written out from the crate's root.
//! Not a parser of Rust: it knows comments, literals, `use` trees and paths, and leaves out the tests at a file's end.

/// A path, `["search", "value", "date"]` for `crate::search::value::date`.
pub type ModulePath = Vec<String>;

/// The paths within the crate that `text` names, for a file that is the module `module`.
pub fn named(text: &str, module: &[String]) -> Vec<ModulePath> {
    let code = without_tests(text);
    let tokens = tokens(&code);
    let mut found = Vec::new();
    let mut place = 0;
    while place < tokens.len() {
        match start(&tokens, place, module) {
            Some((base, next)) => {
                place = tree(&tokens, next, base, &mut found);
            }
            None => place += 1,
        }
    }
    found
}

/// The names of other crates that begin a path in `text`, such as `http` in `http::Method`.
pub fn crates(text: &str) -> Vec<String> {
    let code = without_tests(text);
    let tokens = tokens(&code);
    let begins = |place: usize| place == 0 || tokens.get(place - 1).is_none_or(|before| before != "::");
    (0..tokens.len())
        .filter(|place| is_name(&tokens[*place]) && begins(*place))
        .filter(|place| tokens.get(place + 1).is_some_and(|next| next == "::"))
        .map(|place| tokens[place].clone())
        .collect()
}

/// Where a path of this crate begins at `place`: what it stands for, and where its next segment is.
fn start(tokens: &[String], place: usize, module: &[String]) -> Option<(ModulePath, usize)> {
    if place > 0 && tokens.get(place - 1).is_some_and(|before| before == "::") {
        return None;
    }
    let follows = |place: usize| tokens.get(place + 1).is_some_and(|next| next == "::");
    match tokens.get(place)?.as_str() {
        "crate" if follows(place) => Some((Vec::new(), place + 2)),
        "super" if follows(place) => {
            let (mut base, mut place) = (module.to_vec(), place);
            while tokens.get(place).is_some_and(|token| token == "super") && follows(place) {
                base.pop();
                place += 2;
            }
            Some((base, place))
        }
        _ => None,
    }
}

/// Follows a path, or a tree in braces, from `place` on; gives where it ends.
fn tree(tokens: &[String], mut place: usize, mut path: ModulePath, found: &mut Vec<ModulePath>) -> usize {
    loop {
        match tokens.get(place).map(String::as_str) {
            Some("{") => {
                place += 1;
                while tokens.get(place).is_some_and(|token| token != "}") {
                    if tokens[place] == "," {
                        place += 1;
                    } else {
                        place = tree(tokens, place, path.clone(), found).max(place + 1);
                    }
                }
                return place + 1;
            }
            Some("*") => {
                found.push(path);
                return place + 1;
            }
            Some(name) if is_name(name) => {
                path.push(name.to_owned());
                place += 1;
                if tokens.get(place).is_some_and(|token| token == "::") {
                    place += 1;
                    continue;
                }
                // `use a as b`
                if tokens.get(place).is_some_and(|token| token == "as") {
                    place += 2;
                }
                found.push(path);
                return place;
            }
            _ => {
                found.push(path);
                return place;
            }
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The code before the tests at the end of a file.
fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    text.get(..end).unwrap_or(text).to_owned()
}

/// Names, `::` and single signs; neither comments nor what stands within quotation marks.
fn tokens(code: &str) -> Vec<String> {
    let characters: Vec<char> = code.chars().collect();
    let mut tokens = Vec::new();
    let mut place = 0;
    while let Some(character) = characters.get(place) {
        let rest = &characters[place..];
        place += match character {
            '/' if rest.starts_with(&['/', '/']) => until(rest, |rest| rest.first() == Some(&'\n')),
            '/' if rest.starts_with(&['/', '*']) => until(rest, |rest| rest.starts_with(&['*', '/'])) + 2,
            'r' if rest.starts_with(&['r', '#', '"']) => {
                until(rest, |rest| rest.starts_with(&['"', '#'])) + 2
            }
            '"' => text_literal(rest),
            '\'' if rest.get(1) == Some(&'\\') => until(&rest[2..], |rest| rest.first() == Some(&'\'')) + 3,
            '\'' if rest.get(2) == Some(&'\'') => 3,
            first if first.is_alphanumeric() || *first == '_' => {
                let length = until(rest, |rest| {
                    !rest
                        .first()
                        .is_some_and(|next| next.is_alphanumeric() || *next == '_')
                });
                tokens.push(rest[..length].iter().collect());
                length
            }
            ':' if rest.starts_with(&[':', ':']) => {
                tokens.push("::".to_owned());
                2
            }
            space if space.is_whitespace() => 1,
            sign => {
                tokens.push(sign.to_string());
                1
            }
        };
    }
    tokens
}

/// How many characters come before the first place at which `ends` holds.
fn until(rest: &[char], ends: impl Fn(&[char]) -> bool) -> usize {
    (0..rest.len())
        .find(|place| ends(&rest[*place..]))
        .unwrap_or(rest.len())
}

/// The length of a literal in quotation marks.
fn text_literal(rest: &[char]) -> usize {
    let mut place = 1;
    while let Some(character) = rest.get(place) {
        match character {
            '\\' => place += 2,
            '"' => return place + 1,
            _ => place += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let module = ["search".to_owned(), "date".to_owned()];
        named(text, &module)
            .into_iter()
            .map(|path| path.join("/"))
            .collect()
    }

    #[test]
    fn trees_are_written_out() {
        assert_eq!(
            paths("use crate::{a, b::{self, C, d::*}, e as f};\nuse std::fmt;"),
            ["a", "b/self", "b/C", "b/d", "e"]
        );
    }

    #[test]
    fn super_is_where_the_file_stands() {
        assert_eq!(
            paths("use super::token::Token; fn f() { super::super::audit::g() }"),
            ["search/token/Token", "audit/g"]
        );
    }

    #[test]
    fn comments_texts_and_tests_name_nothing() {
        let text = "// crate::a\n/* crate::b */ const C: &str = \"crate::c\\\"\"; const D: char = '\"'; crate::d::e();\n\
                    const F: &str = r#\"crate::\"f\"#;\n#[cfg(test)]\nmod tests { use crate::g; }";
        assert_eq!(paths(text), ["d/e"]);
    }

    #[test]
    fn other_crates_are_those_that_begin_a_path() {
        assert_eq!(
            crates("use http::{Method}; use crate::request::axum; axum::Router"),
            ["http", "crate", "axum"]
        );
    }
}
