//! Add-ons of a channel, by host calls (version 1, see ABI.md). Keep this file and change it as you like: it needs
//! nothing but the standard library.
//!
//! ```ignore
//! mod hippo;
//! use hippo::{Database, Value};
//!
//! let database = Database::new("postgresql");
//! let notes = database.query("SELECT text FROM notes WHERE id = $1", &[Value::Integer(1)])?;
//! for row in &notes.rows {
//!     println!("{}", row[0].as_str().unwrap_or(""));
//! }
//! ```
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fmt;

mod sql {
    #[link(wasm_import_module = "hippo_sql")]
    extern "C" {
        pub fn query(pointer: *const u8, length: usize) -> i32;
        pub fn begin(pointer: *const u8, length: usize) -> i32;
        pub fn commit(pointer: *const u8, length: usize) -> i32;
        pub fn rollback(pointer: *const u8, length: usize) -> i32;
    }
}

mod kv {
    #[link(wasm_import_module = "hippo_kv")]
    extern "C" {
        pub fn get(pointer: *const u8, length: usize) -> i32;
        pub fn set(pointer: *const u8, length: usize) -> i32;
        pub fn delete(pointer: *const u8, length: usize) -> i32;
        pub fn increment(pointer: *const u8, length: usize) -> i32;
        pub fn expire(pointer: *const u8, length: usize) -> i32;
        pub fn list(pointer: *const u8, length: usize) -> i32;
    }
}

mod host {
    #[link(wasm_import_module = "hippo_host")]
    extern "C" {
        pub fn length(handle: i32) -> i32;
        pub fn read(handle: i32, pointer: *mut u8, length: usize) -> i32;
        pub fn close(handle: i32) -> i32;
    }
}

type HostFunction = unsafe extern "C" fn(*const u8, usize) -> i32;

