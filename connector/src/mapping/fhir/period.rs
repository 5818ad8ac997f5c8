//! How measurements share one Observation over time.

use jiff::SignedDuration;

use crate::date_time::Instant;

/// `periodInterval`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodInterval {
    /// -1: the measurements of one correlation id.
    CorrelationId,
    /// 0: each measurement by itself.
    Single,
    /// 60: the measurements of one hour.
    Hourly,
    /// 1440: the measurements of one day.
    Daily,
}

/// First and last instant of an Observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Boundary {
    /// First instant; it belongs to the period.
    pub start: Instant,
    /// Last instant; it belongs to the period.
    pub end: Instant,
}

impl PeriodInterval {
    /// The interval of that number.
    pub fn of(number: i64) -> Option<Self> {
        match number {
            -1 => Some(Self::CorrelationId),
            0 => Some(Self::Single),
            60 => Some(Self::Hourly),
            1440 => Some(Self::Daily),
            _ => None,
        }
    }

    /// The interval of that name, compared without case.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "correlationid" => Some(Self::CorrelationId),
            "single" => Some(Self::Single),
            "hourly" => Some(Self::Hourly),
            "daily" => Some(Self::Daily),
            other => other.parse().ok().and_then(Self::of),
        }
    }

    /// The period (in UTC) that a measurement at that instant belongs to. The end of an hour or day is its last 100 ns.
    pub fn boundary(self, instant: Instant) -> Boundary {
        let at = instant.utc();
        let (start, hours) = match self {
            Self::CorrelationId | Self::Single => {
                return Boundary {
                    start: instant,
                    end: instant,
                };
            }
            Self::Hourly => (at.date().at(at.hour(), 0, 0, 0), 1),
            Self::Daily => (at.date().at(0, 0, 0, 0), 24),
        };
        let start = Instant::from_utc(start).unwrap_or(instant);
        let length = SignedDuration::from_hours(hours) - SignedDuration::from_nanos(100);
        Boundary {
            start,
            end: start.later(length).unwrap_or(instant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date_time::parse_timestamp;

    #[test]
    fn the_last_hour_and_day_of_time_end_with_it() {
        let last = parse_timestamp("9999-12-31T23:59:59.9999999Z").unwrap();
        for (interval, start) in [
            (PeriodInterval::Hourly, "9999-12-31T23:00:00Z"),
            (PeriodInterval::Daily, "9999-12-31T00:00:00Z"),
        ] {
            let boundary = interval.boundary(last);
            assert_eq!((boundary.start.to_string().as_str(), boundary.end), (start, last));
        }
    }
}
