//! JSON that is sent, in bounded memory: values share what they are made of, and written out they do
//! not.

use std::io;
use std::io::Write;

use serde::Serialize;
use tympan_expr::Value;

/// How many bytes of JSON the events of a request, or its answer, may be beside twice its body.
pub(crate) const MOST_JSON: usize = 16 << 20;

/// How many bytes of a value a person is shown at most.
const MOST_SHOWN: usize = 1 << 20;

/// Room for the JSON of one request.
#[derive(Debug)]
pub(crate) struct Room {
    left: usize,
}

/// Why a value is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// There is no room for it.
    TooLong,
    /// JSON cannot hold it.
    NoJson,
}

impl Room {
    /// The room of a request with so many bytes of body.
    pub(crate) fn new(body: usize) -> Self {
        Self { left: MOST_JSON.saturating_add(body.saturating_mul(2)) }
    }

    /// Whether so many bytes are left, which are taken then.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// Whether a value surely fits, told from its parts without writing it; the most that it can be is
    /// taken then.
    pub(crate) fn surely_holds(&mut self, value: &Value<'_>) -> bool {
        let mut left = self.left;
        let holds = take_most(value, &mut left).is_some();
        if holds {
            self.left = left;
        }
        holds
    }

    /// A value as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<Vec<u8>, Unwritten> {
        let mut written = Written { bytes: Vec::new(), room: self };
        serde_json::to_writer(&mut written, value)
            .map_err(|error| if error.is_io() { Unwritten::TooLong } else { Unwritten::NoJson })?;
        Ok(written.bytes)
    }
}

/// The most bytes that a text can be in JSON, where each of its bytes may need six, and its quotes and
/// what stands behind it.
pub(crate) fn most_of_text(text: &str) -> usize {
    most_of_length(text.len())
}

/// The same of one with so many bytes.
pub(crate) fn most_of_length(length: usize) -> usize {
    length.saturating_mul(6).saturating_add(4)
}

/// Takes the most that a value can be off what is left, if there is that much.
fn take_most(value: &Value<'_>, left: &mut usize) -> Option<()> {
    let most = match value {
        Value::Null | Value::Bool(_) => 8,
        Value::Number(_) => 48,
        Value::Text(text) => most_of_text(text),
        Value::Bytes(bytes) => most_of_length(bytes.len()),
        Value::List(_) | Value::Map(_) => 4,
    };
    *left = left.checked_sub(most)?;
    match value {
        Value::List(items) => items.iter().try_for_each(|item| take_most(item, left)),
        Value::Map(entries) => entries.iter().try_for_each(|(key, value)| {
            *left = left.checked_sub(most_of_text(key))?;
            take_most(value, left)
        }),
        _ => Some(()),
    }
}

/// A value as JSON for a person, who reads no further than to a bound anyway.
pub(crate) fn beginning(value: &impl Serialize) -> String {
    beginning_within(MOST_SHOWN, value)
}

fn beginning_within(most: usize, value: &impl Serialize) -> String {
    let mut beginning = Beginning { bytes: Vec::new(), left: most };
    // What does not fit is not read.
    let _ = serde_json::to_writer(&mut beginning, value);
    let whole = beginning.bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    whole.to_owned()
}

/// What is written so far, and no further than to a bound.
struct Beginning {
    bytes: Vec<u8>,
    left: usize,
}

impl Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fitting = &bytes[..bytes.len().min(self.left)];
        self.left -= fitting.len();
        self.bytes.extend_from_slice(fitting);
        // Nothing written is an error to whoever has more to write.
        Ok(fitting.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written so far.
struct Written<'r> {
    bytes: Vec<u8>,
    room: &'r mut Room,
}

impl Write for Written<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.room.left.checked_sub(bytes.len());
        self.room.left = left.ok_or(io::ErrorKind::FileTooLarge)?;
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tympan_expr::Paths;
    use tympan_expr::Value;
    use tympan_expr::read_json;

    use super::Room;
    use super::Unwritten;
    use super::beginning_within;

    #[test]
    fn room_is_shared() {
        let mut room = Room { left: 10 };
        assert_eq!(room.json(&[1, 2]).as_deref(), Ok(&b"[1,2]"[..]));
        assert_eq!(room.json(&[1, 2]).as_deref(), Ok(&b"[1,2]"[..]));
        assert_eq!(room.json(&1), Err(Unwritten::TooLong));
    }

    #[test]
    fn what_surely_fits_fits() {
        let texts = [
            r#"{"a":[1,-9e300,0.1,18446744073709551615],"b":{"":"\u0001\u0002"}}"#,
            r#"[null,true,false,[],{},"ü","\"",1e18]"#,
        ];
        for text in texts {
            let value = read_json(text.as_bytes(), &Paths::Whole).unwrap();
            let mut room = Room { left: 1000 };
            assert!(room.surely_holds(&value), "{text}");
            let written = serde_json::to_vec(&value).unwrap();
            assert!(written.len() <= 1000 - room.left, "{text}");
            let mut small = Room { left: written.len() - 1 };
            assert!(!small.surely_holds(&value) && small.left == written.len() - 1, "{text}");
        }
        assert!(Room { left: 48 }.surely_holds(&Value::Null));
    }

    #[test]
    fn a_long_text_has_a_beginning() {
        assert_eq!(beginning_within(4, &"abcdef"), r#""abc"#);
        assert_eq!(beginning_within(4, &"abüd"), r#""ab"#);
        assert_eq!(beginning_within(5, &[1, 2]), "[1,2]");
    }
}
