//! A doc comment says something: one of a word or two ("Its name.", "The file.") repeats what stands below it.
//! A value, a section of the standard or a link says something, however short.

use crate::{Complaint, Texts};

/// Words of a doc comment at least.
const WORDS: usize = 3;

/// Every doc comment of few words in Rust code.
pub fn check(texts: &Texts) -> Vec<Complaint> {
    texts
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| {
            comments(text)
                .filter(|(_, comment)| says_nothing(comment))
                .map(move |(line, comment)| Complaint {
                    path: format!("{path}:{line}"),
                    message: format!(
                        "\"{comment}\" says nothing; say shape, unit, section of the standard or reason"
                    ),
                })
        })
        .collect()
}

/// The doc comments of items, each with the line that it begins at.
fn comments(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut comments: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (index, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("///").map(str::trim);
        match comment {
            Some(more) if goes_on => {
                if let Some((_, comment)) = comments.last_mut() {
                    comment.push(' ');
                    comment.push_str(more);
                }
            }
            Some(first) => comments.push((index + 1, first.to_owned())),
            None => {}
        }
        goes_on = comment.is_some();
    }
    comments.into_iter()
}

fn says_nothing(comment: &str) -> bool {
    let is_plain = |character: char| character.is_alphabetic() || " .,'’-".contains(character);
    comment.chars().all(is_plain) && comment.split_whitespace().count() < WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<String> {
        let texts = Texts::from([("a.rs".to_owned(), text.to_owned())]);
        check(&texts)
            .into_iter()
            .map(|complaint| complaint.path)
            .collect()
    }

    #[test]
    fn words_that_repeat_the_name_are_refused() {
        assert_eq!(
            places("/// Its name.\nname: String,\n\n    /// Why.\n    source: Error,\n"),
            ["a.rs:1", "a.rs:4"]
        );
    }

    #[test]
    fn a_short_comment_may_say_something() {
        for comment in [
            "Microseconds since 1970.",
            "`null`",
            "<http://hl7.org/fhir/R4/http.html#read>",
            "404",
            "The file that holds the keys.",
        ] {
            assert_eq!(
                places(&format!("/// {comment}\nitem\n")),
                Vec::<String>::new(),
                "{comment}"
            );
        }
        assert_eq!(
            places("/// A file\n/// that holds keys.\nitem\n"),
            Vec::<String>::new()
        );
    }
}
