//! Where a narrative's links may lead, and what its images may be. A link is followed by a reader who wants to; an image is
//! loaded by whoever looks at the narrative, so it is one of this server or part of the narrative itself.

const LINK: &str = "links that are relative or begin with http:, https:, ftp:, mailto:, tel: or urn:";
const IMAGE: &str = "images as #id, as a relative link such as Binary/1, or as data:image/png;base64 (gif, jpeg, webp); others are not loaded";

/// The formats of images that hold no scripts.
const IMAGES: [&str; 5] = ["png", "gif", "jpeg", "jpg", "webp"];

/// Checks the `href` of an `a` and its like.
pub fn check_link(link: &str) -> Result<(), &'static str> {
    match scheme(&seen(link)).ok_or(LINK)? {
        None => Ok(()),
        Some(scheme) => {
            let known = ["http", "https", "ftp", "mailto", "tel", "urn"];
            known.contains(&scheme.as_str()).then_some(()).ok_or(LINK)
        }
    }
}

/// Checks the `src` of an `img`.
pub fn check_image(link: &str) -> Result<(), &'static str> {
    let seen = seen(link);
    match scheme(&seen).ok_or(IMAGE)?.as_deref() {
        // Two slashes begin the name of another host, and browsers take a backslash for one.
        None if !seen.starts_with("//") && !seen.contains('\\') => Ok(()),
        // The full URL of a transaction's entry.
        Some("urn") => Ok(()),
        Some("data") if is_image(link) => Ok(()),
        _ => Err(IMAGE),
    }
}

/// Whether `link` is a `data:` URL that holds an image without scripts, <https://www.rfc-editor.org/rfc/rfc2397>.
pub fn is_image(link: &str) -> bool {
    let rest = link.trim().strip_prefix("data:").map(str::trim_start);
    let parts = rest
        .and_then(|rest| rest.strip_prefix("image/"))
        .and_then(|rest| rest.split_once(";base64,"));
    parts.is_some_and(|(format, data)| {
        let is_base64 = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=') || byte.is_ascii_whitespace()
        };
        IMAGES.contains(&format) && data.bytes().all(is_base64)
    })
}

/// A link as browsers see it: they pass over white space and control characters.
fn seen(link: &str) -> String {
    link.chars().filter(|character| *character > ' ').collect()
}

/// The scheme in lower case; nothing for a relative link. `None` when character references stand where the scheme would.
fn scheme(link: &str) -> Option<Option<String>> {
    let end = link.find([':', '/', '?', '#']).unwrap_or(link.len());
    let (before, after) = link.split_at(end);
    if before.contains('&') {
        return None;
    }
    Some(after.starts_with(':').then(|| before.to_ascii_lowercase()))
}
