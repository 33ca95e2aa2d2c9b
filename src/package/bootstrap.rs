//! Whether a binary can be the function: an ELF file for the right processor that `provided.al2023` can load.
//!
//! The usual trouble is a binary that was built on a younger system: it asks for a version of glibc's symbols that Amazon
//! Linux 2023 does not have, and Lambda says no more than that the runtime exited.

use object::elf::{self, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader, ProgramHeader, SectionTable, Sym};

use crate::package::template::Architecture;

/// The version of glibc that Amazon Linux 2023 has.
const GLIBC: Version = Version { major: 2, minor: 34, patch: 0 };

/// Libraries that are part of `provided.al2023`.
const LIBRARIES: [&str; 10] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Version {
    /// `GLIBC_2.35`
    fn parse(name: &str) -> Option<Version> {
        let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(|number| number.parse().ok());
        let major = numbers.next()??;
        let minor = numbers.next().unwrap_or(Some(0))?;
        let patch = numbers.next().unwrap_or(Some(0))?;
        Some(Version { major, minor, patch })
    }
}

/// The processor that a binary is for, once it is sure that it loads.
///
/// # Errors
/// What is wrong with it, in words that follow the file's name: `is no ELF file`.
pub fn check_bootstrap(bytes: &[u8]) -> Result<Architecture, String> {
    let no_elf = |_| "is no 64-bit ELF file, which Linux programs are".to_owned();
    let header = FileHeader64::<Endianness>::parse(bytes).map_err(no_elf)?;
    let endian = header.endian().map_err(no_elf)?;
    let architecture = match header.e_machine(endian) {
        elf::EM_AARCH64 => Architecture::Arm64,
        elf::EM_X86_64 => Architecture::X86_64,
        _ => return Err("is for a processor that Lambda does not have".to_owned()),
    };
    if !matches!(header.e_type(endian), elf::ET_EXEC | elf::ET_DYN) {
        return Err("is no program but a part of one".to_owned());
    }
    let segments = header.program_headers(endian, bytes).map_err(broken)?;
    let interpreter = segments.iter().find_map(|segment| segment.interpreter(endian, bytes).transpose());
    // Without one it is linked statically, and loads anywhere.
    let Some(interpreter) = interpreter.transpose().map_err(broken)? else { return Ok(architecture) };
    let interpreter = String::from_utf8_lossy(interpreter).into_owned();
    if !interpreter.starts_with("/lib64/ld-linux-x86-64.so") && !interpreter.starts_with("/lib/ld-linux-aarch64.so") {
        return Err(format!("is started by `{interpreter}`, which provided.al2023 does not have"));
    }
    let sections = header.sections(endian, bytes).map_err(broken)?;
    check_libraries(&sections, endian, bytes)?;
    check_versions(&sections, endian, bytes)?;
    Ok(architecture)
}

type Sections<'a> = SectionTable<'a, FileHeader64<Endianness>>;

fn check_libraries(sections: &Sections<'_>, endian: Endianness, bytes: &[u8]) -> Result<(), String> {
    let Some((entries, strings)) = sections.dynamic(endian, bytes).map_err(broken)? else {
        // Nothing would tell what it needs.
        return Err("has lost its section headers, so that nobody can tell whether it loads".to_owned());
    };
    let strings = sections.strings(endian, bytes, strings).map_err(broken)?;
    for entry in entries.iter().filter(|entry| entry.d_tag.get(endian) == elf::DT_NEEDED) {
        let at = u32::try_from(entry.d_val.get(endian)).unwrap_or(u32::MAX);
        let name = strings.get(at).map_err(|()| "cannot be read: a library has no name".to_owned())?;
        let name = String::from_utf8_lossy(name);
        if !LIBRARIES.contains(&&*name) {
            return Err(format!("needs the library `{name}`, which provided.al2023 does not have"));
        }
    }
    Ok(())
}

fn broken(error: object::read::Error) -> String {
    format!("cannot be read: {error}")
}

