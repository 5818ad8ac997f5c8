//! Which texts are dates, which instants they are, and how instants are printed.

use super::*;

fn parsed(text: &str) -> Option<String> {
    parse_timestamp(text).map(|instant| instant.to_string())
}

#[test]
fn forms_that_devices_use_are_read_as_utc() {
    let cases = [
        ("2019-02-01T22:46:01.8750000Z", "2019-02-01T22:46:01.875Z"),
        ("2019-02-01T22:46:01", "2019-02-01T22:46:01Z"),
        ("2019-02-01T22:46:01+02:00", "2019-02-01T20:46:01Z"),
        ("2019-02-01T22:46:01-0530", "2019-02-02T04:16:01Z"),
        ("2019-02-01T22:46:01+02", "2019-02-01T20:46:01Z"),
        ("2019-02-01T24:00:00Z", "2019-02-02T00:00:00Z"),
        ("2019-02-01 22:46:01Z", "2019-02-01T22:46:01Z"),
        ("2019-02-01T22:46Z", "2019-02-01T22:46:00Z"),
        ("2019-02-01", "2019-02-01T00:00:00Z"),
        ("2019/2/1", "2019-02-01T00:00:00Z"),
        ("01/17/2017", "2017-01-17T00:00:00Z"),
        ("01/17/2017 17:24:12", "2017-01-17T17:24:12Z"),
        ("1/17/2017 5:24 PM", "2017-01-17T17:24:00Z"),
        ("12/31/2017 12:00:00 AM", "2017-12-31T00:00:00Z"),
        ("Fri, 01 Feb 2019 22:46:01 GMT", "2019-02-01T22:46:01Z"),
        ("1 Feb 2019", "2019-02-01T00:00:00Z"),
        ("February 1, 2019 10:00", "2019-02-01T10:00:00Z"),
        ("2019-02-01T22:46:01.123456789Z", "2019-02-01T22:46:01.1234568Z"),
        ("2019-12-31T23:59:59.99999999Z", "2020-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(parsed(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn texts_that_are_no_dates_are_refused() {
    for text in [
        "",
        " ",
        "abc",
        "1549061161",
        "2019-02-30",
        "2019-13-01",
        "2019-02-01T25:00:00Z",
        "2019-02-01T22:60:00Z",
        "22:46",
        "01/17/17",
        "2019-02-01T22:46:01X",
        "0000-01-01T00:00:00Z",
        "2019-02-01T22:46:01.Z",
        "2019-02-01T24:46:01Z",
        "2019-02-01T22:46:60Z",
        "Fri, 32 Feb 2019",
        "2019-02-01T22:46:01+99:00",
        "T",
        "é019-02-01T22:46:01",
    ] {
        assert_eq!(parsed(text), None, "{text}");
    }
}

#[test]
fn dates_are_recognised_and_printed_as_the_original_does() {
    let date = Date::recognise("2017-01-17T17:24:12.5+01:00").unwrap();
    assert_eq!(date.month_first_text(), "01/17/2017 16:24:12");
    assert_eq!(date.iso_text(), "2017-01-17T16:24:12.5+00:00");
    assert_eq!(
        Date::recognise("2017-01-17T17:24:12").unwrap().iso_text(),
        "2017-01-17T17:24:12"
    );
    for text in [
        "2017-01-17",
        "2017-01-17 17:24:12",
        "2017-01-17T17:24",
        "2017-01-17T17:24:12.12345678Z",
    ] {
        assert_eq!(Date::recognise(text), None, "{text}");
    }
}

#[test]
fn instants_are_printed_for_fhir_and_for_identifiers() {
    let instant = parse_timestamp("2019-02-01T22:46:01.875Z").unwrap();
    assert_eq!(fhir_date_time(instant), "2019-02-01T22:46:01.8750000Z");
    assert_eq!(identifier_segment(instant), "20190201224601Z");
    assert_eq!(
        identifier_segment_with_fraction(instant),
        "201902012246018750000Z"
    );
}
