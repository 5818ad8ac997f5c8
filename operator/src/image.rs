//! The images that the operator runs, as its arguments name them.

use crate::arguments::Options;

/// Image names and when nodes pull them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The FHIR server.
    pub server: String,
    /// The IoT connector.
    pub connector: String,
    /// The database that Brazier brings.
    pub database: String,
    /// `imagePullPolicy`.
    pub pull_policy: &'static str,
}

impl From<&Options> for Images {
    fn from(options: &Options) -> Self {
        Images {
            server: options.server_image.clone(),
            connector: options.connector_image.clone(),
            database: options.database_image.clone(),
            pull_policy: options.image_pull_policy.as_str(),
        }
    }
}
