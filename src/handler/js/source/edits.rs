//! Changes to a source text that remember where each piece came from, so that a place in the changed text leads back to
//! the author's.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Changes to one text, in any order; they must not overlap.
#[derive(Default)]
pub(super) struct Edits {
    edits: Vec<Edit>,
}

struct Edit {
    range: Range<usize>,
    /// The place of the original text that a failure inside the replacement is reported at.
    anchor: usize,
    replacement: Replacement,
}

enum Replacement {
    /// As many spaces as characters, with the line ends kept; a statement leaves a `;` so that its neighbours do not join.
    Blank {
        statement: bool,
    },
    Text(String),
}

impl Edits {
    /// Removes a part of an expression or declaration.
    pub fn blank(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.edits.push(Edit { anchor: range.start, range, replacement: Replacement::Blank { statement: false } });
        }
    }

    /// Removes a whole statement.
    pub fn blank_statement(&mut self, range: Range<usize>) {
        self.edits.push(Edit { anchor: range.start, range, replacement: Replacement::Blank { statement: true } });
    }

    pub fn insert(&mut self, at: usize, text: impl Into<String>) {
        self.replace(at..at, text);
    }

    /// Inserts text that stands for another place than its own.
    pub fn insert_for(&mut self, at: usize, anchor: usize, text: impl Into<String>) {
        self.edits.push(Edit { range: at..at, anchor, replacement: Replacement::Text(text.into()) });
    }

    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.edits.push(Edit { anchor: range.start, range, replacement: Replacement::Text(text.into()) });
    }

    /// The changed text between `prefix` and `suffix`.
    pub fn apply(&self, source: &str, prefix: &str, suffix: &str) -> Generated {
        let mut order: Vec<&Edit> = self.edits.iter().collect();
        // Stable: insertions at one place stay in the order in which they were made, and come before what is removed there.
        order.sort_by_key(|edit| (edit.range.start, !edit.range.is_empty()));
        let mut text = String::with_capacity(source.len() + prefix.len() + suffix.len() + 64);
        let mut segments = vec![Segment { generated: 0, original: 0, inserted: true }];
        text.push_str(prefix);
        let mut copied = 0;
        let copy = |text: &mut String, segments: &mut Vec<Segment>, from: usize, to: usize| {
            if from < to {
                segments.push(Segment { generated: text.len(), original: from, inserted: false });
                text.push_str(&source[from..to]);
            }
        };
        for edit in order {
            if edit.range.start < copied {
                continue; // inside a part that was already removed
            }
            copy(&mut text, &mut segments, copied, edit.range.start);
            segments.push(Segment { generated: text.len(), original: edit.anchor, inserted: true });
            match &edit.replacement {
                Replacement::Text(replacement) => text.push_str(replacement),
                Replacement::Blank { statement } => push_blank(&mut text, &source[edit.range.clone()], *statement),
            }
            copied = edit.range.end;
        }
        copy(&mut text, &mut segments, copied, source.len());
        segments.push(Segment { generated: text.len(), original: source.len(), inserted: true });
        text.push_str(suffix);
        Generated { text, segments }
    }
}

fn push_blank(text: &mut String, removed: &str, statement: bool) {
    let mut characters = removed.chars();
    if statement {
        text.push(';');
        characters.next();
    }
    text.extend(characters.map(|c| if matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}') { c } else { ' ' }));
}

/// A text made by [`Edits::apply`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Generated {
    pub text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Segment {
    generated: usize,
    original: usize,
    /// Text that the author did not write: all of it stands for one place of the original.
    inserted: bool,
}

impl Generated {
    /// The byte of the original text that stands for 1-based `line` and byte `column` of the generated one.
    pub fn original_offset(&self, line: u32, column: u32) -> usize {
        let mut start = 0;
        for _ in 1..line {
            match self.text[start..].find('\n') {
                Some(newline) => start += newline + 1,
                None => break,
            }
        }
        let offset = start + column.saturating_sub(1) as usize;
        let index = self.segments.partition_point(|segment| segment.generated <= offset).saturating_sub(1);
        let segment = &self.segments[index];
        if segment.inserted { segment.original } else { segment.original + (offset - segment.generated) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_changed_text_leads_back_to_the_original() {
        let source = "let a: é = 1;\nlet b = 2;";
        let mut edits = Edits::default();
        edits.blank(5..9);
        edits.insert(source.find("2").unwrap(), "guard() + ");
        let generated = edits.apply(source, "prefix\n", "suffix");
        assert_eq!(generated.text, "prefix\nlet a    = 1;\nlet b = guard() + 2;suffix");
        assert_eq!(generated.original_offset(2, 10), source.find("= 1").unwrap());
        assert_eq!(generated.original_offset(3, 12), source.find('2').unwrap(), "inside the guard");
        assert_eq!(generated.original_offset(3, 19), source.find('2').unwrap());
    }
}
