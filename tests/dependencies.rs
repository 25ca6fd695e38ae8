//! What the program is built of: licences, versions and sources of every crate, held against the lists of
//! `.ci/deny.toml`, which cargo-deny reads too; the oldest Rust; and no `unsafe` of our own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use toml::de::{DeTable, DeValue};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a file in TOML says.
fn said(file: &str) -> Json {
    let text = fs::read_to_string(root().join(file)).expect(file);
    let table = DeTable::parse(&text).expect(file);
    object(table.get_ref())
}

fn object(table: &DeTable) -> Json {
    let pairs = table.iter();
    pairs
        .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())))
        .collect()
}

fn json(value: &DeValue) -> Json {
    match value {
        DeValue::Table(table) => object(table),
        DeValue::Array(list) => list.iter().map(|value| json(value.get_ref())).collect(),
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Boolean(is) => (*is).into(),
        // Nothing here counts or has a date.
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Datetime(_) => Json::Null,
    }
}

/// The texts of the list at `key`.
fn texts<'a>(table: &'a Json, key: &str) -> Vec<&'a str> {
    let list = table[key].as_array().expect(key);
    let texts = list.iter().map(|text| text.as_str().expect(key));
    texts.collect()
}

/// A crate that is compiled for this machine, for the program or for its tests.
struct Package {
    name: String,
    version: String,
    license: String,
    source: String,
    rust: Option<String>,
    /// Whether it is compiled for the program.
    is_normal: bool,
}

fn packages() -> Vec<Package> {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &platform])
        .current_dir(root())
        .output()
        .expect("cargo");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    let metadata: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let nodes: BTreeMap<&str, &Json> = nodes
        .iter()
        .map(|node| (node["id"].as_str().expect("an id"), node))
        .collect();
    let own = metadata["resolve"]["root"].as_str().expect("our own crate");
    let (normal, all) = (needed(&nodes, own, false), needed(&nodes, own, true));
    let listed = metadata["packages"].as_array().expect("packages");
    let text = |package: &Json, key: &str| package[key].as_str().map(str::to_owned);
    let packages: Vec<Package> = listed
        .iter()
        .filter_map(|package| {
            let id = package["id"].as_str().expect("an id");
            (id != own && all.contains(id)).then(|| Package {
                name: text(package, "name").expect("a name"),
                version: text(package, "version").expect("a version"),
                license: text(package, "license").unwrap_or_default(),
                source: text(package, "source").unwrap_or_default(),
                rust: text(package, "rust_version"),
                is_normal: normal.contains(id),
            })
        })
        .collect();
    // There is something to be judged.
    assert!(packages.iter().any(|package| package.name == "ratatui"));
    assert!(packages.iter().any(|package| !package.is_normal));
    packages
}

/// The ids of everything that is compiled for `own`, with what its tests need too if `dev` says so.
fn needed<'a>(nodes: &BTreeMap<&'a str, &'a Json>, own: &'a str, dev: bool) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![own];
    while let Some(id) = open.pop() {
        if !found.insert(id) {
            continue;
        }
        let needs = nodes[id]["deps"].as_array().expect("dependencies");
        for need in needs {
            let kinds = need["dep_kinds"].as_array().expect("kinds");
            if dev || kinds.iter().any(|kind| kind["kind"] != "dev") {
                open.push(need["pkg"].as_str().expect("an id"));
            }
        }
    }
    found
}

#[test]
fn every_crate_has_a_licence_of_the_list() {
    let deny = said(".ci/deny.toml");
    let licences = &deny["licenses"];
    let allowed = texts(licences, "allow");
    let exceptions = licences["exceptions"].as_array().expect("exceptions");
    let mut wrong = Vec::new();
    for package in packages() {
        let its_own = exceptions
            .iter()
            .find(|exception| exception["crate"].as_str() == Some(&package.name));
        let its_own = its_own.map_or_else(Vec::new, |exception| texts(exception, "allow"));
        let is_allowed = |one: &spdx::LicenseReq| {
            let one = one.to_string();
            allowed.contains(&one.as_str()) || its_own.contains(&one.as_str())
        };
        // Some write "MIT/Apache-2.0", as Cargo once had it.
        let parsed = spdx::Expression::parse_mode(&package.license, spdx::ParseMode::LAX);
        if !parsed.is_ok_and(|expression| expression.evaluate(is_allowed)) {
            wrong.push(format!("{}: {:?}", package.name, package.license));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn every_crate_comes_from_crates_io() {
    let deny = said(".ci/deny.toml");
    let registries = texts(&deny["sources"], "allow-registry");
    for Package { name, source, .. } in packages() {
        let registry = source.strip_prefix("registry+").unwrap_or(&source);
        assert!(registries.contains(&registry), "{name} is from {source:?}");
    }
}

#[test]
fn no_crate_is_there_in_two_versions_without_a_reason() {
    let deny = said(".ci/deny.toml");
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Package { name, version, .. } in packages() {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    for skip in deny["bans"]["skip"].as_array().expect("a list") {
        let which = skip["crate"].as_str().expect("a crate");
        let (name, version) = which.split_once(":^").expect("NAME:^VERSION");
        let has_reason = skip["reason"].as_str();
        assert!(has_reason.is_some_and(|reason| !reason.is_empty()));
        let found = versions.get_mut(name).and_then(|versions| {
            let begin = format!("{version}.");
            let at = versions.iter().position(|one| one.starts_with(&begin))?;
            Some(versions.remove(at))
        });
        assert!(found.is_some(), "{which} is no second version any more");
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert_eq!(versions, BTreeMap::new());
}

#[test]
fn the_oldest_rust_that_is_named_is_new_enough_for_every_crate_of_the_program() {
    let number = |version: &str| -> Vec<u32> {
        let parts = version.split('.').map(|part| part.parse().expect(version));
        parts.collect()
    };
    let manifest = said("Cargo.toml");
    let ours = manifest["package"]["rust-version"].as_str();
    let ours = number(&format!("{}.0", ours.expect("a version")));
    for package in packages().iter().filter(|package| package.is_normal) {
        if let Some(rust) = &package.rust {
            assert!(number(rust) <= ours, "{} needs {rust}", package.name);
        }
    }
}

#[test]
fn nothing_of_ours_is_unsafe() {
    let manifest = said("Cargo.toml");
    // It holds for every target of the package: the tests and the benches too.
    assert_eq!(
        manifest["lints"]["rust"]["unsafe_code"].as_str(),
        Some("forbid")
    );
    // What is compiled for another system is not seen by the compiler here.
    let word = ["un", "safe"].concat();
    let is_word = |text: &&str| *text == word;
    let mut files: Vec<PathBuf> = ["src", "tests", "benches"].map(|f| root().join(f)).into();
    let mut count = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            files.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|end| end == "rs") {
            count += 1;
            let text = fs::read_to_string(&path).expect("a file");
            let code = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or(line));
            for (number, line) in (1..).zip(code) {
                let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
                let found = words.find(is_word);
                assert_eq!(found, None, "{}:{number}", path.display());
            }
        }
    }
    assert!(count > 100, "{count} files");
}
