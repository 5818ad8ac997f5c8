//! `normalize`: what does a device mapping find in messages?

use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use super::{CommandError, device_mapping, lines};
use crate::arguments::NormalizeArguments;
use crate::device_message::DeviceMessage;
use crate::json::{Json, Object};
use crate::normalize::{NormalizeError, normalize};

pub(super) fn run(arguments: &NormalizeArguments) -> Result<bool, CommandError> {
    let mapping = device_mapping(&arguments.device_mapping, arguments.compatibility)?;
    let mut output = BufWriter::new(io::stdout().lock());
    let mut without_errors = true;
    for line in lines(io::stdin().lock()) {
        let (number, bytes) = line?;
        let mut measurements = Vec::new();
        let mut errors = Vec::new();
        if !bytes.trim_ascii().is_empty() {
            match DeviceMessage::read_bytes(&bytes, arguments.compatibility) {
                Ok(message) => {
                    let normalized = normalize(&message, &mapping);
                    measurements.extend(
                        normalized
                            .measurements
                            .iter()
                            .map(|(_, measurement)| measurement.to_json()),
                    );
                    errors.extend(
                        normalized
                            .errors
                            .iter()
                            .map(|error| Json::object_of(describe(error))),
                    );
                }
                Err(error) => errors.push(Json::object([("message", Json::text(error.to_string()))])),
            }
        }
        without_errors &= errors.is_empty();
        let number = Json::integer(i64::try_from(number).unwrap_or(i64::MAX));
        let measurements = Json::array(measurements);
        let answer = Json::object([
            ("line", number),
            ("measurements", measurements),
            ("errors", Json::array(errors)),
        ]);
        writeln!(output, "{answer}")?;
    }
    output.flush()?;
    Ok(without_errors)
}

/// An error with its place in the mapping file.
pub(super) fn describe(error: &NormalizeError) -> Object {
    let integer = |number: usize| Json::integer(i64::try_from(number).unwrap_or(i64::MAX));
    let mut members = Object::new();
    members.insert(Arc::from("template"), integer(error.template));
    members.insert(Arc::from("field"), Json::text(error.field.as_str()));
    if error.line > 0 {
        members.insert(Arc::from("mappingLine"), integer(error.line));
        members.insert(Arc::from("mappingColumn"), integer(error.column));
    }
    members.insert(Arc::from("message"), Json::text(error.to_string()));
    members
}
