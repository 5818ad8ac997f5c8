//! Labels of what the operator makes, one function for each use. Selectors of workloads can never be changed,
//! so they hold only what never changes: which kind, which object, which part.

use serde_json::{Map, Value, json};

/// Value of `app.kubernetes.io/managed-by`, and the field manager of every write.
pub const MANAGER: &str = "brazier";
/// Label selector of everything that the operator watches.
pub const MANAGED: &str = "app.kubernetes.io/managed-by=brazier";
/// Label that the pods of the operator itself carry.
pub const OPERATOR_NAME: &str = "brazier-operator";

/// Part of an application that a pod belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Component {
    /// The FHIR servers.
    Server,
    /// The members of the database.
    Database,
    /// The Job that brings the schema up to date.
    Migration,
    /// The Job that asks PostgreSQL about settings.
    ParameterCheck,
    /// The IoT connectors.
    Connector,
}

impl Component {
    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Component::Server => "server",
            Component::Database => "database",
            Component::Migration => "migration",
            Component::ParameterCheck => "parameter-check",
            Component::Connector => "connector",
        }
    }

    /// `app.kubernetes.io/name` of the application that the component is part of.
    pub fn application(self) -> &'static str {
        match self {
            Component::Server | Component::Database | Component::Migration | Component::ParameterCheck => {
                "fhir-service"
            }
            Component::Connector => "iot-connector",
        }
    }
}

/// Labels that select the pods of one component of one object.
pub fn selector(instance: &str, component: Component) -> Value {
    json!({
        "app.kubernetes.io/name": component.application(),
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/component": component.as_str(),
    })
}

/// The same as the API takes it in a list request, and as the scale subresource shows it.
pub fn selector_text(instance: &str, component: Component) -> String {
    text(selector(instance, component).as_object().into_iter().flatten())
}

fn text<'a>(labels: impl IntoIterator<Item = (&'a String, &'a Value)>) -> String {
    let pairs: Vec<String> = labels
        .into_iter()
        .filter_map(|(name, value)| value.as_str().map(|value| format!("{name}={value}")))
        .collect();
    pairs.join(",")
}

/// Labels of pods: the selector's, and who manages them.
pub fn pod(instance: &str, component: Component) -> Value {
    let mut labels = selector(instance, component);
    labels["app.kubernetes.io/managed-by"] = json!(MANAGER);
    labels["app.kubernetes.io/part-of"] = json!("brazier");
    labels
}

/// Labels of an object that belongs to the whole application rather than to one component.
pub fn application(instance: &str, application: &str) -> Map<String, Value> {
    [
        ("app.kubernetes.io/name", application),
        ("app.kubernetes.io/instance", instance),
        ("app.kubernetes.io/managed-by", MANAGER),
        ("app.kubernetes.io/part-of", "brazier"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_string(), json!(value)))
    .collect()
}

/// The same as the API takes it in a list request.
pub fn application_text(instance: &str, application: &str) -> String {
    text(&self::application(instance, application))
}

/// Label selector of the pods of the operator itself.
pub fn operator_pods() -> Value {
    json!({"app.kubernetes.io/name": OPERATOR_NAME})
}
