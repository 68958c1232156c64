//! Every key that can be written: what it holds, what it means, its default.
//!
//! The reader, the JSON Schema, the reference page and the suggestions all read this table.

use crate::config::Accept;
#[cfg(feature = "kafka")]
use crate::config::Sasl;
use crate::jwt;
use crate::scheme::Algorithm;
use crate::scheme::Encoding;
use crate::scheme::HashMode;
use crate::scheme::Iv;
use crate::scheme::Padding;
use crate::scheme::Unit;
use crate::scheme::Written;

/// A map with a fixed set of keys.
#[derive(Debug)]
pub struct Section {
    /// How messages call it, with its article.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its keys, in the order of the reference page.
    pub keys: &'static [Key],
    /// Whether exactly one of its keys has to be there, apart from those that stand beside it.
    pub one_of: bool,
}

/// A key of a section.
#[derive(Debug)]
pub struct Key {
    /// As written.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// What it means.
    pub doc: &'static str,
    /// What stands when it is left out, as written; `None` if nothing does.
    pub default: Option<&'static str>,
    /// Whether the section makes no sense without it.
    pub required: bool,
    /// Whether it is none of those of which exactly one has to be there.
    pub beside: bool,
    /// A line as it could be written.
    pub example: &'static str,
}

/// What a key holds.
#[derive(Debug)]
pub enum Holds {
    /// An expression, as written in a YAML text, or `{jmespath: "..."}`; unquoted numbers, true,
    /// false and null are constants.
    Expression,
    /// A value built of expressions: maps and lists of them, and forms of the Data Mapper, nested at
    /// will.
    Mapping,
    /// A map of names to such values.
    Mappings,
    /// A map of names to expressions.
    Expressions,
    /// A map of names to expressions or forms of the Data Mapper.
    Computed,
    /// What a value has to look like: a map of fields to their types, or a JSON Schema.
    Schema,
    /// A map of another standard, which is taken as it stands.
    Object,
    /// Something that is taken as it stands.
    Literal(Literal),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these numbers.
    Numbers(&'static [u64]),
    /// The name of something defined elsewhere in the file.
    Name(Named),
    /// A map with fixed keys.
    Section(&'static Section),
    /// A map of user-given names to something.
    MapOf(&'static Holds),
    /// A map of user-given names, which may hold dots and capitals, to something.
    LooseMapOf(&'static Holds),
    /// A list.
    List(&'static Holds),
    /// One, or a list of them.
    OneOrMany(&'static Holds),
    /// A map of names to texts.
    Texts,
    /// Any value, as it stands.
    Json,
    /// The name of something defined elsewhere in the file, or a map with fixed keys.
    NameOr(Named, &'static Section),
    /// This word, or something else.
    WordOr(&'static str, &'static Holds),
    /// One or the other.
    Or(&'static Holds, &'static Holds),
    /// A map of names to names, texts and URLs.
    Parameters,
}

/// Things that are taken as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `127.0.0.1:8080`
    Address,
    /// `true`
    Boolean,
    /// `15s`
    Duration,
    /// `content-type`
    Header,
    /// `POST`
    Method,
    /// A file, relative to the file that names it.
    File,
    /// `listeners.d/*.yaml`
    Glob,
    /// `/in/{customer}`
    Path,
    /// A regular expression that the whole value has to match.
    Pattern,
    /// `1MiB`
    Size,
    /// `200`
    Status,
    /// `10.0.0.0/8`, `192.0.2.1`
    Network,
    /// Any text.
    Text,
    /// `https://hooks.example.com`
    Url,
    /// Where something is called, by one of these schemes: `https://example.com/in`.
    Endpoint(&'static [&'static str]),
    /// `1`
    Version,
    /// A whole number from 1.
    Count,
}

/// Kinds of things that have names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Defined under `secrets:`.
    Secret,
    /// Defined under `clients:`.
    Client,
    /// Defined under `connectors:`.
    Connector,
    /// Defined under `destinations:`.
    Destination,
}

impl Section {
    /// The row of a key.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

pub(super) const fn key(
    name: &'static str,
    holds: Holds,
    doc: &'static str,
    example: &'static str,
) -> Key {
    Key { name, holds, doc, default: None, required: false, beside: false, example }
}

pub(super) const fn required(key: Key) -> Key {
    Key { required: true, ..key }
}

const fn beside(key: Key) -> Key {
    Key { beside: true, ..key }
}

const fn default(key: Key, default: &'static str) -> Key {
    Key { default: Some(default), ..key }
}

/// The whole file.
pub static FILE: Section = Section {
    name: "the file",
    doc: "A `listeners.yaml`: what is listened to, how senders prove themselves, and where events \
          go. It is read again on every save.",
    one_of: false,
    keys: &[
        required(key(
            "version",
            Holds::Literal(Literal::Version),
            "The version of this grammar. It changes only when a file would have to be edited.",
            "version: 1",
        )),
        default(
            key(
                "expressions",
                Holds::Choice(&["moveworks", "jmespath"]),
                "The language of every expression in this file. Single expressions can be written \
                 as `{jmespath: \"...\"}` either way.",
                "expressions: jmespath",
            ),
            "moveworks",
        ),
        key(
            "server",
            Holds::Section(&SERVER),
            "Where and how requests are received.",
            "server: {listen: [127.0.0.1:8080]}",
        ),
        key(
            "admin",
            Holds::Section(&ADMIN),
            "Where the operator is answered: health, metrics, reload. Without it, at \
             `admin.sock` in the folder of `state`.",
            "admin: {listen: [unix:data/admin.sock, 127.0.0.1:9090], token: admin}",
        ),
        key("log", Holds::Section(&LOG), "What is logged.", "log: {level: info}"),
        key(
            "egress",
            Holds::Section(&EGRESS),
            "Whom the server may call.",
            "egress: {deny: [10.0.0.0/8]}",
        ),
        key(
            "env_file",
            Holds::Literal(Literal::File),
            "A file of `NAME=value` lines that stand in for environment variables which are not \
             set. It is watched like the listeners file.",
            "env_file: .env",
        ),
        key(
            "presets",
            Holds::OneOrMany(&Holds::Literal(Literal::File)),
            "Folders with presets of one's own, relative to the folder of this file: `NAME.yaml` is \
             what `preset: NAME` means, in the place of what comes with the program.",
            "presets: [./presets]",
        ),
        key(
            "include",
            Holds::OneOrMany(&Holds::Literal(Literal::Glob)),
            "Files that are read as well, as patterns relative to the folder of this file: `*` stands \
             for anything up to the next `/`, `**` for any folders; hidden files are left out. An \
             included file holds `listeners` (and `expressions`, if it is another language than \
             here) and nothing else. Each takes effect by itself: one with mistakes keeps its own \
             listeners as they were, and the others change.",
            "include: [listeners.d/*.yaml]",
        ),
        default(
            key(
                "state",
                Holds::Literal(Literal::File),
                "The folder of what outlives the process, such as the last good configuration; \
                 only its owner can look into it.",
                "state: data",
            ),
            "data",
        ),
        key(
            "journal",
            Holds::Section(&JOURNAL),
            "How accepted events are kept until their destinations have them, and for some time \
             after: in the folder of `state`.",
            "journal: {retain: {age: 7d, size: 10GiB}}",
        ),
        key(
            "secrets",
            Holds::MapOf(&Holds::OneOrMany(&Holds::Section(&SECRET))),
            "Where secrets are found, by name; never the secrets themselves. Several references \
             under one name are a rotation: any of them verifies.",
            "secrets: {orders: {file: secrets/orders}}",
        ),
        key(
            "clients",
            Holds::MapOf(&Holds::Section(&CLIENT)),
            "Who may send with a credential that we hand out, by name: an API key, or what an \
             access token is asked for with at `POST /oauth/v1/token`.",
            "clients: {orders: {api_key: orders_key}}",
        ),
        key(
            "connectors",
            Holds::MapOf(&Holds::Section(&CONNECTOR)),
            "The external systems that are called, by name, and what proves there who calls.",
            "connectors: {orders: {base_url: https://api.example.com, auth: {bearer: orders_key}}}",
        ),
        key(
            "actions",
            Holds::LooseMapOf(&Holds::Section(&ACTION)),
            "Calls that can be made, by name; `tympan call NAME` makes one. Names may hold dots.",
            "actions: {orders.me: {connector: orders, path: /users/me}}",
        ),
        key(
            "destinations",
            Holds::MapOf(&Holds::Section(&DESTINATION)),
            "Where events can be delivered, by name.",
            "destinations: {console: {stdout: {}}}",
        ),
        key(
            "defaults",
            Holds::Section(&DEFAULTS),
            "What listeners say that do not say it themselves, those of included files as well. It \
             has to stand before `listeners`.",
            "defaults: {deliver: [console]}",
        ),
        key(
            "listeners",
            Holds::MapOf(&Holds::Section(&LISTENER)),
            "The listeners, by name. A name is a lower-case letter or digit, then up to 62 more of \
             them, `_` or `-`.",
            "listeners: {orders: {...}}",
        ),
    ],
};

/// `server:`
pub static SERVER: Section = Section {
    name: "`server`",
    doc: "Where and how requests are received.",
    one_of: false,
    keys: &[
        default(
            key(
                "listen",
                Holds::OneOrMany(&Holds::Literal(Literal::Address)),
                "The addresses to listen at. A changed address is bound before the old one is \
                 closed.",
                "listen: [127.0.0.1:8080]",
            ),
            "[127.0.0.1:8080]",
        ),
        key(
            "public_url",
            Holds::Literal(Literal::Url),
            "What providers call. `request_url` is this origin and the path and query exactly as \
             they arrived; without it, `http://` and the Host header.",
            "public_url: https://hooks.example.com",
        ),
        key(
            "trusted_proxies",
            Holds::OneOrMany(&Holds::Literal(Literal::Network)),
            "Proxies of ours: networks, addresses, or `unix` for sockets of the \
             file system. `Forwarded` and `X-Forwarded-For` are believed as far \
             as these wrote them, counted from the right; where the two differ, \
             neither is.",
            "trusted_proxies: [10.0.0.0/8]",
        ),
        default(
            key(
                "proxy_protocol",
                Holds::Literal(Literal::Boolean),
                "Whether connections from `trusted_proxies` begin with a header of \
                 the PROXY protocol, version 2, that names the client.",
                "proxy_protocol: true",
            ),
            "false",
        ),
        key(
            "tls",
            Holds::Section(&TLS),
            "TLS 1.2 and 1.3 at every TCP address. Without it, HTTP is plain.",
            "tls: {certificate: tls/site.crt, key: tls/site.key}",
        ),
        key(
            "limits",
            Holds::Section(&SERVER_LIMITS),
            "What one connection or request may take.",
            "limits: {body: 1MiB}",
        ),
        default(
            key(
                "exec",
                Holds::Literal(Literal::Boolean),
                "Whether destinations may start programs.",
                "exec: true",
            ),
            "false",
        ),
        default(
            key(
                "shutdown_grace",
                Holds::Literal(Literal::Duration),
                "How long requests in flight may take to finish after SIGTERM.",
                "shutdown_grace: 10s",
            ),
            "10s",
        ),
    ],
};

/// `server.limits:`
pub static SERVER_LIMITS: Section = Section {
    name: "`limits` of the server",
    doc: "What one connection or request may take.",
    one_of: false,
    keys: &[
        default(
            key(
                "body",
                Holds::Literal(Literal::Size),
                "The largest body that is read. A listener may set its own.",
                "body: 1MiB",
            ),
            "1MiB",
        ),
        default(
            key(
                "headers",
                Holds::Literal(Literal::Size),
                "The largest head of a request, its first line included.",
                "headers: 16KiB",
            ),
            "16KiB",
        ),
        default(
            key(
                "header_count",
                Holds::Literal(Literal::Count),
                "How many headers a request may have.",
                "header_count: 64",
            ),
            "64",
        ),
        default(
            key(
                "uri",
                Holds::Literal(Literal::Size),
                "The longest target of a request, its query included.",
                "uri: 8KiB",
            ),
            "8KiB",
        ),
        default(
            key(
                "connections",
                Holds::Literal(Literal::Count),
                "How many connections may be open at once; further ones wait in the backlog.",
                "connections: 2048",
            ),
            "2048",
        ),
        default(
            key(
                "connections_per_ip",
                Holds::Literal(Literal::Count),
                "How many connections one client address may have open; further \
                 ones are closed at once. Loopback addresses and trusted proxies \
                 are not counted.",
                "connections_per_ip: 64",
            ),
            "64",
        ),
        default(
            key(
                "per_ip",
                Holds::Section(&RATE),
                "How many requests one client address may send before it is \
                 verified. Loopback addresses are not counted; of IPv6 the first 64 \
                 bits are an address.",
                "per_ip: {requests: 500, per: 1s}",
            ),
            "{requests: 500, per: 1s}",
        ),
        default(
            key(
                "in_flight_bytes",
                Holds::Literal(Literal::Size),
                "How much memory the bodies of all requests in flight may take \
                 together. What does not fit is asked to come again.",
                "in_flight_bytes: 64MiB",
            ),
            "64MiB",
        ),
        default(
            key(
                "first_byte_timeout",
                Holds::Literal(Literal::Duration),
                "How long a new connection may be silent.",
                "first_byte_timeout: 5s",
            ),
            "5s",
        ),
        default(
            key(
                "header_timeout",
                Holds::Literal(Literal::Duration),
                "How long the head of a request may take, from its first byte to its last.",
                "header_timeout: 5s",
            ),
            "5s",
        ),
        default(
            key(
                "body_idle_timeout",
                Holds::Literal(Literal::Duration),
                "How long nothing may come of a body that has not ended.",
                "body_idle_timeout: 5s",
            ),
            "5s",
        ),
        default(
            key(
                "body_timeout",
                Holds::Literal(Literal::Duration),
                "How long the whole body may take to arrive.",
                "body_timeout: 15s",
            ),
            "15s",
        ),
        default(
            key(
                "answer_timeout",
                Holds::Literal(Literal::Duration),
                "How long a client may take to take its answer.",
                "answer_timeout: 15s",
            ),
            "15s",
        ),
        default(
            key(
                "idle_timeout",
                Holds::Literal(Literal::Duration),
                "How long a connection may be silent between two requests.",
                "idle_timeout: 15s",
            ),
            "15s",
        ),
        default(
            key(
                "connection_age",
                Holds::Literal(Literal::Duration),
                "How old a connection may get: then its current request is its last.",
                "connection_age: 10m",
            ),
            "10m",
        ),
        default(
            key(
                "tls_handshake_timeout",
                Holds::Literal(Literal::Duration),
                "How long a TLS handshake may take.",
                "tls_handshake_timeout: 5s",
            ),
            "5s",
        ),
        default(
            key(
                "http2_idle_timeout",
                Holds::Literal(Literal::Duration),
                "How long an HTTP/2 connection may have no request in flight.",
                "http2_idle_timeout: 60s",
            ),
            "60s",
        ),
    ],
};

/// `per_ip:` and `rate_limit:`
pub static RATE: Section = Section {
    name: "a rate",
    doc: "How much may come in how long. A burst of the whole is let through, then as much as the \
          time since then allows.",
    one_of: false,
    keys: &[
        required(key(
            "requests",
            Holds::Literal(Literal::Count),
            "How many requests.",
            "requests: 50",
        )),
        default(key("per", Holds::Literal(Literal::Duration), "In how long.", "per: 1s"), "1s"),
    ],
};

/// `server.tls:`
pub static TLS: Section = Section {
    name: "`tls`",
    doc: "The files of TLS, as PEM. They are watched: a renewed certificate is served from the next \
          connection on.",
    one_of: false,
    keys: &[
        required(key(
            "certificate",
            Holds::Literal(Literal::File),
            "The certificate, and behind it those that lead to its root.",
            "certificate: tls/site.crt",
        )),
        required(key(
            "key",
            Holds::Literal(Literal::File),
            "The certificate's private key.",
            "key: tls/site.key",
        )),
        key(
            "client_ca",
            Holds::Literal(Literal::File),
            "Who may sign the certificates of clients. Clients are asked for one, and refused if it \
             is not valid; a listener that needs one says so in its `verification`.",
            "client_ca: tls/clients.crt",
        ),
        default(
            key(
                "http2",
                Holds::Literal(Literal::Boolean),
                "Whether clients may choose HTTP/2 (by ALPN).",
                "http2: false",
            ),
            "true",
        ),
    ],
};

/// `egress:`
pub static EGRESS: Section = Section {
    name: "`egress`",
    doc: "Whom the server may call, judged by the address that is connected to. A host that is written \
          in this file may be anywhere but where clouds tell machines about themselves; a host that \
          a request could choose has to be public. No redirect is followed.",
    one_of: false,
    keys: &[
        key(
            "allow",
            Holds::OneOrMany(&Holds::Literal(Literal::Network)),
            "Networks that may be reached although a request chose the host.",
            "allow: [10.20.0.0/16]",
        ),
        key(
            "deny",
            Holds::OneOrMany(&Holds::Literal(Literal::Network)),
            "Networks that are never reached, whoever wrote the host.",
            "deny: [10.0.0.0/8]",
        ),
        key(
            "ca",
            Holds::Literal(Literal::File),
            "A file of certificates, as PEM: authorities that are trusted beside those that browsers \
             trust, for hosts of your own. It is watched.",
            "ca: tls/own-ca.crt",
        ),
    ],
};

/// `admin:`
pub static ADMIN: Section = Section {
    name: "`admin`",
    doc: "Where the operator is answered, apart from the addresses of the listeners: health, \
          metrics, reload, and what is served (docs/openapi.json).",
    one_of: false,
    keys: &[
        default(
            key(
                "listen",
                Holds::OneOrMany(&Holds::Literal(Literal::Address)),
                "The addresses: `unix:PATH`, which only its owner can open and which needs no \
                 token, or an IP address and a port, which always needs one.",
                "listen: [unix:data/admin.sock, 127.0.0.1:9090]",
            ),
            "[unix:data/admin.sock]",
        ),
        key(
            "token",
            Holds::Name(Named::Secret),
            "The secret that clients of TCP addresses send as `Authorization: Bearer`.",
            "token: admin",
        ),
    ],
};

/// `log:`
pub static LOG: Section = Section {
    name: "`log`",
    doc: "What is logged: readable lines on a terminal, JSON lines otherwise, on standard error.",
    one_of: false,
    keys: &[
        default(
            key(
                "level",
                Holds::Choice(&["error", "warn", "info", "debug", "trace"]),
                "The least important lines that are written.",
                "level: info",
            ),
            "info",
        ),
        default(
            key(
                "accepted",
                Holds::Literal(Literal::Boolean),
                "Whether accepted requests and answered challenges get a line each. Refused ones \
                 always do, summed up when there are many.",
                "accepted: true",
            ),
            "false",
        ),
        default(
            key(
                "headers",
                Holds::List(&Holds::Literal(Literal::Header)),
                "The request headers that may appear in logs; no others ever do.",
                "headers: [content-type, user-agent]",
            ),
            "[content-type, user-agent, x-request-id]",
        ),
    ],
};

/// An entry of `secrets:`
pub static SECRET: Section = Section {
    name: "a secret",
    doc: "Where a secret is found: exactly one of `env`, `file` and `captured`. Its value is never \
          written here, and never shown.",
    one_of: false,
    keys: &[
        key(
            "env",
            Holds::Literal(Literal::Text),
            "An environment variable, or a line of `env_file`.",
            "env: ORDERS_SECRET",
        ),
        key(
            "file",
            Holds::Literal(Literal::File),
            "A file that holds nothing but the secret; one line break at its end is not part of \
             it. It is watched: a new value is used from the next request on.",
            "file: secrets/orders",
        ),
        key(
            "captured",
            Holds::Literal(Literal::Boolean),
            "It comes with the provider's handshake, by `capture` of a challenge, and only while \
             `tympan secrets arm` or `tympan register` expect it. It is kept in the folder of \
             `state`.",
            "captured: true",
        ),
        default(
            key(
                "most",
                Holds::Literal(Literal::Count),
                "How many captured values are kept: one for each webhook that shares the \
                 listener, and any of them verifies.",
                "most: 20",
            ),
            "20",
        ),
    ],
};

/// An entry of `clients:`
pub static CLIENT: Section = Section {
    name: "a client",
    doc: "Who may send with a credential that we hand out: exactly one of `api_key` and `oauth`.",
    one_of: false,
    keys: &[
        key(
            "api_key",
            Holds::Name(Named::Secret),
            "The key, which is sent as `Authorization: Bearer KEY`, or in HTTP Basic as the \
             password of any user.",
            "api_key: orders_key",
        ),
        key(
            "oauth",
            Holds::Section(&OAUTH),
            "Access tokens: they are asked for at `POST /oauth/v1/token`, and sent as \
             `Authorization: Bearer TOKEN`.",
            "oauth: {client_id: orders, client_secret: orders_secret}",
        ),
        default(
            key(
                "token_lifetime",
                Holds::Literal(Literal::Duration),
                "How long an access token counts. It ends earlier when the secret is replaced \
                 that it was asked for with.",
                "token_lifetime: 60s",
            ),
            "60s",
        ),
    ],
};

/// `oauth:`
pub static OAUTH: Section = Section {
    name: "`oauth`",
    doc: "Client credentials of OAuth 2.0 (RFC 6749, section 4.4). The path `/oauth/v1/token` is taken \
          as long as any client has them. It takes a `POST` of at most 8 KiB, a form or JSON, with \
          `grant_type` (`client_credentials`), `client_id` and `client_secret`. The last two may stand \
          in HTTP Basic instead, as they are or encoded like a form, but not in both places; other \
          fields, such as `scope`, are not looked at. The answer is JSON with `access_token`, \
          `token_type` and `expires_in` in seconds, and with the same once more under `data`, where \
          Moveworks' own endpoint has them. Mistakes are answered as the standard says, with an \
          `error` and 400 or 401; 503 means that a secret has no value here.",
    one_of: false,
    keys: &[
        required(key(
            "client_id",
            Holds::Literal(Literal::Text),
            "What the client calls itself.",
            "client_id: orders",
        )),
        required(key(
            "client_secret",
            Holds::Name(Named::Secret),
            "What it proves itself with. Of a rotation, any.",
            "client_secret: orders_secret",
        )),
    ],
};

/// `journal:`
pub static JOURNAL: Section = Section {
    name: "`journal`",
    doc: "How accepted events are kept: a request is answered once they are on the disk, and they \
          are delivered from there.",
    one_of: false,
    keys: &[
        key(
            "retain",
            Holds::Section(&RETAIN),
            "How long events stay that nobody waits for.",
            "retain: {age: 7d, size: 10GiB}",
        ),
        default(
            key(
                "backlog",
                Holds::Literal(Literal::Size),
                "How much may wait for delivery. With more, requests are answered 503 until \
                 something is delivered.",
                "backlog: 10GiB",
            ),
            "10GiB",
        ),
        key(
            "refused",
            Holds::Section(&REFUSED),
            "How long refused requests stay, of listeners with `keep: refused`.",
            "refused: {age: 7d, size: 64MiB}",
        ),
    ],
};

/// `refused:`
pub static REFUSED: Section = Section {
    name: "`refused`",
    doc: "How long refused requests stay. They are kept beside the events, in `refused` of `state`, \
          and never in their way: what comes too fast is left out, and the oldest go first.",
    one_of: false,
    keys: &[
        default(
            key("age", Holds::Literal(Literal::Duration), "How long they stay.", "age: 7d"),
            "7d",
        ),
        default(
            key(
                "size",
                Holds::Literal(Literal::Size),
                "How much all of them may take. With more, the oldest go before their age.",
                "size: 64MiB",
            ),
            "64MiB",
        ),
    ],
};

/// `retain:`
pub static RETAIN: Section = Section {
    name: "`retain`",
    doc: "How long events stay that nobody waits for. What waits for delivery always stays.",
    one_of: false,
    keys: &[
        default(
            key(
                "age",
                Holds::Literal(Literal::Duration),
                "How long delivered events stay, to be looked at or delivered once more.",
                "age: 7d",
            ),
            "7d",
        ),
        default(
            key(
                "size",
                Holds::Literal(Literal::Size),
                "How much all events may take. With more, the oldest delivered ones go before their \
                 age.",
                "size: 10GiB",
            ),
            "10GiB",
        ),
        default(
            key(
                "dead",
                Holds::Literal(Literal::Duration),
                "How long dead letters stay.",
                "dead: 30d",
            ),
            "30d",
        ),
    ],
};

/// An entry of `destinations:`
pub static DESTINATION: Section = Section {
    name: "a destination",
    doc: "Where events are delivered, as CloudEvents 1.0: at least once, each with the same id \
          every time.",
    one_of: true,
    keys: &[
        key("stdout", Holds::Section(&STDOUT), "Standard output, one event a line.", "stdout: {}"),
        key(
            "file",
            Holds::Section(&FILE_DESTINATION),
            "A file, one event a line, on the disk before it counts as delivered.",
            "file: {path: events.jsonl, rotate: 64MiB}",
        ),
        key(
            "http",
            Holds::Section(&HTTP),
            "A host that is called by HTTP. It has an event once it has answered with 2xx.",
            "http: {url: http://localhost:3000/events}",
        ),
        key(
            "exec",
            Holds::Section(&EXEC),
            "A program that is started for each event, if `server` allows that. It has the event once it \
             has ended with 0.",
            "exec: {command: [./on-event, --quiet]}",
        ),
        #[cfg(feature = "redis")]
        key(
            "redis",
            Holds::Section(&REDIS),
            "A stream of Redis. It has an event once the server has answered with the entry's id.",
            "redis: {url: redis://127.0.0.1:6379, stream: '\"events\"'}",
        ),
        #[cfg(feature = "nats")]
        key(
            "nats",
            Holds::Section(&NATS),
            "A subject of NATS. It has an event once a stream of JetStream has acknowledged it.",
            "nats: {url: nats://127.0.0.1:4222, subject: event.type}",
        ),
        #[cfg(feature = "amqp")]
        key(
            "amqp",
            Holds::Section(&AMQP),
            "An exchange of AMQP 0-9-1, such as RabbitMQ's. It has an event once the server has confirmed \
             it, and at least one queue takes it.",
            "amqp: {url: amqp://127.0.0.1, routing_key: '\"events\"'}",
        ),
        #[cfg(feature = "kafka")]
        key(
            "kafka",
            Holds::Section(&KAFKA),
            "A topic of Kafka, or of what speaks its protocol. It has an event once every replica that is \
             in sync has it.",
            "kafka: {url: kafka://127.0.0.1:9092, topic: '\"events\"', key: event.subject}",
        ),
        #[cfg(feature = "postgres")]
        key(
            "postgres",
            Holds::Section(&POSTGRES),
            "A table of PostgreSQL. It has an event once the row is committed.",
            "postgres: {url: postgres://127.0.0.1/app, table: events, create: true, user: tympan}",
        ),
        beside(key(
            "retry",
            Holds::Section(&RETRY),
            "What comes after a delivery that failed.",
            "retry: {attempts: 12, first: 5s, most: 6h, for: 72h}",
        )),
        beside(default(
            key(
                "timeout",
                Holds::Literal(Literal::Duration),
                "How long one delivery may take.",
                "timeout: 15s",
            ),
            "15s",
        )),
        beside(key(
            "concurrency",
            Holds::Literal(Literal::Count),
            "How many deliveries may be on their way at once. Usually one to `stdout`, `file`, \
             `postgres` and `kafka`, which take many events at a time, 4 to `exec`, 16 to `http`, and 64 to servers with a \
             protocol of their own.",
            "concurrency: 16",
        )),
        beside(key(
            "order_by",
            Holds::Expression,
            "Events for which this is the same arrive in the order in which they came, one after the \
             other: one that has to be tried again holds up those behind it, and no others. It is \
             read when the event comes; null is of no order.",
            "order_by: event.subject",
        )),
    ],
};

/// `http:` of a destination.
pub static HTTP: Section = Section {
    name: "`http` of a destination",
    doc: "A host that is called by HTTP. Redirects are failures, `Retry-After` is kept to, and 410 \
          pauses the destination until the configuration is read again. Expressions see the event, as \
          it is delivered, as `event`, and `listener.name`.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["http", "https"])),
            "Where it is called.",
            "url: https://example.com/events",
        )),
        default(
            key("method", Holds::Literal(Literal::Method), "How it is called.", "method: PUT"),
            "POST",
        ),
        key(
            "headers",
            Holds::Computed,
            "Headers beside those that say what the body is. One that is null is left out.",
            "headers: {X-Source: listener.name}",
        ),
        key(
            "body",
            Holds::Mapping,
            "What is sent instead of the event as it is: a text, or anything else as JSON.",
            "body: {text: event.data.title}",
        ),
        default(
            key(
                "format",
                Holds::Choice(&["structured", "binary"]),
                "How the event is sent as it is: all of it as `application/cloudevents+json`; or its \
                 data alone, with everything else in headers that begin with `ce-`.",
                "format: binary",
            ),
            "structured",
        ),
        key(
            "sign",
            Holds::Section(&SIGN),
            "How a request is signed.",
            "sign: {standard_webhooks: app_signing}",
        ),
        key(
            "tls",
            Holds::Section(&CALLED_TLS),
            "How it proves who it is, and we do. Over TLS, HTTP/2 is spoken where the host can.",
            "tls: {ca: tls/own-ca.crt, certificate: tls/client.crt, key: tls/client.key}",
        ),
    ],
};

/// `sign:`
pub static SIGN: Section = Section {
    name: "`sign`",
    doc: "How requests to a destination are signed.",
    one_of: false,
    keys: &[required(key(
        "standard_webhooks",
        Holds::Name(Named::Secret),
        "The secret of a signature as Standard Webhooks has it (`webhook-id`, `webhook-timestamp`, \
         `webhook-signature`). What follows `whsec_` is base64. With several references, each of \
         them signs.",
        "standard_webhooks: app_signing",
    ))],
};

/// `exec:` of a destination.
pub static EXEC: Section = Section {
    name: "`exec` of a destination",
    doc: "A program that is started for each event, with the event on its standard input. There is no \
          shell, and nothing of the event among the arguments.",
    one_of: false,
    keys: &[required(key(
        "command",
        Holds::OneOrMany(&Holds::Literal(Literal::Text)),
        "The program, and its arguments. It runs in the folder of this file.",
        "command: [./on-event, --quiet]",
    ))],
};

/// `redis:` of a destination.
#[cfg(feature = "redis")]
pub static REDIS: Section = Section {
    name: "`redis` of a destination",
    doc: "A stream of Redis, or of what speaks its protocol. Each event is an entry with the fields \
          `id`, `listener` and `event`, which is the event as it is delivered. What was answered is as \
          durable as the server's `appendfsync` makes it. Expressions see the event as `event`, and \
          `listener.name`.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["redis", "rediss"])),
            "Where the server is, with `rediss` for TLS, and the number of the database.",
            "url: rediss://cache.example.com:6379/0",
        )),
        WHO,
        PASSWORD,
        required(key(
            "stream",
            Holds::Expression,
            "The key of the stream.",
            "stream: $CONCAT([\"events:\", listener.name])",
        )),
        key(
            "max_length",
            Holds::Literal(Literal::Count),
            "About how many entries a stream keeps: the oldest go. Without it, all of them.",
            "max_length: 1000000",
        ),
    ],
};

