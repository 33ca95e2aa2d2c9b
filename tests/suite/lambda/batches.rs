//! AppSync's batches over the Runtime API: what they cost in calls to DynamoDB.

use serde_json::{Value, json};

use crate::harness::function::Function;
use crate::harness::project::{folder, tables};
use crate::harness::recording::Recording;
use crate::harness::{Project, dynamodb};

/// A context of `OrderLine.product` for the line that names a product.
fn line(product: &str) -> Value {
    json!({
        "arguments": {}, "identity": null, "source": { "productId": product, "orderId": "o", "lineNumber": 1 },
        "request": { "headers": {}, "domainName": null }, "prev": null, "stash": {},
        "info": {
            "selectionSetList": ["id"], "selectionSetGraphQL": "{\n  id\n}",
            "fieldName": "product", "parentTypeName": "OrderLine", "variables": {},
        },
    })
}

#[test]
fn two_hundred_contexts_with_a_read_each_are_two_calls() {
    let files = syncline::backend::files::read_project(&folder("shop"), Default::default()).unwrap();
    let (project, _) = syncline::project::Project::load(&files);
    let recording = Recording::of_tables(tables(&project));
    let url = dynamodb::serve(recording.clone());
    let function = Function::start(&folder("shop"), &[("SYNCLINE_DYNAMODB_ENDPOINT", url)]);
    function.api.wait_for_start();
    recording.take();

    let ids: Vec<String> = (0..200).map(|index| format!("p-none-{index}")).collect();
    let event: Value = ids.iter().map(|id| line(id)).chain([line("p-sencha")]).collect();
    let answer = function.api.invoke(event.to_string()).json();

    let answers = answer.as_array().unwrap();
    assert_eq!(answers.len(), 201);
    assert_eq!((&answers[0], &answers[200]["data"]["id"]), (&json!({ "data": null }), &json!("p-sencha")));
    let calls: Vec<&str> = recording.take().iter().map(|call| call.kind.name()).collect();
    assert_eq!(calls, ["GetItem", "BatchGetItem", "BatchGetItem"], "201 keys are two full batches and one more");

    let event: Value = ids.iter().map(|id| line(id)).collect();
    function.api.invoke(event.to_string());
    let calls: Vec<&str> = recording.take().iter().map(|call| call.kind.name()).collect();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem"]);
}

#[test]
fn a_batch_of_mutations_runs_one_after_the_other() {
    // Were they concurrent, both would find the same stock.
    let project = Project::named("shop");
    let before = project.query("{ product(id: \"p-sencha\") { stock } }").answer;
    let contexts = [1, 2].map(|quantity| {
        let mut context = line("");
        context["source"] = Value::Null;
        context["arguments"] = json!({ "id": "p-sencha", "quantity": quantity });
        context["info"]["parentTypeName"] = "Mutation".into();
        context["info"]["fieldName"] = "restockProduct".into();
        context
    });
    let requests = contexts.iter().map(|context| {
        let ctx = syncline::context::Context::from_json(&crate::harness::project::value(context));
        syncline::api::FieldRequest { type_name: "Mutation".into(), field_name: "restockProduct".into(), ctx }
    });
    project.take_calls();
    let (call_has_come, go_on) = project.hold_next_call();
    let answering = async { project.api.resolve_fields(requests.collect(), None).await };
    let observing = async {
        // The first one waits for DynamoDB; the second has not begun.
        call_has_come.try_recv().unwrap();
        let begun = project.take_calls().len();
        go_on.send(()).unwrap();
        begun
    };
    let (answers, begun) = crate::harness::run(async { tokio::join!(answering, observing) });
    assert_eq!(begun, 1);
    let stock = before["data"]["product"]["stock"].as_i64().unwrap();
    let stocks: Vec<i64> =
        answers.values.iter().map(|value| value.as_ref().unwrap().get("stock").unwrap().as_i64().unwrap()).collect();
    assert_eq!(stocks, [stock + 1, stock + 3]);
}
