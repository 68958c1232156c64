//! Reading a JSON text that is plain, as nearly all are.
//!
//! A body is read for every request, and few of its values are asked for. So its structure and what is
//! simple in it are read here, at little more than the price of looking at each byte. What is not
//! simple (a text with escapes, a number with a fraction) is left to the library, token by token; and
//! a text that is not JSON or not taken is given up, and read again by the library, which says why.
//! So whatever is read here has to be JSON and mean the same to both, and nothing else matters.

use std::collections::HashSet;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::List;
use super::Map;
use super::Record;
use super::Text;
use super::Value;
use super::read::JSON_DEPTH;
use super::read::read_by_library;
use crate::needs::Paths;
use crate::number::Number;

/// Reads the values that `wanted` names; `None` where somebody else has to look.
pub(super) fn read_plain<'t>(text: &'t str, wanted: &Paths) -> Option<Value<'t>> {
    let mut reader = Plain { text, at: 0, keys: SmallVec::new() };
    let value = reader.value(wanted, JSON_DEPTH)?;
    reader.blank();
    (reader.at == text.len()).then_some(value)
}

struct Plain<'t> {
    text: &'t str,
    /// Where the next byte is.
    at: usize,
    /// The keys so far of every object that has not ended.
    keys: SmallVec<[&'t str; 32]>,
}

/// What a text holds that has to be read in another way than it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Escapes {
    None,
    /// Such as `\n`.
    Letters,
    /// Such as `\u00e4`: not every one is a character.
    Codes,
}

/// The most digits of a number that is certain to be an integer of 64 bits.
const FEW_DIGITS: usize = 18;

/// How many keys of one object are compared one by one.
const FEW_KEYS: usize = 32;

/// How many words of a text are looked at one by one.
const FEW_WORDS: usize = 4;

/// How many bytes of a longer text are looked at together.
const CHUNK: usize = 32;

/// Eight times one.
const EACH: u64 = u64::MAX / 255;

