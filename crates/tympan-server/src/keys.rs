//! Where secrets are looked up: the only reader of the environment and of secret files.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::path::PathBuf;

use tympan_core::config::CalledTls;
use tympan_core::config::Config;
use tympan_core::config::Reference;
use tympan_core::config::SecretRefs;
use tympan_core::keys::Secrets;
use tympan_core::secret::Secret;
use tympan_core::secret::Unresolved;

use crate::captured::Store;
use crate::env_file;
use crate::generated;
use crate::tls;

/// The largest secret file, in bytes: whatever is larger is no secret.
const MOST_BYTES: u64 = 64 << 10;

/// Whether all secrets have the values that they had.
pub(crate) fn are_same(new: &Secrets, old: &Secrets) -> bool {
    let is_same = |(new, old): (&Result<Vec<Secret>, _>, &Result<Vec<Secret>, _>)| {
        let (Ok(new), Ok(old)) = (new, old) else { return new.is_err() && old.is_err() };
        new.iter().map(Secret::expose).eq(old.iter().map(Secret::expose))
    };
    new.iter().zip(old).all(is_same)
}

/// The values behind references, at one moment.
#[derive(Debug, Default)]
pub struct Lookup {
    /// The folder that file references are relative to.
    folder: PathBuf,
    env_file: HashMap<String, String>,
    /// The folder of what outlives the process.
    state: PathBuf,
    /// Whether what is to be made is kept.
    keeps: bool,
}

impl Lookup {
    /// Reads the configuration's `env_file`, if it has one; a missing one holds nothing.
    #[must_use]
    pub fn new(folder: &Path, config: &Config) -> Self {
        let text = config.env_file.as_ref().and_then(|it| fs::read_to_string(folder.join(it)).ok());
        let env_file = text.as_deref().map(env_file::read).unwrap_or_default();
        let state = folder.join(&config.state.0);
        Self { folder: folder.to_owned(), env_file, state, keeps: false }
    }

    /// The same for who serves: what has no value until it is needed is made and kept. Whoever only
    /// looks changes nothing.
    #[must_use]
    pub(crate) fn keeping(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// Every secret of a configuration: the references of one that have a value, or why none has. Who
    /// serves does not read what only tests sign with.
    #[must_use]
    pub fn secrets(&self, config: &Config) -> Secrets {
        let values = |secret: &SecretRefs| {
            if self.keeps && !secret.serves { Ok(Vec::new()) } else { self.values(secret) }
        };
        config.secrets.iter().map(values).collect()
    }

    fn values(&self, secret: &SecretRefs) -> Result<Vec<Secret>, Unresolved> {
        let mut values = Vec::with_capacity(secret.references.len());
        let mut first_fault = None;
        for reference in &secret.references {
            if let Reference::Captured { secret, .. } = reference {
                match Store::new(&self.state).values(secret) {
                    Ok(captured) => values.extend(captured),
                    Err(fault) => first_fault = first_fault.or(Some(fault)),
                }
                continue;
            }
            match self.value(reference) {
                Ok(value) => values.push(value),
                Err(fault) => first_fault = first_fault.or(Some(fault)),
            }
        }
        match first_fault {
            Some(fault) if values.is_empty() => Err(fault),
            _ => Ok(values),
        }
    }

    /// The value behind one reference. The process's own environment wins over `env_file`.
    fn value(&self, reference: &Reference) -> Result<Secret, Unresolved> {
        match reference {
            Reference::Env(variable) => {
                let place = format!("environment variable {variable}");
                let found = std::env::var_os(variable).map(OsStringExt::into_vec);
                let found =
                    found.or_else(|| self.env_file.get(variable).map(|it| it.clone().into_bytes()));
                let found = found.ok_or(Unresolved::NotSet { variable: variable.clone() })?;
                Secret::new(found, &place)
            }
            Reference::File(file) => {
                let path = self.folder.join(file);
                let unreadable = |error: &io::Error| match error.kind() {
                    io::ErrorKind::NotFound => Unresolved::NoFile { file: file.clone() },
                    _ => Unresolved::Unreadable { file: file.clone(), why: error.to_string() },
                };
                let metadata = fs::metadata(&path).map_err(|error| unreadable(&error))?;
                if metadata.len() > MOST_BYTES {
                    let why = format!("it is larger than {MOST_BYTES} bytes");
                    return Err(Unresolved::Unreadable { file: file.clone(), why });
                }
                let found = fs::read(&path).map_err(|error| unreadable(&error))?;
                Secret::new(found, file)
            }
            // It has several.
            Reference::Captured { secret, .. } => {
                Err(Unresolved::NotCaptured { secret: secret.clone() })
            }
            Reference::Generated(file) => generated::key(&self.state, file, self.keeps),
        }
    }
}

/// Every file that a configuration names, and what is made of it depends on.
#[must_use]
pub fn files(folder: &Path, config: &Config) -> Vec<PathBuf> {
    let references = config.secrets.iter().flat_map(|secret| &secret.references);
    let secrets = references.filter_map(|reference| match reference {
        Reference::File(file) => Some(folder.join(file)),
        Reference::Env(_) | Reference::Generated(_) | Reference::Captured { .. } => None,
    });
    let tls = config.server.tls.iter().flat_map(tls::files);
    let called = config.destinations.iter().filter_map(|it| it.kind.tls());
    let called = called.flat_map(CalledTls::files);
    let named = tls.chain(&config.egress.ca).chain(called).map(|(file, _)| file.as_str());
    let rest = named.chain(config.env_file.as_deref()).map(|file| folder.join(file));
    secrets.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Lookup;

    #[test]
    fn who_serves_reads_no_private_key() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("public"), "a public key").unwrap();
        fs::write(folder.path().join("private"), "a private key").unwrap();
        let text = r#"version: 1
secrets: {private: {file: private}, public: {file: public}}
listeners:
  a:
    deliver: []
    verification:
      - signature:
          algorithm: Ed25519
          secret: public
          signing_key: private
          received_signature: headers["X-Signature"]
"#;
        let (loaded, _) = tympan_core::load("listeners.yaml", text.into());
        assert!(!loaded.diagnostics.refuse(true));
        let lookup = Lookup::new(folder.path(), &loaded.config);
        let values = |lookup: &Lookup| {
            lookup.secrets(&loaded.config).into_iter().flatten().flatten().count()
        };
        assert_eq!(values(&lookup), 2);
        assert_eq!(values(&lookup.keeping()), 1);
    }
}
