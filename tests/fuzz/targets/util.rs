//! Every function of `util`, of `extensions` and of the libraries, with any arguments: it gives a value, or says why not.

use std::sync::{Arc, LazyLock};

use syncline::clock::Clock;
use syncline::context::{Context, Effects};
use syncline::error::SourceFile;
use syncline::handler::js::{Dialect, JsProgram};
use syncline::handler::util::{FUNCTIONS, Refusal, Scope};
use syncline::handler::{Function, Returned};
use syncline::limits::Limits;
use syncline::value::{Value, object};

/// The modules whose functions are called from JavaScript; what this version does not have is left out.
const LIBRARIES: &[&str] =
    &["@aws-appsync/utils", "@aws-appsync/utils/dynamodb", "@aws-appsync/utils/rds", "@aws-appsync/utils/ai"];

/// Calls whatever the library holds, each with the same arguments and each with the result of the one before it.
const CALLER: &str = r#"
export function request(ctx) {
  const results = {};
  let last = null;
  const call = (path, value) => {
    if (typeof value === 'object' && value !== null) {
      for (const name of Object.keys(value)) call(`${path}.${name}`, value[name]);
    } else if (typeof value === 'function') {
      for (const given of [ctx.args.list, [last], [ctx.args.list[0], last], [{ where: last, values: last }]]) {
        try {
          last = value(...given);
          results[path] = last === undefined ? null : last;
        } catch (error) {
          results[path] = String(error.message);
        }
      }
    }
  };
  call('library', library);
  return results;
}
"#;

static PROGRAM: LazyLock<Vec<Arc<JsProgram>>> = LazyLock::new(|| {
    let compile = |specifier: &&str| {
        let source = format!("import * as library from '{specifier}';\n{CALLER}");
        let file = SourceFile::new("code.js", source);
        JsProgram::compile(&[file], &["code.js".into()], Dialect::Standard, &Limits::default()).ok()
    };
    let programs: Vec<_> = LIBRARIES.iter().filter_map(compile).collect();
    assert!(programs.len() >= 2, "the libraries cannot be imported");
    programs
});

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // What is no list of arguments is one, as text.
    let arguments = match Value::parse(&text) {
        Ok(Value::List(list)) => Value::List(list),
        Ok(value) => vec![value].into(),
        Err(_) => text.split('\n').map(Value::from).collect(),
    };
    let list = arguments.as_list().unwrap_or_default();
    let longest = 64 * 1024 + 64 * arguments.to_string().len();
    for (name, function) in FUNCTIONS {
        let mut effects = Effects::default();
        let identity = list.first().cloned().unwrap_or_default();
        let clock = Clock::fixed(1_700_000_000_123, 1);
        let mut scope = Scope { clock: &clock, identity: &identity, effects: &mut effects };
        match function(&mut scope, list) {
            Ok(value) => {
                let bytes = value.to_string().len();
                assert!(bytes <= longest, "util.{name} makes {bytes} bytes of {arguments}");
            }
            Err(Refusal::Raised(error)) => assert!(error.message.len() <= longest, "util.{name}"),
            Err(Refusal::Failed(message) | Refusal::Worded(message)) => {
                assert!(!message.is_empty() && message.len() <= longest, "util.{name}: `{message}`");
            }
        }
    }
    for program in PROGRAM.iter() {
        let mut ctx = Context {
            arguments: object! { "list" => arguments.clone() },
            clock: Clock::fixed(1_700_000_000_123, 1),
            ..Context::from_json(&object! {})
        };
        let handler = program.handler("code.js").expect("the program has this entry");
        match handler.call(Function::Request, &mut ctx) {
            Ok(Returned::Value(value) | Returned::EarlyReturn { value, .. }) => {
                assert!(value.to_string().len() <= 6 * Limits::default().handler_output_bytes);
            }
            Err(failure) => assert!(!failure.error.message.is_empty()),
        }
    }
}
