//! Every kind of proof: what is written about it, how its senders do it, and which threats mean
//! nothing to it.
//!
//! What is right is made by `openssl` and by other libraries' code, not by the code under test.

use std::fmt::Write as _;
use std::fs;

use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use sha2::Sha512;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::version::TLS13;
use tympan_core::scheme::Encoding;

use crate::host::Answer;
use crate::host::Host;
use crate::host::authority;
use crate::host::signed;
use crate::jwt;
use crate::jwt::hs256;
use crate::kinds::Threat::Body;
use crate::kinds::Threat::Boundary;
use crate::kinds::Threat::Encoded;
use crate::kinds::Threat::Nearly;
use crate::kinds::Threat::Several;
use crate::kinds::Threat::Time;
use crate::kinds::Threat::Twice;
use crate::process::Client;
use crate::process::Folder;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;
use crate::wire::certificate;
use crate::wire::client_config;
use crate::wire::openssl;
use crate::wire::try_tls;
use crate::wire::unix;

pub(crate) const KEY: &str = "a key that is long enough for anyone";
pub(crate) const OTHER: &str = "another key that is as long as the first";
pub(crate) const BODY: &str = r#"{"id":"1"}"#;

/// What a sender can try: the columns of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threat {
    /// S3: no proof, or a value that is none.
    Nothing,
    /// S4: a part of what is right, more than it, or what is right by another key.
    Nearly,
    /// S5: what is right, written in another way.
    Encoded,
    /// S6: what is right, more than once.
    Twice,
    /// S7: what is right, among others.
    Several,
    /// S8: what is right by another algorithm, or by another kind of proof.
    Algorithm,
    /// S9: what is right, of the same bytes cut in other places.
    Boundary,
    /// S10: what was right, or will be.
    Time,
    /// S11: what is right, of a body that is nearly the same.
    Body,
}

/// A way to prove oneself: a row of the table.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What stands under `verification`. Those that sign a payload have a mark where more can be
    /// said about it.
    verification: &'static str,
    /// What of it says how the value is written.
    format: &'static str,
    pub(crate) place: Place,
    prove: Prove,
    /// How many signatures of one value are tried.
    pub(crate) most: usize,
    /// What cannot be tried, or is nothing to refuse, and why.
    pub(crate) meaningless: &'static [(Threat, &'static str)],
}

/// Where a proof stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Header(&'static str),
    /// `encrypt` of the body, which is nothing else.
    Field,
    /// It is what a connection begins with: a value is the name of a certificate.
    Connection,
}

/// How a sender makes its proof, by the key of a name.
enum Prove {
    /// Of the text that is signed.
    Text(fn(&Senders, &str, &str) -> String),
    /// Of claims.
    Claims(fn(&Senders, &str, &Value) -> String),
}

const X_PROOF: Place = Place::Header("X-Proof");
const AUTHORIZATION: Place = Place::Header("Authorization");

const NAMES_ITS_ALGORITHM: (Threat, &str) =
    (Several, "a value that names its algorithm holds one signature of it");
const ONE_TOKEN: (Threat, &str) = (Several, "a token is one value, and a list of them is none");
const CLAIMS: (Threat, &str) =
    (Boundary, "claims are fields of JSON, and a digest has a length: no two are in a row");
const ONE_DIGEST: (Threat, &str) = (Several, "a body has one digest");
const ONE_PART: (Threat, &str) = (Boundary, "it is one part, as a whole");
const ONE_SECRET: (Threat, &str) =
    (Several, "one value is sent: who rotates it has two secrets here, not there");
const NO_CLOCK: (Threat, &str) =
    (Time, "nothing in it says when it was made; it ends with its secret");
const NO_BODY: (Threat, &str) = (Body, "it says who sends, not what: they may send any body");

