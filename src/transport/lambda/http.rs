//! HTTP events (spec appsync-service 7.7): a request for the router that `syncline dev` serves, and its answer in the form
//! that whoever sent the event reads.

use std::convert::Infallible;
use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, Uri, header};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http_body_util::BodyExt;
use lambda_http::aws_lambda_events::alb::AlbTargetGroupRequest;
use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequest;
use lambda_http::aws_lambda_events::encodings::Body as EventBody;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{IntoResponse, RequestExt, StreamAdapter};
use lambda_runtime::tower::util::ServiceFn;
use lambda_runtime::tower::{Service, ServiceExt};
use lambda_runtime::{Context, LambdaEvent, StreamResponse, service_fn};
use serde_json::value::{RawValue, to_raw_value};

use crate::api::Refusal;
use crate::auth::Evidence;
use crate::context::iam_members;
use crate::transport::http::{Front, ROUTES, Server};
use crate::transport::lambda::event::Event;
use crate::value::Str;

/// An answer as JSON, or why it cannot be that: a header of bytes that are no text.
pub(super) type Written = Result<Box<RawValue>, serde_json::Error>;

/// A body on its way.
pub(super) type Pieces = BoxStream<'static, Result<Bytes, axum::Error>>;

/// An HTTP event with the context that Lambda gave to it.
pub(super) type HttpEvent = LambdaEvent<LambdaRequest>;

/// Reads an HTTP event of a known kind.
///
/// # Errors
/// What is missing of its kind.
pub(super) fn read(kind: Event, event: &str, context: &Context) -> Result<HttpEvent, serde_json::Error> {
    let request = match kind {
        Event::Rest => {
            let mut request: ApiGatewayProxyRequest = serde_json::from_str(event)?;
            keep_repeated(&request.multi_value_headers, &mut request.headers);
            LambdaRequest::ApiGatewayV1(request)
        }
        Event::LoadBalancer => {
            let mut request: AlbTargetGroupRequest = serde_json::from_str(event)?;
            keep_repeated(&request.multi_value_headers, &mut request.headers);
            LambdaRequest::Alb(request)
        }
        _ => LambdaRequest::ApiGatewayV2(serde_json::from_str(event)?),
    };
    Ok(LambdaEvent::new(request, context.clone()))
}

/// The event has every header twice, once with all its values. `lambda_http` lets the single ones win, which would lose
/// all but one value of a repeated header.
fn keep_repeated(repeated: &HeaderMap, single: &mut HeaderMap) {
    for name in repeated.keys() {
        single.remove(name);
    }
}

/// Sends a request through the router and gives the answer as the sender of the event reads it, in one piece.
pub(super) async fn answer(router: Router, event: HttpEvent, front: Front) -> Written {
    adapted(event, service_fn(|request| call(router.clone(), request, front.clone()))).await
}

/// The answer that nothing came of the request.
pub(super) async fn refuse(server: &Server, event: HttpEvent, refusal: &Refusal) -> Written {
    let refuse = |request: lambda_http::Request| {
        let refused = server.refuse(refusal, request.headers().get(header::ORIGIN));
        std::future::ready(Ok(with_joined_headers(refused)))
    };
    adapted(event, service_fn(refuse)).await
}

async fn adapted<F>(event: HttpEvent, service: ServiceFn<F>) -> Written
where
    ServiceFn<F>: Service<lambda_http::Request, Response = Response<Body>, Error = Infallible, Future: Send>,
{
    let service = service.map_response(Whole);
    let answer = lambda_http::Adapter::from(service).call(event).await.unwrap_or_else(|never| match never {});
    to_raw_value(&answer)
}

/// An answer in one piece, as text where it is text. `lambda_http` would do this too, with a table of every character set
/// that there is; ours are all in UTF-8.
struct Whole(Response<Body>);

impl IntoResponse for Whole {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<EventBody>> + Send>> {
        Box::pin(async {
            let (parts, body) = self.0.into_parts();
            let is_encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
            let bytes = body.collect().await.expect("answers are in memory before they are sent").to_bytes().into();
            let body = match is_encoded {
                true => EventBody::Binary(bytes),
                false => String::from_utf8(bytes).map_or_else(|no| EventBody::Binary(no.into_bytes()), EventBody::Text),
            };
            Response::from_parts(parts, body)
        })
    }
}

/// As [`answer`], in pieces: a Function URL with the invoke mode `RESPONSE_STREAM` takes up to 200 MB of them.
pub(super) async fn stream(router: Router, event: HttpEvent, front: Front) -> StreamResponse<Pieces> {
    let service = service_fn(|request| call(router.clone(), request, front.clone()));
    let streamed = StreamAdapter::from(service).call(event).await.unwrap_or_else(|never| match never {});
    StreamResponse { metadata_prelude: streamed.metadata_prelude, stream: Box::pin(streamed.stream) }
}

async fn call(router: Router, request: lambda_http::Request, front: Front) -> Result<Response<Body>, Infallible> {
    router.oneshot(to_axum(request, front)).await.map(with_joined_headers)
}

