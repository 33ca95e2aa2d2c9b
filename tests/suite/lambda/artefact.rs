//! What `syncline package` ships, as Lambda gets it: the binary that `scripts/bootstrap` has built, out of the archive.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use syncline::api::prepared::FILE_NAME;

use super::protocol::{answer_events, dynamodb_of};
use crate::harness::Folder;
use crate::harness::binary::run;
use crate::harness::function::{Function, built_bootstrap};
use crate::harness::project::folder;

/// The glibc of `provided.al2023`.
const GLIBC: (u32, u32) = (2, 34);

/// Bytes: the budget of the design (section 6).
const SIZE_MAX: usize = 15_000_000;

/// The versions of glibc that a program names, found without reading it as one.
fn versions(program: &[u8]) -> BTreeSet<(u32, u32)> {
    let text = program.split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.')));
    let versions = text.filter_map(|word| std::str::from_utf8(word).ok()?.strip_prefix("GLIBC_"));
    versions
        .filter_map(|version| {
            let mut numbers = version.split('.').map(|number| number.parse().ok());
            Some((numbers.next()??, numbers.next()??))
        })
        .collect()
}

fn unpack(archive: &Path, to: &Path) {
    let file = std::fs::File::open(archive).unwrap();
    zip::ZipArchive::new(file).unwrap().extract(to).unwrap();
}

#[test]
fn what_is_packaged_loads_on_al2023_and_answers_every_event() {
    let Some(bootstrap) = built_bootstrap() else {
        eprintln!("skipped: what is packaged; set SYNCLINE_BOOTSTRAP to what scripts/bootstrap writes");
        return;
    };
    let place = Folder::new();
    let out = place.path().join("out");
    let arguments = ["package", "--bootstrap", bootstrap.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let packaged = run(&folder("shop"), &arguments);
    assert_eq!(packaged.code, Some(0), "{packaged:?}");
    let function = place.path().join("function");
    unpack(&out.join("function.zip"), &function);
    assert!(function.join(FILE_NAME).exists(), "{packaged:?}");

    let program = std::fs::read(function.join("bootstrap")).unwrap();
    let versions = versions(&program);
    assert!(versions.last().is_some_and(|newest| *newest <= GLIBC), "{versions:?}");
    assert!(program.len() <= SIZE_MAX, "the binary has {} bytes", program.len());

    let failures = answer_events("shop", || {
        Function::start_program(Command::new(function.join("bootstrap")), &function, &[dynamodb_of("shop")])
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
