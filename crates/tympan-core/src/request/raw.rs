//! A raw HTTP/1.x message: the head in lines, an empty line, and the body.

use http::header;

use super::Draft;
use super::Fault;
use super::Saved;

/// The longest head, in bytes.
const MOST_HEAD: usize = 256 << 10;

pub(super) fn read(message: &[u8]) -> Result<Saved, Fault> {
    let mut rest = message;
    let request_line = line(&mut rest, message)?;
    let request_line = std::str::from_utf8(request_line).unwrap_or_default();
    let words: Vec<_> = request_line.split_ascii_whitespace().collect();
    let (method, target) = match words[..] {
        [method, target, version] if version.starts_with("HTTP/") => (method, target),
        _ => {
            let shown: String = request_line.chars().take(80).collect();
            return Err(Fault::new(format!(
                "it begins with {shown:?}, which is neither `POST /path HTTP/1.1` nor `curl` nor a \
                 HAR file"
            )));
        }
    };
    let mut draft = Draft::new(method, target)?;
    let mut has_end = false;
    while !rest.is_empty() {
        let header = line(&mut rest, message)?;
        if header.is_empty() {
            has_end = true;
            break;
        }
        if header.starts_with(b" ") || header.starts_with(b"\t") {
            return Err(Fault::new("a header goes on in a second line, which HTTP/1.1 forbids"));
        }
        let colon = header.iter().position(|byte| *byte == b':').ok_or_else(|| {
            let shown: String = String::from_utf8_lossy(header).chars().take(80).collect();
            Fault::new(format!("{shown:?} is no header: the empty line before the body is missing"))
        })?;
        let name = std::str::from_utf8(&header[..colon]).unwrap_or_default();
        draft.header(name, header[colon + 1..].trim_ascii())?;
    }
    if !has_end {
        draft.note("no empty line ends the head: there is no body");
    }
    let body = body(&mut draft, rest);
    Ok(draft.end(body))
}

/// The next line, without its end.
fn line<'m>(rest: &mut &'m [u8], message: &[u8]) -> Result<&'m [u8], Fault> {
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    if message.len() - rest.len() > MOST_HEAD {
        return Err(Fault::new(format!("its head is larger than {MOST_HEAD} bytes")));
    }
    Ok(line.strip_suffix(b"\r").unwrap_or(line))
}

/// What of the rest of a file is the body.
fn body(draft: &mut Draft, rest: &[u8]) -> Vec<u8> {
    let value = |name| {
        let value = draft.saved.headers.get(name)?;
        value.to_str().ok().map(str::to_ascii_lowercase)
    };
    if value(header::TRANSFER_ENCODING).is_some_and(|it| it.contains("chunked")) {
        return if let Some(body) = unchunked(rest) {
            draft.note("the body is put together from its chunks");
            body
        } else {
            draft.note("the body is said to be chunked and is not: it is taken as it is");
            rest.to_vec()
        };
    }
    let Some(length) = value(header::CONTENT_LENGTH).and_then(|it| it.parse::<usize>().ok()) else {
        if rest.ends_with(b"\n") {
            draft.note(
                "the body ends with a line break, and no Content-Length says whether it is a part \
                 of it: it is taken for one",
            );
        }
        return rest.to_vec();
    };
    match rest.get(length..) {
        None => {
            let n_bytes = rest.len();
            draft.note(format!(
                "Content-Length is {length}, but only {n_bytes} bytes of body are in the file"
            ));
            rest.to_vec()
        }
        Some(b"") => rest.to_vec(),
        Some(b"\n" | b"\r\n") => {
            draft.note(
                "the line break behind the body is left out: Content-Length does not count it, an \
                 editor may have added it",
            );
            rest[..length].to_vec()
        }
        Some(more) => {
            let n_more = more.len();
            draft.note(format!(
                "Content-Length is {length}: {n_more} bytes behind the body are left out"
            ));
            rest[..length].to_vec()
        }
    }
}

/// A body from its chunks; nothing if these are none.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 1..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = &rest[size..];
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    }
}
