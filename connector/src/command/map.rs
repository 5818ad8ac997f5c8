//! `map`: which Observations would an empty FHIR service hold in the end? The pipeline of `run`, over a FHIR service in memory; each
//! line is a batch of its own.

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use serde::Serialize;

use super::run::RunError;
use super::{CommandError, device_mapping, fhir_mapping, lines};
use crate::acknowledgement::ErrorAnswer;
use crate::arguments::MapArguments;
use crate::device_message::DeviceMessage;
use crate::fhir_service::in_memory::InMemoryFhirService;
use crate::json::Json;
use crate::mapping::in_service::Mappings;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::write::destination::Destination;

/// What is not stored of a line.
#[derive(Serialize)]
struct LineError {
    line: usize,
    #[serde(flatten)]
    error: ErrorAnswer,
}

pub(super) fn run(arguments: &MapArguments) -> Result<bool, CommandError> {
    let mappings = Mappings {
        device: device_mapping(&arguments.device_mapping, arguments.compatibility)?,
        fhir: fhir_mapping(&arguments.fhir_mapping, arguments.compatibility)?,
    };
    let service = Arc::new(InMemoryFhirService::default());
    let destination = Destination::new(Arc::clone(&service), arguments.identity);
    let pipeline = Pipeline::new(vec![destination], Arc::new(Metrics::new()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(RunError::System)?;
    let mut errors = Vec::new();
    for line in lines(io::stdin().lock()) {
        let (line, bytes) = line?;
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let message = [DeviceMessage::read_bytes(&bytes, arguments.compatibility)];
        let answers = runtime.block_on(pipeline.process(&mappings, &message))?;
        for warning in answers.iter().flat_map(|answer| &answer.warnings) {
            eprintln!("warning: line {line}: {}", warning.message);
        }
        let of_line = answers.into_iter().flat_map(|answer| answer.errors);
        errors.extend(of_line.map(|error| LineError {
            line,
            error: error.without_destination(),
        }));
    }
    let observations = Json::array(service.resources("Observation"));
    let mut output = BufWriter::new(io::stdout().lock());
    write!(output, "{{\"observations\":{observations},\"errors\":")?;
    serde_json::to_writer(&mut output, &errors).map_err(io::Error::from)?;
    writeln!(output, "}}")?;
    output.flush()?;
    Ok(errors.is_empty())
}
