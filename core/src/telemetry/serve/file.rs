//! A recording in a file: what a viewer would have been told, bounded in size. When it is full the older half goes.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;

use super::Subject;
use super::pump::{Packet, Pump, TICK, packets};
use crate::telemetry::wire::{MAX_BYTES, Message, VERSION, Wants};
use crate::{Error, Result};

/// What a recording begins with; two bytes with the version follow.
pub const RECORDING_WORD: [u8; 8] = *b"mictrec\n";

/// Records a subject into a file until it is finished or dropped, on a thread named `record`.
#[derive(Debug)]
pub struct FileRecording {
    stop: Arc<AtomicBool>,
    failure: Arc<Mutex<Option<Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl FileRecording {
    /// Fewest bytes that a recording may be bounded to: a few of the longest messages.
    pub const LEAST_BYTES: u64 = 8 * MAX_BYTES as u64;

    /// Begins to record into a new file of at most `max_bytes` (at least [`FileRecording::LEAST_BYTES`]).
    ///
    /// # Errors
    /// The file is there already or cannot be written, or the system refuses another thread.
    pub fn start(subject: Arc<dyn Subject>, path: &Path, max_bytes: u64) -> Result<Self> {
        let mut ring = Ring::create(path, max_bytes.max(Self::LEAST_BYTES))?;
        ring.begin(&packets([Message::Welcome(Box::new(subject.about()))]))?;
        let (stop, failure) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(None)));
        let (for_thread, its_failure) = (Arc::clone(&stop), Arc::clone(&failure));
        let thread = std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            if let Err(error) = record(subject, &mut ring, &for_thread) {
                *its_failure.lock() = Some(error);
            }
        });
        let thread = thread.map_err(|source| Error::Io {
            action: "start",
            path: "thread record".to_owned(),
            reason: source.into(),
        })?;
        Ok(Self { stop, failure, thread: Some(thread) })
    }

    /// Why it has stopped before it was finished, if it has.
    #[must_use]
    pub fn failure(&self) -> Option<Error> {
        self.failure.lock().clone()
    }

    /// Writes the last figures and closes the file.
    ///
    /// # Errors
    /// The file cannot be written to, now or since some time.
    pub fn finish(mut self) -> Result<()> {
        self.end();
        let failure = self.failure.lock().take();
        failure.map_or(Ok(()), Err)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of it has been printed; what was written can be read.
            let _panicked = thread.join();
        }
    }
}

impl Drop for FileRecording {
    fn drop(&mut self) {
        self.end();
    }
}

fn record(subject: Arc<dyn Subject>, ring: &mut Ring, stop: &AtomicBool) -> Result<()> {
    let mut pump = Pump::new(subject);
    let wants = Wants { spans: true, slices: true };
    loop {
        let last = stop.load(Ordering::Acquire);
        let news = if last { pump.last(wants) } else { pump.tick(wants) };
        for packet in news.figures.iter().chain(&news.spans).chain(&news.slices) {
            ring.add(packet)?;
        }
        ring.flush()?;
        if last {
            return Ok(());
        }
        std::thread::park_timeout(TICK);
    }
}

/// A file that keeps its beginning and its end.
#[derive(Debug)]
struct Ring {
    path: PathBuf,
    file: BufWriter<File>,
    /// Bytes that are always kept: the words at the beginning and who the loader is.
    kept_bytes: u64,
    bytes: u64,
    max_bytes: u64,
}

impl Ring {
    fn create(path: &Path, max_bytes: u64) -> Result<Self> {
        let file = File::options().read(true).write(true).create_new(true).open(path);
        let file = file.map_err(|error| refused("create", path, error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), kept_bytes: 0, bytes: 0, max_bytes })
    }

    fn begin(&mut self, welcome: &[Packet]) -> Result<()> {
        self.write(&RECORDING_WORD)?;
        self.write(&VERSION.to_le_bytes())?;
        welcome.iter().try_for_each(|packet| self.write(packet))?;
        self.kept_bytes = self.bytes;
        self.flush()
    }

    fn add(&mut self, packet: &[u8]) -> Result<()> {
        if self.bytes + packet.len() as u64 > self.max_bytes {
            self.forget()?;
        }
        self.write(packet)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| refused("write", &self.path, error))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.file.flush().map_err(|error| refused("write", &self.path, error))
    }

    /// Lets the older half go: the beginning and the newer messages move into a new file that takes this one's place.
    fn forget(&mut self) -> Result<()> {
        self.flush()?;
        let path = self.path.clone();
        let draft = path.with_extension("part");
        let moved = self.newer_half(&draft).map_err(|error| refused("shorten", &path, error));
        let (file, bytes) = moved.inspect_err(|_| drop(std::fs::remove_file(&draft)))?;
        std::fs::rename(&draft, &path).map_err(|error| refused("shorten", &path, error))?;
        (self.file, self.bytes) = (BufWriter::new(file), bytes);
        Ok(())
    }

    fn newer_half(&mut self, draft: &Path) -> std::io::Result<(File, u64)> {
        let from = self.kept_bytes + (self.bytes - self.kept_bytes) / 2;
        let old = self.file.get_mut();
        let mut at = self.kept_bytes;
        old.seek(SeekFrom::Start(at))?;
        // Messages are whole: from one length to the next.
        while at < from {
            let mut length = [0; 4];
            old.seek(SeekFrom::Start(at))?;
            old.read_exact(&mut length)?;
            at += 4 + u64::from(u32::from_le_bytes(length));
        }
        let mut new = File::options().read(true).write(true).create(true).truncate(true).open(draft)?;
        old.seek(SeekFrom::Start(0))?;
        let kept = std::io::copy(&mut Read::by_ref(old).take(self.kept_bytes), &mut new)?;
        old.seek(SeekFrom::Start(at))?;
        let rest = std::io::copy(old, &mut new)?;
        Ok((new, kept + rest))
    }
}

fn refused(action: &'static str, path: &Path, reason: std::io::Error) -> Error {
    Error::Io { action, path: path.display().to_string(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Log;

    #[test]
    fn a_full_ring_keeps_its_beginning_and_its_newest_messages() {
        let path = std::env::temp_dir().join(format!("microtome-ring-{}.microtome", std::process::id()));
        let _old = std::fs::remove_file(&path);
        let mut ring = Ring::create(&path, 4000).unwrap();
        let about = crate::telemetry::wire::About { name: "kept".to_owned(), ..Default::default() };
        ring.begin(&packets([Message::Welcome(Box::new(about))])).unwrap();
        for count in 0..500 {
            ring.add(&packets([Message::Ended(format!("message {count}"))])[0]).unwrap();
            assert!(ring.bytes <= 4000);
        }
        ring.flush().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), ring.bytes);
        let log = Log::read(&path).unwrap();
        assert_eq!(log.about.name, "kept");
        assert_eq!(log.ended.as_deref(), Some("message 499"));
        assert!(log.messages > 60 && log.messages < 200, "{}", log.messages);
        assert!(Ring::create(&path, 4000).is_err(), "it is there already");
        std::fs::remove_file(&path).unwrap();
    }
}
