//! How much an expression may cost.

use std::fmt;

/// Bytes that the text of an expression may have.
pub const SOURCE_LENGTH: usize = 4096;

/// Bytes that a template may have.
pub const TEMPLATE_LENGTH: usize = 16 * 1024;

/// How deep brackets, prefix operators, conditionals and lambdas may nest; and the
/// sections of a template.
pub const DEPTH: usize = 32;

/// How deep the nodes of one compiled expression may nest: operators of different levels, and
/// methods that follow each other, nest where no bracket is written.
pub(crate) const NODE_DEPTH: usize = 256;

/// Operators that one JMESPath expression may have, brackets and stars counted twice: its parser
/// nests every one of them.
pub const OPERATORS: usize = 256;

/// Steps that one evaluation may take: one for a node, one for an element that is produced.
pub const STEPS: usize = 100_000;

/// Bytes of text that one evaluation may build.
pub const OUTPUT: usize = 1024 * 1024;

/// How deep one evaluation may nest; structured values add to the depth of their expressions.
pub const EVALUATION_DEPTH: usize = 384;

/// Bytes of text that are read for the price of one step.
const BYTES_PER_STEP: usize = 1024;

/// The bound at which an evaluation was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exhausted {
    /// More than [`EVALUATION_DEPTH`].
    Depth,
    /// More than [`OUTPUT`].
    Output,
    /// More than [`STEPS`].
    Steps,
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Depth => "depth",
            Self::Output => "output",
            Self::Steps => "steps",
        })
    }
}

impl std::error::Error for Exhausted {}

/// What is left of the bounds of one evaluation.
#[derive(Debug)]
pub(crate) struct Meter {
    steps: usize,
    output: usize,
    depth: usize,
}

impl Meter {
    /// All bounds untouched.
    pub(crate) fn new() -> Self {
        Self { steps: STEPS, output: OUTPUT, depth: EVALUATION_DEPTH }
    }

    /// Takes `count` steps.
    pub(crate) fn step(&mut self, count: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(count).ok_or(Exhausted::Steps)?;
        Ok(())
    }

    /// Steps that may still be taken.
    pub(crate) fn steps_left(&self) -> usize {
        self.steps
    }

    /// Reads `bytes` bytes of text.
    pub(crate) fn read(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.step(bytes / BYTES_PER_STEP)
    }

    /// Builds `bytes` bytes of text.
    pub(crate) fn output(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.output = self.output.checked_sub(bytes).ok_or(Exhausted::Output)?;
        Ok(())
    }

    /// Bytes of text that may still be built.
    pub(crate) fn output_left(&self) -> usize {
        self.output
    }

    /// Goes one level down; [`Meter::ascend`] must follow unless this fails.
    pub(crate) fn descend(&mut self) -> Result<(), Exhausted> {
        self.depth = self.depth.checked_sub(1).ok_or(Exhausted::Depth)?;
        Ok(())
    }

    /// Goes one level up.
    pub(crate) fn ascend(&mut self) {
        self.depth += 1;
    }
}
