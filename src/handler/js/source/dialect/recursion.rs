//! Functions that call themselves, directly or by way of others.

use std::collections::{HashMap, HashSet};

use oxc_semantic::Scoping;
use oxc_span::Span;
use oxc_syntax::symbol::SymbolId;

/// Which named function calls which, and where.
#[derive(Default)]
pub(super) struct Calls(HashMap<SymbolId, Vec<(SymbolId, Span)>>);

/// A chain of calls that comes back to its first function.
pub(super) struct Cycle {
    /// The call that closes the chain.
    pub span: Span,
    /// The names, the first one again at the end.
    pub path: String,
}

impl Calls {
    pub fn add(&mut self, caller: SymbolId, callee: SymbolId, span: Span) {
        self.0.entry(caller).or_default().push((callee, span));
    }

    /// Each cycle once, from the function of it that is declared first.
    pub fn cycles(&self, scoping: &Scoping) -> Vec<Cycle> {
        let place = |id: SymbolId| scoping.symbol_span(id).start;
        let mut reported = HashSet::new();
        let mut cycles = Vec::new();
        let mut starts: Vec<SymbolId> = self.0.keys().copied().collect();
        starts.sort_by_key(|&id| place(id));
        for start in starts {
            let mut path = vec![start];
            if let Some(span) = self.find(start, start, &mut path, &mut HashSet::new())
                && reported.insert(span.start)
                && path.iter().all(|&id| place(id) >= place(start))
            {
                path.push(start);
                let names: Vec<&str> = path.iter().map(|&id| scoping.symbol_name(id)).collect();
                cycles.push(Cycle { span, path: names.join(" -> ") });
            }
        }
        cycles
    }

    /// Where the last call of a chain of calls from `at` back to `start` stands; `path` then holds the chain.
    fn find(
        &self,
        start: SymbolId,
        at: SymbolId,
        path: &mut Vec<SymbolId>,
        seen: &mut HashSet<SymbolId>,
    ) -> Option<Span> {
        for &(callee, span) in self.0.get(&at)? {
            if callee == start {
                return Some(span);
            }
            if seen.insert(callee) {
                path.push(callee);
                if let Some(span) = self.find(start, callee, path, seen) {
                    return Some(span);
                }
                path.pop();
            }
        }
        None
    }
}
