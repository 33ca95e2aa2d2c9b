//! Fuzzing that is the same every time: cases, what once broke something, and mutations of both from fixed seeds.
//!
//! The targets are in `tests/fuzz/targets`; `scripts/fuzz` runs the same ones guided by coverage. Each test here runs
//! itself again in a process of its own, because a stack that is used up ends the process, and because only there all
//! memory is the target's.

mod calls;
mod corpus;
#[path = "../../fuzz/targets/mod.rs"]
mod targets;
mod worst;

use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram};
use syncline::limits::Limits;

use crate::differential::program::{Random, program};
use crate::harness::child;
use corpus::Corpus;

/// Runs the target on the whole corpus and on `rounds` mutations of it.
fn fuzz(name: &str, rounds: usize, corpus: fn() -> Corpus, target: fn(&[u8])) {
    child::in_its_own_process(&format!("fuzz::{name}"), || {
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
        // The allocator keeps some of what it got, but no input may: 8 KB for each would show.
        if let (Some(before), Some(after)) = (before, child::resident_bytes()) {
            assert!(after < before + rounds / 2 * 8 * 1024, "{before} bytes of memory before, {after} after");
        }
    });
}

#[test]
fn no_text_breaks_the_loader() {
    fuzz("no_text_breaks_the_loader", 3_000, corpus::of_code, targets::loader::run);
}

#[test]
fn no_code_breaks_a_call_or_the_next_one() {
    fuzz("no_code_breaks_a_call_or_the_next_one", 5_000, corpus::of_code, targets::eval::run);
}

#[test]
fn no_argument_breaks_a_function_of_the_library() {
    fuzz("no_argument_breaks_a_function_of_the_library", 1_000, corpus::of_values, targets::util::run);
}

#[test]
fn no_credential_breaks_the_door_or_is_believed_unsigned() {
    fuzz("no_credential_breaks_the_door_or_is_believed_unsigned", 2_000, corpus::of_credentials, targets::sign_in::run);
}

#[test]
fn no_text_breaks_a_template() {
    fuzz("no_text_breaks_a_template", 6_000, corpus::of_templates, targets::templates::run);
}

#[test]
fn no_request_breaks_the_server() {
    fuzz("no_request_breaks_the_server", 2_500, corpus::of_requests, targets::request::run);
}

/// Programs that run far, unlike most mutations: see `differential/program.rs`.
#[test]
fn generated_programs_leave_nothing_behind() {
    child::in_its_own_process("fuzz::generated_programs_leave_nothing_behind", || {
        let mut random = Random::new(20_261_124);
        for _ in 0..150 {
            let context = format!("{{\"context\": {{\"args\": {}}}}}", crate::differential::program::ARGUMENTS);
            child::watch(format!("{context}\n---\n{}", program(&mut random)).as_bytes(), targets::eval::run);
        }
    });
}

/// Files that are as large as they may be without nesting.
fn long_texts(bytes: usize) -> Vec<(&'static str, String)> {
    let repeat = |text: &str| text.repeat(bytes / text.len() - 10);
    let number =
        |text: &str| (0..bytes / (text.len() + 8)).map(|n| text.replace('#', &n.to_string())).collect::<String>();
    vec![
        ("a text", format!("x = '{}';", repeat("a"))),
        ("a text of escapes", format!("x = '{}';", repeat("\\u{1f600}"))),
        ("a template", format!("x = `{}`;", repeat("\n"))),
        ("a name", format!("{} = 1;", repeat("a"))),
        ("unknown names", number("a#;")),
        ("known names", number("let a#;")),
        ("names that are almost known", format!("let almost;{}", number("almos#;"))),
        ("a number", format!("x = {};", repeat("9"))),
        ("a big number", format!("x = {}n;", repeat("9"))),
        ("a fraction", format!("x = 0.{}1;", repeat("0"))),
        ("a pattern", format!("x = /{}/;", repeat("a?"))),
        ("a pattern of classes", format!("x = /[{}]/u;", repeat("\\p{L}"))),
        ("a pattern of counts", format!("x = /{}/;", repeat("(?:a{9}){9}"))),
        ("a comment", format!("/*{}*/", repeat("*"))),
        ("comments", repeat("//\n")),
        ("empty statements", repeat(";")),
        ("spaces", repeat(" ")),
        ("functions", number("function f#(){}")),
        ("functions that call the next one", number("function f#(){f#1()}")),
        ("arrow functions", number("const f#=(a=1,{b=2}={})=>a;")),
        ("defaults", number("const {a#=1,b:[c#=2]}=x;")),
        ("comparisons", repeat("a===b;")),
        ("loops", repeat("for(const a of b){};")),
        ("cases", format!("switch(a){{{}}}", repeat("case a:;"))),
        ("members", format!("x = {{{}}};", number("a#:1,"))),
        ("elements", format!("x = [{}];", repeat("1,"))),
        ("holes", format!("x = [{}];", repeat(","))),
        ("operands", format!("x = [{}];", repeat("1+1,"))),
        ("mistakes", repeat("\u{1f600} ")),
        ("loops that are refused", repeat("while(a);")),
        ("imports", number("import {a as a#} from './b#';")),
        ("imports of what is not there", number("import {a#} from '@aws-appsync/utils';")),
        ("exports", number("export const a#=1;")),
        ("exports of the same", repeat("export * from '@aws-appsync/utils';")),
        ("calls of the console", repeat("console.log(1);")),
        ("types", number("type A#=B;")),
        ("members of an enum", format!("enum A {{{}}}", number("a#,"))),
        ("casts", repeat("a as A;")),
        ("decorators", repeat("@a class A{};")),
        ("type arguments", repeat("a<b,c>(d);")),
        ("comparisons that look like type arguments", repeat("a<b;")),
        ("brackets that look like parameters", repeat("(a,b);")),
        ("conditions that look like functions", repeat("a?(b):c;")),
        ("divisions", repeat("a/b/c;")),
        ("divisions that look like patterns", repeat("{}/a/b;")),
    ]
}

