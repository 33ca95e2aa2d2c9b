//! Events as AWS sends them, through the handler that runs in Lambda: in process (`syncline invoke`), and in the real
//! binary behind the Runtime API (`protocol`, `answers`, `batches`), also the one that is shipped (`artefact`). `shapes` compares the events with AWS's own samples.

mod answers;
mod artefact;
mod batches;
pub mod protocol;
mod shapes;

use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::{Value, json};

use crate::harness::binary::{run, run_with_input};
use crate::harness::project::folder;
use crate::harness::snapshot::{compare, pretty};
use crate::harness::tests_folder;

/// An event of `tests/events`: those in a folder are for the project of that name, all others for the shop.
struct EventFile {
    path: PathBuf,
    project: String,
}

impl EventFile {
    fn all() -> Vec<EventFile> {
        let mut found = Vec::new();
        let mut collect = |folder: &Path, project: &str| {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "json") {
                    found.push(EventFile { path, project: project.to_owned() });
                }
            }
        };
        collect(&tests_folder("events"), "shop");
        for entry in std::fs::read_dir(tests_folder("events")).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, path.file_name().unwrap().to_str().unwrap());
            }
        }
        found.sort_by(|a, b| (&a.project, &a.path).cmp(&(&b.project, &b.path)));
        found
    }

    fn name(&self) -> &str {
        self.path.file_stem().unwrap().to_str().unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    fn folder(&self) -> PathBuf {
        folder(&self.project)
    }

    /// Compares an answer, or an error in Lambda's form, with the snapshot.
    fn compare(&self, is_answered: bool, mut answer: Value) -> Result<(), String> {
        without_request_id(&mut answer);
        let mut text = format!("{}\n{}\n", if is_answered { "answered" } else { "failed" }, pretty(&answer));
        // The body of an HTTP answer once more, for people.
        if let Some(body) = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()) {
            text.push_str(&format!("body\n{}\n", pretty(&body)));
        }
        compare(&self.path.with_extension("snap"), &text)
    }
}

#[test]
fn every_event_is_answered_as_its_snapshot_says() {
    let mut failures = Vec::new();
    for event in EventFile::all() {
        let invoked = run(&event.folder(), &["invoke", "--memory", "--event", event.path.to_str().unwrap()]);
        failures.extend(event.compare(invoked.code == Some(0), invoked.json()).err());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn headers_that_handlers_add_are_in_the_answer_to_http_and_not_in_the_one_to_appsync() {
    let invoke = |event: Value| {
        let invoked = run_with_input(&folder("effects"), &["invoke", "--memory", "--event", "-"], &event.to_string());
        assert_eq!(invoked.code, Some(0), "{invoked:?}");
        invoked.json()
    };
    let event = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(tests_folder("events").join(name)).unwrap()).unwrap()
    };

    let mut http = event("http_api_v2_post.json");
    http["body"] = json!({ "query": "{ one(name: \"X-Own\", value: \"own\") { id } }" }).to_string().into();
    let answer = invoke(http);
    assert_eq!(
        (&answer["headers"]["x-own"], &answer["headers"]["x-response"]),
        (&json!("own"), &json!("1")),
        "{answer}"
    );

    let mut appsync = event("appsync_direct.json");
    appsync["info"]["fieldName"] = "one".into();
    appsync["arguments"] = json!({ "name": "X-Own", "value": "own" });
    assert_eq!(invoke(appsync), json!({ "id": "1" }));
}

fn without_request_id(answer: &mut Value) {
    for headers in ["headers", "multiValueHeaders"] {
        let Some(id) = answer.get_mut(headers).and_then(|headers| headers.get_mut("x-amzn-requestid")) else {
            continue;
        };
        let text = id.as_str().or_else(|| id[0].as_str()).unwrap();
        assert_eq!(text.len(), 36, "{text}");
        *id = if id.is_array() { vec!["(an id)"].into() } else { "(an id)".into() };
    }
}

#[test]
fn a_compressed_answer_leaves_as_base64() {
    let event = std::fs::read_to_string(tests_folder("events").join("http_api_v2_post.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    event["headers"]["accept-encoding"] = "gzip".into();
    event["body"] =
        json!({ "query": "{ products(limit: 40) { items { id name description price tags } } }" }).to_string().into();
    let invoke = |event: &Value| {
        run_with_input(&folder("shop"), &["invoke", "--memory", "--event", "-"], &event.to_string()).json()
    };
    let answer = invoke(&event);
    assert_eq!(
        (&answer["headers"]["content-encoding"], &answer["isBase64Encoded"]),
        (&json!("gzip"), &json!(true)),
        "{answer}"
    );
    let bytes = base64::engine::general_purpose::STANDARD.decode(answer["body"].as_str().unwrap()).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    event["headers"]["accept-encoding"] = "identity".into();
    assert_eq!(text, invoke(&event)["body"].as_str().unwrap());
}
