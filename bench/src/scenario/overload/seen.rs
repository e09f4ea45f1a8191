//! What was seen of the flood.

use crate::{
    answers::Window,
    client::{Answered, Arrived, Client, Original, Promised, Version2},
    crowd::Player,
    editor::Edit,
};

/// What everybody has to tell at the end.
pub(super) struct Told {
    pub(super) waiting: Vec<Player<Version2>>,
    pub(super) going_on: Vec<Player<Version2>>,
    pub(super) original: Vec<Player<Original>>,
    pub(super) calm: [Vec<Player<Version2>>; 2],
    pub(super) edits: [Vec<Edit>; 2],
}

/// The parts of the run, and what the server had stored and used in each.
pub(super) struct Course {
    pub(super) quiet: Window,
    /// The sustained maximum, before the flood and after it.
    pub(super) sustained: [Measured; 2],
    pub(super) offered_per_second: f64,
    pub(super) flood: Measured,
    pub(super) after: Window,
    /// Resident memory: before any flood, and the most in the flood and after it.
    pub(super) base_kib: Option<u64>,
    pub(super) peak_kib: Option<u64>,
}

/// One load.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    pub(super) window: Window,
    /// Entries of the flooded project that the database gained.
    pub(super) per_second: f64,
    /// Cores that the server and the generator were busy with.
    pub(super) cores: [Option<f64>; 2],
}

impl Told {
    pub(super) fn promised(&self) -> Vec<Promised> {
        let version2 = [&self.waiting, &self.going_on, &self.calm[0], &self.calm[1]].into_iter().flatten();
        let original = self.original.iter().map(|player| player.client.promised());
        version2.map(|player| player.client.promised()).chain(original).collect()
    }

    /// What came to each calm game of the flooded project (0) or of the other one (1).
    pub(super) fn arrived_calm(&self, project: usize) -> Vec<&[Arrived]> {
        self.calm[project].iter().map(|player| player.client.arrived.as_slice()).collect()
    }

    /// What came to each game that floods.
    pub(super) fn arrived_flooding(&self) -> Vec<&[Arrived]> {
        let version2 = self.waiting.iter().chain(&self.going_on);
        let version2 = version2.map(|player| player.client.arrived.as_slice());
        let original = self.original.iter().map(|player| player.client.arrived.as_slice());
        version2.chain(original).collect()
    }

    pub(super) fn lines_of<'a>(
        &self,
        players: &'a [Player<Version2>],
    ) -> impl Iterator<Item = &'a Answered> + Clone {
        players.iter().flat_map(|player| player.client.answered())
    }
}
