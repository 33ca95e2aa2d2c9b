//! The client over real sockets.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::dial::Surroundings;
use super::stand_in::{Act, Gate, StandIn, ok, text};
use super::*;
use crate::limits;

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn request(method: &str, url: String) -> HttpRequest {
    let (method, url) = (method.into(), url.into());
    HttpRequest { method, url, timeout: PATIENCE, most_bytes: 1_000, ..HttpRequest::default() }
}

pub(super) fn public(except: &[&str]) -> Reach {
    Reach::Public { except: except.iter().map(|text| PrivatePlace::parse(text).unwrap()).collect() }
}

/// A client without the environment's proxies that trusts the authority of `tests/http`.
pub(super) fn client(proxies: Matcher) -> HttpClient {
    let authority = CertificateDer::from_pem_slice(include_bytes!("../../../tests/http/authority.pem")).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    HttpClient::within(Surroundings::for_tests(proxies, tls))
}

fn direct() -> HttpClient {
    client(Matcher::builder().build())
}

#[tokio::test]
async fn an_answer_arrives_as_it_was_sent_with_the_servers_own_spelling() {
    let answer = "HTTP/1.1 418 I'm a teapot\r\nContent-Type: text/plain\r\nx-amzn-ErrorType: Gone\r\nSet-Cookie: a=1\r\n\
        set-cookie: b=2\r\nX-Raw: caf\u{e9}\r\nContent-Length: 5\r\n\r\ncaf\u{e9}";
    let server = StandIn::start(move |_, _| Act::Answer(answer.into())).await;
    let got = direct().send(request("GET", server.url("/a?b=c"))).await.unwrap();
    let expected = [
        ("Content-Type", "text/plain"),
        ("x-amzn-ErrorType", "Gone"),
        // The last spelling of a name is the name's.
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("X-Raw", "caf\u{e9}"),
        ("Content-Length", "5"),
    ];
    assert_eq!(got.status, 418);
    assert_eq!(got.headers, expected.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(got.body, "caf\u{e9}");
    let seen = &server.seen()[0];
    assert_eq!(seen.line, "GET /a?b=c HTTP/1.1");
    assert_eq!(seen.header("host"), Some(server.address.to_string().as_str()));
    assert_eq!(seen.header("accept-encoding"), None, "nobody here could read a compressed answer");
}

#[tokio::test]
async fn a_request_is_sent_as_it_was_given() {
    let server = StandIn::start(|_, _| text("")).await;
    let header = |name: &str, value: &str| (name.into(), value.into());
    let sent = HttpRequest {
        headers: vec![header("X-A", "1"), header("x-b", "2"), header("x-a", "3")],
        body: "{\"a\":\"\u{e9}\"}".into(),
        ..request("PATCH", server.url("/x"))
    };
    direct().send(sent).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.line.as_str(), seen.body.as_str()), ("PATCH /x HTTP/1.1", "{\"a\":\"\u{e9}\"}"));
    let custom: Vec<&str> =
        seen.headers.iter().filter(|(name, _)| name.starts_with("x-")).map(|(_, value)| value.as_str()).collect();
    assert_eq!(custom, ["1", "3", "2"]);
}