pub(crate) const KINDS: &[Kind] = &[
    Kind {
        name: "hmac",
        verification: "signature: {secret: key, encoding: hex, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "format: {prefix: 'sha256='}",
        place: X_PROOF,
        prove: Prove::Text(|_, key, signed| format!("sha256={}", sign(text(key), signed))),
        most: 20,
        meaningless: &[],
    },
    Kind {
        name: "hmac-sha1",
        verification: "signature: {secret: key, hash_mode: SHA-1, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|senders, key, signed| {
            let key = Encoding::Hex.encode(text(key).as_bytes());
            let hmac = format!("dgst -sha1 -mac HMAC -macopt hexkey:{key} -binary body");
            senders.with_openssl(signed, &hmac)
        }),
        most: 20,
        meaningless: &[],
    },
    Kind {
        name: "named",
        verification: "signature: {secret: key, hash_mode: [SHA-256, SHA-512], encoding: hex, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "format: {named: '='}",
        place: X_PROOF,
        prove: Prove::Text(|_, key, signed| format!("sha256={}", sign(text(key), signed))),
        most: 1,
        meaningless: &[NAMES_ITS_ALGORITHM],
    },
    Kind {
        name: "derived",
        verification: "signature: {secret: key, key: {after: '&', digest: SHA-256}, encoding: \
                       base64, received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|_, key, signed| {
            let key = Sha256::digest(format!("{}&", text(key)));
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            mac.update(signed.as_bytes());
            Encoding::Base64.encode(&mac.finalize().into_bytes())
        }),
        most: 20,
        meaningless: &[],
    },
    Kind {
        name: "digest",
        verification: "signature: {secret: key, algorithm: digest, secret_at: end, encoding: hex, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|_, key, signed| {
            Encoding::Hex.encode(&Sha256::digest(format!("{signed}{}", text(key))))
        }),
        most: 20,
        meaningless: &[],
    },
    Kind {
        name: "ed25519",
        verification: "signature: {secret: ed25519, algorithm: Ed25519, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|senders, key, signed| {
            let key = format!("pkeyutl -sign -rawin -inkey {key}-ed25519.pem -in body");
            senders.with_openssl(signed, &key)
        }),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "ecdsa",
        verification: "signature: {secret: ecdsa, algorithm: ECDSA-P256, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|senders, key, signed| {
            senders.with_openssl(signed, &format!("dgst -sha256 -sign {key}-ecdsa.pem body"))
        }),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "ecdsa-fixed",
        verification: "signature: {secret: ecdsa, algorithm: ECDSA-P256-fixed, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|senders, key, signed| {
            let der =
                senders.with_openssl(signed, &format!("dgst -sha256 -sign {key}-ecdsa.pem body"));
            Encoding::Base64.encode(&fixed(&Encoding::Base64.decode_all(&der).unwrap()))
        }),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "rsa",
        verification: "signature: {secret: rsa, algorithm: RSA, encoding: base64, \
                       received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(rsa),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "rsa-pss",
        verification: "signature: {secret: rsa, algorithm: RSA-PSS, hash_mode: SHA-512, encoding: \
                       base64, received_signature: 'headers[\"X-Proof\"]'MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|senders, key, signed| {
            let pss = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1";
            senders.with_openssl(signed, &format!("dgst -sha512 {pss} -sign {key}-rsa.pem body"))
        }),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "certificate",
        verification: "signature: {algorithm: RSA, encoding: base64, received_signature: \
                       'headers[\"X-Proof\"]', certificate: {url: 'headers[\"X-Cert\"]', \
                       hosts: [HOST]}MORE}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(rsa),
        most: 4,
        meaningless: &[],
    },
    Kind {
        name: "any",
        verification: "any: [{basic: {username: ann, secret: other}}, {signature: {secret: key, \
                       hash_mode: SHA-512, encoding: base64, received_signature: \
                       'headers[\"X-Proof\"]'MORE}}]",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|_, key, signed| {
            let mut mac = Hmac::<Sha512>::new_from_slice(text(key).as_bytes()).unwrap();
            mac.update(signed.as_bytes());
            Encoding::Base64.encode(&mac.finalize().into_bytes())
        }),
        most: 20,
        meaningless: &[],
    },
    Kind {
        name: "jwt",
        verification: "jwt: {algorithms: HS256, secret: key, token: 'headers[\"X-Proof\"]', \
                       EXPIRY, claims: {body: 'raw_body.$SHA256().$HEX_ENCODE()'}}",
        format: "",
        place: X_PROOF,
        prove: Prove::Claims(|_, key, claims| hs256(&json!({"alg": "HS256"}), claims, text(key))),
        most: 1,
        meaningless: &[ONE_TOKEN, CLAIMS],
    },
    Kind {
        name: "jwt-eddsa",
        verification: "jwt: {algorithms: EdDSA, public_key: {pem: PEM}, token: \
                       'headers[\"X-Proof\"]', EXPIRY, \
                       claims: {body: 'raw_body.$SHA256().$HEX_ENCODE()'}}",
        format: "",
        place: X_PROOF,
        prove: Prove::Claims(|senders, key, claims| {
            let sign = "pkeyutl -sign -rawin -in .message -out .tag -inkey";
            let sign = format!("{sign} {key}-ed25519.pem");
            jwt::sign(&senders.folder, &json!({"alg": "EdDSA"}), claims, &sign)
        }),
        most: 1,
        meaningless: &[ONE_TOKEN, CLAIMS],
    },
    Kind {
        name: "body-digest",
        verification: "all: [{token: {secret: key, received_token: 'headers[\"X-Token\"]'}}, \
                       {body_digest: {received_digest: 'headers[\"X-Proof\"]', encoding: base64}}]",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|_, _, body| Encoding::Base64.encode(&Sha256::digest(body))),
        most: 1,
        meaningless: &[ONE_DIGEST, ONE_PART, NO_CLOCK],
    },
    Kind {
        name: "encrypted",
        verification: "none: nothing but the key tells who sends",
        format: "",
        place: Place::Field,
        prove: Prove::Text(|senders, key, body| {
            let key = const_hex::encode(Sha256::digest(text(key)));
            let iv = "000102030405060708090a0b0c0d0e0f";
            let text = format!("enc -aes-256-cbc -K {key} -iv {iv} -in body");
            let text = Encoding::Base64.decode_all(&senders.with_openssl(body, &text)).unwrap();
            Encoding::Base64.encode(&[const_hex::decode(iv).unwrap(), text].concat())
        }),
        most: 1,
        meaningless: &[
            (Several, "a body is one text"),
            ONE_PART,
            NO_CLOCK,
            (Body, "the body is what is encrypted: there is no other beside it"),
        ],
    },
    Kind {
        name: "basic",
        verification: "basic: {username: ann, secret: key}",
        format: "",
        place: AUTHORIZATION,
        prove: Prove::Text(|_, key, _| {
            format!("Basic {}", Encoding::Base64.encode(format!("ann:{}", text(key)).as_bytes()))
        }),
        most: 1,
        meaningless: &[
            ONE_SECRET,
            (Boundary, "the first colon is the only place to cut it, as no user holds one"),
            NO_CLOCK,
            NO_BODY,
        ],
    },
    Kind {
        name: "api-key",
        verification: "credential: robot",
        format: "",
        place: AUTHORIZATION,
        prove: Prove::Text(|_, key, _| format!("Bearer {}", text(key))),
        most: 1,
        meaningless: &[ONE_SECRET, ONE_PART, NO_CLOCK, NO_BODY],
    },
    Kind {
        name: "access-token",
        verification: "credential: CLIENT",
        format: "",
        place: AUTHORIZATION,
        prove: Prove::Text(|senders, key, _| senders.access_token(key)),
        most: 1,
        meaningless: &[
            ONE_TOKEN,
            (Boundary, "it is ours, of parts that have a length, and a client is no part of it"),
            NO_BODY,
        ],
    },
    Kind {
        name: "token",
        verification: "token: {secret: key, prefix: 'Bearer ', \
                       received_token: 'headers[\"X-Proof\"]'}",
        format: "",
        place: X_PROOF,
        prove: Prove::Text(|_, key, _| format!("Bearer {}", text(key))),
        most: 1,
        meaningless: &[ONE_SECRET, ONE_PART, NO_CLOCK, NO_BODY],
    },
    Kind {
        name: "address",
        verification: "ip_allowlist: [192.0.2.7]",
        format: "",
        place: Place::Header("X-Forwarded-For"),
        prove: Prove::Text(|_, key, _| {
            if key == "key" { "192.0.2.7" } else { "198.51.100.7" }.to_owned()
        }),
        most: 1,
        meaningless: &[
            (Encoded, "an address is written in more than one way, and is the same (`proxies.rs`)"),
            (Twice, "every proxy adds to the list, and the last of it that is none of ours counts"),
            (
                Several,
                "every proxy adds to the list, and the last of it that is none of ours counts",
            ),
            ONE_PART,
            (Time, "an address is not made at any time"),
            NO_BODY,
        ],
    },
    Kind {
        name: "client-certificate",
        verification: "client_certificate: {subject: key.example}",
        format: "",
        place: Place::Connection,
        prove: Prove::Text(|_, key, _| key.to_owned()),
        most: 1,
        meaningless: &[
            (
                Nearly,
                "what is no certificate, or none of whom we know, ends the handshake (`tls.rs`)",
            ),
            (Encoded, "what is no certificate ends the handshake"),
            (Twice, "a connection has one"),
            (Several, "a connection has one"),
            ONE_PART,
            NO_BODY,
        ],
    },
];

