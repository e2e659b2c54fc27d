//! Looks for loaders of this user that serve on this machine, away from the UI thread.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use microtome_core::telemetry::discovery::{self, Found};

use super::{Waker, spawn};

/// Looks on threads named `finder`.
pub struct Finder {
    waker: Waker,
    sender: Sender<Vec<Found>>,
    receiver: Receiver<Vec<Found>>,
}

impl Finder {
    /// Nothing looked for yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        let (sender, receiver) = crossbeam_channel::bounded(4);
        Self { waker, sender, receiver }
    }

    /// Starts to look.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn look(&self) -> anyhow::Result<()> {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        spawn("finder", move || {
            let found = discovery::folder().map(|folder| discovery::list(&folder)).unwrap_or_default();
            // Whoever looks several times at once gets some of the answers; they are alike.
            if sender.try_send(found).is_ok() {
                waker();
            }
        })?;
        Ok(())
    }

    /// What was found last, once.
    #[must_use]
    pub fn poll(&self) -> Option<Vec<Found>> {
        self.receiver.try_iter().last()
    }
}