#[tokio::test]
async fn connections_are_kept_and_shared_by_all_calls_of_one_reach() {
    let server = StandIn::start(|_, _| text("ok")).await;
    let client = direct();
    let reach = public(&["127.0.0.0/8"]);
    for number in 0..10 {
        let sent = HttpRequest { reach: reach.clone(), ..request("POST", server.url(&format!("/{number}"))) };
        client.send(sent).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    // What may be reached by one data source is not lent to another.
    client.send(request("GET", server.url("/"))).await.unwrap();
    let elsewhere = HttpRequest { reach: public(&["10.0.0.0/8"]), ..request("GET", server.url("/")) };
    assert_eq!(client.send(elsewhere).await.unwrap_err().kind, HttpFailureKind::Forbidden);
    assert_eq!((server.connections(), server.seen().len()), (2, 11));
}

#[tokio::test]
async fn a_private_address_is_refused_before_anything_is_sent_however_it_is_written() {
    let server = StandIn::start(|_, _| text("secret")).await;
    let port = server.address.port();
    let client = direct();
    // Names are judged by the addresses that they have when the connection is made: `localhost` and `127.1` are names here.
    for host in
        ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::ffff:127.0.0.1]", "[::1]"]
    {
        let sent = HttpRequest {
            reach: public(&["10.0.0.0/8", "other.example"]),
            ..request("GET", format!("http://{host}:{port}/"))
        };
        let failure = client.send(sent).await.unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::Forbidden, "{host}: {}", failure.message);
        let expected =
            format!("http://{host}:{port} has a private address, which `allow` of the data source does not include");
        assert_eq!(failure.message, expected);
    }
    assert_eq!(server.connections(), 0);
    for (host, except) in [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("localhost", "127.0.0.0/8")] {
        let sent = HttpRequest { reach: public(&[except]), ..request("GET", format!("http://{host}:{port}/")) };
        assert_eq!(client.send(sent).await.unwrap().body, "secret", "{host} with {except}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_costs_nothing_where_twice_is_the_same_as_once() {
    for method in ["GET", "PUT", "DELETE"] {
        let server = StandIn::start(|number, _| if number == 2 { Act::Close(String::new()) } else { text("ok") }).await;
        let client = direct();
        client.send(request(method, server.url("/1"))).await.unwrap();
        assert_eq!(client.send(request(method, server.url("/2"))).await.unwrap().body, "ok", "{method}");
        let lines: Vec<String> = server.seen().into_iter().map(|seen| seen.line).collect();
        assert_eq!(lines, [1, 2, 2].map(|path| format!("{method} /{path} HTTP/1.1")));
        assert_eq!(server.connections_used(), [1, 1, 2]);
    }
}

#[tokio::test]
async fn what_may_have_been_carried_out_is_not_sent_again() {
    for method in ["POST", "PATCH"] {
        let server = StandIn::start(|number, _| if number == 2 { Act::Close(String::new()) } else { text("ok") }).await;
        let client = direct();
        client.send(request(method, server.url("/1"))).await.unwrap();
        let failure = client.send(request(method, server.url("/2"))).await.unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::Broken, "{method}");
        assert_eq!(server.seen().len(), 2);
    }
    // A connection that was new, and an answer that had begun, say more than that a server has closed what was idle.
    let server = StandIn::start(|_, _| Act::Close(String::new())).await;
    let failure = direct().send(request("GET", server.url("/"))).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (HttpFailureKind::Broken, 1));
    let server = StandIn::start(|number, _| if number == 1 { text("ok") } else { Act::Close("HTTP/1".into()) }).await;
    let client = direct();
    client.send(request("GET", server.url("/1"))).await.unwrap();
    let failure = client.send(request("GET", server.url("/2"))).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (HttpFailureKind::Broken, 2));
}

#[tokio::test]
async fn a_server_that_breaks_every_kept_connection_is_asked_twice_and_no_more() {
    let server = StandIn::start(|number, _| if number == 1 { text("ok") } else { Act::Close(String::new()) }).await;
    let client = direct();
    client.send(request("GET", server.url("/1"))).await.unwrap();
    let failure = client.send(request("GET", server.url("/2"))).await.unwrap_err();
    assert_eq!((failure.kind, server.seen().len()), (HttpFailureKind::Broken, 3));
}

#[tokio::test]
async fn answers_are_bounded_in_size_whether_they_tell_it_or_not() {
    for (head, kind) in [
        ("Content-Length: 1000\r\n\r\n", None),
        ("Content-Length: 1001\r\n\r\n", Some(HttpFailureKind::TooLarge)),
        ("Transfer-Encoding: chunked\r\n\r\n3e8\r\n", None),
        ("Transfer-Encoding: chunked\r\n\r\n3e9\r\n", Some(HttpFailureKind::TooLarge)),
        // Longer than what comes.
        ("Content-Length: 999\r\nX-Cut: yes\r\n\r\n", Some(HttpFailureKind::Broken)),
    ] {
        let length = match head {
            _ if head.contains("X-Cut") => 998,
            _ if head.contains("1001") || head.contains("3e9") => 1001,
            _ => 1000,
        };
        let end = if head.contains("chunked") { "\r\n0\r\n\r\n" } else { "" };
        let answer = format!("HTTP/1.1 200 OK\r\n{head}{}{end}", "x".repeat(length));
        let server = StandIn::start(move |_, _| Act::Close(answer.clone())).await;
        let got = direct().send(request("GET", server.url("/"))).await;
        match (got, kind) {
            (Ok(answer), None) => assert_eq!(answer.body.len(), 1000, "{head}"),
            (Err(failure), Some(kind)) => assert_eq!(failure.kind, kind, "{head}: {}", failure.message),
            (got, _) => panic!("{head}: {got:?}"),
        }
        assert_eq!(server.seen().len(), 1, "{head}");
    }
}

