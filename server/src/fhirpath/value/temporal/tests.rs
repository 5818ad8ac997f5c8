//! Dates and times: what is read, how they compare, what is added.

use std::cmp::Ordering::{Equal, Greater, Less};

use rust_decimal::Decimal;

use super::*;
use crate::fhirpath::value::CalendarUnit;

fn date_time(text: &str) -> Temporal {
    Temporal::date_time(text).unwrap()
}

#[test]
fn what_is_no_date_or_time_is_not_read() {
    for text in [
        "",
        "201",
        "2015-00",
        "2015-13",
        "2015-02-29",
        "2015-02-04T",
        "2015-02-04T24",
        "2015-02-04T14:60",
        "2015-02-04T14:34:28.",
        "2015-02-04T14:34:28+15:00",
        "2015-02T14",
        "2015-02-04-05",
        "é015",
    ] {
        assert_eq!(Temporal::date_time(text), None, "{text}");
    }
    for text in [
        "2015",
        "2016-02-29",
        "2015-02-04T14",
        "2015-02-04T14:34:28.120-05:30",
        "2015-02-04T14:34:28Z",
    ] {
        assert_eq!(date_time(text).to_string(), text);
    }
    assert_eq!(Temporal::time("14:34:28.120").unwrap().clock(), "14:34:28.120");
    assert_eq!(Temporal::time("14:34Z"), None);
}

#[test]
fn imprecise_ones_have_an_order_only_where_it_is_sure() {
    for (one, another, order) in [
        ("2015", "2016-01-01", Some(Less)),
        ("2015", "2015-01", None),
        ("2015-01-01T10:00:00", "2015-01-01T10:00:00.000", Some(Equal)),
        ("2015-01-01T10:00:00Z", "2015-01-01T11:00:00+01:00", Some(Equal)),
        ("2015-01-01T00:30:00+02:00", "2014-12-31T23:00:00Z", Some(Less)),
        // No zone is so far from another that two days could be one.
        ("2015-01-03T10:00:00", "2015-01-01T10:00:00Z", Some(Greater)),
        ("2015-01-01T12:00:00", "2015-01-01T10:00:00Z", None),
        ("2015-01-01", "2015-01-01T10:00:00Z", None),
    ] {
        let (one, another) = (date_time(one), date_time(another));
        assert_eq!(one.compare(&another), order, "{one} {another}");
        assert_eq!(
            another.compare(&one),
            order.map(std::cmp::Ordering::reverse),
            "{another} {one}"
        );
    }
}

#[test]
fn amounts_are_added_as_precisely_as_the_date_is() {
    for (text, amount, unit, expected) in [
        ("2016-02-29", 1, CalendarUnit::Year, Some("2017-02-28")),
        ("2015-01-31", 1, CalendarUnit::Month, Some("2015-02-28")),
        ("2015", 25, CalendarUnit::Month, Some("2017")),
        ("2015-01", 61, CalendarUnit::Day, Some("2015-03")),
        ("2015-01-01", 49, CalendarUnit::Hour, Some("2015-01-03")),
        (
            "2015-01-01T23:30:00+10:00",
            45,
            CalendarUnit::Minute,
            Some("2015-01-02T00:15:00+10:00"),
        ),
        ("9999", 1, CalendarUnit::Year, None),
        ("0001-01-01", -1, CalendarUnit::Day, None),
        ("2015", i64::MAX, CalendarUnit::Week, None),
        ("2015-01-01T00:00:00", i64::MIN, CalendarUnit::Second, None),
    ] {
        let sum = date_time(text).plus(Decimal::from(amount), unit);
        assert_eq!(
            sum.map(|sum| sum.to_string()).as_deref(),
            expected,
            "{text} {amount} {unit:?}"
        );
    }
    let later = Temporal::time("23:30")
        .unwrap()
        .plus_on_the_clock(Decimal::from(45), CalendarUnit::Minute);
    assert_eq!(later.unwrap().clock(), "00:15");
}