impl Kind {
    /// What proves a body, by the key of a name.
    pub(crate) fn prove(&self, senders: &Senders, key: &str, body: &str) -> String {
        match self.prove {
            Prove::Text(prove) => prove(senders, key, body),
            Prove::Claims(prove) => prove(senders, key, &claims(body)),
        }
    }

    /// A token that says something of its time as well, if it is one.
    pub(crate) fn token(&self, senders: &Senders, times: &[(&str, i64)]) -> Option<String> {
        let Prove::Claims(prove) = self.prove else { return None };
        let mut claims = claims(BODY);
        for (name, time) in times {
            claims[*name] = json!(time);
        }
        Some(prove(senders, "key", &claims))
    }

    /// Whether it signs a text that its listener composes.
    pub(crate) fn signs(&self) -> bool {
        self.verification.contains("MORE")
    }

    /// Whether a threat means something to it.
    pub(crate) fn fears(&self, threat: Threat) -> bool {
        self.meaningless.iter().all(|(other, _)| *other != threat)
    }

    /// What is written of a listener, with a name of its own and more about what is signed.
    fn listener(&self, name: &str, format: &str, more: &str) -> String {
        let mut said = String::new();
        for part in [format, more].into_iter().filter(|part| !part.is_empty()) {
            let _ = write!(said, ", {part}");
        }
        let (client, expiry) = match name {
            "time" => ("short", "leeway: 60s"),
            _ => ("key", "expiry: optional"),
        };
        let verification = self.verification.replace("MORE", &said).replace("EXPIRY", expiry);
        let verification = verification.replace("CLIENT", client);
        let decrypt = match self.place {
            Place::Field => {
                "\n    decrypt: {secret: key, key: {digest: SHA-256}, ciphertext: parsed_body.encrypt}"
            }
            _ => "",
        };
        let own = self.name;
        format!(
            "  {own}-{name}:\n    path: /{own}/{name}{decrypt}\n    verification: \
             [{{{verification}}}]\n"
        )
    }
}

