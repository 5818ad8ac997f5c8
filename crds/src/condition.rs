//! Types and reasons of the conditions that Brazier writes into `status.conditions`.
//!
//! They are part of the API: people and programs wait for them, so a name that is out is never changed.

/// The object does what its spec asks for. `kubectl wait --for=condition=Ready` waits for this.
pub const READY: &str = "Ready";
/// Abnormal-true: the operator is still on its way to what the spec asks for.
pub const RECONCILING: &str = "Reconciling";
/// Abnormal-true: the operator cannot go on until somebody changes what the message names.
pub const STALLED: &str = "Stalled";
/// FhirService: the database has a primary and accepts connections.
pub const DATABASE_READY: &str = "DatabaseReady";
/// FhirService: every server replica that was asked for answers.
pub const SERVER_READY: &str = "ServerReady";
/// FhirService, abnormal-true: it serves, with less redundancy than was asked for.
pub const DEGRADED: &str = "Degraded";
/// FhirService: every ready server enforces the newest RoleAssignments.
pub const ACCESS_ENFORCED: &str = "AccessEnforced";
/// RoleAssignment: every ready replica has answered that it enforces this assignment.
pub const ENFORCED: &str = "Enforced";
/// IotConnector: both mappings compile and are in service.
pub const MAPPING_VALID: &str = "MappingValid";
/// IotConnector: the connectors can receive device messages.
pub const SOURCE_CONNECTED: &str = "SourceConnected";
/// IotConnector: every destination accepts Observations.
pub const DESTINATION_READY: &str = "DestinationReady";

/// Reasons: the word behind `reason`, one for each situation that a reader may want to act on.
pub mod reason {
    /// All is as asked for.
    pub const AS_DESIRED: &str = "AsDesired";
    /// `spec.suspend` is true.
    pub const SUSPENDED: &str = "Suspended";
    /// Objects were made or changed and are not ready yet.
    pub const IN_PROGRESS: &str = "InProgress";
    /// The database has no primary yet.
    pub const WAITING_FOR_PRIMARY: &str = "WaitingForPrimary";
    /// The Job that brings the database schema up to date has not ended.
    pub const MIGRATING: &str = "Migrating";
    /// The Job that brings the database schema up to date failed.
    pub const MIGRATION_FAILED: &str = "MigrationFailed";
    /// Pods are missing or not ready.
    pub const WAITING_FOR_PODS: &str = "WaitingForPods";
    /// A pod cannot start; the message says which and why.
    pub const POD_CANNOT_START: &str = "PodCannotStart";
    /// Fewer members or replicas are ready than were asked for.
    pub const REDUNDANCY_LOST: &str = "RedundancyLost";
    /// Something that the spec points at does not exist.
    pub const REFERENCE_NOT_FOUND: &str = "ReferenceNotFound";
    /// The FhirService that an IotConnector writes to does not exist.
    pub const DESTINATION_NOT_FOUND: &str = "DestinationNotFound";
    /// The ConfigMap or key that a mapping is kept in does not exist.
    pub const MAPPING_NOT_FOUND: &str = "MappingNotFound";
    /// The spec is well formed and still cannot work; the message says what to write.
    pub const INVALID_SPEC: &str = "InvalidSpec";
    /// The object does not fit its type, as one that was written for another release may not.
    pub const UNREADABLE_SPEC: &str = "UnreadableSpec";
    /// An object of a needed name exists and belongs to somebody else.
    pub const NAME_TAKEN: &str = "NameTaken";
    /// An object in the cluster is not what its kind says; the message names it.
    pub const UNREADABLE_OBJECT: &str = "UnreadableObject";
    /// A Secret has lost the password that the database knows.
    pub const CREDENTIALS_LOST: &str = "CredentialsLost";
    /// The operator could not make a certificate.
    pub const CERTIFICATE_NOT_MADE: &str = "CertificateNotMade";
    /// The operator could not write a configuration file.
    pub const CONFIGURATION_NOT_WRITTEN: &str = "ConfigurationNotWritten";
    /// The operator did something that it never should.
    pub const OPERATOR_FAULT: &str = "OperatorFault";
    /// The API server refused a request; the message repeats its answer.
    pub const REQUEST_REFUSED: &str = "RequestRefused";
    /// A request failed in a way that may pass; it is tried again.
    pub const REQUEST_FAILED: &str = "RequestFailed";
    /// The scope of a RoleAssignment does not exist.
    pub const SCOPE_NOT_FOUND: &str = "ScopeNotFound";
    /// A principal is named by an issuer whose tokens the scope does not accept.
    pub const ISSUER_NOT_TRUSTED: &str = "IssuerNotTrusted";
    /// `spec.expires` has passed.
    pub const EXPIRED: &str = "Expired";
    /// Replicas have yet to answer that they enforce the policy.
    pub const WAITING_FOR_REPLICAS: &str = "WaitingForReplicas";
    /// A server did not take the newest policy; the message says which and why.
    pub const PUSH_FAILED: &str = "PushFailed";
    /// PostgreSQL is being asked whether it can bear the parameters that were written.
    pub const CHECKING_PARAMETERS: &str = "CheckingParameters";
    /// PostgreSQL, or the memory of its pods, cannot bear a parameter; those of before stay in force.
    pub const PARAMETERS_REFUSED: &str = "ParametersRefused";
    /// No replica runs, so nobody enforces and nobody serves.
    pub const NO_REPLICAS: &str = "NoReplicas";
    /// A mapping does not compile; the message names the place.
    pub const MAPPING_INVALID: &str = "MappingInvalid";
    /// The connector has not said how it is.
    pub const NOT_REPORTED: &str = "NotReported";
    /// The connector says that a source or destination does not answer.
    pub const NOT_CONNECTED: &str = "NotConnected";
}
