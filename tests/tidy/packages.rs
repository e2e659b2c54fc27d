//! The dependency law: what a package must never pull in, whatever its dependencies do.

use std::process::Command;

use crate::repository::{Finding, root};

/// What one way of building a package must not contain.
struct Law {
    package: &'static str,
    manifest: &'static str,
    /// More arguments of `cargo tree`.
    build: &'static [&'static str],
    never: &'static [&'static str],
}

const LAWS: [Law; 4] = [
    Law {
        package: "microtome-core",
        manifest: "core/Cargo.toml",
        build: &["--all-features"],
        never: &["egui", "eframe", "egui-wgpu", "wgpu", "winit", "rfd", "pyo3", "clap"],
    },
    // puffin brings anyhow along; the core's own errors are typed.
    Law { package: "microtome-core", manifest: "core/Cargo.toml", build: &["--depth", "1"], never: &["anyhow"] },
    Law {
        package: "microtome-render",
        manifest: "app/render/Cargo.toml",
        build: &[],
        never: &["egui", "eframe", "egui-wgpu", "winit", "rfd", "pyo3"],
    },
    // This build goes into the wheel, which carries no windowing.
    Law {
        package: "microtome",
        manifest: "app/Cargo.toml",
        build: &["--no-default-features"],
        never: &["eframe", "winit", "rfd", "pyo3"],
    },
];

/// Every law that is broken. `tree` answers the names of all packages in a build.
pub fn findings(tree: impl Fn(&str, &[&str]) -> Vec<String>) -> Vec<Finding> {
    LAWS.iter().flat_map(|law| broken(law, &tree(law.package, law.build))).collect()
}

fn broken(law: &Law, names: &[String]) -> Vec<Finding> {
    assert!(names.iter().any(|name| name == law.package), "cargo tree knows no {}", law.package);
    let bad = law.never.iter().filter(|never| names.iter().any(|name| name == *never));
    bad.map(|never| Finding {
        path: law.manifest.to_owned(),
        line: 1,
        message: format!("{} {} must not depend on {never}", law.package, law.build.join(" ")),
    })
    .collect()
}

/// Names of all packages that a build of `package` links, from `cargo tree`.
pub fn from_cargo(package: &str, build: &[&str]) -> Vec<String> {
    let answer = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}", "--package", package])
        .args(build)
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let text = String::from_utf8_lossy(&answer.stdout);
    text.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_dependency_is_found() {
        let tree = |package: &str, _: &[&str]| vec![package.to_owned(), "winit".to_owned()];
        assert_eq!(findings(tree).len(), 3, "core, render and the wheel's app");
    }

    #[test]
    fn cargo_tree_sees_through_to_indirect_dependencies() {
        let names = from_cargo("microtome", &[]);
        assert!(names.iter().any(|name| name == "winit"), "the window's build links winit: {names:?}");
    }
}
