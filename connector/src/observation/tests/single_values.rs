//! Quantities and texts: one value in a period.

use super::*;

#[test]
fn quantities_and_texts_are_one_value() {
    for mode in [Strict, IomtFhir] {
        for mapping in [
            QUANTITY.to_owned(),
            r#""periodInterval":60,"value":{"valueType":"String","valueName":"hr"}"#.to_owned(),
        ] {
            let mut case = Case::new(mode, &mapping);
            let two = case.message(&[
                ("2019-02-01T22:00:05Z", &[("hr", "5")]),
                ("2019-02-01T22:00:06Z", &[("hr", "6")]),
            ]);
            assert!(
                two[0].as_ref().unwrap_err().contains("2 values in one period"),
                "{two:?}"
            );
            let same_instant = case.message(&[
                ("2019-02-01T22:00:05Z", &[("hr", "5")]),
                ("2019-02-01T22:00:05Z", &[("hr", "6")]),
            ]);
            let twice = case.message(&[
                ("2019-02-01T22:00:05Z", &[("hr", "5")]),
                ("2019-02-01T22:00:05Z", &[("hr", "5")]),
            ]);
            if mode == Strict {
                assert!(same_instant[0].is_err());
                assert_eq!(twice, [Ok("created")]);
            } else {
                // The original keeps the first.
                assert_eq!(
                    (same_instant, twice),
                    (vec![Ok("created")], vec![Ok("unchanged")])
                );
            }
        }
        let mut case = Case::new(mode, QUANTITY);
        assert!(
            case.message(&[("2019-02-01T22:00:05Z", &[("hr", "high")])])[0]
                .as_ref()
                .unwrap_err()
                .contains("decimal")
        );
        assert_eq!(case.stored.len(), 0);
    }
}
