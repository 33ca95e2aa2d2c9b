//! The functions of a project, and which way a call of one goes.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::backend::ServiceError;
use crate::backend::aws::AddressedFunction;
use crate::backend::lambda::command::Commands;
use crate::backend::lambda::{LambdaAnswer, LambdaInvocation, LambdaInvocationType, LambdaInvoke, function_name};
use crate::error::nearest;
use crate::limits;
use crate::value::Str;

/// A function as `functions` in `syncline.yaml` describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDescription {
    /// What the project calls it.
    pub name: Str,
    /// What AWS calls it: a name or an ARN.
    pub aws_name: Str,
    /// What stands for it without AWS.
    pub local: Option<LocalFunction>,
}

impl FunctionDescription {
    /// What follows the project's name in `function`: nothing, or an alias such as `:live`. `None`: it is not named so.
    fn alias_in<'f>(&self, function: &'f str) -> Option<&'f str> {
        let rest = function.strip_prefix(self.name.as_str())?;
        let is_alias = |rest: &str| rest.strip_prefix(':').is_some_and(|alias| !alias.contains(':'));
        (rest.is_empty() || is_alias(rest)).then_some(rest)
    }
}

/// What AWS calls the function that code calls `function`. What is called by AWS's name or an ARN keeps it; an alias goes
/// with the project's name.
pub fn name_in_aws<'d>(described: impl IntoIterator<Item = &'d FunctionDescription>, function: &Str) -> Str {
    let mut described = described.into_iter();
    let name = described.find_map(|known| Some(format!("{}{}", known.aws_name, known.alias_in(function)?).into()));
    name.unwrap_or_else(|| function.clone())
}

/// How a function is reached without AWS.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalFunction {
    /// Gets the payload in the body of a POST and answers with the function's answer; a function that failed says so in
    /// the header `X-Amz-Function-Error`, as Lambda does.
    Url(Str),
    /// A program and its arguments, started in the project's folder for each call: the payload is its standard input, its
    /// standard output is the answer. An exit code other than 0 is a function that failed. After
    /// [`limits::LAMBDA_TIMEOUT`] it is ended; processes that it has started itself are not.
    Command(Vec<Str>),
}

/// The functions that a project may call. Cloning shares connections and the bound on processes.
#[derive(Clone)]
pub struct Functions {
    described: Arc<[FunctionDescription]>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Aws(Arc<dyn LambdaInvoke>),
    Local { addressed: Arc<AddressedFunction>, commands: Arc<Commands> },
}

impl Functions {
    /// All of them in AWS. A function that is not described is called by the name that it was called by.
    pub fn in_aws(described: impl IntoIterator<Item = FunctionDescription>, aws: Arc<dyn LambdaInvoke>) -> Functions {
        Functions { described: described.into_iter().collect(), way: Way::Aws(aws) }
    }

    /// What stands for them on this machine. `folder`: where commands run.
    pub fn local(described: impl IntoIterator<Item = FunctionDescription>, folder: impl Into<PathBuf>) -> Functions {
        let way = Way::Local {
            addressed: Arc::new(AddressedFunction::default()),
            commands: Arc::new(Commands::new(folder.into())),
        };
        Functions { described: described.into_iter().collect(), way }
    }

    /// The function that is meant by the project's name, AWS's name or any of its ARNs.
    fn find(&self, function: &str) -> Option<&FunctionDescription> {
        let described = || self.described.iter();
        let is_named = |description: &&FunctionDescription| {
            description.alias_in(function).is_some() || description.aws_name == function
        };
        described().find(is_named).or_else(|| {
            let name = function_name(function);
            described().find(|description| function_name(&description.aws_name) == name)
        })
    }

    async fn call(&self, mut invocation: LambdaInvocation) -> Result<LambdaAnswer, ServiceError> {
        let description = self.find(&invocation.function);
        check_size(&invocation)?;
        let (addressed, commands) = match &self.way {
            Way::Aws(aws) => {
                invocation.function = name_in_aws(self.described.iter(), &invocation.function);
                return aws.invoke(invocation).await;
            }
            Way::Local { addressed, commands } => (addressed.clone(), commands.clone()),
        };
        let Some(description) = description else { return Err(self.unknown(&invocation.function)) };
        let Some(local) = description.local.clone() else {
            let name = &description.name;
            return Err(not_found(format!(
                "function `{name}` has nothing that stands for it here; give it `url` or `command` under `functions` in syncline.yaml"
            )));
        };
        let (name, is_event) = (description.name.clone(), invocation.invocation_type == LambdaInvocationType::Event);
        let call = async move {
            match local {
                LocalFunction::Url(url) => addressed.call(&name, &url, invocation).await,
                LocalFunction::Command(command) => commands.call(&name, command, invocation.payload).await,
            }
        };
        if !is_event {
            return call.await;
        }
        tokio::spawn(async move {
            if let Err(error) = call.await {
                tracing::warn!(message = %error, "a function that nobody waits for could not be called");
            }
        });
        Ok(LambdaAnswer::default())
    }

