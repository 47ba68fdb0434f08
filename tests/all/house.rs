//! The house holds: inside the core a line uses only what stands above it, the server uses no device, and the project
//! never speaks of the place where it was made.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// The Rust files of a folder with their text, by path from the folder.
fn sources(folder: &str) -> Vec<(String, String)> {
    let folder = root().join(folder);
    let mut found = Vec::new();
    files(&folder, &mut found);
    assert!(found.len() > 10);
    let told = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (
            path.strip_prefix(&folder).unwrap().display().to_string(),
            text,
        )
    };
    found.into_iter().map(told).collect()
}

#[test]
fn a_line_of_the_core_uses_only_what_stands_above_it() {
    // A refusal names a rule of the domain and a trouble of the store; both sides of it speak it.
    let order = [
        "room", "domain", "document", "wire", "refusal", "store", "sync", "usecase", "view", "app",
    ];
    let place = |module: &str| order.iter().position(|m| *m == module);
    for (path, text) in sources("core/src") {
        let own = path.split(['/', '.']).next().unwrap().to_owned();
        let Some(here) = place(&own) else { continue };
        for used in text.split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric()).collect();
            if let Some(there) = place(&used) {
                assert!(
                    there <= here,
                    "{path} uses {used}, which stands below {own}"
                );
            }
        }
        let only = |word: &str, home: &str| {
            assert!(!text.contains(word) || own == home, "{path} says {word}")
        };
        only("rusqlite", "store");
        only("automerge::", "document");
        only("uniffi", "the bindings");
    }
}

#[test]
fn the_server_uses_no_device() {
    for (path, text) in sources("server/src") {
        // The last one opens a device's file where the device itself cannot be asked any more.
        let clients = ["demo", "story", "cli/rescue.rs"];
        let client = clients.iter().any(|place| path.starts_with(place));
        for part in ["app", "store", "sync", "usecase", "view"] {
            let used = text.contains(&format!("warmhand_core::{part}"));
            assert!(client || !used, "{path} uses the device's {part}");
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for folder in [
        "core/src",
        "server/src",
        "bindings/src",
        "tests/src",
        "tests/all",
        "tests/benches",
    ] {
        for (path, text) in sources_of(folder) {
            assert!(
                text.starts_with("//!"),
                "{folder}/{path} does not say what it is for"
            );
        }
    }
}

#[test]
fn every_rule_that_is_taken_out_has_its_row_in_the_readme_and_every_row_its_rule() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, table) = readme
        .split_once("| Rule | Falls | Shortest history |")
        .unwrap();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| row.split('|').nth(1).unwrap().trim().to_owned());
    let files = fs::read_dir(root().join("tests/mutations")).unwrap();
    let patches = files.map(|file| file.unwrap().path());
    let patches = patches.filter(|path| path.extension().is_some_and(|end| end == "patch"));
    let says = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        first.trim_start_matches('#').trim().to_owned()
    };
    let (rows, rules): (BTreeSet<_>, BTreeSet<_>) = (rows.collect(), patches.map(says).collect());
    assert_eq!(rows, rules);
}

fn sources_of(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    files(&root().join(folder), &mut found);
    let told = |path: PathBuf| {
        (
            path.display().to_string(),
            fs::read_to_string(&path).unwrap(),
        )
    };
    found.into_iter().map(told).collect()
}
