//! What is read, and what is told about it.

use super::Saved;
use super::instant;

/// What files there are.
fn read(bytes: &[u8]) -> Result<Vec<Saved>, super::Fault> {
    super::read(bytes, &|name| match name {
        "body.json" => Ok(b"{\r\n\"a\": \"\xff\"}\n".to_vec()),
        "text" => Ok("ü&\n".into()),
        _ => Err("it is not there".to_owned()),
    })
}

/// The one request in a text.
#[track_caller]
fn one(text: &str) -> Saved {
    let mut found = read(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"));
    assert_eq!(found.len(), 1);
    found.remove(0)
}

/// Method, target, headers and body on one line.
fn shown(saved: &Saved) -> String {
    let headers = saved
        .headers
        .iter()
        .map(|(name, value)| format!(" {name}={}", String::from_utf8_lossy(value.as_bytes())));
    let (headers, body) = (headers.collect::<String>(), String::from_utf8_lossy(&saved.body));
    format!("{} {}{headers} | {body}", saved.method, saved.uri)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(shown(&one(text)), expected, "{text}");
}

#[track_caller]
fn refuse(text: &str, part: &str) {
    let fault = read(text.as_bytes()).expect_err(text).to_string();
    assert!(fault.contains(part), "{text}: {fault}");
}

#[track_caller]
fn note(text: &str, part: &str, body: &str) {
    let saved = one(text);
    assert!(saved.notes.iter().any(|note| note.contains(part)), "{text}: {:?}", saved.notes);
    assert_eq!(saved.body, body.as_bytes(), "{text}");
}

#[test]
fn raw_messages() {
    check("POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-A:  1 \r\n\r\n{}", "POST /a?b=c host=h x-a=1 | {}");
    check("GET /a HTTP/1.0\nX-A: 1\nX-A: 2\n\n", "GET /a x-a=1 x-a=2 | ");
    check("POST https://h:1/a HTTP/2\n\nx", "POST /a host=h:1 | x");
    check("\u{feff}\r\nGET / HTTP/1.1\n\n", "GET / | ");
    let chunked =
        "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
    note(chunked, "chunks", "abcde");
}

#[test]
fn lengths() {
    let message = |length: &str, body: &str| {
        format!("POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    assert!(one(&message("2", "{}")).notes.is_empty());
    note(&message("2", "{}\n"), "an editor may have added it", "{}");
    note(&message("2", "{}\r\n"), "an editor may have added it", "{}");
    note(&message("2", "{}GET /"), "5 bytes behind the body", "{}");
    note(&message("9", "{}"), "only 2 bytes", "{}");
    note("POST / HTTP/1.1\n\n{}\n", "ends with a line break", "{}\n");
    note("POST / HTTP/1.1\nX: y", "no empty line", "");
    note("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\nabc", "chunked and is not", "abc");
}

#[test]
fn no_messages() {
    refuse("", "empty");
    refuse(" \r\n", "empty");
    refuse("hello", "begins with \"hello\"");
    refuse("POST /a\n\n", "neither");
    refuse("POST /a HTTP/1.1\nno header\n\n", "is no header");
    refuse("POST /a HTTP/1.1\nX: a\n b\n\n", "second line");
    refuse("POST /a HTTP/1.1\nX Y: a\n\n", "no name of a header");
    refuse("P@ST /a HTTP/1.1\n\n", "no method");
    refuse("GET http:// HTTP/1.1\n\n", "no URL");
    refuse(&format!("GET / HTTP/1.1\n{}\n", "X: y\n".repeat(300)), "more than 256 headers");
    refuse(&format!("GET / HTTP/1.1\nX: {}\n\n", "y".repeat(300 << 10)), "head is larger");
}

#[test]
fn command_lines_of_curl() {
    let form = "content-type=application/x-www-form-urlencoded accept=*/* host=h";
    check("curl h/a", "GET /a accept=*/* host=h | ");
    check("$ curl 'https://h/a?b' -d x -d 'y z'", &format!("POST /a?b {form} | x&y z"));
    check("curl -sSLkd x h", &format!("POST / {form} | x"));
    check("curl -XPUT --data-raw '@x' h", &format!("PUT / {form} | @x"));
    check(
        "curl -G -d a=1 --data-urlencode 'b=x y' 'h/?c'",
        "GET /?c&a=1&b=x%20y accept=*/* host=h | ",
    );
    check(
        "curl --json '{}' --url h",
        "POST / content-type=application/json accept=application/json host=h | {}",
    );
    check(
        "curl h -H 'Content-Type: text/plain' -H 'X-Empty;' -H 'Accept:' -d ü",
        "POST / content-type=text/plain x-empty= host=h | ü",
    );
    check("curl -u u:p h", "GET / accept=*/* authorization=Basic dTpw host=h | ");
    check("curl -I http://u:p@h/#f", "HEAD / accept=*/* authorization=Basic dTpw host=h | ");
    check("curl http://u%3a:@h?a=@b", "GET /?a=@b accept=*/* authorization=Basic dTo6 host=h | ");
    check("curl -u a:b http://u:p@h", "GET / accept=*/* authorization=Basic YTpi host=h | ");
    check(
        "curl 'http://h/' \\\n  -H $'X-A: it\\'s' \\\r\n  --data-binary $'{\"a\":\"\\u00e9\\n\\ud83d\\ude00\\x41\\101\"}' \\\n --compressed | jq",
        "POST / x-a=it's content-type=application/x-www-form-urlencoded accept=*/* host=h | {\"a\":\"é\n😀AA\"}",
    );
    check(r#"curl "h/\$a" -d "a\b\"$""#, &format!("POST /$a {form} | a\\b\"$"));
}

#[test]
fn bodies_in_other_files() {
    let body = |line: &str| one(line).body;
    assert_eq!(body("curl --data-binary @body.json h"), &b"{\r\n\"a\": \"\xff\"}\n"[..]);
    assert_eq!(body("curl --json @body.json h"), &b"{\r\n\"a\": \"\xff\"}\n"[..]);
    assert_eq!(body("curl -d @body.json -d x h"), &b"{\"a\": \"\xff\"}&x"[..]);
    assert_eq!(
        body("curl --data-urlencode a@text --data-urlencode @text h"),
        "a=%C3%BC%26%0A&%C3%BC%26%0A"
    );
    assert_eq!(body("curl --data-raw @text --data-urlencode =a@b h"), "@text&a%40b");
}

#[test]
fn no_command_lines() {
    refuse("curl 'h", "nothing closes");
    refuse("curl \"h", "nothing closes");
    refuse("curl $'h", "nothing closes");
    refuse("curl -d x", "no URL");
    refuse("curl h i", "several URLs");
    refuse("curl -d @file h", "another file, file, which is not read: it is not there");
    refuse("curl --data-urlencode a@file h", "another file, file");
    refuse("curl -d \"$BODY\" h", "the variable $BODY");
    refuse("curl -d $(cat x) h", "only the shell knows");
    refuse("curl -d `cat x` h", "only the shell knows");
    refuse("curl -F a=b h", "makes up a boundary");
    refuse("curl -T body.json h", "-T of curl is not understood");
    refuse("curl h -H", "lacks its value");
    refuse("curl h -H nothing", "is no header");
    refuse("curl h -d $'\\ud800'", "no character");
}

#[test]
fn archives() {
    let archive = r#"{"log":{"entries":[
        {"startedDateTime":"2023-11-14T22:13:20.500Z","request":{"method":"POST",
         "url":"https://h/a?b","headers":[{"name":":authority","value":"g"},
         {"name":":path","value":"/a"},{"name":"X-A","value":"1"}],
         "postData":{"mimeType":"text/plain","text":"ü"}}},
        {"request":{"method":"POST","url":"https://h/b","postData":{"text":"eA==","encoding":"base64"}}},
        {"request":{"method":"POST","url":"https://h/c","postData":{"params":[{"name":"a","value":"b c"}]}}}
    ]}}"#;
    let found = read(archive.as_bytes()).unwrap();
    let all: Vec<_> = found.iter().map(shown).collect();
    assert_eq!(all, ["POST /a?b x-a=1 host=g | ü", "POST /b host=h | x", "POST /c host=h | a=b+c"]);
    assert_eq!(found[0].at, Some((1_700_000_000.5, "its startedDateTime")));
    refuse("{}", "missing field `log`");
    refuse(r#"{"log":{"entries":[]}}"#, "no request");
    refuse(r#"{"log":{"entries":[{"request":{"method":"GET","url":""}}]}}"#, "entry 1");
}

#[test]
fn instants() {
    assert_eq!(instant("1700000000"), Some(1_700_000_000.0));
    assert_eq!(instant("1700000000.25"), Some(1_700_000_000.25));
    assert_eq!(instant("2023-11-14T23:13:20+01:00"), Some(1_700_000_000.0));
    for bad in ["", "now", "-1", "inf", "NaN", "2023-11-14", "1e300"] {
        assert_eq!(instant(bad), None, "{bad}");
    }
    let dated = one("GET / HTTP/1.1\nDate: Tue, 14 Nov 2023 22:13:20 GMT\n\n");
    assert_eq!(dated.at, Some((1_700_000_000.0, "its Date header")));
}
