//! Every bound in one place. Each names its unit and its source; "ours" marks a bound that AppSync does not document.
//! Those that nobody changes are constants.

use std::time::Duration;

/// Bytes of all custom headers of one response, names and values. AppSync: 4 KB (spec appsync-js 1.6).
pub const RESPONSE_HEADER_BYTES: usize = 4 * 1024;

/// `extensions.invalidateSubscriptions` calls in one request. AppSync: 5 (spec appsync-js 1.6).
pub const SUBSCRIPTION_INVALIDATIONS: usize = 5;

/// Errors that the handlers of one resolver run append. Ours.
pub const APPENDED_ERRORS: usize = 1_000;

/// `extensions.evictFromApiCache` calls of one resolver run. Ours.
pub const CACHE_EVICTIONS: usize = 1_000;

/// Bytes of the text, names and placeholders that `util.transform` makes of one filter. Ours: placeholders repeat the
/// names of fields, so that a small filter can ask for gigabytes. DynamoDB takes 4 KB of expression and 2 MB of values.
pub const EXPRESSION_BYTES: usize = 5 * 1024 * 1024;

/// Filters that `util.transform.toSubscriptionFilter` gives, over all groups. Ours: groups multiply. A subscription takes
/// 10 filters in a group (spec appsync-service 5.8).
pub const SUBSCRIPTION_FILTERS: usize = 10_000;

/// Fields and list items in one answer about the schema. Ours: types lead to fields and fields to types. The usual query
/// asks for some twenty for each field of the schema.
pub const INTROSPECTION_FIELDS: usize = 500_000;

/// Attempts of one DynamoDB call, the first included; throttling, time-outs and broken connections are tried again, the
/// latter two not for writes that would take place twice. The Java SDK, and so AppSync, retries DynamoDB 8 times: bursts
/// of throttling pass within seconds.
pub const DYNAMODB_ATTEMPTS: u32 = 9;

/// Longest wait before the first retry; doubles with each, and the real wait is a random part of it. The Java SDK's 25 ms
/// for DynamoDB, far below the second that the Rust SDK waits for any service.
pub const DYNAMODB_FIRST_BACKOFF: Duration = Duration::from_millis(25);

/// Longest wait before any retry. With the two values above all waits of a call come to 5 s at most.
pub const DYNAMODB_LONGEST_BACKOFF: Duration = Duration::from_secs(2);

/// Longest to wait for a connection to an AWS service. One in the same region is there within milliseconds.
pub const AWS_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an idle connection is kept. The Java SDK's 60 s.
pub const AWS_CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest to wait for the first byte of DynamoDB's answer. A page of 1 MB from a cold table takes about a second.
pub const DYNAMODB_READ_TIMEOUT: Duration = Duration::from_secs(8);

/// Longest one attempt of a DynamoDB call may take, up to the last byte of a batch's 16 MB.
pub const DYNAMODB_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest a DynamoDB call may take with all its attempts. Below the 30 s of a request, so that the response handler
/// still hears of it in `ctx.error`.
pub const DYNAMODB_OPERATION_TIMEOUT: Duration = Duration::from_secs(25);

/// Attempts to assume a domain's role, the first included. AWS's standard.
pub const STS_ATTEMPTS: u32 = 3;

/// Longest one attempt to assume a role may take.
pub const STS_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// Longest to wait for a role's credentials altogether.
pub const STS_OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// Longest a call of a Lambda function may take, up to the last byte of its answer: the 30 s of the request that waits for
/// it (spec appsync-service 9.1).
pub const LAMBDA_TIMEOUT: Duration = Duration::from_secs(30);

/// Attempts of one call of a Lambda function, the first included, where it surely has not run: it was throttled, or there
/// was no connection. The Java SDK's three retries.
pub const LAMBDA_ATTEMPTS: u32 = 4;

/// Longest wait before the first retry; doubles with each, and the real wait is a random part of it: 0.7 s at most for all.
/// The Java SDK's 100 ms.
pub const LAMBDA_FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// Functions that one request waits for at the same time; further calls wait. Ours: a connection each, of which a process has
/// a thousand or so, as an account has functions at work.
pub const FUNCTION_CALLS_AT_ONCE: usize = 100;

/// Bytes of the payloads with which one request waits for functions. Ours: what a client sends may stand in every one of them,
/// and 6 MB for each of 10,000 resolvers would be 60 GB.
pub const FUNCTION_PAYLOADS_BYTES: usize = 64 * 1024 * 1024;

