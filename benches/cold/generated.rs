//! A project of the size that a large API has: 200 fields of `Query`, each of a type of its own, and 400 resolvers in as
//! many files, on ten tables.

use std::fmt::Write;
use std::path::Path;

use crate::Result;

/// Fields of `Query`; each one's type has one more field with a resolver.
const FIELDS: usize = 200;
const TABLES: usize = 10;

/// What the first event asks for.
pub const QUERY: &str = r#"{ thing7(id: "1") { id name related { id name } } }"#;

pub fn write(folder: &Path) -> Result<()> {
    let mut schema = String::from("type Query {\n");
    for number in 0..FIELDS {
        writeln!(schema, "  thing{number}(id: ID!, filter: Filter): Thing{number}")?;
    }
    schema.push_str("}\n\ninput Filter {\n  name: String\n  limit: Int = 10\n}\n");
    for number in 0..FIELDS {
        write!(
            schema,
            "\n\"One of many.\"\ntype Thing{number} {{\n  id: ID!\n  name: String\n  price: Int\n  tags: [String!]\n  related: Thing{}\n}}\n",
            (number + 1) % FIELDS
        )?;
    }
    put(folder, "schema.graphql", &schema)?;
    let mut configuration = String::from("name: generated\ntables:\n");
    for table in 0..TABLES {
        writeln!(
            configuration,
            "  domain{table}: {{ name: \"${{TABLE_{table}:-generated-{table}}}\", partitionKey: id, seed: seed.json }}"
        )?;
    }
    configuration.push_str("domains:\n");
    for table in 0..TABLES {
        writeln!(configuration, "  domain{table}: {{ owns: [domain{table}] }}")?;
    }
    put(folder, "syncline.yaml", &configuration)?;
    put(
        folder,
        "seed.json",
        r#"[{ "id": "1", "name": "one", "price": 1, "tags": ["a"], "relatedId": "2" }, { "id": "2", "name": "two" }]"#,
    )?;
    put(folder, "resolvers/lib/errors.js", include_str!("errors.js"))?;
    for number in 0..FIELDS {
        let domain = number % TABLES;
        let read = include_str!("read.js").replace("THING", &format!("thing{number}"));
        put(folder, &format!("resolvers/domain{domain}/Query.thing{number}.js"), &read)?;
        let related = include_str!("related.js").replace("THING", &format!("thing{number}"));
        put(folder, &format!("resolvers/domain{domain}/Thing{number}.related.js"), &related)?;
    }
    Ok(())
}

pub fn put(folder: &Path, path: &str, text: &str) -> Result<()> {
    let path = folder.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(std::fs::write(path, text)?)
}
