//! What others have written into an object of ours. The API server keeps a book of who wrote which field
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>): what is in it under another name
//! and is not wanted has to go again, and what is wanted and no longer ours has to be written again. Defaults of the API
//! server are under nobody's name, so they never look like a change.

use serde_json::Value;

use crate::labels::MANAGER;

/// What others may write: it says nothing of how the object works, or is theirs to say. Paths as the API writes them.
const OTHERS: [&[&str]; 6] = [
    &["metadata"],
    &["status"],
    &["secrets"],
    &["imagePullSecrets"],
    &["spec", "template", "metadata", "annotations"],
    &["spec", "healthCheckNodePort"],
];
/// But of the metadata this decides when the object goes.
const OWNERS: &str = "ownerReferences";

/// What is to be done about an object that others have written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meddling {
    /// Fields and items that nobody wants, as JSON Pointers, in an order in which they can be removed one after the other.
    pub additions: Vec<String>,
    /// Whether something that is wanted was written by somebody else since.
    pub overwritten: bool,
}

/// What others have written into `live` that `desired` does not say.
pub fn meddling(live: &Value, desired: &Value) -> Meddling {
    let entries = live["metadata"]["managedFields"].as_array();
    let (ours, others): (Vec<&Value>, Vec<&Value>) = entries
        .into_iter()
        .flatten()
        .filter(|entry| entry["subresource"].as_str().unwrap_or_default().is_empty())
        .partition(|entry| entry["manager"] == MANAGER && entry["operation"] == "Apply");
    let ours = ours.first().map(|entry| &entry["fieldsV1"]);
    let mut walk = Walk::default();
    for entry in others {
        let mut path = Vec::new();
        walk.object(&entry["fieldsV1"], live, desired, ours, &mut path);
    }
    walk.finish()
}

#[derive(Default)]
struct Walk {
    additions: Vec<Vec<String>>,
    overwritten: bool,
}

impl Walk {
    /// Goes through the fields that somebody else has written below `path`.
    fn object(
        &mut self,
        fields: &Value,
        live: &Value,
        desired: &Value,
        ours: Option<&Value>,
        path: &mut Vec<String>,
    ) {
        for (key, below) in fields.as_object().into_iter().flatten() {
            let Some(step) = step(key, live, desired) else {
                continue;
            };
            path.push(step.segment);
            if !is_theirs(path) || is_metadata(path) {
                let ours = ours.and_then(|ours| ours.get(key));
                match step.desired {
                    None => self.additions.push(path.clone()),
                    Some(desired) if has_fields(below) => self.object(below, step.live, desired, ours, path),
                    Some(_) => self.overwritten |= ours.is_none(),
                }
            }
            path.pop();
        }
    }

    fn finish(mut self) -> Meddling {
        // Items at the end of a list go first, and so do fields within what goes as a whole.
        self.additions.sort_by_key(|path| std::cmp::Reverse(order(path)));
        self.additions.dedup();
        Meddling {
            additions: self.additions.iter().map(|path| pointer(path)).collect(),
            overwritten: self.overwritten,
        }
    }
}

/// One step of a path in the book, as it is in the object.
struct Step<'a> {
    segment: String,
    live: &'a Value,
    desired: Option<&'a Value>,
}

/// `f:name` is a field, `k:{…}` the item of a list with these keys, `v:…` the item with this value; `.` is the thing itself.
/// `None` for what is no step, or is not in the object any more.
fn step<'a>(key: &str, live: &'a Value, desired: &'a Value) -> Option<Step<'a>> {
    if let Some(name) = key.strip_prefix("f:") {
        return Some(Step {
            segment: name.to_string(),
            live: live.get(name)?,
            desired: desired.get(name).filter(|wanted| !wanted.is_null()),
        });
    }
    let matches: Box<dyn Fn(&Value) -> bool> = if let Some(keys) = key.strip_prefix("k:") {
        let keys: Value = serde_json::from_str(keys).ok()?;
        Box::new(move |item| {
            keys.as_object()
                .is_some_and(|keys| keys.iter().all(|(name, value)| &item[name] == value))
        })
    } else {
        let value: Value = serde_json::from_str(key.strip_prefix("v:")?).ok()?;
        Box::new(move |item| *item == value)
    };
    let (index, live) = live
        .as_array()?
        .iter()
        .enumerate()
        .find(|(_, item)| matches(item))?;
    Some(Step {
        segment: index.to_string(),
        live,
        desired: desired
            .as_array()
            .and_then(|items| items.iter().find(|item| matches(item))),
    })
}

fn is_theirs(path: &[String]) -> bool {
    OTHERS
        .iter()
        .any(|theirs| path.len() >= theirs.len() && path.iter().zip(*theirs).all(|(one, other)| one == other))
}

