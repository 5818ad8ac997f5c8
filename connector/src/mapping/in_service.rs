//! The two mappings in service. They follow their files; a file that does not compile leaves the last good mapping in service and
//! is reported.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use brazier_service::files::FollowedFiles;

use crate::compatibility::Compatibility;
use crate::mapping::agreement::disagreements;
use crate::mapping::device::DeviceMapping;
use crate::mapping::fhir::FhirMapping;
use crate::mapping::file::{InvalidMapping, MappingError};

/// Both mappings, compiled from files that were there at the same time.
#[derive(Debug)]
pub struct Mappings {
    /// What a message contains.
    pub device: DeviceMapping,
    /// What it becomes.
    pub fhir: FhirMapping,
}

/// Why the newest files are not in service.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingProblem {
    /// Path of the mapping file that cannot be read or does not compile.
    pub file: PathBuf,
    /// The first of its errors.
    pub error: MappingError,
}

/// The mappings in service.
pub struct MappingFiles {
    device: PathBuf,
    fhir: PathBuf,
    compatibility: Compatibility,
    in_service: ArcSwapOption<Mappings>,
    problem: ArcSwap<Option<MappingProblem>>,
}

impl MappingFiles {
    /// Nothing is in service until [`Self::follow`] has read the files.
    pub fn new(device: PathBuf, fhir: PathBuf, compatibility: Compatibility) -> Self {
        let unread = problem_of(&device, "not read yet".to_owned());
        let problem = ArcSwap::from_pointee(Some(unread));
        Self {
            device,
            fhir,
            compatibility,
            in_service: ArcSwapOption::empty(),
            problem,
        }
    }

    /// Has these in service, and no files.
    #[cfg(test)]
    pub fn of(mappings: Mappings) -> Self {
        let files = Self::new(PathBuf::new(), PathBuf::new(), mappings.device.compatibility);
        files.in_service.store(Some(Arc::new(mappings)));
        files
    }

    /// The mappings in service, if there have been good ones.
    pub fn in_service(&self) -> Option<Arc<Mappings>> {
        self.in_service.load_full()
    }

    /// What is wrong with the newest files.
    pub fn problem(&self) -> Option<MappingProblem> {
        self.problem.load().as_ref().clone()
    }

    /// Compiles the files whenever they change.
    pub async fn follow(&self) {
        let mut files = FollowedFiles::new(vec![self.device.clone(), self.fhir.clone()]);
        loop {
            files.changed().await;
            self.read();
        }
    }

    fn read(&self) {
        match self.compile() {
            Ok(mappings) => {
                let templates = mappings.device.templates.len();
                for warning in disagreements(&mappings.device, &mappings.fhir) {
                    tracing::warn!(warning, "the mappings do not fit together");
                }
                self.in_service.store(Some(Arc::new(mappings)));
                self.problem.store(Arc::new(None));
                tracing::info!(templates, "the mappings are in service");
            }
            Err(problem) => {
                let file = problem.file.display().to_string();
                if self.in_service.load().is_some() {
                    tracing::warn!(file, error = %problem.error, "the mapping does not compile; the last good one stays in service");
                } else {
                    tracing::warn!(file, error = %problem.error, "the mapping does not compile, and there is no other: no message is taken");
                }
                self.problem.store(Arc::new(Some(problem)));
            }
        }
    }

    fn compile(&self) -> Result<Mappings, MappingProblem> {
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| problem_of(path, format!("failed to read the file: {error}")))
        };
        let invalid = |path: &Path, invalid: InvalidMapping| match invalid.errors.into_iter().next() {
            Some(error) => MappingProblem {
                file: path.to_owned(),
                error,
            },
            None => problem_of(path, "the mapping does not compile".to_owned()),
        };
        let device = DeviceMapping::compile(&read(&self.device)?, self.compatibility);
        let fhir = FhirMapping::compile(&read(&self.fhir)?, self.compatibility);
        Ok(Mappings {
            device: device.map_err(|error| invalid(&self.device, error))?,
            fhir: fhir.map_err(|error| invalid(&self.fhir, error))?,
        })
    }
}

fn problem_of(path: &Path, message: String) -> MappingProblem {
    let error = MappingError {
        template: None,
        field: String::new(),
        line: 1,
        column: 1,
        message,
    };
    MappingProblem {
        file: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_that_does_not_compile_leaves_the_last_good_one_in_service() {
        let folder = tempfile::tempdir().unwrap();
        let (device, fhir) = (folder.path().join("device.json"), folder.path().join("fhir.json"));
        let files = MappingFiles::new(device.clone(), fhir.clone(), Compatibility::Strict);
        files.read();
        assert!(files.in_service().is_none());
        assert_eq!(files.problem().unwrap().file, device);
        std::fs::write(&device, r#"{"templateType":"CollectionContent","template":[]}"#).unwrap();
        std::fs::write(&fhir, r#"{"templateType":"CollectionFhir","template":[]}"#).unwrap();
        files.read();
        assert!(files.in_service().is_some() && files.problem().is_none());
        std::fs::write(
            &fhir,
            "{\"templateType\":\"CollectionFhir\",\n \"template\":[{\"templateType\":\"Nope\"}]}",
        )
        .unwrap();
        files.read();
        assert!(files.in_service().is_some());
        let MappingProblem { file, error } = files.problem().unwrap();
        assert_eq!(file, fhir);
        assert_eq!((error.template, error.line, error.column), (Some(0), 2, 30));
        assert_eq!(error.field, "templateType");
        assert!(error.message.contains("Nope"));
    }
}