fn check_versions(sections: &Sections<'_>, endian: Endianness, bytes: &[u8]) -> Result<(), String> {
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, bytes).map_err(broken)? else { return Ok(()) };
    let strings = sections.strings(endian, bytes, strings).map_err(broken)?;
    let mut newest: Option<(Version, String)> = None;
    while let Some((_, mut versions)) = needs.next().map_err(broken)? {
        while let Some(version) = versions.next().map_err(broken)? {
            let name = String::from_utf8_lossy(version.name(endian, strings).map_err(broken)?).into_owned();
            // What has no number is younger than all that have: GLIBC_ABI_DT_RELR.
            let none = Version { major: u32::MAX, minor: 0, patch: 0 };
            let number = Version::parse(&name).unwrap_or(none);
            let is_newer = newest.as_ref().is_none_or(|(newest, _)| number > *newest);
            if name.starts_with("GLIBC_") && number > GLIBC && is_newer {
                newest = Some((number, name));
            }
        }
    }
    let Some((_, version)) = newest else { return Ok(()) };
    let what = match symbol_of(sections, endian, bytes, &version).map_err(broken)? {
        Some(symbol) => format!("`{symbol}` of {version}"),
        None => version,
    };
    Err(format!("needs {what}, provided.al2023 has GLIBC_2.34"))
}