#[test]
fn long_files_compile_or_are_refused() {
    child::in_its_own_process("fuzz::long_files_compile_or_are_refused", || {
        // QuickJS looks for a name among all that a function declares: a megabyte of names takes it half a minute.
        for (dialect, bytes) in
            [(Dialect::AppSync, Limits::default().code_characters - 1_000), (Dialect::Standard, 100_000)]
        {
            for (what, text) in long_texts(bytes) {
                for path in ["code.js", "code.ts"] {
                    child::watch(what.as_bytes(), |_| drop(compile(path, &text, dialect)));
                }
            }
        }
    });
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let text = " ".repeat(Limits::default().code_bytes);
    let problem = compile("code.js", &text, Dialect::Standard).unwrap_err();
    assert!(problem.contains("the code is longer than 1048576 bytes"), "{problem}");
}

/// What imports `next` for each file of a chain.
#[test]
fn a_chain_of_imports_that_is_too_long_is_refused() {
    let chain = |files: usize| {
        let mut all: Vec<_> = (1..files)
            .map(|n| SourceFile::new(format!("f{n}.js"), format!("export {{ a }} from './f{}.js';", n + 1)))
            .collect();
        all.push(SourceFile::new(format!("f{files}.js"), "export const a = 1;"));
        all.push(SourceFile::new("code.js", "import { a } from './f1.js'; export function request() { return a; }"));
        JsProgram::compile(&all, &["code.js".into()], Dialect::AppSync, &Limits::default())
            .map_err(|problems| problems[0].to_string())
    };
    assert!(chain(199).is_ok());
    assert!(chain(200).unwrap_err().contains("more than 200 files import one another in one chain"));
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
    child::in_its_own_process("fuzz::the_deepest_texts_that_are_accepted_compile_within_the_stack", || {
        for (path, nesting) in nestings() {
            let is_refused = |levels: usize| {
                let result = compile(path, &nesting.text(levels), Dialect::AppSync);
                result.is_err_and(|problem| problem.contains("nests deeper"))
            };
            // From above, because only texts that are not refused cost time.
            let levels =
                std::iter::successors(Some(6_000), |levels| Some(levels * 9 / 10)).find(|&levels| !is_refused(levels));
            let levels =
                levels.filter(|&levels| levels > 20).unwrap_or_else(|| panic!("{} is refused", nesting.shown()));
            let text = nesting.text(levels);
            child::watch(text.as_bytes(), |_| drop(compile(path, &text, Dialect::Standard)));
        }
    });
}

#[test]
fn a_file_full_of_nesting_does_not_use_up_the_stack() {
    child::in_its_own_process("fuzz::a_file_full_of_nesting_does_not_use_up_the_stack", || {
        for (path, nesting) in nestings() {
            let limits = Limits::default();
            for (dialect, bytes) in
                [(Dialect::AppSync, limits.code_characters - 100), (Dialect::Standard, limits.code_bytes - 100)]
            {
                let text = nesting.text(nesting.levels_within(bytes));
                child::watch(text.as_bytes(), |_| drop(compile(path, &text, dialect)));
            }
        }
    });
}