#[tokio::test]
async fn a_failure_names_the_host_and_nothing_that_may_be_secret() {
    let server = StandIn::start(|_, _| Act::Silence).await;
    let hasty = HttpRequest { timeout: Duration::from_millis(50), ..request("GET", server.url("/token/1?key=2")) };
    let failure = direct().send(hasty).await.unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::TimedOut);
    assert_eq!(failure.message, format!("http://{} takes more than 50 ms", server.address));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = direct().send(request("POST", format!("http://{closed}/token?key=2"))).await.unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::Unreachable);
    assert_eq!(failure.message, format!("http://{closed} cannot be reached"));
    assert!(failure.cause.contains("refused") && !failure.cause.contains("token"), "{}", failure.cause);
    for url in ["http://user:word@a.test/", "ftp://a.test/", "a.test", "http://", "http://a b/", ""] {
        let failure = direct().send(request("GET", url.into())).await.unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::Malformed, "{url}");
        assert!(!failure.message.contains("word"), "{}", failure.message);
    }
    let header = |name: &str, value: &str| HttpRequest {
        headers: vec![(name.into(), value.into())],
        ..request("GET", "http://a.test/".into())
    };
    for sent in
        [header("a b", "1"), header("x", "secret\r\nx-y: 1"), header("", "1"), request("G T", "http://a.test".into())]
    {
        let failure = direct().send(sent).await.unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::Malformed);
        assert!(!failure.message.contains("secret"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_client_that_cannot_sign_sends_nothing_unsigned() {
    let server = StandIn::start(|_, _| text("ok")).await;
    let signing = Some(Signing { service: "states".into(), region: "eu-central-1".into(), role: None });
    let failure = direct().send(HttpRequest { signing, ..request("GET", server.url("/")) }).await.unwrap_err();
    assert_eq!((failure.kind, server.connections()), (HttpFailureKind::Unsigned, 0));
}

#[tokio::test]
async fn tls_is_http_1_with_certificates_that_are_checked() {
    let server = StandIn::start_with_tls(|_, _| text("ok")).await;
    let client = direct();
    let port = server.address.port();
    for host in ["localhost", "127.0.0.1"] {
        let answer = client.send(request("GET", format!("https://{host}:{port}/"))).await.unwrap();
        assert_eq!((answer.status, &answer.headers[0].0), (200, &"Content-Type".into()));
    }
    client.send(request("GET", format!("https://localhost:{port}/"))).await.unwrap();
    assert_eq!(server.connections_used(), [1, 2, 1]);
    // Another authority's: the system's, which has not signed this one.
    let stranger = HttpClient::within(Surroundings::new(Matcher::builder().build()));
    let failure = stranger.send(request("GET", format!("https://localhost:{port}/"))).await.unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::Unreachable, "{}", failure.cause);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn calls_of_one_service_wait_for_one_another_and_those_of_others_do_not_wait_for_them() {
    let gate = Arc::new(Gate::default());
    let held = gate.clone();
    let busy = StandIn::start(move |_, _| Act::Wait(held.clone(), ok("late"))).await;
    let idle = StandIn::start(|_, _| text("at once")).await;
    let (client, most) = (direct(), limits::HTTP_CONCURRENT_CALLS);
    let calls = join_all((0..3 * most).map(|_| client.send(request("GET", busy.url("/")))));
    let opens = async {
        while gate.waiting() < most {
            tokio::task::yield_now().await;
        }
        assert_eq!(client.send(request("GET", idle.url("/"))).await.unwrap().body, "at once");
        let hasty = HttpRequest { timeout: Duration::from_millis(20), ..request("GET", busy.url("/")) };
        assert_eq!(client.send(hasty).await.unwrap_err().kind, HttpFailureKind::TimedOut);
        gate.open();
    };
    let (answers, ()) = tokio::join!(calls, opens);
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().body == "late"));
    assert_eq!((gate.most_waiting(), busy.seen().len()), (most, 3 * most));
}

#[tokio::test]
async fn reaches_without_end_do_not_become_pools_without_end() {
    let client = direct();
    for number in 0..1_000 {
        client.pool(&public(&[&format!("host-{number}.internal")]));
    }
    assert!(client.pools() <= 64);
}