/// What must be left of a request's time when a function or web service is no longer waited for, so that response handlers
/// hear of it. Ours.
pub const SERVICE_GRACE: Duration = Duration::from_millis(500);
/// Longest a call of an HTTP data source may take, with everything that is tried again and redirects: a second less than
/// the 30 s of the request (spec appsync-service 9.1), so that the response handler still hears of it in `ctx.error`.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(29);

/// Longest to wait for a connection to a web service: name, TCP and TLS. Ours.
pub const HTTP_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts to connect to a web service in one call. Ours.
pub const HTTP_CONNECT_ATTEMPTS: u32 = 3;

/// Wait before the second attempt to connect; doubles with each. Ours.
pub const HTTP_FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// How long an idle connection to a web service is kept. Ours: Node and Apache close theirs after 5 s, and a request that
/// meets a closing connection may be lost.
pub const HTTP_CONNECTION_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Calls of one web service that are under way at the same time in one process; others wait, within their own time. Ours: a
/// list of thousands of items must not use up the sockets of the process.
pub const HTTP_CONCURRENT_CALLS: usize = 100;

/// Bytes of a web service's answer. AppSync: the 5 MB of what its response handler may return (spec appsync-js 1.6).
pub const HTTP_ANSWER_BYTES: usize = 5 * 1024 * 1024;

/// Bytes of the URL that an HTTP data source calls. Ours; most servers take 8 KB.
pub const HTTP_URL_BYTES: usize = 16 * 1024;

/// Bytes of the headers that a handler gives a request, names and values. Ours; most servers take 8 to 16 KB.
pub const HTTP_HEADER_BYTES: usize = 64 * 1024;

/// Redirects that are followed one after the other, where a data source follows any. Ours.
pub const HTTP_REDIRECTS: usize = 5;

/// Attempts of one PutEvents call, the first included; only what EventBridge surely has not taken is sent again. The AWS
/// SDKs make three; throttling passes within seconds.
pub const EVENT_BRIDGE_ATTEMPTS: u32 = 5;

/// Longest wait before the first retry of PutEvents; doubles with each. The Java SDK's 100 ms.
pub const EVENT_BRIDGE_FIRST_BACKOFF: Duration = Duration::from_millis(100);

/// Longest one attempt of PutEvents may take. Within a region it takes some 20 ms.
pub const EVENT_BRIDGE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(8);

/// Events in one PutEvents call. EventBridge: 10 (spec appsync-js 4.3).
pub const EVENT_BRIDGE_ENTRIES: usize = 10;

/// Bytes of the entries of one PutEvents call. EventBridge: 256 KB.
pub const EVENT_BRIDGE_ENTRIES_BYTES: usize = 256 * 1024;

/// Bytes of a function's payload and of its answer. Lambda: 6 MB (spec appsync-service 7.6).
pub const LAMBDA_PAYLOAD_BYTES: usize = 6 * 1024 * 1024;

/// Items in one list of BatchInvoke where `maxBatchSize` does not say. AppSync: 5 (spec appsync-service 7.3).
pub const BATCH_INVOKE_ITEMS: usize = 5;

/// What `maxBatchSize` may be. AppSync: 2,000; 0 is as if it were not there (spec appsync-service 9.1, appsync-js 1.6).
pub const MAX_BATCH_SIZE: std::ops::RangeInclusive<usize> = 0..=2_000;

/// Bytes of the payload of a call whose answer nobody waits for. Lambda: 1 MB.
pub const LAMBDA_EVENT_BYTES: usize = 1024 * 1024;

/// What remains of a Lambda function's time for sending the answer, when all that could take longer has been given up. Ours.
pub const LAMBDA_ANSWER_TIME: Duration = Duration::from_millis(200);

/// Commands that stand for functions and run at the same time; others wait. Ours: a list of a hundred items must not start
/// a hundred processes at once.
pub const LOCAL_FUNCTION_PROCESSES: usize = 8;

/// Bytes of what such a command writes to its standard error that are kept for the message about its failure. Ours.
pub const LOCAL_FUNCTION_ERROR_BYTES: usize = 16 * 1024;

/// DynamoDB calls that `fillPage` makes for one page at most, whatever they read. Ours: an implementation of DynamoDB that
/// does not say what a call consumed must not be asked without end.
pub const FILL_PAGE_CALLS: usize = 100;

