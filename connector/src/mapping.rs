//! What a device message means: the device mapping says which measurements it contains, the FHIR mapping which Observations they
//! become. Both are files, compiled here.

pub mod agreement;
pub mod device;
pub mod fhir;
pub mod file;
pub mod in_service;