/// `nats:` of a destination.
#[cfg(feature = "nats")]
pub static NATS: Section = Section {
    name: "`nats` of a destination",
    doc: "A subject of NATS. A message is the event as it is delivered, with `Content-Type`, and a \
          `Nats-Msg-Id` of the destination, the listener and the event's id, by which a stream knows \
          what comes again. Without `user`, the password is a token. Expressions see the event as \
          `event`, and `listener.name`.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["nats", "tls"])),
            "Where the server is, with `tls` for TLS.",
            "url: tls://nats.example.com:4222",
        )),
        WHO,
        PASSWORD,
        required(key(
            "subject",
            Holds::Expression,
            "The subject. What is none, a pattern of several, or the server's own (`$...`, `_INBOX`) makes \
             the event a dead letter.",
            "subject: $CONCAT([\"events.\", listener.name])",
        )),
        default(
            key(
                "jetstream",
                Holds::Literal(Literal::Boolean),
                "Whether a stream has to acknowledge an event. Otherwise it counts as delivered once the \
                 server has heard it, and only who listens at that moment gets it.",
                "jetstream: false",
            ),
            "true",
        ),
    ],
};

/// `amqp:` of a destination.
#[cfg(feature = "amqp")]
pub static AMQP: Section = Section {
    name: "`amqp` of a destination",
    doc: "An exchange of AMQP 0-9-1, as RabbitMQ speaks it. A message is the event as it is delivered: \
          persistent, with its type, and with the event's id as `message-id` if that has room there. It \
          is tried again until a queue takes it, and how durable that is, is for the queue to say. \
          Without `user`, we are `guest`. Expressions see the event as `event`, and `listener.name`.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["amqp", "amqps"])),
            "Where the server is, with `amqps` for TLS, and the virtual host if it is another than `/`.",
            "url: amqps://rabbit.example.com/orders",
        )),
        WHO,
        PASSWORD,
        default(
            key(
                "exchange",
                Holds::Literal(Literal::Text),
                "The exchange, which has to be there. Without it the routing key is the name of a queue.",
                "exchange: events",
            ),
            "the default exchange",
        ),
        required(key(
            "routing_key",
            Holds::Expression,
            "The routing key. One of more than 255 bytes makes the event a dead letter.",
            "routing_key: event.type",
        )),
    ],
};

