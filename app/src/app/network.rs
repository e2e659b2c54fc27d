//! The app's side of what the network sees: has it opened while it is wanted, and lets go of it.

use std::sync::Arc;

use super::streaming::Streaming;
use crate::background::{NetworkOpener, Waker};
use crate::state::{LogLevel, NetworkAsk, NetworkPhase, State, network_layers};

/// Textures of these layers are numbered from here on; those of volumes as stored are far below.
const FIRST_SLOT: u64 = 1 << 40;

/// What is asked of the background, and what came.
pub struct Network {
    opener: NetworkOpener,
    asked: Option<NetworkAsk>,
    next_slot: u64,
}

impl Network {
    /// Nothing asked for yet.
    pub const fn new(waker: Waker) -> Self {
        Self { opener: NetworkOpener::new(waker), asked: None, next_slot: FIRST_SLOT }
    }

    /// Asks for what is wanted now, and takes in what came.
    pub fn advance(&mut self, state: &mut State, streaming: &mut Streaming) {
        let wanted = state.network_ask();
        if wanted != self.asked {
            self.ask(state, streaming, wanted);
        }
        match self.opener.poll() {
            Some(Ok(layers)) => {
                let layers = network_layers(layers, self.next_slot);
                self.next_slot += layers.len() as u64;
                state.network.phase = NetworkPhase::Ready(layers);
            }
            Some(Err(reason)) => {
                state.say(LogLevel::Warning, format!("the slices stay as they are: {reason}"));
                state.network.phase = NetworkPhase::Failed(reason);
            }
            None => {}
        }
    }

    fn ask(&mut self, state: &mut State, streaming: &mut Streaming, wanted: Option<NetworkAsk>) {
        self.opener.cancel();
        if let NetworkPhase::Ready(layers) = std::mem::take(&mut state.network.phase) {
            streaming.remove(&layers);
        }
        if let (Some(ask), Some(data)) = (&wanted, state.session.open()) {
            let opening = self.opener.open(Arc::clone(&data.catalog), data.class_names.clone(), ask.clone());
            state.network.phase = match opening {
                Ok(()) => NetworkPhase::Opening,
                Err(error) => NetworkPhase::Failed(format!("{error:#}")),
            };
        }
        self.asked = wanted;
    }
}
