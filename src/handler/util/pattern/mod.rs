//! Java regular expressions: `util.matches`, and what JavaScript's `replace` and `replaceAll` mean on AppSync (spec
//! appsync-js 1.4, 2.1).
//!
//! `parse` reads Java's syntax into the nodes of `syntax`, `class` knows its character classes, `engine` writes what was read for the
//! engine, `replacement` knows `$1`. Texts of errors are those of `java.util.regex`, which AppSync's own implementation runs on.

mod class;
mod engine;
mod parse;
mod replacement;
mod syntax;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use engine::LastMatch;
use fancy_regex::{Regex, RegexBuilder};

use super::{Refusal, Scope, text};
use crate::clock::Clock;
use crate::value::{Str, Value};

/// Longest pattern. Ours: patterns of authors have hundreds of characters, those of clients must not keep the compiler busy.
const PATTERN_BYTES: usize = 8 * 1024;
/// Longest pattern in the engine's syntax, where `\p{L}` is 13 KB of ranges. Ours.
const WRITTEN_BYTES: usize = 1024 * 1024;
/// Longest result of a replacement: what a handler may return (spec appsync-js 1.6); doubling texts in a loop ends here.
const RESULT_BYTES: usize = 5 * 1024 * 1024;
/// How often the engine may try another way before one match is given up: about 50 ms. Ours; Java has no bound.
const BACKTRACKS: usize = 1_000_000;
/// Longest that all matches of one call may take. Ours: each match of many may cost nearly [`BACKTRACKS`].
const CALL_TIME: Duration = Duration::from_secs(1);
/// Bytes of one compiled part of a pattern, so that `(\p{L}{900}){900}` is refused and not built. Ours.
const COMPILED_BYTES: usize = 4 * 1024 * 1024;
/// Steps of a compiled pattern. Ours, for the same reason.
const COMPILED_STEPS: usize = 100_000;
/// Compiled patterns that are kept. Ours: authors write few, clients that send patterns must not fill the memory.
const CACHED: NonZeroUsize = NonZeroUsize::new(32).expect("32 is not 0");

/// A compiled `java.util.regex.Pattern`. Cloning shares.
///
/// # Examples
/// ```
/// use syncline::handler::util::pattern::Pattern;
/// let date = Pattern::new(r"(\d+)-(?<month>\d+)")?;
/// assert!(date.matches("2024-05")?);
/// assert_eq!(date.replace_all("on 2024-05", "${month}/$1")?, "on 05/2024");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Compiled>);

/// A pattern in the engine's form, made when it is first needed.
type Slot = OnceLock<Result<Box<Regex>, String>>;

#[derive(Debug)]
enum Compiled {
    /// A pattern that means only itself: no engine is needed.
    Literal(String),
    Engine {
        parsed: syntax::Parsed,
        anywhere: Slot,
        whole: Slot,
        /// For a search after an empty match, which differs only where the pattern uses `\G`.
        after_empty: Option<Slot>,
    },
}

/// Where a match and its groups stand, in bytes; group 0 is the whole match.
type Groups = Vec<Option<(usize, usize)>>;

impl Pattern {
    /// Reads a pattern, or takes it from those that were read lately.
    ///
    /// # Errors
    /// Java's description of what is wrong, or what of Java's syntax this engine has not.
    pub fn new(pattern: &str) -> Result<Pattern, String> {
        static CACHE: Mutex<Option<Cache>> = Mutex::new(None);
        let lock = || CACHE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(known) = lock().as_ref().and_then(|cache| cache.get(pattern).cloned()) {
            return Ok(known);
        }
        let read = Pattern::read(pattern)?;
        let mut guard = lock();
        let cache = guard.get_or_insert_default();
        if cache.len() >= CACHED.get() {
            cache.shift_remove_index(0);
        }
        cache.insert(pattern.into(), read.clone());
        Ok(read)
    }

