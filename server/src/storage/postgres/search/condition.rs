//! Conditions, and how they are put together.

use crate::resource::ResourceType;

/// The rows of the resource whose key is `key`, found by the index of keys.
pub fn of_resource(table: &str, alias: &str, key: &str) -> String {
    format!("(SELECT * FROM {table} WHERE {table}.resource_key = {key} OFFSET 0) AS {alias}")
}

/// Keys of resources of these types, which begin with the type; all keys when `types` is empty.
pub fn of_types(types: &[ResourceType], key: &str) -> String {
    let range = |resource_type: &ResourceType| {
        let first = i64::from(resource_type.number()) << 48;
        format!("{key} >= {first} AND {key} < {}", first + (1 << 48))
    };
    if types.is_empty() {
        "true".to_owned()
    } else {
        any(types.iter().map(range).collect())
    }
}

/// The numbers in `column` are those of these types, or of all there are when `types` is empty: an index that begins with them
/// wants them named.
pub fn of_resource_types(types: &[ResourceType], column: &str) -> String {
    let numbers: Vec<String> = match types {
        [] => ResourceType::all().map(|one| one.number().to_string()).collect(),
        types => types.iter().map(|one| one.number().to_string()).collect(),
    };
    format!("{column} IN ({})", numbers.join(", "))
}

/// One of the conditions holds; none holds of none.
pub fn any(conditions: Vec<String>) -> String {
    joined(conditions, " OR ", "false")
}

/// All of the conditions hold.
pub fn all(conditions: Vec<String>) -> String {
    joined(conditions, " AND ", "true")
}

fn joined(conditions: Vec<String>, operator: &str, of_none: &str) -> String {
    match conditions.as_slice() {
        [] => of_none.to_owned(),
        [one] => format!("({one})"),
        several => {
            let each: Vec<String> = several.iter().map(|one| format!("({one})")).collect();
            format!("({})", each.join(operator))
        }
    }
}
