//! The facade: a project becomes an [`Api`], and an `Api` answers operations. What the command line, the server and the
//! Lambda stand on, and the library's public face.

mod attach;
mod authorize;
mod fields;
mod persisted;
pub mod prepared;
mod rate_limit;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::api::attach::CompiledCode;
use crate::api::persisted::PersistedDocuments;
use crate::api::prepared::EngineInTheMaking;
use crate::api::rate_limit::RateLimiter;
use crate::auth::rules::AccessRules;
use crate::auth::{self, Authenticator, Caller, Denial, Evidence, LocalSignIn, Outside};
use crate::backend::Backends;
use crate::clock::Clock;
use crate::context::{Identity, LogLine, RequestInfo};
use crate::datasource::TokenKey;
use crate::error::{Diagnostic, Severity};
use crate::execute::document::OperationType;
use crate::execute::prepare::{Prepared, PreparedCache, PreparedOperation, SelectionError};
use crate::execute::{ExecutableSchema, ExecutionRequest, Response, execute};
use crate::handler::js::JsProgram;
use crate::limits::{self, Limits};
use crate::loader::{CallKind, Explanation, LoaderOptions, RequestLoader};
use crate::project::{self, Authentication, Cors, Payloads, Project};
use crate::resolver::Services;
use crate::schema::{Parsed, Schema, parse_schema};
use crate::value::{Str, Value};

#[cfg(feature = "package")]
pub(crate) use crate::api::attach::{dialect, rights};
pub use crate::api::authorize::Authorization;
pub use crate::api::fields::{FieldAnswers, FieldRequest};
pub use crate::api::persisted::DocumentName;

/// How an API runs, apart from what its project says.
#[derive(Clone)]
pub struct ApiOptions {
    pub clock: Clock,
    /// Whether answers may tell what went wrong inside a handler, with file and line. Default: no.
    pub shows_internals: bool,
    /// What page tokens are sealed with, the same for all instances that share tokens; see [`TokenKey::derive`].
    pub token_secret: Vec<u8>,
    /// Whether reads of one operation travel together, and items of BatchInvoke. Default: yes. Answers are the same
    /// without it, at the cost of a call for each; for comparing the two.
    pub batches: bool,
    /// What is let in on a laptop only. Default: nothing.
    pub local: Option<LocalSignIn>,
}

/// The header with which a client asks for `extensions.syncline`, where it may see internals: `true` or `1`. Elsewhere
/// it is a header like any other.
pub const EXPLAIN_HEADER: &str = "x-syncline-explain";

impl Default for ApiOptions {
    fn default() -> ApiOptions {
        ApiOptions {
            clock: Clock::system(),
            shows_internals: false,
            token_secret: Vec::new(),
            batches: true,
            local: None,
        }
    }
}

/// A project that is ready to answer. Once built, nothing about the project can fail to load.
pub struct Api {
    name: Str,
    executable: ExecutableSchema,
    backends: Backends,
    prepared: PreparedCache,
    persisted: PersistedDocuments,
    cors: Cors,
    rate_limiter: Option<RateLimiter>,
    token_key: TokenKey,
    introspection: bool,
    payloads: Option<Payloads>,
    authentication: Authentication,
    authenticator: Authenticator,
    scripts: Arc<JsProgram>,
    /// Until it is made.
    engine: Mutex<Option<EngineInTheMaking>>,
    options: ApiOptions,
}

/// One operation as a client sends it.
#[derive(Clone, Default)]
pub struct OperationRequest {
    /// Empty where `document` alone says what to run.
    pub query: Str,
    /// The document's name, where the client gives one.
    pub document: Option<DocumentName>,
    /// An object or null.
    pub variables: Value,
    pub operation_name: Option<Str>,
    pub request: Arc<RequestInfo>,
    /// Who asks, where that is known; otherwise the request must sign in.
    pub identity: Option<Identity>,
    /// What it signs in with, besides its headers.
    pub evidence: Evidence,
    /// Came by GET: mutations are refused.
    pub is_read_only: bool,
    /// Wants [`OperationReport::explanation`]. The answer stays as it is.
    pub is_explained: bool,
    /// How long the answer may take, where that is less than the API's own time-out.
    pub time_left: Option<Duration>,
}

/// What became of a request.
// Made once for a request and taken apart at once: a box would only hide its parts.
#[allow(clippy::large_enum_variant)]
pub enum Answer {
    /// HTTP 200, whatever its errors.
    Executed {
        response: Response,
        report: OperationReport,
    },
    Refused(Refusal),
}

