//! The attributes that a narrative's tags may have: those that txt-1 names, each with a value that runs and loads nothing.
//! <http://hl7.org/fhir/R4/narrative.html>

use super::{NAMESPACE, NO_NAMESPACE, style, url};

const UNKNOWN: &str = "formatting attributes only: no event handlers, background, srcset, formaction, xlink:href and the like (txt-1)";

/// Checks an attribute by its name; the error says what to write.
pub fn check(name: &str, value: &str) -> Result<(), &'static str> {
    match name {
        "xmlns" if value == NAMESPACE => Ok(()),
        "xmlns" => Err(NO_NAMESPACE),
        "style" => style::check(value),
        "src" => url::check_image(value),
        "href" | "cite" | "longdesc" => url::check_link(value),
        _ if is_plain(name) => Ok(()),
        _ => Err(UNKNOWN),
    }
}

/// The attributes of txt-1 that hold a word, a number or a text, and the language and white space of XML.
fn is_plain(name: &str) -> bool {
    matches!(
        name,
        "abbr"
            | "accesskey"
            | "align"
            | "alt"
            | "axis"
            | "bgcolor"
            | "border"
            | "cellhalign"
            | "cellpadding"
            | "cellspacing"
            | "cellvalign"
            | "char"
            | "charoff"
            | "charset"
            | "class"
            | "colspan"
            | "compact"
            | "coords"
            | "dir"
            | "frame"
            | "headers"
            | "height"
            | "hreflang"
            | "hspace"
            | "id"
            | "lang"
            | "name"
            | "nowrap"
            | "rel"
            | "rev"
            | "rowspan"
            | "rules"
            | "scope"
            | "shape"
            | "span"
            | "start"
            | "summary"
            | "tabindex"
            | "title"
            | "type"
            | "valign"
            | "value"
            | "vspace"
            | "width"
            | "xml:lang"
            | "xml:space"
    )
}