/// A server that listens to all of them, and whoever sends to it.
pub(crate) struct Senders {
    pub(crate) folder: Folder,
    pub(crate) server: Tympan,
    /// Where the certificate is that a request names.
    certificate: String,
    _host: Host,
}

impl Senders {
    /// Listeners of each kind: `plain`, for `several` signatures, for a `row` of parts with nothing
    /// between them, and with a `time`.
    pub(crate) fn start() -> Self {
        let mut listeners = String::new();
        for kind in KINDS {
            listeners += &kind.listener("plain", kind.format, "");
            if kind.fears(Threat::Several) {
                listeners += &kind.listener("several", "format: {versions: v1}", "");
            }
            if kind.fears(Threat::Boundary) {
                let row = "payload: '$CONCAT([headers[\"X-Id\"], signature_timestamp, raw_body])', \
                           timestamp: {value: 'headers[\"X-Time\"]', unit: RFC-3339, \
                           tolerance: 36500d}";
                listeners += &kind.listener("row", kind.format, row);
            }
            if kind.fears(Threat::Time) {
                let time = "payload: '$CONCAT([signature_timestamp, \".\", raw_body])', \
                            timestamp: {value: 'headers[\"X-Time\"]'}";
                listeners += &kind.listener("time", kind.format, time);
            }
        }
        let folder = keys();
        let host = Host::start(&folder);
        certificates(&folder);
        host.set("/rsa.pem", Answer::new("200 OK", fs::read(folder.path("rsa.crt")).unwrap()));
        let pem = fs::read_to_string(folder.path("ed25519")).unwrap();
        let listeners = listeners.replace("PEM", &json!(pem).to_string());
        let listeners = listeners.replace("HOST", &host.name());
        folder.write("listeners.yaml", format!("{SERVER}{listeners}"));
        let server = Tympan::start_in(&folder);
        let certificate = host.url("/rsa.pem");
        Self { folder, server, certificate, _host: host }
    }

