//! What a patch may come to: how deep the resource may be nested after each operation, how much may be copied, and how much
//! work all of it may be. A few bytes of a patch can ask for more than any server has.

use crate::resource::Json;
use crate::resource::json::MAXIMUM_DEPTH;
use crate::resource::weight;

/// Bytes of memory that copies may take, all together.
const COPIED: usize = 16 << 20;
/// Steps: values passed on the way to a place, moved up or down in a list, compared, copied. It is some tenths of a second.
const STEPS: usize = 30_000_000;
/// Bytes of memory that are looked at in one step.
const STEP: usize = 32;

/// What is left of what a patch may come to.
#[derive(Debug)]
pub struct Bounds {
    copied: usize,
    steps: usize,
}

/// What a patch asks for too much of, and what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// The result could not be read back.
    #[error("the resource would be nested deeper than {MAXIMUM_DEPTH} levels")]
    Depth,
    /// Copies that double.
    #[error("the operations up to here copy more than {} MiB; send the copies as values", COPIED >> 20)]
    Copies,
    /// Operations that each move or compare much.
    #[error(
        "the operations up to here are too much work on a resource of this size; send fewer, or update the resource as a whole"
    )]
    Work,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            copied: COPIED,
            steps: STEPS,
        }
    }
}

impl Bounds {
    /// Takes `steps` of what is left; that none is left is told by [`check`](Self::check).
    pub fn step(&mut self, steps: usize) {
        self.steps = self.steps.saturating_sub(steps);
    }

    /// Whether there is work left.
    ///
    /// # Errors
    /// [`Excess::Work`].
    pub fn check(&self) -> Result<(), Excess> {
        if self.steps == 0 {
            Err(Excess::Work)
        } else {
            Ok(())
        }
    }

    /// A value is to stand at a place `level` steps below the resource.
    ///
    /// # Errors
    /// [`Excess::Depth`].
    pub fn put(&mut self, value: &Json, level: usize) -> Result<(), Excess> {
        let weight = weight::of_tree(value);
        self.step(weight.bytes / STEP);
        if level + weight.depth > MAXIMUM_DEPTH {
            return Err(Excess::Depth);
        }
        Ok(())
    }

    /// A value is to be copied.
    ///
    /// # Errors
    /// [`Excess::Copies`].
    pub fn copy(&mut self, value: &Json) -> Result<(), Excess> {
        let bytes = weight::of_tree(value).bytes;
        self.step(bytes / STEP);
        self.copied = self.copied.checked_sub(bytes).ok_or(Excess::Copies)?;
        Ok(())
    }

    /// A value is to be compared: each member of an object may have to be looked for among all.
    ///
    /// # Errors
    /// [`Excess::Work`].
    pub fn compare(&mut self, value: &Json) -> Result<(), Excess> {
        self.step(comparisons(value));
        self.check()
    }
}

fn comparisons(value: &Json) -> usize {
    match value {
        Json::Array(items) => items.iter().map(comparisons).fold(1, usize::saturating_add),
        Json::Object(object) => {
            let own = object.len().saturating_mul(object.len());
            let inner = object.iter().map(|(_, value)| comparisons(value));
            inner.fold(own + 1, usize::saturating_add)
        }
        Json::Number(text) | Json::String(text) => 1 + text.len() / STEP,
        Json::Null | Json::Bool(_) => 1,
    }
}