/// Read units after which `fillPage` asks for no more, where the resolver does not say. Ours: some four pages of 1 MB.
pub const FILL_PAGE_READ_UNITS: u32 = 500;

/// How long before they expire a role's credentials are fetched anew: this, or down to half of it, so that instances do
/// not ask all at once. The Java SDK's minute is the half.
pub const ROLE_REFRESH_AHEAD: Duration = Duration::from_secs(120);

/// Longest that a start waits for connections opened ahead of the first request. Within a region it takes some 20 ms.
pub const WARM_UP_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes of a request's first line and headers together, which may be exceeded by what one read brings. CloudFront, which
/// stands in front of AppSync, takes 32,768.
pub const REQUEST_HEAD_BYTES: usize = 32 * 1024;

/// Bytes of a request's path and query string. CloudFront takes 8,192.
pub const REQUEST_URI_BYTES: usize = 8 * 1024;

/// Headers of one request. Ours.
pub const REQUEST_HEADERS: usize = 200;

/// Longest for the headers of a request to arrive, and for a connection to stay idle between two. CloudFront keeps idle
/// connections of clients for about as long.
pub const REQUEST_HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// Longest for the body of a request to arrive. Ours: as long as its execution may take.
pub const REQUEST_BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest that a server which was told to stop waits for what is in flight: what an operation may take at most, and
/// five seconds to write the answer.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(35);
/// Bytes of a token or signature in `authorization`. Ours: tokens have 1 to 4 KB; the server's own bound on all headers
/// together is far above.
pub const TOKEN_BYTES: usize = 16 * 1024;

/// Longest to wait for an issuer's key set or its description. Ours; AppSync documents none.
pub const KEY_SET_TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of a key set, and of an issuer's description. Ours: ten RSA keys with certificates have 30 KB.
pub const KEY_SET_BYTES: usize = 512 * 1024;

/// Keys of one key set that are kept. Ours: issuers have two to ten.
pub const KEY_SET_KEYS: usize = 100;

/// After this a key set is fetched anew, so that a key which its issuer has withdrawn is no longer good. Ours.
pub const KEY_SET_FRESH: Duration = Duration::from_secs(60 * 60);

/// While an issuer cannot be reached, its last key set is good for this long. Ours.
pub const KEY_SET_STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Least time between two attempts to fetch a key set, whatever keys the tokens name and however the attempt ended. Ours:
/// keys that nobody knows must not become requests to the issuer.
pub const KEY_SET_RETRY: Duration = Duration::from_secs(10);

/// Bytes of the tokens that are kept as verified, with what they say. Ours.
pub const VERIFIED_TOKENS_BYTES: usize = 4 * 1024 * 1024;

/// Longest a Lambda authorizer may take. AppSync: 10 s (spec appsync-service 9.1).
pub const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a Lambda authorizer's answer. AppSync: 5 MB of `resolverContext` (spec appsync-service 3.6).
pub const AUTHORIZER_ANSWER_BYTES: usize = 5 * 1024 * 1024;

/// Bytes of a Lambda authorizer's answer from which on it is not kept. AppSync (spec appsync-service 3.6).
pub const AUTHORIZER_KEPT_ANSWER_BYTES: usize = 1_048_576;

/// Bytes of all answers of a Lambda authorizer that are kept. Ours.
pub const AUTHORIZER_KEPT_BYTES: usize = 16 * 1024 * 1024;

/// How far the time of a signature may be from ours. AWS: 5 minutes.
pub const SIGNATURE_AGE: Duration = Duration::from_secs(5 * 60);

/// API keys of one API. AppSync: 50 (spec appsync-service 9.1).
pub const API_KEYS: usize = 50;

/// Ways to sign in besides the default one. AppSync: 50 (spec appsync-service 9.1).
pub const ADDITIONAL_PROVIDERS: usize = 50;

/// Environment variables of one API. AppSync: 50 (spec appsync-service 9.1).
pub const ENVIRONMENT_VARIABLES: usize = 50;

/// Characters of an environment variable's name. AppSync: 2 to 64 (spec appsync-service 9.1).
pub const ENVIRONMENT_NAME_CHARACTERS: std::ops::RangeInclusive<usize> = 2..=64;

/// Characters of an environment variable's value. AppSync: 512, UNCONFIRMED (spec appsync-service 9.1).
pub const ENVIRONMENT_VALUE_CHARACTERS: usize = 512;

