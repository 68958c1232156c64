//! What the tests of connections share: a listener, certificates, and clients that speak TLS.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::ClientConnection;
use tokio_rustls::rustls::DigitallySignedStruct;
use tokio_rustls::rustls::Error;
use tokio_rustls::rustls::SignatureScheme;
use tokio_rustls::rustls::StreamOwned;
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::client::danger::ServerCertVerified;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::version::TLS12;
use tokio_rustls::rustls::version::TLS13;

use crate::process::Client;
use crate::process::Folder;
use crate::process::PATIENCE;
use crate::process::RECEIVED;
use crate::process::Response;
use crate::process::Tympan;
use crate::process::request;
use crate::process::sign;

pub(crate) const KEY: &str = "a key that is long enough for anyone";

/// `server:` with TLS, whose files [`certificate`] writes.
pub(crate) const WITH_TLS: &str =
    "{listen: [127.0.0.1:0], tls: {certificate: site.crt, key: site.key}}";

/// A TLS connection.
pub(crate) type Tls = StreamOwned<ClientConnection, TcpStream>;

/// The text of a file with one listener, that says where its requests came from.
pub(crate) fn text(server: &str, keys: &str) -> String {
    format!(
        r#"version: 1
server: {server}
secrets: {{key: {{file: key}}}}
destinations: {{out: {{stdout: {{}}}}}}
listeners:
  hook:
    path: /hook
    verification:
      - signature: {{secret: key, received_signature: 'headers["X-Signature"]'}}
    events: {{id: parsed_body.id, data: {{ip: client_ip}}}}
    deliver: [out]
{keys}
"#
    )
}

/// A folder with that file, and its key.
pub(crate) fn hook(server: &str, keys: &str) -> Folder {
    let folder = Folder::new(&text(server, keys));
    folder.write("key", KEY);
    folder
}

/// The same, behind TLS.
pub(crate) fn hook_with_tls() -> Folder {
    let folder = hook(WITH_TLS, "");
    certificate(&folder, "site", "");
    folder
}

/// A delivery that is accepted.
pub(crate) fn delivery(body: &str) -> Vec<u8> {
    delivery_with(&[], body)
}

/// The same, with more headers.
pub(crate) fn delivery_with(headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let signature = sign(KEY, body);
    let headers: Vec<_> =
        [("X-Signature", signature.as_str())].into_iter().chain(headers.iter().copied()).collect();
    request("POST", "/hook", &headers, body)
}

#[track_caller]
pub(crate) fn assert_received(response: &Response) {
    assert_eq!((response.status, response.text()), (200, RECEIVED), "{response:?}");
}

/// Asserts that a server still does what it is there for.
#[track_caller]
pub(crate) fn assert_serves(server: &Tympan) {
    assert_received(&server.ask(&delivery(r#"{"id": "still"}"#)));
}

/// Runs `openssl`, which the tests' machine has, in a folder.
pub(crate) fn openssl(folder: &Folder, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Writes `NAME.crt` and `NAME.key`: signed by itself, or with other options of `openssl req`.
/// Both are whole when they appear.
pub(crate) fn certificate(folder: &Folder, name: &str, options: &str) {
    fs::write(folder.path(".cnf"), "[req]\ndistinguished_name = dn\n[dn]\n").unwrap();
    openssl(
        folder,
        &format!(
            "req -x509 -config .cnf -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
             -days 2 -subj /CN={name} -keyout .new.key -out .new.crt \
             -addext extendedKeyUsage=serverAuth,clientAuth {options}"
        ),
    );
    for kind in ["key", "crt"] {
        fs::rename(folder.path(&format!(".new.{kind}")), folder.path(&format!("{name}.{kind}")))
            .unwrap();
    }
}

/// The first certificate of a file.
pub(crate) fn der(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).unwrap()
}

/// A client that takes any certificate, and has one of its own if it is named.
pub(crate) fn client_config(
    versions: &[&'static SupportedProtocolVersion],
    protocol: &str,
    own: Option<(&Folder, &str)>,
) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone));
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((folder, name)) => {
            let chain = vec![der(&folder.path(&format!("{name}.crt")))];
            let key = PrivateKeyDer::from_pem_file(folder.path(&format!("{name}.key"))).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols.push(protocol.as_bytes().to_vec());
    Arc::new(config)
}

/// A connection whose handshake is over.
pub(crate) fn try_tls(address: SocketAddr, config: &Arc<ClientConfig>) -> io::Result<Tls> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    tls_over(stream, config)
}

pub(crate) fn tls_over(mut stream: TcpStream, config: &Arc<ClientConfig>) -> io::Result<Tls> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

/// A connection for HTTP/1.1.
pub(crate) fn tls(address: SocketAddr) -> Tls {
    try_tls(address, &client_config(&[&TLS12, &TLS13], "http/1.1", None)).unwrap()
}

/// A client at a socket of the file system.
pub(crate) fn unix(path: &Path) -> Client {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    Client::over(stream)
}

/// What `curl` wrote.
pub(crate) fn curl(arguments: &[&str]) -> String {
    let patience = PATIENCE.as_secs().to_string();
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--insecure", "--max-time", &patience])
        .args(arguments)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// Takes any certificate: tests compare it themselves.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
