//! Values, numbers and bytes in the binary form of a prepared project, for `#[serde(with = "…")]`. Their usual form is that of
//! JSON, which says of each value what it is; the binary form has no room for that.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A [`Value`](super::Value) as its JSON.
pub(crate) mod value {
    use super::*;
    use crate::value::Value;

    pub fn serialize<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        let text: Option<&str> = Deserialize::deserialize(deserializer)?;
        text.map(|text| Value::parse(text).map_err(D::Error::custom)).transpose()
    }
}

/// A [`Number`](super::Number) as its digits.
pub(crate) mod number {
    use super::*;
    use crate::value::Number;

    pub fn serialize<S: Serializer>(number: &Number, serializer: S) -> Result<S::Ok, S::Error> {
        number.to_string().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let text: &str = Deserialize::deserialize(deserializer)?;
        Number::parse(text).ok_or_else(|| D::Error::custom("no number"))
    }
}

/// Bytes in one piece. Serde's own way is one by one.
pub(crate) mod bytes {
    use super::*;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>, T: From<&'de [u8]>>(deserializer: D) -> Result<T, D::Error> {
        <&[u8]>::deserialize(deserializer).map(T::from)
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::value::{Number, Value};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        #[serde(with = "super::value")]
        value: Option<Value>,
        #[serde(with = "super::number")]
        number: Number,
        #[serde(with = "super::bytes")]
        bytes: Vec<u8>,
    }

    #[test]
    fn what_was_written_is_read() {
        for (value, number) in [
            (None, "0"),
            (Some("null"), "-1.5e300"),
            (Some(r#"{"b":[1,"é",{}],"a":12345678901234567890123456789012345678}"#), "0.1234567890123456789012345678"),
        ] {
            let everything = Everything {
                value: value.map(|text| Value::parse(text).unwrap()),
                number: Number::parse(number).unwrap(),
                bytes: vec![0, 255, 10],
            };
            let written = postcard::to_stdvec(&everything).unwrap();
            assert_eq!(postcard::from_bytes::<Everything>(&written).unwrap(), everything);
        }
    }
}
