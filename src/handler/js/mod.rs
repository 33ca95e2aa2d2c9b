use std::sync::Arc;
use crate::context::Context; use crate::error::{Diagnostic, SourceFile}; use crate::handler::{Failure, Function, Returned}; use crate::limits::Limits; use crate::value::Str;
#[derive(Clone, Copy)] pub enum Dialect { AppSync, Standard }
pub struct JsProgram;
#[derive(Clone, Debug)] pub struct JsHandler;
impl JsProgram { pub fn compile(_: &[Arc<SourceFile>], _: &[Str], _: Dialect, _: &Limits) -> Result<Arc<JsProgram>, Vec<Diagnostic>> { Ok(Arc::new(JsProgram)) } pub fn handler(self: &Arc<Self>, _: &str) -> Option<JsHandler> { Some(JsHandler) } }
impl JsHandler { pub fn exports(&self, _: Function) -> bool { false } pub fn call(&self, _: Function, c: &mut Context) -> Result<Returned, Failure> { Ok(Returned::Value(c.result.clone())) } }