/// `kafka:` of a destination.
#[cfg(feature = "kafka")]
pub static KAFKA: Section = Section {
    name: "`kafka` of a destination",
    doc: "A topic of Kafka from 2.5, or of what speaks its protocol. The value of a record is the event as it \
          is delivered, with its media type in the header `content-type`. A record that is sent again within \
          `timeout`, because an answer was lost, is not there twice; one that nobody has said to be taken by \
          then comes again, and may be. Expressions see the event as `event`, and `listener.name`.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["kafka", "kafka+ssl"])),
            "A broker that knows the others, with `kafka+ssl` for TLS to all of them.",
            "url: kafka+ssl://kafka.example.com:9093",
        )),
        key("user", Holds::Literal(Literal::Text), "Who we are there.", "user: tympan"),
        PASSWORD,
        default(
            key(
                "sasl",
                Holds::Choice(Sasl::WORDS),
                "How the password proves it: as it is, or without being sent, by SCRAM, where the broker has to \
                 prove that it knows it as well.",
                "sasl: SCRAM-SHA-512",
            ),
            "PLAIN",
        ),
        required(key(
            "topic",
            Holds::Expression,
            "The topic, which has to be there. What cannot be called so makes the event a dead letter.",
            "topic: $CONCAT([\"hooks.\", listener.name])",
        )),
        key(
            "key",
            Holds::Expression,
            "The key: records of one key are in one partition, where Java's client would put them. \
             With none, or null, records go to all partitions in turn.",
            "key: event.subject",
        ),
    ],
};

/// `postgres:` of a destination.
#[cfg(feature = "postgres")]
pub static POSTGRES: Section = Section {
    name: "`postgres` of a destination",
    doc: "A table of PostgreSQL with the columns `listener` (`text`), `id` (`text`), `received` \
          (`timestamptz`) and `event` (`jsonb`, the event as it is delivered). `listener` and `id` \
          together are its primary key, or unique: an event that comes again changes nothing.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Literal(Literal::Endpoint(&["postgres", "postgresql"])),
            "Where the server is, and the name of the database.",
            "url: postgres://db.example.com:5432/app",
        )),
        WHO,
        PASSWORD,
        key(
            "tls",
            Holds::Literal(Literal::Boolean),
            "Whether the server has to speak TLS, and to prove who it is. Usually so, unless it is on \
             this machine.",
            "tls: true",
        ),
        required(key(
            "table",
            Holds::Literal(Literal::Text),
            "The table, exactly as it is called, with its schema before it if it has one.",
            "table: hooks.events",
        )),
        default(
            key(
                "create",
                Holds::Literal(Literal::Boolean),
                "Whether the table is made where there is none.",
                "create: true",
            ),
            "false",
        ),
    ],
};

/// Who we are to a server that wants to know.
#[cfg(any(feature = "amqp", feature = "nats", feature = "postgres", feature = "redis"))]
const WHO: Key = key("user", Holds::Literal(Literal::Text), "Who we are there.", "user: tympan");

/// How we prove it.
#[cfg(feature = "remote")]
const PASSWORD: Key = key(
    "password",
    Holds::Name(Named::Secret),
    "The password, which never stands in a URL. With several references, the first.",
    "password: broker_password",
);

/// `retry:`
pub static RETRY: Section = Section {
    name: "`retry`",
    doc: "What comes after a delivery that failed. The wait doubles with each try, and is drawn \
          between nothing and that, so that not everybody comes back at once. A destination that \
          says when to come again is not asked before. In the end the event is a dead letter, which \
          stays for 30 days (`journal.retain`) and can be delivered again.",
    one_of: false,
    keys: &[
        key(
            "attempts",
            Holds::Literal(Literal::Count),
            "How often an event is tried in all. Without it, as often as there is time.",
            "attempts: 12",
        ),
        default(
            key(
                "first",
                Holds::Literal(Literal::Duration),
                "The wait after the first try.",
                "first: 5s",
            ),
            "5s",
        ),
        default(
            key("most", Holds::Literal(Literal::Duration), "The longest wait.", "most: 6h"),
            "6h",
        ),
        default(
            key(
                "for",
                Holds::Literal(Literal::Duration),
                "How long an event is tried until it is a dead letter.",
                "for: 72h",
            ),
            "72h",
        ),
    ],
};

/// `file:` of a destination.
pub static FILE_DESTINATION: Section = Section {
    name: "`file` of a destination",
    doc: "A file that events are added to, one a line.",
    one_of: false,
    keys: &[
        required(key(
            "path",
            Holds::Literal(Literal::File),
            "Where it is, relative to the folder of this file. Its folder has to be there.",
            "path: events.jsonl",
        )),
        key(
            "rotate",
            Holds::Literal(Literal::Size),
            "With how many bytes it is put aside, as `events.jsonl.1`, and a new one begun.",
            "rotate: 64MiB",
        ),
        default(
            key(
                "keep",
                Holds::Literal(Literal::Count),
                "How many of those that were put aside are kept.",
                "keep: 5",
            ),
            "5",
        ),
    ],
};

/// `stdout:`
pub static STDOUT: Section = Section {
    name: "`stdout`",
    doc: "Standard output. It has no settings.",
    one_of: false,
    keys: &[],
};

// Rows that listeners share with `defaults:`.

const METHODS: Key = default(
    key(
        "methods",
        Holds::OneOrMany(&Holds::Literal(Literal::Method)),
        "The methods of its events. Challenges may come with GET, HEAD and OPTIONS as well.",
        "methods: [POST]",
    ),
    "[POST]",
);

const ACCEPT: Key = default(
    key(
        "accept",
        Holds::Choice(Accept::WORDS),
        "The parser of its bodies, where anything reads what it gives: `json` and `text` \
     refuse what they cannot read, `any` follows the Content-Type and refuses \
     nothing.",
        "accept: form",
    ),
    "json",
);

const CONTENT_TYPES: Key = key(
    "content_types",
    Holds::OneOrMany(&Holds::Literal(Literal::Text)),
    "The media types that are taken; others get 415. Without it any is.",
    "content_types: [application/json]",
);

const LIMITS: Key = key(
    "limits",
    Holds::Section(&LISTENER_LIMITS),
    "What a request of this listener may take.",
    "limits: {body: 25MiB}",
);

static ONE_ROUTE: Holds = Holds::NameOr(Named::Destination, &ROUTE);

const DELIVER: Key = key(
    "deliver",
    Holds::OneOrMany(&ONE_ROUTE),
    "The destinations of its events, each for all of them or for some.",
    "deliver: [console]",
);

const ACK: Key = default(
    key(
        "ack",
        Holds::Choice(&["memory", "durable", "delivered"]),
        "When a request is answered that made events: once they are on the disk; once they are \
         understood, so that a crash may lose them; or once every destination has them. With \
         `memory` and no destination, events are not even made.",
        "ack: durable",
    ),
    "durable",
);

const KEEP: Key = default(
    key(
        "keep",
        Holds::Choice(&["events", "refused"]),
        "What is kept of its requests: the events that they made; or those, too, that were refused, \
         for `tympan events list --refused` and `tympan explain`, without what is never shown, tokens \
         and bodies of more than 64 KiB, and as far as there is room.",
        "keep: refused",
    ),
    "events",
);

const RESPONSES_ROW: Key = key(
    "responses",
    Holds::Section(&RESPONSES),
    "What is answered, by outcome, where the provider needs something else than usual.",
    "responses: {accepted: {status: 202}}",
);

const REDACT: Key = key(
    "redact",
    Holds::OneOrMany(&Holds::Expression),
    "Parts of requests that are never shown, in logs or anywhere else, as paths. On the way to a \
     key, a list stands for each of its items. `client_ip` means the headers, too, in which proxies name \
     it (`Forwarded`, `X-Forwarded-For`, `X-Real-IP`). What an event is made of is part of it: it is \
     delivered and kept, and `tympan events show` shows it. A request that gave no event is kept with its \
     whole body, and shown without these parts and without what proves it.",
    "redact: [parsed_body.sender.email, 'headers[\"Authorization\"]']",
);

static ONE_CHALLENGE: Holds = Holds::Section(&CHALLENGE);

const CHALLENGE_ROW: Key = key(
    "challenge",
    Holds::OneOrMany(&ONE_CHALLENGE),
    "How the provider's set-up request is recognised and answered. Unless it says `verification` \
     itself, anyone is answered. It makes no event, and stays active for ever.",
    "challenge: {detection: 'headers[\"X-Hook-Secret\"]', response: {status: 200}}",
);

