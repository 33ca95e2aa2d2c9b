//! The files of one stage: one script, or a pair of templates.

use std::fmt::Display;
use std::sync::Arc;

use crate::error::{Diagnostic, Place, SourceFile};
use crate::project::config::Config;
use crate::project::names::Language;
use crate::project::wiring::{choose_data_source, given_twice};
use crate::project::{Code, Stage, StageOptions};
use crate::value::Str;

/// What was found for a stage so far.
#[derive(Default)]
pub(crate) struct StageFiles {
    pub name: Option<Str>,
    /// From brackets.
    data_source: Option<Str>,
    script: Option<Arc<SourceFile>>,
    request: Option<Arc<SourceFile>>,
    response: Option<Arc<SourceFile>>,
}

impl StageFiles {
    /// Adds a file; `what` names the stage in messages.
    pub fn add(
        &mut self,
        file: &Arc<SourceFile>,
        language: Language,
        data_source: Option<&str>,
        what: &dyn Display,
        problems: &mut Vec<Diagnostic>,
    ) {
        let rival = match language {
            Language::Js => self.first(),
            Language::VtlRequest => self.script.as_ref().or(self.request.as_ref()),
            Language::VtlResponse => self.script.as_ref().or(self.response.as_ref()),
        };
        if let Some(rival) = rival {
            problems.push(given_twice(what, &at(file), &at(rival)));
            return;
        }
        if let (Some(named), Some(known)) = (data_source, &self.data_source)
            && named != known
        {
            let message = format!("{what} names the data sources `{known}` and `{named}`");
            problems.push(Diagnostic::error(message).at(file, 0..0).help("write the same name in both files"));
        }
        self.data_source = self.data_source.take().or(data_source.map(Str::from));
        let slot = match language {
            Language::Js => &mut self.script,
            Language::VtlRequest => &mut self.request,
            Language::VtlResponse => &mut self.response,
        };
        *slot = Some(file.clone());
    }

    pub fn first(&self) -> Option<&Arc<SourceFile>> {
        self.script.as_ref().or(self.request.as_ref()).or(self.response.as_ref())
    }

    /// The handlers, if there are any.
    pub fn code(&self) -> Option<Code> {
        if let Some(script) = &self.script {
            return Some(Code::Js { path: script.path.clone() });
        }
        self.first()?;
        Some(Code::Vtl { request: self.request.clone(), response: self.response.clone() })
    }

    /// The stage, with the data source of its brackets, of `fallback`, or of its domain.
    pub fn into_stage(
        self,
        domain: Option<&Str>,
        fallback: Option<&Str>,
        what: &dyn Display,
        config: &Config,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Stage> {
        let place = at(self.first()?);
        let named = self.data_source.as_ref().or(fallback);
        let data_source = choose_data_source(config, named, domain, what, &place, problems);
        let code = self.code();
        let options = StageOptions::default();
        Some(Stage { name: self.name, data_source, domain: domain.cloned(), code, options, place })
    }
}

/// The beginning of a file: where a problem of the file as a whole is shown.
pub(crate) fn at(file: &Arc<SourceFile>) -> Place {
    Place { file: file.clone(), start: 0, end: 0 }
}
