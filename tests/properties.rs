//! What holds for every input: nothing panics, and nothing unproven gets through.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::LazyLock;

use bytes::Bytes;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use tympan_core::diagnostic;
use tympan_core::explain;
use tympan_core::explain::Question;
use tympan_core::keys::Secrets;
use tympan_core::outcome::Outcome;
use tympan_core::pipeline::Answer;
use tympan_core::pipeline::Ask;
use tympan_core::pipeline::Captured;
use tympan_core::pipeline::Exchange;
use tympan_core::pipeline::Generation;
use tympan_core::pipeline::Head;
use tympan_core::pipeline::Input;
use tympan_core::pipeline::Kept;
use tympan_core::pipeline::Live;
use tympan_core::pipeline::RequestId;
use tympan_core::request;
use tympan_core::scheme::Algorithm;
use tympan_core::scheme::Encoding;
use tympan_core::scheme::Format;
use tympan_core::scheme::HashMode;
use tympan_core::scheme::MacKey;
use tympan_core::scheme::Signature;
use tympan_core::secret::Secret;

const EXAMPLE: &str = include_str!("../listeners.yaml");
const SECRET: &[u8] = b"a secret of the tests";
const NOW: f64 = 1_700_000_000.0;

/// The example, with every secret set.
static LIVE: LazyLock<Arc<Live>> = LazyLock::new(|| load(EXAMPLE.as_bytes().to_vec()).unwrap());

/// Reads a file, draws what is wrong with it, and compiles it if nothing is.
fn load(bytes: Vec<u8>) -> Option<Arc<Live>> {
    let (loaded, sources) = tympan_core::load("x.yaml", bytes);
    let _ = diagnostic::text(&loaded.diagnostics, &sources, true);
    let _ = diagnostic::json(&loaded.diagnostics, &sources);
    if loaded.diagnostics.refuse(false) {
        return None;
    }
    let secret = || Ok(vec![Secret::new(SECRET.to_vec(), "x").unwrap()]);
    let secrets: Secrets = loaded.config.secrets.iter().map(|_| secret()).collect();
    let generation = Arc::new(Generation::compile(&loaded.config, 1, ""));
    Some(Arc::new(Live::new(generation, &secrets, &Arc::default())))
}

/// Takes a request through to its answer; whether it made an event.
fn run(live: &Arc<Live>, head: Head, body: &[u8]) -> (Answer, bool) {
    let mut exchange = Exchange::new(Arc::clone(live), head);
    let mut input = Input::Head;
    let mut has_event = false;
    loop {
        input = match exchange.step(input) {
            Ask::Answer(answer) => return (answer, has_event),
            Ask::Body { .. } => Input::Body(Bytes::copy_from_slice(body)),
            Ask::Fetch(_) => Input::Fetched(Arc::default()),
            Ask::Capture(_) => Input::Captured(Captured::Stored),
            Ask::Call(_) => Input::Called(Ok(())),
            Ask::Append(_) => {
                has_event = true;
                Input::Kept(Kept::Stored)
            }
        };
    }
}