/// A request that got no GraphQL answer: an HTTP status and AppSync's error body (spec appsync-service 2.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub error_type: &'static str,
    pub message: Str,
    /// `extensions.code`, where clients of another server look for it; AppSync has none.
    pub code: Option<&'static str>,
    /// When it is worth trying again, for the header `retry-after`.
    pub retry_after_seconds: Option<u32>,
}

impl Refusal {
    pub fn new(status: u16, error_type: &'static str, message: impl Into<Str>) -> Refusal {
        Refusal { status, error_type, message: message.into(), code: None, retry_after_seconds: None }
    }

    pub fn with_code(mut self, code: &'static str) -> Refusal {
        self.code = Some(code);
        self
    }

    pub fn malformed(message: impl Into<Str>) -> Refusal {
        Refusal::new(400, "MalformedHttpRequestException", message)
    }

    /// `{"errors":[{"message","errorType"}]}`, without `data`; with `extensions` where there is a code.
    pub fn to_json(&self) -> Vec<u8> {
        let mut error = crate::value::object! { "message" => &self.message, "errorType" => self.error_type };
        if let Some(code) = self.code {
            error.set("extensions", crate::value::object! { "code" => code });
        }
        crate::value::object! { "errors" => vec![error] }.to_string().into_bytes()
    }
}

/// What an operation did, for logs and tests.
#[derive(Clone, Debug, Default)]
pub struct OperationReport {
    /// `query`, `mutation`, `subscription`; empty when the text was not accepted.
    pub operation_type: &'static str,
    pub operation_name: Option<Str>,
    pub resolver_count: usize,
    pub error_count: usize,
    /// Calls of data sources really made, by kind, in the order of first use.
    pub calls: Vec<(CallKind, u32)>,
    /// Reads that needed no call of their own.
    pub coalesced: u32,
    /// Every call, for those who asked.
    pub explanation: Option<Explanation>,
    pub logs: Vec<LogLine>,
}

/// A checked project: what `syncline check` looks at and [`Api::build`] starts from.
pub struct Checked {
    pub executable: ExecutableSchema,
    pub warnings: Vec<Diagnostic>,
    /// What works here but not on AppSync.
    pub strict: Vec<Diagnostic>,
    code: CompiledCode,
    /// The first one for the scripts, where it is being made already.
    engine: Option<EngineInTheMaking>,
}

/// Checks everything that can be wrong without running.
///
/// # Errors
/// Every problem of the schema, the resolvers and their wiring.
pub fn check(project: &Project) -> Result<Checked, Vec<Diagnostic>> {
    let limits = project.limits();
    let mut problems = Vec::new();
    let parsed = parse_schema(&project.schema_files, &limits).map_err(|found| problems.extend(found)).ok();
    if let Some(parsed) = &parsed {
        check_parts(project, &parsed.schema, &mut problems);
    }
    let code = attach::compile(project, &limits, &mut problems);
    let (Some(Parsed { schema, strict }), Some(code)) = (parsed, code) else {
        let (warnings, errors): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_warning);
        return Err(errors.into_iter().chain(warnings).collect());
    };
    assemble(project, schema, strict, code, problems)
}

fn is_warning(problem: &Diagnostic) -> bool {
    problem.severity == Severity::Warning
}

/// What of a project must fit to its schema.
fn check_parts(project: &Project, schema: &Schema, problems: &mut Vec<Diagnostic>) {
    problems.extend(project::check_wiring(project, schema));
    problems.extend(persisted::check(&project.config.persisted_queries, schema, &project.limits()));
    problems.extend(auth::check::check(&project.config.authentication, &schema.access_directives));
}

/// Puts the parts of a project together, if there is no error among its problems.
fn assemble(
    project: &Project,
    schema: Schema,
    strict: Vec<Diagnostic>,
    code: CompiledCode,
    problems: Vec<Diagnostic>,
) -> Result<Checked, Vec<Diagnostic>> {
    let (warnings, errors): (Vec<_>, Vec<_>) = problems.into_iter().partition(is_warning);
    if !errors.is_empty() {
        return Err(errors.into_iter().chain(warnings).collect());
    }
    let resolvers = attach::attach(project, &schema, &code)?;
    let strict = strict.into_iter().chain(project::beyond_appsync(project)).collect();
    let env = project.config.environment.clone();
    let access = AccessRules::new(&schema.access_directives, &project.config.authentication);
    let executable = ExecutableSchema { schema, resolvers, access, limits: project.limits(), env };
    Ok(Checked { executable, warnings, strict, code, engine: None })
}

impl Api {
    /// Checks the project and makes it ready to answer.
    ///
    /// # Errors
    /// Every problem, as [`check`] finds them.
    pub fn build(project: &Project, backends: Backends, options: ApiOptions) -> Result<Api, Vec<Diagnostic>> {
        let checked = check(project)?;
        Ok(Api::from_checked(project, checked, backends, options))
    }

