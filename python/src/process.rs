//! Things that belong to the process that made them: after a fork the child leaves them alone.
//!
//! A forked child has the memory of its parent but none of its threads: what waits for one, or takes a lock that one of
//! them held, waits for ever. So the child lets go of such things without a word to them.

/// Something that only the process that made it may use or drop.
#[derive(Debug)]
pub(crate) struct OfProcess<T> {
    pid: u32,
    /// There until it is dropped.
    thing: Option<T>,
}

impl<T> OfProcess<T> {
    /// Of this process.
    pub(crate) fn new(thing: T) -> Self {
        Self { pid: std::process::id(), thing: Some(thing) }
    }

    /// The thing, in the process that made it.
    pub(crate) fn get(&self) -> Option<&T> {
        self.thing.as_ref().filter(|_| self.pid == std::process::id())
    }
}

impl<T> Drop for OfProcess<T> {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            std::mem::forget(self.thing.take());
        }
    }
}
