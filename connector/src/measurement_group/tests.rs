//! Laws of grouping.

use proptest::prelude::*;

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};
use crate::date_time::parse_timestamp;
use crate::mapping::fhir::FhirMapping;

fn template(interval: i64) -> FhirTemplate {
    let mapping = format!(
        r#"{{"templateType":"CollectionFhir","template":[{{"templateType":"CodeValueFhir","template":
        {{"typeName":"t","codes":[],"periodInterval":{interval}}}}}]}}"#
    );
    FhirMapping::compile(&mapping, Strict)
        .unwrap()
        .template("t")
        .unwrap()
        .clone()
}

fn measurement(device: &str, patient: &str, seconds: i64, values: usize) -> Measurement {
    Measurement {
        type_name: "t".to_owned(),
        occurrence_time: Instant::of_unix(jiff::SignedDuration::from_secs(seconds)).unwrap(),
        device_id: device.to_owned(),
        patient_id: Some(patient.to_owned()),
        encounter_id: None,
        correlation_id: Some("c".to_owned()),
        properties: (0..values)
            .map(|value| (format!("v{value}"), seconds.to_string()))
            .collect(),
    }
}

#[test]
fn ids_are_not_joined_so_that_no_measurement_lands_on_another_patient() {
    let measurements = [measurement("a-b", "c", 0, 1), measurement("a", "b-c", 0, 1)];
    assert_eq!(by_subject(measurements.iter()).len(), 2);
}

#[test]
fn single_measurements_that_exclude_each_other_are_apart_and_parts_are_together() {
    let at = |values: &[(&str, &str)]| Measurement {
        properties: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..measurement("d", "p", 0, 0)
    };
    let places = |mode, measurements: &[Measurement]| {
        let mapping = r#"{"templateType":"CollectionFhir","template":[{"templateType":"CodeValueFhir","template":
            {"typeName":"t","codes":[],"value":{"valueType":"Quantity","valueName":"a"},"components":[
            {"codes":[],"value":{"valueType":"String","valueName":"b"}},
            {"codes":[],"value":{"valueType":"CodeableConcept","valueName":"c","text":"x"}}]}}]}"#;
        let mapping = FhirMapping::compile(mapping, mode).unwrap();
        let (subject, of_subject) = by_subject(measurements.iter()).pop().unwrap();
        let groups = by_period(&subject, &of_subject, mapping.template("t").unwrap(), mode);
        groups
            .into_iter()
            .map(|group| (group.place, group.members))
            .collect::<Vec<_>>()
    };
    let measurements = [
        at(&[("a", "1")]),
        at(&[("a", "2")]),
        at(&[("b", "1"), ("c", "1"), ("unknown", "1")]),
        at(&[("b", "2"), ("c", "2"), ("unknown", "2")]),
        at(&[("a", "2")]),
        at(&[("a", "3"), ("b", "2")]),
        at(&[("c", "3")]),
    ];
    assert_eq!(
        places(Strict, &measurements),
        [(0, vec![0, 2, 6]), (1, vec![1, 3, 4]), (2, vec![5])]
    );
    assert_eq!(places(IomtFhir, &measurements), [(0, (0..7).collect())]);
    // As many as a message holds are placed at once.
    let many: Vec<Measurement> = (0..50_000)
        .map(|value| at(&[("a", &value.to_string())]))
        .collect();
    assert_eq!(places(Strict, &many).len(), 50_000);
}

#[test]
fn periods_are_those_of_utc() {
    let at = |interval: i64| {
        let instant = parse_timestamp("2019-02-01T22:46:01.875Z").unwrap();
        let boundary = template(interval).period_interval.boundary(instant);
        format!("{} {}", boundary.start, boundary.end)
    };
    assert_eq!(at(0), "2019-02-01T22:46:01.875Z 2019-02-01T22:46:01.875Z");
    assert_eq!(at(60), "2019-02-01T22:00:00Z 2019-02-01T22:59:59.9999999Z");
    assert_eq!(at(1440), "2019-02-01T00:00:00Z 2019-02-01T23:59:59.9999999Z");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_measurement_is_lost_and_none_is_in_two_groups(
        rows in proptest::collection::vec(("[a-b-]{1,3}", "[a-b-]{1,3}", -100_000_i64..100_000, 0_usize..3), 0..40),
        interval in prop_oneof![Just(-1), Just(0), Just(60), Just(1440)],
    ) {
        let template = template(interval);
        let measurements: Vec<Measurement> =
            rows.iter().map(|(device, patient, at, values)| measurement(device, patient, *at, *values)).collect();
        let mut members = Vec::new();
        let mut values = 0;
        for (subject, of_subject) in by_subject(measurements.iter()) {
            for group in by_period(&subject, &of_subject, &template, Strict) {
                for member in &group.members {
                    let measurement = &measurements[*member];
                    prop_assert_eq!(&measurement.device_id, &group.subject.device_id);
                    prop_assert!(measurement.occurrence_time >= group.boundary.start);
                    prop_assert!(measurement.occurrence_time <= group.boundary.end);
                }
                members.extend(group.members);
                values += group.values.values().map(Vec::len).sum::<usize>();
            }
        }
        members.sort_unstable();
        prop_assert_eq!(members, (0..rows.len()).collect::<Vec<_>>());
        prop_assert_eq!(values, rows.iter().map(|(_, _, _, values)| values).sum::<usize>());
    }
}
