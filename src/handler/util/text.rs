//! `util.str` (spec appsync-js 2.8).

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

use super::{Refusal, Scope, text};
use crate::value::Value;

/// Longest text: what a handler may return (spec appsync-js 1.6); a compatibility form may be eleven times as long. Ours.
const TEXT_BYTES: usize = 5 * 1024 * 1024;

/// `util.str.normalize(text, form)`: one of Unicode's normal forms, named in any case.
pub fn normalize(_: &mut Scope, arguments: &[Value]) -> Result<Value, Refusal> {
    let form = text(arguments, 1).unwrap_or_else(|| "null".into());
    let Some(text) = text(arguments, 0) else { return Ok(Value::Null) };
    if text.len() > TEXT_BYTES {
        return Err(Refusal::failed(format!("util.str.normalize: the text is longer than {} MB", TEXT_BYTES >> 20)));
    }
    let normal = match form.to_ascii_lowercase().as_str() {
        "nfc" => ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned(),
        "nfd" => DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned(),
        "nfkc" => ComposingNormalizerBorrowed::new_nfkc().normalize(&text).into_owned(),
        "nfkd" => DecomposingNormalizerBorrowed::new_nfkd().normalize(&text).into_owned(),
        _ => {
            return Err(Refusal::failed(format!(
                "util.str.normalize: the form is `nfc`, `nfd`, `nfkc` or `nfkd`, got `{form}`"
            )));
        }
    };
    Ok(normal.into())
}
