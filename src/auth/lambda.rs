//! The Lambda authorizer: a function of the user's own that decides (spec appsync-service 3.6).

use std::sync::Arc;
use std::time::Duration;

use crate::auth::kept::Kept;
use crate::auth::{Caller, Denial, Outside, digest, pattern};
use crate::backend::lambda::{LambdaInvocation, LambdaInvocationType};
use crate::context::{AuthMode, Identity};
use crate::handler::util::pattern::Pattern;
use crate::limits;
use crate::project::authentication::WrittenPattern;
use crate::project::authentication::providers::LambdaAuthorizer;
use crate::value::{Str, Value, object};

pub struct Authorizer {
    function: Str,
    expression: Expression,
    ttl_milliseconds: i64,
    /// [`limits::AUTHORIZER_TIMEOUT`]; tests shorten it.
    timeout: Duration,
    kept: Kept<KeptAnswer>,
}

/// What tokens must look like.
enum Expression {
    None,
    Pattern(Pattern),
    /// It is no pattern, which was reported before the project started.
    Broken,
}

/// An answer that is good until then.
#[derive(Clone)]
struct KeptAnswer {
    decision: Arc<Decision>,
    until_epoch_ms: i64,
}

/// What the function has decided about a token; `None`: not let in.
type Decision = Option<Granted>;

struct Granted {
    resolver_context: Value,
    denied_fields: Arc<[Str]>,
}

/// An answer of the function, read.
struct Answer {
    decision: Decision,
    ttl_seconds: Option<i64>,
}

impl Authorizer {
    pub fn new(config: &LambdaAuthorizer) -> Authorizer {
        let expression = match &config.expression {
            None => Expression::None,
            Some(written) => pattern(&anywhere(written)).map_or(Expression::Broken, Expression::Pattern),
        };
        Authorizer {
            function: config.function.clone(),
            expression,
            ttl_milliseconds: config.ttl.as_millis() as i64,
            timeout: limits::AUTHORIZER_TIMEOUT,
            kept: Kept::new(limits::AUTHORIZER_KEPT_BYTES),
        }
    }

    #[cfg(test)]
    pub fn within(self, timeout: Duration) -> Authorizer {
        Authorizer { timeout, ..self }
    }

    /// The token reaches the function as it came, with `Bearer` where the client sent that (UNCONFIRMED).
    ///
    /// # Errors
    /// The function says no, fails, takes too long, or answers what cannot be understood.
    pub async fn authenticate(
        &self,
        token: &str,
        caller: &Caller<'_>,
        outside: Outside<'_>,
    ) -> Result<Identity, Denial> {
        match &self.expression {
            Expression::None => {}
            Expression::Pattern(pattern) if pattern.matches(token).unwrap_or(false) => {}
            Expression::Pattern(_) | Expression::Broken => return Err(Denial::UNAUTHORIZED),
        }
        let now = || outside.clock.now_epoch_milliseconds();
        let key = digest(token.as_bytes());
        if let Some(answer) = self.kept.get(&key).filter(|answer| now() < answer.until_epoch_ms) {
            return identity(&answer.decision);
        }
        let (answer, bytes) = self.ask(token, caller, outside).await.map_err(|reason| {
            tracing::warn!(function = %self.function, reason, "the authorizer lets nobody in");
            Denial::UNAUTHORIZED
        })?;
        let ttl = answer.ttl_seconds.map_or(self.ttl_milliseconds, |seconds| seconds.saturating_mul(1_000));
        let decision = Arc::new(answer.decision);
        if ttl > 0 && bytes < limits::AUTHORIZER_KEPT_ANSWER_BYTES {
            let until_epoch_ms = now().saturating_add(ttl);
            self.kept.insert(key, KeptAnswer { decision: decision.clone(), until_epoch_ms }, bytes);
        }
        identity(&decision)
    }

