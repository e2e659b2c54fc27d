//! Crops that are not drawn from because of what they hold, or of their weight.

use microtome_core::loader::{LeftOut, Loader, LoaderConfig};

use crate::{config, phantom};

fn left_out(config: LoaderConfig, why: LeftOut) -> Vec<String> {
    let loader = Loader::new(phantom(), config).unwrap();
    assert!(
        loader.sources_report().iter().all(|source| source.left_out != Some(why)),
        "not known before it is looked at"
    );
    loader.next_batch().unwrap();
    let report = loader.sources_report().into_iter().filter(|source| source.left_out == Some(why));
    report.filter_map(|source| source.crop).collect()
}

#[test]
fn a_crop_without_foreground_is_left_out_once_it_is_known() {
    let catalog = phantom();
    let counts = catalog.count(None).unwrap();
    // A class that is annotated in some crop that has none of it, while another crop has some.
    let is_somewhere = |class: &str| counts.rows.iter().any(|row| row.class == class && row.count.present > 0);
    let nowhere = counts.rows.iter().find(|row| row.count.present == 0 && is_somewhere(&row.class)).unwrap();
    let mut config = config("strategy = \"class_balanced\"\nsmall_crops = \"pad\"");
    config.data.classes = vec![nowhere.class.clone()];
    let found = left_out(config.clone(), LeftOut::NoForeground);
    assert!(found.contains(&catalog.datasets[0].crops[nowhere.crop_index].name), "{found:?}");
    config.sampling.strategy = microtome_core::loader::Strategy::Uniform;
    assert!(left_out(config, LeftOut::NoForeground).is_empty());
}