fn to_axum(mut request: lambda_http::Request, front: Front) -> axum::http::Request<Body> {
    let context = request.request_context_ref();
    let front = Front {
        evidence: context.map(evidence).unwrap_or_default(),
        domain_name: context.and_then(custom_domain),
        ..front
    };
    // A REST API hands bytes on as they are in the event, as base64, unless it was told about binary media types; it
    // compresses by itself where it is told to.
    if matches!(context, Some(RequestContext::ApiGatewayV1(_))) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    if let Some(uri) = own_path(&request) {
        *request.uri_mut() = uri;
    }
    request.extensions_mut().insert(front);
    let (parts, body) = request.into_parts();
    let body = match body {
        EventBody::Text(text) => Body::from(text),
        EventBody::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    };
    axum::http::Request::from_parts(parts, body)
}

/// The path that the API itself would have: without API Gateway's stage, which `lambda_http` puts in front, and without
/// the base path of a custom domain (`/shop/graphql`), which only whoever set the domain up knows. So what ends like one
/// of our paths is that path. `None`: it is so already.
fn own_path(request: &lambda_http::Request) -> Option<Uri> {
    let whole = request.uri().path_and_query()?;
    let stage = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.stage.as_deref(),
        Some(RequestContext::ApiGatewayV2(context)) => context.stage.as_deref(),
        _ => None,
    };
    let path = whole.path();
    let without_stage = stage.and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    let mut own = without_stage.filter(|rest| rest.starts_with('/')).unwrap_or(path);
    if let Some(route) = ROUTES.iter().find(|route| own.ends_with(**route)) {
        own = route;
    }
    if own == path {
        return None;
    }
    match whole.query() {
        Some(query) => format!("{own}?{query}").parse().ok(),
        None => own.parse().ok(),
    }
}

/// `ctx.request.domainName`: a domain of the API's own, not one that AWS gave it (spec appsync-service 2.3).
fn custom_domain(context: &RequestContext) -> Option<Str> {
    let name = match context {
        RequestContext::ApiGatewayV1(context) => context.domain_name.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.domain_name.as_deref(),
        _ => None,
    }?;
    let is_awss = [".execute-api.", ".lambda-url."].iter().any(|part| name.contains(part));
    (!is_awss && !name.is_empty()).then(|| name.into())
}

/// Events have room for one line of each header but `set-cookie`; several lines are as good as one with commas
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.3)).
fn with_joined_headers<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    let repeated: Vec<HeaderName> = headers
        .keys()
        .filter(|name| **name != header::SET_COOKIE && headers.get_all(*name).iter().nth(1).is_some())
        .cloned()
        .collect();
    for name in repeated {
        let lines: Vec<&[u8]> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(joined) = HeaderValue::from_bytes(&lines.join(&b", "[..])) {
            headers.insert(name, joined);
        }
    }
    response
}

/// What AWS in front of the function knows about the caller.
fn evidence(context: &RequestContext) -> Evidence {
    let text = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Str::from);
    match context {
        RequestContext::ApiGatewayV1(context) => {
            let identity = &context.identity;
            let is_verified = identity.user_arn.as_ref().is_some_and(|arn| !arn.is_empty());
            let members = iam_members(|name| match name {
                "accountId" => text(&identity.account_id),
                "cognitoIdentityPoolId" => text(&identity.cognito_identity_pool_id),
                "cognitoIdentityId" => text(&identity.cognito_identity_id),
                "username" => text(&identity.user).or_else(|| text(&identity.caller)),
                "userArn" => text(&identity.user_arn),
                "cognitoIdentityAuthType" => text(&identity.cognito_authentication_type),
                _ => text(&identity.cognito_authentication_provider),
            });
            Evidence {
                peer: text(&identity.source_ip),
                verified_caller: is_verified.then_some(members),
                account_id: text(&context.account_id),
                ..Evidence::default()
            }
        }
        RequestContext::ApiGatewayV2(context) => {
            let iam = context.authorizer.as_ref().and_then(|authorizer| authorizer.iam.as_ref());
            let iam = iam.filter(|iam| iam.user_arn.as_ref().is_some_and(|arn| !arn.is_empty()));
            Evidence {
                peer: text(&context.http.source_ip),
                verified_caller: iam.map(|iam| {
                    let cognito = iam.cognito_identity.as_ref();
                    // `amr`: how the user signed in to Cognito, then by whom.
                    let amr = cognito.map(|cognito| cognito.amr.as_slice()).unwrap_or_default();
                    let is_type = |text: &str| matches!(text, "authenticated" | "unauthenticated");
                    iam_members(|name| match name {
                        "accountId" => text(&iam.account_id),
                        "cognitoIdentityPoolId" => cognito.and_then(|cognito| text(&cognito.identity_pool_id)),
                        "cognitoIdentityId" => cognito.and_then(|cognito| text(&cognito.identity_id)),
                        "username" => text(&iam.user_id).or_else(|| text(&iam.caller_id)),
                        "userArn" => text(&iam.user_arn),
                        "cognitoIdentityAuthType" => amr.iter().find(|text| is_type(text)).map(Str::from),
                        _ => {
                            let providers = amr.iter().filter(|text| !is_type(text));
                            let quoted: Vec<String> = providers.map(|text| format!("\"{text}\"")).collect();
                            (!quoted.is_empty()).then(|| quoted.join(",").into())
                        }
                    })
                }),
                account_id: text(&context.account_id),
                ..Evidence::default()
            }
        }
        _ => Evidence::default(),
    }
}
