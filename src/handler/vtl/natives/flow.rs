//! `$util.qr`, `$util.validate`, `$util.log`.

use super::{VOID, thrown};
use crate::context::{LogLevel, LogLine};
use crate::error::{FieldError, Location};
use crate::handler::util::Refusal;
use crate::handler::vtl::interpret::Interpreter;
use crate::handler::vtl::java::{JavaValue, Thrown};

/// The type of an error of `validate` without one (spec appsync-vtl 9).
const CUSTOM: &str = "CustomTemplateException";

/// Longest log line. Ours.
const LINE_BYTES: usize = 64 * 1024;

/// The argument is worth something by being evaluated; the call prints nothing.
pub(super) fn quiet(_: &mut Interpreter, _: &[JavaValue]) -> Result<JavaValue, Thrown> {
    Ok(VOID)
}

/// `validate(condition, message, type, data)`: ends the template unless the condition is true.
pub(super) fn validate(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    if matches!(arguments[0], JavaValue::Boolean(true)) {
        return Ok(VOID);
    }
    let heap = &mut interpreter.heap;
    let error_type = match arguments.get(2) {
        None | Some(JavaValue::Null) => CUSTOM.into(),
        Some(error_type) => heap.text(error_type)?,
    };
    let mut error = FieldError::new(error_type, heap.text(&arguments[1])?);
    if let Some(data) = arguments.get(3) {
        error.data = heap.take(data)?;
    }
    Err(thrown(Refusal::Raised(error)))
}

pub(super) fn log_info(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    log(interpreter, LogLevel::Info, arguments)
}

pub(super) fn log_debug(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    log(interpreter, LogLevel::Debug, arguments)
}

pub(super) fn log_error(interpreter: &mut Interpreter, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    log(interpreter, LogLevel::Error, arguments)
}

/// Each `{}` of the format is replaced by the next value, or by the next item of a list that is the only one.
fn log(interpreter: &mut Interpreter, level: LogLevel, arguments: &[JavaValue]) -> Result<JavaValue, Thrown> {
    let heap = &mut interpreter.heap;
    let format = heap.text(&arguments[0])?;
    let values = match &arguments[1..] {
        [list @ JavaValue::List(_)] => heap.collect(list)?.unwrap_or_default(),
        values => values.to_vec(),
    };
    let mut values = values.iter();
    let mut message = String::new();
    let mut rest = format.as_str();
    while let Some(at) = rest.find("{}") {
        let Some(value) = values.next() else { break };
        message.push_str(&rest[..at]);
        heap.write_text(value, &mut message)?;
        rest = &rest[at + 2..];
    }
    message.push_str(rest);
    message.truncate(message.floor_char_boundary(LINE_BYTES));
    heap.hold(size_of::<LogLine>() + message.len())?;
    let position = interpreter.position;
    interpreter.ctx.effects.logs.push(LogLine {
        level,
        file: interpreter.path.clone(),
        location: Location { line: position.line, column: position.column },
        message,
    });
    Ok(VOID)
}
