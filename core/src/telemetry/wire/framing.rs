//! Where a message begins and ends: greetings, lengths, kinds. Takes bytes as they come, from whoever sends them.

/// Raised when the same bytes come to mean something else.
pub const VERSION: u16 = 2;
/// Longest message to a viewer, bytes; longer ones are not made.
pub const MAX_BYTES: usize = 1 << 20;
/// Longest message that a loader takes from a viewer, bytes.
pub const MAX_REQUEST_BYTES: usize = 64 << 10;

/// The word that begins a connection.
const WORD: [u8; 8] = *b"mictome\n";
/// Bytes of a length and a kind.
const HEAD_BYTES: usize = 5;

/// Why bytes are no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// They do not begin with the greeting.
    NotMicrotome,
    /// The other side speaks this version.
    Version(u16),
    /// A message says that it is this long, bytes.
    TooLong(usize),
    /// A message of this kind does not hold what it has to.
    Damaged(u8),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotMicrotome => f.write_str("this is not Microtome's telemetry"),
            Self::Version(theirs) => write!(
                f,
                "this speaks version {theirs} of the protocol, and this Microtome version {VERSION}; use the same Microtome"
            ),
            Self::TooLong(bytes) => write!(f, "a message of {bytes} bytes is longer than any may be"),
            Self::Damaged(kind) => write!(f, "a message of kind {kind} is damaged"),
        }
    }
}

/// What each side says first.
#[must_use]
pub fn greeting() -> [u8; 10] {
    let mut said = [0; 10];
    said[..8].copy_from_slice(&WORD);
    said[8..].copy_from_slice(&VERSION.to_le_bytes());
    said
}

/// Whether the other side's greeting is one, and of this version.
///
/// # Errors
/// [`Fault::NotMicrotome`], [`Fault::Version`].
pub fn check_greeting(said: [u8; 10]) -> Result<(), Fault> {
    if said[..8] != WORD {
        return Err(Fault::NotMicrotome);
    }
    let version = u16::from_le_bytes([said[8], said[9]]);
    if version == VERSION { Ok(()) } else { Err(Fault::Version(version)) }
}

/// Bytes in, messages out. Holds no more than one message and what came with its end.
#[derive(Debug)]
pub struct Deframer {
    bytes: Vec<u8>,
    /// Of these, bytes that were given out already.
    read: usize,
    max_bytes: usize,
}

impl Deframer {
    /// Of messages of at most `max_bytes`.
    #[must_use]
    pub const fn new(max_bytes: usize) -> Self {
        Self { bytes: Vec::new(), read: 0, max_bytes }
    }

    /// Takes bytes; call [`Deframer::next`] until it has no more before the next ones.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole message: its kind and content.
    ///
    /// # Errors
    /// [`Fault::TooLong`], as soon as the length says so; nothing after it can be trusted.
    #[allow(clippy::should_implement_trait, reason = "it borrows, which an iterator cannot")]
    pub fn next(&mut self) -> Result<Option<(u8, &[u8])>, Fault> {
        let held = &self.bytes[self.read..];
        let Some(head) = held.first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        // The kind counts: nothing is shorter than it.
        if length == 0 || length > self.max_bytes {
            return Err(Fault::TooLong(length));
        }
        let end = HEAD_BYTES - 1 + length;
        if held.len() < end {
            return Ok(None);
        }
        let (from, to) = (self.read, self.read + end);
        self.read = to;
        Ok(Some((self.bytes[from + HEAD_BYTES - 1], &self.bytes[from + HEAD_BYTES..to])))
    }
}

/// The head of a message of a kind with so many bytes of content; `None` if that is more than a message may have.
pub(super) fn head(kind: u8, content_bytes: usize) -> Option<[u8; HEAD_BYTES]> {
    let length = content_bytes.checked_add(1).filter(|length| *length <= MAX_BYTES)?;
    let [a, b, c, d] = u32::try_from(length).ok()?.to_le_bytes();
    Some([a, b, c, d, kind])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_however_the_bytes_come_in() {
        let mut bytes = Vec::new();
        for (kind, content) in [(7, &b"abc"[..]), (9, b""), (8, &[1; 300])] {
            bytes.extend(head(kind, content.len()).unwrap());
            bytes.extend(content);
        }
        for step in 1..bytes.len() {
            let mut deframer = Deframer::new(400);
            let mut got = Vec::new();
            for part in bytes.chunks(step) {
                deframer.push(part);
                while let Some((kind, content)) = deframer.next().unwrap() {
                    got.push((kind, content.to_vec()));
                }
            }
            assert_eq!(got, [(7, b"abc".to_vec()), (9, Vec::new()), (8, vec![1; 300])], "in steps of {step}");
        }
    }

    #[test]
    fn a_length_beyond_the_bound_is_refused_before_its_bytes_come() {
        let mut deframer = Deframer::new(400);
        deframer.push(&[0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(deframer.next(), Err(Fault::TooLong(0x7fff_ffff)));
        let mut deframer = Deframer::new(400);
        deframer.push(&[0, 0, 0, 0]);
        assert_eq!(deframer.next(), Err(Fault::TooLong(0)));
        assert!(head(1, MAX_BYTES).is_none() && head(1, MAX_BYTES - 1).is_some());
    }

    #[test]
    fn greetings_say_what_is_wrong() {
        assert_eq!(check_greeting(greeting()), Ok(()));
        let mut newer = greeting();
        newer[8] += 1;
        assert_eq!(check_greeting(newer), Err(Fault::Version(VERSION + 1)));
        assert_eq!(check_greeting(*b"GET / HTTP"), Err(Fault::NotMicrotome));
    }
}
