//! What groups become, new and merged.

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};
use crate::date_time::parse_timestamp;
use crate::json::read_fhir_resource;
use crate::mapping::fhir::FhirMapping;
use crate::measurement::Measurement;
use crate::measurement_group::{by_period, by_subject};

const NOW: &str = "2020-01-01T00:00:00Z";

/// An FHIR service of one Observation at a time.
struct Case {
    mapping: FhirMapping,
    identity: Identity,
    stored: indexmap::IndexMap<String, Json>,
}

impl Case {
    fn new(mode: Compatibility, members: &str) -> Self {
        let mapping = format!(
            r#"{{"templateType":"CollectionFhir","template":[{{"templateType":"CodeValueFhir","template":
            {{"typeName":"HeartRate","codes":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}],{members}}}}}]}}"#
        );
        let identity = Identity {
            patient: "p".to_owned(),
            device: "d".to_owned(),
            encounter: None,
        };
        Self {
            mapping: FhirMapping::compile(&mapping, mode).unwrap(),
            identity,
            stored: indexmap::IndexMap::new(),
        }
    }

    /// One message with measurements `(time, [(name, value)])`; the errors of what cannot be used, then the outcome of each group.
    fn message(&mut self, measurements: &[(&str, &[(&str, &str)])]) -> Vec<Result<&'static str, String>> {
        self.correlated(None, measurements)
    }

    fn correlated(
        &mut self,
        correlation: Option<&str>,
        measurements: &[(&str, &[(&str, &str)])],
    ) -> Vec<Result<&'static str, String>> {
        let measurements: Vec<Measurement> = measurements
            .iter()
            .map(|(time, values)| Measurement {
                type_name: "heartRate".to_owned(),
                occurrence_time: parse_timestamp(time).unwrap(),
                device_id: "device".to_owned(),
                patient_id: None,
                encounter_id: None,
                correlation_id: correlation.map(ToOwned::to_owned),
                properties: values
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            })
            .collect();
        let template = self.mapping.template("HEARTRATE").unwrap().clone();
        let compatibility = self.mapping.compatibility;
        let mut outcomes = Vec::new();
        for (subject, of_subject) in by_subject(measurements.iter()) {
            let (of_subject, refused) = usable(&of_subject, &template, compatibility);
            outcomes.extend(refused.into_iter().map(|(_, error)| Err(error.to_string())));
            for group in by_period(&subject, &of_subject, &template, compatibility) {
                let plan = Plan {
                    group: &group,
                    template: &template,
                    identity: &self.identity.clone(),
                    compatibility,
                };
                outcomes.push(self.store(&plan).map_err(|error| error.to_string()));
            }
        }
        outcomes
    }

    fn store(&mut self, plan: &Plan<'_>) -> Result<&'static str, ObservationError> {
        let mut key = key(plan.group, plan.identity)?;
        loop {
            match plan.change(&key, self.stored.get(&key.id), NOW.parse().unwrap())? {
                Change::Create(made) => {
                    self.stored.insert(key.id, made);
                    return Ok("created");
                }
                Change::Update(made) => {
                    self.stored.insert(key.id, made);
                    return Ok("updated");
                }
                Change::Unchanged => return Ok("unchanged"),
                Change::Taken => key = key_within_second(plan.group, plan.identity),
            }
        }
    }

    fn only(&self) -> &Json {
        assert_eq!(self.stored.len(), 1);
        &self.stored[0]
    }

    fn text(&self, path: &[&str]) -> String {
        let found = path.iter().try_fold(self.only(), |json, name| json.member(name));
        found.map_or_else(
            || "none".to_owned(),
            |json| json.as_text().map_or_else(|| json.to_string(), ToOwned::to_owned),
        )
    }
}

const SAMPLED: &str = r#""periodInterval":60,"value":{"valueType":"SampledData","valueName":"hr","defaultPeriod":600000,"unit":"count/min"}"#;
const QUANTITY: &str = r#""periodInterval":60,"value":{"valueType":"Quantity","valueName":"hr","unit":"count/min","system":"http://unitsofmeasure.org","code":"/min"}"#;

#[test]
fn a_new_observation_has_everything() {
    let mut case = Case::new(Strict, QUANTITY);
    assert_eq!(
        case.message(&[("2019-02-01T22:46:01.875Z", &[("hr", "72.50")])]),
        [Ok("created")]
    );
    let identifier = "p.d.heartRate.20190201220000Z.20190201225959Z";
    let expected = format!(
        r#"{{"resourceType":"Observation","id":"{}","identifier":[{{"system":"{SERVICE_SYSTEM}","value":"{identifier}"}}],"status":"final",
        "code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}},{{"system":"{SERVICE_SYSTEM}","code":"heartRate","display":"heartRate"}}],"text":"heartRate"}},
        "subject":{{"reference":"Patient/p"}},"effectivePeriod":{{"start":"2019-02-01T22:00:00.0000000Z","end":"2019-02-01T22:59:59.9999999Z"}},
        "issued":"2020-01-01T00:00:00.0000000Z","device":{{"reference":"Device/d"}},
        "valueQuantity":{{"value":72.50,"unit":"count/min","system":"http://unitsofmeasure.org","code":"/min"}}}}"#,
        logical_id(SERVICE_SYSTEM, identifier)
    );
    assert_eq!(
        case.only().to_string(),
        read_fhir_resource(&expected).unwrap().to_string()
    );
}

