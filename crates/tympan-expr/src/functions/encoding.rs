//! What can be done with bytes that are written as text.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::percent_decode;
use percent_encoding::percent_encode;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Parameter;
use crate::functions::extension;
use crate::functions::required;
use crate::number::Number;
use crate::types::Types;
use crate::value::Bytes;
use crate::value::Value;

const DATA: Parameter = required("data", Kind::Data);
const TEXT: Parameter = required("text", Kind::Text);

/// Padding is written; with or without it is read.
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);

/// As tokens have it: no padding is written; with or without it is read.
const BASE64_URL: GeneralPurpose =
    GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT.with_encode_padding(false));

const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// What is not unreserved in RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) static FUNCTIONS: &[Function] = &[
    extension(
        "$BASE64_DECODE",
        &[TEXT],
        Types::BYTES,
        "The bytes that a text in base64 (RFC 4648, section 4) stands for, padded or not; null if \
         it is none.",
        &[
            (r#""aGk=".$BASE64_DECODE()"#, r#""hi""#),
            (r#""aGk".$BASE64_DECODE().$TEXT()"#, r#""hi""#),
            (r#""a b".$BASE64_DECODE()"#, "null"),
        ],
        |call| decoded(call, |text| BASE64.decode(text).ok()),
    ),
    extension(
        "$BASE64_ENCODE",
        &[DATA],
        Types::TEXT,
        "Bytes, or those of a text, in base64 with padding.",
        &[(r#""hi".$BASE64_ENCODE()"#, r#""aGk=""#)],
        |call| encoded(call, |bytes| BASE64.encode(bytes)),
    ),
    extension(
        "$BASE64URL_DECODE",
        &[TEXT],
        Types::BYTES,
        "The bytes that a text in base64url (RFC 4648, section 5) stands for, padded or not; null \
         if it is none.",
        &[(r#""eyJhIjoxfQ".$BASE64URL_DECODE().$PARSE_JSON().a"#, "1")],
        |call| decoded(call, |text| BASE64_URL.decode(text).ok()),
    ),
    extension(
        "$BASE64URL_ENCODE",
        &[DATA],
        Types::TEXT,
        "Bytes, or those of a text, in base64url without padding.",
        &[(r#""a?>".$BASE64URL_ENCODE()"#, r#""YT8-""#)],
        |call| encoded(call, |bytes| BASE64_URL.encode(bytes)),
    ),
    extension(
        "$HEX_DECODE",
        &[TEXT],
        Types::BYTES,
        "The bytes that pairs of hexadecimal digits stand for, in either case; null if there is \
         anything else.",
        &[(r#""6869".$HEX_DECODE()"#, r#""hi""#), (r#""0x68".$HEX_DECODE()"#, "null")],
        |call| decoded(call, unhexed),
    ),
    extension(
        "$HEX_ENCODE",
        &[DATA],
        Types::TEXT,
        "Bytes, or those of a text, as pairs of hexadecimal digits in lower case.",
        &[(r#""hi".$HEX_ENCODE()"#, r#""6869""#)],
        |call| encoded(call, |bytes| const_hex::encode(bytes)),
    ),
    extension(
        "$UNSIGNED",
        &[DATA],
        Types::NUMBER,
        "The whole number that bytes are, the highest first; null if there are none, or more than \
         eight.",
        &[
            (r#""0100".$HEX_DECODE().$UNSIGNED()"#, "256"),
            (r#""123456789".$CRC32().$UNSIGNED()"#, "3421780262"),
            (r#""".$UNSIGNED()"#, "null"),
        ],
        |call| {
            let data = call.value(0);
            let bytes = data.as_bytes().unwrap_or_default();
            if !(1..=8).contains(&bytes.len()) {
                return Ok(Value::Null);
            }
            let number = bytes.iter().fold(0, |number, byte| number << 8 | i128::from(*byte));
            Ok(Value::Number(Number::Int(number)))
        },
    ),
    extension(
        "$URL_DECODE",
        &[TEXT],
        Types::TEXT,
        "A text with every `%` and two hexadecimal digits as the byte that they stand for; null if \
         that makes no text. A `+` stays one: $FORM_PAIRS reads forms.",
        &[(r#""a%20b+c".$URL_DECODE()"#, r#""a b+c""#), (r#""%FF".$URL_DECODE()"#, "null")],
        |call| {
            let text = call.value(0);
            match percent_decode(text.as_bytes().unwrap_or_default()).decode_utf8() {
                Ok(decoded) => call.made(decoded.into_owned()),
                Err(_) => Ok(Value::Null),
            }
        },
    ),
    extension(
        "$URL_ENCODE",
        &[DATA],
        Types::TEXT,
        "A text, or bytes, with everything but letters, digits, `-`, `.`, `_` and `~` as `%` and \
         two hexadecimal digits.",
        &[(r#""a b&c=ñ".$URL_ENCODE()"#, r#""a%20b%26c%3D%C3%B1""#)],
        |call| encoded(call, |bytes| percent_encode(bytes, RESERVED).to_string()),
    ),
];

/// Bytes as text, at most three times as long.
fn encoded<'a>(
    call: &mut Call<'a, '_, '_>,
    encode: fn(&[u8]) -> String,
) -> Result<Value<'a>, Exhausted> {
    let data = call.value(0);
    let bytes = data.as_bytes().unwrap_or_default();
    // What is short enough to be written is small even three times over.
    if bytes.len() > call.output_left() {
        return Err(Exhausted::Output);
    }
    call.made(encode(bytes))
}

/// Text as bytes, which are fewer.
fn decoded<'a>(
    call: &mut Call<'a, '_, '_>,
    decode: fn(&str) -> Option<Vec<u8>>,
) -> Result<Value<'a>, Exhausted> {
    let Some(bytes) = call.text(0).and_then(|text| decode(&text)) else { return Ok(Value::Null) };
    call.output(bytes.len())?;
    Ok(Value::Bytes(Bytes::from(bytes)))
}

/// The library would accept a prefix.
fn unhexed(text: &str) -> Option<Vec<u8>> {
    if text.starts_with("0x") { None } else { const_hex::decode(text).ok() }
}