const VERIFICATION_ROW: Key = key(
    "verification",
    Holds::OneOrMany(&PROOF),
    "How a sender proves itself. All entries have to hold. It has to be there, unless a `preset` \
     brings it; then the word `preset` stands for what that says.",
    "verification: [{signature: {...}}]",
);

/// One way to prove oneself: written out, that of a preset, or that of the listener's own one.
static PROOF: Holds = Holds::WordOr("preset", &PROOF_ITSELF);

static PROOF_ITSELF: Holds =
    Holds::Or(&Holds::Section(&VERIFICATION), &Holds::Section(&PROOF_OF_PRESET));

const DECRYPT_ROW: Key = key(
    "decrypt",
    Holds::Section(&DECRYPT),
    "How its bodies are encrypted. They are decrypted once their sender has proved itself; `raw_body` \
     and `parsed_body` of everything behind that are what they say.",
    "decrypt: {secret: orders, key: {digest: SHA-256}, ciphertext: parsed_body.encrypt}",
);

const REGISTRATION_ROW: Key = key(
    "registration",
    Holds::Section(&REGISTRATION),
    "How it is made known to its provider: `tympan register NAME` does it.",
    "registration: {action: orders.subscribe}",
);

const DEDUPLICATE_ROW: Key = key(
    "deduplicate",
    Holds::Section(&DEDUPLICATE),
    "What a request is known by when its provider sends it again. It is kept once, and answered every \
     time as it was the first time.",
    "deduplicate: {key: 'headers[\"X-Delivery-Id\"]', window: 72h}",
);

const EVENTS_ROW: Key = key(
    "events",
    Holds::Section(&EVENTS),
    "The events that a request makes. Without it, one whose data is the parsed body.",
    "events: {type: '\"task.changed\"', data: parsed_body}",
);

const SIMULATE_ROW: Key = key(
    "simulate",
    Holds::Section(&SIMULATE),
    "How its provider sends, where that does not follow from how it is verified.",
    "simulate: {signature: 'headers[\"X-Signature\"]', headers: {X-Event: order}}",
);

const PRESET_ROW: Key = key(
    "preset",
    Holds::Literal(Literal::Text),
    "The provider, as `tympan presets list` calls it: what is not written here is as that provider \
     does it. Behind an `@`, the date on which its facts were checked can be held fast.",
    "preset: standard-webhooks",
);

const SECRET_ROW: Key = key(
    "secret",
    Holds::Name(Named::Secret),
    "The secret of a preset that has one.",
    "secret: orders",
);

const WITH_ROW: Key = key(
    "with",
    Holds::Parameters,
    "What a preset asks for, by the names of its parameters (`tympan presets show NAME`): the names \
     of secrets, texts and URLs.",
    "with: {app_secret: orders_app, verify_token: orders_token}",
);

/// An entry of `listeners:`
pub static LISTENER: Section = Section {
    name: "a listener",
    doc: "What one external system sends, and what becomes of it.",
    one_of: false,
    keys: &[
        key(
            "description",
            Holds::Literal(Literal::Text),
            "What it is, for people.",
            "description: Orders from the shop",
        ),
        PRESET_ROW,
        SECRET_ROW,
        WITH_ROW,
        default(
            key(
                "path",
                Holds::Literal(Literal::Path),
                "Where it is called. A part in braces takes any text up to the next `/` and can be \
                 read as `path_params`.",
                "path: /in/{customer}",
            ),
            "/webhooks/v1/listeners/NAME/notify",
        ),
        METHODS,
        ACCEPT,
        CONTENT_TYPES,
        LIMITS,
        CHALLENGE_ROW,
        VERIFICATION_ROW,
        DECRYPT_ROW,
        key(
            "reject",
            Holds::Expression,
            "A kill switch: when it is true, a verified request makes no event and gets the answer \
             of an accepted one.",
            "reject: query_params.mode == \"off\"",
        ),
        key(
            "payload_schema",
            Holds::Schema,
            "What the parsed body has to look like; anything else is `invalid`. Either the fields \
             that are needed, nested like the body, each with its type (`string`, `number`, \
             `integer`, `boolean`, `object`, `array`, `null`, `any`, or `[...]` for a list of \
             such): a field whose name ends with `?` may be missing or null, and others may be \
             there. Or a JSON Schema, which it is with `$schema`, or with `type: object` and \
             `properties`; one that refers to another file or address is a mistake, as nothing \
             is fetched.",
            "payload_schema: {action: string, issue: {title: string, 'labels?': [{name: string}]}}",
        ),
        key(
            "rate_limit",
            Holds::Section(&RATE),
            "How many verified requests are taken. Further ones are asked to \
             come again.",
            "rate_limit: {requests: 50, per: 1s}",
        ),
        key(
            "filter",
            Holds::Expression,
            "Only verified requests for which this is true make events; others get the answer of \
             an accepted one, so that the provider does not try again.",
            "filter: parsed_body.action == \"opened\"",
        ),
        key(
            "let",
            Holds::Expressions,
            "Names for values that several of the following expressions read. Each is computed at \
             most once, after verification.",
            "let: {labels: 'parsed_body.labels.$MAP(l => l.name)'}",
        ),
        EVENTS_ROW,
        DELIVER,
        ACK,
        KEEP,
        DEDUPLICATE_ROW,
        RESPONSES_ROW,
        REDACT,
        SIMULATE_ROW,
        REGISTRATION_ROW,
        key(
            "tests",
            Holds::List(&Holds::Section(&TEST)),
            "What `tympan test` tries.",
            "tests: [{name: an order, request: {sign: true, body: '{}'}, expect: {outcome: accepted}}]",
        ),
    ],
};

/// `registration:`
pub static REGISTRATION: Section = Section {
    name: "a registration",
    doc: "How a listener is made known to its provider. A preset says most of it: what it says is used \
          where the listener has a `registration`.",
    one_of: false,
    keys: &[
        required(key(
            "action",
            Holds::Or(&Holds::Literal(Literal::Text), &Holds::Section(&ACTION)),
            "The action that does it, by its name or written out. It finds where the provider has to \
             call in `listener.url`.",
            "action: orders.subscribe",
        )),
        key(
            "connector",
            Holds::Name(Named::Connector),
            "Which system the actions call that are written out here.",
            "connector: orders",
        ),
        key(
            "secret_at",
            Holds::Expression,
            "Where the answer tells the secret that the handshake brought. Only that one is kept \
             then, whoever else has sent handshakes meanwhile.",
            "secret_at: headers[\"X-Hook-Secret\"]",
        ),
        key(
            "secret",
            Holds::Name(Named::Secret),
            "The captured secret that is in the answer alone, at `secret_at`: no handshake brings it.",
            "secret: orders_captured",
        ),
        key(
            "id",
            Holds::Expression,
            "Where the answer tells what the provider calls the new webhook. It fails if it does not.",
            "id: parsed_body.data.id",
        ),
        key(
            "delete",
            Holds::Or(&Holds::Literal(Literal::Text), &Holds::Section(&ACTION)),
            "The action that ends it; its input `id` is what the provider calls the webhook. If its `result` is \
             null it has not ended. It is used when a registration fails halfway, and by `tympan register \
             --delete ID`.",
            "delete: orders.unsubscribe",
        ),
        key(
            "list",
            Holds::Or(&Holds::Literal(Literal::Text), &Holds::Section(&ACTION)),
            "The action that tells which webhooks there are, for `tympan register --list`.",
            "list: orders.subscriptions",
        ),
    ],
};

/// `simulate:`
pub static SIMULATE: Section = Section {
    name: "`simulate`",
    doc: "How the provider sends, for `tympan simulate` and for tests that sign.",
    one_of: false,
    keys: &[
        key(
            "signature",
            Holds::Expression,
            "Where it puts the signature, if `received_signature` is computed: a header, a parameter \
             of the query or path, or a field of the body.",
            "signature: headers[\"X-Signature\"]",
        ),
        key(
            "timestamp",
            Holds::Expression,
            "Where it puts the timestamp, if `timestamp.value` is computed.",
            "timestamp: headers[\"X-Timestamp\"]",
        ),
        key(
            "token",
            Holds::Expression,
            "Where it puts the token, if `received_token` is computed.",
            "token: headers[\"Authorization\"]",
        ),
        key(
            "prefix",
            Holds::Literal(Literal::Text),
            "What stands before the signature or token there.",
            "prefix: \"Bearer \"",
        ),
        key(
            "envelope",
            Holds::Literal(Literal::Text),
            "What stands around the signature, with `%s` for it, where all of that is sent in base64.",
            "envelope: '{\"kid\": \"1\", \"signature\": \"%s\"}'",
        ),
        key(
            "headers",
            Holds::Texts,
            "Headers of every delivery.",
            "headers: {X-Event: order.paid}",
        ),
        key(
            "query",
            Holds::Texts,
            "Parameters of the query of every delivery.",
            "query: {tenant: acme}",
        ),
        key(
            "body",
            Holds::Json,
            "The body of a delivery: a text as it stands, anything else as JSON. Where the place of a \
             signature is computed, the signature takes the place of what the body holds there, and so \
             does an encrypted text that of its message. Of a body that is a token it is the claims.",
            "body: {id: 7}",
        ),
    ],
};

/// An entry of `tests:`
pub static TEST: Section = Section {
    name: "a test",
    doc: "A request, and what has to become of it. Secrets have values that are made up for the \
          purpose, so that tests need none.",
    one_of: false,
    keys: &[
        required(key(
            "name",
            Holds::Literal(Literal::Text),
            "What it shows, for people.",
            "name: an opened issue is delivered",
        )),
        required(key(
            "request",
            Holds::Section(&TEST_REQUEST),
            "What arrives.",
            "request: {sign: true, body: '{}'}",
        )),
        required(key(
            "expect",
            Holds::Section(&EXPECT),
            "What has to become of it; what is left out may be anything.",
            "expect: {outcome: accepted}",
        )),
    ],
};

const METHOD_PART: Key =
    key("method", Holds::Literal(Literal::Method), "The method.", "method: GET");

const PATH_PART: Key = key(
    "path",
    Holds::Literal(Literal::Path),
    "The path, if not the listener's.",
    "path: /in/acme",
);

const QUERY_PART: Key =
    key("query", Holds::Texts, "Parameters of the query.", "query: {tenant: acme}");

const HEADERS_PART: Key =
    key("headers", Holds::Texts, "Headers.", "headers: {X-Event: order.paid}");

const BODY_PART: Key = key(
    "body",
    Holds::Json,
    "The body: a text as it stands, anything else as JSON.",
    "body: '{\"id\": 7}'",
);

const BODY_FILE_PART: Key = key(
    "body_file",
    Holds::Literal(Literal::File),
    "The file that is the body, byte by byte.",
    "body_file: tests/order.json",
);

/// `request:` of a test.
pub static TEST_REQUEST: Section = Section {
    name: "`request` of a test",
    doc: "What arrives.",
    one_of: false,
    keys: &[
        default(METHOD_PART, "the first of the listener's `methods`"),
        PATH_PART,
        QUERY_PART,
        HEADERS_PART,
        BODY_PART,
        BODY_FILE_PART,
        default(
            key(
                "sign",
                Holds::Literal(Literal::Boolean),
                "Whether to prove it as the provider would.",
                "sign: true",
            ),
            "false",
        ),
        default(
            key(
                "at",
                Holds::Literal(Literal::Text),
                "When it arrives: RFC 3339, or seconds since 1970. It is signed then.",
                "at: 2026-01-31T12:00:00Z",
            ),
            "1700000000",
        ),
        key(
            "then",
            Holds::Section(&THEN),
            "What is changed after it was signed.",
            "then: {body: '{}'}",
        ),
    ],
};

/// `then:` of a test.
pub static THEN: Section = Section {
    name: "`then` of a test",
    doc: "What is changed after a request was signed; what is null is taken out.",
    one_of: false,
    keys: &[
        METHOD_PART,
        PATH_PART,
        QUERY_PART,
        HEADERS_PART,
        BODY_PART,
        BODY_FILE_PART,
        key(
            "at",
            Holds::Literal(Literal::Text),
            "When it arrives, if not at once.",
            "at: 2026-01-31T13:00:00Z",
        ),
    ],
};

/// `expect:` of a test.
pub static EXPECT: Section = Section {
    name: "`expect` of a test",
    doc: "What has to become of the request.",
    one_of: false,
    keys: &[
        key("outcome", Holds::Literal(Literal::Text), "The outcome.", "outcome: unauthorized"),
        key("status", Holds::Literal(Literal::Status), "The status.", "status: 401"),
        key(
            "headers",
            Holds::Texts,
            "Headers of the answer, among others.",
            "headers: {Allow: POST}",
        ),
        key(
            "body",
            Holds::Json,
            "The body of the answer: a text as it stands, anything else as JSON.",
            "body: {type: 1}",
        ),
        key(
            "event",
            Holds::Json,
            "What its only event holds, among other things.",
            "event: {type: order.paid, data: {id: 7}}",
        ),
        key(
            "events",
            Holds::Json,
            "What its events hold, in order; an empty list says that there are none.",
            "events: [{type: order.paid}, {type: order.sent}]",
        ),
        key(
            "delivered",
            Holds::OneOrMany(&Holds::Name(Named::Destination)),
            "Where the events go, and nowhere else.",
            "delivered: [console]",
        ),
    ],
};

