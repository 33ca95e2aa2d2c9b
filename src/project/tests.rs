//! Whole projects: every folder of `tests/check/` is read and compared with its `expected.txt`, which holds what
//! `syncline check` would say about it and, if that is no error, what the project consists of. `UPDATE=1` writes it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::backend::files::{ProjectFiles, read_project};
use crate::backend::http::Reach;
use crate::backend::tables::{KeyAttribute, KeyType};
use crate::error::{Diagnostic, Severity, SourceFile};
use crate::limits::Limits;
use crate::project::authentication::WrittenPattern;
use crate::project::authentication::providers::ProviderKind;
use crate::project::{
    Access, Code, ConflictHandler, DataSourceKind, HttpService, Project, ResolverKind, SigningScope, Stage, Versioning,
    check_wiring,
};
use crate::schema::{Schema, parse_schema};
use crate::value::{Str, Value};

/// A project in memory: paths and texts.
fn files(texts: &[(&str, &str)]) -> ProjectFiles {
    let file = |(path, text): &(&str, &str)| (Str::from(*path), SourceFile::new(*path, *text));
    ProjectFiles { name: "test".into(), files: texts.iter().map(file).collect(), ..ProjectFiles::default() }
}

fn environment() -> BTreeMap<String, String> {
    [("STAGE", "prod"), ("DEPTH", "7"), ("EMPTY", "")].map(|(name, value)| (name.into(), value.into())).into()
}

fn render(project: &Project, problems: &[Diagnostic]) -> String {
    let mut text = problems.iter().map(|problem| format!("{problem}\n\n")).collect::<String>();
    if problems.iter().all(|problem| problem.severity == Severity::Warning) {
        describe(project, &mut text);
    }
    text.trim_end().to_string() + "\n"
}

fn describe(project: &Project, text: &mut String) {
    let config = &project.config;
    let _ = writeln!(text, "name: {}", config.name);
    for table in config.tables.values() {
        let sort_key =
            table.sort_key.as_ref().map_or(String::new(), |key| format!(" + {}:{}", key.name, key.ty.name()));
        let key = &table.partition_key;
        let _ =
            write!(text, "table {} = {}: {}:{}{sort_key}", table.name, table.physical_name, key.name, key.ty.name());
        for index in &table.indexes {
            let sort_key =
                index.sort_key.as_ref().map_or(String::new(), |key| format!(" + {}:{}", key.name, key.ty.name()));
            let key = &index.partition_key;
            let _ = write!(text, "; {} {}:{}{sort_key} {:?}", index.name, key.name, key.ty.name(), index.projection);
        }
        let seed = table.seed.as_ref().map_or(String::new(), |seed| format!("; seed {}", seed.path));
        let _ = writeln!(text, "{seed}");
    }
    for function in config.functions.values() {
        let _ = writeln!(text, "function {} = {}: {:?}", function.name, function.aws_name, function.local);
    }
    for source in config.data_sources.values() {
        match &source.kind {
            DataSourceKind::DynamoDb { versioning: Some(versioning), .. } => {
                let _ = writeln!(text, "data source {}: versioned, {:?}", source.name, versioning.conflict_handler);
            }
            DataSourceKind::Http(service) => {
                let _ = writeln!(text, "data source {}: {}", source.name, web_service(service));
            }
            DataSourceKind::EventBridge { event_bus_arn } => {
                let _ = writeln!(text, "data source {}: {event_bus_arn}", source.name);
            }
            DataSourceKind::Lambda { function } => {
                let _ = writeln!(text, "data source {}: function {function}", source.name);
            }
            DataSourceKind::DynamoDb { versioning: None, .. } | DataSourceKind::None => {}
        }
    }
    let authentication = &config.authentication;
    for provider in &authentication.providers {
        let _ = writeln!(text, "signs in by {}", without_places(&provider.kind));
    }
    for key in &authentication.api_keys {
        let _ = writeln!(text, "key {}: {:?}", key.name, key.expiry);
    }
    for credential in &authentication.local_credentials {
        let _ = writeln!(
            text,
            "local credential {}: {}",
            credential.access_key_id,
            Value::from(credential.identity.clone())
        );
    }
    for (name, identity) in &authentication.identities {
        let denied = &identity.denied_fields;
        let _ = writeln!(text, "identity {name}: {} {} {denied:?}", identity.mode.name(), identity.value);
    }
    for domain in config.domains.values() {
        let _ = writeln!(text, "domain {}: owns {:?}, uses {:?}", domain.name, domain.owns, domain.uses);
    }
    for file in &project.schema_files {
        let _ = writeln!(text, "schema {}", file.path);
    }
    let code = |code: &Option<Code>| match code {
        Some(Code::Js { path }) => path.to_string(),
        Some(Code::Vtl { request, response }) => {
            let path =
                |file: &Option<Arc<SourceFile>>| file.as_ref().map_or("default".into(), |file| file.path.clone());
            format!("{} and {}", path(request), path(response))
        }
        None => "None".to_string(),
    };
    let stage = |stage: &Stage| {
        let name = stage.name.as_ref().map_or(String::new(), |name| format!("{name} "));
        let domain = stage.domain.as_ref().map_or(String::new(), |domain| format!(" of {domain}"));
        let fill_page = stage.options.fill_page.as_ref();
        let fill_page = fill_page.map_or(String::new(), |fill| format!("; fills pages, {}", fill.max_read_units));
        let sync = stage.options.sync.as_ref().map_or(String::new(), |sync| format!("; {:?}", sync.handler));
        let size = stage.options.max_batch_size.as_ref();
        let size = size.map_or(String::new(), |size| format!("; {} at once", size.items));
        format!("{name}on {}{domain}: {}{fill_page}{sync}{size}", stage.data_source, code(&stage.code))
    };
    for resolver in &project.resolvers {
        let field = format!("{}.{}", resolver.type_name, resolver.field_name);
        match &resolver.kind {
            ResolverKind::Unit(unit) => {
                let _ = writeln!(text, "{field} {}", stage(unit));
            }
            ResolverKind::Pipeline { before_after, functions } => {
                let _ = writeln!(text, "{field} pipeline, before and after: {}", code(before_after));
                functions.iter().for_each(|function| _ = writeln!(text, "  {}", stage(function)));
            }
        }
    }
    for module in &project.modules {
        let _ = writeln!(text, "module {}", module.path);
    }
}

