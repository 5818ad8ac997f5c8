//! When a measurement was taken: an instant in UTC in the years 1 to 9999. It is kept as a calendar date and time, because
//! `jiff::Timestamp` ends 26 hours before the year 9999 does.

use std::fmt;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};

/// An instant in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(civil::DateTime);

impl Instant {
    /// The instant of a calendar date and time in UTC. Nothing before the year 1.
    pub fn from_utc(at: civil::DateTime) -> Option<Self> {
        Some(Self(at)).filter(|_| at.year() >= 1)
    }

    /// The instant that long after 1970 began.
    pub fn of_unix(duration: SignedDuration) -> Option<Self> {
        Self(civil::date(1970, 1, 1).at(0, 0, 0, 0)).later(duration)
    }

    /// Calendar date and time in UTC.
    pub fn utc(self) -> civil::DateTime {
        self.0
    }

    /// The instant that much later, or earlier if the duration is negative. Nothing outside of the years 1 to 9999.
    pub fn later(self, duration: SignedDuration) -> Option<Self> {
        self.0.checked_add(duration).ok().and_then(Self::from_utc)
    }

    /// How much later this is.
    pub fn since(self, earlier: Self) -> SignedDuration {
        self.0.duration_since(earlier.0)
    }
}

impl From<Timestamp> for Instant {
    fn from(timestamp: Timestamp) -> Self {
        Self(Offset::UTC.to_datetime(timestamp))
    }
}

impl fmt::Display for Instant {
    /// ISO 8601 with the digits of the fraction that say something.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}Z", self.0)
    }
}
