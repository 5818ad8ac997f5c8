//! `validate`: do the mapping files compile?

use super::{CommandError, device_mapping, fhir_mapping};
use crate::arguments::ValidateArguments;

pub(super) fn run(arguments: &ValidateArguments) -> Result<bool, CommandError> {
    let device = device_mapping(&arguments.device_mapping, arguments.compatibility);
    let Some(path) = &arguments.fhir_mapping else {
        return device.map(|_| true);
    };
    // Both files are checked before any error is reported.
    let (device, fhir) = match (device, fhir_mapping(path, arguments.compatibility)) {
        (Err(device), Err(fhir)) => {
            eprintln!("{device}");
            return Err(fhir);
        }
        (device, fhir) => (device?, fhir?),
    };
    let mut reported = Vec::new();
    for template in &device.templates {
        let name = template.type_name.to_lowercase();
        if fhir.template(&name).is_none() && !reported.contains(&name) {
            eprintln!(
                "warning: type {:?} of the device mapping has no template in the FHIR mapping",
                template.type_name
            );
            reported.push(name);
        }
    }
    Ok(true)
}