    fn read(pattern: &str) -> Result<Pattern, String> {
        if pattern.len() > PATTERN_BYTES {
            return Err(format!("a pattern has at most {PATTERN_BYTES} bytes, this one {}", pattern.len()));
        }
        let is_literal = !pattern.contains(['\\', '[', ']', '(', ')', '{', '}', '.', '*', '+', '?', '^', '$', '|']);
        let compiled = if is_literal {
            Compiled::Literal(pattern.to_owned())
        } else {
            let parsed = parse::parse(pattern)?;
            let after_empty = engine::has_last_match(&parsed.node).then(OnceLock::new);
            Compiled::Engine { parsed, anywhere: OnceLock::new(), whole: OnceLock::new(), after_empty }
        };
        Ok(Pattern(Arc::new(compiled)))
    }

    /// Whether the pattern matches the whole text.
    ///
    /// # Errors
    /// A pattern that is too large to compile, or needs too long on this text.
    pub fn matches(&self, text: &str) -> Result<bool, String> {
        match &*self.0 {
            Compiled::Literal(literal) => Ok(text == literal),
            Compiled::Engine { parsed, whole, .. } => {
                let pattern = || format!(r"\A(?:{})\z", engine::write(parsed, LastMatch::Here));
                let regex = whole.get_or_init(|| compile(&pattern())).as_ref()?;
                regex.is_match(text).map_err(|error| engine_problem(&error))
            }
        }
    }

    /// The text with the first match replaced, as `String.replaceFirst` in Java.
    ///
    /// # Errors
    /// As [`Pattern::matches`], and Java's texts for a reference to a group that is not there.
    pub fn replace_first(&self, text: &str, replacement: &str) -> Result<String, String> {
        self.replace(text, replacement, 1)
    }

    /// The text with every match replaced, as `String.replaceAll` in Java.
    ///
    /// # Errors
    /// As [`Pattern::replace_first`].
    pub fn replace_all(&self, text: &str, replacement: &str) -> Result<String, String> {
        self.replace(text, replacement, usize::MAX)
    }

    fn replace(&self, text: &str, replacement: &str, count: usize) -> Result<String, String> {
        let names = match &*self.0 {
            Compiled::Literal(_) => &[][..],
            Compiled::Engine { parsed, .. } => &parsed.names,
        };
        let mut out = String::new();
        let mut copied = 0;
        for found in self.find_all(text).take(count) {
            let groups = found?;
            let Some((start, end)) = groups[0] else { break };
            out.push_str(&text[copied..start]);
            let group = |number: usize| {
                let group = groups.get(number)?;
                Some(group.map_or("", |(start, end)| &text[start..end]))
            };
            replacement::expand(&mut out, replacement, names, group)?;
            if out.len() > RESULT_BYTES {
                return Err(format!("the replaced text is longer than {} MB", RESULT_BYTES >> 20));
            }
            copied = end;
        }
        out.push_str(&text[copied..]);
        Ok(out)
    }

