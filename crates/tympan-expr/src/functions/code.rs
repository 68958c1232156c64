//! What can be done with encoded values.

use std::io;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::required;
use crate::types::Types;
use crate::value::Value;

/// Bytes of JSON that are read for the price of one step: its values are far larger than it.
const JSON_BYTES_PER_STEP: usize = 8;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "$PARSE_JSON",
        parameters: &[required("text", Kind::Data)],
        variadic: false,
        extension: false,
        result: Types::ANY,
        doc: "The value that a JSON text says; null if it is no JSON.",
        examples: &[
            (r#"$PARSE_JSON('{"a": [1, 2]}').a[1]"#, "2"),
            (r#""[oops".$PARSE_JSON()"#, "null"),
        ],
        otherwise: Otherwise::Null,
        call: |call| {
            let text = call.value(0);
            let bytes = text.as_bytes().unwrap_or_default();
            call.step(bytes.len() / JSON_BYTES_PER_STEP)?;
            Ok(serde_json::from_slice::<Value<'static>>(bytes).unwrap_or(Value::Null))
        },
    },
    Function {
        name: "$STRINGIFY_JSON",
        parameters: &[required("value", Kind::Some)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "The value as a JSON text without blanks; bytes that are no text in base64.",
        examples: &[
            (r#"$STRINGIFY_JSON({"days": [1, 2]})"#, r#""{\"days\":[1,2]}""#),
            ("$STRINGIFY_JSON(null)", "null"),
        ],
        otherwise: Otherwise::Null,
        call: stringify,
    },
];

/// A value as JSON text, which is given up where it gets too long.
pub(super) fn stringify<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let value = call.value(0);
    call.weigh(&value)?;
    let mut writer = Bounded { text: Vec::new(), left: call.output_left() };
    if serde_json::to_writer(&mut writer, &value).is_err() {
        return Err(Exhausted::Output);
    }
    match String::from_utf8(writer.text) {
        Ok(text) => call.made(text),
        Err(_) => Ok(Value::Null),
    }
}

struct Bounded {
    text: Vec<u8>,
    left: usize,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::FileTooLarge)?;
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
