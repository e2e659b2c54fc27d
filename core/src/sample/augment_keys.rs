//! Reading and writing `[augment]`: its keys keep the order in which operations on intensities are applied.

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Augment;
use super::intensity::Operation;

/// The keys that are no operations on intensities: the fields of [`Augment`] of the same names.
macro_rules! spatial {
    ($($key:ident),*) => {
        const SPATIAL: &[&str] = &[$(stringify!($key)),*];

        impl Augment {
            /// Reads the value of `key`, which is known.
            fn read<'de, M: MapAccess<'de>>(&mut self, key: &str, map: &mut M) -> Result<(), M::Error> {
                match key {
                    $(stringify!($key) => self.$key = Some(map.next_value()?),)*
                    operation => self.intensity.extend(Operation::next(operation, map)?),
                }
                Ok(())
            }
        }

        impl Serialize for Augment {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // A new field does not compile until it stands in the list below.
                let Self { $($key,)* intensity } = self;
                let mut map = serializer.serialize_map(None)?;
                $(if let Some(value) = $key {
                    map.serialize_entry(stringify!($key), value)?;
                })*
                for operation in intensity {
                    operation.write(&mut map)?;
                }
                map.end()
            }
        }
    };
}

spatial!(mirror, transpose, planes, rotate, scale, shear, elastic, misalign);

impl<'de> Deserialize<'de> for Augment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Augment;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("struct Augment")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Augment, M::Error> {
        let mut augment = Augment::default();
        while let Some(Key(key)) = map.next_key()? {
            augment.read(key, &mut map)?;
        }
        Ok(augment)
    }
}

/// A known key.
struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KnownKey)
    }
}

struct KnownKey;

/// Every key of `[augment]`.
static KNOWN: std::sync::LazyLock<Vec<&'static str>> =
    std::sync::LazyLock::new(|| SPATIAL.iter().chain(Operation::KEYS).copied().collect());

impl Visitor<'_> for KnownKey {
    type Value = Key;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Key, E> {
        let known = KNOWN.iter().find(|known| **known == key);
        known.map(|known| Key(known)).ok_or_else(|| E::unknown_field(key, &KNOWN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_keep_the_order_of_the_file() {
        for text in [
            "[noise]\nsigma = [0.0, 0.1]\nprobability = 0.5\n\n[contrast]\nrange = [0.5, 1.5]\nprobability = 1.0\n",
            "[contrast]\nrange = [0.5, 1.5]\nprobability = 1.0\n\n[noise]\nsigma = [0.0, 0.1]\nprobability = 0.5\n",
        ] {
            let augment: Augment = toml::from_str(text).unwrap();
            assert_eq!(toml::to_string(&augment).unwrap(), text);
            assert_eq!(augment.intensity.len(), 2);
            let again: Augment = serde_json::from_str(&serde_json::to_string(&augment).unwrap()).unwrap();
            assert_eq!(again, augment);
        }
    }
}
