//! Any text, as JavaScript and as TypeScript, in both dialects: it compiles, or there are problems that can be shown.

use syncline::handler::js::{Dialect, JsProgram};
use syncline::limits::Limits;

use super::input::Input;

pub fn run(data: &[u8]) {
    let input = Input::read(data);
    for path in ["code.js", "code.ts"] {
        let files = input.files(path);
        for dialect in [Dialect::AppSync, Dialect::Standard] {
            let Err(problems) = JsProgram::compile(&files, &[path.into()], dialect, &Limits::default()) else {
                continue;
            };
            assert!(!problems.is_empty(), "refused without a problem");
            for problem in &problems {
                assert!(!problem.to_string().is_empty());
                let Some(place) = &problem.place else { continue };
                assert!(files.iter().any(|file| file.path == place.file.path), "a problem in no file: {problem}");
                let is_inside = place.file.text.get(place.start..place.end).is_some();
                assert!(is_inside, "{}..{} is no place in the file: {problem}", place.start, place.end);
            }
        }
    }
}
