//! Whatever comes in: measurements, or a stated cause; never a panic.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_measurements_or_a_stated_cause(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes);
        for mode in MODES {
            match DeviceMessage::read(&text, mode) {
                Ok(message) => prop_assert!(message.envelope.member("Body").is_some()),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
            if let Err(invalid) = DeviceMapping::compile(&text, mode) {
                prop_assert!(!invalid.errors.is_empty());
            }
        }
    }

    #[test]
    fn any_expression_compiles_or_says_why(text in "[$@.\\[\\]()?&|=<>!'a-c0-9*:,`{} -]{0,40}") {
        use crate::mapping::device::expression::{Expression, Language};
        let document = DeviceMessage::read(r#"{"a":[{"b":1},{"c":"x"}],"b":{"a":null}}"#, Strict).unwrap().envelope;
        for language in [Language::JsonPath, Language::JmesPath] {
            for mode in MODES {
                match Expression::compile(&text, language, mode) {
                    Ok(expression) => if let Some(error) = expression.all(&document, mode).failure {
                        prop_assert!(!error.to_string().is_empty());
                    },
                    Err(error) => prop_assert!(!error.to_string().is_empty()),
                }
            }
        }
    }

    #[test]
    fn any_json_message_gives_one_answer_for_each_match(
        rates in proptest::collection::vec(proptest::option::of(any::<i64>()), 0..20),
        device in "\\PC{0,10}",
    ) {
        let element = |rate: &Option<i64>| match rate {
            Some(rate) => format!(r#"{{"heartRate":{rate},"endDate":"2019-02-01","deviceId":{}}}"#, Json::text(device.as_str())),
            None => r#"{"steps":1}"#.to_owned(),
        };
        let body = rates.iter().map(element).collect::<Vec<_>>().join(",");
        for mode in MODES {
            let (measurements, errors) = found(mode, &[("JsonPathContent", HEART_RATE)], &format!(r#"{{"Body":[{body}]}}"#));
            prop_assert_eq!(measurements.len() + errors.len(), rates.iter().flatten().count());
        }
    }
}
