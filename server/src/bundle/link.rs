//! The links of a page: `self` as the request was understood, and where the pages beside it are.
//! <http://hl7.org/fhir/R4/http.html#paging>

use crate::request::query_string;

/// What the parameter is called that carries a page's cursor.
pub const CURSOR: &str = "_cursor";

/// The cursors of the pages there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pages<'a> {
    /// Of this page; the first has none.
    pub current: Option<&'a str>,
    /// Of the one before.
    pub previous: Option<&'a str>,
    /// Of the one after.
    pub next: Option<&'a str>,
    /// Of the last, from which `previous` leads back.
    pub last: Option<&'a str>,
}

/// `self`, `first`, `previous`, `next` and `last`, as far as there are such pages.
pub fn links(url: &str, parameters: &[(String, String)], pages: Pages<'_>) -> Vec<(&'static str, String)> {
    let page = |cursor: Option<&str>| {
        let mut text = String::with_capacity(url.len() + 128);
        text.push_str(url);
        let mut first = true;
        for (name, value) in parameters {
            query_string::append(&mut text, &mut first, name, value);
        }
        if let Some(cursor) = cursor {
            query_string::append(&mut text, &mut first, CURSOR, cursor);
        }
        text
    };
    let mut links = vec![("self", page(pages.current))];
    if pages.current.is_some() || pages.next.is_some() {
        links.push(("first", page(None)));
    }
    let others = [
        ("previous", pages.previous),
        ("next", pages.next),
        ("last", pages.last),
    ];
    links.extend(
        others
            .into_iter()
            .filter_map(|(relation, cursor)| cursor.map(|cursor| (relation, page(Some(cursor))))),
    );
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_are_there() {
        let parameters = [("name".to_owned(), "Meier".to_owned())];
        let relations = |pages| links("http://h/Patient", &parameters, pages);
        let link = |relation, query: &str| (relation, format!("http://h/Patient?name=Meier{query}"));
        assert_eq!(relations(Pages::default()), [link("self", "")]);
        let all = relations(Pages {
            current: Some("b"),
            previous: Some("a"),
            next: Some("c"),
            last: Some("d"),
        });
        assert_eq!(
            all,
            [
                link("self", "&_cursor=b"),
                link("first", ""),
                link("previous", "&_cursor=a"),
                link("next", "&_cursor=c"),
                link("last", "&_cursor=d"),
            ]
        );
    }
}