fn head(method: &str, uri: &str, headers: &[(String, Vec<u8>)]) -> Option<Head> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().ok()?;
        map.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(Head {
        method: method.parse().ok()?,
        uri: uri.parse().ok()?,
        headers: map,
        version: Version::HTTP_10,
        client: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        certificate: None,
        now: NOW,
        id: RequestId(1),
    })
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let names = prop::sample::select(vec![
        "x-hook-signature",
        "x-hub-signature-256",
        "x-slack-signature",
        "x-slack-request-timestamp",
        "x-zm-signature",
        "x-zm-request-timestamp",
        "stripe-signature",
        "content-type",
        "host",
    ]);
    let values = prop_oneof![
        "[0-9a-f]{64}".prop_map(String::into_bytes),
        "(sha256|v0|v1)=[0-9a-f]{0,70}".prop_map(String::into_bytes),
        "t=[0-9]{1,12},v1=[0-9a-f]{64}".prop_map(String::into_bytes),
        "1[67][0-9]{8}".prop_map(String::into_bytes),
        "application/(json|x-www-form-urlencoded)".prop_map(String::into_bytes),
        vec(0x20_u8..0xff, 0..80),
    ];
    vec((names.prop_map(str::to_owned), values), 0..6)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        Just(br#"{"type":"url_verification","challenge":"x"}"#.to_vec()),
        Just(br#"{"event":"endpoint.url_validation","payload":{"plainToken":"q"}}"#.to_vec()),
        Just(br#"{"events":[{"action":"a"}]}"#.to_vec()),
        r#"(\{|\}|\[|\]|"|:|,|a|1|\\u00e9|null|true| ){0,60}"#.prop_map(String::into_bytes),
    ]
}

/// Everything that is told about a request, as text and as JSON.
fn explain(head: Head, body: &[u8]) -> String {
    let (loaded, sources) = tympan_core::load("x.yaml", EXAMPLE.as_bytes().to_vec());
    let secret = || Ok(vec![Secret::new(SECRET.to_vec(), "x").unwrap()]);
    let secrets: Secrets = loaded.config.secrets.iter().map(|_| secret()).collect();
    let explanation = explain::explain(&Question {
        config: &loaded.config,
        sources: &sources,
        secrets: &secrets,
        head,
        body: Bytes::copy_from_slice(body),
        listener: None,
        notes: Vec::new(),
    });
    let json = explain::json(&explanation, &sources);
    format!("{}{json}", explain::text(&explanation, &sources))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_as_a_saved_request(bytes in vec(any::<u8>(), 0..300)) {
        let _ = request::read(&bytes, &|name| Ok(name.into()));
    }

    /// Pieces of every form that is read, so that every reader is met.
    #[test]
    fn any_text_as_a_saved_request(
        begin in prop_oneof![
            Just("curl "),
            Just("curl -d "),
            Just("{\"log\":{\"entries\":[{\"request\":{\"method\":\"POST\",\"url\":\"/\",\"headers\":"),
            Just("POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n"),
            Just("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n"),
            Just("POST / HTTP/1.1\n"),
            Just(""),
        ],
        rest in r#"([a-zA-Z0-9 /:.@=&-]|[$'"\\\r\n;|`(){}\[\],#]|\$'|\\u[0-9a-f]{1,4}|--?[a-zA-Z]{1,9}|\PC){0,80}"#,
    ) {
        let text = format!("{begin}{rest}");
        if let Ok(found) = request::read(text.as_bytes(), &|name| Ok(name.into())) {
            prop_assert!(!found.is_empty());
            for saved in found {
                prop_assert!(saved.body.len() <= 4 * text.len());
            }
        }
    }

    #[test]
    fn any_bytes_as_a_file(bytes in vec(any::<u8>(), 0..400)) {
        load(bytes);
    }

    #[test]
    fn any_text_as_a_file(text in r##"(\PC|[\n :\[\]{}&*<>|'"#-]){0,300}"##) {
        load(text.into_bytes());
    }

    /// The example with a piece replaced: most of it still reads, so that every reader is met.
    #[test]
    fn the_example_with_a_piece_replaced(
        start in 0..EXAMPLE.len(),
        length in 0_usize..40,
        piece in prop_oneof![
            r#"[a-z0-9 :'"\[\]{}.,$()>|&*\n-]{0,30}"#,
            Just("null".to_owned()),
            Just("[]".to_owned()),
            Just("{}".to_owned()),
            Just("-1".to_owned()),
            Just("$CONCAT([raw_body, headers, 1])".to_owned()),
        ],
    ) {
        let end = EXAMPLE.floor_char_boundary((start + length).min(EXAMPLE.len()));
        let start = EXAMPLE.floor_char_boundary(start.min(end));
        let text = format!("{}{piece}{}", &EXAMPLE[..start], &EXAMPLE[end..]);
        if let Some(live) = load(text.into_bytes()) {
            let head = head("POST", "/webhooks/v1/listeners/slack/notify", &[]).unwrap();
            run(&live, head, br#"{"type":"url_verification","challenge":"x"}"#);
        }
    }

    /// Whoever does not know the secret makes no event.
    #[test]
    fn any_request_without_the_secret(
        method in "(GET|POST|HEAD|PUT|OPTIONS|[A-Z]{1,8})",
        listener in prop::sample::select(vec!["asana", "github", "slack", "zoom", "stripe"]),
        query in r"(\?[a-z=&%0-9]{0,20})?",
        headers in headers(),
        body in body(),
    ) {
        let live = &*LIVE;
        let uri = format!("/webhooks/v1/listeners/{listener}/notify{query}");
        let Some(head) = head(&method, &uri, &headers) else { return Ok(()) };
        let (answer, has_event) = run(live, head, &body);
        prop_assert!(!has_event);
        prop_assert_ne!(answer.outcome, Outcome::Accepted);
        prop_assert_ne!(answer.outcome, Outcome::Failed);
    }

    /// Whoever does gets through with any body at all, as bytes.
    #[test]
    fn any_body_with_the_secret(body in vec(any::<u8>(), 0..300)) {
        let live = &*LIVE;
        let scheme =
            Signature { algorithm: Algorithm::Hmac, mode: HashMode::Sha256, encoding: Some(Encoding::Hex), format: Format::Plain };
        let value = scheme.sign(&body, None, &MacKey::new(HashMode::Sha256, SECRET));
        let headers = [("x-hook-signature".to_owned(), value.into_bytes())];
        let head = head("POST", "/webhooks/v1/listeners/asana/notify", &headers).unwrap();
        let (answer, _) = run(live, head, &body);
        // Verified: what happens then depends on what the bytes say.
        let verified = [Outcome::Accepted, Outcome::Malformed, Outcome::Invalid];
        prop_assert!(verified.contains(&answer.outcome), "{:?}", answer.reason);
    }

    /// No answer to an unverified request holds the signature that would have been right.
    #[test]
    fn no_answer_helps_to_forge(body in body(), header in "[0-9a-f]{64}") {
        let live = &*LIVE;
        let right = const_hex::encode(MacKey::new(HashMode::Sha256, SECRET).sign(&body));
        for listener in ["asana", "github", "slack", "zoom", "stripe"] {
            let uri = format!("/webhooks/v1/listeners/{listener}/notify");
            let headers = [("x-hook-signature".to_owned(), header.clone().into_bytes())];
            let (answer, _) = run(live, head("POST", &uri, &headers).unwrap(), &body);
            let shown = format!("{:?} {:?}", answer.reply, answer.reason);
            prop_assert!(!shown.contains(&right));
        }
    }

    #[test]
    fn any_text_in_any_format(text in r"(t=|v1|,|=| |[0-9a-f]|\PC){0,60}", word in "[a-z0-9=,]{1,8}") {
        let formats = [
            Format::Plain,
            Format::Prefix(word.clone()),
            Format::Pairs {
                timestamp: Some("t".to_owned()),
                signature: word.clone(),
                between: ",".to_owned(),
                equals: "=".to_owned(),
            },
            Format::Versions(word.clone()),
            Format::List(word),
        ];
        for format in formats {
            let signature =
                Signature { algorithm: Algorithm::Hmac, mode: HashMode::Sha256, encoding: None, format };
            if let Ok(received) = signature.read(&text) {
                let key = [MacKey::new(HashMode::Sha256, SECRET)];
                prop_assert!(signature.verify(&received, [&b"x"[..]], &key).is_err());
            }
        }
    }

    #[test]
    fn any_text_in_any_encoding(text in r"(\PC|[0-9a-fA-F+/=_-]){0,100}", length in 0_usize..70) {
        for encoding in Encoding::ALL {
            if let Some(bytes) = encoding.decode(&text, length) {
                prop_assert_eq!(bytes.len(), length);
            }
        }
    }
}

proptest! {
    // Each reads the whole file again.
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever comes in is explained, and nothing that is told helps to forge.
    #[test]
    fn any_request_explained(
        method in "(GET|POST|PUT)",
        listener in prop::sample::select(vec!["asana", "github", "slack", "zoom", "stripe", "none"]),
        headers in headers(),
        body in body(),
    ) {
        let uri = format!("/webhooks/v1/listeners/{listener}/notify");
        let Some(head) = head(&method, &uri, &headers) else { return Ok(()) };
        let told = explain(head.clone(), &body);
        let key = MacKey::new(HashMode::Sha256, SECRET);
        let time = format!("{NOW}");
        for payload in [body.clone(), [format!("v0:{time}:").as_bytes(), &body].concat()] {
            prop_assert!(!told.contains(&const_hex::encode(key.sign(&payload))));
        }
        prop_assert!(!told.contains(std::str::from_utf8(SECRET).unwrap()));
        prop_assert!(!told.contains(|it: char| it.is_control() && it != '\n'));
        // It decides as it does where requests are served.
        let (answer, _) = run(&LIVE, head, &body);
        let outcome = format!("outcome   {} (", answer.outcome);
        prop_assert!(told.contains(&outcome), "{}: {told}", answer.outcome);
    }
}

/// With the bytes that take the most room when they are written, wherever they stand.
#[test]
fn what_is_kept_of_a_refused_request_takes_no_more_than_is_counted() {
    let live = load(
        b"version: 1
secrets: {key: {file: key}}
listeners:
  in:
    path: /in
    accept: form
    keep: refused
    redact: [query_params]
    verification: {token: {secret: key, received_token: parsed_body.token}}
    deliver: []
"
        .to_vec(),
    );
    let live = live.unwrap();
    for byte in [b'\xff', b'\x01', b'"', b'&', b'='] {
        let headers = ["x-a", "x-b"].map(|name| (name.to_owned(), vec![b'\xff'; 1_000]));
        let head = head("POST", &format!("/in?{}", "&".repeat(1_000)), &headers).unwrap();
        let mut exchange = Exchange::new(Arc::clone(&live), head);
        assert!(matches!(exchange.step(Input::Head), Ask::Body { .. }));
        let body = Bytes::from(vec![byte; 20_000]);
        let Ask::Answer(answer) = exchange.step(Input::Body(body)) else { panic!("refused") };
        assert!(exchange.keeps_refused(&answer));
        let kept = exchange.refused(&answer);
        let around = 1_000;
        assert!(kept.len() <= exchange.most_refused() + around, "{byte}: {}", kept.len());
        assert!(byte != b'\xff' || kept.len() > 9 * 20_000, "it is as bad as that");
    }
}
