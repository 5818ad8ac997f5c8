//! What pods read when they start, in a ConfigMap that is named by its content and cannot be changed. Another content is another
//! ConfigMap: pods of before keep theirs, also if they start again while what replaces them is being rolled out.
//! `rollout::superseded` deletes those that nobody needs any more.

use serde_json::{Value, json};

use crate::manifest::{DesiredObject, Owner, hash};

/// Files, and the name of the ConfigMap that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    name: String,
    files: Value,
}

impl Configuration {
    /// `files` is an object of texts by the names of the files; `prefix` is what the names of all ConfigMaps begin with that
    /// have held them, or will.
    pub fn new(prefix: &str, files: Value) -> Self {
        let name = format!("{prefix}{}", hash(&files));
        Configuration { name, files }
    }

    /// Name of the ConfigMap, for the volumes of pods.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ConfigMap itself.
    pub fn config_map(&self, owner: &Owner) -> DesiredObject {
        let body = json!({"data": self.files, "immutable": true});
        DesiredObject::new("v1", "ConfigMap", owner.metadata(&self.name), body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_have_the_same_name_and_others_another() {
        let name = |files: Value| Configuration::new("ward-server-", files).name;
        assert_eq!(
            name(json!({"server.yaml": "a: 1\n"})),
            "ward-server-58420fbb19970b7c"
        );
        assert_eq!(
            name(json!({"a": "1", "b": "2"})),
            name(json!({"b": "2", "a": "1"}))
        );
        assert_ne!(name(json!({"a": "1"})), name(json!({"a": "2"})));
        assert_ne!(name(json!({"a": "1"})), name(json!({"b": "1"})));
    }
}
