//! The invariants that `src/lib.rs` states, read off the sources themselves.

use std::path::{Path, PathBuf};

/// A source file without comments, texts, and what is compiled for tests only.
struct Source {
    /// Relative to `src`, with `/`.
    path: String,
    code: String,
}

impl Source {
    /// The top-level module that the file belongs to; `main` and `lib` for those two.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    /// Whether the file is `place`, or lies in the folder `place/`.
    fn is_in(&self, place: &str) -> bool {
        self.path == place || (place.ends_with('/') && self.path.starts_with(place))
    }
}

fn sources() -> Vec<Source> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    let test_files: Vec<PathBuf> = paths.iter().flat_map(|path| test_files_of(path)).collect();
    paths
        .into_iter()
        .filter(|path| !test_files.contains(path))
        .map(|path| Source {
            path: path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
            code: without_tests(&bare(&std::fs::read_to_string(&path).unwrap())),
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

/// `code` with comments and the inside of texts blanked out.
fn bare(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let raw =
            rest.strip_prefix('r').map(|after| after.trim_start_matches('#')).filter(|after| after.starts_with('"'));
        let is_word = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let (Some(after), false) = (raw, is_word) {
            let hashes = rest.len() - after.len() - 1;
            let end = format!("\"{}", "#".repeat(hashes));
            hashes + 2 + after[1..].find(&end).map_or(after.len() - 1, |at| at + end.len())
        } else if first == '"' {
            text_length(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'{'") || rest.starts_with("'}'") {
            3
        } else if rest.starts_with("'\\") {
            3 + rest[3..].find('\'').unwrap_or(0)
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        out.extend(rest[..length].chars().filter(|c| *c == '\n'));
        out.push(' ');
        rest = &rest[length..];
    }
    out
}

/// The length of the text in quotes at the start of `code`.
fn text_length(code: &str) -> usize {
    let mut is_escaped = false;
    for (index, c) in code.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    code.len()
}

const TEST_ATTRIBUTES: [&str; 2] = ["#[cfg(test)]", "#[cfg(all(test,"];

/// Removes every item that is compiled for tests only.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = TEST_ATTRIBUTES.iter().filter_map(|attribute| rest.find(attribute)).min() {
        out.push_str(&rest[..at]);
        let item = &rest[at..];
        rest = match item.find(['{', ';']) {
            Some(start) if item.as_bytes()[start] == b'{' => &item[start + block_length(&item[start..])..],
            Some(end) => &item[end + 1..],
            None => "",
        };
    }
    out + rest
}

fn block_length(code: &str) -> usize {
    let mut depth = 0;
    for (index, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return index + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The files that `#[cfg(test)] mod name;` in a file brings in.
fn test_files_of(path: &Path) -> Vec<PathBuf> {
    let code = bare(&std::fs::read_to_string(path).unwrap());
    let folder = if path.ends_with("mod.rs") || path.ends_with("lib.rs") {
        path.parent().unwrap().to_owned()
    } else {
        path.with_extension("")
    };
    let mut files = Vec::new();
    for attribute in TEST_ATTRIBUTES {
        for item in code.split(attribute).skip(1) {
            let declaration = item.split([';', '{']).next().unwrap();
            if let Some(name) = declaration.split("mod ").nth(1)
                && item[declaration.len()..].starts_with(';')
            {
                files.push(folder.join(format!("{}.rs", name.trim())));
                files.push(folder.join(name.trim()).join("mod.rs"));
            }
        }
    }
    files
}

/// The top-level modules that a file names through `crate::`.
fn imports(source: &Source) -> Vec<String> {
    let mut names = Vec::new();
    for after in source.code.split("crate::").skip(1) {
        let identifier = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        if !after.starts_with('{') {
            names.push(identifier(after));
            continue;
        }
        let group = &after[1..block_length(after) - 1];
        let mut depth = 0;
        for part in group.split_inclusive([',', '{', '}']) {
            if depth == 0 {
                names.push(identifier(part.trim()));
            }
            depth += i32::from(part.ends_with('{')) - i32::from(part.ends_with('}'));
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The modules in the order of `src/lib.rs`.
fn modules() -> Vec<String> {
    let lib = bare(include_str!("../../src/lib.rs"));
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned)).collect()
}

#[test]
fn imports_point_up_the_list_of_modules() {
    let modules = modules();
    let place = |name: &str| modules.iter().position(|module| module == name);
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !matches!(source.module(), "main" | "lib")) {
        let own =
            place(source.module()).unwrap_or_else(|| panic!("{} is not declared `pub mod` in lib.rs", source.path));
        for import in imports(source) {
            match place(&import) {
                Some(imported) if imported <= own => {}
                Some(_) => wrong.push(format!("{} imports `{import}`, which comes later in lib.rs", source.path)),
                // A macro of the crate's own lives in `value`.
                None if import == "object" => {}
                None => wrong.push(format!("{} names `crate::{import}`, which is no module", source.path)),
            }
        }
        let depth = source.path.trim_end_matches("/mod.rs").split('/').count();
        if source.code.contains(&"super::".repeat(depth)) {
            wrong.push(format!("{} reaches the crate's root through `super`", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Fails for every file that contains one of the words and lies in none of the allowed places.
#[track_caller]
fn only_in(allowed: &[&str], words: &[&str]) {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !allowed.iter().any(|place| source.is_in(place))) {
        for word in words.iter().filter(|word| contains(&source.code, word)) {
            wrong.push(format!("{} says `{word}`", source.path));
        }
    }
    assert!(wrong.is_empty(), "allowed only in {allowed:?}:\n{}", wrong.join("\n"));
}

/// Whether `word` stands in `code` as a name of its own, not as the end of a longer one.
fn contains(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[test]
fn only_the_edges_touch_files_network_environment_and_processes() {
    only_in(
        &["backend/", "transport/", "cli/", "main.rs"],
        &[
            "std::fs",
            "fs::",
            "std::env",
            "env::",
            "std::process",
            "std::net::Tcp",
            "std::net::Udp",
            "tokio::net",
            "tokio::fs",
            "std::io::stdin",
        ],
    );
    // Reading an address is no network.
    only_in(&["backend/", "transport/", "cli/", "main.rs", "schema/scalars.rs"], &["std::net"]);
}

#[test]
fn time_and_randomness_come_from_the_clock() {
    only_in(
        &["clock.rs"],
        &["SystemTime", "getrandom", "Zoned::now", "Timestamp::now", "thread_rng", "RandomState::new"],
    );
    only_in(
        &[
            "clock.rs",
            "api/",        // when an operation has to be done
            "transport/",  // how long a request took
            "cli/",        // how long the start took
            "handler/js/", // when a handler has to be done
        ],
        &["Instant::now"],
    );
}

#[test]
fn each_engine_is_named_in_one_place() {
    only_in(
        &["backend/aws/"],
        &["aws_config", "aws_runtime", "aws_sdk_", "aws_smithy_", "aws_types", "aws_credential_types"],
    );
    only_in(&["backend/local/"], &["dynoxide"]);
    only_in(&["handler/js/"], &["rquickjs", "oxc_"]);
    only_in(&["transport/", "cli/"], &["axum"]);
    // The server's half, and the client's.
    only_in(&["transport/", "cli/", "backend/http/"], &["hyper"]);
    only_in(&["backend/http/"], &["rustls::", "url::Url"]);
    only_in(&["transport/lambda/"], &["lambda_http", "lambda_runtime"]);
    only_in(&["cli/"], &["clap", "notify"]);
    only_in(&["schema/", "execute/"], &["async_graphql", "apollo_compiler"]);
}

#[test]
fn the_library_neither_prints_nor_exits_nor_panics_on_purpose() {
    only_in(&["cli/", "main.rs"], &["println!", "eprintln!", "print!", "eprint!", "process::exit"]);
    only_in(&[], &["dbg!", "todo!", "unimplemented!", "async_trait", ".unwrap()"]);
    only_in(&["cli/"], &["panic!"]);
}

#[test]
fn only_execute_knows_paths_of_an_answer() {
    only_in(&["execute/"], &["PathSegment", "ErrorEntry"]);
}

#[test]
fn handlers_do_no_io_and_data_sources_run_no_scripts() {
    for source in sources() {
        let imports = imports(&source);
        let names = |module: &str| imports.iter().any(|import| import == module);
        if source.module() == "handler" {
            assert!(!names("backend"), "{} reaches for the backend", source.path);
            assert!(!contains(&source.code, "async fn") && !source.code.contains(".await"), "{} waits", source.path);
        }
        if source.module() == "datasource" {
            assert!(!names("handler"), "{} reaches for handlers", source.path);
        }
    }
}

#[test]
fn every_module_file_says_what_it_is_for() {
    let silent: Vec<_> = sources()
        .into_iter()
        .filter(|source| {
            let text =
                std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(&source.path)).unwrap();
            !text.starts_with("//!")
        })
        .map(|source| source.path)
        .collect();
    assert!(silent.is_empty(), "without a first line that starts with `//!`: {silent:?}");
}

#[test]
fn the_reader_of_sources_sees_what_it_must() {
    let code = "use crate::{a::{b, c}, d}; // use crate::x;\n const T: &str = \"crate::y\"; const R: &str = r#\"crate::\"z\"\"#;\n\
                const Q: char = '\"'; fn f<'a>(x: &'a str) { crate::e::g(x) }\n#[cfg(test)]\nmod tests { use crate::h; }\nfn k() { crate::i() }";
    let source = Source { path: "m.rs".into(), code: without_tests(&bare(code)) };
    assert_eq!(imports(&source), ["a", "d", "e", "i"]);
    assert!(contains("a aws_x", "aws_") && !contains("draws_x", "aws_"));
}
