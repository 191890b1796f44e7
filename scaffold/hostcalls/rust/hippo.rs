//! Add-ons of a channel, by host calls (hippo_host, version 1). Keep this file and hippo/, and change them as you
//! like: they need nothing but the standard library.
//!
//! ```ignore
//! mod hippo;
//! use hippo::{Database, Value};
//!
//! let database = Database::new("postgresql");
//! let notes = database.query("SELECT text FROM notes WHERE id = $1", &[Value::Integer(1)])?;
//! for row in &notes.rows {
//!     println!("{}", row[0]);
//! }
//! ```
#![allow(dead_code)]

#[path = "hippo/host.rs"]
mod host;
#[path = "hippo/json.rs"]
mod json;
#[path = "hippo/value.rs"]
mod value;

use host::{call, kv, sql};
pub use host::{Error, Result};
use json::{decode_base64, encode_base64, encode_text, Json};
pub use value::Value;
use value::{encode_list, encode_tagged};

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
