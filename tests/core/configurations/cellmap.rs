//! Configurations in cellmap-data's words: what it can say comes back as it was.

use microtome_core::geometry::Zyx;
use microtome_core::loader::cellmap::{export, import};
use microtome_core::loader::{ArraySpec, Encoding, LoaderConfig, params};
use proptest::prelude::*;

proptest! {
    #[test]
    fn what_it_can_say_comes_back(
        shape in prop::array::uniform3(1usize..200), size in prop::array::uniform3(1u32..40), mirror in prop::array::uniform3(0u8..=10),
        batch_size in 1usize..9, is_balanced: bool, angle in prop::option::of(1u32..180), batches in prop::option::of(1u64..500),
    ) {
        let array = || {
            let size = size.map(f64::from);
            ArraySpec::new(Zyx::from(shape), Zyx::from(size), Encoding::F32)
        };
        let mut config = LoaderConfig::default();
        config.input.insert("raw".to_owned(), array());
        config.target.insert("labels".to_owned(), array());
        config.loader.batch_size = batch_size;
        config.sampling.iterations_per_epoch = batches;
        let mut values = params::values(&config).expect("values");
        params::put(&mut values, "sampling.strategy", Some(if is_balanced { "class_balanced" } else { "uniform" }.into()));
        for (axis, tenths) in ["z", "y", "x"].into_iter().zip(mirror) {
            params::put(&mut values, &format!("augment.mirror.{axis}"), Some((f64::from(tenths) / 10.0).into()));
        }
        if let Some(angle) = angle {
            params::put(&mut values, "augment.rotate.z", Some(vec![-f64::from(angle), 1.5].into()));
            params::put(&mut values, "augment.rotate.probability", Some(1.0.into()));
        }
        let config = params::check(&values).expect("a configuration");
        let exported = export(&config, None);
        let unsaid: Vec<_> = exported.unsaid.iter().filter(|line| !line.starts_with("loader.")).collect();
        prop_assert!(unsaid.is_empty(), "{unsaid:?}");
        let back = import(&exported.split.into_iter().chain(exported.loader).collect(), None).expect("what was written");
        prop_assert_eq!(back.config, config);
    }
}
