//! Makes batches of a configuration and holds them against what it promises.

use std::sync::Arc;

use microtome_core::Result;
use microtome_core::loader::{Batch, BatchArray, Encoding, Loader, LoaderConfig, Role};
use microtome_core::volume::{Buffer, DType};

use crate::dataset;
use crate::keys::Draft;

/// Batches that are taken of each configuration.
const BATCHES: usize = 2;
/// Threads of the loader that must agree with the one that the configuration asks for.
const THREADS: usize = 3;

/// Reads a draft as a file and takes its first batches, which are checked against the configuration; a second loader
/// with other threads and other memory has to make the same.
///
/// # Errors
/// What the core says on the way.
pub fn make(draft: &Draft) -> Result<Vec<Batch>> {
    let config = LoaderConfig::from_file(&dataset::file(&draft.text()))?;
    let catalog = Arc::new(config.open_catalog()?);
    let loader = Loader::new(Arc::clone(&catalog), config.clone())?;
    let classes = loader.classes();
    let made = take(&loader)?;
    drop(loader);
    for batch in &made {
        check(batch, &config, &classes);
    }
    let mut other = config.clone();
    other.loader.threads = THREADS;
    other.loader.memory = config.loader.memory.saturating_add(1 << 20);
    let again = take(&Loader::new(catalog, other)?)?;
    assert!(same(&made, &again), "threads or memory change what is made by\n{}", draft.text());
    Ok(made)
}

fn take(loader: &Loader) -> Result<Vec<Batch>> {
    (0..BATCHES).map(|_| loader.next_batch()).collect()
}

/// Equal, NaN being equal to itself.
fn same(a: &[Batch], b: &[Batch]) -> bool {
    let bits = |array: &BatchArray| match &array.data {
        Buffer::F32(values) => values.iter().map(|value| u64::from(value.to_bits())).collect(),
        Buffer::F16(values) => values.iter().map(|value| u64::from(value.to_bits())).collect(),
        _ => Vec::new(),
    };
    let equal = |a: &BatchArray, b: &BatchArray| match bits(a) {
        floats if floats.is_empty() => a == b,
        floats => floats == bits(b) && (&a.known, &a.known_bits) == (&b.known, &b.known_bits),
    };
    a.iter()
        .zip(b)
        .all(|(a, b)| a.provenance == b.provenance && a.arrays.iter().zip(&b.arrays).all(|(a, b)| equal(a, b)))
}

fn check(batch: &Batch, config: &LoaderConfig, classes: &[String]) {
    // The last batch of an epoch holds what is left.
    assert!((1..=config.loader.batch_size).contains(&batch.provenance.len()));
    let arrays: Vec<_> = config.arrays().collect();
    assert_eq!(batch.arrays.len(), arrays.len());
    for (array, (role, name, spec)) in batch.arrays.iter().zip(arrays) {
        assert_eq!((array.name.as_str(), array.role), (name, role));
        let channels = match (role, spec.encoding) {
            (Role::Input, _) => spec.channels.len().max(1),
            (Role::Target, Encoding::Bits) => 1,
            (Role::Target, Encoding::Affinity) => array.classes.len() * spec.offsets.len(),
            (Role::Target, _) => array.classes.len(),
        };
        let own = if spec.classes.is_empty() { classes } else { &spec.classes[..] };
        assert!(role == Role::Input || *array.classes == *own, "{name}: {:?} for {own:?}", array.classes);
        let [z, y, x] = spec.shape.to_array();
        assert_eq!(array.shape, [batch.provenance.len(), channels, z, y, x], "{name}");
        assert_eq!(array.data.len(), array.shape.iter().product::<usize>(), "{name}");
        check_type(array, spec.encoding);
        check_unknown(array, spec.encoding);
    }
}

fn check_type(array: &BatchArray, encoding: Encoding) {
    let dtype = array.data.dtype();
    let suits = match encoding {
        Encoding::U8 | Encoding::Affinity | Encoding::Boundary => dtype == DType::U8,
        Encoding::F16 => dtype == DType::F16,
        Encoding::F32 | Encoding::Distance => dtype == DType::F32,
        Encoding::Ids => [DType::U8, DType::U16, DType::U32, DType::U64].contains(&dtype),
        Encoding::Bits => dtype == DType::U64,
    };
    assert!(suits, "{}: {dtype} for {}", array.name, encoding.name());
    let is_bits = encoding == Encoding::Bits;
    let has_nan = [Encoding::F32, Encoding::Distance].contains(&encoding);
    let masked = array.role == Role::Target && !has_nan && !is_bits;
    let len = array.data.len();
    assert_eq!(array.known.as_deref().map(<[u8]>::len), masked.then_some(len), "{}", array.name);
    assert_eq!(array.known_bits.as_deref().map(<[u64]>::len), is_bits.then_some(len), "{}", array.name);
}

/// Inputs hold numbers; what is unknown in a target is 0 under a mask, or NaN.
fn check_unknown(array: &BatchArray, encoding: Encoding) {
    let is_input = array.role == Role::Input;
    match &array.data {
        Buffer::F32(values) => assert!(values.iter().all(|value| {
            let is_answer = *value == 0.0 || *value == 1.0 || value.is_nan();
            if is_input { value.is_finite() } else { is_answer || encoding != Encoding::F32 }
        })),
        Buffer::F16(values) => assert!(values.iter().all(|value| value.is_finite()), "{}", array.name),
        _ => {}
    }
    if let (Some(known), Buffer::U8(values)) = (&array.known, &array.data) {
        assert!(values.iter().zip(known).all(|(value, known)| *known == 1 || *value == 0), "{}", array.name);
    }
}
