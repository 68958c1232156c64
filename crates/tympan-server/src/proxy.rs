//! The header of the PROXY protocol, version 2, with which a proxy names the client
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>, section 2.2).

use std::io;
use std::io::ErrorKind;
use std::net::IpAddr;

use proxy_header::ParseConfig;
use proxy_header::ProxyHeader;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;

/// What every header begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The fixed part.
const MINIMUM_LENGTH: usize = 16;

/// The most bytes behind the fixed part: addresses, and what a proxy says about its TLS.
const MOST_LENGTH: usize = 4096;

/// The client that the header at the beginning of `stream` names; `None` if the proxy itself is
/// the client, as in its health checks.
///
/// # Errors
///
/// The connection ends early, or begins with something else.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    let mut bytes = vec![0; MINIMUM_LENGTH];
    stream.read_exact(&mut bytes).await?;
    let length = usize::from(u16::from_be_bytes([bytes[14], bytes[15]]));
    if !bytes.starts_with(SIGNATURE) || length > MOST_LENGTH {
        return Err(io::Error::new(ErrorKind::InvalidData, "no PROXY protocol header"));
    }
    bytes.resize(MINIMUM_LENGTH + length, 0);
    stream.read_exact(&mut bytes[MINIMUM_LENGTH..]).await?;
    let (header, _) = ProxyHeader::parse(&bytes, ParseConfig::default())
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
    Ok(header.proxied_address().map(|address| address.source.ip().to_canonical()))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::read;

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n".to_vec();
        header.extend([0x20 | command, family]);
        header.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        header.extend(rest);
        header
    }

    #[tokio::test]
    async fn who_the_client_is() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80];
        let mut v6 = [0; 36];
        v6[..16].copy_from_slice(&"2001:db8::7".parse::<std::net::Ipv6Addr>().unwrap().octets());
        let with_more = [&v4[..], &[4, 0, 1, 42]].concat();
        for (header, expected) in [
            (header(1, 0x11, &v4), Some("192.0.2.7")),
            (header(1, 0x11, &with_more), Some("192.0.2.7")),
            (header(1, 0x21, &v6), Some("2001:db8::7")),
            (header(0, 0, &[]), None),
            (header(1, 0, &[]), None),
        ] {
            let bytes = [header.as_slice(), b"GET /"].concat();
            let mut stream = bytes.as_slice();
            let found = read(&mut stream).await.unwrap();
            assert_eq!(found, expected.map(|it| it.parse::<IpAddr>().unwrap()));
            assert_eq!(stream, b"GET /");
        }
    }

    #[tokio::test]
    async fn what_is_no_header() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 80];
        let cut = &header(1, 0x11, &v4)[..20];
        for bytes in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 1 2\r\n",
            &header(1, 0x11, &v4[..4]),
            &header(7, 0x11, &v4),
            &header(1, 0x11, &[0; 5000]),
            cut,
            b"",
        ] {
            let mut stream = bytes;
            assert!(read(&mut stream).await.is_err(), "{bytes:?}");
        }
    }
}
