//! Values of SQL, and what they are in JSON (ABI.md, Values).

use super::json::{decode_base64, encode_base64, encode_text, Json};
use std::fmt;

/// A value of SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// Texts, and what has no other form: dates, times, UUIDs.
    Text(String),
    /// A `numeric`, and whole numbers of more than 64 bits, digit by digit.
    Decimal(String),
    Bytes(Vec<u8>),
    /// The text of a JSON document.
    Json(String),
    Array(Vec<Value>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Decimal(text) | Value::Json(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(*number),
            _ => None,
        }
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Integer(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            Value::Decimal(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    pub fn encode(&self, out: &mut String) {
        match self {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Integer(number) if number.unsigned_abs() < 1 << 53 => out.push_str(&number.to_string()),
            Value::Integer(number) => out.push_str(&format!("{{\"bigint\":\"{}\"}}", number)),
            Value::Float(number) if number.is_nan() => out.push_str("{\"float\":\"NaN\"}"),
            Value::Float(number) if number.is_infinite() => {
                let sign = if *number < 0.0 { "-" } else { "" };
                out.push_str(&format!("{{\"float\":\"{}Infinity\"}}", sign));
            }
            Value::Float(number) => out.push_str(&format!("{{\"float\":\"{:e}\"}}", number)),
            Value::Text(text) => encode_text(text, out),
            Value::Decimal(digits) => encode_tagged("decimal", digits, out),
            Value::Bytes(bytes) => encode_tagged("bytes", &encode_base64(bytes), out),
            Value::Json(text) => encode_tagged("json", text, out),
            Value::Array(items) => {
                out.push_str("{\"array\":");
                encode_list(items, out);
                out.push('}');
            }
        }
    }

    pub fn decode(json: Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(text) => number(&text),
            Json::Text(text) => Value::Text(text),
            Json::Array(items) => Value::Array(items.into_iter().map(Value::decode).collect()),
            Json::Object(members) => match members.into_iter().next() {
                Some((name, content)) => match (name.as_str(), content) {
                    ("array", Json::Array(items)) => {
                        Value::Array(items.into_iter().map(Value::decode).collect())
                    }
                    ("bytes", Json::Text(text)) => Value::Bytes(decode_base64(&text)),
                    ("json", Json::Text(text)) => Value::Json(text),
                    ("bigint", Json::Text(text)) => number(&text),
                    ("float", Json::Text(text)) => Value::Float(text.parse().unwrap_or(f64::NAN)),
                    (_, content) => Value::Decimal(content.into_text()),
                },
                None => Value::Null,
            },
        }
    }
}

/// As people read it: texts as they are, bytes as PostgreSQL shows them.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.pad("NULL"),
            Value::Bool(value) => value.fmt(f),
            Value::Integer(number) => number.fmt(f),
            Value::Float(number) => number.fmt(f),
            Value::Text(text) | Value::Decimal(text) | Value::Json(text) => f.pad(text),
            Value::Bytes(bytes) => {
                f.write_str("\\x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{:02x}", byte))
            }
            Value::Array(items) => {
                let texts: Vec<String> = items.iter().map(Value::to_string).collect();
                write!(f, "[{}]", texts.join(", "))
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_string())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Integer(number)
    }
}

fn number(text: &str) -> Value {
    if let Ok(number) = text.parse::<i64>() {
        return Value::Integer(number);
    }
    if text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit()) {
        return Value::Decimal(text.to_string());
    }
    Value::Float(text.parse().unwrap_or(f64::NAN))
}

pub fn encode_list(items: &[Value], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item.encode(out);
    }
    out.push(']');
}

pub fn encode_tagged(name: &str, text: &str, out: &mut String) {
    out.push_str(&format!("{{\"{}\":", name));
    encode_text(text, out);
    out.push('}');
}