fn web_service(service: &HttpService) -> String {
    let mut text = format!("{}{}", service.origin, service.path);
    if let Some(SigningScope { region, service }) = &service.signing {
        let _ = write!(text, "; signed for {service} in {region}");
    }
    if let Reach::Public { except } = &service.reach {
        except.iter().for_each(|place| _ = write!(text, "; may reach {place}"));
    }
    service.redirects.iter().for_each(|origin| _ = write!(text, "; follows to {origin}"));
    text
}

/// Patterns by their text alone.
fn without_places(kind: &ProviderKind) -> String {
    let pattern =
        |written: &Option<WrittenPattern>| written.as_ref().map_or("-".into(), |written| written.text.clone());
    match kind {
        ProviderKind::ApiKey | ProviderKind::Iam => kind.mode().name().to_string(),
        ProviderKind::UserPool(pool) => {
            format!("{} {:?} client {}", pool.issuer, pool.default_action, pattern(&pool.client))
        }
        ProviderKind::OpenIdConnect(provider) => format!(
            "{} client {} {:?} {:?}",
            provider.issuer,
            pattern(&provider.client),
            provider.issued_at_ttl,
            provider.auth_time_ttl
        ),
        ProviderKind::Lambda(lambda) => {
            format!("{} expression {} {:?}", lambda.function, pattern(&lambda.expression), lambda.ttl)
        }
    }
}

