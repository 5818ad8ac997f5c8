//! Which settings of PostgreSQL a tenant may write, by what each can do, and why each other one is left out. What is new in
//! a later PostgreSQL is in neither table, and so refused until somebody has looked at it.

mod allowed;
mod left_out;

use serde_json::{Value, json};

pub use allowed::ALLOWED;
pub use left_out::{Group, LEFT_OUT};

/// Why a setting cannot be written; `None` if it can be.
pub fn refusal(name: &str) -> Option<String> {
    if ALLOWED.contains(&name) {
        return None;
    }
    let group = LEFT_OUT.iter().find(|group| group.names.contains(&name));
    Some(match group {
        Some(group) => format!("{name} is not for tenants: {}", group.why),
        None => format!("{name} is not known as a setting of PostgreSQL 17"),
    })
}

/// The rules of `parameters` in the schema: one for the form of names, one for each reason, and one for names that nobody
/// knows.
pub fn rules() -> Vec<Value> {
    let mut rules = vec![json!({
        "rule": "self.all(name, name.matches('^[A-Za-z][A-Za-z0-9_]*([.][A-Za-z0-9_]+)?$'))",
        "message": "a parameter is named as in the PostgreSQL manual: letters, digits and underscores"
    })];
    let listed = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!("'{name}'"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    for group in LEFT_OUT {
        rules.push(json!({
            "rule": format!("self.all(name, !(name in [{}]))", listed(group.names)),
            "message": format!("leave these parameters out, {}: {}", group.why, group.names.join(", "))
        }));
    }
    let known: Vec<&str> = LEFT_OUT
        .iter()
        .flat_map(|group| group.names)
        .chain(ALLOWED)
        .copied()
        .collect();
    rules.push(json!({
        "rule": format!("self.all(name, name in [{}])", listed(&known)),
        "message": "parameters holds a name that Brazier does not know as a setting of PostgreSQL 17: docs/kind/parameters.md lists those that may be set"
    }));
    rules
}
