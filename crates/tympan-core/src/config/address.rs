//! Where a server listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// An address to listen at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// `127.0.0.1:8080`, `[::]:443`.
    Tcp(SocketAddr),
    /// `unix:PATH`, relative to the configuration's folder.
    Unix(PathBuf),
    /// `systemd`, or `systemd:NAME`: sockets that the service manager has opened, those of one
    /// `FileDescriptorName=` or all of them
    /// (<https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html>).
    Systemd(Option<String>),
}

impl FromStr for Address {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let name = |name: &str| {
            let is_name = |c: char| c.is_ascii_graphic() && c != ':' && c != '/';
            (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
        };
        match text.split_once(':') {
            Some(("unix", path)) if !path.is_empty() && !path.contains('\0') => {
                Ok(Self::Unix(path.into()))
            }
            Some(("systemd", socket)) => name(socket).map(|it| Self::Systemd(Some(it))).ok_or(()),
            None if text == "systemd" => Ok(Self::Systemd(None)),
            _ => text.parse().map(Self::Tcp).map_err(drop),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd(None) => f.write_str("systemd"),
            Self::Systemd(Some(name)) => write!(f, "systemd:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses() {
        for text in ["127.0.0.1:8080", "[::1]:0", "unix:run/a.sock", "systemd", "systemd:http"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
        }
        for text in ["", "8080", "localhost:80", "unix:", "systemd:", "systemd:a:b", "/a/b", "::1"]
        {
            assert_eq!(text.parse::<Address>(), Err(()), "{text}");
        }
    }
}