    /// What a listener of a kind answers to these proofs; nothing if no connection is made.
    pub(crate) fn ask(
        &self,
        (kind, listener): (&Kind, &str),
        proofs: &[String],
        more: &[(&str, &str)],
        body: &str,
    ) -> Option<Response> {
        let path = format!("/{}/{listener}", kind.name);
        let mut headers = vec![("X-Token", KEY), ("X-Cert", &self.certificate)];
        headers.extend(more);
        let mut client = match kind.place {
            Place::Connection => {
                let own = proofs.first().map(|name| (&self.folder, name.as_str()));
                let config = client_config(&[&TLS12, &TLS13], "http/1.1", own);
                Client::over(try_tls(self.server.address(), &config).ok()?)
            }
            Place::Header(_) | Place::Field => unix(&self.folder.path("plain.sock")),
        };
        let mut fields = Vec::new();
        for proof in proofs {
            match kind.place {
                Place::Header(name) => headers.push((name, proof)),
                Place::Field => fields.push(format!("\"encrypt\":{}", json!(proof))),
                Place::Connection => {}
            }
        }
        let fields = format!("{{{}}}", fields.join(","));
        if kind.place == Place::Field {
            headers.push(("Content-Type", "application/json"));
        }
        let body = if kind.place == Place::Field { &fields } else { body };
        let is_chunked = more.contains(&("Transfer-Encoding", "chunked"));
        let (body, pieces) = if is_chunked { ("", chunks(body)) } else { (body, Vec::new()) };
        let request = [request("POST", &path, &headers, body), pieces].concat();
        // By TLS 1.3 a client is through before the server has looked at its certificate.
        client.try_send(request).ok()?;
        client.try_response().ok().flatten()
    }

    /// The same of whoever has a connection.
    #[track_caller]
    pub(crate) fn status(
        &self,
        to: (&Kind, &str),
        proofs: &[String],
        more: &[(&str, &str)],
        body: &str,
    ) -> u16 {
        self.ask(to, proofs, more, body).unwrap().status
    }

    /// What our own token endpoint gives a client, as it is sent.
    pub(crate) fn access_token(&self, client: &str) -> String {
        let secret = if client == "other" { OTHER } else { KEY };
        let asked = json!({
            "grant_type": "client_credentials", "client_id": client, "client_secret": secret,
        });
        let headers = [("Content-Type", "application/json")];
        let asked = request("POST", "/oauth/v1/token", &headers, asked.to_string());
        let answer = unix(&self.folder.path("plain.sock")).ask(&asked);
        assert_eq!(answer.status, 200, "{answer:?}");
        format!("Bearer {}", answer.json()["access_token"].as_str().unwrap())
    }

