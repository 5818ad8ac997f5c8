//! The narrative's `div`: XHTML that is well-formed, that a browser reads as we do, and that runs and loads nothing in it,
//! <http://hl7.org/fhir/R4/narrative.html#xhtml>. A scan over the tags and the references between them; `attribute` says what
//! the tags may hold.

mod attribute;
mod style;
mod url;

/// The namespace that the outermost `div` must declare.
const NAMESPACE: &str = "http://www.w3.org/1999/xhtml";

const NOT_A_DIV: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\">…</div> around it";
const NO_NAMESPACE: &str = "xmlns=\"http://www.w3.org/1999/xhtml\" in the div";
const NOT_WELL_FORMED: &str = "well-formed XHTML: every tag closed, in order, every attribute in quotes";
const LONE_AMPERSAND: &str = "&amp; for an &, or a whole reference such as &nbsp; or &#160;";
const FORBIDDEN_ELEMENT: &str =
    "formatting elements only: no script, form, head, body, frame, object, link (txt-1)";
const COMMENT: &str = "the narrative without comments: XHTML and HTML end them at different places";

/// Checks the text of a `div`; the error says what to write.
pub fn check(text: &str) -> Result<(), &'static str> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.trim_start();
    if !rest.starts_with("<div") {
        return Err(NOT_A_DIV);
    }
    let mut is_first = true;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        check_references(before)?;
        if !is_first && open.is_empty() {
            return Err(NOT_A_DIV);
        }
        rest = if tag.starts_with("<!--") {
            return Err(COMMENT);
        } else if let Some(closing) = tag.strip_prefix("</") {
            let (name, rest) = name(closing);
            if open.pop() != Some(name) {
                return Err(NOT_WELL_FORMED);
            }
            rest.trim_start().strip_prefix('>').ok_or(NOT_WELL_FORMED)?
        } else {
            let element = opening(&tag[1..])?;
            if is_first && (element.name != "div" || !element.has_namespace) {
                return Err(if element.name == "div" {
                    NO_NAMESPACE
                } else {
                    NOT_A_DIV
                });
            }
            if !element.is_closed {
                open.push(element.name);
            }
            element.rest
        };
        is_first = false;
    }
    if !open.is_empty() {
        Err(NOT_WELL_FORMED)
    } else if !rest.trim().is_empty() {
        Err(NOT_A_DIV)
    } else {
        Ok(())
    }
}

/// Checks that each `&` begins a reference to a character.
fn check_references(text: &str) -> Result<(), &'static str> {
    let is_whole = |after: &str| {
        let name = after.split_once(';').map_or("", |(name, _)| name);
        let (digits, allowed): (&str, fn(&u8) -> bool) = match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix('x') {
                Some(hexadecimal) => (hexadecimal, u8::is_ascii_hexdigit),
                None => (number, u8::is_ascii_digit),
            },
            None => (name, u8::is_ascii_alphanumeric),
        };
        !digits.is_empty() && digits.bytes().all(|byte| allowed(&byte))
    };
    match text.split('&').skip(1).all(is_whole) {
        true => Ok(()),
        false => Err(LONE_AMPERSAND),
    }
}

/// An opening tag.
struct Opening<'text> {
    name: &'text str,
    has_namespace: bool,
    /// It ends in `/>`.
    is_closed: bool,
    rest: &'text str,
}

fn opening(text: &str) -> Result<Opening<'_>, &'static str> {
    let (name, mut rest) = name(text);
    if !is_allowed(name) {
        return Err(if name.is_empty() {
            NOT_WELL_FORMED
        } else {
            FORBIDDEN_ELEMENT
        });
    }
    let mut has_namespace = false;
    loop {
        let trimmed = rest.trim_start();
        let (is_closed, end) = match trimmed.strip_prefix("/>") {
            Some(end) => (true, Some(end)),
            None => (false, trimmed.strip_prefix('>')),
        };
        if let Some(rest) = end {
            return Ok(Opening {
                name,
                has_namespace,
                is_closed,
                rest,
            });
        }
        if trimmed.len() == rest.len() {
            return Err(NOT_WELL_FORMED);
        }
        let (attribute, value, after) = split_attribute(trimmed)?;
        check_references(value)?;
        attribute::check(attribute, value)?;
        // Any other value of it is refused.
        has_namespace |= attribute == "xmlns";
        rest = after;
    }
}

/// Name, value and what follows.
fn split_attribute(text: &str) -> Result<(&str, &str, &str), &'static str> {
    let (name, rest) = name(text);
    let value = rest
        .trim_start()
        .strip_prefix('=')
        .map(str::trim_start)
        .filter(|_| !name.is_empty())
        .ok_or(NOT_WELL_FORMED)?;
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote).ok_or(NOT_WELL_FORMED)?;
            if value.contains('<') {
                return Err(NOT_WELL_FORMED);
            }
            return Ok((name, value, rest));
        }
    }
    Err(NOT_WELL_FORMED)
}

/// The name at the start, and what follows it.
fn name(text: &str) -> (&str, &str) {
    let end = text
        .find(|character: char| !(character.is_alphanumeric() || matches!(character, '-' | '_' | ':' | '.')))
        .unwrap_or(text.len());
    text.split_at(end)
}

/// The elements of HTML that txt-1 lets a narrative have.
fn is_allowed(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "big"
            | "blockquote"
            | "br"
            | "caption"
            | "cite"
            | "code"
            | "col"
            | "colgroup"
            | "dd"
            | "dfn"
            | "div"
            | "dl"
            | "dt"
            | "em"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "i"
            | "img"
            | "li"
            | "ol"
            | "p"
            | "pre"
            | "q"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "tt"
            | "ul"
            | "var"
    )
}

#[cfg(test)]
mod tests;
