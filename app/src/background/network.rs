//! Opens what the network sees of a dataset, away from the UI thread: images of inputs, and measures of normalisation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Receiver;
use microtome_core::catalog::Catalog;
use microtome_core::loader::Seen;
use microtome_core::volume::Volume;

use super::{Waker, spawn};
use crate::state::{LayerKind, NetworkAsk};

/// What is seen, with what it is read from: the EM first.
pub type SeenLayers = Vec<(LayerKind, Arc<Volume>, Seen)>;

/// Opens on threads named `network`. Only the last request counts.
pub struct NetworkOpener {
    waker: Waker,
    latest: Option<Request>,
}

struct Request {
    answer: Receiver<Result<SeenLayers, String>>,
    stop: Arc<AtomicBool>,
}

impl NetworkOpener {
    /// Nothing asked for yet.
    #[must_use]
    pub const fn new(waker: Waker) -> Self {
        Self { waker, latest: None }
    }

    /// Starts to open; what was asked for before ends. `class_names` in order of colours.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn open(&mut self, catalog: Arc<Catalog>, class_names: Vec<String>, ask: NetworkAsk) -> anyhow::Result<()> {
        self.cancel();
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let stop = Arc::new(AtomicBool::new(false));
        let (waker, is_stopped) = (Arc::clone(&self.waker), Arc::clone(&stop));
        spawn("network", move || {
            let opened = open(&catalog, &class_names, &ask, &is_stopped).map_err(|error| error.to_string());
            // A newer request may have dropped the receiver.
            if sender.send(opened).is_ok() {
                waker();
            }
        })?;
        self.latest = Some(Request { answer: receiver, stop });
        Ok(())
    }

    /// Ends what was asked for.
    pub fn cancel(&mut self) {
        if let Some(request) = self.latest.take() {
            request.stop.store(true, Ordering::Relaxed);
        }
    }

    /// The answer to the last request, once.
    pub fn poll(&mut self) -> Option<Result<SeenLayers, String>> {
        let opened = self.latest.as_ref()?.answer.try_recv().ok()?;
        self.latest = None;
        Some(opened)
    }
}

fn open(
    catalog: &Catalog,
    class_names: &[String],
    ask: &NetworkAsk,
    is_stopped: &AtomicBool,
) -> microtome_core::Result<SeenLayers> {
    let stopped = || is_stopped.load(Ordering::Relaxed);
    let input = Seen::input(catalog, &ask.config, (&ask.input, ask.dataset_index), &stopped)?;
    let Some(dataset) = catalog.datasets.get(ask.dataset_index) else { return Ok(Vec::new()) };
    let mut layers = vec![(LayerKind::Raw, Arc::clone(&dataset.raw), input)];
    // One target says what all of them hold: they differ in how they encode it.
    let target = ask.config.target.keys().next().filter(|_| !class_names.is_empty());
    let classes = target.map(|name| Seen::target(catalog, &ask.config, (name, ask.dataset_index)));
    for of in classes.transpose()?.unwrap_or_default() {
        let labels = &dataset.crops[of.crop].classes[of.class];
        let color = class_names.iter().position(|name| *name == labels.class).unwrap_or(0);
        let kind = LayerKind::Labels { crop: of.crop, class: of.class, color };
        layers.push((kind, Arc::clone(&labels.volume), of.seen));
    }
    Ok(layers)
}
