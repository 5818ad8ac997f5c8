//! Required bindings: a code must be one that the standard lists, <http://hl7.org/fhir/R4/terminologies.html#required>.

use super::location::Location;
use super::suggestion::nearest;
use super::{IssueCode, Validator};
use crate::definitions::structure::{Member, ValueSet};
use crate::resource::{Json, Object};

impl Validator<'_, '_> {
    /// Checks a primitive that is bound.
    pub(super) fn code(&mut self, member: &Member, value: &Json, location: &Location<'_>) {
        let Some(value_set) = self.structures.value_set(member) else {
            return;
        };
        let Some(code) = value.as_str().filter(|code| !value_set.has_code(code)) else {
            return;
        };
        let shown: String = code.chars().take(64).collect();
        let diagnostics = format!(
            "\"{shown}\" is not a code of {}; {}",
            value_set.id,
            advice(value_set, code)
        );
        self.report(IssueCode::CodeInvalid, location, diagnostics);
    }

    /// Checks a CodeableConcept that is bound: if it has codes, one of them must be of the value set.
    pub(super) fn coding(&mut self, member: &Member, concept: &Object, location: &Location<'_>) {
        let Some(value_set) = self.structures.value_set(member) else {
            return;
        };
        let codings = concept.get("coding").and_then(Json::as_array).unwrap_or_default();
        let has_one = codings.iter().any(|coding| {
            let part = |name| coding.get(name).and_then(Json::as_str);
            matches!((part("system"), part("code")), (Some(system), Some(code)) if value_set.has_coding(system, code))
        });
        if has_one {
            return;
        }
        if let Some(first) = codings.iter().find_map(|coding| coding.get("code")?.as_str()) {
            let systems: Vec<&str> = value_set.systems().collect();
            let diagnostics = format!(
                "no coding is from the value set {}: {} with the system {}",
                value_set.id,
                advice(value_set, first),
                systems.join(" or ")
            );
            self.report(IssueCode::CodeInvalid, &location.member("coding"), diagnostics);
        }
    }
}

/// The codes to choose from, or the one that was probably meant when they are many.
fn advice(value_set: &ValueSet, code: &str) -> String {
    let codes: Vec<&str> = value_set.codes().collect();
    if codes.len() <= 20 {
        format!("write one of {}", codes.join(", "))
    } else if let Some(meant) = nearest(code, value_set.codes()) {
        format!("did you mean {meant}?")
    } else {
        format!(
            "write one of its {} codes, such as {}",
            codes.len(),
            codes[..3].join(", ")
        )
    }
}
