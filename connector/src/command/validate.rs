//! `validate`: do the mapping files compile, and do they fit together?

use std::io::{self, Write};
use std::path::Path;

use super::{CommandError, device_mapping, fhir_mapping};
use crate::arguments::ValidateArguments;
use crate::mapping::agreement::disagreements;

pub(super) fn run(arguments: &ValidateArguments) -> Result<bool, CommandError> {
    let device_path = &arguments.device_mapping;
    let device = device_mapping(device_path, arguments.compatibility);
    let Some(fhir_path) = &arguments.fhir_mapping else {
        say(device_path, device?.type_names())?;
        return Ok(true);
    };
    // Both files are checked before any error is reported.
    let (device, fhir) = match (device, fhir_mapping(fhir_path, arguments.compatibility)) {
        (Err(device), Err(fhir)) => {
            eprintln!("{device}");
            return Err(fhir);
        }
        (device, fhir) => (device?, fhir?),
    };
    say(device_path, device.type_names())?;
    say(fhir_path, fhir.type_names())?;
    for warning in disagreements(&device, &fhir) {
        eprintln!("warning: {warning}");
    }
    Ok(true)
}

/// What was found in a file.
fn say(path: &Path, type_names: Vec<&str>) -> io::Result<()> {
    let path = path.display();
    let mut output = io::stdout().lock();
    match type_names.as_slice() {
        [] => writeln!(output, "{path}: valid, but it has no templates"),
        [one] => writeln!(output, "{path}: valid, 1 template ({one})"),
        several => writeln!(
            output,
            "{path}: valid, {} templates ({})",
            several.len(),
            several.join(", ")
        ),
    }
}
