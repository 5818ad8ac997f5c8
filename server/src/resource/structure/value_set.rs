//! The codes that a required binding allows, <http://hl7.org/fhir/R4/terminologies.html#required>.

/// A value set, spelled out.
#[derive(Debug, Default)]
pub struct ValueSet {
    /// The id, the last segment of the value set's URL.
    pub id: &'static str,
    /// Each code system's codes, sorted.
    systems: Vec<(&'static str, Vec<&'static str>)>,
}

impl ValueSet {
    pub(super) fn new(id: &'static str) -> Self {
        let systems = Vec::new();
        ValueSet { id, systems }
    }

    pub(super) fn add_system(&mut self, system: &'static str, mut codes: Vec<&'static str>) {
        codes.sort_unstable();
        self.systems.push((system, codes));
    }

    /// Whether `code` is in the value set, whatever its system.
    pub fn has_code(&self, code: &str) -> bool {
        self.systems
            .iter()
            .any(|(_, codes)| codes.binary_search(&code).is_ok())
    }

    /// Whether `code` of `system` is in the value set.
    pub fn has_coding(&self, system: &str, code: &str) -> bool {
        self.systems
            .iter()
            .any(|(name, codes)| *name == system && codes.binary_search(&code).is_ok())
    }

    /// All codes.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.systems.iter().flat_map(|(_, codes)| codes.iter().copied())
    }

    /// The code systems.
    pub fn systems(&self) -> impl Iterator<Item = &'static str> {
        self.systems.iter().map(|(system, _)| *system)
    }
}
