//! Ctrl-C during a headless run: the first ends the run in order, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// Whether the user asked to stop.
#[derive(Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Starts listening for Ctrl-C. Where that is impossible Ctrl-C ends the process as ever.
    pub fn listen() -> Self {
        /// 128 + SIGINT, as shells have it.
        const STATUS: i32 = 130;
        let interrupt = Self::default();
        // In this order: the first signal finds the flag down and passes the shutdown by.
        let heard = flag::register_conditional_shutdown(SIGINT, STATUS, Arc::clone(&interrupt.asked))
            .and_then(|_| flag::register(SIGINT, Arc::clone(&interrupt.asked)));
        if let Err(error) = heard {
            tracing::debug!("Ctrl-C will end the process at once: {error}");
        }
        interrupt
    }

    /// True from the first Ctrl-C on.
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
