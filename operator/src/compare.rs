//! Whether an object already is as it is wanted, so that nothing is written when nothing would change.

use serde_json::Value;

/// True when everything that `desired` says is so in `live`. The API server adds defaults, which do not count:
/// objects may have more fields, lists must be as long and their items are compared one by one.
pub fn covers(live: &Value, desired: &Value) -> bool {
    match (live, desired) {
        (Value::Object(live), Value::Object(desired)) => {
            desired.iter().all(|(name, wanted)| match live.get(name) {
                Some(found) => covers(found, wanted),
                None => is_nothing(wanted),
            })
        }
        (Value::Array(live), Value::Array(desired)) => {
            live.len() == desired.len()
                && live
                    .iter()
                    .zip(desired)
                    .all(|(live, desired)| covers(live, desired))
        }
        (Value::String(live), Value::String(desired)) => live == desired || same_quantity(live, desired),
        (Value::String(live), Value::Number(desired)) => same_quantity(live, &desired.to_string()),
        _ => live == desired,
    }
}

/// The API server leaves out empty maps and lists of many fields.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// The API server writes quantities in a form of its own: `1000m` becomes `1`, `1024Mi` becomes `1Gi`.
fn same_quantity(one: &str, other: &str) -> bool {
    matches!((thousandths(one), thousandths(other)), (Some(one), Some(other)) if one == other)
}

/// A quantity in thousandths. Nothing smaller is used for processor, memory or storage.
fn thousandths(text: &str) -> Option<i128> {
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits_end);
    let factor: i128 = match suffix {
        "m" => 1,
        "" => 1000,
        "k" => 1_000_000,
        "M" => 1_000_000_000,
        "G" => 1_000_000_000_000,
        "T" => 1_000_000_000_000_000,
        "Ki" => 1000 << 10,
        "Mi" => 1000 << 20,
        "Gi" => 1000 << 30,
        "Ti" => 1000 << 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let product = digits.checked_mul(factor)?;
    (product % scale == 0).then_some(product / scale)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_different_value_is_not_covered() {
        assert!(!covers(&json!({"replicas": 3}), &json!({"replicas": 2})));
    }

    #[test]
    fn a_longer_list_is_not_covered() {
        assert!(!covers(&json!({"ports": [1, 2]}), &json!({"ports": [1]})));
    }

    #[test]
    fn a_missing_field_is_not_covered() {
        assert!(!covers(&json!({}), &json!({"replicas": 0})));
    }

    #[test]
    fn what_the_server_adds_does_not_count() {
        let live = json!({"ports": [{"port": 443, "protocol": "TCP"}], "type": "ClusterIP"});
        assert!(covers(&live, &json!({"ports": [{"port": 443}], "selector": {}})));
    }

    #[test]
    fn quantities_are_compared_by_amount() {
        assert!(covers(&json!("1"), &json!("1000m")));
        assert!(covers(&json!("1Gi"), &json!("1024Mi")));
        assert!(covers(&json!("500m"), &json!("0.5")));
        assert!(covers(&json!("2"), &json!(2)));
        assert!(!covers(&json!("1Gi"), &json!("1G")));
        assert!(!covers(&json!("one"), &json!("two")));
    }
}