/// The way to the owner references, and what is in them.
fn is_metadata(path: &[String]) -> bool {
    path.first().is_some_and(|first| first == "metadata") && path.get(1).is_none_or(|second| second == OWNERS)
}

fn has_fields(below: &Value) -> bool {
    below
        .as_object()
        .is_some_and(|fields| fields.keys().any(|key| key != "."))
}

/// Numbers by their value, so that item 10 comes after item 9.
fn order(path: &[String]) -> Vec<(u64, String)> {
    path.iter()
        .map(|segment| (segment.parse().unwrap_or_default(), segment.clone()))
        .collect()
}

/// <https://www.rfc-editor.org/rfc/rfc6901#section-3>
fn pointer(path: &[String]) -> String {
    path.iter()
        .map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn live(object: &Value, theirs: &Value) -> Value {
        let mut live = object.clone();
        live["metadata"]["managedFields"] = json!([
            {"manager": MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {
                "f:selector": {"f:app": {}},
                "f:ports": {"k:{\"port\":443,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}},
            }}},
            {"manager": "somebody", "operation": "Update", "fieldsV1": theirs},
        ]);
        live
    }

    fn desired() -> Value {
        json!({"spec": {"selector": {"app": "ward"}, "ports": [{"port": 443, "protocol": "TCP"}]}})
    }

    fn additions(object: &Value, theirs: &Value) -> Vec<String> {
        meddling(&live(object, theirs), &desired()).additions
    }

    #[test]
    fn another_key_of_a_selector_goes() {
        let object = json!({"spec": {"selector": {"app": "ward", "a/b": "x"}}});
        let theirs = json!({"f:spec": {"f:selector": {"f:a/b": {}}}});
        assert_eq!(additions(&object, &theirs), ["/spec/selector/a~1b"]);
    }

    #[test]
    fn items_that_were_added_go_from_the_end() {
        let port = |port: u16| json!({"port": port, "protocol": "TCP"});
        let object = json!({"spec": {"ports": [port(1), port(443), port(2)]}});
        let theirs = json!({"f:spec": {"f:ports": {
            "k:{\"port\":1,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
            "k:{\"port\":2,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}},
        }}});
        assert_eq!(additions(&object, &theirs), ["/spec/ports/2", "/spec/ports/0"]);
    }

    #[test]
    fn a_whole_part_that_nobody_wants_goes_at_once() {
        let object = json!({"spec": {"strategy": {"type": "OnDelete"}, "paused": true}});
        let theirs = json!({"f:spec": {"f:paused": {}, "f:strategy": {"f:type": {}}}});
        assert_eq!(additions(&object, &theirs), ["/spec/strategy", "/spec/paused"]);
    }

    #[test]
    fn what_others_may_write_stays() {
        let object = json!({
            "metadata": {"labels": {"team": "a"}, "annotations": {"b": "c"}, "finalizers": ["x/y"]},
            "spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}},
            "secrets": [{"name": "token"}],
            "status": {"replicas": 1},
        });
        let theirs = json!({
            "f:metadata": {"f:labels": {"f:team": {}}, "f:annotations": {"f:b": {}}, "f:finalizers": {"v:\"x/y\"": {}}},
            "f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:restarted": {}}}}},
            "f:secrets": {"k:{\"name\":\"token\"}": {".": {}}},
            "f:status": {"f:replicas": {}},
        });
        let desired = json!({
            "metadata": {"name": "ward"},
            "spec": {"template": {"metadata": {"annotations": {"a": "1"}}}},
        });
        assert_eq!(meddling(&live(&object, &theirs), &desired), Meddling::default());
    }

    #[test]
    fn another_owner_goes() {
        let object = json!({"metadata": {"ownerReferences": [{"uid": "1"}, {"uid": "2"}]}});
        let theirs = json!({"f:metadata": {"f:ownerReferences": {"k:{\"uid\":\"2\"}": {}}}});
        let desired = json!({"metadata": {"ownerReferences": [{"uid": "1"}]}});
        let found = meddling(&live(&object, &theirs), &desired);
        assert_eq!(found.additions, ["/metadata/ownerReferences/1"]);
    }

    #[test]
    fn a_list_that_somebody_else_has_written_as_a_whole_is_written_again() {
        let object = json!({"spec": {"selector": {"app": "ward"}, "args": ["a"]}});
        let desired = json!({"spec": {"selector": {"app": "ward"}, "args": ["a"]}});
        let found = meddling(&live(&object, &json!({"f:spec": {"f:args": {}}})), &desired);
        assert!(found.overwritten);
        // Who only says the same as we do has overwritten nothing.
        let found = meddling(
            &live(&object, &json!({"f:spec": {"f:selector": {"f:app": {}}}})),
            &desired,
        );
        assert!(!found.overwritten);
    }
}
