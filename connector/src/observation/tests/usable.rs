//! A value that cannot be used costs its own measurement; no other one of the period, and no other sample of the series.

use super::*;

const STRING: &str = r#""periodInterval":0,"value":{"valueType":"String","valueName":"hr"}"#;
const AT: [&str; 3] = [
    "2019-02-01T22:00:00Z",
    "2019-02-01T22:16:00Z",
    "2019-02-01T22:31:00Z",
];

fn sampled() -> String {
    SAMPLED.replace("600000", "900000")
}

#[test]
fn a_bad_value_costs_no_good_one_of_its_period() {
    let mut case = Case::new(Strict, &sampled());
    let message: &[(&str, &[(&str, &str)])] = &[
        (AT[0], &[("hr", "1")]),
        (AT[1], &[("hr", "abc")]),
        (AT[2], &[("hr", "3")]),
    ];
    let outcomes = case.message(message);
    assert!(
        outcomes[0].as_ref().unwrap_err().contains("needs a decimal"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes[1..], [Ok("created")]);
    assert_eq!(case.text(&["valueSampledData", "data"]), "1 E 3 E");
    for mode in [Strict, IomtFhir] {
        let mut case = Case::new(mode, QUANTITY);
        let outcomes = case.message(&message[..2]);
        assert!(
            outcomes[0].as_ref().unwrap_err().contains("needs a decimal"),
            "{outcomes:?}"
        );
        assert_eq!(outcomes[1..], [Ok("created")]);
        assert_eq!(case.text(&["valueQuantity", "value"]), "1");
    }
}

#[test]
fn every_measurement_without_correlation_id_is_an_error() {
    let mut case = Case::new(Strict, &QUANTITY.replace("60,", "-1,"));
    let outcomes = case.message(&[(AT[0], &[("hr", "1")]), (AT[1], &[("hr", "2")])]);
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
}

#[test]
fn a_sample_is_one_number_as_a_quantity_is() {
    for (value, strict, original) in [
        (" 5 ", "5 E 6 E", "5 E 6 E"),
        ("5\n", "5 E 6 E", "5 E 6 E"),
        ("+5", "5 E 6 E", "+5 E 6 E"),
        (".5", "0.5 E 6 E", ".5 E 6 E"),
        (" L", "L E 6 E", "L E 6 E"),
        (" ", "E E 6 E", "E E 6 E"),
        ("1 2", "E E 6 E", "E E 6 E"),
        ("x", "E E 6 E", "x E 6 E"),
    ] {
        for (mode, expected) in [(Strict, strict), (IomtFhir, original)] {
            let mut case = Case::new(mode, &sampled());
            case.message(&[(AT[0], &[("hr", value)]), (AT[2], &[("hr", "6")])]);
            assert_eq!(
                case.text(&["valueSampledData", "data"]),
                expected,
                "{value:?} {mode:?}"
            );
            // Merging writes the same.
            let mut case = Case::new(mode, &sampled());
            case.message(&[(AT[2], &[("hr", "6")])]);
            case.message(&[(AT[0], &[("hr", value)])]);
            assert_eq!(
                case.text(&["valueSampledData", "data"]),
                expected,
                "{value:?} {mode:?}"
            );
        }
    }
}

#[test]
fn blank_texts_are_not_written() {
    for text in ["", " \n"] {
        let mut strict = Case::new(Strict, STRING);
        let outcome = strict.message(&[(AT[0], &[("hr", text)])]);
        assert!(
            outcome[0].as_ref().unwrap_err().contains("send a value or null"),
            "{outcome:?}"
        );
        assert_eq!(strict.stored.len(), 0);
        let mut original = Case::new(IomtFhir, STRING);
        assert_eq!(original.message(&[(AT[0], &[("hr", text)])]), [Ok("created")]);
        assert_eq!(original.text(&["valueString"]), "none");
        assert_eq!(original.message(&[(AT[0], &[("hr", "a")])]), [Ok("updated")]);
        assert_eq!(original.message(&[(AT[0], &[("hr", text)])]), [Ok("unchanged")]);
        assert_eq!(original.text(&["valueString"]), "a");
    }
}

#[test]
fn empty_concepts_are_not_written() {
    let concept = r#"{"valueType":"CodeableConcept","valueName":"hr","codes":[{}]}"#;
    let members = format!(
        r#""category":[{{}}],"value":{concept},"components":[{{"codes":[],"value":{}}}]"#,
        concept.replace("hr", "irregular")
    );
    let mut case = Case::new(IomtFhir, &members);
    assert_eq!(
        case.message(&[(AT[0], &[("hr", "1"), ("irregular", "yes")])]),
        [Ok("created")]
    );
    assert!(!case.only().to_string().contains("{}"));
    assert_eq!(case.text(&["category"]), "none");
    assert_eq!(case.text(&["valueCodeableConcept"]), "none");
    // The component says by being there what it always said.
    let component = &case.only().member("component").unwrap().elements()[0];
    assert!(component.member("code").is_some() && component.member("valueCodeableConcept").is_none());
}

#[test]
fn single_measurements_of_one_instant_are_all_kept() {
    let single = |mapping: &str| mapping.replace("60,", "0,");
    let message: &[(&str, &[(&str, &str)])] = &[
        (AT[0], &[("hr", "1")]),
        (AT[0], &[("hr", "2")]),
        (AT[0], &[("hr", "1")]),
        (AT[0], &[("hr", "3")]),
    ];
    for mapping in [single(QUANTITY), single(SAMPLED), single(STRING)] {
        let mut case = Case::new(Strict, &mapping);
        assert_eq!(
            case.message(message),
            [Ok("created"), Ok("created"), Ok("created")]
        );
        assert_eq!(
            case.message(message),
            [Ok("unchanged"), Ok("unchanged"), Ok("unchanged")]
        );
        let identifiers: Vec<&str> = case
            .stored
            .values()
            .filter_map(|observation| {
                observation.member("identifier")?.elements()[0]
                    .member("value")?
                    .as_text()
            })
            .collect();
        let precise = "p.d.heartRate.201902012200000000000Z.201902012200000000000Z";
        let expected = [
            "p.d.heartRate.20190201220000Z.20190201220000Z",
            &format!("{precise}.2"),
            &format!("{precise}.3"),
        ];
        assert_eq!(identifiers, expected);
        // A later message amends, and what is one instant stays apart from the others of its second.
        assert_eq!(case.message(&[(AT[0], &[("hr", "9")])]), [Ok("updated")]);
        assert_eq!(
            case.message(&[("2019-02-01T22:00:00.5Z", &[("hr", "1")])]),
            [Ok("created")]
        );
        assert_eq!(case.stored.len(), 4);
    }
    // The original keeps the first.
    for (mapping, value) in [(QUANTITY, "\"value\":1,"), (SAMPLED, "\"data\":\"1\"")] {
        let mut original = Case::new(IomtFhir, &single(mapping));
        assert_eq!(original.message(&message[..2]), [Ok("created")]);
        assert!(original.only().to_string().contains(value), "{}", original.only());
    }
}
