//! `normalize`: what does a device mapping find in messages? The first stage of the pipeline.

use std::io::{self, BufWriter, Write};

use super::{CommandError, device_mapping, lines};
use crate::acknowledgement::MessageAnswer;
use crate::arguments::NormalizeArguments;
use crate::device_message::DeviceMessage;
use crate::json::Json;
use crate::pipeline::measurements;

pub(super) fn run(arguments: &NormalizeArguments) -> Result<bool, CommandError> {
    let mapping = device_mapping(&arguments.device_mapping, arguments.compatibility)?;
    let mut output = BufWriter::new(io::stdout().lock());
    let mut without_errors = true;
    for line in lines(io::stdin().lock()) {
        let (number, bytes) = line?;
        let mut answer = MessageAnswer::of(0);
        let mut found = Vec::new();
        if !bytes.trim_ascii().is_empty() {
            let message = DeviceMessage::read_bytes(&bytes, arguments.compatibility);
            found = measurements(&message, &mapping, &mut answer);
        }
        without_errors &= answer.errors.is_empty();
        let found = found.iter().map(|(_, measurement)| measurement.to_json());
        let found = Json::array(found.collect());
        write!(output, "{{\"line\":{number},\"measurements\":{found},\"errors\":")?;
        serde_json::to_writer(&mut output, &answer.errors).map_err(io::Error::from)?;
        writeln!(output, "}}")?;
    }
    output.flush()?;
    Ok(without_errors)
}
