//! What a WAGI app needs: the request stands in environment variables, the answer goes to standard output,
//! and the files of the bindle are mounted at `/`. Keep this file and change it as you like.

use std::io::{self, Write};
use std::{env, fs};

/// An environment variable of the channel or of the request, or `fallback` where it is not set.
pub fn variable(name: &str, fallback: &str) -> String {
    env::var(name).unwrap_or_else(|_| fallback.to_owned())
}

/// A value from the query of the request's address, or `fallback` where it is not given.
pub fn parameter(name: &str, fallback: &str) -> String {
    find_parameter(&variable("QUERY_STRING", ""), name).unwrap_or_else(|| fallback.to_owned())
}

/// The whole answer: call it once.
pub fn answer(status: u16, content_type: &str, body: impl AsRef<[u8]>) -> io::Result<()> {
    let mut output = io::stdout();
    write!(output, "Status: {status}\nContent-Type: {content_type}\n\n")?;
    output.write_all(body.as_ref())?;
    output.flush()
}

/// Text for a place between HTML tags or in a quoted attribute.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A file of the bindle, named as in HIPPOFACTS (`static/style.css`); None if it has none.
pub fn read_file(path: &str) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

fn find_parameter(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|item| item.split_once('='))
        .find(|(key, _)| decode(key) == name)
        .map(|(_, value)| decode(value))
}

/// Undoes the encoding of a form: `+` is a blank, `%41` a byte of UTF-8.
fn decode(text: &str) -> String {
    let encoded = text.as_bytes();
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut i = 0;
    while i < encoded.len() {
        let digits = (hex(encoded.get(i + 1)), hex(encoded.get(i + 2)));
        match (encoded[i], digits) {
            (b'%', (Some(high), Some(low))) => {
                bytes.push(high * 16 + low);
                i += 2;
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of a hexadecimal digit.
fn hex(digit: Option<&u8>) -> Option<u8> {
    (*digit? as char).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let name = |query| find_parameter(query, "name");
        assert_eq!(name("x=1&name=Ana+%C3%89").as_deref(), Some("Ana É"));
        assert_eq!(name("name=100%").as_deref(), Some("100%"));
        assert_eq!(name("name"), None);
    }

    #[test]
    fn html_is_escaped() {
        assert_eq!(escape_html("<a '\"&'>"), "&lt;a &#39;&quot;&amp;&#39;&gt;");
    }
}