/// `decrypt:`
pub static DECRYPT: Section = Section {
    name: "`decrypt`",
    doc: "How a sender encrypts what it says, with a secret of both sides. Whatever is wrong with an \
          encrypted text, the answer is that to a wrong proof.",
    one_of: false,
    keys: &[
        required(key(
            "secret",
            Holds::Name(Named::Secret),
            "The key: 32 bytes, made of the secret as `key` says. Of several values, any decrypts, and \
             the first encrypts.",
            "secret: orders",
        )),
        key(
            "key",
            Holds::Section(&KEY),
            "How the secret becomes the key.",
            "key: {digest: SHA-256}",
        ),
        default(
            key(
                "algorithm",
                Holds::Choice(&["AES-256-CBC"]),
                "How it is encrypted.",
                "algorithm: AES-256-CBC",
            ),
            "AES-256-CBC",
        ),
        default(
            key(
                "iv",
                Holds::Choice(Iv::WORDS),
                "Where the first vector is: in the 16 bytes before what is encrypted, or in the first \
                 16 bytes of the key.",
                "iv: key",
            ),
            "start",
        ),
        default(
            key(
                "padding",
                Holds::Numbers(Padding::NUMBERS),
                "To a multiple of how many bytes it is filled up (PKCS #7).",
                "padding: 32",
            ),
            "16",
        ),
        key(
            "framing",
            Holds::Section(&FRAMING),
            "What stands around the message, if anything does.",
            "framing: {receiver: ding0123456789}",
        ),
        required(key(
            "ciphertext",
            Holds::Expression,
            "Where the encrypted text is.",
            "ciphertext: parsed_body.encrypt",
        )),
        default(
            key(
                "encoding",
                Holds::Choice(Encoding::WORDS),
                "How its bytes are written.",
                "encoding: base64",
            ),
            "base64",
        ),
        default(
            key(
                "accept",
                Holds::Choice(Accept::WORDS),
                "The parser of what it says.",
                "accept: text",
            ),
            "that of the listener",
        ),
    ],
};

/// `framing:`
pub static FRAMING: Section = Section {
    name: "`framing`",
    doc: "What stands around an encrypted message: 16 random bytes and its length in 4 bytes (the highest \
          first) before it, and behind it for whom it is.",
    one_of: false,
    keys: &[required(key(
        "receiver",
        Holds::Literal(Literal::Text),
        "For whom it has to be: what the provider calls us.",
        "receiver: ding0123456789",
    ))],
};

/// `defaults:`
pub static DEFAULTS: Section = Section {
    name: "`defaults`",
    doc: "What listeners say that do not say it themselves, key by key; of `limits` and \
          `responses`, setting by setting. Whoever may send is never a default: every listener \
          has its own `verification`.",
    one_of: false,
    keys: &[METHODS, ACCEPT, CONTENT_TYPES, LIMITS, DELIVER, ACK, KEEP, RESPONSES_ROW, REDACT],
};

/// An entry of `deliver:`
pub static ROUTE: Section = Section {
    name: "an entry of `deliver`",
    doc: "A destination, and which events it gets.",
    one_of: false,
    keys: &[
        required(key("to", Holds::Name(Named::Destination), "The destination.", "to: console")),
        key(
            "when",
            Holds::Expression,
            "Which events it gets, of all. It is judged when the request comes; `item` is that of \
             the event, if there is `each`.",
            "when: parsed_body.action == \"opened\"",
        ),
    ],
};

/// `deduplicate:`
pub static DEDUPLICATE: Section = Section {
    name: "`deduplicate`",
    doc: "What a request is known by when its provider sends it again. It counts from the moment \
          its events are kept, after verification, and outlives a restart.",
    one_of: false,
    keys: &[
        required(key(
            "key",
            Holds::Expression,
            "What it is known by, such as the provider's id of the delivery. Null is never known.",
            "key: headers[\"X-Delivery-Id\"]",
        )),
        default(
            key("window", Holds::Literal(Literal::Duration), "How long it counts.", "window: 72h"),
            "72h",
        ),
    ],
};

/// `limits:` of a listener.
pub static LISTENER_LIMITS: Section = Section {
    name: "`limits` of a listener",
    doc: "What a request of this listener may take.",
    one_of: false,
    keys: &[
        key(
            "body",
            Holds::Literal(Literal::Size),
            "The largest body that is read, instead of the server's.",
            "body: 25MiB",
        ),
        default(
            key(
                "ack",
                Holds::Literal(Literal::Duration),
                "How long keeping an event may take before the request is answered with 503.",
                "ack: 2.5s",
            ),
            "2.5s",
        ),
    ],
};

/// `connectors: {NAME: ...}`
pub static CONNECTOR: Section = Section {
    name: "a connector",
    doc: "An external system, and what we prove ourselves with there. Redirects are not followed, \
          and a proxy of the environment is not asked.",
    one_of: false,
    keys: &[
        required(key(
            "base_url",
            Holds::Literal(Literal::Text),
            "What the path of every action is appended to.",
            "base_url: https://api.example.com",
        )),
        key(
            "auth",
            Holds::Section(&AUTH),
            "What proves who calls. Without it, nothing.",
            "auth: {bearer: orders_key}",
        ),
        default(
            key(
                "timeout",
                Holds::Literal(Literal::Duration),
                "How long a call may take, tries and answer together.",
                "timeout: 30s",
            ),
            "15s",
        ),
        key(
            "tls",
            Holds::Section(&CALLED_TLS),
            "How it proves who it is, and we do.",
            "tls: {ca: tls/own-ca.crt}",
        ),
        key(
            "proxy",
            Holds::Literal(Literal::Text),
            "The proxy through which it is called, by a tunnel (`CONNECT`). It looks the host up, so that \
             `egress` judges where the proxy is, and an address that is written out, and nothing else.",
            "proxy: http://proxy.example.com:3128",
        ),
        key(
            "proxy_auth",
            Holds::Section(&USER),
            "Who we are at the proxy (RFC 7617).",
            "proxy_auth: {username: robot, password: proxy_password}",
        ),
    ],
};

/// `tls:` of a connector, or of a destination
pub static CALLED_TLS: Section = Section {
    name: "`tls` of a connector",
    doc: "TLS where we are the client. The files are PEM; of connectors they are read for each command \
          that calls, of destinations whenever they change.",
    one_of: false,
    keys: &[
        key(
            "ca",
            Holds::Literal(Literal::File),
            "Authorities that are trusted beside those of browsers and of `egress.ca`.",
            "ca: tls/own-ca.crt",
        ),
        key(
            "certificate",
            Holds::Literal(Literal::File),
            "Our certificate, and behind it those that lead to its root.",
            "certificate: tls/client.crt",
        ),
        key("key", Holds::Literal(Literal::File), "Its private key.", "key: tls/client.key"),
        default(
            key(
                "oldest",
                Holds::Choice(&["TLS-1.2", "TLS-1.3"]),
                "The oldest version that is spoken.",
                "oldest: TLS-1.3",
            ),
            "TLS-1.2",
        ),
    ],
};

/// `auth:` of a connector
pub static AUTH: Section = Section {
    name: "`auth` of a connector",
    doc: "What proves who calls: exactly one of these.",
    one_of: true,
    keys: &[
        key(
            "api_key",
            Holds::Section(&SENT_KEY),
            "A key in a header or in the query.",
            "api_key: {header: X-Api-Key, pattern: '%s', key: orders_key}",
        ),
        key(
            "bearer",
            Holds::Name(Named::Secret),
            "A token, as `Authorization: Bearer TOKEN`.",
            "bearer: orders_key",
        ),
        key(
            "basic",
            Holds::Section(&USER),
            "A user and a password (RFC 7617).",
            "basic: {username: robot, password: orders_key}",
        ),
        key(
            "oauth",
            Holds::Section(&GRANTED),
            "An access token that is asked for (RFC 6749), ahead of its end, and once more when it \
             is refused.",
            "oauth: {token_url: https://auth.example.com/token, client_id: us, client_secret: orders_key}",
        ),
        key(
            "jwt",
            Holds::Section(&ASSERTION),
            "A token that we sign ourselves with a private key, as `Authorization: Bearer TOKEN`: another \
             one for every call.",
            "jwt: {key: app_key, issuer: '12345'}",
        ),
    ],
};

/// `jwt:`, `assertion:` and `client_assertion:` of a connector
pub static ASSERTION: Section = Section {
    name: "a token that we sign",
    doc: "A JSON Web Token (RFC 7519) of our own. It says when it was made, half a minute ago, as clocks \
          differ, when it ends, and an id that no other has.",
    one_of: false,
    keys: &[
        required(key(
            "key",
            Holds::Name(Named::Secret),
            "The private key, as PEM.",
            "key: app_key",
        )),
        default(
            key(
                "algorithm",
                Holds::Choice(jwt::Algorithm::SIGNING),
                "What it is signed with.",
                "algorithm: ES256",
            ),
            "RS256",
        ),
        key(
            "key_id",
            Holds::Literal(Literal::Text),
            "What the receiver calls the key: `kid` of the token's header.",
            "key_id: '2026-01'",
        ),
        key("issuer", Holds::Literal(Literal::Text), "Who we are: `iss`.", "issuer: '12345'"),
        key(
            "subject",
            Holds::Literal(Literal::Text),
            "For whom we act: `sub`.",
            "subject: robot@example.com",
        ),
        key(
            "audience",
            Holds::Literal(Literal::Text),
            "Whom it is for: `aud`. Within `oauth` it is for the `token_url`, unless this says otherwise.",
            "audience: https://api.example.com",
        ),
        default(
            key(
                "lifetime",
                Holds::Literal(Literal::Duration),
                "How long it counts, from half a minute ago.",
                "lifetime: 10m",
            ),
            "5m",
        ),
        key(
            "claims",
            Holds::Object,
            "What else it says, as it stands: nothing that has a key of its own, or is made for every token \
             (`exp`, `iat`, `jti`).",
            "claims: {scope: orders.read}",
        ),
    ],
};

/// `api_key:` of a connector
pub static SENT_KEY: Section = Section {
    name: "`api_key` of a connector",
    doc: "A key that is sent along, in one place: `header`, `query` or `path`.",
    one_of: false,
    keys: &[
        default(
            key("header", Holds::Literal(Literal::Header), "Its header.", "header: X-Api-Key"),
            "Authorization",
        ),
        default(
            key(
                "pattern",
                Holds::Literal(Literal::Text),
                "What the header holds, with `%s` for the key.",
                "pattern: 'Token %s'",
            ),
            "'Bearer %s'",
        ),
        key(
            "query",
            Holds::Literal(Literal::Text),
            "A parameter of the query that holds it, in place of a header.",
            "query: api_key",
        ),
        key(
            "path",
            Holds::Literal(Literal::Text),
            "What every path begins with, with `%s` for the key, in place of a header.",
            "path: /key-%s",
        ),
        required(key("key", Holds::Name(Named::Secret), "The key.", "key: orders_key")),
    ],
};

/// `basic:` and `proxy_auth:` of a connector
pub static USER: Section = Section {
    name: "a user",
    doc: "A user and a password.",
    one_of: false,
    keys: &[
        required(key("username", Holds::Literal(Literal::Text), "The user.", "username: robot")),
        required(key(
            "password",
            Holds::Name(Named::Secret),
            "The password.",
            "password: orders_key",
        )),
    ],
};

/// `oauth:` of a connector
pub static GRANTED: Section = Section {
    name: "`oauth` of a connector",
    doc: "How an access token is asked for.",
    one_of: false,
    keys: &[
        required(key(
            "token_url",
            Holds::Literal(Literal::Text),
            "Where.",
            "token_url: https://auth.example.com/token",
        )),
        key(
            "client_id",
            Holds::Literal(Literal::Text),
            "Who we are there. Only the grant `jwt_bearer` needs none.",
            "client_id: us",
        ),
        key(
            "client_secret",
            Holds::Name(Named::Secret),
            "What proves it.",
            "client_secret: orders_key",
        ),
        key(
            "client_assertion",
            Holds::Section(&ASSERTION),
            "A token that we sign to prove it, in place of a secret (`private_key_jwt`; RFC 7523, section \
             2.2). It is from and about the `client_id`, unless it says otherwise.",
            "client_assertion: {key: app_key}",
        ),
        default(
            key(
                "grant",
                Holds::Choice(&["client_credentials", "refresh_token", "password", "jwt_bearer"]),
                "What it is granted for.",
                "grant: refresh_token",
            ),
            "client_credentials",
        ),
        key(
            "refresh_token",
            Holds::Name(Named::Secret),
            "The refresh token, for that grant. If another one is given when it is used, that is kept in \
             the folder of `state`, and used from then on, until the secret has another value.",
            "refresh_token: orders_refresh",
        ),
        key(
            "username",
            Holds::Literal(Literal::Text),
            "The user, for the grant `password`.",
            "username: robot",
        ),
        key(
            "password",
            Holds::Name(Named::Secret),
            "The user's password, for that grant.",
            "password: orders_password",
        ),
        key(
            "assertion",
            Holds::Section(&ASSERTION),
            "The token that we sign, for the grant `jwt_bearer` (RFC 7523).",
            "assertion: {key: app_key, issuer: robot@example.com}",
        ),
        key(
            "scope",
            Holds::Literal(Literal::Text),
            "What it is to be good for, with spaces between.",
            "scope: 'read write'",
        ),
        default(
            key(
                "client_in",
                Holds::Choice(&["header", "body"]),
                "Where id and secret are sent: in HTTP Basic, or in the body.",
                "client_in: body",
            ),
            "header",
        ),
    ],
};

/// `actions: {NAME: ...}`
pub static ACTION: Section = Section {
    name: "an action",
    doc: "One call. Its expressions read `inputs`, by their bare names as well, and `listener` where \
          a listener is registered.",
    one_of: false,
    keys: &[
        key(
            "connector",
            Holds::Name(Named::Connector),
            "Which system is called. Within a registration it is that of the registration, unless this \
             says another.",
            "connector: orders",
        ),
        default(
            key("method", Holds::Literal(Literal::Method), "The method.", "method: POST"),
            "GET",
        ),
        required(key(
            "path",
            Holds::Literal(Literal::Text),
            "What is called there, with `{{{name}}}` for inputs: each is one part of the path.",
            "path: '/users/{{{user}}}'",
        )),
        key(
            "inputs",
            Holds::LooseMapOf(&Holds::Section(&INPUT)),
            "What it is told, by name: `--set NAME=VALUE`.",
            "inputs: {user: {required: true}}",
        ),
        key(
            "headers",
            Holds::Computed,
            "Headers; one that is null is left out.",
            "headers: {X-Request: inputs.user}",
        ),
        key(
            "query",
            Holds::Computed,
            "Parameters of the query; one that is null is left out.",
            "query: {limit: 10}",
        ),
        key("body", Holds::Mapping, "A body of JSON.", "body: {data: {user: inputs.user}}"),
        key("form", Holds::Computed, "A body that is a form.", "form: {user: inputs.user}"),
        key("text", Holds::Expression, "A body that is a text.", "text: inputs.user"),
        key(
            "expect",
            Holds::OneOrMany(&Holds::Literal(Literal::Status)),
            "The statuses that say that it is done. Without it, all from 200 to 299.",
            "expect: [201]",
        ),
        key(
            "result",
            Holds::Expression,
            "What is wanted of the answer: an expression over `parsed_body`, `raw_body` and \
             `headers`. Without it, all of it.",
            "result: parsed_body.data.gid",
        ),
    ],
};

