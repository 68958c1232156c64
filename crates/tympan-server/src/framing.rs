//! Where one request ends and the next begins, before the HTTP library decides it.
//!
//! Two programs that read the same bytes must find the same requests in them. The library is more
//! lenient than that: it takes a bare line feed for a line end, and prefers one length to another
//! (RFC 9112, sections 2.2, 3 and 6.3, say what a recipient may do, and that it had better not).
//! So heads are looked at as they arrive. In one that is ambiguous, a line feed is replaced by a
//! zero, which no head may hold: the library refuses it with 400 and closes the connection.
//!
//! What comes behind a head is counted, not understood. Only if it is exactly the body that the
//! head announced may another request follow it on the same connection.

/// The longest name that matters, with its colon.
const MOST_PREFIX: usize = "transfer-encoding:".len();

/// What is ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    BareLineFeed,
    Fragment,
    SeveralLengths,
    SeveralEncodings,
    LengthAndEncoding,
}

/// The heads of one connection.
#[derive(Debug, Default)]
pub(crate) struct Framing {
    state: State,
    fault: Option<Fault>,
    /// The byte before those that come next.
    last: u8,
    /// Whether the line is that of the method and the target.
    is_in_headers: bool,
    has_fragment: bool,
    /// The beginning of a line that has not ended, and its length so far.
    prefix: [u8; MOST_PREFIX],
    length: usize,
    seen: Seen,
    /// How many bytes came behind the head.
    beyond: u64,
}

/// The headers that matter: those that say where a body ends. Whatever else is ambiguous about a
/// head can be seen by whoever reads it.
#[derive(Debug, Default)]
struct Seen {
    length: bool,
    encoding: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    Beyond,
    /// Nothing more will be read.
    Refused,
}

impl Framing {
    /// Looks at what has arrived, and spoils it if it is ambiguous.
    pub(crate) fn received(&mut self, bytes: &mut [u8]) {
        let n_of_head = if self.state == State::Head { self.head(bytes) } else { 0 };
        if self.fault.is_some() && n_of_head > 0 {
            bytes[n_of_head - 1] = 0;
            self.state = State::Refused;
        }
        self.beyond += (bytes.len() - n_of_head) as u64;
    }

    /// Looks at the head, as far as it has arrived; how far it goes. Of one that is ambiguous it
    /// goes as far as to the line feed that is to be spoiled.
    fn head(&mut self, bytes: &[u8]) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes) {
            let line = &bytes[start..end];
            start = end + 1;
            // Most lines are whole, and none that matters.
            if let [first, .., b'\r'] = line
                && self.is_in_headers
                && self.length == 0
                && !matches!(first, b'C' | b'c' | b'T' | b't')
            {
                continue;
            }
            if self.length == 0 {
                // Nearly every line arrives in one piece, and is not copied.
                self.line(line, line.len(), line.last().copied());
            } else {
                self.part(line);
                let (prefix, length) = (self.prefix, std::mem::take(&mut self.length));
                let last = line.last().copied().unwrap_or(self.last);
                self.line(&prefix[..length.min(MOST_PREFIX)], length, Some(last));
            }
            if self.fault.is_some() || self.state != State::Head {
                return start;
            }
        }
        self.part(&bytes[start..]);
        self.last = bytes.last().copied().unwrap_or(self.last);
        bytes.len()
    }

    /// Begins with the next request.
    pub(crate) fn next(&mut self) {
        if self.state == State::Beyond {
            *self = Self { last: self.last, ..Self::default() };
        }
    }

    /// How many bytes came behind the head.
    pub(crate) fn beyond(&self) -> u64 {
        self.beyond
    }

    /// What was ambiguous, if anything was.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.fault
    }

    /// A part of a line that has not ended.
    fn part(&mut self, bytes: &[u8]) {
        if let Some(room) = self.prefix.get_mut(self.length..) {
            let n_known = room.len().min(bytes.len());
            room[..n_known].copy_from_slice(&bytes[..n_known]);
        }
        self.has_fragment |= !self.is_in_headers && memchr::memchr(b'#', bytes).is_some();
        self.length += bytes.len();
    }

    /// A line up to its line feed: its beginning, its length, and its last byte.
    fn line(&mut self, line: &[u8], length: usize, last: Option<u8>) {
        if last != Some(b'\r') {
            self.fault = Some(Fault::BareLineFeed);
            return;
        }
        if length == 1 {
            // Empty lines before a request are none of it.
            if self.is_in_headers {
                self.state = State::Beyond;
            }
            return;
        }
        if !std::mem::replace(&mut self.is_in_headers, true) {
            if self.has_fragment || memchr::memchr(b'#', line).is_some() {
                self.fault = Some(Fault::Fragment);
            }
            return;
        }
        // Most that begin alike end elsewhere.
        let is = |name: &[u8]| {
            line.get(name.len() - 1) == name.last() && line[..name.len()].eq_ignore_ascii_case(name)
        };
        let fault = if is(b"content-length:") {
            std::mem::replace(&mut self.seen.length, true).then_some(Fault::SeveralLengths)
        } else if is(b"transfer-encoding:") {
            std::mem::replace(&mut self.seen.encoding, true).then_some(Fault::SeveralEncodings)
        } else {
            None
        };
        let both = (self.seen.length && self.seen.encoding).then_some(Fault::LengthAndEncoding);
        self.fault = self.fault.or(fault).or(both);
    }
}

