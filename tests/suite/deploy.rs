//! The files that a container is made of and run by agree with the binary, as far as can be seen without building one.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use syncline::limits;

use crate::harness::binary::{Dev, run, wait_until};
use crate::harness::project::folder;
use crate::harness::wire::send;
use crate::harness::{Folder, yaml};
use crate::roles::{aws, surroundings};

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Instructions of a Dockerfile: name and the rest.
fn instructions(path: &str) -> Vec<(String, String)> {
    let text = read(path);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(|line| line.split_once(' ')).map(|(name, rest)| (name.to_owned(), rest.to_owned())).collect()
}

/// The one instruction of that name.
fn only(path: &str, name: &str) -> String {
    let all: Vec<String> =
        instructions(path).into_iter().filter(|(own, _)| own == name).map(|(_, rest)| rest).collect();
    assert_eq!(all.len(), 1, "{path}: {name}");
    all[0].clone()
}

/// What the binary does without options, from its own help: `--port <PORT>  … [default: 4000]`.
fn default_of(option: &str) -> u64 {
    let help = run(&folder("web"), &["serve", "--help"]).stdout;
    let after = help.split(&format!("--{option} ")).nth(1).unwrap_or_else(|| panic!("no --{option}: {help}"));
    let value = after.split("[default: ").nth(1).and_then(|rest| rest.split(']').next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("--{option} has no default: {help}"))
}

#[test]
fn images_are_made_of_files_that_are_there_and_sent() {
    let ignored = read(".dockerignore");
    let sent: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*"), "nothing else is sent");
    for path in &sent {
        assert!(root(path).exists(), "{path} is let through, but not there");
    }
    let mut copied = Vec::new();
    for file in ["Dockerfile", "deploy/project.Dockerfile"] {
        for (_, rest) in
            instructions(file).into_iter().filter(|(name, rest)| name == "COPY" && !rest.starts_with("--from"))
        {
            let words: Vec<&str> = rest.split(' ').collect();
            let (_, sources) = words.split_last().unwrap();
            assert!(!sources.is_empty(), "{file}: {rest}");
            for source in sources {
                assert!(root(source).exists(), "{file}: {source} is not there");
                assert!(sent.contains(source), "{file}: {source} is not let through by .dockerignore");
            }
            copied.extend(sources.iter().map(ToString::to_string));
        }
    }
    let needless: Vec<&&str> = sent.iter().filter(|path| !copied.iter().any(|copied| copied == **path)).collect();
    assert_eq!(needless, [&""; 0], "let through, but not copied");
}

#[test]
fn a_project_of_what_its_image_holds_is_a_whole_project() {
    let image = Folder::new();
    for (_, rest) in instructions("deploy/project.Dockerfile").into_iter().filter(|(name, _)| name == "COPY") {
        for source in rest.split(' ').filter(|word| !word.starts_with('.')) {
            copy(&root(source), &image.path().join(source));
        }
    }
    let (address, _) = aws();
    let container = Dev::serve(image.path(), &[], &surroundings(address));
    assert_eq!(send(container.address, "GET", "/health", &[], b"").unwrap().status, 200);
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        std::fs::copy(from, to).unwrap();
    }
}

#[test]
fn the_image_runs_the_binary_as_nobody_on_its_port() {
    let file = "Dockerfile";
    let bases: Vec<String> =
        instructions(file).into_iter().filter(|(name, _)| name == "FROM").map(|(_, rest)| rest).collect();
    let manifest = read("Cargo.toml");
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert_eq!(bases[0], format!("rust:{version}-bookworm AS build"));
    // The library that it was linked with is the one that it finds.
    assert_eq!(bases[1..], ["debian:bookworm-slim"]);
    let user = only(file, "USER");
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id > 0)), "{user}");
    assert_eq!(only(file, "EXPOSE"), default_of("port").to_string());
    let words = |name: &str| -> Vec<String> { serde_json::from_str(&only(file, name)).unwrap() };
    assert_eq!(words("ENTRYPOINT"), ["syncline"]);
    let command = words("CMD");
    let help: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    assert_eq!(run(&folder("web"), &help).code, Some(0));
}

/// The manifest's object of a kind.
fn object(kind: &str) -> Json {
    let mut objects = yaml::documents(&read("deploy/kubernetes.yaml")).into_iter();
    objects.find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
fn the_manifest_agrees_with_the_binary() {
    let deployment = object("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let arguments: Vec<&str> =
        container["args"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    assert_eq!(arguments[..2], ["serve", "--port"]);
    let port = &container["ports"][0];
    assert_eq!(port["containerPort"].to_string(), arguments[2]);

    // Ports are named, and everybody uses the name.
    let service = object("Service");
    assert_eq!(service["spec"]["ports"][0]["targetPort"], port["name"]);
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(object("ServiceAccount")["metadata"]["name"], pod["serviceAccountName"]);

    let (address, _) = aws();
    let running = Dev::serve(&folder("web"), &arguments[3..], &surroundings(address));
    for (probe, path) in
        [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")]
    {
        let asked = &container[probe]["httpGet"];
        assert_eq!((&asked["path"], &asked["port"]), (&json!(path), &port["name"]), "{probe}");
        wait_until(|| match send(running.address, "GET", path, &[], b"").unwrap().status {
            200 => Ok(()),
            status => Err(format!("{path}: {status}")),
        });
    }

    let drain = default_of("drain");
    let grace = pod["terminationGracePeriodSeconds"].as_u64().unwrap();
    assert!(grace > drain + limits::SHUTDOWN_TIMEOUT.as_secs(), "{grace}");
    let readiness = &container["readinessProbe"];
    let noticed = readiness["periodSeconds"].as_u64().unwrap() * readiness["failureThreshold"].as_u64().unwrap();
    assert!(noticed <= drain, "after {noticed} seconds nobody serves any more");
}

#[test]
fn the_container_of_the_manifest_may_do_nothing_that_it_need_not() {
    let deployment = object("Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    let rights = &pod["containers"][0]["securityContext"];
    assert_eq!(
        *rights,
        json!({
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] }
        })
    );
}

#[test]
fn a_container_writes_no_files() {
    let project = Folder::new().with("schema.graphql", "type Query { hello: String }\n");
    let (address, _) = aws();
    let container = Dev::serve(project.path(), &[], &surroundings(address));
    assert_eq!(send(container.address, "GET", "/health", &[], b"").unwrap().status, 200);
    let files: Vec<_> = std::fs::read_dir(project.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["schema.graphql"]);
}

#[test]
fn the_guide_names_options_that_there_are() {
    let guide = read("docs/deploy.md");
    let help = run(&folder("web"), &["package", "--help"]).stdout;
    let commands = guide.lines().filter(|line| line.starts_with("syncline package "));
    let in_commands = commands.flat_map(|line| line.split(' ')).filter_map(|word| word.strip_prefix("--"));
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `--"));
    let in_table = rows.filter_map(|row| row.split([' ', '`']).next());
    let options: Vec<&str> = in_commands.chain(in_table).collect();
    assert!(options.len() > 8, "{options:?}");
    for option in options {
        assert!(help.contains(&format!("--{option} ")), "--{option}");
    }
}