/// `inputs: {NAME: ...}`
pub static INPUT: Section = Section {
    name: "an input",
    doc: "Something that an action is told.",
    one_of: false,
    keys: &[
        default(
            key(
                "type",
                Holds::Choice(&["text", "number", "boolean", "json"]),
                "What it may be.",
                "type: number",
            ),
            "text",
        ),
        default(
            key(
                "required",
                Holds::Literal(Literal::Boolean),
                "Whether it has to be told.",
                "required: true",
            ),
            "false",
        ),
        key("default", Holds::Literal(Literal::Text), "What it is otherwise.", "default: '10'"),
        key(
            "secret",
            Holds::Name(Named::Secret),
            "The secret that it is, which nobody has to tell. Expressions see a mark in its place, and the \
             value is put there when the call is sent: into the body, a header, the query or the path, as a \
             whole or with something around it.",
            "secret: orders",
        ),
        key(
            "description",
            Holds::Literal(Literal::Text),
            "What it means, for people.",
            "description: The id of a project",
        ),
    ],
};

/// An entry of `challenge:`
pub static CHALLENGE: Section = Section {
    name: "a challenge",
    doc: "A request by which a provider finds out whether the endpoint is ours.",
    one_of: false,
    keys: &[
        required(key(
            "detection",
            Holds::Expression,
            "A request is this challenge when the value is true, or is anything but null, false, \
             zero or empty.",
            "detection: headers[\"X-Hook-Secret\"]",
        )),
        required(key(
            "response",
            Holds::Section(&RESPONSE),
            "What is answered.",
            "response: {status: 200}",
        )),
        key(
            "tokens",
            Holds::OneOrMany(&Holds::Section(&TOKENS)),
            "Values that only an owner of the secret can compute, for the answer.",
            "tokens: [{name: url_token, secret: orders, payload: parsed_body.payload.plainToken}]",
        ),
        default(
            key(
                "allow",
                Holds::Literal(Literal::Pattern),
                "What the answer may echo: every text in it that comes from the request has to \
                 match as a whole, or the request is refused.",
                "allow: '[A-Za-z0-9_-]{1,128}'",
            ),
            "'[ -~]{1,1024}'",
        ),
        key(
            "verification",
            Holds::WordOr("required", &Holds::OneOrMany(&PROOF)),
            "What its sender has to prove before it is answered: `required` is what the listener \
             wants of everyone, anything else stands here in its place. Without it anyone is \
             answered.",
            "verification: required",
        ),
        key(
            "otherwise",
            Holds::Section(&RESPONSE),
            "What is answered to a sender that did not prove itself, or whose secret nobody \
             expects. Without it, what the listener answers to such.",
            "otherwise: {status: 403}",
        ),
        key(
            "capture",
            Holds::Expressions,
            "Secrets that the handshake brings, by the names of `captured` ones. They are stored \
             before it is answered, and only while `tympan secrets arm` or `tympan register` \
             expect them; at any other time the handshake is refused. What is stored is never \
             replaced by a request.",
            "capture: {orders: 'headers[\"X-Hook-Secret\"]'}",
        ),
        default(
            key(
                "probes",
                Holds::Literal(Literal::Boolean),
                "Whether the provider also sends it with proofs that are wrong on purpose. They \
                 are refused like all others, but as `challenged`, so that they alarm nobody.",
                "probes: true",
            ),
            "false",
        ),
        key(
            "ciphertext",
            Holds::Expression,
            "Where it lies encrypted, if it does: `decrypt` of the listener says how. Everything else \
             of the challenge then sees what it says as the body. With `verification: required` it \
             is decrypted only after its sender has proved itself.",
            "ciphertext: query_params.echostr",
        ),
        key(
            "call",
            Holds::Section(&CALL),
            "What is called once before it is answered, where the provider wants to see that its \
             request has arrived. If that fails, the answer is 503, so that the provider asks again.",
            "call: {url: parsed_body.SubscribeURL, hosts: [api.example.com]}",
        ),
    ],
};

/// `call:`
pub static CALL: Section = Section {
    name: "`call`",
    doc: "A URL that a challenge names, and that is called with GET over HTTPS, once its sender has \
          proved what it has to. Any status of success will do, within 5 s; no redirect is followed, \
          and nothing of the answer is told to anybody. A listener calls 10 times a minute at most.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Expression,
            "Where the URL is. It has to begin with `https://`, and to name no user.",
            "url: parsed_body.SubscribeURL",
        )),
        HOSTS,
        HOST_PATTERN,
        default(
            key(
                "path",
                Holds::Literal(Literal::Pattern),
                "What path and query have to look like, as a whole. `..` never passes.",
                "path: '/\\?Action=ConfirmSubscription&.*'",
            ),
            "'/.*'",
        ),
    ],
};

/// An entry of `tokens:`
pub static TOKENS: Section = Section {
    name: "a challenge token",
    doc: "A value computed from the challenge with a secret, read as `challenge_token.NAME`.",
    one_of: false,
    keys: &[
        required(key(
            "name",
            Holds::Literal(Literal::Text),
            "What expressions of the response call it.",
            "name: url_token",
        )),
        default(
            key(
                "algorithm",
                Holds::WordOr("digest", &Holds::Choice(HashMode::WORDS)),
                "How it is computed: an HMAC, named by its hash function in the spellings of \
                 `hash_mode`; or `digest`, a plain digest that has the secret mixed in, which has to be \
                 one that proves nothing else.",
                "algorithm: HMAC-SHA256",
            ),
            "HMAC-SHA256",
        ),
        default(
            key(
                "hash_mode",
                Holds::Choice(HashMode::WORDS),
                "The hash function of a `digest`.",
                "hash_mode: SHA-256",
            ),
            "SHA-256",
        ),
        default(
            key(
                "secret_at",
                Holds::Literal(Literal::Text),
                "Where a `digest` has the secret, as in signatures.",
                "secret_at: 1",
            ),
            "start",
        ),
        required(key(
            "secret",
            Holds::Name(Named::Secret),
            "The key of the computation.",
            "secret: orders",
        )),
        key("key", Holds::Section(&KEY), "How the secret becomes the key.", "key: {digest: SHA-1}"),
        required(key(
            "payload",
            Holds::Expression,
            "What is signed; for a `digest`, a list is its parts.",
            "payload: parsed_body.payload.plainToken",
        )),
        default(
            key("encoding", Holds::Choice(Encoding::WORDS), "How it is written.", "encoding: hex"),
            "hex",
        ),
        default(
            key(
                "allow",
                Holds::Literal(Literal::Pattern),
                "What may be signed: the payload has to match as a whole, so that a stranger \
                 cannot have an event signed; of a `digest`, each of its parts but those that read \
                 nothing of the request.",
                "allow: '^[A-Za-z0-9_-]{1,128}$'",
            ),
            "'[A-Za-z0-9_-]{1,128}'",
        ),
    ],
};

/// `response:`, `responses.*:`
pub static RESPONSE: Section = Section {
    name: "a response",
    doc: "What is answered.",
    one_of: false,
    keys: &[
        default(
            key("status", Holds::Literal(Literal::Status), "The status.", "status: 200"),
            "200, or that of the outcome",
        ),
        key(
            "headers",
            Holds::Computed,
            "Headers. Whatever the request holds, a value cannot end its header.",
            "headers: {X-Hook-Secret: 'headers[\"X-Hook-Secret\"]'}",
        ),
        key(
            "body",
            Holds::Mapping,
            "The body: a text is sent as `text/plain`, anything else as JSON, null as nothing.",
            "body: {challenge: parsed_body.challenge}",
        ),
        key(
            "encrypt",
            Holds::Section(&ENCRYPT),
            "What is encrypted of it, for the body to hold. Only who has proved itself gets it.",
            "encrypt: {message: '\"success\"'}",
        ),
    ],
};

/// `encrypt:`
pub static ENCRYPT: Section = Section {
    name: "`encrypt`",
    doc: "A message that is encrypted in the same way as the listener's bodies are. `headers` and `body` of \
          the response read it as `reply.ciphertext` (written as `decrypt.encoding` says), and what \
          goes with it as `reply.timestamp`, `reply.nonce` (16 hexadecimal digits) and \
          `reply.signature`.",
    one_of: false,
    keys: &[
        required(key(
            "message",
            Holds::Expression,
            "What is encrypted, as UTF-8.",
            "message: '\"success\"'",
        )),
        default(
            key(
                "timestamp",
                Holds::Choice(Unit::WORDS),
                "How the instant of the request is written.",
                "timestamp: milliseconds",
            ),
            "seconds",
        ),
        key(
            "signature",
            Holds::Section(&REPLY_SIGNATURE),
            "How the provider knows that it is ours.",
            "signature: {secret: orders, payload: 'reply.ciphertext'}",
        ),
    ],
};

/// `signature:` of `encrypt:`
pub static REPLY_SIGNATURE: Section = Section {
    name: "`signature` of an encrypted answer",
    doc: "A signature of what is answered, as those are that verify.",
    one_of: false,
    keys: &[
        required(key("secret", Holds::Name(Named::Secret), "The key.", "secret: orders")),
        key(
            "key",
            Holds::Section(&KEY),
            "How the secret becomes the key.",
            "key: {encoding: base64}",
        ),
        default(
            key(
                "algorithm",
                Holds::Choice(&["HMAC", "digest"]),
                "How it is computed: `digest` is a plain digest that has the secret mixed in.",
                "algorithm: digest",
            ),
            "HMAC",
        ),
        default(
            key(
                "hash_mode",
                Holds::Choice(HashMode::WORDS),
                "The hash function.",
                "hash_mode: SHA-1",
            ),
            "SHA-256",
        ),
        default(
            key(
                "secret_at",
                Holds::Literal(Literal::Text),
                "Where a `digest` has the secret, as in other signatures.",
                "secret_at: sorted",
            ),
            "start",
        ),
        default(
            key("encoding", Holds::Choice(Encoding::WORDS), "How it is written.", "encoding: hex"),
            "hex",
        ),
        required(key(
            "payload",
            Holds::Expression,
            "What is signed; for a `digest`, a list is its parts.",
            "payload: '[reply.timestamp, reply.nonce, reply.ciphertext]'",
        )),
    ],
};

/// An entry of `verification:`
pub static VERIFICATION: Section = Section {
    name: "a verification",
    doc: "One way for a sender to prove itself.",
    one_of: true,
    keys: &[
        key(
            "signature",
            Holds::Section(&SIGNATURE),
            "A signature of a payload that both sides can compose.",
            "signature: {secret: orders, hash_mode: SHA-256, payload: raw_body, \
             received_signature: 'headers[\"X-Hook-Signature\"]'}",
        ),
        key(
            "token",
            Holds::Section(&TOKEN),
            "The secret itself, sent along.",
            "token: {secret: orders, received_token: 'headers[\"X-Token\"]'}",
        ),
        key(
            "basic",
            Holds::Section(&BASIC),
            "HTTP Basic: a user and its password.",
            "basic: {username: orders, secret: orders_password}",
        ),
        key(
            "credential",
            Holds::Name(Named::Client),
            "The API key or the access token of a client of ours, in `Authorization`. It is judged \
             before anything of the body is read.",
            "credential: orders",
        ),
        key(
            "jwt",
            Holds::Section(&JWT),
            "A JSON Web Token, which somebody has signed.",
            "jwt: {algorithms: RS256, jwks_url: https://auth.example.com/keys, issuer: \
             https://auth.example.com, audience: orders}",
        ),
        key(
            "body_digest",
            Holds::Section(&BODY_DIGEST),
            "A digest of the body that has to be right. It proves nothing alone: something else has \
             to sign the digest.",
            "body_digest: {hash: SHA-256, received_digest: query_params.bodySHA256}",
        ),
        key(
            "rule",
            Holds::Expression,
            "A condition that has to hold. It is judged after the proofs beside it, and proves \
             nothing alone.",
            "rule: headers[\"X-Algorithm\"] == \"HMAC_SHA256\"",
        ),
        key(
            "any",
            Holds::List(&PROOF),
            "At least one of these has to hold.",
            "any: [{signature: {...}}, {token: {...}}]",
        ),
        key(
            "all",
            Holds::List(&PROOF),
            "All of these have to hold.",
            "all: [{token: {...}}, {signature: {...}}]",
        ),
        key(
            "ip_allowlist",
            Holds::OneOrMany(&Holds::Literal(Literal::Network)),
            "The networks that the sender has to be in. It is judged before \
             anything of the body is read.",
            "ip_allowlist: [192.0.2.0/24]",
        ),
        key(
            "client_certificate",
            Holds::Section(&CLIENT_CERTIFICATE),
            "A TLS certificate that `server.tls.client_ca` vouches for.",
            "client_certificate: {subject: hooks.example.com}",
        ),
        key(
            "none",
            Holds::Literal(Literal::Text),
            "Anyone may send. The value says why that is acceptable.",
            "none: status page pings, carries no data",
        ),
    ],
};

/// A preset in the place of a verification.
pub static PROOF_OF_PRESET: Section = Section {
    name: "a verification of a preset",
    doc: "What a preset's senders have to prove, and nothing else of the preset.",
    one_of: false,
    keys: &[required(PRESET_ROW), SECRET_ROW, WITH_ROW],
};

/// `basic:`
pub static BASIC: Section = Section {
    name: "`basic`",
    doc: "HTTP Basic (RFC 7617), compared in constant time before anything of the body is read.",
    one_of: false,
    keys: &[
        required(key(
            "username",
            Holds::Literal(Literal::Text),
            "The user, without colons. An empty one takes quotes.",
            "username: orders",
        )),
        required(key(
            "secret",
            Holds::Name(Named::Secret),
            "The password.",
            "secret: orders_password",
        )),
    ],
};

