//! Every WGSL file of the repository parses and is valid, without any device.

use std::path::Path;

use naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_shader_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut seen = 0;
    let keep = |entry: &walkdir::DirEntry| entry.file_name() != "target" && entry.file_name() != ".git";
    for entry in walkdir::WalkDir::new(root).into_iter().filter_entry(keep) {
        let path = entry.expect("the repository can be listed").into_path();
        if path.extension().is_some_and(|extension| extension == "wgsl") {
            let source = std::fs::read_to_string(&path).expect("a shader is text");
            let module = naga::front::wgsl::parse_str(&source)
                .unwrap_or_else(|e| panic!("{}: {}", path.display(), e.emit_to_string(&source)));
            let valid = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
            valid.unwrap_or_else(|e| panic!("{}: {}", path.display(), e.emit_to_string(&source)));
            assert!(!module.entry_points.is_empty(), "{}: no entry point", path.display());
            seen += 1;
        }
    }
    assert!(seen >= 1, "no shader was found");
}
