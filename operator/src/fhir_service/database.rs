//! The database of a FhirService: which kind was chosen, and what each stage asks of that kind. Another kind is another
//! folder beside `bundled`, and a variant in each enum here; nothing outside of this folder knows which kind it is.
//!
//! ```text
//! spec ─ dereference, validate ─▶ ValidatedDatabase ─ build ─▶ DatabaseObjects ─ roll_out ─▶ AppliedDatabase ─ observe ─▶ DatabaseReport
//!                     │ connection: what servers connect to
//!                     └ ensure_credentials: passwords and certificates
//! ```

pub mod bundled;
pub mod connection;
pub mod report;

use std::time::Duration;

use brazier_crds::{condition::reason, fhir_service::Database};
use kube::Client;

use self::{bundled::Bundled, connection::Connection, report::DatabaseReport};
use crate::{
    context::Context,
    credential, delete,
    error::{Category, Failure, Verdict},
    image::Images,
    manifest::Owner,
    request::RequestError,
    rollout::{self, Foundation},
};

/// The database that was chosen, checked.
#[derive(Clone, Debug, PartialEq)]
pub enum ValidatedDatabase {
    /// PostgreSQL that Brazier runs.
    Bundled(Bundled),
}

/// What a database is made of, in the steps in which it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct DatabaseObjects {
    /// What everything else stands on.
    pub foundation: Foundation,
    /// What stands on it.
    pub workload: Workload,
}

/// What is applied once the foundation is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Workload {
    /// The members of a bundled database.
    Bundled(bundled::build::Members),
}

/// The database as it is in the cluster.
#[derive(Clone, Debug)]
pub enum AppliedDatabase {
    /// A bundled one.
    Bundled(bundled::rollout::Applied),
}

/// What is known of a database before its spec is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Of a bundled one.
    pub bundled: bundled::dereference::Found,
}

/// Why a spec asks for no database that can be built.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// It asks for none.
    #[error("say which database: write spec.database.bundled: {{}} for a PostgreSQL that Brazier runs")]
    NotChosen,
}

impl Failure for ValidateError {
    fn verdict(&self) -> Verdict {
        match self {
            ValidateError::NotChosen => Verdict::new(Category::Invalid, reason::INVALID_SPEC),
        }
    }
}

/// Fetches what is known of the database that the spec asks for.
///
/// # Errors
/// If a request fails.
pub async fn dereference(
    client: &Client,
    owner: &Owner,
    spec: &Database,
    images: &Images,
) -> Result<Found, RequestError> {
    let Database { bundled } = spec;
    let bundled = match bundled {
        Some(spec) => bundled::dereference::dereference(client, owner, spec, images).await?,
        None => bundled::dereference::Found::default(),
    };
    Ok(Found { bundled })
}

/// Finds out which database was chosen.
///
/// # Errors
/// If none was.
pub fn validate(
    owner: &Owner,
    spec: &Database,
    suspended: bool,
    images: &Images,
    found: &Found,
) -> Result<ValidatedDatabase, ValidateError> {
    let Database { bundled } = spec;
    match bundled {
        Some(spec) => Ok(ValidatedDatabase::Bundled(bundled::validate::validate(
            owner,
            spec.clone(),
            suspended,
            images,
            &found.bundled,
        ))),
        None => Err(ValidateError::NotChosen),
    }
}

/// Deletes the data of a FhirService that is being deleted; false while something that uses it still runs. It asks for
/// every kind, since the spec may have said something else before.
///
/// # Errors
/// If a request fails.
pub async fn delete_data(owner: &Owner, context: &Context) -> Result<bool, delete::Error> {
    bundled::cleanup::delete_data(owner, context).await
}

/// Name of the Secret with the certificate of the database.
pub fn certificate(owner: &Owner) -> String {
    bundled::names::Names::of(owner).certificate()
}

impl ValidatedDatabase {
    /// What servers and the migration connect to.
    pub fn connection(&self) -> Connection {
        match self {
            ValidatedDatabase::Bundled(database) => bundled::connection(database),
        }
    }

    /// Makes sure of passwords and certificates, and says how long the latter are good.
    ///
    /// # Errors
    /// If a request fails, or a Secret belongs to somebody else.
    pub async fn ensure_credentials(&self, context: &Context) -> Result<Duration, credential::Error> {
        match self {
            ValidatedDatabase::Bundled(database) => bundled::credentials::ensure(database, context).await,
        }
    }

    /// The objects that it is made of. Pure.
    pub fn build(&self) -> DatabaseObjects {
        match self {
            ValidatedDatabase::Bundled(database) => bundled::build::build(database),
        }
    }
}

impl Workload {
    /// Applies it.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn roll_out(&self, context: &Context) -> Result<AppliedDatabase, rollout::Error> {
        match self {
            Workload::Bundled(members) => Ok(AppliedDatabase::Bundled(
                bundled::rollout::roll_out(members, context).await?,
            )),
        }
    }
}

impl AppliedDatabase {
    /// Whether the database takes writes, so that the schema can be brought up to date.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn takes_writes(&self, context: &Context) -> Result<bool, RequestError> {
        match self {
            AppliedDatabase::Bundled(applied) => {
                bundled::rollout::takes_writes(&applied.database, context).await
            }
        }
    }

    /// Looks how it stands.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn observe(&self, context: &Context) -> Result<DatabaseReport, RequestError> {
        match self {
            AppliedDatabase::Bundled(applied) => {
                let observed = bundled::observe::observe(applied, context).await?;
                Ok(bundled::report::report(&applied.database, &observed))
            }
        }
    }
}
