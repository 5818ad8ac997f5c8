//! Writes a Bundle as JSON text. Resources are taken over as the text in which they are stored; nothing is parsed.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::resource::json::write_string;

/// A Bundle that is being written.
pub struct BundleWriter {
    out: String,
    has_entries: bool,
}

impl BundleWriter {
    /// Begins a Bundle of type `kind`; `capacity` is about how many bytes its resources have.
    pub fn new(kind: &str, moment: Timestamp, capacity: usize) -> BundleWriter {
        let mut out = String::with_capacity(capacity + 512);
        let id = uuid::Uuid::new_v4();
        // Writing to a String cannot fail, here and below.
        write!(
            out,
            "{{\"resourceType\":\"Bundle\",\"id\":\"{id}\",\"meta\":{{\"lastUpdated\":\"{moment:.3}\"}},\"type\":\"{kind}\""
        )
        .ok();
        BundleWriter {
            out,
            has_entries: false,
        }
    }

    /// `Bundle.total`
    pub fn total(&mut self, total: u64) {
        write!(self.out, ",\"total\":{total}").ok();
    }

    /// `Bundle.link`
    pub fn links(&mut self, links: &[(&str, String)]) {
        for (index, (relation, url)) in links.iter().enumerate() {
            self.out.push_str(if index == 0 { ",\"link\":[" } else { "," });
            write!(self.out, "{{\"relation\":\"{relation}\",\"url\":").ok();
            write_string(url, &mut self.out);
            self.out.push('}');
        }
        if !links.is_empty() {
            self.out.push(']');
        }
    }

    /// The next `Bundle.entry`; `write` gives its members.
    pub fn entry(&mut self, write: impl FnOnce(&mut EntryWriter<'_>)) {
        self.out
            .push_str(if self.has_entries { ",{" } else { ",\"entry\":[{" });
        self.has_entries = true;
        let mut entry = EntryWriter {
            out: &mut self.out,
            has_members: false,
        };
        write(&mut entry);
        self.out.push('}');
    }

    /// The JSON text.
    pub fn finish(mut self) -> String {
        self.out.push_str(if self.has_entries { "]}" } else { "}" });
        self.out
    }
}

/// An entry that is being written.
pub struct EntryWriter<'a> {
    out: &'a mut String,
    has_members: bool,
}

impl EntryWriter<'_> {
    /// A member with a text value.
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        write_string(value, self.out);
    }

    /// A member with a value that is JSON text already.
    pub fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.push_str(json);
    }

    /// `fullUrl` of a resource of this server.
    pub fn full_url(&mut self, base_url: &str, resource_type: &str, id: &str) {
        self.name("fullUrl");
        write_string(base_url, self.out);
        // The quote that write_string has put at the end makes way for the rest.
        self.out.pop();
        write!(self.out, "/{resource_type}/{id}\"").ok();
    }

    /// A member that is an object.
    pub fn object(&mut self, name: &str, write: impl FnOnce(&mut EntryWriter<'_>)) {
        self.name(name);
        self.out.push('{');
        write(&mut EntryWriter {
            out: self.out,
            has_members: false,
        });
        self.out.push('}');
    }

    fn name(&mut self, name: &str) {
        if std::mem::replace(&mut self.has_members, true) {
            self.out.push(',');
        }
        write!(self.out, "\"{name}\":").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Json;

    #[test]
    fn what_is_written_is_json() {
        let mut writer = BundleWriter::new("searchset", Timestamp::UNIX_EPOCH, 0);
        writer.total(2);
        writer.links(&[("self", "http://h/Patient?name=\"".to_owned())]);
        for id in ["a", "b"] {
            writer.entry(|entry| {
                entry.full_url("http://h", "Patient", id);
                entry.json("resource", "{\"n\":1.10}");
                entry.object("search", |search| search.text("mode", "match"));
            });
        }
        let text = writer.finish();
        let bundle = Json::parse(text.as_bytes()).unwrap();
        assert_eq!(bundle.to_text(), text);
        let expected = concat!(
            r#""type":"searchset","total":2,"link":[{"relation":"self","url":"http://h/Patient?name=\""}],"#,
            r#""entry":[{"fullUrl":"http://h/Patient/a","resource":{"n":1.10},"search":{"mode":"match"}},"#,
            r#"{"fullUrl":"http://h/Patient/b","resource":{"n":1.10},"search":{"mode":"match"}}]}"#
        );
        assert_eq!(text.split_once("},").unwrap().1, expected);
    }

    #[test]
    fn an_empty_bundle_has_no_empty_arrays() {
        let mut writer = BundleWriter::new("history", Timestamp::UNIX_EPOCH, 0);
        writer.links(&[]);
        assert!(writer.finish().ends_with("\"type\":\"history\"}"));
    }
}