/// Why a call did not work. `code` is one of ABI.md's, or `status -1` for those that the host returns.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    pub code: String,
    pub message: String,
    pub sql_state: Option<String>,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sql_state {
            Some(state) => write!(formatter, "{} ({}, {})", self.message, self.code, state),
            None => write!(formatter, "{} ({})", self.message, self.code),
        }
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

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

    fn encode(&self, out: &mut String) {
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

    fn decode(json: Json) -> Value {
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

#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    pub name: String,
    pub kind: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Value>>,
    /// Rows that were inserted, updated or deleted.
    pub affected: i64,
}

/// An add-on for SQL, by the name that the channel has it under.
pub struct Database {
    addon: String,
}

impl Database {
    pub fn new(addon: &str) -> Database {
        Database { addon: addon.to_string() }
    }

    pub fn query(&self, sql: &str, params: &[Value]) -> Result<Rows> {
        let mut members = String::from("\"sql\":");
        encode_text(sql, &mut members);
        members.push_str(",\"params\":");
        encode_list(params, &mut members);
        let mut response = call(sql::query, &self.addon, &members)?;
        let columns = response.take("columns").into_items().into_iter().map(|mut column| Column {
            name: column.take("name").into_text(),
            kind: column.take("type").into_text(),
        });
        let rows = response.take("rows").into_items().into_iter();
        Ok(Rows {
            columns: columns.collect(),
            rows: rows.map(|row| row.into_items().into_iter().map(Value::decode).collect()).collect(),
            affected: response.take("affected").into_text().parse().unwrap_or(0),
        })
    }

    /// Does all of `work` in one transaction or, where it fails, nothing.
    pub fn transaction<T>(&self, work: impl FnOnce(&Database) -> Result<T>) -> Result<T> {
        self.begin(false)?;
        match work(self) {
            Ok(done) => self.commit().map(|_| done),
            Err(error) => {
                let _ = self.rollback();
                Err(error)
            }
        }
    }

    /// From here to `commit` or `rollback` everything is in one transaction.
    pub fn begin(&self, read_only: bool) -> Result<()> {
        let members = if read_only { "\"readOnly\":true" } else { "" };
        call(sql::begin, &self.addon, members).map(|_| ())
    }

    pub fn commit(&self) -> Result<()> {
        call(sql::commit, &self.addon, "").map(|_| ())
    }

    pub fn rollback(&self) -> Result<()> {
        call(sql::rollback, &self.addon, "").map(|_| ())
    }
}

/// An add-on for keys and values, by the name that the channel has it under.
pub struct Store {
    addon: String,
}

impl Store {
    pub fn new(addon: &str) -> Store {
        Store { addon: addon.to_string() }
    }

    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let mut response = call(kv::get, &self.addon, &keyed(key))?;
        Ok(match response.take("values").into_items().into_iter().next() {
            Some(Json::Text(text)) => Some(text.into_bytes()),
            Some(Json::Object(mut members)) => {
                members.remove("bytes").map(|bytes| decode_base64(&bytes.into_text()))
            }
            _ => None,
        })
    }

    /// `seconds` after which it is gone.
    pub fn set(&self, key: &str, value: &[u8], seconds: Option<f64>) -> Result<()> {
        let mut members = keyed(key);
        members.push_str(",\"value\":");
        encode_tagged("bytes", &encode_base64(value), &mut members);
        push_ttl(seconds, &mut members);
        call(kv::set, &self.addon, &members).map(|_| ())
    }

    /// True if there was one.
    pub fn delete(&self, key: &str) -> Result<bool> {
        Ok(call(kv::delete, &self.addon, &keyed(key))?.take("deleted").into_text() != "0")
    }

    /// What it is now.
    pub fn increment(&self, key: &str, by: i64) -> Result<i64> {
        let members = format!("{},\"by\":{{\"bigint\":\"{}\"}}", keyed(key), by);
        let value = call(kv::increment, &self.addon, &members)?.take("value");
        Ok(Value::decode(value).as_i64().unwrap_or(0))
    }

    /// False if there is no such key; it stays where there are no `seconds`.
    pub fn expire(&self, key: &str, seconds: Option<f64>) -> Result<bool> {
        let mut members = keyed(key);
        push_ttl(seconds, &mut members);
        Ok(matches!(call(kv::expire, &self.addon, &members)?.take("done"), Json::Bool(true)))
    }

    /// Some keys, and the cursor with which the next call goes on.
    pub fn list(&self, prefix: &str, cursor: Option<&str>) -> Result<(Vec<String>, Option<String>)> {
        let mut members = String::from("\"prefix\":");
        encode_text(prefix, &mut members);
        if let Some(cursor) = cursor {
            members.push_str(",\"cursor\":");
            encode_text(cursor, &mut members);
        }
        let mut response = call(kv::list, &self.addon, &members)?;
        let keys = response.take("keys").into_items().into_iter().map(Json::into_text).collect();
        let next = match response.take("cursor") {
            Json::Text(next) => Some(next),
            _ => None,
        };
        Ok((keys, next))
    }
}

fn keyed(key: &str) -> String {
    let mut members = String::from("\"key\":");
    encode_text(key, &mut members);
    members
}

fn push_ttl(seconds: Option<f64>, members: &mut String) {
    if let Some(seconds) = seconds {
        members.push_str(&format!(",\"ttl\":{}", seconds));
    }
}

fn call(function: HostFunction, addon: &str, members: &str) -> Result<Json> {
    let mut request = String::from("{\"version\":1,\"addon\":");
    encode_text(addon, &mut request);
    if !members.is_empty() {
        request.push(',');
        request.push_str(members);
    }
    request.push('}');
    let handle = unsafe { function(request.as_ptr(), request.len()) };
    if handle < 0 {
        return Err(Error {
            code: format!("status {}", handle),
            message: "The host cannot take this call now.".to_string(),
            sql_state: None,
        });
    }
    let mut bytes = vec![0; unsafe { host::length(handle) }.max(0) as usize];
    unsafe {
        host::read(handle, bytes.as_mut_ptr(), bytes.len());
        host::close(handle);
    }
    let mut response = Reader { bytes: &bytes, at: 0 }.value();
    match response.take("error") {
        Json::Object(mut error) => {
            let mut text = |name: &str| error.remove(name).map(Json::into_text);
            Err(Error {
                code: text("code").unwrap_or_default(),
                message: text("message").unwrap_or_default(),
                sql_state: text("sqlState"),
            })
        }
        _ => Ok(response),
    }
}

enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    fn take(&mut self, name: &str) -> Json {
        match self {
            Json::Object(members) => members.remove(name).unwrap_or(Json::Null),
            _ => Json::Null,
        }
    }

    fn into_items(self) -> Vec<Json> {
        match self {
            Json::Array(items) => items,
            _ => Vec::new(),
        }
    }

    fn into_text(self) -> String {
        match self {
            Json::Text(text) | Json::Number(text) => text,
            _ => String::new(),
        }
    }
}

/// Reads what the host has written, which is always whole and well-formed.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Json {
        match self.peek() {
            b'"' => Json::Text(self.string()),
            b'[' => {
                self.at += 1;
                let mut items = Vec::new();
                while self.more(b']') {
                    items.push(self.value());
                }
                Json::Array(items)
            }
            b'{' => {
                self.at += 1;
                let mut members = BTreeMap::new();
                while self.more(b'}') {
                    let name = self.string();
                    // The colon.
                    self.at += 1;
                    members.insert(name, self.value());
                }
                Json::Object(members)
            }
            _ => self.word(),
        }
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b']')
    }

    fn more(&mut self, end: u8) -> bool {
        if self.at < self.bytes.len() && self.peek() == b',' {
            self.at += 1;
        }
        let over = self.at >= self.bytes.len() || self.peek() == end;
        if over {
            self.at += 1;
        }
        !over
    }

    fn word(&mut self) -> Json {
        let start = self.at;
        while self.at < self.bytes.len() && !matches!(self.peek(), b',' | b']' | b'}') {
            self.at += 1;
        }
        match &self.bytes[start..self.at] {
            b"null" => Json::Null,
            b"true" => Json::Bool(true),
            b"false" => Json::Bool(false),
            number => Json::Number(String::from_utf8_lossy(number).into_owned()),
        }
    }

    fn string(&mut self) -> String {
        let mut out = Vec::new();
        self.at += 1;
        while self.at < self.bytes.len() && self.peek() != b'"' {
            if self.peek() == b'\\' {
                let character = self.escape();
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                out.push(self.peek());
                self.at += 1;
            }
        }
        self.at += 1;
        String::from_utf8_lossy(&out).into_owned()
    }

    fn escape(&mut self) -> char {
        let code = self.bytes.get(self.at + 1).copied().unwrap_or(b'"');
        self.at += 2;
        match code {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let high = self.unit();
                if !(0xd800..0xdc00).contains(&high) {
                    return char::from_u32(high).unwrap_or('\u{fffd}');
                }
                // The other half of the pair, behind its own `\u`.
                self.at += 2;
                let low = self.unit();
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff))
                    .unwrap_or('\u{fffd}')
            }
            other => other as char,
        }
    }

    fn unit(&mut self) -> u32 {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or(b"fffd");
        self.at += 4;
        u32::from_str_radix(&String::from_utf8_lossy(digits), 16).unwrap_or(0xfffd)
    }
}

fn encode_list(items: &[Value], out: &mut String) {
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item.encode(out);
    }
    out.push(']');
}

fn encode_tagged(name: &str, text: &str, out: &mut String) {
    out.push_str(&format!("{{\"{}\":", name));
    encode_text(text, out);
    out.push('}');
}

fn encode_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn encode_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity((bytes.len() + 2) / 3 * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at > group.len() { '=' } else { digit });
        }
    }
    out
}

fn decode_base64(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut bits) = (0u32, 0);
    for byte in text.bytes() {
        let digit = match ALPHABET.iter().position(|known| *known == byte) {
            Some(digit) => digit as u32,
            // The padding.
            None => break,
        };
        word = word << 6 | digit;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}