impl<'t> Plain<'t> {
    fn value(&mut self, wanted: &Paths, depth: usize) -> Option<Value<'t>> {
        match (wanted, self.next()?) {
            (_, b'{') => self.object(wanted, depth.checked_sub(1)?),
            // Nothing lies under a name in anything else.
            (Paths::Keys(_), first) => self.skip(first, depth).map(|()| Value::Null),
            (Paths::Whole, b'"') => self.text(),
            (Paths::Whole, b'[') => self.list(depth.checked_sub(1)?),
            (Paths::Whole, b't') => self.word("rue").map(|()| Value::Bool(true)),
            (Paths::Whole, b'f') => self.word("alse").map(|()| Value::Bool(false)),
            (Paths::Whole, b'n') => self.word("ull").map(|()| Value::Null),
            (Paths::Whole, b'-' | b'0'..=b'9') => self.number(),
            _ => None,
        }
    }

    fn object(&mut self, wanted: &Paths, depth: usize) -> Option<Value<'t>> {
        let mut record = match wanted {
            Paths::Whole => Record::default(),
            Paths::Keys(keys) => Record::with_capacity(keys.len()),
        };
        self.entries(|reader, key| {
            let wanted = match wanted {
                Paths::Whole => wanted,
                // There are few, and most are told apart by their lengths and first bytes.
                Paths::Keys(keys) => match keys.iter().find(|(name, _)| is_same(name, key)) {
                    Some((_, wanted)) => wanted,
                    None => return reader.skip_next(depth),
                },
            };
            record.push(Text::Borrowed(key), reader.value(wanted, depth)?);
            Some(())
        })?;
        Some(Value::Map(Map::from(record)))
    }

    fn list(&mut self, depth: usize) -> Option<Value<'t>> {
        let mut items = Vec::new();
        self.items(|reader| {
            items.push(reader.value(&Paths::Whole, depth)?);
            Some(())
        })?;
        Some(Value::List(List::from(items)))
    }

    fn text(&mut self) -> Option<Value<'t>> {
        let start = self.at;
        match self.end_of_text()? {
            Escapes::None => Some(Value::Text(Text::Borrowed(self.text.get(start..self.at - 1)?))),
            Escapes::Letters | Escapes::Codes => self.by_library(start - 1),
        }
    }

    fn number(&mut self) -> Option<Value<'t>> {
        let start = self.at - 1;
        if !self.end_of_number(start)? {
            return self.by_library(start);
        }
        let digits = self.text.as_bytes().get(start..self.at)?;
        let (is_negative, digits) = match digits {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        };
        let number = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        Some(Number::Int(if is_negative { -number } else { number }.into()).into())
    }

    /// What has been taken since `start`, as the library reads it.
    fn by_library(&self, start: usize) -> Option<Value<'t>> {
        read_by_library(self.text.get(start..self.at)?, &Paths::Whole).ok()
    }

    /// Reads the next value, and keeps nothing of it.
    fn skip_next(&mut self, depth: usize) -> Option<()> {
        let first = self.next()?;
        self.skip(first, depth)
    }

    /// Reads a value whose first byte has been taken, and keeps nothing of it.
    fn skip(&mut self, first: u8, depth: usize) -> Option<()> {
        match first {
            b'"' => {
                let start = self.at - 1;
                match self.end_of_text()? {
                    Escapes::None | Escapes::Letters => Some(()),
                    Escapes::Codes => self.by_library(start).map(drop),
                }
            }
            b'{' => {
                let depth = depth.checked_sub(1)?;
                self.entries(|reader, _| reader.skip_next(depth))
            }
            b'[' => {
                let depth = depth.checked_sub(1)?;
                self.items(|reader| reader.skip_next(depth))
            }
            b't' => self.word("rue"),
            b'f' => self.word("alse"),
            b'n' => self.word("ull"),
            b'-' | b'0'..=b'9' => {
                let start = self.at - 1;
                if self.end_of_number(start)? { Some(()) } else { self.by_library(start).map(drop) }
            }
            _ => None,
        }
    }

    /// Takes the entries of an object; `value` takes the value behind each key.
    fn entries(&mut self, mut value: impl FnMut(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        let outer = self.keys.len();
        // A bit for each key: one whose bit is not set is new without a look at the others.
        let mut marks = 0;
        let mut many = None;
        let mut next = self.next()?;
        if next == b'}' {
            return Some(());
        }
        loop {
            if next != b'"' {
                return None;
            }
            let start = self.at;
            if self.end_of_text()? != Escapes::None {
                return None;
            }
            let key = self.text.get(start..self.at - 1)?;
            let mark = mark(key.as_bytes());
            if marks & mark != 0 && !self.is_new(key, outer, &mut many) {
                return None;
            }
            marks |= mark;
            self.keys.push(key);
            if self.next()? != b':' {
                return None;
            }
            value(self, key)?;
            match self.next()? {
                b',' => next = self.next()?,
                b'}' => break,
                _ => return None,
            }
        }
        self.keys.truncate(outer);
        Some(())
    }

    /// Whether a key is none of those from `outer` on, which are gathered in `many` where they are.
    fn is_new(
        &self,
        key: &str,
        outer: usize,
        many: &mut Option<(usize, HashSet<&'t str, RandomState>)>,
    ) -> bool {
        let keys = &self.keys[outer..];
        if keys.len() <= FEW_KEYS {
            return !keys.contains(&key);
        }
        let (gathered, many) = many.get_or_insert_default();
        many.extend(&keys[*gathered..]);
        *gathered = keys.len();
        !many.contains(key)
    }

    /// Takes the items of a list; `item` takes each.
    fn items(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.blank();
        if self.text.as_bytes().get(self.at) == Some(&b']') {
            self.at += 1;
            return Some(());
        }
        loop {
            item(self)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    /// Takes the rest of a text, with its last quotation mark.
    #[inline]
    fn end_of_text(&mut self) -> Option<Escapes> {
        // Nearly all keys and most values end within a word.
        match word(self.text.as_bytes(), self.at).map(special_in) {
            Some(Some((n, true))) => {
                self.at += n + 1;
                Some(Escapes::None)
            }
            Some(None) => self.end_of_long_text(self.at + size_of::<u64>()),
            _ => self.end_of_long_text(self.at),
        }
    }

    /// The same for one that is longer, or not simple; nothing before `at` is.
    #[inline(never)]
    fn end_of_long_text(&mut self, mut at: usize) -> Option<Escapes> {
        let bytes = self.text.as_bytes();
        let mut escapes = Escapes::None;
        loop {
            let found = special(bytes, at)?;
            match bytes[found] {
                b'"' => {
                    self.at = found + 1;
                    return Some(escapes);
                }
                b'\\' => {
                    let kind = match bytes.get(found + 1)? {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Escapes::Letters,
                        b'u' => Escapes::Codes,
                        _ => return None,
                    };
                    escapes = escapes.max(kind);
                    at = found + 2;
                }
                _ => return None,
            }
        }
    }

    /// Takes the rest of a number that begins at `start`; whether it is a simple one.
    fn end_of_number(&mut self, start: usize) -> Option<bool> {
        let bytes = self.text.as_bytes();
        let is_negative = bytes[start] == b'-';
        let first = start + usize::from(is_negative);
        self.at = first;
        while let Some(b'0'..=b'9') = bytes.get(self.at) {
            self.at += 1;
        }
        let is_integer = !matches!(bytes.get(self.at), Some(b'.' | b'e' | b'E'));
        let is_simple = match &bytes[first..self.at] {
            [] | [b'0', _, ..] => return None,
            // The library knows a negative zero, which is no integer.
            [b'0'] => !is_negative,
            digits => digits.len() <= FEW_DIGITS,
        };
        if !is_integer {
            while let Some(b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-') = bytes.get(self.at) {
                self.at += 1;
            }
        }
        Some(is_integer && is_simple)
    }

    /// Takes the rest of a word.
    #[inline]
    fn word(&mut self, rest: &str) -> Option<()> {
        let found = self.text.as_bytes().get(self.at..)?.starts_with(rest.as_bytes());
        self.at += rest.len();
        found.then_some(())
    }

    /// Takes the next byte that is no blank.
    #[inline]
    fn next(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            self.at += 1;
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
        }
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.text.as_bytes().get(self.at) {
            self.at += 1;
        }
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.as_bytes().first() == b.as_bytes().first() && a == b
}

fn mark(key: &[u8]) -> u64 {
    let end = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    1 << ((key.len() + 5 * end(key.first()) + 11 * end(key.last())) % 64)
}

/// Where a text ends or is not simple: the first quotation mark, backslash or control character at or
/// behind `at`.
fn special(bytes: &[u8], mut at: usize) -> Option<usize> {
    // Most texts end within some words.
    for _ in 0..FEW_WORDS {
        match word(bytes, at).map(special_in) {
            Some(Some((n, _))) => return Some(at + n),
            Some(None) => at += size_of::<u64>(),
            None => break,
        }
    }
    while bytes.get(at..)?.first_chunk().is_some_and(is_clear) {
        at += CHUNK;
    }
    while let Some(word) = word(bytes, at) {
        if let Some((n, _)) = special_in(word) {
            return Some(at + n);
        }
        at += size_of::<u64>();
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.get(at..)?.iter().position(is_special).map(|n| at + n)
}

/// Whether none of those stands in a chunk. All its bytes are compared at once: of what is left of each
/// when a quotation mark, a backslash or the last control character is taken away, the least is zero
/// where one of them stands.
#[inline]
fn is_clear(chunk: &[u8; CHUNK]) -> bool {
    let left = |byte: u8| (byte ^ b'"').min(byte ^ b'\\').min(byte.saturating_sub(0x1f));
    chunk.iter().fold(u8::MAX, |least, byte| least.min(left(*byte))) != 0
}

/// Where the first of those stands among the eight bytes of a word, and whether it is a quotation mark.
#[inline]
fn special_in(word: u64) -> Option<(usize, bool)> {
    const HIGH: u64 = EACH * 0x80;
    // What borrows is below zero: the first of those found is one, those above it may not be.
    let is_quote = (word ^ (EACH * u64::from(b'"'))).wrapping_sub(EACH);
    let is_backslash = (word ^ (EACH * u64::from(b'\\'))).wrapping_sub(EACH);
    let is_control = word.wrapping_sub(EACH * 0x20);
    let found = (is_quote | is_backslash | is_control) & !word & HIGH;
    let first = found & found.wrapping_neg();
    (found != 0).then(|| (first.trailing_zeros() as usize / 8, is_quote & first != 0))
}

/// Eight bytes, the first of them the lowest.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read_plain;
    use super::special;
    use crate::needs::Paths;
    use crate::value::Value;
    use crate::value::read::read_by_library;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof![
            "[a-z]{0,20}",
            any::<String>(),
            "(\\\\|\"|\n|\u{1}|\u{7f}|\u{10ffff}|x){0,9}",
        ];
        let scalar = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<u64>().prop_map(serde_json::Value::from),
            (-99..99).prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            text.clone().prop_map(serde_json::Value::from),
        ];
        let key = prop_oneof!["[abc]", text];
        scalar.prop_recursive(6, 64, 40, move |inner| {
            let map = prop::collection::hash_map(key.clone(), inner.clone(), 0..40);
            prop_oneof![
                prop::collection::vec(inner, 0..6).prop_map(serde_json::Value::from),
                map.prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    fn wanted() -> impl Strategy<Value = Paths> {
        let leaf = prop_oneof![Just(Paths::Whole), Just(Paths::Keys(Vec::new()))];
        leaf.prop_recursive(3, 9, 3, |inner| {
            let keys = prop::collection::btree_map("[abc]", inner, 0..4);
            keys.prop_map(|keys| {
                Paths::Keys(keys.into_iter().map(|(key, paths)| (key.into(), paths)).collect())
            })
        })
    }

    /// What is read and what the library reads: the same, and nothing unless the library does.
    fn both(text: &str, wanted: &Paths) -> (Option<String>, Option<String>) {
        let show = |value: Value<'_>| value.to_json().to_string();
        (read_plain(text, wanted).map(show), read_by_library(text, wanted).ok().map(show))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn the_library_reads_the_same(
            json in json(),
            is_pretty in any::<bool>(),
            wanted in wanted(),
            spoiled in prop::option::of((any::<prop::sample::Index>(), 0..4_usize, "[\\[\\]{}\",:0-9eE.+\\- \\\\utfn\n]{0,3}")),
        ) {
            let mut text = if is_pretty { format!("{json:#}") } else { json.to_string() };
            if let Some((place, length, instead)) = spoiled {
                let places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
                let start = place.index(places.len());
                let end = places.get(start + length).copied().unwrap_or(text.len());
                text.replace_range(places[start]..end, &instead);
            }
            let (plain, library) = both(&text, &wanted);
            // Only the library reads keys with escapes.
            if plain.is_some() || !text.contains('\\') {
                prop_assert_eq!(plain, library, "{}", text);
            }
        }
    }

    #[test]
    fn what_is_left_to_the_library() {
        for text in [
            "[1,]",
            "[1 2]",
            "{\"a\":1,}",
            "{,}",
            "{\"a\" 1}",
            "tru",
            "01",
            "-",
            "1.",
            "1e999",
            "- 1",
            "\"",
            "\"\\",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\n\"",
            "{\"a\":1,\"a\":2}",
            "1 2",
            "",
            " ",
            "+1",
            ".5",
            "nul",
            "\u{feff}1",
        ] {
            assert!(read_plain(text, &Paths::Whole).is_none(), "{text}");
            assert!(read_plain(text, &Paths::Keys(Vec::new())).is_none(), "{text}");
        }
    }

    #[test]
    fn the_first_special_byte() {
        let clear = "abcdefghijklmnopqrstuvwxyz\u{7f}ü\u{800}!#";
        for length in (0..clear.len()).filter(|length| clear.is_char_boundary(*length)) {
            for end in ['"', '\\', '\n', '\0', '\u{1f}'] {
                let text = format!("{}{end}\"!\n", &clear[..length]);
                for at in 0..length {
                    assert_eq!(special(text.as_bytes(), at), Some(length), "{text:?}");
                }
            }
            assert_eq!(special(&clear.as_bytes()[..length], 0), None);
        }
    }
}
