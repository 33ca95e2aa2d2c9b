//! Templates in the form of a prepared project: the tree, so that nobody has to read the text again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::parse::Parsed;
use super::{Inner, Template};
use crate::error::SourceFile;
use crate::value::Str;

/// A template that [`Template::from_prepared`] makes ready without reading its text.
#[derive(Serialize, Deserialize)]
pub struct PreparedTemplate {
    pub path: Str,
    parsed: Parsed,
}

impl Template {
    /// The template as a prepared project has it.
    pub fn prepare(&self) -> PreparedTemplate {
        PreparedTemplate { path: self.0.file.path.clone(), parsed: self.0.parsed.clone() }
    }

    /// The template of `file`, which is what was prepared.
    pub fn from_prepared(prepared: PreparedTemplate, file: &Arc<SourceFile>) -> Template {
        Template(Arc::new(Inner { file: file.clone(), parsed: prepared.parsed }))
    }
}

/// The constants that can stand in a template, of all the values that there are while it is rendered.
pub(super) mod constant {
    use num_bigint::BigInt;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::handler::vtl::java::JavaValue;
    use crate::value::Str;

    #[derive(Serialize, Deserialize)]
    enum Constant {
        Null,
        Boolean(bool),
        Integer(i32),
        Long(i64),
        BigInteger(String),
        Double(f64),
        BigDecimal(Str),
        String(Str),
    }

    pub fn serialize<S: Serializer>(value: &JavaValue, serializer: S) -> Result<S::Ok, S::Error> {
        let constant = match value {
            JavaValue::Null => Constant::Null,
            JavaValue::Boolean(value) => Constant::Boolean(*value),
            JavaValue::Integer(value) => Constant::Integer(*value),
            JavaValue::Long(value) => Constant::Long(*value),
            JavaValue::BigInteger(value) => Constant::BigInteger(value.to_string()),
            JavaValue::Double(value) => Constant::Double(*value),
            JavaValue::BigDecimal(digits) => Constant::BigDecimal(digits.clone()),
            JavaValue::String(text) => Constant::String(text.clone()),
            _ => return Err(S::Error::custom("no constant of a template")),
        };
        constant.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JavaValue, D::Error> {
        Ok(match Constant::deserialize(deserializer)? {
            Constant::Null => JavaValue::Null,
            Constant::Boolean(value) => JavaValue::Boolean(value),
            Constant::Integer(value) => JavaValue::Integer(value),
            Constant::Long(value) => JavaValue::Long(value),
            Constant::BigInteger(digits) => {
                let value: BigInt = digits.parse().map_err(D::Error::custom)?;
                JavaValue::BigInteger(Box::new(value))
            }
            Constant::Double(value) => JavaValue::Double(value),
            Constant::BigDecimal(digits) => JavaValue::BigDecimal(digits),
            Constant::String(text) => JavaValue::String(text),
        })
    }
}
