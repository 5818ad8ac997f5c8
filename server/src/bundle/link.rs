//! The links of a page: `self` as the request was understood, and where the pages beside it are.
//! <http://hl7.org/fhir/R4/http.html#paging>

use crate::request::query_string;

/// What the parameter is called that carries a page's cursor.
pub const CURSOR: &str = "_cursor";

/// `self`, `first`, `previous` and `next`, as far as there are such pages.
pub fn links(
    url: &str,
    parameters: &[(String, String)],
    previous: Option<&str>,
    next: Option<&str>,
    current: Option<&str>,
) -> Vec<(&'static str, String)> {
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
    let mut links = vec![("self", page(current))];
    if current.is_some() || next.is_some() {
        links.push(("first", page(None)));
    }
    links.extend(previous.map(|cursor| ("previous", page(Some(cursor)))));
    links.extend(next.map(|cursor| ("next", page(Some(cursor)))));
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_are_there() {
        let parameters = [("name".to_owned(), "Meier".to_owned())];
        let relations = |previous, next, current| -> Vec<(&str, String)> {
            links("http://h/Patient", &parameters, previous, next, current)
        };
        assert_eq!(
            relations(None, None, None),
            [("self", "http://h/Patient?name=Meier".to_owned())]
        );
        let all = relations(Some("a"), Some("c"), Some("b"));
        assert_eq!(
            all[0],
            ("self", "http://h/Patient?name=Meier&_cursor=b".to_owned())
        );
        assert_eq!(all[1], ("first", "http://h/Patient?name=Meier".to_owned()));
        assert_eq!(
            all[2],
            ("previous", "http://h/Patient?name=Meier&_cursor=a".to_owned())
        );
        assert_eq!(
            all[3],
            ("next", "http://h/Patient?name=Meier&_cursor=c".to_owned())
        );
    }
}