/// `jwt:`
pub static JWT: Section = Section {
    name: "`jwt`",
    doc: "A JSON Web Token (RFC 7519). Its claims count only when its signature is good, by exactly one \
          of `secret`, `public_key`, `jwks_url` and `fetched_key`.",
    one_of: false,
    keys: &[
        default(
            key(
                "token",
                Holds::Expression,
                "Where the token is; one word before it, such as `Bearer`, is left out. A body that \
                 is a token is `raw_body`. Of a list, every item has to hold.",
                "token: headers[\"X-Signature-JWT\"]",
            ),
            "headers[\"Authorization\"]",
        ),
        required(key(
            "algorithms",
            Holds::OneOrMany(&Holds::Choice(jwt::Algorithm::WORDS)),
            "How it may be signed. What the token itself says about that has to be one of these.",
            "algorithms: RS256",
        )),
        key(
            "secret",
            Holds::Name(Named::Secret),
            "The key that both sides have, as UTF-8, for `HS256` and its like.",
            "secret: orders",
        ),
        key(
            "public_key",
            Holds::OneOrMany(&Holds::Section(&PUBLIC_KEY)),
            "The key of who signs, for all other algorithms. Several are a rotation.",
            "public_key: {pem: \"-----BEGIN PUBLIC KEY-----...\"}",
        ),
        key(
            "jwks_url",
            Holds::Literal(Literal::Text),
            "Where the keys of who signs are fetched (a JSON Web Key Set, RFC 7517), over HTTPS; \
             plain HTTP is for this machine. They are fetched when the first token comes, again after \
             ten minutes, and for a token that names an unknown key, a few times a minute at most. \
             Redirects are not followed. When a fetch fails, the keys that were there count on, for a \
             day at most.",
            "jwks_url: https://auth.example.com/keys",
        ),
        FETCHED_KEY_ROW,
        key(
            "issuer",
            Holds::OneOrMany(&Holds::Literal(Literal::Text)),
            "Who has to have issued it (`iss`). Several: one of them.",
            "issuer: https://auth.example.com",
        ),
        key(
            "audience",
            Holds::OneOrMany(&Holds::Literal(Literal::Text)),
            "Whom it has to be for (`aud`). Several: one of them.",
            "audience: https://hooks.example.com/orders",
        ),
        key(
            "claims",
            Holds::Expressions,
            "What else it has to say, by claim; of a list, one item. So a token is bound to the \
             request that it came with. An expression that is null refuses the request.",
            "claims: {email_verified: true, body_sha256: raw_body.$SHA256().$HEX_ENCODE()}",
        ),
        default(
            key(
                "leeway",
                Holds::Literal(Literal::Duration),
                "How far the clock of who signs may be from ours, for `exp`, `nbf` and `iat`.",
                "leeway: 60s",
            ),
            "60s",
        ),
        key(
            "max_age",
            Holds::Literal(Literal::Duration),
            "How long ago it may have been issued. `iat` has to say when that was.",
            "max_age: 5m",
        ),
        default(
            key(
                "expiry",
                Holds::Choice(&["required", "optional"]),
                "Whether a token that does not say when it ends (`exp`) is refused. With `max_age` it \
                 need not.",
                "expiry: optional",
            ),
            "required",
        ),
    ],
};

/// `client_certificate:`
pub static CLIENT_CERTIFICATE: Section = Section {
    name: "`client_certificate`",
    doc: "A certificate of the sender.",
    one_of: false,
    keys: &[required(key(
        "subject",
        Holds::OneOrMany(&Holds::Literal(Literal::Text)),
        "Whom it has to name: one of its alternative names (DNS, e-mail, URI or IP address), or, if \
         it has none, its common name. Several: one of them.",
        "subject: hooks.example.com",
    ))],
};

/// `signature:`
pub static SIGNATURE: Section = Section {
    name: "`signature`",
    doc: "A signature of a payload that both sides can compose. The same lines verify and sign.",
    one_of: false,
    keys: &[
        key(
            "secret",
            Holds::Name(Named::Secret),
            "The key, as UTF-8 unless `key` says otherwise. For an algorithm with public keys it is \
             the public key, in any form in which one is shown.",
            "secret: orders",
        ),
        key(
            "key",
            Holds::Section(&KEY),
            "How the secret becomes the key.",
            "key: {prefix: whsec_, encoding: base64}",
        ),
        key(
            "public_key",
            Holds::OneOrMany(&Holds::Section(&PUBLIC_KEY)),
            "The sender's public key, instead of `secret`. Several: one of them.",
            "public_key: {hex: 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c}",
        ),
        key(
            "certificate",
            Holds::Section(&CERTIFICATE),
            "Where the certificate is that holds the sender's public key, instead of `secret`.",
            "certificate: {url: parsed_body.certUrl, hosts: [keys.example.com]}",
        ),
        FETCHED_KEY_ROW,
        key(
            "signing_key",
            Holds::Name(Named::Secret),
            "The private key that tests and simulations sign with. Nothing that serves reads it.",
            "signing_key: test_key",
        ),
        default(
            key(
                "algorithm",
                Holds::Choice(Algorithm::WORDS),
                "How it is computed. `digest` is a plain digest that has the secret mixed in, RSA is \
                 that of PKCS #1 v1.5, ECDSA is of P-256, in DER or in two fixed halves.",
                "algorithm: Ed25519",
            ),
            "HMAC",
        ),
        default(
            key(
                "hash_mode",
                Holds::OneOrMany(&Holds::Choice(HashMode::WORDS)),
                "The hash function. Several are those that a value may name (`format.named`).",
                "hash_mode: SHA-256",
            ),
            "SHA-256",
        ),
        default(
            key(
                "secret_at",
                Holds::Literal(Literal::Text),
                "Where a `digest` has the secret: `start`, `end`, `sorted` (among the parts, by its \
                 bytes), or how many parts stand before it. A payload that is a list is its parts.",
                "secret_at: end",
            ),
            "start",
        ),
        key(
            "each",
            Holds::Expression,
            "A list whose every item is signed by itself, and read as `item` by the payload, the \
             signature and the timestamp.",
            "each: parsed_body.notificationItems",
        ),
        default(
            key(
                "payload",
                Holds::OneOrMany(&Holds::Expression),
                "What is signed. A part that is missing in the request refuses it. Several are \
                 candidates: one has to fit.",
                "payload: '$CONCAT([signature_timestamp, \".\", raw_body])'",
            ),
            "raw_body",
        ),
        required(key(
            "received_signature",
            Holds::Expression,
            "Where the sender's signature is. A header has to stand exactly once, unless the \
             format is a list. If the value is a list, any item may be the signature.",
            "received_signature: headers[\"X-Hook-Signature\"]",
        )),
        key(
            "encoding",
            Holds::Choice(Encoding::WORDS),
            "How the signature is written. Without it, hex or either base64 of the right length.",
            "encoding: base64",
        ),
        key(
            "format",
            Holds::Section(&FORMAT),
            "What stands around the signature. Without it, nothing, or a word and `=`, such as \
             `sha256=`.",
            "format: {prefix: \"sha256=\"}",
        ),
        key(
            "timestamp",
            Holds::Section(&TIMESTAMP),
            "When it was signed, and how old it may be.",
            "timestamp: {value: 'headers[\"X-Timestamp\"]', tolerance: 5m}",
        ),
    ],
};

/// `format:`
pub static FORMAT: Section = Section {
    name: "`format`",
    doc: "What stands around a signature. At most 20 signatures are tried.",
    one_of: true,
    keys: &[
        key(
            "prefix",
            Holds::Literal(Literal::Text),
            "A fixed text before it, which has to be there.",
            "prefix: \"sha256=\"",
        ),
        key(
            "pairs",
            Holds::Section(&PAIRS),
            "`key=value` pairs with commas between them, such as `t=1700000000,v1=ab12`. Several \
             signatures may stand under one key: any verifies.",
            "pairs: {timestamp: t, signature: v1}",
        ),
        key(
            "versions",
            Holds::Literal(Literal::Text),
            "`version,signature` items with blanks between them, such as `v1,abc v1,def`. Items of \
             other versions are skipped.",
            "versions: v1",
        ),
        key(
            "list",
            Holds::Literal(Literal::Text),
            "Several signatures with this text between them: any verifies.",
            "list: \",\"",
        ),
        key(
            "positional",
            Holds::Section(&POSITIONAL),
            "Parts in a fixed order, such as `1700000000,ab12`.",
            "positional: {timestamp: 1, signature: 2}",
        ),
        key(
            "named",
            Holds::Literal(Literal::Text),
            "The name of the hash function, this text, and the signature, such as `sha256=ab12`. \
             Only the functions of `hash_mode` are accepted.",
            "named: \"=\"",
        ),
    ],
};

/// `pairs:`
pub static PAIRS: Section = Section {
    name: "`pairs`",
    doc: "The keys of a format of `key=value` pairs.",
    one_of: false,
    keys: &[
        key(
            "timestamp",
            Holds::Literal(Literal::Text),
            "The key of the timestamp, if it stands here.",
            "timestamp: t",
        ),
        required(key(
            "signature",
            Holds::Literal(Literal::Text),
            "The key of the signatures.",
            "signature: v1",
        )),
        default(
            key(
                "between",
                Holds::Literal(Literal::Text),
                "What stands between two pairs; blanks around them do not matter.",
                "between: \";\"",
            ),
            "\",\"",
        ),
        default(
            key(
                "equals",
                Holds::Literal(Literal::Text),
                "What stands between key and value.",
                "equals: \"|\"",
            ),
            "\"=\"",
        ),
    ],
};

/// `positional:`
pub static POSITIONAL: Section = Section {
    name: "`positional`",
    doc: "Which part of a value is what, counted from 1.",
    one_of: false,
    keys: &[
        default(
            key(
                "between",
                Holds::Literal(Literal::Text),
                "What stands between two parts.",
                "between: \"/\"",
            ),
            "\",\"",
        ),
        key(
            "timestamp",
            Holds::Literal(Literal::Count),
            "Which part is the timestamp, if it stands here.",
            "timestamp: 1",
        ),
        required(key(
            "signature",
            Holds::Literal(Literal::Count),
            "Which part is the signature.",
            "signature: 2",
        )),
        default(
            key(
                "repeated",
                Holds::Literal(Literal::Boolean),
                "Whether every part behind it is a signature, too.",
                "repeated: true",
            ),
            "false",
        ),
        key(
            "list",
            Holds::Literal(Literal::Text),
            "What stands between several such values, if there may be several.",
            "list: \",\"",
        ),
    ],
};

/// `key:`
pub static KEY: Section = Section {
    name: "`key`",
    doc: "How a secret becomes the key, in this order.",
    one_of: false,
    keys: &[
        key(
            "prefix",
            Holds::OneOrMany(&Holds::Literal(Literal::Text)),
            "A text that is taken off if the secret begins with it. Several: the first that it \
             begins with.",
            "prefix: whsec_",
        ),
        key(
            "normalize",
            Holds::Choice(&["NFKD"]),
            "The form of Unicode that it is brought into.",
            "normalize: NFKD",
        ),
        default(
            key(
                "encoding",
                Holds::Choice(Written::WORDS),
                "How the rest is written; base64 of either alphabet, padded or not.",
                "encoding: base64",
            ),
            "utf-8",
        ),
        key(
            "before",
            Holds::Literal(Literal::Text),
            "What stands before it in the key.",
            "before: client-id&",
        ),
        key(
            "after",
            Holds::Literal(Literal::Text),
            "What stands behind it in the key.",
            "after: \"&\"",
        ),
        key(
            "digest",
            Holds::Choice(HashMode::WORDS),
            "The key is the digest of it.",
            "digest: SHA-256",
        ),
        key(
            "digest_encoding",
            Holds::Choice(Encoding::WORDS),
            "The key is that digest as text. Without it, its bytes.",
            "digest_encoding: hex",
        ),
    ],
};

/// `public_key:`
pub static PUBLIC_KEY: Section = Section {
    name: "`public_key`",
    doc: "A public key as the provider shows it.",
    one_of: true,
    keys: &[
        key(
            "pem",
            Holds::Literal(Literal::Text),
            "PEM of a key or of a certificate, whose dates are not judged.",
            "pem: |-\n  -----BEGIN PUBLIC KEY-----\n  ...",
        ),
        key(
            "base64",
            Holds::Literal(Literal::Text),
            "DER of a key or of a certificate, or the bare key, as base64.",
            "base64: PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
        ),
        key(
            "hex",
            Holds::Literal(Literal::Text),
            "The same as hexadecimal digits.",
            "hex: 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        ),
        key(
            "jwk",
            Holds::Object,
            "A JSON Web Key (RFC 7517).",
            "jwk: {kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}",
        ),
    ],
};

/// `certificate:`
pub static CERTIFICATE: Section = Section {
    name: "`certificate`",
    doc: "A certificate (X.509) that a request names, and that is fetched over HTTPS. It is \
          remembered for as long as it is asked for, fetched again after ten minutes, and counts on \
          while its host fails, until it ends. A listener has 10 of them fetched a minute at most, \
          each up to 64 KiB within 5 s; no redirect is followed. Who has none yet is answered 503.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Expression,
            "Where its URL is. It has to begin with `https://`, and to name no user.",
            "url: headers[\"X-Cert-Url\"]",
        )),
        HOSTS,
        HOST_PATTERN,
        default(
            key(
                "path",
                Holds::Literal(Literal::Pattern),
                "What path and query have to look like, as a whole. `..` never passes.",
                "path: '/[A-Za-z0-9-]+\\.pem'",
            ),
            "'(/[A-Za-z0-9_.~-]+)+'",
        ),
        key(
            "issued_to",
            Holds::Literal(Literal::Text),
            "Whom it has to name (by a DNS name). Then authorities have to vouch for it, through the \
             certificates that stand behind it in the same file. Without it, it counts because it \
             is there: its host has proved who it is.",
            "issued_to: signatures.example.com",
        ),
        key(
            "authority",
            Holds::Literal(Literal::Text),
            "The certificates of authorities, as PEM, instead of those that browsers trust.",
            "authority: \"-----BEGIN CERTIFICATE-----...\"",
        ),
    ],
};

