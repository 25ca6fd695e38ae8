//! The seeds of the fuzz targets, among them every input that has failed once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::properties::TARGETS;

/// The names in a folder of `tests/fuzz`, without what stands behind a dot.
fn names(folder: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz")
        .join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let names = paths.map(|path| {
        path.file_stem()
            .map(|name| name.to_string_lossy().into_owned())
    });
    names.map(|name| name.expect("a name")).collect()
}

#[test]
fn each_property_has_a_fuzz_target_and_seeds() {
    let properties: BTreeSet<String> = TARGETS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(names("targets"), properties);
    assert_eq!(names("seeds"), properties);
    for name in properties {
        assert!(!names(&format!("seeds/{name}")).is_empty(), "{name}");
    }
}

#[test]
fn what_holds_of_every_input_holds_of_the_seeds() {
    for (target, property) in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fuzz/seeds")
            .join(target);
        for entry in fs::read_dir(folder).expect("a folder of seeds") {
            let path = entry.expect("an entry").path();
            let bytes = fs::read(&path).expect("a seed");
            // Said only if it does not hold.
            println!("{}", path.display());
            property(&bytes);
        }
    }
}