    /// As [`Api::build`] for a project that has been checked.
    pub fn from_checked(project: &Project, checked: Checked, backends: Backends, options: ApiOptions) -> Api {
        let (name, authentication) = (&project.config.name, &project.config.authentication);
        let authenticator = Authenticator::new(authentication, name, options.local.as_ref(), &options.clock);
        Api {
            name: project.config.name.clone(),
            executable: checked.executable,
            backends,
            prepared: PreparedCache::default(),
            persisted: PersistedDocuments::new(&project.config.persisted_queries),
            cors: project.config.cors.clone(),
            rate_limiter: project.config.rate_limit.as_ref().map(RateLimiter::new),
            token_key: TokenKey::derive(&options.token_secret),
            introspection: project.config.introspection,
            payloads: project.config.payloads.clone(),
            authentication: authentication.clone(),
            authenticator,
            scripts: checked.code.scripts,
            engine: Mutex::new(checked.engine),
            options,
        }
    }

    pub fn name(&self) -> &Str {
        &self.name
    }

    pub fn limits(&self) -> &Limits {
        &self.executable.limits
    }

    /// Which pages of other origins may call.
    pub fn cors(&self) -> &Cors {
        &self.cors
    }

    /// What payloads of AppSync's templates mean, where they are expected.
    pub fn payloads(&self) -> Option<&Payloads> {
        self.payloads.as_ref()
    }

    pub fn clock(&self) -> &Clock {
        &self.options.clock
    }

    pub fn resolver_count(&self) -> usize {
        self.executable.resolvers.values().map(HashMap::len).sum()
    }

    /// The identity of that name in `syncline.yaml`, for requests of whoever runs this process: `query --as`.
    pub fn local_identity(&self, name: &str) -> Option<Identity> {
        auth::local_identity(&self.authentication, name)
    }