const FETCHED_KEY_ROW: Key = key(
    "fetched_key",
    Holds::Section(&FETCHED_KEY),
    "How the sender's public key is asked for, where each request says which one it is.",
    "fetched_key: {url: '$CONCAT([\"https://api.example.com/keys/\", headers[\"X-Key-Id\"]])', hosts: \
     [api.example.com]}",
);

/// `fetched_key:`
pub static FETCHED_KEY: Section = Section {
    name: "`fetched_key`",
    doc: "A public key that is asked for over HTTPS, by a request of its own: as PEM, as a JSON Web Key, or as \
          base64. With `fields` it is a POST, without them a GET. A key is remembered as a certificate is: \
          for as long as it is asked for, and for a day at most; it is asked for again after ten minutes, and \
          counts on while its host fails. A listener asks for 10 new ones a minute at most, each up to 64 KiB within \
          5 s; no redirect is followed. Who has none yet is answered 503.",
    one_of: false,
    keys: &[
        required(key(
            "url",
            Holds::Expression,
            "Where it is. It has to begin with `https://`, and to name no user.",
            "url: '$CONCAT([\"https://api.example.com/keys/\", headers[\"X-Key-Id\"]])'",
        )),
        HOSTS,
        HOST_PATTERN,
        default(
            key(
                "path",
                Holds::Literal(Literal::Pattern),
                "What path and query have to look like, as a whole. `..` never passes.",
                "path: '/keys/[a-z0-9-]+'",
            ),
            "'(/[A-Za-z0-9_.~-]+)+'",
        ),
        key(
            "fields",
            Holds::LooseMapOf(&Holds::Or(&Holds::Expression, &Holds::Section(&SENT_SECRET))),
            "What is sent, as JSON: expressions, as texts of 2048 bytes at most in all, and secrets, which go to \
             `hosts` alone.",
            "fields: {key_id: 'headers[\"X-Key-Id\"]', secret: {secret: api_secret}}",
        ),
        key(
            "oauth",
            Holds::Section(&TOKEN_FOR_KEY),
            "An access token that is asked for first, and sent along, to `hosts` alone.",
            "oauth: {token_url: https://auth.example.com/token, client_id: us, client_secret: api_secret}",
        ),
        key(
            "key",
            Holds::Expression,
            "What of the answer is the key: a text, or a map that is a JSON Web Key. Null says that there is \
             none. Without it, the key is all of the answer.",
            "key: parsed_body.key",
        ),
    ],
};

/// A secret in the place of an expression.
pub static SENT_SECRET: Section = Section {
    name: "a secret that is sent",
    doc: "A secret, as a text.",
    one_of: false,
    keys: &[required(key(
        "secret",
        Holds::Name(Named::Secret),
        "The secret.",
        "secret: api_secret",
    ))],
};

/// `oauth:` of a fetched key
pub static TOKEN_FOR_KEY: Section = Section {
    name: "`oauth` of a fetched key",
    doc: "How an access token is asked for with the client's own credentials (RFC 6749, section 4.4).",
    one_of: false,
    keys: &[
        required(key(
            "token_url",
            Holds::Literal(Literal::Text),
            "Where.",
            "token_url: https://auth.example.com/token",
        )),
        required(key(
            "client_id",
            Holds::Literal(Literal::Text),
            "Who we are there.",
            "client_id: us",
        )),
        required(key(
            "client_secret",
            Holds::Name(Named::Secret),
            "What proves it.",
            "client_secret: api_secret",
        )),
        key(
            "scope",
            Holds::Literal(Literal::Text),
            "What it is to be good for, with spaces between.",
            "scope: keys.read",
        ),
        default(
            key(
                "client_in",
                Holds::Choice(&["header", "body"]),
                "Where id and secret are sent: in HTTP Basic, or in the body.",
                "client_in: body",
            ),
            "header",
        ),
    ],
};

// Rows of everything that a request may have called.

const HOSTS: Key = key(
    "hosts",
    Holds::OneOrMany(&Holds::Literal(Literal::Text)),
    "The hosts that may be called, with a port if it is not 443. They may be nearby, as they are \
     written out.",
    "hosts: [keys.example.com]",
);

const HOST_PATTERN: Key = key(
    "host_pattern",
    Holds::Literal(Literal::Pattern),
    "What another host may look like, as a whole; it has to be public. One of the two keys has to be \
     there.",
    "host_pattern: 'keys\\.[a-z0-9-]+\\.example\\.com'",
);

/// `body_digest:`
pub static BODY_DIGEST: Section = Section {
    name: "`body_digest`",
    doc: "A digest of the body, compared in constant time.",
    one_of: false,
    keys: &[
        default(
            key("hash", Holds::Choice(HashMode::WORDS), "The hash function.", "hash: SHA-256"),
            "SHA-256",
        ),
        required(key(
            "received_digest",
            Holds::Expression,
            "Where the sender's digest is.",
            "received_digest: query_params.bodySHA256",
        )),
        key(
            "encoding",
            Holds::Choice(Encoding::WORDS),
            "How it is written. Without it, hex or either base64 of the right length.",
            "encoding: base64",
        ),
        key(
            "prefix",
            Holds::Literal(Literal::Text),
            "A fixed text before it, which has to be there.",
            "prefix: \"SHA-256=\"",
        ),
    ],
};

/// `timestamp:`
pub static TIMESTAMP: Section = Section {
    name: "`timestamp`",
    doc: "When a request was signed. It is judged after the signature, which covers it.",
    one_of: false,
    keys: &[
        key(
            "value",
            Holds::Expression,
            "Where it is, unless the format holds it. Payloads read it as `signature_timestamp`.",
            "value: headers[\"X-Timestamp\"]",
        ),
        default(
            key(
                "unit",
                Holds::Choice(Unit::WORDS),
                "What it counts since 1970, or which kind of date it is.",
                "unit: milliseconds",
            ),
            "seconds",
        ),
        default(
            key(
                "tolerance",
                Holds::Literal(Literal::Duration),
                "How far it may lie from our clock, both ways.",
                "tolerance: 5m",
            ),
            "5m",
        ),
    ],
};

/// `token:`
pub static TOKEN: Section = Section {
    name: "`token`",
    doc: "The secret itself, sent along and compared in constant time.",
    one_of: false,
    keys: &[
        required(key("secret", Holds::Name(Named::Secret), "The token.", "secret: orders")),
        required(key(
            "received_token",
            Holds::Expression,
            "Where the sender's token is. Of a list, every item has to be it, unless `match` says \
             otherwise. If it stands in the body, events whose data is the whole body hold it as well, \
             and are delivered, kept and shown with it.",
            "received_token: headers[\"X-Token\"]",
        )),
        key(
            "prefix",
            Holds::Literal(Literal::Text),
            "A fixed text before it, which has to be there.",
            "prefix: \"Bearer \"",
        ),
        default(
            key(
                "match",
                Holds::Choice(&["every", "any"]),
                "Which items of a list have to be it.",
                "match: any",
            ),
            "every",
        ),
    ],
};

/// `events:`
pub static EVENTS: Section = Section {
    name: "`events`",
    doc: "The events that a verified request makes, as CloudEvents 1.0.",
    one_of: false,
    keys: &[
        key(
            "each",
            Holds::Expression,
            "A list: every item makes an event and is read as `item`. An empty list or null is \
             accepted and makes none.",
            "each: parsed_body.events",
        ),
        default(
            key("id", Holds::Expression, "The event's id.", "id: headers[\"X-Delivery\"]"),
            "an id of the request, and the number of the item",
        ),
        default(
            key(
                "type",
                Holds::Expression,
                "The event's type.",
                "type: '$CONCAT([\"order.\", headers[\"X-Event\"]])'",
            ),
            "the listener's name",
        ),
        key("subject", Holds::Expression, "What the event is about.", "subject: item.resource.gid"),
        default(
            key(
                "data",
                Holds::Mapping,
                "What the event says.",
                "data: {title: parsed_body.issue.title}",
            ),
            "item, or parsed_body",
        ),
    ],
};

/// `responses:`
pub static RESPONSES: Section = Section {
    name: "`responses`",
    doc: "What is answered, by outcome.",
    one_of: false,
    keys: &[
        key(
            "accepted",
            Holds::Section(&RESPONSE),
            "To a request whose events are kept. Usually 200.",
            "accepted: {status: 202}",
        ),
        key(
            "filtered",
            Holds::Section(&RESPONSE),
            "To a request that `filter` left out. Usually as accepted.",
            "filtered: {status: 204}",
        ),
        key(
            "rate_limited",
            Holds::Section(&RESPONSE),
            "To one that came too soon after others. Usually 429 with Retry-After.",
            "rate_limited: {status: 503}",
        ),
        key(
            "rejected",
            Holds::Section(&RESPONSE),
            "To a request that `reject` stopped. Usually as accepted.",
            "rejected: {status: 200}",
        ),
        key(
            "unauthorized",
            Holds::Section(&RESPONSE),
            "To a sender that did not prove itself. Usually 401.",
            "unauthorized: {status: 403}",
        ),
        key(
            "stale",
            Holds::Section(&RESPONSE),
            "To a proof that is too old. Usually 401.",
            "stale: {status: 400}",
        ),
        key(
            "malformed",
            Holds::Section(&RESPONSE),
            "To a body or challenge that cannot be read. Usually 400.",
            "malformed: {status: 422}",
        ),
        key(
            "invalid",
            Holds::Section(&RESPONSE),
            "To a verified request that no event can be made of, which is kept as a dead letter. Usually as \
             an accepted one.",
            "invalid: {status: 400}",
        ),
        key(
            "unsupported",
            Holds::Section(&RESPONSE),
            "To a media type that is not taken. Usually 415.",
            "unsupported: {status: 400}",
        ),
        key(
            "too_large",
            Holds::Section(&RESPONSE),
            "To a body over the limit. Usually 413.",
            "too_large: {status: 400}",
        ),
        key(
            "not_ready",
            Holds::Section(&RESPONSE),
            "While a secret cannot be resolved. Usually 503.",
            "not_ready: {status: 500}",
        ),
        key(
            "overloaded",
            Holds::Section(&RESPONSE),
            "When an event cannot be kept in time. Usually 503.",
            "overloaded: {status: 500}",
        ),
    ],
};

/// The file of a preset.
pub static PRESET: Section = Section {
    name: "a preset",
    doc: "What one provider does: keys of listeners, and where they are known from. `secret: NAME` \
          names a parameter; `{parameter: NAME}` stands for one where no expression stands, and \
          `parameters.NAME` within an expression. What names an optional parameter that is not \
          given is left out.",
    one_of: false,
    keys: &[
        required(key(
            "title",
            Holds::Literal(Literal::Text),
            "What the provider calls itself.",
            "title: Standard Webhooks",
        )),
        required(key(
            "category",
            Holds::Literal(Literal::Text),
            "What it is about, in one word.",
            "category: standard",
        )),
        required(key(
            "source",
            Holds::OneOrMany(&Holds::Literal(Literal::Text)),
            "The pages that are relied on.",
            "source: https://www.standardwebhooks.com/",
        )),
        required(key(
            "checked",
            Holds::Literal(Literal::Text),
            "The day on which that was compared with the file.",
            "checked: 2026-11-27",
        )),
        required(key(
            "sure",
            Holds::Section(&SURE),
            "How well the facts are known.",
            "sure: {verification: documented}",
        )),
        key(
            "parameters",
            Holds::MapOf(&Holds::Section(&PARAMETER)),
            "What its user has to say.",
            "parameters: {secret: {kind: secret, doc: \"Endpoint > Signing secret.\"}}",
        ),
        key(
            "ack_within",
            Holds::Literal(Literal::Duration),
            "How long the provider waits for an answer.",
            "ack_within: 15s",
        ),
        key(
            "retries",
            Holds::Literal(Literal::Text),
            "How often it tries again.",
            "retries: five times within a day",
        ),
        key(
            "notes",
            Holds::OneOrMany(&Holds::Literal(Literal::Text)),
            "What else its user should know.",
            "notes: The first delivery is a test.",
        ),
        DEDUPLICATE_ROW,
        METHODS,
        ACCEPT,
        CONTENT_TYPES,
        LIMITS,
        CHALLENGE_ROW,
        required(VERIFICATION_ROW),
        DECRYPT_ROW,
        EVENTS_ROW,
        RESPONSES_ROW,
        REDACT,
        SIMULATE_ROW,
        REGISTRATION_ROW,
    ],
};

/// `sure:`
pub static SURE: Section = Section {
    name: "`sure`",
    doc: "How well the facts of a preset are known: `documented` by the provider or its own library, \
          read from the `code` of others that have to agree with it, or only `known`.",
    one_of: false,
    keys: &[
        required(key(
            "verification",
            Holds::Choice(SURENESS),
            "How senders prove themselves.",
            "verification: documented",
        )),
        key("challenge", Holds::Choice(SURENESS), "How it sets up.", "challenge: code"),
        key(
            "events",
            Holds::Choice(SURENESS),
            "Where the events say what they are.",
            "events: known",
        ),
        key(
            "delivery",
            Holds::Choice(SURENESS),
            "How long it waits, and how often it tries again.",
            "delivery: known",
        ),
        key(
            "registration",
            Holds::Choice(SURENESS),
            "How webhooks are made, listed and deleted there.",
            "registration: documented",
        ),
    ],
};

/// How well a fact is known, the best first.
pub const SURENESS: &[&str] = &["documented", "code", "known"];

/// An entry of `parameters:`
pub static PARAMETER: Section = Section {
    name: "a parameter",
    doc: "What the user of a preset has to say.",
    one_of: false,
    keys: &[
        required(key(
            "kind",
            Holds::Choice(&["secret", "text", "url"]),
            "What it is: the name of a secret, a text, or a URL.",
            "kind: secret",
        )),
        required(key(
            "doc",
            Holds::Literal(Literal::Text),
            "Where it is found, in one sentence.",
            "doc: \"Endpoint > Signing secret.\"",
        )),
        default(
            key(
                "required",
                Holds::Literal(Literal::Boolean),
                "Whether it has to be given.",
                "required: false",
            ),
            "true",
        ),
    ],
};