#[test]
fn repeating_a_message_changes_nothing_and_a_new_value_amends() {
    for mapping in [QUANTITY, SAMPLED] {
        for mode in [Strict, IomtFhir] {
            let mut case = Case::new(mode, mapping);
            assert_eq!(
                case.message(&[("2019-02-01T22:46:01Z", &[("hr", "72")])]),
                [Ok("created")]
            );
            assert_eq!(
                case.message(&[("2019-02-01T22:46:01Z", &[("hr", "72")])]),
                [Ok("unchanged")]
            );
            assert_eq!(case.text(&["status"]), "final");
            assert_eq!(
                case.message(&[("2019-02-01T22:46:01Z", &[("hr", "73")])]),
                [Ok("updated")]
            );
            assert_eq!(case.text(&["status"]), "amended");
        }
    }
}

#[test]
fn samples_lie_on_a_grid() {
    let mut case = Case::new(Strict, SAMPLED);
    let message: &[(&str, &[(&str, &str)])] = &[
        ("2019-02-01T22:15:00Z", &[("hr", "62")]),
        ("2019-02-01T22:09:59Z", &[("hr", "61")]),
        ("2019-02-01T22:01:00Z", &[("hr", "60")]),
        ("2019-02-01T22:59:59Z", &[("hr", "65")]),
    ];
    assert_eq!(case.message(message), [Ok("created")]);
    assert_eq!(case.text(&["valueSampledData", "data"]), "61 62 E E E 65");
    assert_eq!(
        case.text(&["valueSampledData", "origin"]),
        r#"{"value":0,"unit":"count/min"}"#
    );
    assert_eq!(case.text(&["valueSampledData", "period"]), "600000");
    assert_eq!(case.text(&["valueSampledData", "dimensions"]), "1");
    assert_eq!(
        case.message(&[
            ("2019-02-01T22:12:00Z", &[("hr", "70")]),
            ("2019-02-01T22:35:00Z", &[("hr", "71")])
        ]),
        [Ok("updated")]
    );
    assert_eq!(case.text(&["valueSampledData", "data"]), "61 70 E 71 E 65");
}

#[test]
fn an_earlier_start_lays_the_grid_anew() {
    let mut case = Case::new(Strict, &SAMPLED.replace("60,", "-1,").replace("600000", "1000"));
    assert_eq!(
        case.correlated(
            Some("run"),
            &[
                ("2019-02-01T22:00:05Z", &[("hr", "5")]),
                ("2019-02-01T22:00:06.5Z", &[("hr", "6")])
            ]
        ),
        [Ok("created")]
    );
    assert_eq!(case.text(&["valueSampledData", "data"]), "5 6");
    assert_eq!(
        case.correlated(Some("run"), &[("2019-02-01T22:00:02Z", &[("hr", "2")])]),
        [Ok("updated")]
    );
    assert_eq!(case.text(&["valueSampledData", "data"]), "2 E E 5 6");
    assert_eq!(
        case.text(&["effectivePeriod", "start"]),
        "2019-02-01T22:00:02.0000000Z"
    );
    assert_eq!(
        case.text(&["effectivePeriod", "end"]),
        "2019-02-01T22:00:06.5000000Z"
    );
    let identifier = case.only().member("identifier").unwrap().elements()[0]
        .member("value")
        .unwrap()
        .as_text()
        .unwrap();
    assert_eq!(identifier, "p.d.heartRate.run");
    assert!(
        case.message(&[("2019-02-01T22:00:02Z", &[("hr", "2")])])[0]
            .as_ref()
            .unwrap_err()
            .contains("correlation id")
    );
}

#[test]
fn a_single_value_is_one_sample() {
    let mut case = Case::new(Strict, &SAMPLED.replace("60,", "0,"));
    assert_eq!(
        case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]),
        [Ok("created")]
    );
    assert_eq!(case.text(&["valueSampledData", "data"]), "5");
}

#[test]
fn series_that_would_never_end_are_refused() {
    let mut case = Case::new(Strict, &SAMPLED.replace("60,", "1440,").replace("600000", "0.1"));
    let outcome = case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]);
    assert!(
        outcome[0].as_ref().unwrap_err().contains("864000000 samples"),
        "{outcome:?}"
    );
}

