//! Dates and times as FHIR writes them, with the days that the calendar has:
//! <http://hl7.org/fhir/R4/datatypes.html#dateTime>.

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.len() {
        4 => year(bytes).is_some(),
        7 => month(bytes).is_some(),
        10 => is_day(bytes),
        _ => false,
    }
}

/// A date, or an instant.
pub fn is_date_time(text: &str) -> bool {
    if text.len() <= 10 {
        is_date(text)
    } else {
        is_instant(text)
    }
}

/// `YYYY-MM-DDThh:mm:ss`, a fraction or none, and the zone.
pub fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((day, rest)) = bytes.split_at_checked(10) else {
        return false;
    };
    let Some((b'T', rest)) = rest.split_first() else {
        return false;
    };
    is_day(day) && after_time(rest).is_some_and(is_zone)
}

/// `hh:mm:ss`, a fraction or none.
pub fn is_time(text: &str) -> bool {
    after_time(text.as_bytes()) == Some(&[])
}

/// Whether `start` is certainly after `end`: both are compared as far as the coarser one goes, so that 2020-05 is not
/// after 2020. What is no dateTime is not compared.
pub fn is_after(start: &str, end: &str) -> bool {
    if !is_date_time(start) || !is_date_time(end) {
        return false;
    }
    if let (Ok(start), Ok(end)) = (start.parse::<jiff::Timestamp>(), end.parse::<jiff::Timestamp>()) {
        return start > end;
    }
    let length = start.len().min(end.len()).min(10);
    start.as_bytes().get(..length) > end.as_bytes().get(..length)
}

/// The number that exactly two digits make.
fn two_digits(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// The year at the start; there is no year 0.
fn year(bytes: &[u8]) -> Option<u16> {
    let year = u16::from(two_digits(bytes.get(..2)?)?) * 100 + u16::from(two_digits(bytes.get(2..4)?)?);
    (year > 0).then_some(year)
}

/// Year and month at the start.
fn month(bytes: &[u8]) -> Option<(u16, u8)> {
    let month = two_digits(bytes.get(5..7)?)?;
    (bytes.get(4) == Some(&b'-') && (1..=12).contains(&month)).then_some((year(bytes)?, month))
}

fn is_day(bytes: &[u8]) -> bool {
    let Some((year, month)) = month(bytes) else {
        return false;
    };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    bytes.get(7) == Some(&b'-')
        && bytes
            .get(8..)
            .and_then(two_digits)
            .is_some_and(|day| (1..=last).contains(&day))
}

/// What follows `hh:mm:ss` and its fraction; second 60 is a leap second.
fn after_time(bytes: &[u8]) -> Option<&[u8]> {
    let (time, rest) = bytes.split_at_checked(8)?;
    let is_time = time[2] == b':'
        && time[5] == b':'
        && two_digits(&time[..2])? <= 23
        && two_digits(&time[3..5])? <= 59
        && two_digits(&time[6..])? <= 60;
    if !is_time {
        return None;
    }
    let Some((b'.', fraction)) = rest.split_first() else {
        return Some(rest);
    };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| &fraction[digits..])
}

/// `Z`, or an offset up to 14:00.
fn is_zone(bytes: &[u8]) -> bool {
    match bytes {
        b"Z" => true,
        [b'+' | b'-', first, second, b':', third, fourth] => {
            match (two_digits(&[*first, *second]), two_digits(&[*third, *fourth])) {
                (Some(hours), Some(minutes)) => {
                    (hours <= 13 && minutes <= 59) || (hours == 14 && minutes == 0)
                }
                _ => false,
            }
        }
        _ => false,
    }
}
