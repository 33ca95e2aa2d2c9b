//! GraphQL over real HTTP, as AppSync answers it (spec appsync-service 2).

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::harness::Project;
use crate::harness::wire::{Reply, Served, post, post_with, send, send_bytes};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

fn shop() -> Served {
    Served::new(Project::named("shop").api)
}

/// Posts a body as it is.
#[track_caller]
fn post_body(address: SocketAddr, body: impl AsRef<[u8]>) -> Reply {
    send(address, "POST", "/graphql", JSON, body.as_ref()).unwrap()
}

/// Fails unless the reply is AppSync's error body: that status, that type twice, that message, and no `data`.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, error_type: &str, message: &str) {
    assert_eq!(reply.json(), json!({ "errors": [{ "message": message, "errorType": error_type }] }));
    assert_eq!(reply.status, status);
    assert_eq!(reply.header("x-amzn-errortype"), Some(error_type));
    assert_eq!(reply.header("content-type"), Some("application/json;charset=UTF-8"));
}

#[test]
fn a_header_asks_for_what_an_operation_cost_and_changes_nothing_else() {
    let shop = shop();
    let query =
        json!({ "query": "{ user(id: \"u-ada\") { name } nobody: user(id: \"nobody\") { name } }" }).to_string();
    let plain = post_body(shop.address, &query).text();
    let headers = [JSON[0], ("X-Syncline-Explain", "true")];
    let explained = send(shop.address, "POST", "/graphql", &headers, query.as_bytes()).unwrap().text();
    let extensions = concat!(
        r#","extensions":{"syncline":{"asked":2,"made":1,"coalesced":1,"capacityUnits":{"read":1,"write":0},"calls":[{"#,
        r#""operation":"BatchGetItem","tables":{"shop-users":{"keys":2,"items":1,"capacityUnits":1}},"#,
        r#""capacityUnits":1,"asked":2,"resolvers":{"Query.user":2},"durationMs":0}]}}}"#
    );
    assert_eq!(explained, plain.strip_suffix('}').unwrap().to_owned() + extensions);
}