#[test]
fn two_parts_of_one_instant_are_both_kept() {
    let components = r#""periodInterval":0,"components":[
        {"codes":[{"code":"8480-6"}],"value":{"valueType":"Quantity","valueName":"systolic","unit":"mmHg"}},
        {"codes":[],"value":{"valueType":"CodeableConcept","valueName":"posture","text":"sitting","codes":[{"code":"s"}]}},
        {"codes":[],"value":{"valueType":"String","valueName":"note"}}]"#;
    let mut case = Case::new(Strict, components);
    let message: &[(&str, &[(&str, &str)])] = &[
        ("2019-02-01T22:00:05Z", &[("systolic", "120")]),
        (
            "2019-02-01T22:00:05Z",
            &[("posture", "whatever"), ("Note", "names have case")],
        ),
    ];
    assert_eq!(case.message(message), [Ok("created")]);
    let components = case.only().member("component").unwrap().elements();
    assert_eq!(components.len(), 2);
    assert_eq!(
        components[0].member("valueQuantity").unwrap().to_string(),
        r#"{"value":120,"unit":"mmHg"}"#
    );
    assert_eq!(
        components[1].member("valueCodeableConcept").unwrap().to_string(),
        r#"{"coding":[{"code":"s"}],"text":"sitting"}"#
    );
    assert_eq!(
        components[1]
            .member("code")
            .unwrap()
            .member("text")
            .unwrap()
            .as_text(),
        Some("posture")
    );
    // Merging finds components by the value's name, replaces, and adds what is new.
    assert_eq!(
        case.message(&[("2019-02-01T22:00:05Z", &[("note", "a"), ("systolic", "125")])]),
        [Ok("updated")]
    );
    let components = case.only().member("component").unwrap().elements();
    assert_eq!(components.len(), 3);
    assert_eq!(
        components[0].member("valueQuantity").unwrap().to_string(),
        r#"{"value":125,"unit":"mmHg"}"#
    );
    assert_eq!(components[2].member("valueString").unwrap().as_text(), Some("a"));
}

#[test]
fn two_measurements_of_one_second_are_two_observations_but_for_the_original() {
    let mapping = QUANTITY.replace("60,", "0,");
    let first: &[(&str, &[(&str, &str)])] = &[("2019-02-01T22:00:05.1Z", &[("hr", "5")])];
    let second: &[(&str, &[(&str, &str)])] = &[("2019-02-01T22:00:05.9Z", &[("hr", "6")])];
    let mut strict = Case::new(Strict, &mapping);
    assert_eq!(strict.message(first), [Ok("created")]);
    assert_eq!(strict.message(second), [Ok("created")]);
    assert_eq!(strict.message(first), [Ok("unchanged")]);
    assert_eq!(strict.message(second), [Ok("unchanged")]);
    assert_eq!(strict.stored.len(), 2);
    let mut original = Case::new(IomtFhir, &mapping);
    assert_eq!(original.message(first), [Ok("created")]);
    assert_eq!(original.message(second), [Ok("updated")]);
    assert_eq!(original.text(&["valueQuantity", "value"]), "6");
    assert_eq!(
        original.text(&["effectivePeriod", "end"]),
        "2019-02-01T22:00:05.9000000Z"
    );
}

#[test]
fn a_mapping_that_changed_its_type_does_not_overwrite() {
    let mut case = Case::new(Strict, QUANTITY);
    case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]);
    case.mapping = Case::new(Strict, SAMPLED).mapping;
    let outcome = case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]);
    assert!(
        outcome[0].as_ref().unwrap_err().contains("holds valueQuantity"),
        "{outcome:?}"
    );
}

#[test]
fn what_others_wrote_into_the_observation_stays() {
    let mut case = Case::new(Strict, QUANTITY);
    case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]);
    let noted = case.only().to_string().replace(
        "\"status\"",
        "\"note\":[{\"text\":\"x\"}],\"meta\":{\"versionId\":\"7\"},\"status\"",
    );
    let id = case.stored.keys().next().unwrap().clone();
    case.stored.insert(id, read_fhir_resource(&noted).unwrap());
    assert_eq!(
        case.message(&[("2019-02-01T22:00:05Z", &[("hr", "5")])]),
        [Ok("unchanged")]
    );
    assert_eq!(
        case.message(&[("2019-02-01T22:00:05Z", &[("hr", "6")])]),
        [Ok("updated")]
    );
    assert_eq!(case.text(&["note"]), r#"[{"text":"x"}]"#);
}

#[test]
fn the_original_takes_any_text_into_a_series_and_we_take_numbers() {
    let text: &[(&str, &[(&str, &str)])] = &[("2019-02-01T22:00:05Z", &[("hr", "high")])];
    assert_eq!(Case::new(IomtFhir, SAMPLED).message(text), [Ok("created")]);
    assert!(Case::new(Strict, SAMPLED).message(text)[0].is_err());
}

mod single_values;
mod usable;
