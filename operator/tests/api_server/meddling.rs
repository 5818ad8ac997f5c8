//! What somebody may do to an object: every change, removal and addition of a field that the operator has written, and what
//! decides beside those.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// What is done beside what the operator writes: kind, and a merge patch.
pub fn additions() -> Vec<(&'static str, Value)> {
    let pod = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let mut rows = vec![
        ("Service", json!({"spec": {"selector": {"nobody": "has-this"}}})),
        ("Service", json!({"spec": {"type": "NodePort"}})),
        ("Service", json!({"spec": {"sessionAffinity": "ClientIP"}})),
        ("Service", json!({"spec": {"externalIPs": ["198.18.7.7"]}})),
        ("Service", json!({"spec": {"publishNotReadyAddresses": true}})),
        ("Service", json!({"spec": {"internalTrafficPolicy": "Local"}})),
        ("ServiceAccount", json!({"automountServiceAccountToken": true})),
        ("ConfigMap", json!({"data": {"more": "x"}})),
        ("ConfigMap", json!({"binaryData": {"bytes": "AAAA"}})),
        ("ConfigMap", json!({"immutable": true})),
        ("Deployment", json!({"spec": {"paused": true}})),
        ("Deployment", json!({"spec": {"minReadySeconds": 900}})),
        (
            "StatefulSet",
            json!({"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": null}}}),
        ),
        (
            "StatefulSet",
            json!({"spec": {"updateStrategy": {"rollingUpdate": {"partition": 3}}}}),
        ),
        ("StatefulSet", json!({"spec": {"minReadySeconds": 900}})),
        (
            "NetworkPolicy",
            json!({"spec": {"policyTypes": ["Ingress", "Egress"]}}),
        ),
        (
            "NetworkPolicy",
            json!({"spec": {"podSelector": {"matchExpressions": [{"key": "x", "operator": "Exists"}]}}}),
        ),
        (
            "PodDisruptionBudget",
            json!({"spec": {"selector": {"matchLabels": {"nobody": "has-this"}}}}),
        ),
    ];
    for workload in ["Deployment", "StatefulSet"] {
        rows.extend([
            (workload, pod(json!({"nodeSelector": {"nowhere": "x"}}))),
            (workload, pod(json!({"hostNetwork": true}))),
            (workload, pod(json!({"shareProcessNamespace": true}))),
            (
                workload,
                pod(json!({"priorityClassName": "system-node-critical"})),
            ),
            (workload, pod(json!({"tolerations": [{"operator": "Exists"}]}))),
            (workload, pod(json!({"dnsPolicy": "Default"}))),
            (
                workload,
                pod(json!({"hostAliases": [{"ip": "127.0.0.1", "hostnames": ["x"]}]})),
            ),
            (
                workload,
                json!({"spec": {"template": {"metadata": {"labels": {"more": "x"}}}}}),
            ),
        ]);
    }
    rows
}

/// What is done to the first container of a workload, as JSON Patches.
pub fn container_additions() -> Vec<Value> {
    let add = |field: &str, value: Value| json!([{"op": "add", "path": format!("/spec/template/spec/containers/0/{field}"), "value": value}]);
    vec![
        add("command", json!(["sleep", "1"])),
        add("workingDir", json!("/tmp")),
        add("envFrom", json!([{"configMapRef": {"name": "x"}}])),
        add("resources/limits/cpu", json!("1m")),
        add("lifecycle/postStart", json!({"exec": {"command": ["true"]}})),
        add("stdin", json!(true)),
        json!([{"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "more", "image": "x"}}]),
        json!([{"op": "add", "path": "/spec/template/spec/initContainers", "value": [{"name": "more", "image": "x"}]}]),
    ]
}

/// One change of one object.
#[derive(Clone, Debug)]
pub struct Edit {
    pub what: String,
    pub patch: Value,
}

/// Changes of the fields of an object that the operator has written, as the API server's book has them.
pub fn edits(fields: &Value, live: &Value, path: &str, edits: &mut Vec<Edit>) {
    let mut push = |how: &str, patch: Value| {
        edits.push(Edit {
            what: format!("{path} {how}"),
            patch,
        });
    };
    let replaced = match live {
        Value::String(text) => Some(json!(format!("{text}x"))),
        Value::Number(number) => number.as_i64().map(|number| json!(number + 1)),
        Value::Bool(yes) => Some(json!(!yes)),
        _ => None,
    };
    if let Some(value) = replaced {
        push(
            "changed",
            json!([{"op": "replace", "path": path, "value": value}]),
        );
    }
    if path.len() > 1 {
        push("removed", json!([{"op": "remove", "path": path}]));
    }
    match live {
        Value::Object(_) if path.len() > 1 => {
            push(
                "extended",
                json!([{"op": "add", "path": format!("{path}/meddled"), "value": "x"}]),
            );
        }
        Value::Array(items) => {
            if let Some(item) = items.last() {
                push(
                    "extended",
                    json!([{"op": "add", "path": format!("{path}/-"), "value": another(item)}]),
                );
            }
        }
        _ => {}
    }
    for (key, below) in fields.as_object().into_iter().flatten() {
        let step = if let Some(name) = key.strip_prefix("f:") {
            live.get(name)
                .map(|live| (name.replace('~', "~0").replace('/', "~1"), live))
        } else if let Some(keys) = key.strip_prefix("k:") {
            let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap();
            let items = live.as_array().unwrap().iter().enumerate();
            let mut items = items.filter(|(_, item)| keys.iter().all(|(name, value)| &item[name] == value));
            items.next().map(|(index, live)| (index.to_string(), live))
        } else {
            None
        };
        if let Some((segment, live)) = step {
            self::edits(below, live, &format!("{path}/{segment}"), edits);
        }
    }
}

/// An item like this one that a list can have besides.
fn another(item: &Value) -> Value {
    let mut other = item.clone();
    match &mut other {
        Value::String(text) => text.push('x'),
        Value::Object(fields) => {
            for name in ["name", "mountPath", "uid", "topologyKey"] {
                if let Some(Value::String(text)) = fields.get_mut(name) {
                    text.push('x');
                }
            }
            for name in ["port", "containerPort"] {
                if let Some(Value::Number(number)) = fields.get(name).cloned() {
                    fields.insert(name.to_string(), json!(number.as_i64().unwrap() + 1));
                }
            }
        }
        _ => {}
    }
    other
}

/// All of an object that is not somebody else's to say: docs/operator.md has the list.
pub fn decides(live: &Value, before: &Value) -> Value {
    let mut object = live.clone();
    object.as_object_mut().unwrap().retain(|name, _| {
        !["apiVersion", "kind", "status", "secrets", "imagePullSecrets"].contains(&name.as_str())
    });
    // Of labels those that we wrote, of the pods' annotations likewise.
    let only = |live: &Value, wanted: &Value| -> Value {
        let wanted: BTreeSet<&String> = wanted
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
            .collect();
        live.as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| wanted.contains(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    object["metadata"] = json!({
        "labels": only(&live["metadata"]["labels"], &before["metadata"]["labels"]),
        "ownerReferences": live["metadata"]["ownerReferences"],
    });
    if live["spec"]["template"]["metadata"]["annotations"].is_object() {
        object["spec"]["template"]["metadata"]["annotations"] = only(
            &live["spec"]["template"]["metadata"]["annotations"],
            &before["spec"]["template"]["metadata"]["annotations"],
        );
    }
    object
}