impl Fault {
    /// As a sentence of the log goes on: the request has ...
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::BareLineFeed => "a line that ends without a carriage return",
            Self::Fragment => "a target with a fragment",
            Self::SeveralLengths => "more than one Content-Length",
            Self::SeveralEncodings => "more than one Transfer-Encoding",
            Self::LengthAndEncoding => "a Content-Length and a Transfer-Encoding",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Fault;
    use super::Framing;

    /// What is found, and how many bytes are behind the head, however it is cut into pieces.
    #[track_caller]
    fn check(text: &str, expected: Option<Fault>, beyond: u64) {
        for size in 1..=text.len() {
            let mut framing = Framing::default();
            let mut seen = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                let mut piece = piece.to_vec();
                framing.received(&mut piece);
                seen.extend_from_slice(&piece);
            }
            assert_eq!(framing.fault(), expected, "{text:?} in pieces of {size}");
            assert_eq!(seen.contains(&0), expected.is_some(), "{text:?} in pieces of {size}");
            if expected.is_none() {
                assert_eq!(seen, text.as_bytes());
                assert_eq!(framing.beyond(), beyond, "{text:?} in pieces of {size}: {framing:?}");
            }
        }
    }

    #[test]
    fn what_is_clear_stays_as_it_is() {
        check("GET / HTTP/1.1\r\nHost: a\r\n\r\n", None, 0);
        check("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", None, 0);
        check("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na\n\nb#", None, 5);
        check("POST / HTTP/1.1\r\nHost: a\r\nX-Host: b\r\nContent-Lengths: 5\r\n\r\n", None, 0);
        check("POST / HTTP/1.1\r\nX: host: content-length: #\r\n\r\n", None, 0);
    }

    #[test]
    fn what_can_be_read_in_two_ways() {
        let post = |rest: &str| format!("POST / HTTP/1.1\r\n{rest}\r\n\r\nbody");
        check("GET / HTTP/1.1\nHost: a\r\n\r\n", Some(Fault::BareLineFeed), 0);
        check("\nGET / HTTP/1.1\r\n\r\n", Some(Fault::BareLineFeed), 0);
        check(&post("Host: a\n\nGET / HTTP/1.1"), Some(Fault::BareLineFeed), 0);
        check(&post("Host: a\r\n\nGET / HTTP/1.1"), Some(Fault::BareLineFeed), 0);
        check("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", Some(Fault::Fragment), 0);
        check(&post("Content-Length: 4\r\ncontent-length:4"), Some(Fault::SeveralLengths), 0);
        let both = "Transfer-Encoding: chunked\r\nContent-Length: 4";
        check(&post(both), Some(Fault::LengthAndEncoding), 0);
        let twice = "Transfer-Encoding: chunked\r\ntransfer-encoding: identity";
        check(&post(twice), Some(Fault::SeveralEncodings), 0);
    }

    #[test]
    fn one_request_after_another() {
        let mut framing = Framing::default();
        framing.received(&mut b"POST / HTTP/1.1\r\nHost: a\r\n\r\nabc".to_vec());
        assert_eq!(framing.beyond(), 3);
        framing.next();
        assert_eq!(framing.beyond(), 0);
        framing.received(&mut b"POST / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec());
        assert_eq!((framing.fault(), framing.beyond()), (None, 0));
        framing.next();
        framing.received(&mut b"POST / HTTP/1.1\r\nHost: a\n\r\n".to_vec());
        assert_eq!(framing.fault(), Some(Fault::BareLineFeed));
    }

    /// What is known to whoever has a whole head at once: whether it is ambiguous, and how many bytes
    /// are behind it.
    fn at_once(text: &str) -> Option<(bool, u64)> {
        let (head, body) = text.trim_start_matches("\r\n").split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let has_fragment = lines.next().is_some_and(|target| target.contains('#'));
        let is = |line: &&str, name: &str| line.to_ascii_lowercase().starts_with(name);
        let count = |name| lines.clone().filter(|line| is(line, name)).count();
        let n_lengths = count("content-length:") + count("transfer-encoding:");
        let has_bare = head.replace("\r\n", "").contains('\n');
        Some((has_bare || has_fragment || n_lengths > 1, body.len() as u64))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn pieces_say_what_the_whole_says(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "\r\n", "\r\n", "\r\n", "\n", "\r", "#", ":", "x", "Host: a", "Content-Length: 4", "content-LENGTH:",
                    "Transfer-Encoding: chunked", "transfer-encoding:", "GET / HTTP/1.1", "\r\n\r\n", " ", "T", "c",
                ]),
                0..16,
            ),
        ) {
            let text = parts.concat() + "x\r\n\r\n";
            let (is_ambiguous, beyond) = at_once(&text).expect("it has an end");
            for size in [1, 2, 5, text.len()] {
                let mut framing = Framing::default();
                text.as_bytes().chunks(size).for_each(|piece| framing.received(&mut piece.to_vec()));
                prop_assert_eq!(framing.fault().is_some(), is_ambiguous, "{:?} by {}", text, size);
                if !is_ambiguous {
                    prop_assert_eq!(framing.beyond(), beyond, "{:?} by {}", text, size);
                }
            }
        }
    }
}