    fn unknown(&self, function: &str) -> ServiceError {
        let names = || self.described.iter().map(|description| description.name.as_str());
        let help = match nearest(function_name(function), names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`functions` in syncline.yaml says how functions are reached without AWS".to_owned(),
        };
        not_found(format!("function `{function}` is not described; {help}"))
    }
}

/// Lambda refuses what is larger before it looks at the function.
fn check_size(invocation: &LambdaInvocation) -> Result<(), ServiceError> {
    let most = match invocation.invocation_type {
        LambdaInvocationType::RequestResponse => limits::LAMBDA_PAYLOAD_BYTES,
        LambdaInvocationType::Event => limits::LAMBDA_EVENT_BYTES,
    };
    if invocation.payload.len() <= most {
        return Ok(());
    }
    Err(ServiceError {
        code: Str::new_static("RequestTooLargeException"),
        message: format!("Request must be smaller than {most} bytes for the InvokeFunction operation").into(),
        status: 413,
        request_id: Str::new_static("null"),
        ..ServiceError::default()
    })
}

fn not_found(message: String) -> ServiceError {
    ServiceError {
        code: Str::new_static("ResourceNotFoundException"),
        message: message.into(),
        ..ServiceError::default()
    }
}

impl LambdaInvoke for Functions {
    fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
        Box::pin(self.call(invocation))
    }

    fn region(&self) -> Option<Str> {
        match &self.way {
            Way::Aws(aws) => aws.region(),
            Way::Local { .. } => None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(name: &str, script: &str) -> FunctionDescription {
        let command = ["sh", "-c", script].map(Str::from).to_vec();
        FunctionDescription {
            name: name.into(),
            aws_name: format!("shop-{name}").into(),
            local: Some(LocalFunction::Command(command)),
        }
    }

    fn local(described: Vec<FunctionDescription>) -> Functions {
        Functions::local(described, env!("CARGO_MANIFEST_DIR"))
    }

    async fn invoke(functions: &Functions, function: &str, payload: &str) -> Result<LambdaAnswer, ServiceError> {
        let payload = payload.to_owned().into();
        functions.invoke(LambdaInvocation { function: function.into(), payload, ..Default::default() }).await
    }

    fn text(answer: &LambdaAnswer) -> &str {
        std::str::from_utf8(&answer.payload).unwrap()
    }

    #[tokio::test]
    async fn a_command_reads_the_payload_and_writes_the_answer_whatever_the_function_is_called() {
        let functions = local(vec![shell("echo", "cat")]);
        for name in ["echo", "shop-echo", "arn:aws:lambda:eu-central-1:123456789012:function:shop-echo:live"] {
            let answer = invoke(&functions, name, r#"{"a":"é"}"#).await.unwrap();
            assert_eq!((text(&answer), &answer.function_error), (r#"{"a":"é"}"#, &None), "{name}");
        }
    }

    #[tokio::test]
    async fn a_command_runs_in_the_folder_of_the_project() {
        let functions = local(vec![shell("where", "test -f Cargo.toml && echo true")]);
        assert_eq!(text(&invoke(&functions, "where", "{}").await.unwrap()), "true");
    }

    #[tokio::test]
    async fn a_payload_larger_than_any_pipe_arrives_whole_and_nobody_need_read_it() {
        let functions = local(vec![shell("count", "wc -c"), shell("deaf", "echo 1")]);
        let payload = format!("\"{}\"", "x".repeat(1_000_000));
        assert_eq!(text(&invoke(&functions, "count", &payload).await.unwrap()), "1000002");
        assert_eq!(text(&invoke(&functions, "deaf", &payload).await.unwrap()), "1");
    }

    #[tokio::test]
    async fn no_output_is_null_and_output_that_is_no_json_is_a_failure_that_says_so() {
        let functions = local(vec![shell("silent", "true"), shell("chatty", "echo hello")]);
        assert_eq!(text(&invoke(&functions, "silent", "{}").await.unwrap()), "null");
        let answer = invoke(&functions, "chatty", "{}").await.unwrap();
        assert_eq!(answer.function_error.as_deref(), Some("Unhandled"));
        assert!(text(&answer).contains("wrote to standard output what is no JSON"), "{answer:?}");
    }

    #[tokio::test]
    async fn an_exit_code_is_a_failure_with_the_last_line_of_the_complaint_or_the_commands_own_words() {
        let functions = local(vec![
            shell("broken", "echo first >&2; echo 'no such order' >&2; exit 3"),
            shell("thrown", r#"echo '{"errorType":"Taken","errorMessage":"too late"}'; exit 1"#),
            shell("gone", "kill -9 $$"),
        ]);
        let answer = invoke(&functions, "broken", "{}").await.unwrap();
        let expected = r#"{"errorType":"Runtime.ExitError","errorMessage":"no such order (exit status: 3)"}"#;
        assert_eq!((text(&answer), answer.function_error.as_deref()), (expected, Some("Unhandled")));
        let answer = invoke(&functions, "thrown", "{}").await.unwrap();
        assert_eq!(text(&answer), r#"{"errorType":"Taken","errorMessage":"too late"}"#);
        assert_eq!(answer.function_error.as_deref(), Some("Unhandled"));
        let answer = invoke(&functions, "gone", "{}").await.unwrap();
        assert!(text(&answer).contains("Runtime.ExitError"), "{answer:?}");
    }

    #[tokio::test]
    async fn an_answer_without_end_is_cut_off() {
        let functions = local(vec![shell("endless", "cat /dev/zero")]);
        let answer = invoke(&functions, "endless", "{}").await.unwrap();
        assert!(text(&answer).contains("Function.ResponseSizeTooLarge"), "{:?}", answer.function_error);
    }

    #[tokio::test]
    async fn what_cannot_be_called_says_why() {
        let mut unreachable = shell("later", "true");
        unreachable.local = None;
        let mut missing = shell("missing", "true");
        missing.local = Some(LocalFunction::Command(vec!["no-such-program-here".into()]));
        let functions = local(vec![unreachable, missing, shell("audit", "cat")]);
        for (function, said) in [
            ("audits", "function `audits` is not described; did you mean `audit`?"),
            ("later", "function `later` has nothing that stands for it here; give it `url` or `command`"),
            ("missing", "function `missing`: `no-such-program-here` cannot be started: "),
        ] {
            let error = invoke(&functions, function, "{}").await.unwrap_err();
            assert!(error.message.starts_with(said), "{}", error.message);
            assert_eq!(error.status, 0);
        }
        let error = invoke(&functions, "audit", &"x".repeat(limits::LAMBDA_PAYLOAD_BYTES + 1)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("RequestTooLargeException", 413));
    }

    #[tokio::test]
    async fn an_event_is_accepted_at_once_and_runs_later() {
        let file = std::env::temp_dir().join(format!("syncline-event-{}", std::process::id()));
        let pipe = format!("mkfifo {0} && cat {0}", file.display());
        // Ends only when the pipe is written to, which happens after the call has come back.
        let functions = local(vec![
            shell("slow", &pipe),
            shell("open", &format!("until [ -p {0} ]; do :; done; echo 1 > {0}", file.display())),
        ]);
        let event = LambdaInvocation {
            function: "slow".into(),
            invocation_type: LambdaInvocationType::Event,
            payload: "{}".into(),
            ..Default::default()
        };
        assert_eq!(functions.invoke(event).await.unwrap(), LambdaAnswer::default());
        invoke(&functions, "open", "{}").await.unwrap();
        std::fs::remove_file(file).unwrap();
    }

    /// Stands for AWS and answers with what it was called by.
    struct Named;

    impl LambdaInvoke for Named {
        fn invoke(&self, invocation: LambdaInvocation) -> BoxFuture<'_, Result<LambdaAnswer, ServiceError>> {
            let payload = invocation.function.to_string().into();
            Box::pin(async { Ok(LambdaAnswer { payload, function_error: None }) })
        }
    }

    #[tokio::test]
    async fn in_aws_the_projects_name_becomes_that_of_aws_and_others_stay() {
        let functions = Functions::in_aws(vec![shell("audit", "cat")], Arc::new(Named));
        for (called, in_aws) in [
            ("audit", "shop-audit"),
            ("audit:live", "shop-audit:live"),
            ("shop-audit:live", "shop-audit:live"),
            ("unheard-of", "unheard-of"),
            ("arn:aws:lambda:x:1:function:shop-audit", "arn:aws:lambda:x:1:function:shop-audit"),
        ] {
            assert_eq!(text(&invoke(&functions, called, "{}").await.unwrap()), in_aws);
        }
    }
}
