//! Create: Observations of the data, of about 1.2 kB each, POSTed one by one as if a device had just sent them.

use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;

use crate::client::Target;
use crate::error::BenchError;
use crate::load::{self, Accept, Measured, Work};
use crate::population::Population;

/// Which Observations are taken, by their size in bytes.
const SIZES: std::ops::RangeInclusive<usize> = 1000..=1500;

/// How many different ones are sent.
const BODIES: usize = 1000;

/// Creates Observations for a while.
pub async fn run(target: &Target, clients: u16, seconds: f64, bodies: &[Bytes]) -> Measured {
    let path = target.path("Observation");
    load::run(target, clients, seconds, |random| Work {
        path: &path,
        body: Some(bodies[random.usize(..bodies.len())].clone()),
        accept: Accept::Status(StatusCode::CREATED),
    })
    .await
}

/// The mean size of bodies, in bytes.
pub fn mean_size(bodies: &[Bytes]) -> usize {
    bodies.iter().map(Bytes::len).sum::<usize>() / bodies.len().max(1)
}

/// Observations with the server's references, without id.
pub fn bodies(population: &Population<'_>) -> Result<Vec<Bytes>, BenchError> {
    let observations: Vec<_> = population
        .iter()
        .filter(|(_, held)| held.entry.resource_type == "Observation")
        .filter(|(_, held)| SIZES.contains(&held.entry.json.len()))
        .collect();
    if observations.is_empty() {
        return Err(BenchError::NothingImported(format!(
            "no Observation of {SIZES:?} bytes"
        )));
    }
    let step = (observations.len() / BODIES).max(1);
    let body = |index| -> Result<Bytes, serde_json::Error> {
        let content: Value = population.expected_content(index)?;
        Ok(Bytes::from(serde_json::to_vec(&content)?))
    };
    let sample = observations.into_iter().step_by(step);
    sample
        .map(|(index, held)| {
            body(index).map_err(|source| BenchError::Bundle {
                file: (&held.bundle.name).into(),
                source,
            })
        })
        .collect()
}
