//! Calls through the proxies that an environment names.

use hyper_util::client::proxy::matcher::Matcher;

use super::stand_in::{Act, StandIn, text};
use super::tests::{client, public, request};
use super::*;

/// A client whose calls go through this server, `NO_PROXY` as given.
fn through(proxy: &StandIn, no: &str) -> HttpClient {
    client(Matcher::builder().all(format!("http://ada:s3cret@{}", proxy.address)).no(no.to_owned()).build())
}

#[tokio::test]
async fn plain_requests_are_forwarded_with_the_whole_address() {
    let proxy = StandIn::start(|_, _| text("from afar")).await;
    // Only the proxy knows such a name, so that nobody here can look at its address.
    let sent = HttpRequest { reach: public(&[]), ..request("GET", "http://api.test/a?b=c".into()) };
    assert_eq!(through(&proxy, "").send(sent).await.unwrap().body, "from afar");
    let seen = &proxy.seen()[0];
    assert_eq!(seen.line, "GET http://api.test/a?b=c HTTP/1.1");
    assert_eq!(seen.header("host"), Some("api.test"));
    assert_eq!(seen.header("proxy-authorization"), Some("Basic YWRhOnMzY3JldA=="));
}

#[tokio::test]
async fn secured_requests_go_through_a_tunnel_which_alone_learns_the_password() {
    let server = StandIn::start_with_tls(|_, _| text("ok")).await;
    let address = server.address;
    let proxy = StandIn::start(move |_, _| Act::Tunnel(address)).await;
    let sent = HttpRequest { reach: public(&[]), ..request("GET", "https://api.test/a".into()) };
    assert_eq!(through(&proxy, "").send(sent).await.unwrap().body, "ok");
    let (asked, seen) = (&proxy.seen()[0], &server.seen()[0]);
    assert_eq!(asked.line, "CONNECT api.test:443 HTTP/1.1");
    assert_eq!(asked.header("proxy-authorization"), Some("Basic YWRhOnMzY3JldA=="));
    assert_eq!(seen.line, "GET /a HTTP/1.1");
    assert_eq!(seen.header("proxy-authorization"), None);
}

#[tokio::test]
async fn no_connection_is_tried_again_whatever_was_to_be_sent() {
    let server = StandIn::start_with_tls(|_, _| text("ok")).await;
    let address = server.address;
    let proxy = StandIn::start(move |number, _| match number {
        1 | 2 => Act::Close("HTTP/1.1 503 Busy\r\n\r\n".into()),
        _ => Act::Tunnel(address),
    })
    .await;
    let answer = through(&proxy, "").send(request("POST", "https://api.test/a".into())).await.unwrap();
    assert_eq!((answer.body.as_ref(), proxy.seen().len(), server.seen().len()), (&b"ok"[..], 3, 1));
    let closed = StandIn::start(|_, _| Act::Close("HTTP/1.1 503 Busy\r\n\r\n".into())).await;
    let failure = through(&closed, "").send(request("GET", "https://api.test/a".into())).await.unwrap_err();
    assert_eq!((failure.kind, closed.seen().len()), (HttpFailureKind::Unreachable, 3));
    assert!(!failure.cause.contains("s3cret"), "{}", failure.cause);
}

#[tokio::test]
async fn a_private_address_is_refused_before_a_proxy_is_asked() {
    let proxy = StandIn::start(|_, _| text("never")).await;
    let client = through(&proxy, "");
    for url in ["http://169.254.169.254/latest", "https://10.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]:1/"] {
        let failure = client.send(HttpRequest { reach: public(&[]), ..request("GET", url.into()) }).await.unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::Forbidden, "{url}");
    }
    assert_eq!(proxy.connections(), 0);
    // The proxy itself may be anywhere.
    client.send(HttpRequest { reach: public(&[]), ..request("GET", "http://8.8.8.8/".into()) }).await.unwrap();
    assert_eq!(proxy.seen()[0].line, "GET http://8.8.8.8/ HTTP/1.1");
}

#[tokio::test]
async fn hosts_that_need_no_proxy_are_asked_directly() {
    let server = StandIn::start(|_, _| text("near")).await;
    let proxy = StandIn::start(|_, _| text("never")).await;
    let answer = through(&proxy, "127.0.0.1").send(request("GET", server.url("/"))).await.unwrap();
    assert_eq!((answer.body.as_ref(), proxy.connections()), (&b"near"[..], 0));
    assert_eq!(server.seen()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_that_cannot_be_spoken_to_says_so() {
    let client = client(Matcher::builder().all("socks5://127.0.0.1:1").build());
    let failure = client.send(request("GET", "http://api.test/".into())).await.unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::Unreachable);
    assert!(failure.cause.ends_with("proxies that speak socks5 are not supported"), "{}", failure.cause);
}
