//! What kinds of trouble there are, and what every error of a stage says of itself beyond its words: whose trouble it is,
//! and by which reason conditions tell of it. The errors themselves are where they happen, an enum for each stage.

/// What kind of trouble it is: who can do something about it, and so how long to wait before the next try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// It passes by itself within seconds.
    Passing,
    /// The API server could not be reached or was busy.
    Unavailable,
    /// The API server refused; somebody has to change something in the cluster.
    Refused,
    /// What the tenant wrote, or what it points at, has to be changed.
    Invalid,
    /// An object in the cluster is not what it should be; somebody has to mend or remove it.
    Unreadable,
    /// The operator's own trouble: whoever runs it has to look.
    Internal,
}

impl Category {
    /// The word that stands for it in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Passing => "passing",
            Category::Unavailable => "unavailable",
            Category::Refused => "refused",
            Category::Invalid => "invalid",
            Category::Unreadable => "unreadable",
            Category::Internal => "internal",
        }
    }

    /// Whether somebody has to act before it can go on.
    pub fn is_stalled(self) -> bool {
        match self {
            Category::Passing | Category::Unavailable => false,
            Category::Refused | Category::Invalid | Category::Unreadable | Category::Internal => true,
        }
    }
}

/// What an error is to those who look at conditions and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What kind of trouble it is.
    pub category: Category,
    /// The reason of the condition that tells of it: one of `brazier_crds::condition::reason`.
    pub reason: &'static str,
}

impl Verdict {
    /// A verdict of both.
    pub const fn new(category: Category, reason: &'static str) -> Self {
        Verdict { category, reason }
    }
}

/// An error of a stage.
pub trait Failure: std::error::Error {
    /// Category and reason.
    fn verdict(&self) -> Verdict;

    /// The sentence for a condition: what failed and, where somebody else said why, their words.
    fn message(&self) -> String {
        self.to_string()
    }
}
