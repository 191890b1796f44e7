//! The functions that the host has for its guests, and one call of them (ABI.md, Requests and responses).

use super::json::{encode_text, read, Json};
use std::fmt;

pub mod sql {
    #[link(wasm_import_module = "hippo_sql")]
    extern "C" {
        pub fn query(pointer: *const u8, length: usize) -> i32;
        pub fn begin(pointer: *const u8, length: usize) -> i32;
        pub fn commit(pointer: *const u8, length: usize) -> i32;
        pub fn rollback(pointer: *const u8, length: usize) -> i32;
    }
}

pub mod kv {
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

mod own {
    #[link(wasm_import_module = "hippo_host")]
    extern "C" {
        pub fn length(handle: i32) -> i32;
        pub fn read(handle: i32, pointer: *mut u8, length: usize) -> i32;
        pub fn close(handle: i32) -> i32;
    }
}

pub type HostFunction = unsafe extern "C" fn(*const u8, usize) -> i32;

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

pub fn call(function: HostFunction, addon: &str, members: &str) -> Result<Json> {
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
    let mut bytes = vec![0; unsafe { own::length(handle) }.max(0) as usize];
    unsafe {
        own::read(handle, bytes.as_mut_ptr(), bytes.len());
        own::close(handle);
    }
    let mut response = read(&bytes);
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