#[test]
fn projects_are_read_as_their_expected_txt_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut cases: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    let mut different = Vec::new();
    for case in &cases {
        let mut files = read_project(case, environment()).unwrap();
        files.name = "folder".into();
        let (project, problems) = Project::load(&files);
        let actual = render(&project, &problems);
        let expected = case.join("expected.txt");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &actual).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != actual {
            different.push(format!("{}:\n{actual}", case.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(cases.len() >= 25, "only {} cases found", cases.len());
    assert!(different.is_empty(), "UPDATE=1 writes what follows to expected.txt\n\n{}", different.join("\n"));
}

fn domains_project(yaml: &str) -> Project {
    let (project, _) = Project::load(&files(&[
        ("schema.graphql", "type Query { a: Int }"),
        ("syncline.yaml", yaml),
        ("resolvers/users/Query.user.js", ""),
        ("resolvers/orders/Query.order.js", ""),
        ("resolvers/Query.flat.[NONE].js", ""),
    ]));
    project
}

const TABLES: &str = "tables:
  users: { name: shop-users, partitionKey: id }
  orders: { name: shop-orders, partitionKey: id }
  audit: { name: shop-audit, partitionKey: id }
";

#[test]
fn without_domains_a_folder_owns_its_namesake_and_shares_what_nobody_owns() {
    let project = domains_project(TABLES);
    assert_eq!(project.access(Some("users"), "users"), Some(Access::Write));
    assert_eq!(project.access(Some("users"), "orders"), None);
    assert_eq!(project.access(Some("users"), "audit"), Some(Access::Write));
    assert_eq!(project.access(Some("users"), "NONE"), Some(Access::Write));
    assert_eq!(project.access(None, "audit"), Some(Access::Write));
    assert_eq!(project.access(None, "users"), None);
    assert_eq!(project.access(Some("users"), "nothing"), None);
}

#[test]
fn with_domains_only_what_is_owned_or_used_is_allowed() {
    let project = domains_project(&format!("{TABLES}domains: {{ orders: {{ uses: {{ users: read }} }} }}"));
    assert_eq!(project.access(Some("orders"), "orders"), Some(Access::Write));
    assert_eq!(project.access(Some("orders"), "users"), Some(Access::Read));
    assert_eq!(project.access(Some("users"), "orders"), None);
    assert_eq!(project.access(Some("orders"), "audit"), None);
}

#[test]
fn access_follows_the_physical_table_whatever_the_data_source_is_called() {
    let alias = "dataSources: { backdoor: { type: AMAZON_DYNAMODB, config: { tableName: shop-users } } }";
    let project = domains_project(&format!("{TABLES}{alias}"));
    assert_eq!(project.access(Some("orders"), "backdoor"), None);
    assert_eq!(project.access(Some("users"), "backdoor"), Some(Access::Write));
    assert_eq!(project.table_access(Some("users"), "shop-users"), Some(Access::Write));
    assert_eq!(project.table_access(Some("orders"), "shop-users"), None);
    assert_eq!(project.table_access(Some("users"), "unheard-of"), None);
}

fn schema() -> Schema {
    let sdl = "type Query { user: Int users: Int } type User implements Node { id: Int name: Int } interface Node { id: Int }";
    parse_schema(&[SourceFile::new("schema.graphql", sdl)], &Limits::default()).map(|parsed| parsed.schema).unwrap()
}

#[test]
fn a_resolver_stands_at_a_field_of_an_object_type() {
    let (project, _) = Project::load(&files(&[
        ("resolvers/Query.user.js", "export"),
        ("resolvers/Query.usr.js", "export"),
        ("resolvers/Usr.name.js", "export"),
        ("resolvers/Node.id.js", "export"),
        ("resolvers/Int.x.js", "export"),
    ]));
    let text: Vec<_> = check_wiring(&project, &schema()).iter().map(Diagnostic::to_string).collect();
    assert_eq!(
        text.join("\n"),
        "error: resolver `Int.x` is for `Int`, which is no object type
 --> resolvers/Int.x.js:1:1
  |
1 | export
  | ^
error: resolver `Node.id` is for `Node`, which is an interface
 --> resolvers/Node.id.js:1:1
  |
1 | export
  | ^
help: resolvers belong to object types: `User`
error: resolver `Query.usr` is for a field that the schema does not have
 --> resolvers/Query.usr.js:1:1
  |
1 | export
  | ^
help: did you mean `Query.user`?
error: resolver `Usr.name` is for a type that the schema does not have
 --> resolvers/Usr.name.js:1:1
  |
1 | export
  | ^
help: did you mean `User.name`?"
    );
}

#[test]
fn limits_follow_the_configuration() {
    let (project, _) = Project::load(&files(&[("syncline.yaml", "queryDepthLimit: 5\nresolverCountLimit: 0")]));
    assert_eq!((project.limits().query_depth, project.limits().resolver_count), (5, 10_000));
}

mod any_input {
    use super::*;
    use proptest::prelude::*;

    /// Pieces that YAML and our keys are made of, so that random texts get past the first line.
    const PIECES: &[&str] = &[
        "tables:",
        "users:",
        "partitionKey:",
        "domains:",
        "uses:",
        "seed:",
        "resolvers:",
        "functions:",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        ": ",
        "&a ",
        "*a",
        "!!str ",
        "|",
        ">",
        "\"",
        "'",
        "#",
        "%",
        "---",
        "...",
        "?",
        "${",
        "}",
        "${A:-",
        "$${",
        "é",
        "\t",
        "\r",
        "1",
        "-1",
        "true",
        "~",
        "read",
        "a",
        "\u{feff}",
        "\0",
        "<<",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn no_configuration_makes_loading_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
            let yaml = pieces.concat();
            let (_, problems) = Project::load(&files(&[("syncline.yaml", &yaml), ("resolvers/users/Query.a.js", "")]));
            problems.iter().for_each(|problem| _ = problem.to_string());
        }

        #[test]
        fn no_text_as_configuration_makes_loading_panic(yaml in "(?s).{0,80}") {
            let (_, problems) = Project::load(&files(&[("syncline.yaml", &yaml)]));
            problems.iter().for_each(|problem| _ = problem.to_string());
        }

        #[test]
        fn no_file_name_makes_loading_panic(names in prop::collection::vec("[A-Za-z0-9.\\[\\]/é]{0,20}(\\.js|\\.req\\.vtl)", 0..8)) {
            let paths: Vec<_> = names.iter().map(|name| format!("resolvers/{name}")).collect();
            let texts: Vec<_> = paths.iter().map(|path| (path.as_str(), "")).collect();
            Project::load(&files(&texts));
        }

        #[test]
        fn no_seed_makes_loading_panic(seed in "(?s)[\\[\\]{}\":,a1é \n]{0,40}") {
            let yaml = "tables: { users: { partitionKey: a, seed: seed.json } }";
            let (_, problems) = Project::load(&files(&[("syncline.yaml", yaml), ("seed.json", &seed)]));
            problems.iter().for_each(|problem| _ = problem.to_string());
        }
    }

    #[test]
    fn aliases_and_nesting_are_bounded() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_string();
        for level in 1..12 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{list}]\n");
        }
        let deep = "{a: ".repeat(100);
        let blocks: String = (0..3_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        let refusal = |yaml: &str| {
            let (_, problems) = Project::load(&files(&[("syncline.yaml", yaml), ("schema.graphql", "")]));
            problems.first().map(|problem| problem.message.clone()).unwrap_or_default()
        };
        assert_eq!(refusal(&bomb), "more than 20000 values in one file");
        assert_eq!(refusal(&deep), "more than 64 levels of nesting");
        assert_eq!(refusal(&blocks), "more than 64 levels of nesting");
    }
}

