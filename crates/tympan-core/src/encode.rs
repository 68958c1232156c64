//! How texts are written where others read them: base64, forms and URLs; and in how many ways one may be.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

/// What may stand within one part of a path as it is (RFC 3986, section 2.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Base64, with padding (RFC 4648, section 4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Names and values as `application/x-www-form-urlencoded`.
#[must_use]
pub fn form(parts: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(parts).finish()
}

/// A text within any part of a URL, with nothing that ends the part.
#[must_use]
pub fn in_url(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

/// A text within the path of a URL, with everything that may stand there as it is (RFC 3986, section
/// 3.3), and no further part.
#[must_use]
pub fn in_path(text: &str) -> String {
    const PART: &AsciiSet = &KEPT
        .remove(b':')
        .remove(b'@')
        .remove(b'!')
        .remove(b'$')
        .remove(b'&')
        .remove(b'\'')
        .remove(b'(')
        .remove(b')')
        .remove(b'*')
        .remove(b'+')
        .remove(b',')
        .remove(b';')
        .remove(b'=');
    utf8_percent_encode(text, PART).to_string()
}

/// Every way in which a text may be written, so that it is found wherever it must not be shown: as it is, in
/// JSON, in a form, in a URL, and in a URL that stands in one of these.
#[must_use]
pub fn ways(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let json = serde_json::Value::from(text).to_string();
    let within = with_small_digits_as_well(vec![in_form(text), in_path(text), in_url(text)]);
    let urls = within.iter().flat_map(|url| [in_form(url), in_url(url)]).collect();
    let mut ways = vec![text.to_owned(), json[1..json.len() - 1].to_owned()];
    ways.extend(with_small_digits_as_well(urls));
    ways.extend(within);
    ways.sort();
    ways.dedup();
    ways
}

/// The value of a form.
fn in_form(text: &str) -> String {
    form(&[("", text)])[1..].to_owned()
}

/// The same, and with the hexadecimal digits behind percent signs in lower case.
fn with_small_digits_as_well(mut encoded: Vec<String>) -> Vec<String> {
    let small = encoded.iter().map(|text| {
        let mut pieces = text.split('%');
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |small, piece| {
            let (digits, rest) = piece.split_at(piece.floor_char_boundary(2));
            small + "%" + &digits.to_ascii_lowercase() + rest
        })
    });
    let small: Vec<_> = small.collect();
    encoded.extend(small);
    encoded
}

#[cfg(test)]
mod tests {
    use super::ways;

    #[test]
    fn in_how_many_ways_a_text_may_be_written() {
        let ways = ways("a \"\u{e4}+:");
        for way in [
            "a \"\u{e4}+:",
            "a \\\"\u{e4}+:",
            "a+%22%C3%A4%2B%3A",
            "a+%22%c3%a4%2b%3a",
            "a%20%22%C3%A4+:",
            "a%20%22%c3%a4+:",
            "a%20%22%C3%A4%2B%3A",
            "a%2520%2522%25C3%25A4%252B%253A",
            "a%2520%2522%25c3%25a4%252b%253a",
            "a%2B%2522%25C3%25A4%252B%253A",
            "a%2520%2522%25C3%25A4%2B%3A",
        ] {
            assert!(ways.iter().any(|known| known == way), "{way} is not in {ways:?}");
        }
        assert_eq!(super::ways("abc"), ["abc"]);
        assert!(super::ways("").is_empty());
    }
}
