//! `` sql`…` ``: a statement written by hand, whose interpolations become variables.

use super::super::markers::Markers;
use super::Kind;
use super::fragment::{Fragment, check_size};
use crate::handler::util::Refusal;
use crate::value::Value;

/// The tag: called with the list of texts and what stands between them.
pub(super) fn sql(markers: &mut Markers, arguments: &[Value]) -> Result<Value, Refusal> {
    let Some((texts, values)) = arguments.split_first() else { return Err(malformed()) };
    let texts = texts.as_list().unwrap_or_default();
    if texts.len() != values.len() + 1 {
        return Err(malformed());
    }
    let mut fragment = Fragment::default();
    for (index, text) in texts.iter().enumerate() {
        fragment.text(text.as_str().ok_or_else(malformed)?.to_owned());
        if let Some(value) = values.get(index) {
            // A statement in place of a value: AppSync's answer is UNCONFIRMED, this is the nearest of its messages.
            if markers.statement(value).is_some() {
                return Err(malformed());
            }
            fragment.value(markers, value)?;
        }
    }
    check_size(fragment.size_bytes())?;
    Ok(markers.mark_statement("SQL", Kind::Template, fragment))
}

fn malformed() -> Refusal {
    Refusal::worded("java.lang.IllegalArgumentException: Unexpected argument passed to sql tagged template")
}
