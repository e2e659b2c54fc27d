//! `config --from-cellmap` and `--to-cellmap`: from a training script to a configuration and back.

use crate::place::data;
use crate::run::run;

const SCRIPT: &str = "from upath import UPath\n\
    input_array_info = {'shape': (16, 16, 16), 'scale': (8, 8, 8)}\n\
    target_array_info = input_array_info\n\
    classes = ['cell']\n\
    learning_rate = 1e-4\n\
    spatial_transforms = {'mirror': {'axes': {'x': 0.5}}, 'rotate': {'axes': {'z': [-180, 180]}}}\n";

#[test]
fn a_script_becomes_a_configuration_that_draws_batches() {
    let home = tempfile::tempdir().unwrap();
    let store = data("fib25.zarr").display().to_string();
    let row = format!("train,{store},recon-1/em/fibsem-uint8,{store},recon-1/labels/groundtruth/crop1/[cell]\n");
    std::fs::write(home.path().join("datasplit.csv"), row).unwrap();
    std::fs::write(home.path().join("train.py"), SCRIPT).unwrap();
    let answer = run(home.path(), &["config", "--from-cellmap", "train.py"]);
    assert_eq!((answer.status, answer.err.as_str()), (Some(0), ""), "{}", answer.out);
    assert!(answer.out.starts_with("# Taken over from train.py\n# rotate: "), "{}", answer.out);
    std::fs::write(home.path().join("train.toml"), &answer.out).unwrap();
    for input in ["train.toml", "train.py"] {
        let answer = run(home.path(), &["sample", input, "--out", &format!("{input}.out")]);
        assert_eq!(answer.status, Some(0), "{input}: {}", answer.err);
    }
    let back = run(home.path(), &["config", "--to-cellmap", "train.toml"]);
    assert_eq!(back.status, Some(0), "{}", back.err);
    std::fs::write(home.path().join("back.py"), &back.out).unwrap();
    let again = run(home.path(), &["config", "--from-cellmap", "back.py"]);
    let without_title = |text: &str| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
    assert_eq!(without_title(&again.out), without_title(&answer.out), "{}", back.out);
}

#[test]
fn what_is_no_such_script_is_one_line() {
    let home = tempfile::tempdir().unwrap();
    let cases = [
        ("a.py", "x = = 1\n", "line 1"),
        ("b.py", "x = 1\n", "input_arrays"),
        ("c.py", "input_arrays = {'raw': {'shape': patch, 'scale': (8, 8, 8)}}\n", "`patch` (line 1)"),
    ];
    for (name, text, words) in cases {
        std::fs::write(home.path().join(name), text).unwrap();
        let answer = run(home.path(), &["config", "--from-cellmap", name]);
        assert_eq!((answer.status, answer.out.as_str()), (Some(1), ""), "{name}");
        assert!(answer.err.contains(words) && answer.err.trim_end().lines().count() == 1, "{name}: {}", answer.err);
    }
    std::fs::write(home.path().join("d.py"), vec![b'#'; 300 << 10]).unwrap();
    assert!(run(home.path(), &["config", "--from-cellmap", "d.py"]).err.contains("too much"));
}
