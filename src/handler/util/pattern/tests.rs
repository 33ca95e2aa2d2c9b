//! Java's own answers, and bounds.

use super::*;

/// `%a;` stands for a line feed and so on: rows of the tables are lines.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        let (code, after) = after.split_once(';').unwrap();
        out.push_str(before);
        out.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        rest = after;
    }
    out + rest
}

fn encoded(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\0'..='\u{1f}' | '%' | '\u{85}' | '\u{2028}' | '\u{2029}' => format!("%{:x};", c as u32),
            c => c.to_string(),
        })
        .collect()
}

fn shown(result: Result<String, String>) -> String {
    match result {
        Ok(text) => encoded(&text),
        Err(error) => format!("!{}", encoded(&error)),
    }
}

/// What this engine answers, as one row of the table.
fn row(pattern: &str, text: &str, replacement: &str) -> String {
    let [p, t, r] = [pattern, text, replacement].map(decoded);
    let pattern_of = || Pattern::new(&p);
    let answers = [
        pattern_of().and_then(|pattern| pattern.matches(&t)).map(|matches| matches.to_string()),
        pattern_of().and_then(|pattern| pattern.replace_first(&t, &r)),
        pattern_of().and_then(|pattern| pattern.replace_all(&t, &r)),
        pattern_of().and_then(|pattern| pattern.split(&t, 0).map(|pieces| pieces.join("|"))),
    ]
    .map(shown);
    [pattern, text, replacement].into_iter().map(str::to_owned).chain(answers).collect::<Vec<_>>().join("\t")
}

#[test]
fn patterns_do_what_java_does_with_them() {
    let table = include_str!("../../../../tests/java/pattern.tsv");
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with("##")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [pattern, text, replacement, ..] = columns[..] else { panic!("`{line}` has not seven columns") };
        let ours = row(pattern, text, replacement);
        if ours != line {
            wrong.push(format!("java {line}\nours {ours}\n"));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_java_has_and_this_engine_has_not_is_refused_by_name() {
    for (pattern, problem) in [
        (r"\X", r"`\X` is not supported"),
        (r"\N{SPACE}", r"`\N` is not supported"),
        (r"\b{g}", r"`\b{g}` is not supported"),
        (r"(?c)a", "the flag `c` (canonical equivalence) is not supported"),
        (r"\p{javaMirrored}", r"the class `\p{javaMirrored}` is not supported"),
        (r"\uD83Dx", "half of a surrogate pair alone is not supported"),
    ] {
        let error = Pattern::new(pattern).unwrap_err();
        assert!(error.starts_with(&format!("{problem} near index ")), "{pattern}: {error}");
    }
}

#[test]
fn an_empty_match_never_splits_a_character() {
    // Java splits the pair of UTF-16 units here, and leaves two halves.
    assert_eq!(Pattern::new("").unwrap().replace_all("😀", "-").unwrap(), "-😀-");
}

#[test]
fn no_pattern_runs_or_grows_without_end() {
    let text = "a".repeat(5_000);
    let started = Clock::system().instant();
    for (pattern, problem) in [
        (r"(?:(a+)+b|\1)", "false"),
        (r"(a|a)*\1b", "the pattern needs more than 1000000 steps on this text"),
        (r"(a?){40}(?=x)a{40}", "the pattern needs more than 1000000 steps on this text"),
        (r"(\p{L}{900}){900}", "the pattern is not supported"),
        (&r"\p{L}".repeat(500), "the pattern is not supported: it names too many characters"),
        (r"((a{100}){100}){100}\1", "false"),
    ] {
        let result = Pattern::new(pattern).and_then(|pattern| pattern.matches(&text));
        let message = result.map_or_else(|problem| problem, |matches| matches.to_string());
        assert!(message.starts_with(problem), "{pattern}: {message}");
    }
    assert!(Pattern::new(&"a.".repeat(PATTERN_BYTES)).unwrap_err().contains("a pattern has at most 8192 bytes"));
    assert!(Pattern::new(&"(".repeat(100)).unwrap_err().starts_with("groups nest deeper than 40 levels"));
    assert!(Pattern::new(&"[".repeat(100)).unwrap_err().starts_with("classes nest deeper than 40 levels"));
    let long = Pattern::new("a").unwrap().replace_all(&text, &text);
    assert_eq!(long.unwrap_err(), "the replaced text is longer than 5 MB");
    let elapsed = Clock::system().instant().duration_since(started);
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
}

#[test]
fn many_slow_matches_end_with_the_call() {
    // Each match alone stays below the engine's bound.
    let text = format!("{}b", "a".repeat(24)).repeat(20_000);
    let result = Pattern::new(r"(?=(a+)+c|a)(?:(a+)+\2c|a)").and_then(|pattern| pattern.replace_all(&text, ""));
    let message = result.unwrap_err();
    assert!(message.contains("ran longer than 1 s") || message.contains("more than 1000000 steps"), "{message}");
}

#[test]
fn texts_split_as_java_splits_them() {
    let split = |pattern: &str, text: &'static str, limit| Pattern::new(pattern).unwrap().split(text, limit).unwrap();
    assert_eq!(split(",", "a,b,,c,,", 0), ["a", "b", "", "c"]);
    assert_eq!(split(",", "a,b,,c,,", -1), ["a", "b", "", "c", "", ""]);
    assert_eq!(split(",", "a,b,,c,,", 2), ["a", "b,,c,,"]);
    assert_eq!(split(",", "a,b", 1), ["a,b"]);
    assert_eq!(split(",", "", 0), [""]);
    assert_eq!(split(",", ",", 0), [""; 0]);
    assert_eq!(split("", "abc", 0), ["a", "b", "c"]);
    assert_eq!(split("(?=b)", "abcb", 0), ["a", "bc", "b"]);
    assert_eq!(split("", "abc", 2), ["a", "bc"]);
    assert_eq!(split(r"\s*", " ab", 0), ["", "", "a", "b"]);
    assert_eq!(split("x*", "axxb", 3), ["a", "", "b"]);
}

#[test]
fn a_pattern_is_compiled_once_for_all_threads() {
    let compiled = |pattern: &Pattern| match &*pattern.0 {
        Compiled::Engine { whole, .. } => whole.get().is_some(),
        Compiled::Literal(_) => false,
    };
    assert!(Pattern::new("[ab]+c*").unwrap().matches("abc").unwrap());
    let other = std::thread::spawn(|| Pattern::new("[ab]+c*").unwrap()).join().unwrap();
    assert!(compiled(&other));
    (0..200).for_each(|n| drop(Pattern::new(&format!("[ab]+c*{n}")).unwrap()));
    assert!(!compiled(&Pattern::new("[ab]+c*").unwrap()), "the oldest patterns are forgotten");
}

proptest::proptest! {
    #[test]
    fn no_pattern_text_or_replacement_makes_the_engine_panic(
        pattern in r"[ab\\()\[\]{}?*+.^$|<>=!:,0-9&\-pPQEkxu é\n]{0,24}",
        text in r"[ab1 é\n\r]{0,12}",
        replacement in r"[$\\{}a1]{0,6}",
    ) {
        if let Ok(pattern) = Pattern::read(&pattern) {
            let _ = (pattern.matches(&text), pattern.replace_all(&text, &replacement), pattern.split(&text, 0));
        }
    }
}
