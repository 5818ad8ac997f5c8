//! Where the walk stands: a chain on the stack, spelled out as FHIRPath only when there is an issue to report.

use std::fmt;

/// An element, or an item of one, below its parent.
#[derive(Clone, Copy)]
pub struct Location<'parent> {
    parent: Option<&'parent Location<'parent>>,
    name: &'parent str,
    index: Option<usize>,
}

impl<'parent> Location<'parent> {
    /// The resource itself, where every walk begins.
    pub fn root(resource_type: &'parent str) -> Self {
        Location {
            parent: None,
            name: resource_type,
            index: None,
        }
    }

    /// The element `name` of this one.
    pub fn member(&'parent self, name: &'parent str) -> Location<'parent> {
        Location {
            parent: Some(self),
            name,
            index: None,
        }
    }

    /// The item of this element at `index`.
    pub fn item(&self, index: usize) -> Location<'parent> {
        Location {
            index: Some(index),
            ..*self
        }
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(formatter, "{parent}.")?;
        }
        formatter.write_str(self.name)?;
        match self.index {
            Some(index) => write!(formatter, "[{index}]"),
            None => Ok(()),
        }
    }
}
