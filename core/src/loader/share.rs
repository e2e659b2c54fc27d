//! How several processes share an epoch: each deals itself its part, without a word to the others.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What happens at the end of an epoch that cannot be dealt evenly: every rank gets as many batches of as many samples,
/// so that no rank waits for one that has already finished.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Uneven {
    /// Some ranks see samples from the epoch's beginning again, fewer than there are ranks in all; their provenance says
    /// `repeated`.
    #[default]
    Repeat,
    /// The last few samples of the epoch, fewer than there are ranks, are left out.
    Drop,
}

/// Which part of every epoch this process gets. It comes from the launcher, not from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// This process, from 0.
    pub rank: u64,
    /// How many processes there are.
    pub world_size: u64,
    /// What happens at the end of an epoch.
    pub uneven: Uneven,
}

impl Default for Share {
    /// One process.
    fn default() -> Self {
        Self { rank: 0, world_size: 1, uneven: Uneven::default() }
    }
}

impl Share {
    /// # Errors
    /// [`Error::Share`] for a rank that is not below the number of processes.
    pub(super) fn check(&self) -> Result<()> {
        if self.rank < self.world_size {
            return Ok(());
        }
        let problem = "ranks run from 0 to below world_size; check what the launcher gives".to_owned();
        Err(Error::Share { rank: self.rank, world_size: self.world_size, problem })
    }
}
