//! The JSON of host calls, and base64.

use std::collections::BTreeMap;

pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub fn take(&mut self, name: &str) -> Json {
        match self {
            Json::Object(members) => members.remove(name).unwrap_or(Json::Null),
            _ => Json::Null,
        }
    }

    pub fn into_items(self) -> Vec<Json> {
        match self {
            Json::Array(items) => items,
            _ => Vec::new(),
        }
    }

    pub fn into_text(self) -> String {
        match self {
            Json::Text(text) | Json::Number(text) => text,
            _ => String::new(),
        }
    }
}

/// Reads what the host has written, which is always whole and well-formed.
pub fn read(bytes: &[u8]) -> Json {
    Reader { bytes, at: 0 }.value()
}

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

pub fn encode_text(text: &str, out: &mut String) {
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

pub fn encode_base64(bytes: &[u8]) -> String {
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

pub fn decode_base64(text: &str) -> Vec<u8> {
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
