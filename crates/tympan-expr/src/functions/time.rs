//! What can be done with times, which are numbers of seconds since 1970.

use jiff::Timestamp;
use jiff::civil;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::bounds::Exhausted;
use crate::functions::Call;
use crate::functions::Function;
use crate::functions::Kind;
use crate::functions::Otherwise;
use crate::functions::optional;
use crate::functions::required;
use crate::number::Number;
use crate::types::Types;
use crate::value::Value;

/// The one function whose value is another at every call.
pub(super) const NOW: &str = "$TIME";

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "$FORMAT_TIME",
        parameters: &[required("time", Kind::Number), optional("format", Kind::Text)],
        variadic: false,
        extension: false,
        result: Types::TEXT,
        doc: "A time as text, in UTC. `format` is written as for strftime and is \
              `%Y-%m-%dT%H:%M:%SZ` when left out; null if it is no format.",
        examples: &[
            ("$FORMAT_TIME(0)", r#""1970-01-01T00:00:00Z""#),
            (r#"1728864000.$FORMAT_TIME("%b %d, %Y")"#, r#""Oct 14, 2024""#),
        ],
        otherwise: Otherwise::Null,
        call: format,
    },
    Function {
        name: "$PARSE_TIME",
        parameters: &[required("text", Kind::Some)],
        variadic: false,
        extension: false,
        result: Types::NUMBER,
        doc: "The time that a text says, in seconds since 1970: RFC 3339, or a date, or a date and \
              a time of day, which are taken as UTC; null if it is none of these. A number stays \
              what it is.",
        examples: &[
            (r#"$PARSE_TIME("2024-10-14T02:00:00+02:00")"#, "1728864000"),
            (r#"$PARSE_TIME("2024-10-14")"#, "1728864000"),
            (r#""2015-03-10 04:00:07".$PARSE_TIME()"#, "1425960007"),
            (r#"$PARSE_TIME("2025-11-11T20:37:49.5Z")"#, "1762893469.5"),
            (r#"$PARSE_TIME("soon")"#, "null"),
        ],
        otherwise: Otherwise::Null,
        call: |call| {
            Ok(match call.value(0) {
                number @ Value::Number(_) => number,
                _ => call.text(0).and_then(|text| parse(text.trim())).map_or(Value::Null, seconds),
            })
        },
    },
    Function {
        name: NOW,
        parameters: &[],
        variadic: false,
        extension: false,
        result: Types::NUMBER,
        doc: "The instant at which the expression is evaluated, in seconds since 1970.",
        examples: &[("$TIME() - $TIME()", "0"), ("$TIME() > 0", "true")],
        otherwise: Otherwise::Null,
        call: |call| Ok(Value::Number(Number::simplest(call.now()))),
    },
];

fn parse(text: &str) -> Option<Timestamp> {
    // A text of that length is no time; the parser need not see it.
    if text.len() > 128 {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let local = text.parse::<civil::DateTime>().ok()?;
        local.to_zoned_datetime(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

fn seconds(time: Timestamp) -> Value<'static> {
    let number = match time.subsec_nanosecond() {
        0 => Number::Int(time.as_second().into()),
        _ => Number::Float(time.as_duration().as_secs_f64()),
    };
    Value::Number(number)
}

fn format<'a>(call: &mut Call<'a, '_, '_>) -> Result<Value<'a>, Exhausted> {
    let format = call.text(1);
    let format = format.as_deref().unwrap_or("%Y-%m-%dT%H:%M:%SZ");
    let text = call.number(0).and_then(|number| {
        let time = instant(number)?;
        BrokenDownTime::from(&time.to_zoned_datetime(TimeZone::UTC)).to_string(format).ok()
    });
    match text {
        Some(text) => call.made(text),
        None => Ok(Value::Null),
    }
}

fn instant(number: Number) -> Option<Timestamp> {
    let whole = number.truncate().and_then(|int| i64::try_from(int).ok())?;
    let fraction = match number {
        Number::Int(_) => 0.0,
        Number::Float(float) => float.fract(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "less than a second of nanoseconds")]
    let nanoseconds = (fraction * 1e9) as i32;
    Timestamp::new(whole, nanoseconds).ok()
}
