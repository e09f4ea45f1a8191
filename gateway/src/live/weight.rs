//! How much something takes in memory, and what all projects may take.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use protocol::{
    limits::SMALL_VALUE_BYTES,
    model::{Applied, Outcome, Value, VarName, VarSpec},
};

use crate::store::ENTRY_BYTES;

/// One project may take one part in so many of what there is for all.
const PROJECT_PARTS: usize = 2;

/// What the projects in memory take together, and may take.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicUsize,
    max_bytes: usize,
}

impl Budget {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { used: AtomicUsize::new(0), max_bytes }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.max_bytes
    }

    /// Whether one more project may be read.
    pub(crate) fn has_room(&self) -> bool {
        self.used() < self.max_bytes
    }

    /// What one more project may take.
    pub(crate) fn room(&self) -> usize {
        (self.max_bytes / PROJECT_PARTS).min(self.max_bytes.saturating_sub(self.used()))
    }

    /// What one project may take with what its connections remember.
    pub(crate) fn project_bytes(&self) -> usize {
        self.max_bytes / PROJECT_PARTS
    }

    /// Keeps so many bytes for what was just read, if they are still free.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reserved<'_>> {
        let fits = |used: usize| used.checked_add(bytes).filter(|used| *used <= self.max_bytes);
        self.used.fetch_update(Relaxed, Relaxed, fits).ok()?;
        Some(Reserved { budget: self, bytes })
    }
}

/// Bytes that are kept until what was read counts itself.
#[must_use]
pub(crate) struct Reserved<'a> {
    budget: &'a Budget,
    bytes: usize,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Relaxed);
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

/// Bytes of text, and values that have them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) text: usize,
    pub(super) entries: usize,
}

impl Weight {
    pub(super) fn bytes(self) -> usize {
        self.text + ENTRY_BYTES * self.entries
    }
}

impl std::ops::AddAssign for Weight {
    fn add_assign(&mut self, more: Self) {
        self.text += more.text;
        self.entries += more.entries;
    }
}

/// What something weighs, charged to a budget until it is dropped. Every change of it is told here.
#[derive(Debug, Default)]
pub(super) struct Held {
    weight: Weight,
    budget: Arc<Budget>,
}

impl Held {
    pub(super) fn weight(&self) -> Weight {
        self.weight
    }

    pub(super) fn budget(&self) -> &Budget {
        &self.budget
    }

    /// From now on it counts in this one.
    pub(super) fn join(&mut self, budget: &Arc<Budget>) {
        self.budget.used.fetch_sub(self.weight.bytes(), Relaxed);
        self.budget = Arc::clone(budget);
        self.budget.used.fetch_add(self.weight.bytes(), Relaxed);
    }

    /// A part of it was `before` and is `now`.
    pub(super) fn change(&mut self, before: Weight, now: Weight) {
        let charged = self.weight.bytes();
        self.weight.text = (self.weight.text + now.text).saturating_sub(before.text);
        self.weight.entries = (self.weight.entries + now.entries).saturating_sub(before.entries);
        let bytes = self.weight.bytes();
        if bytes >= charged {
            self.budget.used.fetch_add(bytes - charged, Relaxed);
        } else {
            self.budget.used.fetch_sub(charged - bytes, Relaxed);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.weight.bytes(), Relaxed);
    }
}

/// Text of a line of a game, in bytes.
pub(super) fn text_of(declared: &[(VarName, VarSpec)], values: &[(VarName, Value)]) -> usize {
    let declared = declared.iter().map(|(name, spec)| name.as_str().len() + spec.weight());
    declared.sum::<usize>() + values.iter().map(|(_, value)| value.weight()).sum::<usize>()
}

/// Text of an outcome, in bytes.
pub(super) fn text_of_outcome(outcome: &Outcome) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    match outcome {
        Outcome::Applied => 0,
        Outcome::Clamped { value, reason } => value.as_ref().map_or(0, Value::weight) + text(reason),
        Outcome::Rejected { reason } => text(reason),
    }
}

/// Whether a value is so short that a device with the variable may always report it.
pub(super) fn is_small(value: &Value) -> bool {
    value.weight() <= SMALL_VALUE_BYTES
}

pub(super) fn weight_of_mark(mark: &Applied) -> Weight {
    Weight { text: text_of_outcome(&mark.outcome), entries: 1 }
}