/// The first symbol that is needed in a version.
fn symbol_of(
    sections: &Sections<'_>,
    endian: Endianness,
    bytes: &[u8],
    wanted: &str,
) -> object::read::Result<Option<String>> {
    let Some(versions) = sections.versions(endian, bytes)? else { return Ok(None) };
    let symbols = sections.symbols(endian, bytes, elf::SHT_DYNSYM)?;
    for (index, symbol) in symbols.enumerate() {
        let version = versions.version(versions.version_index(endian, index))?;
        if version.is_some_and(|version| version.name() == wanted.as_bytes()) && symbol.is_undefined(endian) {
            return Ok(Some(String::from_utf8_lossy(symbols.symbol_name(endian, symbol)?).into_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert!(Version::parse("GLIBC_2.4") < Version::parse("GLIBC_2.34"));
        assert!(Version::parse("GLIBC_2.2.5") < Version::parse("GLIBC_2.3"));
        assert_eq!(Version::parse("GLIBC_2.34"), Some(GLIBC));
        assert_eq!(Version::parse("GLIBC_ABI_DT_RELR"), None);
        assert_eq!(Version::parse("GCC_3.0"), None);
    }

    /// Numbers of so many bytes each, in the order that both processors have.
    fn bytes(numbers: &[(usize, usize)]) -> Vec<u8> {
        numbers.iter().flat_map(|(width, number)| number.to_le_bytes()[..*width].to_vec()).collect()
    }

    /// The least that a program consists of which is linked dynamically: who starts it, one library, and symbols with the
    /// versions that they are needed in; a version without a symbol is needed as a whole.
    fn program(machine: u16, interpreter: &str, library: &str, symbols: &[(&str, &str)]) -> Vec<u8> {
        let mut strings = vec![0];
        let mut string = |text: &str| {
            let at = strings.len();
            strings.extend_from_slice(text.as_bytes());
            strings.push(0);
            at
        };
        let library = string(library);
        let names: Vec<(usize, usize)> =
            symbols.iter().map(|(name, version)| (string(name), string(version))).collect();
        let dynamic = bytes(&[(8, 1), (8, library), (8, 0), (8, 0)]);
        let mut symbol_table = vec![0; 24];
        let mut versions = bytes(&[(2, 0)]);
        let mut needs = bytes(&[(2, 1), (2, names.len()), (4, library), (4, 16), (4, 0)]);
        for (index, (name, version)) in names.iter().enumerate() {
            symbol_table.extend(bytes(&[(4, *name), (1, 0x12), (1, 0), (2, 0), (8, 0), (8, 0)]));
            versions.extend(bytes(&[(2, if symbols[index].0.is_empty() { 1 } else { index + 2 })]));
            let next = if index + 1 == names.len() { 0 } else { 16 };
            let hash = elf::hash(symbols[index].1.as_bytes()) as usize;
            needs.extend(bytes(&[(4, hash), (2, 0), (2, index + 2), (4, *version), (4, next)]));
        }

        // Type, content, the section that it refers to, how many entries, bytes of an entry.
        let mut sections: Vec<(u32, Vec<u8>, usize, usize, usize)> = vec![
            (elf::SHT_NULL, vec![], 0, 0, 0),
            (elf::SHT_STRTAB, strings, 0, 0, 0),
            (elf::SHT_DYNAMIC, dynamic, 1, 0, 16),
            (elf::SHT_DYNSYM, symbol_table, 1, 1, 24),
        ];
        if !symbols.is_empty() {
            sections.push((elf::SHT_GNU_VERSYM, versions, 3, 0, 2));
            sections.push((elf::SHT_GNU_VERNEED, needs, 1, 1, 0));
        }
        let interpreter = format!("{interpreter}\0").into_bytes();
        let mut content = interpreter.clone();
        let start = 64 + 56;
        let mut headers = Vec::new();
        for (ty, bytes_of, link, info, size) in &sections {
            let at = start + content.len();
            content.extend_from_slice(bytes_of);
            let length = bytes_of.len();
            headers.extend(bytes(&[(4, 0), (4, *ty as usize), (8, 0), (8, 0), (8, at), (8, length)]));
            headers.extend(bytes(&[(4, *link), (4, *info), (8, 1), (8, *size)]));
        }
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(bytes(&[(2, elf::ET_DYN.into()), (2, machine.into()), (4, 1), (8, 0), (8, 64)]));
        file.extend(bytes(&[(8, start + content.len()), (4, 0), (2, 64), (2, 56), (2, 1)]));
        file.extend(bytes(&[(2, 64), (2, sections.len()), (2, 1)]));
        let length = interpreter.len();
        file.extend(bytes(&[(4, 3), (4, 4), (8, start), (8, start), (8, start), (8, length), (8, length), (8, 1)]));
        file.extend(content);
        file.extend(headers);
        file
    }

    #[test]
    fn a_program_is_looked_at_for_what_it_needs() {
        use elf::{EM_AARCH64, EM_RISCV, EM_X86_64};
        let (x86, arm) = ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1");
        let old = ("read", "GLIBC_2.2.5");
        for (machine, interpreter, library, symbols, expected) in [
            (EM_X86_64, x86, "libc.so.6", vec![], Ok(Architecture::X86_64)),
            (EM_X86_64, x86, "libc.so.6", vec![old, ("pthread_create", "GLIBC_2.34")], Ok(Architecture::X86_64)),
            (EM_AARCH64, arm, "libm.so.6", vec![("read", "GLIBC_2.17")], Ok(Architecture::Arm64)),
            (
                EM_X86_64,
                x86,
                "libm.so.6",
                vec![old, ("hypot", "GLIBC_2.35"), ("read", "GLIBC_2.34")],
                Err("needs `hypot` of GLIBC_2.35, provided.al2023 has GLIBC_2.34"),
            ),
            (
                EM_X86_64,
                x86,
                "libc.so.6",
                vec![("a", "GLIBC_2.38"), ("b", "GLIBC_2.39"), ("c", "GLIBC_2.36"), ("d", "OTHER_9")],
                Err("needs `b` of GLIBC_2.39, provided.al2023 has GLIBC_2.34"),
            ),
            (
                EM_AARCH64,
                arm,
                "libc.so.6",
                vec![("", "GLIBC_ABI_DT_RELR")],
                Err("needs GLIBC_ABI_DT_RELR, provided.al2023 has GLIBC_2.34"),
            ),
            (
                EM_X86_64,
                x86,
                "libssl.so.3",
                vec![],
                Err("needs the library `libssl.so.3`, which provided.al2023 does not have"),
            ),
            (
                EM_X86_64,
                "/lib/ld-musl-x86_64.so.1",
                "libc.so",
                vec![],
                Err("is started by `/lib/ld-musl-x86_64.so.1`, which provided.al2023 does not have"),
            ),
            (EM_RISCV, x86, "libc.so.6", vec![], Err("is for a processor that Lambda does not have")),
        ] {
            let found = check_bootstrap(&program(machine, interpreter, library, &symbols));
            assert_eq!(found, expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn every_part_of_a_program_is_refused_or_read_but_never_too_far() {
        let whole = program(elf::EM_X86_64, "/lib64/ld-linux-x86-64.so.2", "libc.so.6", &[("a", "GLIBC_2.39")]);
        for length in 0..whole.len() {
            assert!(check_bootstrap(&whole[..length]).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 0xff;
            let _ = check_bootstrap(&broken);
        }
    }

    #[test]
    fn what_is_no_program_is_refused() {
        for bytes in [&b""[..], b"#!/bin/sh\n", b"\x7fELF", &[0x7f; 5_000]] {
            assert_eq!(check_bootstrap(bytes), Err("is no 64-bit ELF file, which Linux programs are".to_owned()));
        }
    }
}
