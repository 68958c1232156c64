//! A host over TLS that answers what it is told, with certificates of an authority of the tests.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

use tokio_rustls::rustls::ALL_VERSIONS;
use tokio_rustls::rustls::ConfigBuilder;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::rustls::StreamOwned;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::server::WantsServerCert;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::TLS12;

use crate::process::Folder;
use crate::wire::certificate;
use crate::wire::der;

/// What stands at a path.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// These bytes, and the end of the connection.
    Bytes(Vec<u8>),
    /// Nothing, for as long as the other side waits.
    Hang,
    /// Ten GiB, if anybody takes them.
    Huge,
}

/// A host at `localhost`.
pub(crate) struct Host {
    port: u16,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    /// All requests so far.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Answer {
    /// The status, and a body with its length.
    pub(crate) fn new(status: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
        Self::Bytes([head.as_bytes(), body].concat())
    }
}

impl Host {
    /// Starts a host whose certificate an authority has signed, which is `ca.crt` of the folder.
    pub(crate) fn start(folder: &Folder) -> Self {
        authority(folder, "ca");
        signed(folder, "host", "ca", "-addext subjectAltName=DNS:localhost");
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth();
        Self::serving(folder, builder)
    }

    /// One that speaks no newer TLS than 1.2, or wants a certificate of the same authority.
    pub(crate) fn start_strictly(folder: &Folder, is_old: bool, wants_certificate: bool) -> Self {
        authority(folder, "ca");
        signed(folder, "host", "ca", "-addext subjectAltName=DNS:localhost");
        let provider = Arc::new(ring::default_provider());
        let versions: &[&SupportedProtocolVersion] = if is_old { &[&TLS12] } else { ALL_VERSIONS };
        let builder = ServerConfig::builder_with_provider(provider.clone());
        let builder = builder.with_protocol_versions(versions).unwrap();
        if !wants_certificate {
            return Self::serving(folder, builder.with_no_client_auth());
        }
        let mut roots = RootCertStore::empty();
        roots.add(der(&folder.path("ca.crt"))).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        Self::serving(folder, builder.with_client_cert_verifier(verifier))
    }

    fn serving(folder: &Folder, builder: ConfigBuilder<ServerConfig, WantsServerCert>) -> Self {
        let chain = vec![der(&folder.path("host.crt"))];
        let key = PrivateKeyDer::from_pem_file(folder.path("host.key")).unwrap();
        let config = builder.with_single_cert(chain, key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let host = Self { port, answers: Arc::default(), asked: Arc::default() };
        let (answers, asked) = (Arc::clone(&host.answers), Arc::clone(&host.asked));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let config = Arc::clone(&config);
                let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
                thread::spawn(move || serve(stream.unwrap(), config, &answers, &asked));
            }
        });
        host
    }

    /// `localhost` and the port.
    pub(crate) fn name(&self) -> String {
        format!("localhost:{}", self.port)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.name())
    }

    pub(crate) fn set(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.asked().len()
    }
}

/// An authority: `NAME.crt` and `NAME.key`, signed by itself.
pub(crate) fn authority(folder: &Folder, name: &str) {
    certificate(folder, name, "-addext basicConstraints=critical,CA:TRUE");
}

/// A certificate that an authority of the folder has signed.
pub(crate) fn signed(folder: &Folder, name: &str, by: &str, options: &str) {
    certificate(folder, name, &format!("-CA {by}.crt -CAkey {by}.key {options}"));
}

/// The text of a file.
pub(crate) fn text(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path(name)).unwrap()
}

fn serve(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    answers: &Mutex<BTreeMap<String, Answer>>,
    asked: &Mutex<Vec<String>>,
) {
    let connection = ServerConnection::new(config).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            // It did not like our certificate.
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).unwrap();
    asked.lock().unwrap().push(head + std::str::from_utf8(&body).unwrap());
    let answer = answers.lock().unwrap().get(&path).cloned();
    match answer.unwrap_or_else(|| Answer::new("404 Not Found", "")) {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(&bytes);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        Answer::Hang => {
            // Until the other side gives up.
            let _ = stream.read(&mut byte);
        }
        Answer::Huge => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
            while stream.write_all(&[b'-'; 4 << 10]).is_ok() {}
        }
    }
}
