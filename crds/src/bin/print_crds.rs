//! Writes the CustomResourceDefinitions as YAML: into a folder, one file each, or to standard output.

use std::{error::Error, path::PathBuf};

/// `print_crds [FOLDER]`
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    for definition in brazier_crds::definitions()? {
        let yaml = serde_yaml_ng::to_string(&definition)?;
        match &folder {
            Some(folder) => {
                let name = definition["spec"]["names"]["plural"]
                    .as_str()
                    .unwrap_or("unnamed");
                std::fs::create_dir_all(folder)?;
                std::fs::write(folder.join(format!("{name}.yaml")), yaml)?;
            }
            None => print!("---\n{yaml}"),
        }
    }
    Ok(())
}
