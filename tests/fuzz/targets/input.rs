//! Bytes as a case: a header in JSON, the code, and the files that it may import.
//!
//! The form is that of `tests/js/*.txt`, so that every case there is an input, and what a fuzzer makes of it stays
//! readable:
//!
//! ```text
//! {"function": "response", "context": {"result": 1}}
//! ---
//! export function response(ctx) { return f(ctx.result); }
//! --- lib/f.ts
//! export const f = (x: number) => x + 1;
//! ```

use std::sync::Arc;

use syncline::error::SourceFile;
use syncline::value::Value;

pub struct Input {
    /// What the case says besides its code; an empty object where that is not JSON.
    pub header: Value,
    pub code: String,
    /// Path and text.
    pub modules: Vec<(String, String)>,
}

impl Input {
    pub fn read(data: &[u8]) -> Input {
        let text = String::from_utf8_lossy(data);
        let (header, code) = match text.split_once("\n---\n") {
            Some((header, code)) => (Value::parse(header).unwrap_or(Value::empty_object()), code),
            None => (Value::empty_object(), &*text),
        };
        let mut files = code.split("\n--- ");
        let code = files.next().unwrap_or("").to_owned();
        let modules = files.map(|file| {
            let (path, text) = file.split_once('\n').unwrap_or((file, ""));
            (path.to_owned(), text.to_owned())
        });
        Input { header, code, modules: modules.collect() }
    }

    /// The code under `path` with the files that it may import. A path that is there twice keeps its first file.
    pub fn files(&self, path: &str) -> Vec<Arc<SourceFile>> {
        let mut files = vec![SourceFile::new(path, self.code.as_str())];
        for (path, text) in &self.modules {
            if files.iter().all(|file| file.path != *path) {
                files.push(SourceFile::new(path.as_str(), text.as_str()));
            }
        }
        files
    }

    /// A member of the header that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }
}
