//! Read: first a sample of all resources is compared with what was sent, then random ids are read against the clock.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use crate::client::Target;
use crate::error::BenchError;
use crate::load::{self, Accept, Measured, Work};
use crate::population::{Population, without_server_elements};

/// How many resources are compared.
const SAMPLE: usize = 500;

/// How long one of the compared reads may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads resources spread over the whole population; gives back which differ from what was sent, references
/// replaced by those of the server.
pub async fn check(target: &Target, population: &Population<'_>) -> Result<Vec<String>, BenchError> {
    let mut connection = target.connection(PATIENCE);
    let mut wrong = Vec::new();
    for index in (0..population.len()).step_by((population.len() / SAMPLE).max(1)) {
        let address = &population.get(index).address;
        let answer = connection.get(&target.path(address)).await?;
        if answer.status != StatusCode::OK {
            wrong.push(format!("read: {address}: {}", answer.excerpt()));
            continue;
        }
        let got = serde_json::from_slice::<Value>(&answer.body).map(without_server_elements);
        match (got, population.expected_content(index)) {
            (Ok(got), Ok(sent)) => {
                wrong.extend(difference(&sent, &got).map(|path| format!("read: {address}{path}")))
            }
            (got, sent) => wrong.extend(
                [got, sent]
                    .into_iter()
                    .filter_map(Result::err)
                    .map(|error| format!("read: {address}: {error}")),
            ),
        }
    }
    Ok(wrong)
}

/// Reads random resources for a while.
pub async fn run(target: &Target, clients: u16, seconds: f64, population: &Population<'_>) -> Measured {
    let paths: Vec<String> = population
        .iter()
        .map(|(_, held)| target.path(&held.address))
        .collect();
    load::run(target, clients, seconds, |random| Work {
        path: &paths[random.usize(..paths.len())],
        body: None,
        accept: Accept::Status(StatusCode::OK),
    })
    .await
}

/// The first place where two JSON values differ, with both of them.
fn difference(sent: &Value, got: &Value) -> Option<String> {
    match (sent, got) {
        (Value::Object(sent), Value::Object(got)) => {
            let names = sent
                .keys()
                .chain(got.keys().filter(|name| !sent.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let (sent, got) = (
                    sent.get(name).unwrap_or(&Value::Null),
                    got.get(name).unwrap_or(&Value::Null),
                );
                difference(sent, got).map(|rest| format!(".{name}{rest}"))
            })
        }
        (Value::Array(sent), Value::Array(got)) if sent.len() == got.len() => {
            let pairs = sent.iter().zip(got).enumerate();
            pairs
                .into_iter()
                .find_map(|(place, (sent, got))| difference(sent, got).map(|rest| format!("[{place}]{rest}")))
        }
        _ if sent == got => None,
        _ => Some(format!(" is {got}, sent was {sent}").chars().take(300).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            difference(&json!({"a": [1, {"b": 2}]}), &json!({"a": [1, {"b": 2}]})),
            None
        );
        assert_eq!(
            difference(&json!({"a": [1, {"b": 2}]}), &json!({"a": [1, {"b": 3}]})).as_deref(),
            Some(".a[1].b is 3, sent was 2")
        );
        assert_eq!(
            difference(&json!({}), &json!({"c": 1})).as_deref(),
            Some(".c is 1, sent was null")
        );
    }
}
