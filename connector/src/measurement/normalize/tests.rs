//! The facts of the mapping language about extracting measurements, in both modes; and that no input stops it.

mod any_text;

use super::*;
use crate::compatibility::Compatibility::{IomtFhir, Strict};

const MODES: [Compatibility; 2] = [Strict, IomtFhir];

/// Normalizes one message with templates given as `(templateType, members of the template)`.
fn found(mode: Compatibility, templates: &[(&str, &str)], message: &str) -> (Vec<String>, Vec<String>) {
    let templates: Vec<String> = templates
        .iter()
        .map(|(kind, members)| format!(r#"{{"templateType":"{kind}","template":{{{members}}}}}"#))
        .collect();
    let mapping = format!(
        r#"{{"templateType":"CollectionContent","template":[{}]}}"#,
        templates.join(",")
    );
    let mapping = DeviceMapping::compile(&mapping, mode).unwrap();
    let normalized = normalize(&DeviceMessage::read(message, mode).unwrap(), &mapping);
    let measurements = normalized
        .measurements
        .iter()
        .map(|(_, measurement)| measurement.to_json().to_string());
    let errors = normalized
        .errors
        .iter()
        .map(|error| format!("{}: {error}", error.template));
    (measurements.collect(), errors.collect())
}

const HEART_RATE: &str = r#""typeName":"heartRate","typeMatchExpression":"$..[?(@heartRate)]","deviceIdExpression":"$.deviceId",
    "timestampExpression":"$.endDate","values":[{"required":"true","valueExpression":"$.heartRate","valueName":"hr"}]"#;

/// A CalculatedContent template in JMESPath around one value expression.
fn value_of(
    mode: Compatibility,
    message: &str,
    language: &str,
    expression: &str,
    required: bool,
) -> Result<Option<String>, String> {
    let template = format!(
        r#""typeName":"t","typeMatchExpression":{{"value":"Body","language":"JmesPath"}},"deviceIdExpression":"$.Body.id",
        "timestampExpression":"$.Body.at","values":[{{"required":{required},"valueName":"v",
        "valueExpression":{{"value":"{expression}","language":"{language}"}}}}]"#
    );
    let message = format!(r#"{{"id":"d","at":"2019-02-01T00:00:00Z",{message}}}"#);
    let (measurements, errors) = found(mode, &[("CalculatedContent", &template)], &message);
    match (measurements.as_slice(), errors.as_slice()) {
        ([measurement], []) => {
            let value = measurement
                .split_once(r#""name":"v","value":"#)
                .map(|(_, rest)| rest.trim_end_matches("}]}"));
            Ok(value.map(ToOwned::to_owned))
        }
        (_, [error, ..]) => Err(error.clone()),
        other => panic!("one measurement or one error, not {other:?}"),
    }
}

#[test]
fn every_match_is_a_measurement() {
    for mode in MODES {
        let message = r#"{"Body":[{"heartRate":"78","endDate":"2019-02-01T20:46:01.8750000Z","deviceId":"d1"},
            {"heartRate":81,"endDate":"2019-02-01T21:46:01Z","deviceId":"d1"}],"Properties":{},"SystemProperties":{}}"#;
        let (measurements, errors) = found(mode, &[("JsonPathContent", HEART_RATE)], message);
        let expected = |time: &str, value: &str| {
            format!(
                r#"{{"type":"heartRate","occurrenceTimeUtc":"{time}","deviceId":"d1","properties":[{{"name":"hr","value":"{value}"}}]}}"#
            )
        };
        assert_eq!(
            measurements,
            [
                expected("2019-02-01T20:46:01.875Z", "78"),
                expected("2019-02-01T21:46:01Z", "81")
            ]
        );
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn an_error_concerns_one_match_and_the_rest_goes_on() {
    for mode in MODES {
        let message = r#"[{"heartRate":1,"endDate":"2019-02-01","deviceId":"d"},{"heartRate":2,"deviceId":"d"},
            {"heartRate":3,"endDate":"2019-02-03","deviceId":"d"}]"#;
        let message = format!(r#"{{"Body":{message}}}"#);
        let templates = [("JsonPathContent", HEART_RATE), ("JsonPathContent", HEART_RATE)];
        let (measurements, errors) = found(mode, &templates, &message);
        assert_eq!(measurements.len(), 4);
        assert_eq!(errors.len(), 2);
        assert_eq!(
            errors[1],
            "1: timestampExpression: required, but the match does not have it; this template's expressions see the match alone, not the message around it"
        );
    }
}

#[test]
fn calculated_content_sees_the_message_and_the_match() {
    let template = r#""typeName":"bp","typeMatchExpression":"$..[?(@systolic && @diastolic)]",
        "deviceIdExpression":"$.Body.deviceId","timestampExpression":"$.matchedToken.date","patientIdExpression":"$.Body.patient",
        "values":[{"valueExpression":"$.matchedToken.systolic","valueName":"systolic"}]"#;
    let message = r#"{"deviceId":"d","patient":"p","data":[{"systolic":"120","diastolic":"80","date":"2021-07-13T17:29:01Z"},
        {"systolic":"122","diastolic":"82","date":"2021-07-13T17:28:01Z"}]}"#;
    for mode in MODES {
        let (measurements, errors) = found(mode, &[("CalculatedContent", template)], message);
        assert_eq!(errors, [""; 0]);
        assert_eq!(measurements.len(), 2);
        assert!(
            measurements[1].contains(r#""patientId":"p""#) && measurements[1].contains(r#""value":"122""#)
        );
    }
}

#[test]
fn iot_hub_messages_bring_device_and_time() {
    let template = r#""typeName":"hr","typeMatchExpression":"$..[?(@Body.heartRate)]","deviceIdExpression":"$.nonsense",
        "values":[{"required":true,"valueExpression":"$.Body.heartRate","valueName":"hr"}]"#;
    let message = |properties: &str| {
        format!(
            r#"{{"Body":{{"heartRate":78}},"Properties":{{{properties}}},"SystemProperties":{{"iothub-connection-device-id":"d7",
            "iothub-enqueuedtime":"2019-02-02T00:00:00Z"}}}}"#
        )
    };
    for mode in MODES {
        for (properties, day) in [
            (
                r#""iothub-creation-time-utc":"2019-02-01T00:00:00Z""#,
                "2019-02-01",
            ),
            (r#""iothub-creation-time-utc":null"#, "2019-02-02"),
            (r#""iothub-creation-time-utc":"soon""#, "2019-02-02"),
            ("", "2019-02-02"),
        ] {
            let (measurements, errors) =
                found(mode, &[("IotJsonPathContent", template)], &message(properties));
            assert_eq!(errors, [""; 0]);
            assert!(
                measurements[0].contains(&format!("{day}T00:00:00Z\",\"deviceId\":\"d7\"")),
                "{measurements:?}"
            );
        }
        let below_root = template
            .replace("@Body.heartRate", "@heartRate")
            .replace("$.Body.heartRate", "$.heartRate");
        let (_, errors) = found(mode, &[("IotJsonPathContentTemplate", &below_root)], &message(""));
        assert_eq!(
            errors,
            [
                "0: deviceIdExpression: required, but the match does not have it; this template's expressions see the match alone, not the message around it"
            ]
        );
    }
}

#[test]
fn iot_central_messages_bring_device_and_time() {
    let template = r#""typeName":"hr","typeMatchExpression":"$..[?(@telemetry.hr)]",
        "values":[{"valueExpression":"$.telemetry.hr","valueName":"hr"}]"#;
    let message = r#"{"deviceId":"c1","enqueuedTime":"2021-03-01T10:00:00Z","telemetry":{"hr":75}}"#;
    for mode in MODES {
        let (measurements, errors) = found(mode, &[("IotCentralJsonPathContent", template)], message);
        assert_eq!(errors, [""; 0]);
        assert!(measurements[0].contains(r#""occurrenceTimeUtc":"2021-03-01T10:00:00Z","deviceId":"c1""#));
    }
}

#[test]
fn required_means_present_and_neither_null_nor_blank() {
    for mode in MODES {
        for (value, fails) in [
            (r#""x":null"#, true),
            (r#""x":"""#, true),
            (r#""x":"  ""#, true),
            (r#""y":1"#, true),
            (r#""x":0"#, false),
        ] {
            assert_eq!(
                value_of(mode, value, "JsonPath", "$.Body.x", true).is_err(),
                fails,
                "{value}"
            );
        }
        for (value, expected) in [
            (r#""x":null"#, None),
            (r#""x":"""#, Some(r#""""#)),
            (r#""x":" ""#, Some(r#"" ""#)),
            (r#""x":{"y":1}"#, None),
            (r#""x":[1]"#, None),
            (r#""y":1"#, None),
        ] {
            assert_eq!(
                value_of(mode, value, "JsonPath", "$.Body.x", false),
                Ok(expected.map(ToOwned::to_owned)),
                "{value}"
            );
        }
    }
}

#[test]
fn several_results_and_failing_functions_are_errors_even_for_an_optional_value() {
    for mode in MODES {
        for (language, expression) in [
            ("JsonPath", "$.Body.l[*]"),
            ("JmesPath", "Body.l[*]"),
            ("JmesPath", "add(Body.missing, `1`)"),
            ("JmesPath", "add(Body.t, `1`)"),
        ] {
            assert!(
                value_of(mode, r#""l":[1,2],"t":"x""#, language, expression, false).is_err(),
                "{expression}"
            );
        }
        // A projection of one value is an array, which is no value.
        assert_eq!(
            value_of(mode, r#""l":[1]"#, "JmesPath", "Body.l[*]", false),
            Ok(None)
        );
        assert!(value_of(mode, r#""l":[1]"#, "JmesPath", "Body.l[*]", true).is_err());
        assert_eq!(
            value_of(mode, r#""l":[1]"#, "JmesPath", "Body.l[*] | [0]", true),
            Ok(Some(r#""1""#.to_owned()))
        );
    }
}

#[test]
fn values_become_texts() {
    for (json, original, strict) in [
        ("\"72\"", Some("72"), Some("72")),
        ("72", Some("72"), Some("72")),
        ("72.5", Some("72.5"), Some("72.5")),
        ("100.0", Some("100"), Some("100.0")),
        ("1e21", Some("1E+21"), Some("1e21")),
        ("true", Some("True"), Some("true")),
        ("false", Some("False"), Some("false")),
        (
            "9223372036854775807",
            Some("9223372036854775807"),
            Some("9223372036854775807"),
        ),
        ("12345678901234567890", None, Some("12345678901234567890")),
        (
            "\"2017-01-17T17:24:12\"",
            Some("01/17/2017 17:24:12"),
            Some("2017-01-17T17:24:12"),
        ),
        (
            "\"2017-01-17T17:24:12.5+01:00\"",
            Some("01/17/2017 16:24:12"),
            Some("2017-01-17T17:24:12.5+01:00"),
        ),
        ("\"2017-01-17\"", Some("2017-01-17"), Some("2017-01-17")),
    ] {
        let member = format!(r#""x":{json}"#);
        for (mode, expected) in [(IomtFhir, original), (Strict, strict)] {
            let value = value_of(mode, &member, "JsonPath", "$.Body.x", true);
            assert_eq!(
                value.ok().flatten(),
                expected.map(|text| format!("\"{text}\"")),
                "{json} {mode:?}"
            );
        }
    }
}

#[test]
fn functions_give_dates_and_numbers_as_texts() {
    for (expression, original, strict) in [
        (
            "fromUnixTimestamp(`1625677200`)",
            "07/07/2021 17:00:00",
            "2021-07-07T17:00:00Z",
        ),
        ("multiply(`1.5`, `2`)", "3", "3"),
        ("divide(`1.0`, `3`)", "0.3333333333333333", "0.3333333333333333"),
        ("divide(`1`, `100000.0`)", "1E-05", "0.00001"),
        ("to_string(`1.0`)", "1.0", "1.0"),
        ("insertString('123', 'patient', `0`)", "patient123", "patient123"),
    ] {
        assert_eq!(
            value_of(IomtFhir, r#""x":1"#, "JmesPath", expression, true),
            Ok(Some(format!("\"{original}\"")))
        );
        assert_eq!(
            value_of(Strict, r#""x":1"#, "JmesPath", expression, true),
            Ok(Some(format!("\"{strict}\"")))
        );
    }
}

#[test]
fn a_number_is_no_time() {
    for mode in MODES {
        let message = r#"{"heartRate":1,"endDate":1549061161,"deviceId":"d"}"#;
        let (_, errors) = found(mode, &[("JsonPathContent", HEART_RATE)], message);
        assert!(errors[0].contains("fromUnixTimestamp"), "{errors:?}");
        let message = r#"{"heartRate":1,"endDate":"","deviceId":"d"}"#;
        assert_eq!(
            found(mode, &[("JsonPathContent", HEART_RATE)], message).1.len(),
            1
        );
    }
}

#[test]
fn a_defined_correlation_id_is_required_but_patient_and_encounter_never_are() {
    let template = format!(
        r#"{HEART_RATE},"correlationIdExpression":"$.session","patientIdExpression":"$.patient","encounterIdExpression":"$.encounter""#
    );
    let blank = format!(r#"{HEART_RATE},"correlationIdExpression":"""#);
    let message = |more: &str| format!(r#"{{"heartRate":1,"endDate":"2019-02-01","deviceId":"d"{more}}}"#);
    for mode in MODES {
        let (_, errors) = found(mode, &[("JsonPathContent", &template)], &message(""));
        assert_eq!(
            errors,
            [
                "0: correlationIdExpression: required, but the match does not have it; this template's expressions see the match alone, not the message around it"
            ]
        );
        let (measurements, _) = found(
            mode,
            &[("JsonPathContent", &template)],
            &message(r#","session":7,"patient":null"#),
        );
        assert!(
            measurements[0].contains(r#""deviceId":"d","correlationId":"7""#),
            "{measurements:?}"
        );
        assert_eq!(
            found(mode, &[("JsonPathContent", &blank)], &message("")).0.len(),
            1
        );
    }
}

#[test]
fn a_jmespath_match_of_null_is_none_and_a_projection_is_many() {
    let template = |expression: &str| {
        format!(
            r#""typeName":"t","defaultExpressionLanguage":"JmesPath","typeMatchExpression":"{expression}",
            "deviceIdExpression":"Body.id","timestampExpression":"Body.at""#
        )
    };
    let message = r#"{"id":"d","at":"2019-02-01","l":[{"v":1},{"v":0},{"v":null}]}"#;
    for mode in MODES {
        for (expression, count) in [
            ("Body.none", 0),
            ("Body.l[?v]", 2),
            ("Body.l", 1),
            ("Body", 1),
            ("Body.none[*]", 0),
        ] {
            let (measurements, errors) =
                found(mode, &[("CalculatedContent", &template(expression))], message);
            assert_eq!((measurements.len(), errors.len()), (count, 0), "{expression}");
        }
        // A measurement without any value is still one.
        let (measurements, _) = found(mode, &[("CalculatedContent", &template("Body"))], message);
        assert!(measurements[0].ends_with(r#""properties":[]}"#));
    }
}
