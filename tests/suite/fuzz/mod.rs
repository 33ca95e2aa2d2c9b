//! Fuzzing that is the same every time: cases, what once broke something, and mutations of both from fixed seeds.
//!
//! The targets are in `tests/fuzz/targets`; `scripts/fuzz` runs the same ones guided by coverage. Each test here runs
//! itself again in a process of its own, because a stack that is used up ends the process, and because only there all
//! memory is the target's.

mod child;
mod corpus;
#[path = "../../fuzz/targets/mod.rs"]
mod targets;
mod worst;

use std::time::{Duration, Instant};

use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram};
use syncline::limits::Limits;

use crate::differential::program::{Random, program};
use corpus::Corpus;

/// Runs the target on the whole corpus and on `rounds` mutations of it.
fn fuzz(name: &str, rounds: usize, corpus: fn() -> Corpus, target: fn(&[u8])) {
    child::in_its_own_process(name, || {
        let corpus = corpus();
        for input in corpus.inputs() {
            child::watch(input, target);
        }
        // The same inputs once more: what memory they take now was not given back.
        let mutate_all = || {
            let mut random = Random::new(20_261_123);
            for _ in 0..rounds / 2 {
                child::watch(&corpus.mutate(&mut random), target);
            }
        };
        mutate_all();
        let before = child::resident_bytes();
        mutate_all();
        let after = child::resident_bytes();
        // The allocator keeps some of what it got, but no call may keep anything: a few bytes each would show.
        assert!(after < before + 16 * 1024 * 1024, "{before} bytes of memory before, {after} after");
    });
}

#[test]
fn no_text_breaks_the_loader() {
    fuzz("no_text_breaks_the_loader", 1_000, corpus::of_code, targets::loader::run);
}

#[test]
fn no_code_breaks_a_call_or_the_next_one() {
    fuzz("no_code_breaks_a_call_or_the_next_one", 2_000, corpus::of_code, targets::eval::run);
}

#[test]
fn no_argument_breaks_a_function_of_the_library() {
    fuzz("no_argument_breaks_a_function_of_the_library", 1_000, corpus::of_values, targets::util::run);
}

/// Programs that run far, unlike most mutations: see `differential/program.rs`.
#[test]
fn generated_programs_leave_nothing_behind() {
    child::in_its_own_process("generated_programs_leave_nothing_behind", || {
        let mut random = Random::new(20_261_124);
        for _ in 0..150 {
            let context = format!("{{\"context\": {{\"args\": {}}}}}", crate::differential::program::ARGUMENTS);
            child::watch(format!("{context}\n---\n{}", program(&mut random)).as_bytes(), targets::eval::run);
        }
    });
}

fn compile(path: &str, text: &str, dialect: Dialect) -> Result<(), String> {
    let file = SourceFile::new(path, format!("export function request() {{}}\n{text}"));
    match JsProgram::compile(&[file], &[path.into()], dialect, &Limits::default()) {
        Ok(_) => Ok(()),
        Err(problems) => Err(problems[0].to_string()),
    }
}

/// Every way to nest, for both kinds of files.
fn nestings() -> impl Iterator<Item = (&'static str, &'static worst::Nesting)> {
    let javascript = worst::JAVASCRIPT.iter().flat_map(|nesting| [("code.js", nesting), ("code.ts", nesting)]);
    javascript.chain(worst::TYPESCRIPT.iter().map(|nesting| ("code.ts", nesting)))
}

#[test]
fn the_deepest_texts_that_are_accepted_compile_within_the_stack() {
    child::in_its_own_process("the_deepest_texts_that_are_accepted_compile_within_the_stack", || {
        for (path, nesting) in nestings() {
            let is_refused = |levels: usize| {
                let result = compile(path, &nesting.text(levels), Dialect::AppSync);
                result.is_err_and(|problem| problem.contains("nests deeper"))
            };
            assert!(!is_refused(20), "{} is refused", nesting.shown());
            let (mut accepted, mut refused) = (20, 6_000);
            while refused - accepted > 16 {
                let levels = (accepted + refused) / 2;
                if is_refused(levels) { refused = levels } else { accepted = levels }
            }
            let start = Instant::now();
            child::watch(nesting.text(accepted).as_bytes(), |text| {
                let _ = compile(path, &String::from_utf8_lossy(text), Dialect::Standard);
            });
            assert!(start.elapsed() < Duration::from_secs(60), "{} took {:?}", nesting.shown(), start.elapsed());
        }
    });
}

#[test]
fn a_file_full_of_nesting_is_refused_in_both_dialects() {
    child::in_its_own_process("a_file_full_of_nesting_is_refused_in_both_dialects", || {
        for (path, nesting) in nestings() {
            let limits = Limits::default();
            for (dialect, bytes) in
                [(Dialect::AppSync, limits.code_characters - 100), (Dialect::Standard, limits.code_bytes - 100)]
            {
                let text = nesting.text(nesting.levels_within(bytes));
                child::watch(text.as_bytes(), |_| {
                    let _ = compile(path, &text, dialect);
                });
            }
        }
    });
}
