//! NoFragmentCycles: which fragments spread themselves, directly or through others.
//! <https://spec.graphql.org/June2018/#sec-Fragment-spreads-must-not-form-cycles>

use std::collections::HashSet;

use crate::execute::document::Document;
use crate::execute::validate::variables::Usages;

pub(super) fn fragments_on_cycles<'a>(document: &'a Document, usages: &Usages<'a>) -> HashSet<&'a str> {
    let spreads: Vec<Vec<usize>> = document
        .fragments
        .keys()
        .map(|name| usages.spreads_of(name).filter_map(|spread| document.fragments.get_index_of(spread)).collect())
        .collect();
    let name_of = |index: usize| document.fragments.get_index(index).map(|(name, _)| name.as_str());
    nodes_on_cycles(&spreads).into_iter().filter_map(name_of).collect()
}

/// Tarjan's strongly connected components, without recursion: a chain of fragments can be longer than the stack.
/// `edges[node]` are the nodes that `node` leads to.
fn nodes_on_cycles(edges: &[Vec<usize>]) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let mut order = vec![UNSEEN; edges.len()];
    let mut lowest = vec![UNSEEN; edges.len()];
    let mut is_open = vec![false; edges.len()];
    let mut open = Vec::new();
    let mut found = Vec::new();
    let mut count = 0;
    for root in 0..edges.len() {
        if order[root] != UNSEEN {
            continue;
        }
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            if *next == 0 && order[node] == UNSEEN {
                order[node] = count;
                lowest[node] = count;
                count += 1;
                is_open[node] = true;
                open.push(node);
            }
            if let Some(&target) = edges[node].get(*next) {
                *next += 1;
                if order[target] == UNSEEN {
                    path.push((target, 0));
                } else if is_open[target] {
                    lowest[node] = lowest[node].min(order[target]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                lowest[parent] = lowest[parent].min(lowest[node]);
            }
            if lowest[node] == order[node] {
                let start = open.iter().rposition(|&other| other == node).unwrap_or(0);
                let component = open.split_off(start);
                component.iter().for_each(|&member| is_open[member] = false);
                if component.len() > 1 || edges[node].contains(&node) {
                    found.extend(component);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nodes_that_lead_back_to_themselves_are_on_a_cycle() {
        let edges = [vec![1], vec![2, 3], vec![1], vec![4], vec![], vec![5], vec![0, 5]];
        let mut found = nodes_on_cycles(&edges);
        found.sort_unstable();
        assert_eq!(found, [1, 2, 5]);
    }

    #[test]
    fn a_long_chain_needs_no_stack() {
        let edges: Vec<Vec<usize>> = (0..100_000).map(|node| vec![(node + 1) % 100_000]).collect();
        assert_eq!(nodes_on_cycles(&edges).len(), 100_000);
    }
}
