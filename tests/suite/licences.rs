//! What we depend on: licences that `deny.toml` allows, from one place. Offline, unlike `scripts/audit`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

pub fn packages() -> Vec<Value> {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    // Packages for other systems need not be on this machine.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().clone();
    packages.into_iter().filter(|package| !package["source"].is_null()).collect()
}

/// Of `deny.toml`: the licences allowed, and the expressions of packages whose manifest has none.
fn settings() -> (BTreeSet<String>, BTreeMap<String, String>) {
    let text = include_str!("../../deny.toml");
    let quoted = |line: &str| line.split('"').nth(1).map(str::to_owned);
    let allowed = text.split_once("\nallow = [").expect("the list `allow`").1.split_once("\n]").expect("its end").0;
    let clarified = text.split("[[licenses.clarify]]").skip(1).map(|part| {
        let value = |name: &str| part.lines().find(|line| line.starts_with(name)).and_then(quoted).unwrap();
        (value("crate = "), value("expression = "))
    });
    (allowed.lines().filter_map(quoted).collect(), clarified.collect())
}

/// Whether an SPDX expression can be met with the licences allowed. `/` is an old way to write OR.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any_of(&mut rest, allowed) && rest.is_empty()
}

fn any_of(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut is_met = all_of(rest, allowed);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        is_met |= all_of(rest, allowed);
    }
    is_met
}

fn all_of(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let mut is_met = one(rest, allowed);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        is_met &= one(rest, allowed);
    }
    is_met
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> bool {
    let Some((&word, tail)) = rest.split_first() else { return false };
    *rest = tail;
    if word == "(" {
        let is_met = any_of(rest, allowed);
        let is_closed = rest.first() == Some(&")");
        *rest = rest.get(1..).unwrap_or_default();
        return is_met && is_closed;
    }
    if let ["WITH", exception, tail @ ..] = *rest {
        *rest = tail;
        return allowed.contains(&format!("{word} WITH {exception}"));
    }
    allowed.contains(word)
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned(), "A WITH B".to_owned()]);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("(GPL-3.0 OR LGPL-3.0) AND ISC", false),
        ("A WITH B", true),
        ("A", false),
        ("MIT WITH B", false),
        ("MIT ISC", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(is_met(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let (allowed, clarified) = settings();
    assert!(allowed.contains("MIT") && allowed.contains("Apache-2.0 WITH LLVM-exception"), "{allowed:?}");
    let packages = packages();
    assert!(packages.len() > 100);
    let mut wrong = String::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let expression = package["license"].as_str().or(clarified.get(name).map(String::as_str)).unwrap_or("none");
        if !is_met(expression, &allowed) {
            wrong += &format!("{name} {}: {expression}\n", package["version"]);
        }
    }
    assert!(wrong.is_empty(), "licences that `deny.toml` does not allow:\n{wrong}");
}

#[test]
fn every_dependency_comes_from_the_same_registry() {
    let sources: BTreeSet<String> = packages().iter().map(|package| package["source"].to_string()).collect();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources.iter().all(|source| source.starts_with("\"registry+")), "{sources:?}");
}
