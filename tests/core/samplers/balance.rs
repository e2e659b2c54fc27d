//! How much of each class is seen, before and after balancing.

use microtome_core::loader::Loader;

use super::{batches, config, phantom, present};

/// Per class: the samples that hold some, and the share of all voxels that is of it.
fn seen(sampling: &str, samples: usize) -> (Vec<String>, Vec<f64>, Vec<f64>) {
    let loader = Loader::new(phantom(), config(sampling)).unwrap();
    let classes = loader.classes();
    let (mut holding, mut shares) = (vec![0.0; classes.len()], vec![0.0; classes.len()]);
    for batch in batches(&loader, samples) {
        for sample in 0..batch.provenance.len() {
            for (class, voxels) in present(&batch, sample).into_iter().enumerate() {
                holding[class] += f64::from(u8::from(voxels > 0)) / samples as f64;
                shares[class] += voxels as f64 / (samples * 4096) as f64;
            }
        }
    }
    (classes, holding, shares)
}

/// Of the classes that there are: the least over the most.
fn evenness(values: &[f64]) -> f64 {
    let there = values.iter().copied().filter(|value| *value > 0.0);
    let (least, most) =
        there.fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    least / most
}

#[test]
fn rare_classes_are_seen_more_often() {
    let (classes, uniform_holding, uniform_shares) = seen("", 512);
    let (_, balanced_holding, balanced_shares) = seen("strategy = \"class_balanced\"", 512);
    let (_, foreground_holding, foreground_shares) = seen("strategy = \"foreground\"", 512);
    let mut table = String::from("class: samples that hold it, share of voxels; uniform, foreground, class_balanced\n");
    for (index, class) in classes.iter().enumerate() {
        let percent = |values: &[f64]| format!("{:.2} %", values[index] * 100.0);
        let row = [
            [&uniform_holding, &uniform_shares],
            [&foreground_holding, &foreground_shares],
            [&balanced_holding, &balanced_shares],
        ];
        let row = row.map(|pair| pair.map(|values| percent(values)).join(" "));
        table += &format!("{class}: {}\n", row.join(", "));
    }
    println!("{table}");
    let rarest = (0..classes.len()).filter(|class| balanced_shares[*class] > 0.0);
    let rarest = rarest.min_by(|a, b| uniform_holding[*a].total_cmp(&uniform_holding[*b])).unwrap();
    assert!(balanced_holding[rarest] > 1.5 * uniform_holding[rarest], "{}\n{table}", classes[rarest]);
    assert!(evenness(&balanced_holding) > 1.5 * evenness(&uniform_holding), "{table}");
    assert!(evenness(&balanced_shares) > 1.2 * evenness(&uniform_shares), "{table}");
    assert!(evenness(&foreground_holding) > evenness(&uniform_holding), "{table}");
}
