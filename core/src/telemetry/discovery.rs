//! Loaders of this user on this machine that serve: each puts up a small file that says where, and takes it down at its end.
//!
//! One that was killed leaves its notice; whoever lists them sees that its process is gone, or that the process of that
//! number is another one, and takes it down.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::wire::About;
use crate::{Error, Result};

/// Longest notice that is read, bytes.
const MAX_BYTES: u64 = 16 << 10;
/// Most notices that are looked at.
const MAX_NOTICES: usize = 1024;

/// What a notice says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Where to connect.
    pub address: SocketAddr,
    /// The process.
    pub pid: u32,
    /// When the process started, in the system's own count; 0 where it does not tell.
    pub started: u64,
    /// The loader's name.
    pub name: String,
    /// Which of the processes that share an epoch it is.
    pub rank: u64,
    /// How many there are.
    pub world_size: u64,
}

/// A notice that is up until this is dropped.
#[derive(Debug)]
pub struct Notice {
    file: PathBuf,
}

impl Notice {
    /// Puts up a notice in `folder`, which is made if it is not there; only its owner may look into it.
    ///
    /// # Errors
    /// The folder or the file cannot be written.
    pub fn put_up(folder: &Path, address: SocketAddr, about: &About) -> Result<Self> {
        let found = Found {
            address,
            pid: about.pid,
            started: started(about.pid).unwrap_or(0),
            name: about.name.clone(),
            rank: about.rank,
            world_size: about.world_size,
        };
        let file = folder.join(format!("{}-{}.json", about.pid, address.port()));
        let refused = |reason: std::io::Error| Error::Io {
            action: "write a notice of a serving loader",
            path: file.display().to_string(),
            reason: reason.into(),
        };
        make_private(folder).map_err(refused)?;
        // Whole or not at all: a half-written one would be taken for a broken one and removed.
        let draft = file.with_extension("new");
        let text = serde_json::to_vec(&found).map_err(|error| refused(error.into()))?;
        std::fs::write(&draft, text).and_then(|()| std::fs::rename(&draft, &file)).map_err(refused)?;
        Ok(Self { file })
    }
}

impl Drop for Notice {
    fn drop(&mut self) {
        // Gone already, or gone with its folder.
        let _gone = std::fs::remove_file(&self.file);
    }
}

/// The folder of this user's notices: in the run-time directory that the session has, else in the user's cache. `None`: the
/// system names neither.
#[must_use]
pub fn folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = || set("HOME").or_else(|| set("LOCALAPPDATA")).map(|home| home.join(".cache"));
    set("XDG_RUNTIME_DIR").or_else(cache).map(|folder| folder.join("microtome").join("serving"))
}

/// The loaders that have a notice in `folder`, by process. Notices of those that are gone are taken down.
#[must_use]
pub fn list(folder: &Path) -> Vec<Found> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let files = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.extension().is_some_and(|e| e == "json"));
    let mut found: Vec<Found> = files.take(MAX_NOTICES).filter_map(|file| look_at(&file)).collect();
    found.sort_by(|a, b| (a.world_size, &a.name, a.rank, a.pid).cmp(&(b.world_size, &b.name, b.rank, b.pid)));
    found
}

fn look_at(file: &Path) -> Option<Found> {
    let small = std::fs::metadata(file).ok()?.len() <= MAX_BYTES;
    let text = small.then(|| std::fs::read(file).ok()).flatten()?;
    let found: Option<Found> = serde_json::from_slice(&text).ok();
    let found = found.filter(is_there);
    if found.is_none() {
        let _gone = std::fs::remove_file(file);
    }
    found
}

/// Whether the process that a notice names still is the one that put it up.
fn is_there(found: &Found) -> bool {
    match started(found.pid) {
        Some(started) => found.started == 0 || started == found.started,
        // Where the system does not tell of processes, an attempt to connect will.
        None => !Path::new("/proc/self/stat").exists(),
    }
}

/// When a process started, in clock ticks since the machine did: field 22 of `/proc/PID/stat` (proc_pid_stat(5)).
fn started(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = text.rsplit_once(')')?;
    fields.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(pid: u32) -> About {
        About { name: "train.toml".to_owned(), pid, rank: 1, world_size: 4, ..About::default() }
    }

    #[test]
    fn a_notice_is_up_as_long_as_it_is_held() {
        let place = tempfile_dir("held");
        let here = std::process::id();
        let notice = Notice::put_up(&place, "127.0.0.1:7400".parse().unwrap(), &about(here)).unwrap();
        let found = list(&place);
        assert_eq!(found.len(), 1);
        let (name, rank) = (found[0].name.as_str(), found[0].rank);
        assert_eq!((found[0].address.port(), found[0].pid, name, rank), (7400, here, "train.toml", 1));
        drop(notice);
        assert!(list(&place).is_empty());
        std::fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn notices_of_processes_that_are_gone_or_others_are_taken_down() {
        let place = tempfile_dir("stale");
        let address = "127.0.0.1:7400".parse().unwrap();
        // No process has so high a number.
        let gone = Notice::put_up(&place, address, &about(0x7fff_fff0)).unwrap();
        let here = std::process::id();
        let other = Found { address, pid: here, started: 1, name: String::new(), rank: 0, world_size: 1 };
        std::fs::write(place.join("other.json"), serde_json::to_vec(&other).unwrap()).unwrap();
        std::fs::write(place.join("broken.json"), b"{").unwrap();
        std::fs::write(place.join("unrelated.txt"), b"stays").unwrap();
        if Path::new("/proc/self/stat").exists() {
            assert_eq!(list(&place), []);
            let left: Vec<_> = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(left, ["unrelated.txt"]);
        }
        drop(gone);
        std::fs::remove_dir_all(place).unwrap();
    }

    fn tempfile_dir(name: &str) -> PathBuf {
        let place = std::env::temp_dir().join(format!("microtome-notices-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        place
    }
}
