//! What a narrative may hold and what not, tag by tag.

use super::*;

fn checked(content: &str) -> Result<(), &'static str> {
    check(&format!("<div xmlns=\"{NAMESPACE}\">{content}</div>"))
}

#[test]
fn what_formats_and_links_passes() {
    for content in [
        "<p style=\"color: rgb(1, 2, 3); font-family: &quot;Arial&quot;; background-color:#fff\">x</p>",
        "<td style=\"background-image: url(data: image/png;base64,iVBORw0KGgo=)\">x</td>",
        "<p style=\"white-space:nowrap;null\" class=\"a\" xml:lang=\"en\" lang=\"en\" id=\"i\" dir=\"ltr\">x</p>",
        "<table border=\"0\" cellpadding=\"0\" cellspacing=\"0\"><tr><td colspan=\"2\" valign=\"top\">x</td></tr></table>",
        "<a href=\"#x\">x</a><a name=\"x\"> </a><a href=\"datatypes.html#uri\">x</a><a href=\"?a=b:c\">x</a>",
        "<a href=\"http://example.org/?a=1&amp;b=2\">x</a><a href=\"https://e.org\">x</a><a href=\"mailto:a@b.c\">x</a>",
        "<a href=\"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a\">x</a><a href=\"tel:+4912\">x</a>",
        "<img src=\"#image\" alt=\"x\"/><img src=\"help16.png\" alt=\"x\"/><img src=\"Binary/1\" alt=\"x\"/>",
        "<img src=\"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a\" alt=\"x\"/>",
        "<img src=\"data: image/png;base64,iVBORw0KGgo=\" alt=\"x\"/><img src='data:image/jpeg;base64,/9j/4A==' alt='x'/>",
        "<blockquote cite=\"http://example.org\">x</blockquote>",
    ] {
        assert_eq!(checked(content), Ok(()), "{content}");
    }
}

#[test]
fn comments_are_out_because_html_ends_them_elsewhere() {
    for content in [
        "<!-- x -->",
        "<!--><img src=\"#x\" alt=\"--\"/>-->",
        "<!--->x-->",
        "<!-- x --!><b>y</b> -->",
        "<!--[if IE]><b>x</b><![endif]-->",
    ] {
        assert_eq!(checked(content), Err(COMMENT), "{content}");
    }
    for content in ["<!DOCTYPE x>", "<![CDATA[x]]>", "<?x y?>"] {
        assert!(checked(content).is_err(), "{content}");
    }
}

#[test]
fn what_runs_or_loads_something_is_refused() {
    for content in [
        "<p onclick=\"x()\">x</p>",
        "<p ONCLICK=\"x()\">x</p>",
        "<p STYLE=\"color:red\">x</p>",
        "<td background=\"http://example.org/x.png\">x</td>",
        "<img src=\"#x\" srcset=\"http://example.org/x.png 2x\"/>",
        "<p formaction=\"javascript:x()\">x</p>",
        "<a xlink:href=\"javascript:x()\">x</a>",
        "<a xmlns:xlink=\"http://www.w3.org/1999/xlink\">x</a>",
        "<p xmlns=\"http://www.w3.org/2000/svg\">x</p>",
        "<a href=\"javascript:x()\">x</a>",
        "<a href=\"java\nscript:x()\">x</a>",
        "<a href=\"\u{1}javascript:x()\">x</a>",
        "<a href=\"javascript&#58;x()\">x</a>",
        "<a href=\"data:text/html,x\">x</a>",
        "<a href=\"DATA:text/html;base64,eA==\">x</a>",
        "<a href=\"data:image/png;base64,eA==\">x</a>",
        "<a href=\"blob:https://example.org/1\">x</a>",
        "<a href=\"file:///etc/passwd\">x</a>",
        "<a href=\"vbscript:x\">x</a>",
        "<q cite=\"javascript:x()\">x</q>",
        "<img src=\"http://example.org/x.png\" alt=\"x\"/>",
        "<img src=\"https://example.org/x.png\" alt=\"x\"/>",
        "<img src=\"//example.org/x.png\" alt=\"x\"/>",
        "<img src=\"\\\\example.org/x.png\" alt=\"x\"/>",
        "<img src=\"/\\example.org/x.png\" alt=\"x\"/>",
        "<img src=\"/\t/example.org/x.png\" alt=\"x\"/>",
        "<img src=\"&#47;/example.org/x.png\" alt=\"x\"/>",
        "<img src=\"blob:x\" alt=\"x\"/>",
        "<img src=\"data:image/svg+xml;base64,eA==\" alt=\"x\"/>",
        "<img src=\"data:text/html;base64,eA==\" alt=\"x\"/>",
        "<img src=\"data:image/png,x\" alt=\"x\"/>",
        "<img alt=\"<script>\" src=\"#x\"/>",
        "<p style=\"background: url(http://example.org/x.png)\">x</p>",
        "<p style=\"background: URL('//example.org/x.png')\">x</p>",
        "<p style=\"background: u\\72l(http://example.org)\">x</p>",
        "<p style=\"background: url&#40;http://example.org)\">x</p>",
        "<p style=\"background: image-set('http://example.org/x.png' 1x)\">x</p>",
        "<p style=\"width: expression(x())\">x</p>",
        "<p style=\"behavior: x\">x</p>",
        "<p style=\"-moz-binding: x\">x</p>",
        "<p style=\"color: red; Position : fixed; top: 0\">x</p>",
        "<p style=\"po/**/sition: fixed\">x</p>",
        "<p style=\"@import 'x'\">x</p>",
        "<p style=\"width: calc(1px\">x</p>",
        "<svg>x</svg>",
        "<form>x</form>",
        "<style>x</style>",
    ] {
        assert!(checked(content).is_err(), "{content}");
    }
}