    /// What `openssl` makes of a text that lies in `body`, in base64.
    pub(crate) fn with_openssl(&self, text: &str, arguments: &str) -> String {
        self.folder.write("body", text);
        openssl(&self.folder, &arguments.replacen(" -", " -out signature -", 1));
        Encoding::Base64.encode(&fs::read(self.folder.path("signature")).unwrap())
    }
}

const SERVER: &str = "version: 1
server:
  listen: [127.0.0.1:0, unix:plain.sock]
  trusted_proxies: [unix]
  tls: {certificate: site.crt, key: site.key, client_ca: ca.crt}
egress: {ca: ca.crt}
clients:
  robot: {api_key: key}
  key: {oauth: {client_id: key, client_secret: key}}
  short: {oauth: {client_id: short, client_secret: key}, token_lifetime: 1s}
  other: {oauth: {client_id: other, client_secret: other}}
secrets:
  key: {file: key}
  other: {file: other}
  ed25519: {file: ed25519}
  ecdsa: {file: ecdsa}
  rsa: {file: rsa}
destinations: {out: {stdout: {}}}
defaults: {deliver: [out], accept: any}
listeners:
";

/// The keys of all, and those of others.
pub(crate) fn keys() -> Folder {
    let folder = Folder::new("");
    folder.write("key", KEY);
    folder.write("other", OTHER);
    for owner in ["key", "other"] {
        let generate = [
            ("ed25519", "-algorithm ed25519"),
            ("ecdsa", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
            ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ];
        for (kind, options) in generate {
            openssl(&folder, &format!("genpkey {options} -out {owner}-{kind}.pem"));
        }
    }
    for kind in ["ed25519", "ecdsa", "rsa"] {
        openssl(&folder, &format!("pkey -in key-{kind}.pem -pubout -out {kind}"));
    }
    folder
}

/// The certificates of whoever shows one, and of a key that is fetched. The authority that we know is there.
fn certificates(folder: &Folder) {
    authority(folder, "theirs");
    certificate(folder, "site", "");
    for (name, by, subject) in [
        ("key", "ca", "key.example"),
        ("other", "ca", "other.example"),
        ("stranger", "theirs", "key.example"),
    ] {
        signed(folder, name, by, &format!("-addext subjectAltName=DNS:{subject}"));
    }
    certificate(folder, "past", "-addext subjectAltName=DNS:key.example");
    let ended = "x509 -in past.crt -CA ca.crt -CAkey ca.key -set_serial 7 -days -1 -out past.crt";
    openssl(folder, ended);
    openssl(folder, "req -x509 -config .cnf -key key-rsa.pem -days 2 -subj /CN=us -out rsa.crt");
}

/// A body in pieces, and their end.
fn chunks(body: &str) -> Vec<u8> {
    let mut pieces = Vec::new();
    for chunk in body.as_bytes().chunks(7_777) {
        pieces.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        pieces.extend([chunk, b"\r\n"].concat());
    }
    [pieces, b"0\r\n\r\n".to_vec()].concat()
}

fn rsa(senders: &Senders, key: &str, signed: &str) -> String {
    senders.with_openssl(signed, &format!("dgst -sha256 -sign {key}-rsa.pem body"))
}

fn text(key: &str) -> &'static str {
    if key == "key" { KEY } else { OTHER }
}

pub(crate) fn claims(body: &str) -> Value {
    json!({"body": const_hex::encode(Sha256::digest(body))})
}

/// The two numbers of a signature in ASN.1, 32 bytes each.
fn fixed(der: &[u8]) -> Vec<u8> {
    let number = |at: usize| &der[at + 2..at + 2 + usize::from(der[at + 1])];
    let first = number(2);
    let numbers = [first, number(4 + first.len())];
    let padded = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        [vec![0; 32 - digits.len()], digits].concat()
    };
    numbers.iter().flat_map(|number| padded(number)).collect()
}
