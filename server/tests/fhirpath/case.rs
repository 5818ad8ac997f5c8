//! The cases as the official file writes them.

use std::path::Path;

use roxmltree::{Document, Node};

/// An expression, what it is evaluated on, and what it has to give.
pub struct Case {
    pub name: String,
    /// The file of the resource; empty for none.
    pub input: String,
    pub expression: String,
    /// Whether only the truth of the result counts.
    pub is_predicate: bool,
    pub is_ordered: bool,
    pub expected: Expected,
}

/// What a case has to give.
pub enum Expected {
    /// An error of this kind.
    Error(String),
    /// Values: the type, if the case tells it, and the text.
    Values(Vec<(Option<String>, String)>),
}

/// Reads all cases of a file.
pub fn read(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let document = Document::parse(&text).unwrap();
    let tests = document.descendants().filter(|node| node.has_tag_name("test"));
    tests.map(case).collect()
}

fn case(node: Node<'_, '_>) -> Case {
    let attribute = |name: &str| node.attribute(name).unwrap_or_default();
    let expression = node
        .children()
        .find(|child| child.has_tag_name("expression"))
        .unwrap();
    let outputs = node.children().filter(|child| child.has_tag_name("output"));
    let expected = match expression.attribute("invalid") {
        Some(kind) => Expected::Error(kind.to_owned()),
        None => Expected::Values(outputs.map(output).collect()),
    };
    Case {
        name: attribute("name").to_owned(),
        input: attribute("inputfile").to_owned(),
        expression: expression.text().unwrap_or_default().to_owned(),
        is_predicate: attribute("predicate") == "true",
        is_ordered: attribute("ordered") != "false",
        expected,
    }
}

/// Dates and times are written as literals.
fn output(node: Node<'_, '_>) -> (Option<String>, String) {
    let text = node.text().unwrap_or_default();
    let text = text
        .strip_prefix("@T")
        .or_else(|| text.strip_prefix('@'))
        .unwrap_or(text);
    (node.attribute("type").map(str::to_owned), text.to_owned())
}