    fn outside(&self) -> Outside<'_> {
        let (http, lambda) = (self.backends.http.as_ref(), self.backends.lambda.as_ref());
        Outside { http, lambda, clock: &self.options.clock }
    }

    /// Does what the first request would wait for: makes an engine for handlers, fetches the keys of issuers (waiting
    /// [`limits::WARM_UP_TIMEOUT`] at most), and runs an operation that asks for nothing.
    pub async fn warm_up(&self) {
        let issuers = tokio::time::timeout(limits::WARM_UP_TIMEOUT, self.authenticator.warm_up(self.outside()));
        let in_the_making = self.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        let engine = async {
            match in_the_making {
                Some(engine) => engine.finish().await.into_iter().for_each(|engine| self.scripts.add_engine(engine)),
                None => self.scripts.warm_up(),
            }
        };
        let _ = tokio::join!(issuers, engine, self.rehearse());
    }

    /// Runs the smallest operation that there is while the engine is being made, so that the first client does not wait for
    /// the pages of code that every operation goes through.
    async fn rehearse(&self) {
        let prepared = Prepared::new(&self.executable.schema, "{ __typename }", self.limits(), self.introspection);
        if let Ok(prepared) = prepared.map(Arc::new)
            && let Ok(operation) = prepared.operation(None)
        {
            self.run(&OperationRequest::default(), &Identity::default(), &operation).await;
        }
    }

    /// Finds out who asks, by what the request signs in with.
    ///
    /// # Errors
    /// HTTP 401 (spec appsync-service 2.2).
    pub async fn authenticate(&self, request: &OperationRequest) -> Result<Identity, Refusal> {
        let caller = Caller {
            headers: &request.request.headers,
            evidence: &request.evidence,
            query: &request.query,
            operation_name: request.operation_name.as_ref(),
            variables: &request.variables,
            api_name: &self.name,
        };
        let outcome = self.authenticator.authenticate(&caller, self.outside()).await;
        outcome.map_err(|Denial(message)| Refusal::new(401, "UnauthorizedException", message))
    }

    /// Runs one operation. Everything that can go wrong is in the answer.
    pub async fn execute(&self, mut request: OperationRequest) -> Answer {
        // A Lambda authorizer sees the document that would run; that it is unknown is told only to who is let in.
        let named = self.persisted.resolve(&request.query, request.document.as_ref());
        if let Ok(named) = &named {
            request.query = named.text.clone();
        }
        let identity = match &request.identity {
            Some(identity) => identity.clone(),
            None => match self.authenticate(&request).await {
                Ok(identity) => identity,
                Err(refusal) => return Answer::Refused(refusal),
            },
        };
        if let Some(limiter) = &self.rate_limiter {
            let caller = rate_limit::caller(&identity, &request.evidence);
            if let Err(seconds) = limiter.take(&caller, self.clock().now_epoch_milliseconds()) {
                // AppSync's text for its own limit, UNCONFIRMED (spec appsync-service 2.2).
                let refusal = Refusal::new(429, "ThrottlingException", "Rate exceeded");
                return Answer::Refused(Refusal { retry_after_seconds: Some(seconds), ..refusal });
            }
        }
        let named = match named {
            Ok(named) => named,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let prepared = self.prepared.get_or_prepare(&named.text, || {
            Prepared::new(&self.executable.schema, &named.text, self.limits(), self.introspection)
        });
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(errors) => {
                let report = OperationReport { error_count: errors.len(), ..OperationReport::default() };
                return Answer::Executed { response: Response::refused(errors), report };
            }
        };
        if let Some(hash) = named.register {
            self.persisted.register(hash, named.text);
        }
        let operation = match prepared.operation(request.operation_name.as_deref()) {
            Ok(operation) => operation,
            Err(SelectionError::MissingName) => {
                return Answer::Refused(Refusal::new(400, "BadRequestException", "Missing operation name."));
            }
            Err(SelectionError::UnknownName) => {
                // graphql-java's text; AppSync's status is UNCONFIRMED (spec appsync-service 2.2).
                let name = request.operation_name.unwrap_or_default();
                let message = format!("Unknown operation named '{name}'.");
                return Answer::Refused(Refusal::new(400, "BadRequestException", message));
            }
        };
        if request.is_read_only && operation.operation_type() != OperationType::Query {
            let message = "Only queries may be sent with GET; send mutations with POST.";
            return Answer::Refused(Refusal::new(405, "MethodNotAllowedException", message));
        }
        self.run(&request, &identity, &operation).await
    }

    async fn run(&self, request: &OperationRequest, identity: &Identity, operation: &PreparedOperation) -> Answer {
        let shown = self.shown_explanation(&request.request);
        let is_explained = request.is_explained || shown.is_some();
        let deadline = self.deadline(request.time_left);
        let loader = self.loader(is_explained, deadline);
        let services = self.services(&loader, deadline);
        let execution = ExecutionRequest {
            operation,
            variables: &request.variables,
            identity,
            request: shown.as_ref().unwrap_or(&request.request),
        };
        let mut execution = loader.drive(execute(&self.executable, execution, &services)).await;
        let stats = loader.stats();
        let explanation = loader.explanation();
        if shown.is_some() {
            execution.response.explanation = explanation.clone();
        }
        let report = OperationReport {
            operation_type: operation.operation_type().keyword(),
            operation_name: operation.definition().name.clone(),
            resolver_count: execution.resolver_count,
            error_count: execution.response.errors.len(),
            calls: stats.calls,
            coalesced: stats.coalesced,
            explanation,
            logs: execution.logs,
        };
        Answer::Executed { response: execution.response, report }
    }

    /// Where the client asked to see the explanation and may: the request without the header that asks, so that
    /// resolvers see what they see without it.
    fn shown_explanation(&self, request: &RequestInfo) -> Option<Arc<RequestInfo>> {
        if !self.options.shows_internals {
            return None;
        }
        let headers = request.headers.as_object()?;
        let asks = headers.get(EXPLAIN_HEADER).and_then(Value::as_str)?;
        (asks.eq_ignore_ascii_case("true") || asks == "1").then(|| {
            let mut headers = headers.clone();
            headers.shift_remove(EXPLAIN_HEADER);
            Arc::new(RequestInfo { headers: headers.into(), domain_name: request.domain_name.clone() })
        })
    }

    /// When what begins now must have answered; `time_left`: what whoever asks gives it, where that is less.
    fn deadline(&self, time_left: Option<Duration>) -> tokio::time::Instant {
        let timeout = self.limits().request_timeout;
        tokio::time::Instant::now() + time_left.map_or(timeout, |left| left.min(timeout))
    }

    fn loader(&self, is_explained: bool, deadline: tokio::time::Instant) -> RequestLoader {
        let options = LoaderOptions {
            batches: self.options.batches,
            deadline: Some(deadline),
            explains: is_explained.then(|| self.options.clock.clone()),
            ..LoaderOptions::default()
        };
        RequestLoader::with_options(self.backends.clone(), options)
    }

    fn services<'a>(&'a self, loader: &'a RequestLoader, deadline: tokio::time::Instant) -> Services<'a> {
        Services {
            loader,
            token_key: &self.token_key,
            clock: &self.options.clock,
            deadline: Some(deadline),
            shows_internals: self.options.shows_internals,
        }
    }
}