    /// Also gives how many bytes the answer has.
    async fn ask(&self, token: &str, caller: &Caller<'_>, outside: Outside<'_>) -> Result<(Answer, usize), String> {
        let evidence = caller.evidence;
        let request_id = evidence.request_id.clone().unwrap_or_else(|| outside.clock.uuid().into());
        let variables = if caller.variables.is_null() { Value::empty_object() } else { caller.variables.clone() };
        let event = object! {
            "authorizationToken" => token,
            "requestContext" => object! {
                // There is no AppSync API here; its name stands for its id.
                "apiId" => caller.api_name,
                "accountId" => evidence.account_id.clone().unwrap_or_default(),
                "requestId" => request_id,
                "queryString" => caller.query,
                "operationName" => caller.operation_name.cloned(),
                "variables" => variables,
            },
            "requestHeaders" => caller.headers.clone(),
        };
        let invocation = LambdaInvocation {
            function: self.function.clone(),
            role: None,
            invocation_type: LambdaInvocationType::RequestResponse,
            payload: event.to_string().into(),
        };
        let answered = tokio::time::timeout(self.timeout, outside.lambda.invoke(invocation)).await;
        let answer = answered.map_err(|_| "it takes too long")?.map_err(|error| error.to_string())?;
        if answer.function_error.is_some() {
            return Err("it failed".into());
        }
        let bytes = answer.payload.len();
        if bytes > limits::AUTHORIZER_ANSWER_BYTES {
            return Err(format!("its answer has {bytes} bytes"));
        }
        Ok((read(&answer.payload)?, bytes))
    }
}

/// A pattern that is found anywhere in a token: that AppSync looks for it so is UNCONFIRMED (spec appsync-service 3.6).
fn anywhere(written: &WrittenPattern) -> WrittenPattern {
    let text = format!("(?s:.*)(?:{})(?s:.*)", written.text).into();
    WrittenPattern { text, place: written.place.clone() }
}

fn identity(decision: &Decision) -> Result<Identity, Denial> {
    let granted = decision.as_ref().ok_or(Denial::UNAUTHORIZED)?;
    Ok(Identity {
        value: object! { "resolverContext" => granted.resolver_context.clone() },
        mode: Some(AuthMode::Lambda),
        denied_fields: granted.denied_fields.clone(),
    })
}

/// # Errors
/// What does not fit. Everything must: an answer half understood could deny less than it means to.
fn read(payload: &[u8]) -> Result<Answer, String> {
    let answer: Value = serde_json::from_slice(payload).map_err(|_| "its answer is no JSON")?;
    let member = |name: &str| answer.get(name).filter(|value| !value.is_null());
    let is_authorized = member("isAuthorized").and_then(Value::as_bool).ok_or("its answer has no `isAuthorized`")?;
    let resolver_context = match member("resolverContext") {
        None => Value::empty_object(),
        Some(Value::Object(map)) if map.values().any(|value| matches!(value, Value::Object(_) | Value::List(_))) => {
            return Err("`resolverContext` is nested".into());
        }
        Some(map @ Value::Object(_)) => map.clone(),
        Some(_) => return Err("`resolverContext` is no object".into()),
    };
    let denied_fields = match member("deniedFields") {
        None => Arc::default(),
        Some(Value::List(fields)) => fields
            .iter()
            .map(|field| field.as_str().map(Str::from))
            .collect::<Option<Vec<_>>>()
            .ok_or("`deniedFields` holds what is no name")?
            .into(),
        Some(_) => return Err("`deniedFields` is no list".into()),
    };
    let ttl_seconds = match member("ttlOverride") {
        None => None,
        Some(seconds) => {
            Some(seconds.as_i64().filter(|seconds| *seconds >= 0).ok_or("`ttlOverride` is no number of seconds")?)
        }
    };
    let decision = is_authorized.then_some(Granted { resolver_context, denied_fields });
    Ok(Answer { decision, ttl_seconds })
}