/// Bounds on what a project and a client may ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Longest an operation may run, from receipt to the last byte. AppSync: 30 s (spec appsync-service 9.1).
    pub request_timeout: Duration,
    /// Tokens in one operation document. AppSync: 15,000 (spec appsync-service 9.1).
    pub query_tokens: usize,
    /// How deep selection sets, lists and objects may nest in an operation document. Ours: protects the parser's stack.
    pub query_nesting: usize,
    /// Bytes of one HTTP request body. Ours: AppSync documents none (spec appsync-service 2.1); Lambda takes 6 MB.
    pub request_body_bytes: usize,
    /// Levels of fields, the leaf included; 0 is off. AppSync: `queryDepthLimit`, 0 to 75 (spec appsync-service 1.9).
    pub query_depth: usize,
    /// Resolvers run in one operation. AppSync: 10,000, `resolverCountLimit` lowers it (spec appsync-service 1.9).
    pub resolver_count: usize,
    /// What an operation may cost; `None` is off. Ours: `queryCostLimit`.
    pub query_cost: Option<CostLimit>,
    /// Functions in one pipeline. AppSync: 10 (spec appsync-service 9.1).
    pub pipeline_functions: usize,
    /// Characters of one JS resolver file. AppSync: 32 KB after bundling (spec appsync-js 1.1).
    pub code_characters: usize,
    /// Bytes of one JS or TypeScript file in any dialect. Ours: what tools write as one bundle stays far below.
    pub code_bytes: usize,
    /// Bytes of one mapping template. AppSync: 64 KB (spec appsync-service 9.1).
    pub template_bytes: usize,
    /// Levels of brackets and operators in one JS or TypeScript file, counted generously. Ours: protects the compiler's
    /// stack, which is made for this many.
    pub code_nesting: usize,
    /// Files that import one another in one chain. Ours: protects the compiler's stack.
    pub import_chain: usize,
    /// Bytes of the schema document. AppSync: 1 MB (spec appsync-service 1.8).
    pub schema_bytes: usize,
    /// Rounds of one loop in resolver code. AppSync: 1,000 (spec appsync-js 1.6).
    pub loop_rounds: u32,
    /// Longest one handler may run. Ours: AppSync documents none below the request's 30 s.
    pub handler_timeout: Duration,
    /// Memory of one JS engine. Ours.
    pub handler_memory_bytes: usize,
    /// Stack of one JS engine. Ours.
    pub handler_stack_bytes: usize,
    /// Bytes of what one handler returns, as JSON. AppSync: 5 MB (spec appsync-js 1.6).
    pub handler_output_bytes: usize,
    /// How deep a value that a handler returns may nest. Ours; DynamoDB stores 32 levels.
    pub value_nesting: usize,
    /// Fields and list items in one answer. Ours: aliases and fragments can ask for exponentially many in few tokens.
    pub response_fields: usize,
    /// Bytes of the names, texts and errors in one answer; escapes of JSON may add to them. Ours: an alias repeats a text
    /// for the price of its name. AppSync documents none; it keeps answers of up to 15 MB in caches (spec appsync-service
    /// 6.1), and Lambda takes 6 MB.
    pub response_bytes: usize,
}

/// A bound on the resolvers that an operation may come to, known before it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct CostLimit {
    pub resolvers: u64,
    /// Items that a list is taken to have where no argument says.
    pub list_size: u64,
}

impl Default for CostLimit {
    fn default() -> CostLimit {
        CostLimit { resolvers: 10_000, list_size: 10 }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            request_timeout: Duration::from_secs(30),
            query_tokens: 15_000,
            query_nesting: 200,
            request_body_bytes: 6 * 1024 * 1024,
            query_depth: 0,
            resolver_count: 10_000,
            query_cost: None,
            pipeline_functions: 10,
            code_characters: 32_768,
            code_bytes: 1024 * 1024,
            template_bytes: 64 * 1024,
            code_nesting: 1_500,
            import_chain: 200,
            schema_bytes: 1024 * 1024,
            loop_rounds: 1_000,
            handler_timeout: Duration::from_secs(5),
            handler_memory_bytes: 64 * 1024 * 1024,
            handler_stack_bytes: 512 * 1024,
            handler_output_bytes: 5 * 1024 * 1024,
            value_nesting: 200,
            response_fields: 2_000_000,
            response_bytes: 32 * 1024 * 1024,
        }
    }
}