    /// The pieces between matches, as `String.split(pattern, limit)` in Java: a positive limit is the most pieces there
    /// are, 0 drops empty pieces at the end, and an empty match at the beginning splits nothing off.
    ///
    /// # Errors
    /// As [`Pattern::matches`].
    pub fn split<'t>(&self, text: &'t str, limit: i32) -> Result<Vec<&'t str>, String> {
        let mut pieces = Vec::new();
        let mut from = 0;
        for found in self.find_all(text) {
            let Some((start, end)) = found?[0] else { break };
            if limit > 0 && pieces.len() + 1 >= limit as usize {
                break;
            }
            if end > 0 {
                pieces.push(&text[from..start]);
                from = end;
            }
        }
        if from == 0 {
            return Ok(vec![text]);
        }
        pieces.push(&text[from..]);
        if limit == 0 {
            let kept = pieces.iter().rposition(|piece| !piece.is_empty()).map_or(0, |last| last + 1);
            pieces.truncate(kept);
        }
        Ok(pieces)
    }

    /// Every match, from left to right. As in Java an empty match may follow another match directly, and after an empty
    /// match the search goes on one character further.
    fn find_all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Result<Groups, String>> + 'a {
        let clock = Clock::system();
        let started = clock.instant();
        let (mut from, mut last) = (Some(0), 0);
        std::iter::from_fn(move || {
            let start = from?;
            if clock.instant().duration_since(started) > CALL_TIME {
                from = None;
                return Some(Err(format!("the pattern ran longer than {} s on this text", CALL_TIME.as_secs())));
            }
            let found = self.find(text, start, last).transpose()?;
            from = match &found {
                Ok(groups) => groups[0].and_then(|(start, end)| match text[end..].chars().next() {
                    Some(next) if start == end => Some(end + next.len_utf8()),
                    None if start == end => None,
                    _ => Some(end),
                }),
                Err(_) => None,
            };
            last = found.as_ref().ok().and_then(|groups| groups[0]).map_or(last, |(_, end)| end);
            Some(found)
        })
    }

    /// The first match at `from` or behind it; the match before ended at `last`.
    fn find(&self, text: &str, from: usize, last: usize) -> Result<Option<Groups>, String> {
        match &*self.0 {
            Compiled::Literal(literal) => {
                let found = text[from..].find(literal.as_str()).map(|at| (from + at, from + at + literal.len()));
                Ok(found.map(|found| vec![Some(found)]))
            }
            Compiled::Engine { parsed, anywhere, after_empty, .. } => {
                let (regex, last_match) = match after_empty {
                    Some(after_empty) if last != from => (after_empty, LastMatch::Behind),
                    _ => (anywhere, LastMatch::Here),
                };
                let regex = regex.get_or_init(|| compile(&engine::write(parsed, last_match))).as_ref()?;
                let captures = regex.captures_from_pos(text, from).map_err(|error| engine_problem(&error))?;
                Ok(captures
                    .map(|captures| captures.iter().map(|group| group.map(|it| (it.start(), it.end()))).collect()))
            }
        }
    }
}

/// Patterns by their text, the oldest first.
type Cache = indexmap::IndexMap<Str, Pattern, foldhash::fast::RandomState>;

fn compile(pattern: &str) -> Result<Box<Regex>, String> {
    if pattern.len() > WRITTEN_BYTES {
        return Err("the pattern is not supported: it names too many characters".to_owned());
    }
    RegexBuilder::new(pattern)
        .backtrack_limit(BACKTRACKS)
        .delegate_size_limit(COMPILED_BYTES)
        .max_prog_size(COMPILED_STEPS)
        .build()
        .map(Box::new)
        .map_err(|error| format!("the pattern is not supported: {error}"))
}

/// What a search ends with: the engine counts how often it turns back, and gives up.
fn engine_problem(_: &fancy_regex::Error) -> String {
    format!("the pattern needs more than {BACKTRACKS} steps on this text")
}

/// `util.matches(pattern, text)`. UNCONFIRMED: the whole text must match, as with Java's `Pattern.matches`, which the
/// documentation points to (spec appsync-js 2.1).
pub fn matches(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let (Some(pattern), Some(text)) = (text(arguments, 0), text(arguments, 1)) else {
        return Err(Refusal::failed("util.matches expects a pattern and a text, got null"));
    };
    let matches = Pattern::new(&pattern).and_then(|pattern| pattern.matches(&text));
    matches.map(Value::from).map_err(Refusal::Failed)
}

/// `text.replace(pattern, replacement)` of JavaScript: the first match, in Java's syntax (spec appsync-js 1.4).
/// Arguments: text, pattern, replacement.
pub fn replace(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    replaced(arguments, Pattern::replace_first)
}

/// `text.replaceAll(pattern, replacement)` of JavaScript: every match, in Java's syntax (spec appsync-js 1.4).
/// Arguments: text, pattern, replacement.
pub fn replace_all(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    replaced(arguments, Pattern::replace_all)
}

fn replaced(
    arguments: &[Value],
    replace: fn(&Pattern, &str, &str) -> Result<String, String>,
) -> Result<Value, Refusal> {
    let part = |index| text(arguments, index).unwrap_or_else(|| "null".into());
    let pattern = Pattern::new(&part(1)).map_err(Refusal::Failed)?;
    replace(&pattern, &part(0), &part(2)).map(Value::from).map_err(Refusal::Failed)
}

#[cfg(test)]
mod tests;