#[test]
fn a_versioned_data_source_has_the_plugins_defaults_and_what_it_says_itself() {
    let yaml = "tables:\n  posts: { partitionKey: id }\n  log: { name: the-log, partitionKey: ds_pk, sortKey: ds_sk }\ndataSources:\n  \
        a: { type: AMAZON_DYNAMODB, config: { tableName: posts, versioned: true, deltaSyncConfig: { deltaSyncTableName: log } } }\n  \
        b: { type: AMAZON_DYNAMODB, config: { tableName: posts, versioned: true, deltaSyncConfig: { deltaSyncTableName: far, baseTableTTL: 0, deltaSyncTableTTL: 30 }, sync: { conflictDetection: VERSION, conflictHandler: AUTOMERGE } } }\n  \
        c: { type: AMAZON_DYNAMODB, config: { tableName: posts, versioned: true, deltaSyncConfig: { deltaSyncTableName: log }, sync: { conflictDetection: NONE, conflictHandler: AUTOMERGE } } }";
    let (project, problems) = Project::load(&files(&[("syncline.yaml", yaml), ("schema.graphql", "")]));
    assert!(problems.iter().all(|problem| problem.severity == Severity::Warning), "{problems:?}");
    let versioning = |name: &str| match &project.config.data_sources[name].kind {
        DataSourceKind::DynamoDb { versioning, .. } => versioning.clone(),
        _ => None,
    };
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    let a = Versioning {
        delta_table_name: "the-log".into(),
        base_table_ttl: minutes(43_200),
        delta_table_ttl: minutes(1_440),
        conflict_handler: ConflictHandler::None,
        partition_key: Some(KeyAttribute { name: "id".into(), ty: KeyType::S }),
    };
    let b = Versioning {
        delta_table_name: "far".into(),
        base_table_ttl: minutes(0),
        delta_table_ttl: minutes(30),
        conflict_handler: ConflictHandler::Automerge,
        ..a.clone()
    };
    assert_eq!(versioning("a"), Some(a.clone()));
    assert_eq!(versioning("b"), Some(b));
    assert_eq!(versioning("c"), Some(a));
    assert_eq!(versioning("posts"), None);
}
