//! Which environment variables `syncline.yaml` refers to, and where: whoever deploys a project has to set them.

use crate::backend::files::ProjectFiles;
use crate::project::config::read_tree;
use crate::project::substitute::references;
use crate::project::yaml::{Data, Node};
use crate::schema::NameMap;
use crate::value::Str;

/// A variable that `${NAME}` or `${NAME:-default}` stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    pub name: Str,
    /// Whether every reference has a default.
    pub has_default: bool,
    /// The keys that lead to each reference: `apiKeys.value`. Items of lists have no key.
    pub places: Vec<Vec<Str>>,
}

/// The variables of a project by name, in the order in which the file first names them. Needs no values.
pub fn variables(files: &ProjectFiles) -> NameMap<Variable> {
    let mut variables = NameMap::default();
    if let Some(root) = read_tree(files) {
        collect(&root, &mut Vec::new(), &mut variables);
    }
    variables
}

fn collect(node: &Node, path: &mut Vec<Str>, variables: &mut NameMap<Variable>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| collect(item, path, variables)),
        Data::Map(entries) => {
            for (key, entry) in entries {
                path.push(key.clone());
                collect(&entry.value, path, variables);
                path.pop();
            }
        }
        Data::Scalar(scalar) => {
            for (name, default) in references(&scalar.text) {
                let name = Str::from(name);
                let new = || Variable { name: name.clone(), has_default: true, places: Vec::new() };
                let variable = variables.entry(name.clone()).or_insert_with(new);
                variable.has_default &= default.is_some();
                variable.places.push(path.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SourceFile;

    #[test]
    fn variables_are_found_with_their_places_and_without_their_values() {
        let text = "name: a-${STAGE}-$${NOT}\ntables: { orders: { name: '${T:-x}${STAGE:-y}' } }\napiKeys:\n  - { name: web, value: '${KEY}' }\n";
        let mut files = ProjectFiles::default();
        files.files.insert("syncline.yaml".into(), SourceFile::new("syncline.yaml", text));
        let found: Vec<String> = variables(&files)
            .values()
            .map(|variable| {
                let places: Vec<String> = variable.places.iter().map(|place| place.join(".")).collect();
                format!("{} {} {}", variable.name, variable.has_default, places.join(" "))
            })
            .collect();
        assert_eq!(
            found,
            ["STAGE false name tables.orders.name", "T true tables.orders.name", "KEY false apiKeys.value"]
        );
    }
}
