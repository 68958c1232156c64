//! Calls as command lines of curl, with the names of secrets in the place of their values.

use http::Method;
use tympan_core::action::Rendered;
use tympan_core::config::Action;
use tympan_core::config::Auth;
use tympan_core::config::Connector;
use tympan_core::config::SecretId;

use super::call::Caller;

/// What stands around the name of a variable while a text is put together: no word of a shell can hold it.
const MARK: char = '\0';

impl Caller<'_> {
    /// The same call as a command line of curl, with the names of secrets in the place of their values.
    #[must_use]
    pub fn curl(&self, action: &Action, rendered: &Rendered) -> String {
        let connector = &self.config.connectors[action.connector.0];
        let shown =
            |text: &str| rendered.without_marks(&plain(text), |secret| self.variable(secret));
        let mut target = shown(&rendered.target);
        let mut lines = Vec::new();
        let mut header = |name: &str, value: &str| {
            // Without a value, curl would leave the header out.
            let line =
                if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            lines.push(format!("-H {}", word(&line)));
        };
        match &connector.auth {
            Auth::None | Auth::Basic { .. } => {}
            Auth::Header { name, pattern, key } => {
                header(name.as_str(), &pattern.replace("%s", &self.variable(*key)));
            }
            Auth::Query { name, key } => {
                let sign = if target.contains('?') { '&' } else { '?' };
                target = format!("{target}{sign}{name}={}", self.variable(*key));
            }
            Auth::Path { pattern, key } => {
                target = format!("{}{target}", pattern.replace("%s", &self.variable(*key)));
            }
            Auth::OAuth(_) | Auth::Jwt(_) => {
                header("authorization", &format!("Bearer {MARK}TOKEN{MARK}"));
            }
        }
        for (name, value) in &rendered.headers {
            header(name.as_str(), &shown(&String::from_utf8_lossy(value.as_bytes())));
        }
        if let Auth::Basic { username, password } = &connector.auth {
            lines.push(format!("-u {}", word(&format!("{username}:{}", self.variable(*password)))));
        }
        lines.extend(self.way(connector));
        if !rendered.body.is_empty() {
            let body = shown(&String::from_utf8_lossy(&rendered.body));
            lines.push(format!("--data-raw {}", word(&body)));
        }
        let method = match rendered.method {
            // Otherwise it would wait for a body.
            Method::HEAD => "--head".to_owned(),
            ref method => format!("-X {method}"),
        };
        // Brackets are no patterns of URLs.
        let url = word(&format!("{}{target}", connector.base_url));
        let first = format!("curl -sSg {method} {url}");
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join(" \\\n  ")
    }

    /// How a connector is reached.
    fn way(&self, connector: &Connector) -> Vec<String> {
        let mut lines = Vec::new();
        let tls = &connector.tls;
        lines.extend(tls.ca.iter().map(|(file, _)| format!("--cacert {}", word(&plain(file)))));
        if let Some([(certificate, _), (key, _)]) = &tls.own {
            let (certificate, key) = (word(&plain(certificate)), word(&plain(key)));
            lines.push(format!("--cert {certificate} --key {key}"));
        }
        lines.extend(tls.newest_only.then(|| "--tlsv1.3".to_owned()));
        if let Some(proxy) = &connector.proxy {
            lines.push(format!("--proxytunnel -x {}", word(&proxy.url)));
            lines.extend(proxy.user.as_ref().map(|(user, password)| {
                format!("-U {}", word(&format!("{user}:{}", self.variable(*password))))
            }));
        }
        lines
    }

    /// The variable that holds a secret.
    fn variable(&self, secret: SecretId) -> String {
        let name = self.name(secret).to_uppercase().replace('-', "_");
        // No shell has variables that begin with a digit.
        let begin = if name.starts_with(|first: char| first.is_ascii_digit()) { "_" } else { "" };
        format!("{MARK}{begin}{name}{MARK}")
    }
}

/// A text without what would be taken for the name of a variable.
fn plain(text: &str) -> String {
    text.replace(MARK, "")
}

/// A word of a command line: what a shell takes as it stands, and the variables in it.
fn word(text: &str) -> String {
    let parts = text.split(MARK).enumerate();
    let written = parts.map(|(index, part)| match index % 2 {
        0 if part.is_empty() => String::new(),
        0 => shlex::try_quote(part).map_or_else(|_| String::new(), Into::into),
        _ => format!("\"${{{part}}}\""),
    });
    let written: String = written.collect();
    if written.is_empty() { "''".to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::MARK;
    use super::word;

    /// What a shell makes of a word.
    fn taken(word: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("printf %s {word}")]).env("NAME", "a \"$value\"");
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    }

    #[test]
    fn words_of_a_shell() {
        for text in [
            "",
            "a",
            "it's",
            "$HOME `id` $(id)",
            "a\\b\"c",
            "a\nb\tc",
            "!x",
            "~",
            "#",
            "ü",
            "-",
            "'",
            "a'",
        ] {
            assert_eq!(taken(&word(text)), text);
            let with_variable = format!("{text}{MARK}NAME{MARK}{text}");
            assert_eq!(taken(&word(&with_variable)), format!("{text}a \"$value\"{text}"));
        }
    }
}
