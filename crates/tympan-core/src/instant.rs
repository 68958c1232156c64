//! How instants are written for others.

/// RFC 3339, in UTC with thousandths, of seconds since 1970.
pub(crate) fn written(now: f64) -> String {
    let milliseconds = std::time::Duration::try_from_secs_f64(now).unwrap_or_default().as_millis();
    let timestamp = i64::try_from(milliseconds).map(jiff::Timestamp::from_millisecond);
    match timestamp {
        Ok(Ok(timestamp)) => timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        _ => "1970-01-01T00:00:00.000Z".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn instants() {
        assert_eq!(super::written(1_700_000_000.25), "2023-11-14T22:13:20.250Z");
        assert_eq!(super::written(-1.0), "1970-01-01T00:00:00.000Z");
    }
}
