//! What an evaluation may still cost. Each value that a part of an expression gives is a step, and so is each
//! comparison, so that neither time nor memory grows beyond what the steps allow.

use std::cell::Cell;

use crate::fhirpath::error::EvaluationError;

/// How many bytes a text may have that an expression makes.
const MAXIMUM_TEXT: usize = 1024 * 1024;
/// How many bytes of text are looked through in a step.
const TEXT_OF_A_STEP: usize = 64;

/// The steps of an evaluation.
pub struct Budget {
    limit: u64,
    left: Cell<u64>,
}

impl Budget {
    /// So many steps.
    pub fn new(limit: u64) -> Budget {
        let left = Cell::new(limit);
        Budget { limit, left }
    }

    /// Takes steps.
    ///
    /// # Errors
    /// [`EvaluationError::TooManySteps`] when there are not so many left.
    pub fn charge(&self, steps: usize) -> Result<(), EvaluationError> {
        let left = self.left.get().checked_sub(steps as u64);
        self.left
            .set(left.ok_or(EvaluationError::TooManySteps(self.limit))?);
        Ok(())
    }

    /// Takes the steps that it costs to look through a text or to make it.
    ///
    /// # Errors
    /// [`EvaluationError::TooManySteps`], or [`EvaluationError::TextTooLong`] for a text that must not be made.
    pub fn charge_text(&self, text: &str) -> Result<(), EvaluationError> {
        self.charge_length(text.len())
    }

    /// The same for a text of `length` bytes that is not there yet.
    ///
    /// # Errors
    /// As above.
    pub fn charge_length(&self, length: usize) -> Result<(), EvaluationError> {
        if length > MAXIMUM_TEXT {
            return Err(EvaluationError::TextTooLong(MAXIMUM_TEXT));
        }
        self.charge(1 + length / TEXT_OF_A_STEP)
    }
}
