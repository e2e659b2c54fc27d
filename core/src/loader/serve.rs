//! The loader as others see it: what it tells viewers and recordings, and what it keeps only while there are any.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::engine::Engine;
use super::slice::slices_of;
use super::{Batch, Loader, LoaderConfig, Role};
use crate::Result;
use crate::sync::Mutex;
use crate::telemetry::serve::{FileRecording, ServeOptions, Server, Subject};
use crate::telemetry::wire::{About, SampleSlice, Tune};
use crate::telemetry::{Stats, discovery};

/// Longest configuration that is told, bytes.
const MAX_CONFIG_BYTES: usize = 512 << 10;

/// What is kept for those who look, while there are any.
#[derive(Debug, Default)]
pub(super) struct Watch {
    watchers: AtomicUsize,
    slices_due: AtomicBool,
    slices: Mutex<Option<Arc<Vec<SampleSlice>>>>,
}

impl Watch {
    /// A batch is handed over.
    pub(super) fn saw(&self, batch: &Batch) {
        if self.slices_due.swap(false, Ordering::Relaxed) {
            let slices = Arc::new(slices_of(batch));
            *self.slices.lock() = Some(slices);
        }
    }
}

impl Subject for Engine {
    fn about(&self) -> About {
        let targets = self.layout.arrays.iter().find(|array| array.role == Role::Target);
        About {
            name: self.name(),
            pid: std::process::id(),
            rank: self.share.rank,
            world_size: self.share.world_size,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            config: config_text(&self.config_in_force()),
            classes: targets.map(|array| array.classes.iter().flatten().cloned().collect()).unwrap_or_default(),
            samples_per_epoch: self.epochs.samples(),
            allows_tuning: self.config.telemetry.allow_tuning,
        }
    }

    fn stats(&self) -> Stats {
        Self::stats(self)
    }

    fn is_paused(&self) -> bool {
        self.handover.is_paused()
    }

    fn watched(&self, more: bool) {
        if more {
            self.watch.watchers.fetch_add(1, Ordering::Relaxed);
        } else if self.watch.watchers.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.watch.slices_due.store(false, Ordering::Relaxed);
            *self.watch.slices.lock() = None;
        }
    }

    fn ask_for_slices(&self) {
        self.watch.slices_due.store(true, Ordering::Relaxed);
    }

    fn slices(&self) -> Option<Arc<Vec<SampleSlice>>> {
        self.watch.slices.lock().clone()
    }

    fn tune(&self, tune: Tune) -> Result<String, String> {
        match tune {
            Tune::Pause => {
                self.set_paused(true);
                Ok("the loader is paused".to_owned())
            }
            Tune::Resume => {
                self.set_paused(false);
                Ok("the loader goes on".to_owned())
            }
            Tune::Set { key, value } => self.set_live(&key, &value).map(|changes| match changes.first() {
                Some(change) => format!("{} is {} now", change.key, change.after.as_deref().unwrap_or("left out")),
                None => format!("{key} was that already"),
            }),
        }
    }
}

impl Engine {
    /// Of the configuration's file, else of the first dataset.
    fn name(&self) -> String {
        let file = self.config.file.as_ref().and_then(|file| file.file_name());
        let dataset = || self.catalog.datasets.first().map(|dataset| dataset.name.clone());
        file.map(|name| name.to_string_lossy().into_owned()).or_else(dataset).unwrap_or_default()
    }
}

/// The configuration in words, without what only those who may look know.
fn config_text(config: &LoaderConfig) -> String {
    let mut told = config.clone();
    told.telemetry.token = None;
    match toml::to_string(&told) {
        Ok(text) if text.len() <= MAX_CONFIG_BYTES => text,
        Ok(_) => "# too long to be told\n".to_owned(),
        Err(error) => format!("# cannot be written as TOML: {}\n", error.to_string().replace('\n', " ")),
    }
}

/// Serves the loader if its configuration says so. A training run does not end because nobody can look at it: what does not
/// work is said in the log.
pub(super) fn server_of(engine: &Arc<Engine>) -> Option<Server> {
    let keys = &engine.config.telemetry;
    if keys.serve.is_none() && keys.puffin.is_none() {
        return None;
    }
    let options = ServeOptions {
        address: at_rank(keys.serve.as_deref().unwrap_or("127.0.0.1:0"), engine.share.rank),
        token: keys.token.clone(),
        allow_tuning: keys.allow_tuning,
        puffin: keys.puffin.as_deref().map(|address| at_rank(address, engine.share.rank)),
        notices: discovery::folder(),
    };
    let subject: Arc<dyn Subject> = Arc::<Engine>::clone(engine);
    match Server::start(subject, &options) {
        Ok(server) => {
            tracing::info!("viewers can connect to {}", server.address());
            Some(server)
        }
        Err(error) => {
            tracing::warn!("nobody can look at this loader: {error}");
            None
        }
    }
}

/// Where the process of this rank listens: so many ports higher, so that the ranks of one machine do not meet.
fn at_rank(address: &str, rank: u64) -> String {
    let split = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    match split {
        Some((host, port)) if port > 0 => {
            let port = u16::try_from(u64::from(port) + rank).unwrap_or(0);
            format!("{host}:{port}")
        }
        _ => address.to_owned(),
    }
}

impl Loader {
    /// Where viewers can connect, if `telemetry.serve` says that they can.
    #[must_use]
    pub fn served_at(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().map(Server::address)
    }

    /// Where `puffin_viewer` can connect, if `telemetry.puffin` says that it can.
    #[must_use]
    pub fn puffin_served_at(&self) -> Option<std::net::SocketAddr> {
        self.server.as_ref().and_then(Server::puffin_address)
    }

    /// Records everything that viewers can see into a new file of at most about `max_bytes`, of which the older half goes
    /// whenever it is full, until the recording is finished or dropped.
    ///
    /// # Errors
    /// The file is there already or cannot be written.
    pub fn record(&self, path: &Path, max_bytes: u64) -> Result<FileRecording> {
        let subject: Arc<dyn Subject> = Arc::<Engine>::clone(&self.engine);
        FileRecording::start(subject, path, max_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_a_port_of_its_own() {
        assert_eq!(at_rank("0.0.0.0:7400", 3), "0.0.0.0:7403");
        assert_eq!(at_rank("[::1]:7400", 1), "[::1]:7401");
        assert_eq!(at_rank("127.0.0.1:0", 3), "127.0.0.1:0");
        assert_eq!(at_rank("127.0.0.1:65535", 1), "127.0.0.1:0");
    }

    #[test]
    fn the_token_is_told_to_nobody() {
        let mut config = LoaderConfig::default();
        config.telemetry.token = Some("swordfish".to_owned());
        assert!(!config_text(&config).contains("swordfish"));
        assert!(config_text(&config).contains("allow_tuning"));
    }
}
