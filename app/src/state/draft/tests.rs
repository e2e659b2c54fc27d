//! Editing by examples: steps, problems, what is written.

use super::*;

const FILE: &str = "# what I train with\n[data]\npath = \"cell\" # the phantom\n\n[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 8, 8]\n\
    encoding = \"f32\"\n\n[augment]\nnoise = { sigma = [0, 0.1], probability = 0.5 } # grain\n# mirrored everywhere\n\
    mirror = { z = 0.5, y = 0.5, x = 0.5 }\n\n[loader]\nseed = 3 # of my own\n";

fn draft() -> Draft {
    Draft::new(&LoaderConfig::from_toml(FILE).unwrap())
}

#[test]
fn a_drag_is_one_step_and_steps_go_back_and_forth() {
    let mut draft = draft();
    let at = |draft: &Draft| draft.get("augment.mirror.z").and_then(Value::as_float);
    for value in [0.4, 0.3, 0.2] {
        draft.set("augment.mirror.z", Some(Value::from(value)), 0.0);
    }
    draft.settle();
    draft.set("augment.mirror.z", Some(Value::from(0.9)), 0.0);
    draft.undo(0.0);
    assert_eq!(at(&draft), Some(0.2));
    draft.undo(0.0);
    assert_eq!((at(&draft), draft.can_undo(), draft.changes()), (Some(0.5), false, &[][..]));
    draft.redo(0.0);
    draft.redo(0.0);
    assert_eq!((at(&draft), draft.can_redo(), draft.changes().len()), (Some(0.9), false, 1));
    draft.revert(0.0);
    assert_eq!(at(&draft), Some(0.5));
    draft.undo(0.0);
    assert_eq!(at(&draft), Some(0.9));
}

#[test]
fn only_a_valid_configuration_is_applied_and_only_when_it_rests() {
    let mut draft = draft();
    draft.set("augment.mirror.z", Some(Value::from(1.5)), 10.0);
    assert_eq!(draft.problem().map(|problem| problem.key.as_str()), Some("augment.mirror.z"));
    assert!(draft.take_due(20.0).is_none());
    draft.set("augment.mirror.z", Some(Value::from(1.0)), 20.0);
    assert!(draft.problem().is_none() && draft.take_due(20.4).is_none());
    assert_eq!(draft.take_due(20.5).and_then(|config| config.augment.mirror).map(|mirror| mirror.z), Some(1.0));
    assert!(draft.take_due(30.0).is_none(), "once");
}

#[test]
fn a_file_keeps_its_comments_and_its_order() {
    let mut draft = draft();
    draft.set("augment.mirror.z", Some(Value::from(0.25)), 0.0);
    draft.set("loader.seed", Some(Value::from(4)), 0.0);
    draft.set("augment.rotate", Some(Value::from(of_one_key("probability", 0.5))), 0.0);
    let text = rewritten(Some(FILE), &draft.saving(None, Path::new("a.toml"))).unwrap();
    let expected = FILE
        .replace("z = 0.5,", "z = 0.25,")
        .replace("seed = 3 # of my own", "seed = 4 # of my own")
        .replace("x = 0.5 }\n", "x = 0.5 }\nrotate = { probability = 0.5 }\n");
    assert_eq!(text.replace(" z = [0.0, 0.0], y = [0.0, 0.0], x = [0.0, 0.0],", ""), expected);
    draft.saved_as("a.toml".into(), draft.saving(None, Path::new("a.toml")).after);
    assert_eq!((draft.changes(), draft.file()), (&[][..], Some(Path::new("a.toml"))));
}

/// A table of one key.
fn of_one_key(key: &str, value: f64) -> Values {
    Values::from_iter([(key.to_owned(), Value::from(value))])
}

#[test]
fn a_new_file_is_a_whole_configuration_that_names_its_data() {
    let mut config = LoaderConfig::from_toml(FILE).unwrap();
    config.data.path = None;
    let mut draft = Draft::new(&config);
    draft.set("augment.noise.probability", Some(Value::from(0.75)), 0.0);
    let saving = draft.saving(Some(Path::new("cell.zarr")), Path::new("a.toml"));
    let text = rewritten(None, &saving).unwrap();
    let read = LoaderConfig::from_toml(&text).unwrap();
    assert!(read.data.path.as_ref().is_some_and(|path| path.ends_with("cell.zarr")));
    config.data.path = read.data.path.clone();
    assert_eq!(LoaderConfig { augment: config.augment.clone(), ..read.clone() }, config);
    assert_eq!(read.augment.intensity.len(), 1);
    draft.saved_as("a.toml".into(), saving.after);
    assert_eq!(draft.changes(), []);
}

#[test]
fn a_file_that_somebody_broke_meanwhile_is_left_alone() {
    let draft = draft();
    for text in ["[augment", "[augment]\nmirrors = 1\n"] {
        assert!(rewritten(Some(text), &draft.saving(None, Path::new("a.toml"))).is_err(), "{text}");
    }
}