#[test]
fn a_query_is_answered_with_appsyncs_headers() {
    let shop = shop();
    let reply = post_body(shop.address, json!({ "query": "{ user(id: \"u-ada\") { name } }" }).to_string());
    assert_eq!(reply.status, 200);
    assert_eq!(reply.text(), r#"{"data":{"user":{"name":"Ada Byrne"}}}"#);
    assert_eq!(reply.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(
        reply.header("access-control-expose-headers").is_some_and(|names| names.contains("x-amzn-ErrorType")),
        "{reply:?}"
    );
    assert_eq!(reply.header("x-amzn-requestid").map(str::len), Some(36));
    assert_eq!(reply.header("x-amzn-errortype"), None);
}

#[test]
fn every_answer_has_a_request_id_of_its_own() {
    let shop = shop();
    let id = || post_body(shop.address, r#"{"query":"{ __typename }"}"#).header("x-amzn-requestid").map(str::to_owned);
    assert_ne!(id(), id());
}

#[test]
fn variables_and_operation_name_come_along() {
    let shop = shop();
    let body = json!({
        "query": "query A { __typename } query B($id: ID!) { user(id: $id) { name } }",
        "variables": { "id": "u-ada" },
        "operationName": "B",
        "extensions": { "ignored": true },
    });
    assert_eq!(
        post_body(shop.address, body.to_string()).json(),
        json!({ "data": { "user": { "name": "Ada Byrne" } } })
    );
}

#[test]
fn null_for_variables_and_name_is_as_good_as_nothing() {
    let shop = shop();
    let body = r#"{"query":"{ __typename }","variables":null,"operationName":null}"#;
    assert_eq!(post_body(shop.address, body).json(), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn both_of_appsyncs_content_types_carry_the_same_json() {
    let shop = shop();
    for content_type in
        ["application/json", "application/json; charset=utf-8", "application/graphql", "APPLICATION/JSON"]
    {
        let headers = [("content-type", content_type)];
        let reply = send(shop.address, "POST", "/graphql", &headers, br#"{"query":"{ __typename }"}"#).unwrap();
        assert_eq!(reply.json(), json!({ "data": { "__typename": "Query" } }), "{content_type}");
    }
}

#[test]
fn an_empty_body_is_said_to_be_empty() {
    let shop = shop();
    for body in ["", " \n"] {
        assert_refused(&post_body(shop.address, body), 400, "MalformedHttpRequestException", "Request body is empty.");
    }
}

#[test]
fn a_body_that_is_no_graphql_request_is_refused() {
    let shop = shop();
    let bodies: &[&[u8]] = &[
        b"{}",
        b"[]",
        b"null",
        b"7",
        b"{",
        b"not json",
        b"{ user { id } }",
        br#"{"query":null}"#,
        br#"{"query":7}"#,
        br#"{"query":"{ __typename }","variables":[]}"#,
        br#"{"query":"{ __typename }","variables":"{}"}"#,
        br#"{"query":"{ __typename }","operationName":7}"#,
        br#"[{"query":"{ __typename }"}]"#,
        b"{\"query\":\"{ a\xff }\"}",
        b"\xff\xfe",
        br#"{"query":"\ud800"}"#,
    ];
    for body in bodies {
        let reply = post_body(shop.address, body);
        assert_eq!(reply.status, 400, "{}", String::from_utf8_lossy(body));
        assert_refused(&reply, 400, "MalformedHttpRequestException", "Unable to parse GraphQL query.");
    }
}

#[test]
fn json_nested_without_end_is_refused() {
    let shop = shop();
    for body in [
        "[".repeat(1_000_000),
        format!(
            "{{\"query\":\"{{ __typename }}\",\"variables\":{{\"a\":{}{}}}}}",
            "[".repeat(100_000),
            "]".repeat(100_000)
        ),
    ] {
        assert_eq!(post_body(shop.address, body).status, 400);
    }
    assert_eq!(post(shop.address, "{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn several_operations_need_a_name_that_the_document_has() {
    let shop = shop();
    let body = |name: Value| {
        json!({ "query": "query A { __typename } query B { __typename }", "operationName": name }).to_string()
    };
    for name in [Value::Null, "".into()] {
        assert_refused(&post_body(shop.address, body(name)), 400, "BadRequestException", "Missing operation name.");
    }
    let reply = post_body(shop.address, body("C".into()));
    assert_refused(&reply, 400, "BadRequestException", "Unknown operation named 'C'.");
}

#[test]
fn a_document_with_mistakes_is_status_200_with_null_data() {
    let shop = shop();
    for (document, message) in [
        ("{", "Invalid Syntax"),
        (
            "{ nothing }",
            "Validation error of type FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'",
        ),
        ("query ($id: ID!) { user(id: $id) { id } }", "Variable 'id' has coerced Null value for NonNull type 'ID!'"),
    ] {
        let reply = post_body(shop.address, json!({ "query": document }).to_string());
        assert_eq!(reply.status, 200);
        let answer = reply.json();
        assert_eq!(answer["data"], Value::Null);
        assert!(answer.as_object().unwrap().contains_key("data"));
        assert!(answer["errors"][0]["message"].as_str().unwrap().starts_with(message), "{answer}");
    }
}

#[test]
fn other_content_types_are_refused_because_a_foreign_page_could_send_them() {
    let shop = shop();
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        let headers = [("content-type", content_type)];
        let reply = send(shop.address, "POST", "/graphql", &headers, br#"{"query":"{ __typename }"}"#).unwrap();
        assert_eq!(reply.status, 415, "{content_type}: {}", reply.text());
        assert_eq!(reply.header("x-amzn-errortype"), Some("UnsupportedMediaTypeException"));
    }
}

#[test]
fn get_answers_queries_and_refuses_mutations() {
    let shop = shop();
    let get = |query: &str| send(shop.address, "GET", &format!("/graphql?{query}"), &[], b"").unwrap();
    let reply = get(
        "query=query+Q(%24id%3A+ID!)%7B+user(id%3A+%24id)+%7B+name+%7D+%7D&variables=%7B%22id%22%3A%22u-ada%22%7D&operationName=Q",
    );
    assert_eq!(reply.json(), json!({ "data": { "user": { "name": "Ada Byrne" } } }));
    let reply = get("query=mutation%20%7B%20deleteUser(id%3A%22u-ada%22)%20%7B%20id%20%7D%20%7D");
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (405, Some("MethodNotAllowedException")));
    assert_eq!(post(shop.address, "{ user(id: \"u-ada\") { id } }"), json!({ "data": { "user": { "id": "u-ada" } } }));
    assert_refused(&get(""), 400, "MalformedHttpRequestException", "Unable to parse GraphQL query.");
    assert_refused(
        &get("query={__typename}&variables=7"),
        400,
        "MalformedHttpRequestException",
        "Unable to parse GraphQL query.",
    );
    assert_eq!(get("query=%").status, 200, "a text that is no GraphQL, but a text");
}

#[test]
fn other_methods_are_refused() {
    let shop = shop();
    for method in ["PUT", "DELETE", "PATCH"] {
        let reply = send(shop.address, method, "/graphql", JSON, br#"{"query":"{ __typename }"}"#).unwrap();
        assert_eq!(
            (reply.status, reply.header("x-amzn-errortype")),
            (405, Some("MethodNotAllowedException")),
            "{method}"
        );
    }
}

#[test]
fn a_preflight_succeeds_for_any_origin() {
    let shop = shop();
    let headers = [("origin", "https://example.com"), ("access-control-request-method", "POST")];
    let reply = send(shop.address, "OPTIONS", "/graphql", &headers, b"").unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("POST,GET,OPTIONS"));
    assert!(reply.header("access-control-allow-headers").is_some());
}

#[test]
fn a_preflight_names_the_headers_that_a_browser_asks_for() {
    let shop = shop();
    let allowed = |headers: &[(&str, &str)]| {
        let reply = send(shop.address, "OPTIONS", "/graphql", headers, b"").unwrap();
        reply.header("access-control-allow-headers").map(str::to_owned)
    };
    // `*` would not let a token through.
    let asked = "authorization,content-type,x-api-key";
    assert_eq!(allowed(&[("access-control-request-headers", asked)]).as_deref(), Some(asked));
    assert_eq!(allowed(&[]).as_deref(), Some("*"));
}

#[test]
fn a_body_beyond_the_limit_is_refused_and_one_below_it_is_read() {
    let shop = shop();
    let body = |size: usize| format!("{{\"query\":\"{{ __typename }}\",\"extensions\":\"{}\"}}", "x".repeat(size));
    assert_eq!(post_body(shop.address, body(5 * 1024 * 1024)).json(), json!({ "data": { "__typename": "Query" } }));
    let reply = post_body(shop.address, body(7 * 1024 * 1024));
    assert_eq!((reply.status, reply.header("x-amzn-errortype")), (413, Some("RequestEntityTooLargeException")));
}

#[test]
fn too_many_tokens_are_refused() {
    let shop = shop();
    let answer = post(shop.address, &format!("{{ {} }}", "a: __typename ".repeat(20_000 / 3)));
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
    let answer = post(shop.address, &format!("{{ {} }}", "a: __typename ".repeat(12_000 / 3)));
    assert_eq!(answer, json!({ "data": { "a": "Query" } }));
}

#[test]
fn a_document_nested_without_end_is_refused() {
    let shop = shop();
    for document in [
        format!("{}id{}", "{ user ".repeat(5_000), " }".repeat(5_000)),
        format!("{{ productsByIds(ids: {}{}) {{ id }} }}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("query ($a: {}ID{}) {{ __typename }}", "[".repeat(5_000), "]".repeat(5_000)),
        "{".repeat(14_000),
    ] {
        let answer = post(shop.address, &document);
        assert_eq!(answer["data"], Value::Null);
        assert!(answer["errors"][0]["message"].is_string());
    }
    assert_eq!(post(shop.address, "{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn variables_nested_deeply_are_no_danger() {
    let shop = shop();
    let mut filter = json!({ "stock": { "eq": 0 } });
    for _ in 0..60 {
        filter = json!({ "not": filter });
    }
    let document = "query ($filter: ProductFilter) { products(filter: $filter) { items { id } } }";
    let answer = post_with(shop.address, document, json!({ "filter": filter }));
    assert!(answer["data"].is_object() || answer["errors"].is_array(), "{answer}");
}

#[test]
fn an_unknown_path_is_not_found() {
    let shop = shop();
    for path in ["/nothing", "/graphql/more", "/../../etc/passwd", "/%2e%2e/secret"] {
        let reply = send(shop.address, "GET", path, &[], b"").unwrap();
        assert_eq!((reply.status, reply.header("x-amzn-errortype")), (404, Some("NotFoundException")), "{path}");
    }
    assert_eq!(send(shop.address, "POST", "/", JSON, b"{}").unwrap().status, 404);
}

#[test]
fn health_says_ok() {
    let shop = shop();
    let reply = send(shop.address, "GET", "/health", &[], b"").unwrap();
    assert_eq!((reply.status, reply.json()), (200, json!({ "status": "ok", "name": "shop" })));
}

#[test]
fn the_console_page_is_served_with_its_first_query() {
    let shop = shop();
    let reply = send(shop.address, "GET", "/", &[], b"").unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let page = reply.text();
    assert!(page.contains("__SYNCLINE__") && page.contains("{ __typename }"), "{page}");
}

#[test]
fn resolvers_see_headers_in_lower_case_repeated_ones_as_a_list_and_no_cookies() {
    let layout = Served::new(Project::named("layout").api);
    let headers = [
        ("content-type", "application/json"),
        ("X-Tenant", "blue"),
        ("x-tag", "1"),
        ("X-TAG", "2"),
        ("cookie", "secret=1"),
    ];
    let reply = send(layout.address, "POST", "/graphql", &headers, br#"{"query":"{ headers }"}"#).unwrap();
    let seen: Value = serde_json::from_str(reply.json()["data"]["headers"].as_str().unwrap()).unwrap();
    assert_eq!((&seen["x-tenant"], &seen["x-tag"]), (&json!("blue"), &json!(["1", "2"])));
    assert!(seen.get("cookie").is_none() && seen.get("X-Tenant").is_none(), "{seen}");
}

#[test]
fn bytes_that_are_no_http_harm_nobody() {
    let shop = shop();
    for bytes in [
        &b"\x16\x03\x01\x02\x00"[..],
        b"GET\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
        &[0; 100],
    ] {
        let _ = send_bytes(shop.address, bytes);
    }
    assert_eq!(post(shop.address, "{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn many_requests_at_once_each_get_their_own_answer() {
    let shop = shop();
    let ids = ["u-ada", "u-bruno", "u-chiara", "u-dmitri", "u-elif", "u-femi", "u-greta", "u-hugo"];
    std::thread::scope(|scope| {
        for id in ids.iter().cycle().take(32) {
            scope.spawn(move || {
                for _ in 0..5 {
                    let answer =
                        post_with(shop.address, "query ($id: ID!) { user(id: $id) { id } }", json!({ "id": id }));
                    assert_eq!(answer, json!({ "data": { "user": { "id": id } } }));
                }
            });
        }
    });
}

#[test]
fn a_replaced_api_answers_the_next_request() {
    let served = shop();
    served.server.replace_api(Project::named("layout").api);
    assert_eq!(post(served.address, "{ flat(text: \"new\") }"), json!({ "data": { "flat": "NEW!" } }));
}

#[test]
fn a_client_that_goes_away_does_not_stop_its_mutation() {
    let project = Project::named("shop");
    let shop = Served::new(project.api.clone());
    let body =
        json!({ "query": "mutation { restockProduct(id: \"p-sencha\", quantity: 1000) { stock } }" }).to_string();
    let stock =
        || post(shop.address, "{ product(id: \"p-sencha\") { stock } }")["data"]["product"]["stock"].as_i64().unwrap();
    let before = stock();
    let (call_has_come, go_on) = project.hold_next_call();
    let mut stream = std::net::TcpStream::connect(shop.address).unwrap();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    call_has_come.recv().unwrap();
    drop(stream);
    // Somebody else is served meanwhile, so that the server has had its chance to notice.
    assert_eq!(send(shop.address, "GET", "/health", &[], b"").unwrap().status, 200);
    go_on.send(()).unwrap();
    crate::harness::binary::wait_until(|| match stock() - before {
        1000 => Ok(()),
        added => Err(format!("{added} were added")),
    });
}

#[test]
fn one_connection_carries_many_requests() {
    let shop = shop();
    let body = r#"{"query":"{ __typename }"}"#;
    let request = format!("POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n", body.len());
    let (kept, last) = (format!("{request}\r\n{body}"), format!("{request}connection: close\r\n\r\n{body}"));
    let replies = send_bytes(shop.address, format!("{kept}{kept}{last}").as_bytes()).unwrap();
    let rest = replies.text();
    assert_eq!(rest.matches(r#"{"data":{"__typename":"Query"}}"#).count(), 3, "{rest}");
}

#[test]
fn headers_that_handlers_add_arrive_and_of_one_name_the_last() {
    let served = Served::new(Project::named("effects").api);
    let ask = |document: &str| post_body(served.address, json!({ "query": document }).to_string());

    let reply = ask("{ stages }");
    let added: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "x-stage").collect();
    assert_eq!(added, [&("x-stage".to_owned(), "after".to_owned())]);
    for name in ["x-before", "x-request-1", "x-response-1", "x-request-2", "x-response-2", "x-after"] {
        assert!(reply.header(name).is_some(), "{name} is missing in {reply:?}");
    }

    let reply = ask(r#"mutation { one(name: "Cache-Control", value: "max-age=5") { id } }"#);
    assert_eq!(reply.header("cache-control"), Some("max-age=5"));
    assert_eq!(reply.json(), json!({ "data": { "one": { "id": "1" } } }));

    assert_eq!(ask("{ __typename }").header("x-before"), None);
}

#[test]
fn no_handler_changes_what_the_server_says_itself() {
    let served = Served::new(Project::named("effects").api);
    let headers = json!({
        "Content-Type": "text/html", "content-length": 1, "Connection": "upgrade", "Access-Control-Allow-Origin": "evil",
        "x-amzn-RequestId": "mine", "x-line": "a\r\nx-smuggled: b", "x-fine": "yes",
    });
    let body =
        json!({ "query": "query ($h: AWSJSON) { headers(headers: $h) }", "variables": { "h": headers.to_string() } });
    let reply = post_body(served.address, body.to_string());
    assert_eq!(reply.header("content-type"), Some("application/json;charset=UTF-8"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("x-amzn-requestid").map(str::len), Some(36));
    assert_eq!((reply.header("x-line"), reply.header("x-smuggled")), (None, None));
    assert_eq!(reply.header("x-fine"), Some("yes"));
    let answer = reply.json();
    assert_eq!(answer["data"], json!({ "headers": "done" }));
    let types: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|error| &error["errorType"]).collect();
    assert_eq!(types, ["ResponseHeaderError"; 6]);
}
