//! Things that only a build knows: which files of `console/dist` there are to be embedded (none when the console has not been
//! built, or is not wanted), which sources this is made of, and how it is linked.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    println!("cargo::rerun-if-changed=build.rs");
    // Position independence costs a start a tenth of its time and the binary a megabyte: the loader has 40,000 addresses to
    // correct, on pages that it must copy for that. What is given up is the chance place of the program's own code; stack,
    // heap and libraries keep theirs.
    if env::var_os("CARGO_FEATURE_FUNCTION").is_some() && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux")
    {
        println!("cargo::rustc-link-arg-bin=syncline=-no-pie");
    }
    list_console(&root)?;
    fingerprint(&root)
}

fn list_console(root: &Path) -> io::Result<()> {
    let dist = root.join("console/dist");
    // Watching a folder that is not there would rebuild every time; its parent tells when it appears.
    let watched = if dist.is_dir() { dist.clone() } else { root.join("console") };
    println!("cargo::rerun-if-changed={}", watched.display());
    let mut files = Vec::new();
    if dist.is_dir() && env::var_os("CARGO_FEATURE_CONSOLE").is_some() {
        list(&dist, &mut files)?;
    }
    let mut code = String::from("static CONSOLE_FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name = file.strip_prefix(&dist).expect("listed below it").to_string_lossy().replace('\\', "/");
        writeln!(code, "    ({name:?}, include_bytes!({:?})),", file.display().to_string())
            .expect("writing to a string");
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("console_files.rs"), code)
}

/// `SYNCLINE_SOURCES`: equal for binaries of the same sources and the same dependencies, whatever they were built for. What
/// one of them has prepared (bytecode, for one), another one can load.
fn fingerprint(root: &Path) -> io::Result<()> {
    let mut files = vec![root.join("Cargo.lock"), root.join("Cargo.toml")];
    list(&root.join("src"), &mut files)?;
    // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), of 128 bits: nobody is to be kept from finding a second one.
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for file in files {
        let name = file.strip_prefix(root).expect("listed below it").to_string_lossy().replace('\\', "/");
        println!("cargo::rerun-if-changed={}", file.display());
        for byte in name.bytes().chain(fs::read(&file)?) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rustc-env=SYNCLINE_SOURCES={hash:032x}");
    Ok(())
}

/// The files below a folder, in an order that is the same everywhere.
fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
