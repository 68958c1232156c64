//! A text that a pattern matches.

use regex::Regex;
use regex_syntax::hir::Class;
use regex_syntax::hir::Hir;
use regex_syntax::hir::HirKind;

use crate::anchor::Anchor;

/// How long it may get, in bytes.
const MOST_BYTES: usize = 1_024;

/// A URL that may be called, if one is found.
pub(super) fn url(anchor: &Anchor) -> Option<String> {
    let like = || anchor.pattern.as_ref().and_then(text);
    let host = anchor.hosts.first().cloned().or_else(like)?;
    let url = format!("https://{host}{}", text(&anchor.path)?);
    anchor.admit(&url).is_ok().then_some(url)
}

/// A short text that a pattern matches, if one is found.
fn text(pattern: &Regex) -> Option<String> {
    let hir = regex_syntax::parse(pattern.as_str()).ok()?;
    let mut text = String::new();
    write(&hir, &mut text)?;
    pattern.is_match(&text).then_some(text)
}

fn write(hir: &Hir, text: &mut String) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let chars = class.iter().flat_map(|range| range.start()..=range.end());
            // A letter or a digit, as hardly anything else is a part of a name.
            let ranges = || class.iter().map(|range| range.start()..=range.end());
            let plain =
                ('a'..='z').chain('0'..='9').find(|it| ranges().any(|range| range.contains(it)));
            text.push(plain.or_else(|| chars.into_iter().next())?);
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                write(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, text))?,
        HirKind::Alternation(parts) => write(parts.first()?, text)?,
    }
    (text.len() <= MOST_BYTES).then_some(())
}

#[cfg(test)]
mod tests {
    use super::text;
    use super::url;
    use crate::anchor::Anchor;
    use crate::config::whole_match;

    #[test]
    fn a_pattern_matches_its_text() {
        for (pattern, expected) in [
            ("abc", "abc"),
            ("[a-z0-9-]+", "a"),
            ("[A-Z]{3}x?", "AAA"),
            (r"sns\.[a-z0-9-]+\.example\.(com|net)(\.cn)?", "sns.a.example.com"),
            (r"/\?Action=Confirm&.*", "/?Action=Confirm&"),
            ("(?i)A", "a"),
        ] {
            let found = text(&whole_match(pattern).unwrap());
            assert_eq!(found.as_deref(), Some(expected), "{pattern}");
        }
        for pattern in [r"[^\s\S]", "a{2000}", r"a\b."] {
            assert_eq!(text(&whole_match(pattern).unwrap()), None, "{pattern}");
        }
    }

    #[test]
    fn a_url_may_be_called() {
        let mut anchor = Anchor {
            hosts: Vec::new(),
            pattern: whole_match(r"api\.[a-z]+\.example\.com").ok(),
            path: whole_match(r"/confirm\?id=[0-9]{4}").unwrap(),
        };
        assert_eq!(url(&anchor).as_deref(), Some("https://api.a.example.com/confirm?id=0000"));
        anchor.hosts = vec!["localhost:8443".to_owned()];
        assert_eq!(url(&anchor).as_deref(), Some("https://localhost:8443/confirm?id=0000"));
        anchor.path = whole_match("no path").unwrap();
        assert_eq!(url(&anchor), None);
    }
}
