//! The codes that a required binding allows, <http://hl7.org/fhir/R4/terminologies.html#required>.

use compact_str::CompactString;

/// The start of the URLs of the standard's value sets; the id follows.
const STANDARD: &str = "http://hl7.org/fhir/ValueSet/";

/// A value set: spelled out, or known only by the code system that its codes are of.
#[derive(Debug)]
pub struct ValueSet {
    /// What messages call it: the last segment of the value set's URL.
    pub id: CompactString,
    /// The canonical URL of one that was added.
    pub(super) url: Option<CompactString>,
    /// Each code system's codes, sorted.
    systems: Vec<(CompactString, Vec<CompactString>)>,
}

/// Why a value set cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueSetError {
    /// There is one of this URL.
    #[error("{0}: there is a value set of this URL; write another URL")]
    UrlTaken(String),
    /// There are as many as ids can tell apart.
    #[error("{0}: there are too many value sets; remove one that is not used")]
    TooMany(String),
}

impl ValueSet {
    /// A value set of the standard, without codes.
    pub fn new(id: CompactString) -> Self {
        let systems = Vec::new();
        let url = None;
        ValueSet { id, url, systems }
    }

    /// A value set to be added, without codes.
    pub fn of_url(url: &str) -> Self {
        ValueSet {
            id: url.rsplit('/').next().unwrap_or(url).into(),
            url: Some(url.into()),
            systems: Vec::new(),
        }
    }

    /// The canonical URL.
    pub fn url(&self) -> String {
        match &self.url {
            Some(url) => url.to_string(),
            None => format!("{STANDARD}{}", self.id),
        }
    }

    /// Whether it has this canonical URL.
    pub fn is_of_url(&self, url: &str) -> bool {
        match &self.url {
            Some(own) => own == url,
            None => url.strip_prefix(STANDARD) == Some(self.id.as_str()),
        }
    }

    /// Adds the codes of one system; none when they are not known.
    pub fn add_system(&mut self, system: CompactString, mut codes: Vec<CompactString>) {
        codes.sort_unstable();
        self.systems.push((system, codes));
    }

    /// Whether its codes are known.
    pub fn is_enumerated(&self) -> bool {
        self.systems.iter().any(|(_, codes)| !codes.is_empty())
    }

    /// Whether `code` is in the value set, whatever its system.
    pub fn has_code(&self, code: &str) -> bool {
        self.systems.iter().any(|(_, codes)| has(codes, code))
    }

    /// Whether `code` of `system` is in the value set.
    pub fn has_coding(&self, system: &str, code: &str) -> bool {
        self.systems
            .iter()
            .any(|(name, codes)| *name == system && has(codes, code))
    }

    /// The codes of all systems, sorted within each system.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.systems
            .iter()
            .flat_map(|(_, codes)| codes.iter().map(CompactString::as_str))
    }

    /// The code systems.
    pub fn systems(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(|(system, _)| system.as_str())
    }

    /// The code system, when all codes are of one.
    pub fn only_system(&self) -> Option<&str> {
        match self.systems.as_slice() {
            [(system, _)] => Some(system),
            _ => None,
        }
    }
}

fn has(codes: &[CompactString], code: &str) -> bool {
    codes.binary_search_by(|own| own.as_str().cmp(code)).is_ok()
}
