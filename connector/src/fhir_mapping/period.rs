//! How measurements share one Observation over time.

use jiff::{SignedDuration, Timestamp};

use crate::date_time::{from_utc, utc_date_time};

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
    /// First instant.
    pub start: Timestamp,
    /// Last instant; it belongs to the period.
    pub end: Timestamp,
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
    pub fn boundary(self, instant: Timestamp) -> Boundary {
        let at = utc_date_time(instant);
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
        let start = from_utc(start).unwrap_or(instant);
        let length = SignedDuration::from_hours(hours) - SignedDuration::from_nanos(100);
        // The last hour of the year 9999 ends where time does.
        Boundary {
            start,
            end: start.checked_add(length).unwrap_or(Timestamp::MAX),
        }
    }
}
