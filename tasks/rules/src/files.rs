//! A file opens with what lives in it and why, is of a length that one concept needs, and lies in no drawer.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Complaint, Texts};

/// Lines of a file at most.
const LIMIT: usize = 400;

/// Names that say nothing of what is inside.
const DRAWERS: [&str; 6] = ["util", "utils", "common", "helper", "helpers", "misc"];

/// Every file that breaks a rule, and every Go package of which no file says what it is for.
pub fn check(texts: &Texts) -> Vec<Complaint> {
    let code = |path: &&String| path.ends_with(".rs") || path.ends_with(".go");
    let mut complaints: Vec<Complaint> = texts
        .iter()
        .filter(|(path, _)| code(path))
        .flat_map(|(path, text)| {
            [length(text), opening(path, text), drawer(path)]
                .into_iter()
                .flatten()
                .map(|message| Complaint {
                    path: path.clone(),
                    message,
                })
        })
        .collect();
    complaints.extend(packages(texts));
    complaints
}

fn length(text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LIMIT)
        .then(|| format!("{lines} lines; find the concepts in it and give each a file (limit {LIMIT})"))
}

fn opening(path: &str, text: &str) -> Option<String> {
    (path.ends_with(".rs") && !text.starts_with("//!"))
        .then(|| "open it with two or three //! lines: what lives here, and why".to_owned())
}

fn drawer(path: &str) -> Option<String> {
    let mut names = path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    names
        .find(|name| DRAWERS.contains(name))
        .map(|name| format!("\"{name}\" is a drawer; name it for what it holds"))
}

fn packages(texts: &Texts) -> Vec<Complaint> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, text) in texts.iter().filter(|(path, _)| path.ends_with(".go")) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        folders.entry(folder).or_default().push(text);
    }
    let says = |text: &&str| {
        text.lines()
            .any(|line| line.starts_with("// Package ") || line.starts_with("// Command "))
    };
    let silent: BTreeSet<&str> = folders
        .into_iter()
        .filter(|(_, texts)| !texts.iter().any(says))
        .map(|(folder, _)| folder)
        .collect();
    let complain = |folder: &str| Complaint {
        path: folder.to_owned(),
        message: "no file says what the package is for".to_owned(),
    };
    silent.into_iter().map(complain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let texts = Texts::from([(path.to_owned(), text.to_owned())]);
        check(&texts)
            .into_iter()
            .map(|complaint| complaint.message)
            .collect()
    }

    #[test]
    fn a_file_that_has_outgrown_its_concept_is_refused() {
        let text = |lines: usize| format!("//! Parses dates.\n{}", "\n".repeat(lines - 1));
        assert_eq!(complaints("a/src/date.rs", &text(400)), Vec::<String>::new());
        assert_eq!(
            complaints("a/src/date.rs", &text(401)),
            ["401 lines; find the concepts in it and give each a file (limit 400)"]
        );
    }

    #[test]
    fn a_file_says_what_it_holds_and_has_a_name_that_says_it() {
        assert_eq!(
            complaints("a/src/date.rs", "use b;\n"),
            ["open it with two or three //! lines: what lives here, and why"]
        );
        for path in ["a/src/utils/date.rs", "a/src/helpers.rs"] {
            assert!(
                complaints(path, "//! Dates.\n")[0].contains("is a drawer"),
                "{path}"
            );
        }
        assert_eq!(
            complaints("a/src/utility_bills.rs", "//! Bills.\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_go_package_says_what_it_is_for() {
        assert_eq!(
            complaints("a/b/c.go", "package b\n"),
            ["no file says what the package is for"]
        );
        assert_eq!(
            complaints("a/b/c.go", "// Package b counts.\npackage b\n"),
            Vec::<String>::new()
        );
    }
}
